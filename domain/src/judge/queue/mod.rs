//! The queue of the judge: the one room in which jobs wait for a core.
//!
//! - [`command`], [`event`]: what can be asked and what can become true.
//! - `order`: whose turn is next, and after that. `decide`, `apply`, `due`, `view`: as everywhere.
//!
//! **Whose turn.** Jobs stand in three lanes. What somebody looks at (`interactive`) goes before what is only
//! judged, but after three of those in a row one of the others is due. Within a lane the next job is of the
//! account with the fewest running, then of the one that waits longest since it came or was served, and its
//! oldest. So nobody waits behind all the jobs of one account, and nobody waits for ever: whoever comes later
//! stands behind whoever waits.
//!
//! A job's position is its place in the order in which jobs would start if cores came free now.

mod apply;
pub mod command;
mod decide;
mod due;
pub mod event;
mod order;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_protocol::ids::{AccountId, JobId, RoomId};
use serde::{Deserialize, Serialize};

pub use self::command::{Command, Reply};
pub use self::event::Event;
pub use self::view::{Place, View};
use super::submission::Lane;
use crate::duty::{Duty, DutyId, DutyResult};
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Recovery, Retention, Rules};
use crate::time::Timestamp;

/// How many jobs may wait. 1,000: at two cores and a second each, eight minutes. One more is refused,
/// `queue_full`.
pub const WAITING_MAX: usize = 1_000;

/// How many jobs of one account may wait or run. 50: a class that hands in everything at once; a storm is
/// stopped. One more is refused, `too_many_jobs`.
pub const PER_ACCOUNT_MAX: usize = 50;

/// How many jobs may wait in the lane of Piston. 64: it may come from nobody in particular.
pub const PISTON_WAITING_MAX: usize = 64;

/// How many jobs of the lane of Piston run at once. 1: the others' cores stay theirs.
pub const PISTON_RUNNING_MAX: usize = 1;

/// Bytes of all that wait. 512 MiB: so much of the store's disk at most.
pub const BYTES_MAX: u64 = 512 << 20;

/// How many interactive jobs start in a row while others wait. 3.
pub const IN_A_ROW_MAX: u8 = 3;

/// The most slots. 64: more cores than one machine of ours has.
pub const SLOTS_MAX: u16 = 64;

/// How long a job that started is believed to run. 1 h, where three attempts of ten minutes end after a half: so
/// a job whose room was set aside gives its slot back.
pub const RUNNING_MAX: Duration = Duration::from_secs(60 * 60);

/// What is true of the queue; rebuilt after a restart by applying its events in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Queue {
    /// True for the one queue that there is.
    is_ours: bool,
    /// How many jobs may run at once; none until the server has said so.
    slots: u16,
    /// By the order in which they came.
    waiting: BTreeMap<u64, Waiting>,
    running: BTreeMap<JobId, Running>,
    /// For each account that waits or runs in a lane: when it came to wait, or was last served, counted in starts.
    since: BTreeMap<(Lane, AccountId), u64>,
    /// How many interactive jobs started in a row while others waited.
    in_a_row: u8,
    /// The lane, of the two others, that started last.
    last: Lane,
    /// How many jobs have started so far.
    turn: u64,
    next_no: u64,
    next_duty: u64,
    /// When the newest event was.
    now: Timestamp,
    /// Whose jobs the newest event moved out.
    gone: Vec<AccountId>,
    /// Places of those that wait, made of all the rest.
    #[serde(skip)]
    places: BTreeMap<JobId, u32>,
}

/// [`Queue`] as it is stored: without the places, which are made of the rest.
#[derive(Deserialize)]
struct Stored {
    is_ours: bool,
    slots: u16,
    waiting: BTreeMap<u64, Waiting>,
    running: BTreeMap<JobId, Running>,
    since: BTreeMap<(Lane, AccountId), u64>,
    in_a_row: u8,
    last: Lane,
    turn: u64,
    next_no: u64,
    next_duty: u64,
    now: Timestamp,
    gone: Vec<AccountId>,
}

impl From<Stored> for Queue {
    fn from(stored: Stored) -> Self {
        let mut queue = Self {
            is_ours: stored.is_ours,
            slots: stored.slots,
            waiting: stored.waiting,
            running: stored.running,
            since: stored.since,
            in_a_row: stored.in_a_row,
            last: stored.last,
            turn: stored.turn,
            next_no: stored.next_no,
            next_duty: stored.next_duty,
            now: stored.now,
            gone: stored.gone,
            places: BTreeMap::new(),
        };
        queue.places = queue.order();
        queue
    }
}

/// A job that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    job: JobId,
    account: AccountId,
    lane: Lane,
    bytes: u64,
    at: Timestamp,
}

/// A job that has a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Running {
    account: AccountId,
    lane: Lane,
    at: Timestamp,
    /// The duty to tell its room, until that is done.
    telling: Option<DutyId>,
}

/// The room of the queue.
#[must_use]
pub fn room() -> RoomId {
    RoomId::new(Queue::KIND, "judge").expect("a constant name is one")
}

impl Rules for Queue {
    const KIND: &'static str = "queue";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = View;
    type Change = View;

    fn new(id: &RoomId) -> Self {
        Self {
            is_ours: *id == room(),
            slots: 0,
            waiting: BTreeMap::new(),
            running: BTreeMap::new(),
            since: BTreeMap::new(),
            in_a_row: 0,
            last: Lane::Piston,
            turn: 0,
            next_no: 1,
            next_duty: 1,
            now: Timestamp::ZERO,
            gone: Vec::new(),
            places: BTreeMap::new(),
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
        Effects::events(self.due(cx.now))
    }

    fn duties(&self) -> Vec<Duty> {
        self.owed()
    }

    fn duty_done(&self, cx: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        Effects::events(self.done(cx.now, duty, &result))
    }

    fn view(&self, _: Timestamp, audience: &Audience) -> Option<View> {
        self.is_ours.then(|| self.seen(audience))
    }

    /// Everybody sees how many wait; whoever is logged in sees their own places.
    fn audience(&self, caller: &Caller) -> Option<Audience> {
        Some(caller.account().map_or(Audience::Public, Audience::Own))
    }

    fn change(&self, _: &Event, audience: &Audience) -> Option<View> {
        self.concerns(audience).then(|| self.seen(audience))
    }

    /// Nobody's: whoever comes back gets the newest view.
    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn policy() -> Policy {
        Policy {
            retention: Retention::Records(1024),
            recovery: Recovery::NewestOnly,
            // Rooms ask, each at most three times; so many repeats are more than wait and run.
            outcomes: 4_000,
            publish_every: Duration::from_millis(100),
            ..Policy::default()
        }
    }
}
