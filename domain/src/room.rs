//! What a kind of room is: the trait [`Rules`] and the values that go in and out of it.
//!
//! The host calls, for each command: [`Rules::wake`] while something is due, then
//! [`Rules::decide`], then [`Rules::apply`] for each event, on the state in memory and again, in the
//! same order and at the same times, whenever the room is rebuilt from its journal.

use std::fmt;
use std::time::Duration;

use playhouse_protocol::ids::{AccountId, GuestId, RoomId};
use playhouse_protocol::limits::COMMAND_BYTES_MAX;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::duty::{Duty, DutyId, DutyResult};
use crate::refusal::Refusal;
use crate::rows::RowChange;
use crate::time::Timestamp;

/// The rules of one kind of room, and the state they keep. The state itself is what a snapshot
/// stores.
///
/// Rules read no clock, roll no dice and iterate no hash map: what they need comes in with [`Cx`].
pub trait Rules: Sized + Send + Serialize + DeserializeOwned + 'static {
    /// The kind's name, part of every key: stable for ever.
    const KIND: &'static str;
    /// The version of [`Self::Event`] and of the state that is written now.
    const SCHEMA: u16;

    /// The version of the rows that [`Self::rows`] gives: raised when they change, so that lists
    /// are made anew at the next start.
    const LISTS: u16 = 1;

    /// What a caller may ask.
    type Command: Serialize + DeserializeOwned + Send + fmt::Debug + 'static;
    /// What became true.
    type Event: Serialize + DeserializeOwned;
    /// What a caller is told when it worked.
    type Reply: Serialize + DeserializeOwned + Send + 'static;
    /// What an audience sees, as JSON.
    type View: Serialize + Send;
    /// What changed for an audience, as JSON. Two that follow each other can be merged.
    type Change: Serialize + Send;

    /// A room nobody has told anything yet.
    fn new(id: &RoomId) -> Self;

    /// Decides what `command` leads to, and leaves the state as it is.
    ///
    /// # Errors
    ///
    /// The [`Refusal`] that says what stands against it.
    fn decide(&self, cx: &Cx<'_>, command: Self::Command) -> Result<Effects<Self>, Refusal>;

    /// Takes in a fact. Cannot fail: what could be refused was refused before.
    fn apply(&mut self, at: Timestamp, event: &Self::Event);

    /// True once nothing is left of the room that anybody could want, but that it was there. The host then keeps its
    /// newest state alone, as of a kind with [`Retention::Nothing`]: the records that led there are deleted once the
    /// room sleeps.
    fn is_spent(&self) -> bool {
        false
    }

    /// When [`Self::wake`] must be called next. Once that time is reached the host calls it before
    /// anything else is decided, also after a restart.
    fn wake_at(&self) -> Option<Timestamp> {
        None
    }

    /// What the passing of time leads to. Must move [`Self::wake_at`] on, past `cx.now`.
    fn wake(&self, cx: &Cx<'_>) -> Effects<Self> {
        let _ = cx;
        Effects::none()
    }

    /// Everything owed now, by rising id.
    fn duties(&self) -> Vec<Duty> {
        Vec::new()
    }

    /// What the end of a duty leads to. The duty is no longer owed afterwards.
    fn duty_done(&self, cx: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        let _ = (cx, duty, result);
        Effects::none()
    }

    /// What `audience` sees, or `None` if the room does not exist for it (nobody created it, or it
    /// may not know of it).
    fn view(&self, now: Timestamp, audience: &Audience) -> Option<Self::View>;

    /// As whom `caller` may follow the room, which is a rule like any other. `None` if not at all: to
    /// them it looks as if there were no such room.
    fn audience(&self, caller: &Caller) -> Option<Audience> {
        let _ = caller;
        None
    }

    /// What `event`, just applied, changed for `audience`. `None` if nothing.
    fn change(&self, event: &Self::Event, audience: &Audience) -> Option<Self::Change> {
        let _ = (event, audience);
        None
    }

    /// Whose changes are kept for recovery also while nobody watches. An audience that is not here
    /// can be watched, but gets the whole view after a restart.
    fn audiences(&self) -> Vec<Audience> {
        vec![Audience::Public]
    }

    /// Merges `next`, which follows `into`, into it.
    fn merge(into: &mut Self::Change, next: Self::Change) {
        *into = next;
    }

    /// The rows that `event`, just applied, changed.
    fn row_changes(&self, event: &Self::Event) -> Vec<RowChange> {
        let _ = event;
        Vec::new()
    }

    /// Every row the room contributes now; the fold of all [`Self::row_changes`].
    fn rows(&self) -> Vec<RowChange> {
        Vec::new()
    }

    /// Reads an event that schema version `from` wrote.
    ///
    /// # Errors
    ///
    /// A sentence that says why it cannot.
    fn upcast_event(from: u16, bytes: &[u8]) -> Result<Self::Event, String> {
        read_current::<Self, _>(from, bytes)
    }

    /// Reads a state that schema version `from` wrote.
    ///
    /// # Errors
    ///
    /// A sentence that says why it cannot.
    fn upcast_state(from: u16, bytes: &[u8]) -> Result<Self, String> {
        read_current::<Self, _>(from, bytes)
    }

    /// What a dead letter or an inspector may show of a command: without its secrets.
    fn redact(command: &Self::Command) -> String {
        format!("{command:?}")
    }

    /// What an inspector may show of an event: without its secrets.
    fn inspect(event: &Self::Event) -> serde_json::Value {
        serde_json::to_value(event).unwrap_or_else(|e| e.to_string().into())
    }

    /// True if an inspector is not told how large the record of an event is: where it may not see what was
    /// said, the size would tell how much.
    fn hides_size(event: &Self::Event) -> bool {
        let _ = event;
        false
    }

    /// What the part called `name` is now, as JSON without secrets, for its biography: what it was
    /// after each record. `None` if there is no such part, as in kinds that have none.
    fn part(&self, name: &str) -> Option<serde_json::Value> {
        let _ = name;
        None
    }

    /// The kind's bounds.
    fn policy() -> Policy {
        Policy::default()
    }
}

