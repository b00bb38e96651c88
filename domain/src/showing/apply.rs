//! Taking facts in. Nothing here can fail: what could be refused was refused before.

use std::time::Duration;

use playhouse_protocol::ids::{AccountId, BookingId, HoldId, WaitId};

use super::event::Event;
use super::plan::{SeatIndex, SeatPlan};
use super::rows::Touched;
use super::{
    Booking, BookingStatus, Charging, Deadline, Hold, House, Opening, Refunding, Showing, Taken,
    Wait,
};
use crate::bug::{self, Bug};
use crate::duty::DutyId;
use crate::notice::NoticeKind;
use crate::time::Timestamp;

impl Showing {
    pub(super) fn apply_event(&mut self, at: Timestamp, event: &Event) {
        self.touched = Touched::default();
        match event {
            Event::Opened(opening) => self.opened(opening),
            Event::Held { .. } => self.held(at, event),
            Event::Extended { hold, until } => {
                self.set_until(*hold, *until);
                if let Some(hold) = self.holds.get_mut(hold) {
                    hold.extended = true;
                }
            }
            Event::Released { hold } => self.give_back(*hold),
            Event::Expired { holds } => holds.iter().for_each(|hold| self.expired(at, *hold)),
            Event::PurchaseStarted { .. } => self.purchase_started(event),
            Event::PaymentFailed { charge, until } => self.payment_failed(at, *charge, *until),
            Event::PaymentsTimedOut { charges } => {
                charges.iter().for_each(|charge| self.payment_timed_out(*charge));
            }
            Event::Sold { charge, reference } => self.sold(at, *charge, reference),
            Event::Given { hold, booking, name } => self.given(at, *hold, *booking, name),
            Event::ChargedTooLate { charge, reference } => {
                self.charged_too_late(at, *charge, reference);
            }
            Event::Cancelled { booking } => self.cancelled(at, *booking),
            Event::Refunded { refund } => self.refunded(at, *refund),
            Event::Transferred { booking, name, account } => {
                self.transferred(at, *booking, name, *account);
            }
            Event::Blocked { seats, reason } => {
                self.set(seats, Taken::Blocked);
                self.reasons.blocked(seats, reason);
            }
            Event::Unblocked { seats } => {
                self.set(seats, Taken::Free);
                self.reasons.unblocked(seats);
            }
            Event::Waiting { wait, account, name, count, kind } => {
                self.waits_given += 1;
                let (id, account, count, kind) = (*wait, *account, *count, *kind);
                let wait = Wait { id, account, name: name.clone(), count, kind, offered: None };
                self.waits.insert(self.waits_given, wait);
            }
            Event::LeftWaitlist { wait } => self.leave(*wait),
            Event::WaitlistChecked => self.check_waitlist = false,
            Event::Notified { tell } => drop(self.tells.remove(tell)),
        }
    }

    fn opened(&mut self, opening: &Opening) {
        let plan = SeatPlan::new(opening.rows.clone()).expect("decide checked the plan");
        self.seats = vec![Taken::Free; plan.len()];
        self.totals.total = plan.len() as u32;
        self.totals.free = plan.len() as u32;
        self.free_by_kind = plan.by_kind();
        self.touched.sales = true;
        self.house = Some(Box::new(House { opening: opening.clone(), plan }));
    }

    /// Makes each of `seats` what `to` says, and keeps the totals.
    fn set(&mut self, seats: &[SeatIndex], to: Taken) {
        self.touched.seats.extend_from_slice(seats);
        for seat in seats {
            let kind = self.house.as_ref().and_then(|h| h.plan.seat(*seat)).map(|s| s.kind);
            let Some(slot) = self.seats.get_mut(usize::from(*seat)) else { continue };
            let from = std::mem::replace(slot, to);
            *self.totals.of(from) -= 1;
            *self.totals.of(to) += 1;
            let free = kind.and_then(|kind| self.free_by_kind.get_mut(&kind));
            match (free, from == Taken::Free, to == Taken::Free) {
                (Some(free), true, false) => *free -= 1,
                (Some(free), false, true) => *free += 1,
                _ => {}
            }
        }
        if to == Taken::Free && self.waits.values().any(|w| w.offered.is_none()) {
            self.check_waitlist = true;
        }
    }

