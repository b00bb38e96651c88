//! What payments and refunds lead to.

use std::time::Duration;

use playhouse_protocol::codec;
use playhouse_protocol::ids::{BookingId, HoldId, RoomId};

use super::command::Reply;
use super::decide::{Decided, NAME_MAX};
use super::event::Event;
use super::{Booking, BookingStatus, Charging, Showing};
use crate::account::{self, Account};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::payment::{CHARGE, Charge, Charged, REFUND, Refund};
use crate::refusal::Refusal;
use crate::room::{Cx, Effects, Rules, Ticket};
use crate::text;

/// The longest payment token. 200 bytes: providers' tokens have 30 to 60.
const TOKEN_MAX: usize = 200;

/// How many bookings a showing has, cancelled ones and those being paid for included. 20,000: two for
/// each seat of the largest house, and its whole state still fits one decode.
pub(super) const BOOKINGS_MAX: usize = 20_000;

/// How long seats wait for a payment that is under way. 60 s, twice a payment provider's own usual
/// limit; past it they go back and the charge is settled when its answer comes.
const PAYMENT_WAIT: Duration = Duration::from_secs(60);

/// How long a hold lasts at least after its payment was refused. 30 s, to try another card.
const RETRY_WAIT: Duration = Duration::from_secs(30);

impl Showing {
    pub(super) fn purchase(
        &self,
        cx: &Cx<'_>,
        id: HoldId,
        token: String,
        name: Option<String>,
    ) -> Decided {
        let booking = BookingId(cx.seed.uuid(0));
        if let Some(answer) = self.bought_before(cx, booking) {
            return answer;
        }
        let hold = self.own_hold(cx, id)?;
        let name =
            name.map_or(Ok(hold.name.clone()), |name| text::line("name", &name, NAME_MAX))?;
        if token.is_empty()
            || token.len() > TOKEN_MAX
            || !token.bytes().all(|b| b.is_ascii_graphic())
        {
            let message = format!("a payment token is 1 to {TOKEN_MAX} visible ASCII characters");
            return Err(Refusal::invalid("bad_payment_token", message));
        }
        if self.bookings.len() + self.charges.len() >= BOOKINGS_MAX {
            let message =
                format!("a showing has at most {BOOKINGS_MAX} bookings, cancelled or not");
            return Err(Refusal::conflict("too_many_bookings", message));
        }
        if hold.price.cents() == 0 {
            let info = Booking {
                account: hold.account,
                name: name.clone(),
                seats: hold.seats.clone(),
                price: hold.price,
                charge: None,
                status: BookingStatus::Paid,
                at: cx.now,
            };
            let reply = Reply::Booking(self.booking_info(booking, &info));
            return Ok(Effects::reply(vec![Event::Given { hold: id, booking, name }], reply));
        }
        let ticket = Ticket(booking.0);
        // The hold's own end may come sooner than an honest payment: it is put off, within the
        // longest time that a hold may last.
        let until = hold.until.max(cx.now + PAYMENT_WAIT).min(hold.latest);
        let started = Event::PurchaseStarted { hold: id, booking, ticket, token, name, until };
        Ok(Effects::later(vec![started], ticket))
    }

    /// The answer to the same command again, after its outcome was forgotten: `id` is made from its
    /// key.
    fn bought_before(&self, cx: &Cx<'_>, id: BookingId) -> Option<Decided> {
        if let Some(booking) = self.bookings.get(&id) {
            if cx.caller.account() != Some(booking.account) {
                let message = "this bought a booking that was passed on";
                return Some(Err(Refusal::conflict("already_exists", message)));
            }
            let reply = Reply::Booking(self.booking_info(id, booking));
            return Some(Ok(Effects::reply(vec![], reply)));
        }
        let charging = self.charges.values().find(|charging| charging.booking == id)?;
        Some(Ok(Effects::later(vec![], charging.ticket)))
    }

