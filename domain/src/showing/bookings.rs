//! Bookings: giving them back, passing them on.

use playhouse_protocol::ids::{AccountId, BookingId};

use super::command::Reply;
use super::decide::{Decided, NAME_MAX};
use super::event::Event;
use super::{Booking, BookingStatus, House, Showing};
use crate::refusal::Refusal;
use crate::room::{Cx, Effects};
use crate::text;

impl Showing {
    /// The caller's own booking, which is not cancelled; organizers may have any.
    fn own_booking(&self, cx: &Cx<'_>, id: BookingId) -> Result<&Booking, Refusal> {
        let booking = self.bookings.get(&id).ok_or_else(|| Refusal::not_found("booking"))?;
        let own = cx.caller.account() == Some(booking.account);
        if !own && !cx.caller.organizes() {
            return Err(Refusal::not_found("booking"));
        }
        if booking.status != BookingStatus::Paid {
            return Err(Refusal::conflict("already_cancelled", "the booking was cancelled before"));
        }
        Ok(booking)
    }

    pub(super) fn cancel(&self, cx: &Cx<'_>, house: &House, id: BookingId) -> Decided {
        let booking = self.own_booking(cx, id)?;
        let end = house.opening.starts_at - house.opening.terms.cancel_before;
        if cx.now > end {
            let message = format!("bookings could be cancelled until {end}");
            return Err(Refusal::conflict("cancel_too_late", message).with("until", [end]));
        }
        let info = self.booking_info(id, &booking.clone().cancelled());
        Ok(Effects::reply(vec![Event::Cancelled { booking: id }], Reply::Booking(info)))
    }

    /// Puts another name on the booking, or gives it to another account. No seat changes, so it can
    /// be done on a sold-out showing; whoever gets it keeps within the limit of a buyer.
    pub(super) fn transfer(
        &self,
        cx: &Cx<'_>,
        house: &House,
        id: BookingId,
        to: &str,
        to_account: Option<AccountId>,
    ) -> Decided {
        let booking = self.own_booking(cx, id)?;
        self.on_sale(cx, house)?;
        let name = text::line("name", to, NAME_MAX)?;
        let account = to_account.unwrap_or(booking.account);
        let max = usize::from(house.opening.terms.seats_per_buyer);
        let more = if account == booking.account { 0 } else { booking.seats.len() };
        if more > 0 && self.seats_of(account) + more > max {
            // How many seats others have is not the caller's to know.
            let message = format!("whoever gets it may have {max} seats of one showing");
            return Err(Refusal::conflict("too_many_seats", message).with("max", [max]));
        }
        let info = Booking { name: name.clone(), account, ..booking.clone() };
        let reply = Reply::Booking(self.booking_info(id, &info));
        Ok(Effects::reply(vec![Event::Transferred { booking: id, name, account }], reply))
    }
}

impl Booking {
    /// As it is once it is cancelled: what cost nothing needs no refund.
    pub(super) fn cancelled(self) -> Self {
        let status = match self.charge {
            Some(_) => BookingStatus::Refunding,
            None => BookingStatus::Refunded,
        };
        Self { status, ..self }
    }
}
