//! A showing: one movie on one screen at one time, and who has which seat.
//!
//! - [`plan`]: the seats. [`best`]: which are the best for a party.
//! - [`command`], [`event`]: what can be asked and what can become true.
//! - `decide`: what a command leads to, by concern in `holds`, `purchase` (payments and refunds too),
//!   `bookings`, `blocks` and `waitlist`; `due`: what time leads to.
//! - `apply`: taking facts in; `buyers`: what each account has; `notices`: news for accounts.
//! - [`view`]: what is seen. `rows`: what lists show. `part`: what a seat is, for its biography. `old`:
//!   reading what older versions stored.
//!
//! A seat is free, held, sold or blocked; `Showing::seats` holds the one thing each is, so it
//! cannot be held or sold twice. A command costs by the seats it names, not by the house: totals are
//! kept, and only best-available looks at every seat. `docs/seats.md` has the promises and bounds.

mod apply;
pub mod best;
mod blocks;
mod bookings;
mod buyers;
pub mod command;
mod decide;
mod due;
pub mod event;
mod holds;
mod notices;
mod old;
mod part;
pub mod plan;
mod purchase;
mod rows;
#[cfg(test)]
mod tests;
pub mod view;
mod waitlist;

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, BookingId, HoldId, RoomId, ShowingId, WaitId};
use serde::{Deserialize, Serialize};

pub use self::command::{
    BookingInfo, BookingStatus, Command, HoldInfo, Opening, Reply, Terms, WaitInfo, Want,
};
pub use self::event::Event;
pub use self::plan::{RowSpec, SeatKind, SeatPlan};
pub use self::rows::Purchase;
pub use self::view::{Change, Sales, ShowingInfo, Totals, View};

use self::buyers::Buyer;
use self::part::Reasons;
use self::plan::SeatIndex;
use self::rows::Touched;
use crate::duty::{Duty, DutyId, DutyResult};
use crate::money::Money;
use crate::notice::Notice;
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Retention, Rules, Ticket};
use crate::rows::RowChange;
use crate::time::Timestamp;

/// What is true of one showing; rebuilt after a restart by applying its events in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Showing {
    id: ShowingId,
    house: Option<Box<House>>,
    /// What each seat is, by its index.
    seats: Vec<Taken>,
    holds: BTreeMap<HoldId, Hold>,
    /// Cancelled ones too.
    bookings: BTreeMap<BookingId, Booking>,
    buyers: BTreeMap<AccountId, Buyer>,
    /// Places on the wait list, first come first.
    waits: BTreeMap<u64, Wait>,
    charges: BTreeMap<DutyId, Charging>,
    refunds: BTreeMap<DutyId, Refunding>,
    tells: BTreeMap<DutyId, (AccountId, Notice)>,
    /// Duties, waits given so far.
    duties_given: u64,
    waits_given: u64,
    /// When which hold or payment runs out.
    deadlines: BTreeSet<(Timestamp, Deadline)>,
    /// True if, since the wait list was looked at, something happened that may let it be served.
    check_waitlist: bool,
    totals: Totals,
    free_by_kind: BTreeMap<SeatKind, u32>,
    sales: Sales,
    #[serde(skip)]
    touched: Touched,
    #[serde(skip)]
    reasons: Reasons,
}

/// The house of a showing that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct House {
    opening: Opening,
    plan: SeatPlan,
}

