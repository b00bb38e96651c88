//! What rooms say, as the shapes that clients see.

use playhouse_domain::showing::{BookingInfo, BookingStatus, HoldInfo, WaitInfo, view};
use playhouse_protocol::ids::BookingId;

use super::shapes::{Booking, Hold, Mine, Wait};
use crate::asking::{Pending, server_time};

impl Hold {
    pub(super) fn new(hold: HoldInfo, revision: u64) -> Self {
        Self {
            hold_id: hold.hold_id.to_string(),
            showing_id: hold.showing_id.to_string(),
            seats: hold.seats,
            until: hold.until.to_string(),
            latest: hold.latest.to_string(),
            extended: hold.extended,
            offer: hold.offer,
            paying: hold.paying,
            price: hold.price.to_string(),
            currency: hold.currency,
            revision,
            server_time: server_time().to_string(),
        }
    }
}

impl From<BookingInfo> for Booking {
    fn from(booking: BookingInfo) -> Self {
        let status = match booking.status {
            BookingStatus::Paid => "paid",
            BookingStatus::Refunding => "refunding",
            BookingStatus::Refunded => "refunded",
        };
        Self {
            id: booking.id.to_string(),
            account_id: booking.account_id.to_string(),
            showing_id: booking.showing_id.to_string(),
            movie_title: booking.movie_title,
            screen_name: booking.screen_name,
            theater: booking.theater,
            starts_at: booking.starts_at.to_string(),
            seats: booking.seats,
            price: booking.price.to_string(),
            currency: booking.currency,
            name: booking.name,
            status: status.to_owned(),
            booked_at: booking.booked_at.to_string(),
            cancel_until: booking.cancel_until.to_string(),
        }
    }
}

impl From<WaitInfo> for Wait {
    fn from(wait: WaitInfo) -> Self {
        Self {
            wait_id: wait.wait_id.to_string(),
            showing_id: wait.showing_id.to_string(),
            count: wait.count.into(),
            kind: wait.kind.map(|kind| kind.to_string()),
            position: wait.position,
            offered: wait.offered.map(|hold| hold.to_string()),
        }
    }
}

impl Mine {
    pub(super) fn new(mine: view::Mine, revision: u64) -> Self {
        Self {
            holds: mine.holds.into_iter().map(|hold| Hold::new(hold, revision)).collect(),
            bookings: mine.bookings.into_iter().map(Into::into).collect(),
            waits: mine.waits.into_iter().map(Into::into).collect(),
        }
    }
}

impl Pending {
    pub(super) fn new(booking: BookingId) -> Self {
        Self {
            status: "pending".to_owned(),
            ticket: booking.to_string(),
            location: format!("/api/bookings/{booking}"),
        }
    }
}
