//! What can become true of a showing.

use playhouse_protocol::ids::{AccountId, BookingId, HoldId, WaitId};
use serde::{Deserialize, Serialize};

use super::Hold;
use super::command::Opening;
use super::plan::{SeatIndex, SeatKind};
use crate::duty::DutyId;
use crate::money::Money;
use crate::room::Ticket;
use crate::time::Timestamp;

/// A fact. One that time brings names everything it concerns at once, so that lists change once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The showing went on sale.
    Opened(Box<Opening>),
    /// Seats are held.
    Held {
        /// The hold.
        hold: HoldId,
        /// Whose.
        account: AccountId,
        /// The buyer's name.
        name: String,
        /// The seats.
        seats: Vec<SeatIndex>,
        /// Until when.
        until: Timestamp,
        /// Until when at most.
        latest: Timestamp,
        /// What they cost.
        price: Money,
        /// The place on the wait list that they are offered to.
        offer: Option<WaitId>,
    },
    /// A hold lasts longer.
    Extended {
        /// The hold.
        hold: HoldId,
        /// Until when.
        until: Timestamp,
    },
    /// A hold was given back.
    Released {
        /// The hold.
        hold: HoldId,
    },
    /// Holds ran out.
    Expired {
        /// Which.
        holds: Vec<HoldId>,
    },
    /// A payment began; the hold lasts until it ends, at most until `until`.
    PurchaseStarted {
        /// The hold.
        hold: HoldId,
        /// The booking to be.
        booking: BookingId,
        /// Under which the outcome is settled.
        ticket: Ticket,
        /// For the payment provider.
        token: String,
        /// The name on the booking.
        name: String,
        /// When the seats go back if the payment has not ended.
        until: Timestamp,
    },
    /// A payment was refused; the hold lasts until `until`.
    PaymentFailed {
        /// The duty that charged.
        charge: DutyId,
        /// Until when.
        until: Timestamp,
    },
    /// Payments took too long: their seats are free, the charges are still outstanding.
    PaymentsTimedOut {
        /// The duties that charge.
        charges: Vec<DutyId>,
    },
    /// A payment went through and its seats are sold.
    Sold {
        /// The duty that charged.
        charge: DutyId,
        /// The provider's name for the charge.
        reference: String,
    },
    /// Seats that cost nothing are sold.
    Given {
        /// The hold.
        hold: HoldId,
        /// The booking.
        booking: BookingId,
        /// The name on it.
        name: String,
    },
    /// A charge came after its seats were gone: it is given back.
    ChargedTooLate {
        /// The duty that charged.
        charge: DutyId,
        /// The provider's name for the charge.
        reference: String,
    },
    /// A booking was cancelled.
    Cancelled {
        /// The booking.
        booking: BookingId,
    },
    /// Money was given back.
    Refunded {
        /// The duty that refunded.
        refund: DutyId,
    },
    /// A booking has another name, or owner.
    Transferred {
        /// The booking.
        booking: BookingId,
        /// The name on it.
        name: String,
        /// Whose it is.
        account: AccountId,
    },
    /// Seats are off sale.
    Blocked {
        /// Which.
        seats: Vec<SeatIndex>,
        /// Why.
        reason: String,
    },
    /// Seats are on sale again.
    Unblocked {
        /// Which.
        seats: Vec<SeatIndex>,
    },
    /// Somebody waits.
    Waiting {
        /// The place.
        wait: WaitId,
        /// Whose.
        account: AccountId,
        /// The buyer's name.
        name: String,
        /// How many seats together.
        count: u8,
        /// Of which kind.
        kind: Option<SeatKind>,
    },
    /// Somebody waits no longer.
    LeftWaitlist {
        /// The place.
        wait: WaitId,
    },
    /// Every place on the wait list was looked at since seats came back.
    WaitlistChecked,
    /// News reached the account it is for.
    Notified {
        /// The duty that told it.
        tell: DutyId,
    },
}

impl Event {
    /// `hold`, which is new, exists.
    pub(super) fn held(id: HoldId, hold: Hold) -> Self {
        let Hold { account, name, seats, until, latest, price, offer, .. } = hold;
        Self::Held { hold: id, account, name, seats, until, latest, price, offer }
    }
}
