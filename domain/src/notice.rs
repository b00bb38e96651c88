//! News for one account, told to it by the rooms where it takes part.

use playhouse_protocol::ids::{BookingId, HoldId, ShowingId};
use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::time::Timestamp;

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: NoticeKind,
    /// Where.
    pub showing_id: ShowingId,
    /// The movie's title.
    pub title: String,
    /// The seats it is about.
    pub seats: Vec<String>,
    /// The booking it is about, if any.
    pub booking_id: Option<BookingId>,
    /// The hold it is about, if any.
    pub hold_id: Option<HoldId>,
    /// Until when something can be done about it.
    pub until: Option<Timestamp>,
    /// The amount that was paid or given back.
    pub amount: Option<Money>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A purchase went through.
    Booked,
    /// A payment failed; the seats are still held until the hold's deadline, or free again.
    PaymentFailed,
    /// A charge came too late for its seats and is given back.
    RefundedLate,
    /// A booking was cancelled; its refund is under way.
    Cancelled,
    /// The refund of a cancelled booking is done.
    Refunded,
    /// Seats that were given back are offered to a place on the wait list.
    Offered,
    /// An offer ran out and went to the next.
    OfferExpired,
    /// A booking was passed on to this account.
    TransferredIn,
    /// A booking was passed on to another name.
    TransferredOut,
}
