//! Books of seats and of votes, kept from the facts alone: each fact is held to what was true before it,
//! and the rules' own counts to the books.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_domain::duty::{DutyId, Work};
use playhouse_domain::money::Money;
use playhouse_domain::payment::{CHARGE, Charge};
use playhouse_domain::poll::{self, Choice, Poll, Voter};
use playhouse_domain::room::{Audience, Rules};
use playhouse_domain::showing::plan::SeatIndex;
use playhouse_domain::showing::{self, Showing, View};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::codec;
use playhouse_protocol::ids::{BookingId, HoldId};

use super::Counts;
use super::checks::PRICE;
use super::people::OPTIONS;

/// What a seat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Free,
    Held(HoldId),
    Sold(BookingId),
}

#[derive(Debug, Clone)]
struct Held {
    seats: Vec<SeatIndex>,
    until: Timestamp,
    /// False once it ended, in whatever way: a hold ends once.
    lasts: bool,
}

/// The seats of one showing.
#[derive(Debug, Default)]
pub(super) struct Seats {
    seats: Vec<Is>,
    holds: BTreeMap<HoldId, Held>,
    /// What is being paid for, and with which hold.
    buying: BTreeMap<BookingId, HoldId>,
    sold: BTreeMap<BookingId, Vec<SeatIndex>>,
}

impl Seats {
    /// Takes in what became true at `at`, of what `rules` say before it.
    pub(super) fn take(
        &mut self,
        at: Timestamp,
        rules: &Showing,
        event: &showing::Event,
        counts: &mut Counts,
    ) {
        use showing::Event;
        match event {
            Event::Opened(opening) => {
                let seats = opening.rows.iter().map(|row| usize::from(row.seats)).sum();
                self.seats = vec![Is::Free; seats];
            }
            Event::Held { hold, seats, until, .. } => {
                self.set(seats, Is::Free, Is::Held(*hold));
                let held = Held { seats: seats.clone(), until: *until, lasts: true };
                assert!(self.holds.insert(*hold, held).is_none(), "{hold} is held twice");
            }
            Event::Extended { hold, until } => self.lasting(*hold).until = *until,
            Event::Released { hold } => self.end(*hold),
            Event::Expired { holds } => {
                for hold in holds {
                    let until = self.lasting(*hold).until;
                    assert!(until <= at, "{hold} lasts until {until:?} and ended at {at:?}");
                    self.end(*hold);
                    counts.add("holds that ran out", 1);
                }
            }
            Event::PurchaseStarted { hold, booking, until, .. } => {
                self.lasting(*hold).until = *until;
                let before = self.buying.insert(*booking, *hold);
                assert_eq!(before, None, "{booking} is bought twice");
            }
            Event::PaymentFailed { charge, until } => {
                let hold = self.paid_with(rules, *charge).1;
                if self.holds[&hold].lasts {
                    self.lasting(hold).until = *until;
                }
            }
            Event::PaymentsTimedOut { charges } => {
                for charge in charges {
                    let (booking, hold) = self.paid_with(rules, *charge);
                    self.end(hold);
                    self.buying.insert(booking, hold);
                    counts.add("payments that took too long", 1);
                }
            }
            Event::Sold { charge, .. } => self.sell(rules, *charge),
            Event::ChargedTooLate { charge, .. } => {
                let (_, hold) = self.paid_with(rules, *charge);
                assert!(!self.holds[&hold].lasts, "{hold} was not too late");
                counts.add("payments that came too late", 1);
            }
            Event::Cancelled { booking } => {
                let seats = self.sold.remove(booking).expect("what is cancelled was sold");
                self.set(&seats, Is::Sold(*booking), Is::Free);
            }
            Event::Refunded { .. }
            | Event::Waiting { .. }
            | Event::LeftWaitlist { .. }
            | Event::WaitlistChecked
            | Event::Notified { .. } => {}
            Event::Given { .. }
            | Event::Transferred { .. }
            | Event::Blocked { .. }
            | Event::Unblocked { .. } => panic!("nobody asks for {event:?}"),
        }
    }

    /// Seats that are all `from` become `to`.
    fn set(&mut self, seats: &[SeatIndex], from: Is, to: Is) {
        for seat in seats {
            let is = std::mem::replace(&mut self.seats[usize::from(*seat)], to);
            assert_eq!(is, from, "seat {seat} becomes {to:?}");
        }
    }

