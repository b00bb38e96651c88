//! What must hold of every showing, said a second time and more slowly than the rules say it.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::codec;

use super::super::view::SeatState;
use super::super::*;
use super::stage::Stage;

impl Stage {
    /// What must hold after every event.
    pub(super) fn check(&self) {
        let Some(map) = self.map() else { return };
        self.check_seats(&map);
        self.check_money();
        self.check_buyers();
        self.check_waits();
    }

    /// Each seat is exactly one thing, and the totals add up.
    fn check_seats(&self, map: &view::SeatMap) {
        let rules = &self.rules;
        let seats: Vec<_> = map.rows.iter().flat_map(|row| &row.seats).collect();
        let count = |state| seats.iter().filter(|seat| seat.state == state).count() as u32;
        let totals = map.seats;
        assert_eq!(totals.free, count(SeatState::Free));
        assert_eq!(totals.held, count(SeatState::Held));
        assert_eq!(totals.sold, count(SeatState::Sold));
        assert_eq!(totals.blocked, count(SeatState::Blocked));
        assert_eq!(totals.free + totals.held + totals.sold + totals.blocked, totals.total);
        for (kind, free) in &map.showing.free_by_kind {
            let is = |seat: &&&view::SeatView| seat.kind == *kind && seat.state == SeatState::Free;
            assert_eq!(*free as usize, seats.iter().filter(is).count(), "free {kind} seats");
        }
        let paid = rules.bookings.iter().filter(|(_, b)| b.status == BookingStatus::Paid);
        let owners = rules.holds.iter().map(|(id, hold)| (Taken::Held(*id), &hold.seats));
        let owners = owners.chain(paid.map(|(id, booking)| (Taken::Sold(*id), &booking.seats)));
        let mut owned = 0;
        for (taken, seats) in owners {
            assert!(seats.iter().all(|seat| rules.seats[usize::from(*seat)] == taken));
            owned += seats.len() as u32;
        }
        assert_eq!(owned, totals.held + totals.sold, "every seat that is taken has one owner");
    }

    /// The books of the showing and of the bank say the same.
    fn check_money(&self) {
        let (rules, sales) = (&self.rules, self.rules.sales);
        let paid = rules.bookings.values().filter(|b| b.status == BookingStatus::Paid);
        let (count, worth) = paid.fold((0, Money::ZERO), |(n, sum), b| (n + 1, sum + b.price));
        assert_eq!(sales.bookings, count);
        assert_eq!(sales.paid - sales.refunding - sales.refunded, worth, "money adds up");
        let owed: Money = rules.refunds.values().map(|r| r.amount).sum();
        assert_eq!(owed, sales.refunding, "every refund under way is owed");
        // A charge or refund is in the bank's books a moment before the showing hears of it.
        assert!(sales.paid <= self.charged && sales.refunded <= self.given_back);
        for booking in rules.bookings.values() {
            assert_eq!(booking.price, rules.price(self.house(), &booking.seats));
            assert_eq!(booking.charge.is_none(), booking.price == Money::ZERO);
        }
    }

    /// What is kept for each account is what a look at everything finds, and within the limit.
    fn check_buyers(&self) {
        let rules = &self.rules;
        let mut buyers: BTreeMap<_, buyers::Buyer> = BTreeMap::new();
        for (id, hold) in &rules.holds {
            let buyer = buyers.entry(hold.account).or_default();
            buyer.seats += hold.seats.len() as u32;
            buyer.holds.insert(*id);
        }
        for (id, booking) in &rules.bookings {
            let buyer = buyers.entry(booking.account).or_default();
            if booking.status == BookingStatus::Paid {
                buyer.seats += booking.seats.len() as u32;
            }
            buyer.bookings.insert(*id);
        }
        for charging in rules.charges.values().filter(|c| c.hold.is_none()) {
            buyers.entry(charging.account).or_default().seats += charging.seats.len() as u32;
        }
        assert_eq!(rules.buyers, buyers);
        let max = u32::from(self.house().opening.terms.seats_per_buyer);
        assert!(buyers.values().all(|buyer| buyer.seats <= max), "within the limit");
    }

    /// Each account waits once, and each place has one offer at most.
    fn check_waits(&self) {
        let rules = &self.rules;
        let accounts: BTreeSet<_> = rules.waits.values().map(|w| w.account).collect();
        assert_eq!(accounts.len(), rules.waits.len());
        let offers = rules.holds.iter().filter_map(|(id, hold)| Some((hold.offer?, *id)));
        let offers: BTreeMap<_, _> = offers.collect();
        let offered = rules.waits.values().filter_map(|w| Some((w.id, w.offered?)));
        assert_eq!(offers, offered.collect());
        assert_eq!(offers.len(), rules.holds.values().filter(|h| h.offer.is_some()).count());
    }

