//! What can be asked of a showing, and what it answers.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_protocol::ids::{AccountId, BookingId, HoldId, MovieId, ScreenId, ShowingId, WaitId};
use serde::{Deserialize, Serialize};

use super::plan::{RowSpec, SeatKind};
use crate::money::Money;
use crate::time::Timestamp;

/// How long seats are held, how often, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// How long a hold lasts. 2 min by default: enough to pay, short enough that seats come back.
    pub hold: Duration,
    /// How long a hold may last in all, extended or paying. 10 min.
    pub hold_max: Duration,
    /// How long an offer to the wait list lasts. 5 min.
    pub offer: Duration,
    /// How many seats one buyer may hold and own. 10.
    pub seats_per_buyer: u16,
    /// How long before the start a booking can still be cancelled. 30 min.
    pub cancel_before: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            hold: Duration::from_secs(120),
            hold_max: Duration::from_secs(600),
            offer: Duration::from_secs(300),
            seats_per_buyer: 10,
            cancel_before: Duration::from_secs(30 * 60),
        }
    }
}

/// Everything a showing must know to go on sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The movie.
    pub movie: MovieId,
    /// Its title.
    pub movie_title: String,
    /// The screen.
    pub screen: ScreenId,
    /// Its name.
    pub screen_name: String,
    /// The theatre it belongs to.
    pub theater: String,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When the movie is over.
    pub ends_at: Timestamp,
    /// The seats.
    pub rows: Vec<RowSpec>,
    /// The price of each kind of seat that the plan has.
    pub prices: BTreeMap<SeatKind, Money>,
    /// ISO 4217 code of the currency.
    pub currency: String,
    /// The terms of holds.
    pub terms: Terms,
}

/// Which seats are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Want {
    /// These.
    Named(Vec<String>),
    /// The best so many together, chosen in the same step as they are held.
    Best {
        /// How many.
        count: u8,
        /// Of which kind, if it matters.
        kind: Option<SeatKind>,
    },
}

/// What can be asked. `expect` is the revision of the seat map that the caller saw: if it moved on,
/// the command is refused with `stale_revision`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Go on sale. From the screen only.
    Open(Box<Opening>),
    /// Hold seats, all or none.
    Hold {
        /// Which.
        seats: Want,
        /// The revision the caller saw.
        expect: Option<u64>,
        /// The buyer's name.
        name: String,
    },
    /// Give a hold back.
    Release {
        /// Which.
        hold: HoldId,
        /// The revision the caller saw.
        expect: Option<u64>,
    },
    /// Hold on for as long again, once, never over the longest time.
    Extend {
        /// Which.
        hold: HoldId,
        /// The revision the caller saw.
        expect: Option<u64>,
    },
    /// Pay for a hold.
    Purchase {
        /// Which.
        hold: HoldId,
        /// What the payment provider gave the buyer.
        payment_token: String,
        /// The name on the booking, if it is not the buyer's.
        name: Option<String>,
        /// The revision the caller saw.
        expect: Option<u64>,
    },
    /// Give a booking back for its price.
    Cancel {
        /// Which.
        booking: BookingId,
        /// The revision the caller saw.
        expect: Option<u64>,
    },
    /// Put another name on a booking.
    Transfer {
        /// Which.
        booking: BookingId,
        /// The new name.
        to: String,
        /// The account it then belongs to, if another.
        to_account: Option<AccountId>,
        /// The revision the caller saw.
        expect: Option<u64>,
    },
    /// Keep seats off sale. Organizers.
    Block {
        /// Which; all must be free.
        seats: Vec<String>,
        /// Why.
        reason: String,
        /// The revision the caller saw.
        expect: Option<u64>,
    },
    /// Put blocked seats on sale. Organizers.
    Unblock {
        /// Which; all must be blocked.
        seats: Vec<String>,
        /// The revision the caller saw.
        expect: Option<u64>,
    },
    /// Wait for seats that come back.
    JoinWaitlist {
        /// How many together.
        count: u8,
        /// Of which kind, if it matters.
        kind: Option<SeatKind>,
        /// The buyer's name.
        name: String,
    },
    /// Wait no longer.
    LeaveWaitlist {
        /// Which place.
        wait: WaitId,
    },
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The showing is on sale.
    Opened,
    /// A hold as it is now.
    Hold(HoldInfo),
    /// The hold is gone.
    Released,
    /// A booking as it is now.
    Booking(BookingInfo),
    /// The seats are blocked, or no longer.
    Blocks(Vec<String>),
    /// A place on the wait list.
    Wait(WaitInfo),
    /// The place is given up.
    Left,
}

/// A hold as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldInfo {
    /// Its id.
    pub hold_id: HoldId,
    /// The showing.
    pub showing_id: ShowingId,
    /// Its seats, in the order of the plan.
    pub seats: Vec<String>,
    /// Until when it lasts.
    pub until: Timestamp,
    /// Until when it can last at most.
    pub latest: Timestamp,
    /// True if it was extended, which can be done once.
    pub extended: bool,
    /// True if it is an offer of the wait list.
    pub offer: bool,
    /// True while its payment is under way.
    pub paying: bool,
    /// What it costs.
    pub price: Money,
    /// ISO 4217 code of the currency.
    pub currency: String,
}

/// What became of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BookingStatus {
    /// Paid; its seats are its own.
    Paid,
    /// Cancelled; the refund is under way.
    Refunding,
    /// Cancelled and given back.
    Refunded,
}

/// A booking as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingInfo {
    /// Its id.
    pub id: BookingId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The showing.
    pub showing_id: ShowingId,
    /// The movie's title.
    pub movie_title: String,
    /// The screen's name.
    pub screen_name: String,
    /// The theatre.
    pub theater: String,
    /// When it starts.
    pub starts_at: Timestamp,
    /// Its seats, in the order of the plan.
    pub seats: Vec<String>,
    /// What it cost.
    pub price: Money,
    /// ISO 4217 code of the currency.
    pub currency: String,
    /// The name on it.
    pub name: String,
    /// What became of it.
    pub status: BookingStatus,
    /// When it was bought.
    pub booked_at: Timestamp,
    /// Until when it can be cancelled.
    pub cancel_until: Timestamp,
}

/// A place on the wait list as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitInfo {
    /// Its id.
    pub wait_id: WaitId,
    /// The showing.
    pub showing_id: ShowingId,
    /// How many seats together.
    pub count: u8,
    /// Of which kind, if it matters.
    pub kind: Option<SeatKind>,
    /// How many places are before it, and one.
    pub position: u32,
    /// The hold that is offered to it now.
    pub offered: Option<HoldId>,
}