    fn lasting(&mut self, hold: HoldId) -> &mut Held {
        let held = self.holds.get_mut(&hold).expect("who holds was told so");
        assert!(held.lasts, "{hold} ended before");
        held
    }

    fn end(&mut self, hold: HoldId) {
        let held = self.lasting(hold);
        held.lasts = false;
        let seats = held.seats.clone();
        self.set(&seats, Is::Held(hold), Is::Free);
    }

    /// The booking that a charge is for, which ends with this, and the hold that it is paid with.
    fn paid_with(&mut self, rules: &Showing, charge: DutyId) -> (BookingId, HoldId) {
        let duty = rules.duties().into_iter().find(|duty| duty.id == charge);
        let Some(Work::External { kind: CHARGE, payload }) = duty.map(|duty| duty.work) else {
            panic!("nobody is charged by {charge:?}")
        };
        let Charge { booking, .. } = codec::decode(&payload).expect("a charge");
        (booking, self.buying.remove(&booking).expect("a charge began"))
    }

    fn sell(&mut self, rules: &Showing, charge: DutyId) {
        let (booking, hold) = self.paid_with(rules, charge);
        if self.holds[&hold].lasts {
            self.end(hold);
        }
        // A payment that took long takes its seats where they are free still.
        let seats = self.holds[&hold].seats.clone();
        self.set(&seats, Is::Free, Is::Sold(booking));
        assert!(self.sold.insert(booking, seats).is_none(), "{booking} is sold twice");
    }

    /// When each hold that lasts ends.
    pub(super) fn ends(&self) -> impl Iterator<Item = Timestamp> {
        self.holds.values().filter(|held| held.lasts).map(|held| held.until)
    }

    /// The rules count as the book does.
    pub(super) fn agrees(&self, rules: &Showing) {
        let Some(View::Presenter { map, sales }) =
            rules.view(Timestamp::ZERO, &Audience::Presenter)
        else {
            return assert!(self.seats.is_empty(), "the showing is open");
        };
        let many = |is: fn(&Is) -> bool| self.seats.iter().filter(|seat| is(seat)).count() as u32;
        let free = many(|is| *is == Is::Free);
        let held = many(|is| matches!(is, Is::Held(_)));
        let sold = many(|is| matches!(is, Is::Sold(_)));
        let totals = showing::Totals { total: free + held + sold, free, held, sold, blocked: 0 };
        assert_eq!(map.seats, totals);
        assert_eq!(sales.bookings as usize, self.sold.len());
        let costs = Money::from_cents(u64::from(sold) * PRICE);
        assert_eq!(sales.paid, costs + sales.refunded + sales.refunding);
    }
}

/// The votes of one poll.
#[derive(Debug, Default)]
pub(super) struct Votes {
    is_open: bool,
    newest: BTreeMap<Voter, u8>,
    keys: BTreeSet<(Voter, u64)>,
}

impl Votes {
    /// Takes in what became true.
    pub(super) fn take(&mut self, event: &poll::Event) {
        match event {
            poll::Event::Opened { .. } => self.is_open = true,
            poll::Event::Closed { .. } => self.is_open = false,
            poll::Event::Reset { .. } => *self = Self::default(),
            poll::Event::Voted { voter, choice: Choice::Options(marks), key, .. } => {
                assert!(self.is_open, "nothing counts after the close");
                if let Some(key) = key {
                    assert!(
                        self.keys.insert((*voter, *key)),
                        "{voter:?} votes twice under one key"
                    );
                }
                self.newest.insert(*voter, marks[0]);
            }
            _ => {}
        }
    }

    /// The rules count as the book does.
    pub(super) fn agrees(&self, rules: &Poll) {
        let Some(view) = rules.view(Timestamp::ZERO, &Audience::Presenter) else { return };
        let count = |mark| self.newest.values().filter(|newest| **newest == mark).count() as u32;
        let counts: Vec<u32> = (0..OPTIONS).map(count).collect();
        assert_eq!(view.tally.counts, Some(counts));
        assert_eq!(view.tally.ballots as usize, self.newest.len());
    }
}