    /// Until when each hold was promised.
    pub(super) fn promises(&self) -> BTreeMap<HoldId, Timestamp> {
        let info = |(id, hold): (&HoldId, &Hold)| (*id, self.rules.hold_info(*id, hold).until);
        self.rules.holds.iter().map(info).collect()
    }

    /// No hold ends before its time unless its owner or a payment ended it, none is shortened but by
    /// a payment that was refused, and none lasts longer than it may.
    pub(super) fn check_promises(&self, before: &BTreeMap<HoldId, Timestamp>, event: &Event) {
        let after = self.promises();
        let by_time = matches!(event, Event::Expired { .. } | Event::PaymentsTimedOut { .. });
        for (id, until) in before {
            match after.get(id) {
                None => assert!(!by_time || *until <= self.now, "no hold frees too soon"),
                Some(new) if matches!(event, Event::PaymentFailed { .. }) => {
                    assert!(*new > self.now, "there is time for another card");
                }
                Some(new) => assert!(new >= until, "no hold is shortened"),
            }
        }
        for (id, hold) in &self.rules.holds {
            assert!(after[id] <= hold.latest && hold.latest <= self.house().opening.starts_at);
            let new = !before.contains_key(id);
            assert!(!new || hold.latest <= self.now + self.house().opening.terms.hold_max);
        }
    }

    /// What must hold once everything that was due is done: no hold outlives its time, and nothing
    /// is on public sale that a place on the wait list could have.
    pub(super) fn check_rest(&self) {
        let Some(house) = &self.rules.house else { return };
        assert!(self.promises().values().all(|until| *until > self.now));
        if self.now >= house.opening.starts_at {
            return;
        }
        for wait in self.rules.waits.values().filter(|w| w.offered.is_none()) {
            let found = self.somewhere(wait, &BTreeSet::new());
            assert!(!found || !self.may_have(wait), "{wait:?} waits for what is on sale");
        }
    }

    fn may_have(&self, wait: &Wait) -> bool {
        self.rules.within_limit(self.house(), wait.account, wait.count.into()).is_ok()
    }

    /// True if there is an arrangement for `wait` among what is free without `given`.
    fn somewhere(&self, wait: &Wait, given: &BTreeSet<SeatIndex>) -> bool {
        let free = |seat| self.rules.is_free(seat) && !given.contains(&seat);
        best::best(&self.house().plan, free, wait.count, wait.kind).is_some()
    }

    /// Offers go down the list: who gets none could not be served with what those before left.
    pub(super) fn check_offers(&self, events: &[Event]) {
        if !events.contains(&Event::WaitlistChecked) {
            return;
        }
        let offers = events.iter().filter_map(|event| match event {
            Event::Held { seats, offer: Some(wait), .. } => Some((*wait, seats)),
            _ => None,
        });
        let offers: Vec<_> = offers.collect();
        let mut next = offers.iter().peekable();
        let mut given = BTreeSet::new();
        for wait in self.rules.waits.values().filter(|w| w.offered.is_none()) {
            match next.next_if(|(id, _)| *id == wait.id) {
                Some((_, seats)) => {
                    assert!(seats.iter().all(|seat| given.insert(*seat)), "one offer for a seat");
                    assert_eq!(seats.len(), usize::from(wait.count));
                }
                None => assert!(
                    self.now >= self.house().opening.starts_at
                        || !self.may_have(wait)
                        || !self.somewhere(wait, &given),
                    "{wait:?} was passed over"
                ),
            }
        }
        assert_eq!(next.next(), None, "offers are in the order of the list");
    }

    /// What must hold at the end: lists, replay, snapshots, and the books once all is settled.
    pub(super) fn finish(&mut self) {
        let rows = self.rules.rows().into_iter();
        let rows: BTreeMap<_, _> =
            rows.map(|row| ((row.table, row.key), row.value.unwrap())).collect();
        assert_eq!(self.rows, rows, "lists are the fold of their changes");
        for cut in [0, self.log.len() / 3, self.log.len() / 2, self.log.len() - 1] {
            let mut replayed = Showing::new(&self.room);
            for (n, (at, event)) in self.log.iter().enumerate() {
                if n == cut {
                    replayed = codec::decode(&codec::encode(&replayed)).unwrap();
                }
                replayed.apply(*at, &codec::decode(event).unwrap());
            }
            assert_eq!(replayed, self.rules, "a snapshot and the rest equal the whole");
            assert_eq!(codec::encode(&replayed), codec::encode(&self.rules));
        }
        while self.pay() || self.refund() || self.hear() {}
        let sales = self.rules.sales;
        assert_eq!((sales.paid, sales.refunded), (self.charged, self.given_back));
        let kept: Money = self.charges.values().copied().sum();
        assert_eq!(sales.paid - sales.refunded, kept, "what was not given back is what is sold");
    }
}