    /// Everything owed: charges, refunds, news.
    pub(super) fn owed(&self) -> Vec<Duty> {
        let currency =
            || self.house.as_ref().map_or_else(String::new, |h| h.opening.currency.clone());
        let charges = self.charges.iter().map(|(id, charging)| {
            let Charging { booking, price, token, .. } = charging;
            let (booking, amount, token) = (*booking, *price, token.clone());
            Duty::external(*id, CHARGE, &Charge { booking, amount, currency: currency(), token })
        });
        let refunds = self.refunds.iter().map(|(id, refunding)| {
            let (charge, amount) = (refunding.charge.clone(), refunding.amount);
            Duty::external(*id, REFUND, &Refund { charge, amount, currency: currency() })
        });
        let tells = self.tells.iter().map(|(id, (to, notice))| {
            let room = RoomId::of(Account::KIND, to.0);
            Duty::tell::<Account>(*id, room, &account::Command::Notify(notice.clone()))
        });
        charges.chain(refunds).chain(tells).collect()
    }

    pub(super) fn ended(&self, cx: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        if let Some(charging) = self.charges.get(&duty) {
            return match result {
                DutyResult::Done(answer) => match codec::decode::<Charged>(&answer) {
                    Ok(charged) => self.charged(cx, duty, charging, charged.charge),
                    // Unreadable is not refused: it is asked again, under the same key.
                    Err(_) => Effects::none(),
                },
                DutyResult::Refused(refusal) => self.declined(cx, duty, charging, refusal),
            };
        }
        if self.refunds.contains_key(&duty) {
            // A refund is never given up: a provider that refuses it is asked again.
            return match result {
                DutyResult::Done(_) => Effects::events(vec![Event::Refunded { refund: duty }]),
                DutyResult::Refused(_) => Effects::none(),
            };
        }
        if self.tells.contains_key(&duty) {
            // An account that is gone wants no news.
            return Effects::events(vec![Event::Notified { tell: duty }]);
        }
        Effects::none()
    }

    fn charged(
        &self,
        cx: &Cx<'_>,
        duty: DutyId,
        charging: &Charging,
        reference: String,
    ) -> Effects<Self> {
        if !self.can_still_seat(cx, charging) {
            let event = Event::ChargedTooLate { charge: duty, reference };
            let message = "the payment came after the seats were gone; it is given back";
            let refusal = Refusal::conflict("paid_too_late", message);
            return Effects::events(vec![event]).settle(charging.ticket, Err(refusal));
        }
        let booking = Booking {
            account: charging.account,
            name: charging.name.clone(),
            seats: charging.seats.clone(),
            price: charging.price,
            charge: Some(reference.clone()),
            status: BookingStatus::Paid,
            at: cx.now,
        };
        let reply = Reply::Booking(self.booking_info(charging.booking, &booking));
        let event = Event::Sold { charge: duty, reference };
        Effects::events(vec![event]).settle(charging.ticket, Ok(reply))
    }

    /// True if the seats of a charge that went through are still its own, or on sale and free.
    fn can_still_seat(&self, cx: &Cx<'_>, charging: &Charging) -> bool {
        let on_sale = || self.house.as_ref().is_some_and(|house| self.on_sale(cx, house).is_ok());
        charging.hold.is_some() || on_sale() && charging.seats.iter().all(|s| self.is_free(*s))
    }

    fn declined(
        &self,
        cx: &Cx<'_>,
        duty: DutyId,
        charging: &Charging,
        refusal: Refusal,
    ) -> Effects<Self> {
        let hold = charging.hold.and_then(|id| self.holds.get(&id));
        let until =
            hold.map_or(cx.now, |hold| hold.until.max(cx.now + RETRY_WAIT).min(hold.latest));
        let event = Event::PaymentFailed { charge: duty, until };
        Effects::events(vec![event]).settle(charging.ticket, Err(refusal))
    }
}