    fn held(&mut self, at: Timestamp, event: &Event) {
        let Event::Held { hold: id, account, name, seats, until, latest, price, offer } = event
        else {
            return;
        };
        self.set(seats, Taken::Held(*id));
        self.deadlines.insert((*until, Deadline::Hold(*id)));
        self.count(*account, seats.len()).holds.insert(*id);
        let hold = Hold {
            account: *account,
            name: name.clone(),
            seats: seats.clone(),
            until: *until,
            latest: *latest,
            extended: false,
            offer: *offer,
            price: *price,
            paying: None,
        };
        if let Some(offer) = offer {
            if let Some(wait) = self.waits.values_mut().find(|w| w.id == *offer) {
                wait.offered = Some(*id);
            }
            self.tell_hold(at, NoticeKind::Offered, *id, &hold);
        }
        self.holds.insert(*id, hold);
    }

    fn set_until(&mut self, id: HoldId, until: Timestamp) {
        let Some(hold) = self.holds.get_mut(&id) else { return };
        self.deadlines.remove(&(hold.until, Deadline::Hold(id)));
        hold.until = until;
        self.deadlines.insert((until, Deadline::Hold(id)));
    }

    /// Takes the hold out, with its deadline and its place on the wait list, and leaves its seats
    /// as they are.
    fn end_hold(&mut self, id: HoldId) -> Option<Hold> {
        let hold = self.holds.remove(&id)?;
        self.deadlines.remove(&(hold.until, Deadline::Hold(id)));
        if let Some(wait) = hold.offer {
            self.leave(wait);
        }
        self.uncount(hold.account, hold.seats.len(), |buyer| {
            buyer.holds.remove(&id);
        });
        Some(hold)
    }

    fn leave(&mut self, id: WaitId) {
        self.waits.retain(|_, wait| wait.id != id);
    }

    fn give_back(&mut self, id: HoldId) {
        if let Some(hold) = self.end_hold(id) {
            self.set(&hold.seats, Taken::Free);
        }
    }

    fn expired(&mut self, at: Timestamp, id: HoldId) {
        if let Some(hold) = self.holds.get(&id).filter(|h| h.offer.is_some()).cloned() {
            self.tell_hold(at, NoticeKind::OfferExpired, id, &hold);
        }
        if bug::is(Bug::HoldExpiresTwice)
            && let Some(hold) =
                self.holds.get(&id).filter(|hold| hold.until <= hold.latest).cloned()
        {
            self.set_until(id, hold.latest + Duration::from_millis(100));
            return self.set(&hold.seats, Taken::Free);
        }
        self.give_back(id);
    }

    pub(super) fn next_duty(&mut self) -> DutyId {
        self.duties_given += 1;
        DutyId(self.duties_given)
    }

    fn purchase_started(&mut self, event: &Event) {
        let Event::PurchaseStarted { hold: id, booking, ticket, token, name, until } = event else {
            return;
        };
        let duty = self.next_duty();
        let Some(hold) = self.holds.get_mut(id) else { return };
        self.deadlines.remove(&(hold.until, Deadline::Hold(*id)));
        self.deadlines.insert((*until, Deadline::Payment(duty)));
        hold.paying = Some(duty);
        let charging = Charging {
            hold: Some(*id),
            booking: *booking,
            account: hold.account,
            name: name.clone(),
            seats: hold.seats.clone(),
            price: hold.price,
            token: token.clone(),
            ticket: *ticket,
            until: *until,
        };
        self.touched.purchase = Some(*booking);
        self.charges.insert(duty, charging);
    }

    /// Takes the charge out, with its deadline.
    fn end_charge(&mut self, duty: DutyId) -> Option<Charging> {
        let charging = self.charges.remove(&duty)?;
        self.touched.purchase = Some(charging.booking);
        self.deadlines.remove(&(charging.until, Deadline::Payment(duty)));
        if charging.hold.is_none() {
            self.uncount(charging.account, charging.seats.len(), |_| {});
        }
        Some(charging)
    }

    fn payment_failed(&mut self, at: Timestamp, duty: DutyId, until: Timestamp) {
        let Some(charging) = self.end_charge(duty) else { return };
        if let Some(id) = charging.hold
            && let Some(hold) = self.holds.get_mut(&id)
        {
            hold.paying = None;
            self.set_until(id, until);
        }
        self.tell_charge(at, NoticeKind::PaymentFailed, &charging);
    }