fn read_current<R: Rules, T: DeserializeOwned>(from: u16, bytes: &[u8]) -> Result<T, String> {
    if from != R::SCHEMA {
        return Err(format!("{} has no reader for schema version {from}", R::KIND));
    }
    playhouse_protocol::codec::decode(bytes).map_err(|e| e.to_string())
}

/// What comes in with a call: everything that rules may not find out for themselves.
#[derive(Debug, Clone, Copy)]
pub struct Cx<'a> {
    /// The time: the later of the clock and the room's last record, so it never steps back.
    pub now: Timestamp,
    /// The room's own name.
    pub room: &'a RoomId,
    /// Who asks.
    pub caller: &'a Caller,
    /// Chance, given. The same caller and key lead to the same seed, so that a repeated command
    /// derives the same ids.
    pub seed: Seed,
    /// The room's revision: the sequence number of its last record, 0 if there is none.
    pub revision: u64,
}

/// 32 bytes of chance from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// The seed that belongs to these parts, each told apart by its length. SHA-256.
    #[must_use]
    pub fn derive(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The `n`th UUID (version 8) of this seed: SHA-256 of seed and `n`.
    #[must_use]
    pub fn uuid(&self, n: u64) -> Uuid {
        let Self(bytes) = Self::derive(&[&self.0, &n.to_le_bytes()]);
        uuid::Builder::from_custom_bytes(bytes[..16].try_into().expect("32 bytes hold 16"))
            .into_uuid()
    }
}

/// Who asks for something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Caller {
    /// A person who is logged in.
    Account {
        /// Whose account.
        id: AccountId,
        /// What the account may do.
        role: Role,
    },
    /// A person without an account.
    Guest(GuestId),
    /// Nobody in particular: what the edge asks before it knows anyone (a registration, a log-in).
    Nobody,
    /// Another room, performing a duty.
    Room(RoomId),
    /// The server itself: timers, duties, the command line.
    System,
}

impl Caller {
    /// The account that asks, if it is one.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// True if the caller may organize: organizers, administrators and the server itself.
    #[must_use]
    pub fn organizes(&self) -> bool {
        match self {
            Self::Account { role, .. } => *role >= Role::Organizer,
            Self::System => true,
            _ => false,
        }
    }

    /// True if the caller may administer: administrators and the server itself.
    #[must_use]
    pub fn administers(&self) -> bool {
        match self {
            Self::Account { role, .. } => *role == Role::Admin,
            Self::System => true,
            _ => false,
        }
    }
}

