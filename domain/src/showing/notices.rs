//! News for the accounts that take part.

use playhouse_protocol::ids::{AccountId, BookingId, HoldId};

use super::plan::SeatIndex;
use super::{Booking, Charging, Hold, Showing};
use crate::notice::{Notice, NoticeKind};
use crate::time::Timestamp;

/// How many pieces of news may be on their way at once. 1,000: what a showing that sells a thousand
/// seats in a second has under way. Past it the newest is dropped: news only speaks of holds and
/// bookings, which can be looked at.
pub(super) const TELLS_MAX: usize = 1000;

impl Showing {
    fn notice(&self, at: Timestamp, kind: NoticeKind, seats: &[SeatIndex]) -> Notice {
        Notice {
            at,
            kind,
            showing_id: self.id,
            title: self.house.as_ref().map_or_else(String::new, |h| h.opening.movie_title.clone()),
            seats: self.names(seats),
            booking_id: None,
            hold_id: None,
            until: None,
            amount: None,
        }
    }

    fn tell(&mut self, to: AccountId, notice: Notice) {
        // The number is used up either way, so that older journals, which knew no such bound, still
        // give every charge and refund the number that its outcome names.
        let duty = self.next_duty();
        if self.tells.len() < TELLS_MAX {
            self.tells.insert(duty, (to, notice));
        }
    }

    pub(super) fn tell_hold(&mut self, at: Timestamp, kind: NoticeKind, id: HoldId, hold: &Hold) {
        let notice = self.notice(at, kind, &hold.seats);
        let until = (kind == NoticeKind::Offered).then_some(hold.until);
        self.tell(hold.account, Notice { hold_id: Some(id), until, ..notice });
    }

    pub(super) fn tell_charge(&mut self, at: Timestamp, kind: NoticeKind, charging: &Charging) {
        let notice = self.notice(at, kind, &charging.seats);
        let booking_id = (kind == NoticeKind::Booked).then_some(charging.booking);
        let amount = Some(charging.price);
        let notice = Notice { booking_id, hold_id: charging.hold, amount, ..notice };
        self.tell(charging.account, notice);
    }

    pub(super) fn tell_booking(
        &mut self,
        at: Timestamp,
        kind: NoticeKind,
        id: BookingId,
        booking: &Booking,
        to: AccountId,
    ) {
        let notice = self.notice(at, kind, &booking.seats);
        self.tell(to, Notice { booking_id: Some(id), amount: Some(booking.price), ..notice });
    }
}