    fn payment_timed_out(&mut self, duty: DutyId) {
        let Some(charging) = self.charges.get_mut(&duty) else { return };
        self.deadlines.remove(&(charging.until, Deadline::Payment(duty)));
        let (account, seats) = (charging.account, charging.seats.len());
        if let Some(hold) = charging.hold.take() {
            // The charge may still take the seats, so they count on.
            self.count(account, seats);
            self.give_back(hold);
        }
    }

    fn sold(&mut self, at: Timestamp, duty: DutyId, reference: &str) {
        let Some(charging) = self.end_charge(duty) else { return };
        if let Some(hold) = charging.hold {
            self.end_hold(hold);
        }
        self.sales.paid += charging.price;
        self.tell_charge(at, NoticeKind::Booked, &charging);
        let booking = Booking {
            account: charging.account,
            name: charging.name,
            seats: charging.seats,
            price: charging.price,
            charge: Some(reference.to_owned()),
            status: BookingStatus::Paid,
            at,
        };
        self.book(charging.booking, booking);
    }

    fn given(&mut self, at: Timestamp, hold: HoldId, id: BookingId, name: &str) {
        let Some(hold) = self.end_hold(hold) else { return };
        let booking = Booking {
            account: hold.account,
            name: name.to_owned(),
            seats: hold.seats,
            price: hold.price,
            charge: None,
            status: BookingStatus::Paid,
            at,
        };
        self.tell_booking(at, NoticeKind::Booked, id, &booking, booking.account);
        self.book(id, booking);
    }

    fn book(&mut self, id: BookingId, booking: Booking) {
        self.set(&booking.seats, Taken::Sold(id));
        self.count(booking.account, booking.seats.len()).bookings.insert(id);
        self.sales.bookings += 1;
        self.touched.booking = Some(id);
        self.touched.sales = true;
        self.bookings.insert(id, booking);
    }

    fn charged_too_late(&mut self, at: Timestamp, duty: DutyId, reference: &str) {
        let Some(charging) = self.end_charge(duty) else { return };
        self.sales.paid += charging.price;
        self.sales.refunding += charging.price;
        self.touched.sales = true;
        let refund = self.next_duty();
        let (charge, amount) = (reference.to_owned(), charging.price);
        self.refunds.insert(refund, Refunding { booking: None, charge, amount });
        self.tell_charge(at, NoticeKind::RefundedLate, &charging);
    }

    fn cancelled(&mut self, at: Timestamp, id: BookingId) {
        let Some(booking) = self.bookings.get(&id) else { return };
        let booking = booking.clone().cancelled();
        self.bookings.insert(id, booking.clone());
        self.uncount(booking.account, booking.seats.len(), |_| {});
        self.touched.booking = Some(id);
        self.touched.sales = true;
        self.sales.bookings -= 1;
        if let Some(charge) = booking.charge.clone() {
            let refund = self.next_duty();
            let amount = booking.price;
            self.sales.refunding += amount;
            self.refunds.insert(refund, Refunding { booking: Some(id), charge, amount });
        }
        self.tell_booking(at, NoticeKind::Cancelled, id, &booking, booking.account);
        if !bug::is(Bug::CancelledSeatsStaySold) {
            self.set(&booking.seats, Taken::Free);
        }
    }

    fn refunded(&mut self, at: Timestamp, refund: DutyId) {
        let Some(refunding) = self.refunds.remove(&refund) else { return };
        self.sales.refunding = self.sales.refunding - refunding.amount;
        self.sales.refunded += refunding.amount;
        self.touched.sales = true;
        let Some(id) = refunding.booking else { return };
        let Some(booking) = self.bookings.get_mut(&id) else { return };
        booking.status = BookingStatus::Refunded;
        let booking = booking.clone();
        self.touched.booking = Some(id);
        self.tell_booking(at, NoticeKind::Refunded, id, &booking, booking.account);
    }

    fn transferred(&mut self, at: Timestamp, id: BookingId, name: &str, to: AccountId) {
        let Some(booking) = self.bookings.get_mut(&id) else { return };
        let from = std::mem::replace(&mut booking.account, to);
        name.clone_into(&mut booking.name);
        let booking = booking.clone();
        self.touched.booking = Some(id);
        self.touched.from = Some(from);
        if from != to {
            let seats = booking.seats.len();
            self.uncount(from, seats, |buyer| {
                buyer.bookings.remove(&id);
            });
            self.count(to, seats).bookings.insert(id);
            self.tell_booking(at, NoticeKind::TransferredOut, id, &booking, from);
            self.tell_booking(at, NoticeKind::TransferredIn, id, &booking, to);
        }
    }
}