/// What a seat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Taken {
    Free,
    Held(HoldId),
    Sold(BookingId),
    Blocked,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Hold {
    account: AccountId,
    name: String,
    seats: Vec<SeatIndex>,
    until: Timestamp,
    latest: Timestamp,
    extended: bool,
    offer: Option<WaitId>,
    price: Money,
    /// The charge under way; the hold then lasts as long as that says.
    paying: Option<DutyId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Booking {
    account: AccountId,
    name: String,
    seats: Vec<SeatIndex>,
    price: Money,
    /// The provider's name for the charge; none if it cost nothing.
    charge: Option<String>,
    status: BookingStatus,
    at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Wait {
    id: WaitId,
    account: AccountId,
    name: String,
    count: u8,
    kind: Option<SeatKind>,
    offered: Option<HoldId>,
}

/// A charge under way, with everything that was frozen when it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Charging {
    /// The hold it pays for; none once its seats went back.
    hold: Option<HoldId>,
    booking: BookingId,
    account: AccountId,
    name: String,
    seats: Vec<SeatIndex>,
    price: Money,
    token: String,
    ticket: Ticket,
    until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Refunding {
    /// The booking it is for; none for a charge that came too late.
    booking: Option<BookingId>,
    charge: String,
    amount: Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Deadline {
    Hold(HoldId),
    Payment(DutyId),
}

impl Showing {
    /// The names of `seats`.
    fn names(&self, seats: &[SeatIndex]) -> Vec<String> {
        let name = |seat: &SeatIndex| {
            self.house.as_ref().map_or_else(String::new, |house| house.plan.name(*seat))
        };
        seats.iter().map(name).collect()
    }

    fn is_free(&self, seat: SeatIndex) -> bool {
        self.seats.get(usize::from(seat)) == Some(&Taken::Free)
    }
}

fn unknown_schema(from: u16) -> String {
    format!("showing has no reader for schema version {from}")
}

impl Rules for Showing {
    const KIND: &'static str = "showing";
    const SCHEMA: u16 = 2;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = View;
    type Change = Change;

    fn new(id: &RoomId) -> Self {
        Self {
            id: ShowingId(id.uuid().unwrap_or_default()),
            house: None,
            seats: Vec::new(),
            holds: BTreeMap::new(),
            bookings: BTreeMap::new(),
            buyers: BTreeMap::new(),
            waits: BTreeMap::new(),
            charges: BTreeMap::new(),
            refunds: BTreeMap::new(),
            tells: BTreeMap::new(),
            duties_given: 0,
            waits_given: 0,
            deadlines: BTreeSet::new(),
            check_waitlist: false,
            totals: Totals::default(),
            free_by_kind: BTreeMap::new(),
            sales: Sales::default(),
            touched: Touched::default(),
            reasons: Reasons::default(),
        }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        self.decide_command(cx, command)
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        self.apply_event(at, event);
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.due_at()
    }

    fn wake(&self, cx: &Cx<'_>) -> Effects<Self> {
        Effects::events(self.due(cx))
    }

    fn duties(&self) -> Vec<Duty> {
        self.owed()
    }

    fn duty_done(&self, cx: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        self.ended(cx, duty, result)
    }

    fn view(&self, _: Timestamp, audience: &Audience) -> Option<View> {
        self.view_for(audience)
    }

    /// Everybody, as everybody.
    fn audience(&self, _: &Caller) -> Option<Audience> {
        Some(Audience::Public)
    }

    fn change(&self, event: &Event, audience: &Audience) -> Option<Change> {
        self.change_of(event, audience)
    }

    fn merge(into: &mut Change, next: Change) {
        into.merge(next);
    }

    fn row_changes(&self, event: &Event) -> Vec<RowChange> {
        self.rows_of(event)
    }

    fn rows(&self) -> Vec<RowChange> {
        self.all_rows()
    }

    fn upcast_event(from: u16, bytes: &[u8]) -> Result<Event, String> {
        match from {
            1 => old::event_1(bytes).map_err(|e| e.to_string()),
            Self::SCHEMA => codec::decode(bytes).map_err(|e| e.to_string()),
            _ => Err(unknown_schema(from)),
        }
    }

    fn upcast_state(from: u16, bytes: &[u8]) -> Result<Self, String> {
        match from {
            1 => old::state_1(bytes),
            Self::SCHEMA => codec::decode(bytes).map_err(|e| e.to_string()),
            _ => Err(unknown_schema(from)),
        }
    }

    fn redact(command: &Command) -> String {
        match command {
            Command::Purchase { hold, name, expect, .. } => {
                format!("Purchase {{ hold: {hold}, name: {name:?}, expect: {expect:?}, .. }}")
            }
            other => format!("{other:?}"),
        }
    }

    fn inspect(event: &Event) -> serde_json::Value {
        let mut shown = serde_json::to_value(event).unwrap_or_else(|e| e.to_string().into());
        if let Some(token) = shown.pointer_mut("/PurchaseStarted/token") {
            *token = "(not shown)".into();
        }
        shown
    }

    fn part(&self, name: &str) -> Option<serde_json::Value> {
        self.seat(name)
    }

    fn policy() -> Policy {
        Policy { retention: Retention::Forever, ..Policy::default() }
    }
}