/// What an account may do. Each may do what the ones before it may.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys, votes, plays.
    #[default]
    User,
    /// Makes movies, screens, showings, polls.
    Organizer,
    /// Everything.
    Admin,
}

/// For whom a view or a change is made. Each audience of a room is encoded once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Audience {
    /// Everybody.
    Public,
    /// Those who run the room.
    Presenter,
    /// One account's own part.
    Own(AccountId),
}

/// How a watcher that was away catches up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Every change since, in order; changes close together may come as one merged change.
    EveryStep,
    /// The newest view alone.
    NewestOnly,
}

/// What a decision leads to: one frame in the journal, all or nothing.
pub struct Effects<R: Rules> {
    /// What became true, in order.
    pub events: Vec<R::Event>,
    /// The answer to the caller.
    pub reply: Reply<R::Reply>,
    /// Answers to earlier callers who wait.
    pub settled: Vec<(Ticket, Result<R::Reply, Refusal>)>,
}

/// Names an outcome that is waited for; given by the room and never given twice by that room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ticket(pub Uuid);

/// The answer to a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply<T> {
    /// Nobody asked: time or a duty led here.
    None,
    /// The outcome.
    Now(T),
    /// The outcome depends on a duty and will be settled under this ticket.
    Later(Ticket),
}

impl<R: Rules> Effects<R> {
    /// Nothing happens.
    #[must_use]
    pub fn none() -> Self {
        Self { events: Vec::new(), reply: Reply::None, settled: Vec::new() }
    }

    /// `events`, answered with `reply`.
    #[must_use]
    pub fn reply(events: Vec<R::Event>, reply: R::Reply) -> Self {
        Self { events, reply: Reply::Now(reply), settled: Vec::new() }
    }

    /// `events`; the answer follows under `ticket`.
    #[must_use]
    pub fn later(events: Vec<R::Event>, ticket: Ticket) -> Self {
        Self { events, reply: Reply::Later(ticket), settled: Vec::new() }
    }

    /// `events` that nobody asked for.
    #[must_use]
    pub fn events(events: Vec<R::Event>) -> Self {
        Self { events, reply: Reply::None, settled: Vec::new() }
    }

    /// Also answers those who wait for `ticket`.
    #[must_use]
    pub fn settle(mut self, ticket: Ticket, outcome: Result<R::Reply, Refusal>) -> Self {
        self.settled.push((ticket, outcome));
        self
    }
}

/// The bounds of one kind of room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How many commands may wait for the room. 256: at 10,000 commands a second a wait of 25 ms;
    /// one more is answered `overloaded`.
    pub mailbox: usize,
    /// The largest command that a room takes, encoded, in bytes. 64 KiB; of rooms that are handed whole files
    /// more.
    pub command_bytes: usize,
    /// How many frames may be on their way to the disk. 512, one full group commit; one more
    /// command is answered `overloaded`.
    pub in_flight: usize,
    /// How long a room that nobody talks to or watches stays in memory. 60 s.
    pub idle: Duration,
    /// How many records lie between snapshots. 256: a rebuild reads at most twice that.
    pub snapshot_every: u64,
    /// What of the journal behind the snapshots is kept.
    pub retention: Retention,
    /// How long the outcome of a command with a key is remembered. 24 h.
    pub outcome_age: Duration,
    /// How many outcomes are remembered. 10,000.
    pub outcomes: usize,
    /// How a watcher that was away catches up.
    pub recovery: Recovery,
    /// The shortest time between two publications to one audience. 50 ms: 20 a second.
    pub publish_every: Duration,
}

/// What of the journal behind the older snapshot is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Nothing, and only one snapshot: once a room sleeps its journal says what is, and not how it
    /// came to be. If that snapshot is damaged there is no older one to fall back on.
    Nothing,
    /// Everything.
    Forever,
    /// The newest so many records.
    Records(u64),
    /// The records of the last so many days.
    Days(u32),
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mailbox: 256,
            command_bytes: COMMAND_BYTES_MAX,
            in_flight: 512,
            idle: Duration::from_secs(60),
            snapshot_every: 256,
            retention: Retention::Records(1024),
            outcome_age: Duration::from_secs(24 * 60 * 60),
            outcomes: 10_000,
            recovery: Recovery::EveryStep,
            publish_every: Duration::from_millis(50),
        }
    }
}
