//! What a room does about each input: a state machine without I/O.
//!
//! As in quinn: [`Room::handle`] takes an input and the time, then [`Room::poll`] is called until it
//! has no more output, then [`Room::next_timeout`] says when to come back with [`Input::Tick`].
//! Nothing here reads a clock, a file, a socket or chance, so that a whole shard runs in a
//! deterministic simulation.
//!
//! **Apply early, tell late.** A command is decided and applied at once; its answer, its
//! publications and its duties wait behind the *gate* until its frame is on disk.
//!
//! - [`kind`]: rules with their types erased. [`record`]: what is written.
//! - `memory`: exactly-once commands. `watchers`: who watches, and what they can recover.
//! - `room`: the machine; `commit`: what a decision leads to; `watching`: views and publications;
//!   `past`: from records to a state; `recover`: failure and rebuild; `refusing`: a store that takes
//!   no writes; `rewrite`: an administrator's rewind or skip; `snapshots`: when they are taken; `gate`:
//!   what waits for the disk; `duties`: what is owed; `time`: what its passing brings.

mod commit;
mod duties;
mod gate;
pub mod kind;
mod memory;
mod past;
pub mod record;
mod recover;
mod refusing;
mod rewrite;
mod room;
mod snapshots;
#[cfg(test)]
mod tests;
mod time;
mod watchers;
mod watching;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use playhouse_domain::duty::{DutyId, DutyResult, Work};
use playhouse_domain::room::{Caller, Seed, Ticket};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::CommandKey;

pub(crate) use self::commit::panic_text;
#[cfg(test)]
pub(crate) use self::memory::scope as scope_of;
pub use self::past::{Biography, Step, ViewAt, biography, rows_of, snapshot_of, view_at};
pub use self::room::Room;
use crate::handle::{AskError, Position, Seen};
use crate::journal::{Append, Keep, Rewrite, Salvage, Snapshot, Stored};
use crate::watch::{Publication, StreamPosition, Viewer, WatchEnd, WatcherId};

/// Names a caller that waits for an answer; chosen by the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// What happens to a room.
#[derive(Debug)]
pub enum Input {
    /// What the journal has of the room, or why it cannot be read.
    Loaded(Result<Stored, LoadFailed>),
    /// A caller's command.
    Command {
        /// Who waits for the answer.
        token: Token,
        /// Who asks.
        caller: Caller,
        /// What makes it exactly once.
        key: Option<CommandKey>,
        /// Chance, for commands without a key.
        seed: Seed,
        /// The command, encoded.
        command: Vec<u8>,
    },
    /// A caller wants to see the room.
    View {
        /// Who waits for the answer.
        token: Token,
        /// For whom the view is.
        viewer: Viewer,
    },
    /// A caller wants to follow the room.
    Watch {
        /// Who waits for the answer.
        token: Token,
        /// The watch to be.
        watcher: WatcherId,
        /// For whom.
        viewer: Viewer,
        /// Where the watcher left off.
        recover: Option<StreamPosition>,
    },
    /// A watch is over.
    Unwatch(WatcherId),
    /// A frame is on disk.
    Durable {
        /// The record.
        seq: u64,
        /// Where it stands in its shard.
        position: Position,
    },
    /// A frame may not be on disk.
    AppendFailed {
        /// The record.
        seq: u64,
        /// True if it surely is not.
        not_written: bool,
        /// Why.
        reason: String,
    },
    /// A duty has ended.
    DutyDone {
        /// Which.
        id: DutyId,
        /// Which attempt; a result of an older one is dropped.
        attempt: u64,
        /// How.
        result: DutyResult,
    },
    /// An attempt at a duty failed in a way that may pass.
    DutyFailed {
        /// Which.
        id: DutyId,
        /// Which attempt.
        attempt: u64,
        /// Why.
        reason: String,
    },
    /// A watcher had no room for a publication.
    Lagging(WatcherId),
    /// A watcher that lagged took the newest view.
    CaughtUp(WatcherId),
    /// The snapshot that was asked for is stored, with a payload of so many bytes, or could not be.
    SnapshotDone(Result<usize, String>),
    /// Time has passed.
    Tick,
    /// An administrator closes the room, for this reason.
    Quarantine(String),
    /// An administrator opens a quarantined room again, or has a room rebuilt.
    Reopen,
    /// An administrator gives a quarantined room another past.
    Rewrite {
        /// Who waits for the answer.
        token: Token,
        /// Who asks.
        by: Caller,
        /// Which past.
        rewrite: Rewrite,
    },
    /// An administrator wants a snapshot of the newest record to be stored.
    Snapshot(Token),
    /// What [`Output::Salvage`] asked for.
    Salvaged(Result<Salvage, String>),
    /// The record of a rewrite is on disk, or may not be.
    Rewritten(Result<Position, String>),
}

/// Why a room could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadFailed {
    /// Why.
    pub reason: String,
    /// True if its records do not hold together: no use trying again.
    pub damaged: bool,
}

/// What a room wants done.
#[derive(Debug)]
pub enum Output {
    /// Read the room from the journal, behind every append before this.
    Load,
    /// Write this.
    Append(Box<Append>),
    /// Answer a command.
    Answer(Token, Result<Told, AskError>),
    /// A command is accepted and on disk; its outcome follows under the ticket.
    Accepted(Token, Ticket),
    /// Answer a view.
    Seen(Token, Result<Seen, AskError>),
    /// Answer a watch.
    Watching(Token, Result<Started, AskError>),
    /// Give a publication to these watchers.
    Publish(Arc<Publication>, Vec<WatcherId>),
    /// Give these watchers, who lagged, the newest view; say [`Input::CaughtUp`] or
    /// [`Input::Lagging`] for each.
    Refresh(Arc<Publication>, Vec<WatcherId>),
    /// A watch is over.
    WatchEnded(WatcherId, WatchEnd),
    /// Make an attempt at a duty.
    StartDuty {
        /// Which.
        id: DutyId,
        /// Which attempt.
        attempt: u64,
        /// What to do.
        work: Work,
    },
    /// Store this snapshot and drop what is no longer kept.
    Snapshot {
        /// The snapshot.
        snapshot: Box<Snapshot>,
        /// See [`crate::journal::Journal::snapshot`].
        keep: Keep,
    },
    /// Make a snapshot of what the journal has up to record `seq`, away from the room, by
    /// [`snapshot_of`], and store it like the other.
    SnapshotElsewhere {
        /// The last record that goes in.
        seq: u64,
        /// See [`crate::journal::Journal::snapshot`].
        keep: Keep,
    },
    /// Read what a rewrite starts from, behind every append before this.
    Salvage(Rewrite),
    /// Write the record of a rewrite; see [`crate::journal::Journal::rewrite`].
    Rewrite(Box<Append>, Box<Snapshot>),
    /// Nobody needs the room in memory; it must be woken at this time, if any.
    Sleep(Option<Timestamp>),
    /// A command was set aside.
    DeadLetter(DeadLetter),
    /// The room failed and will be rebuilt after the pause.
    Failed {
        /// What happened.
        reason: String,
        /// The pause.
        pause: Duration,
    },
    /// The room is quarantined.
    Quarantined {
        /// What happened.
        reason: String,
    },
}

/// A command that made the rules panic too often, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// When it was set aside; none of a kind whose past is not kept, where that is nobody's business.
    pub at: Option<Timestamp>,
    /// Who sent it; none of such a kind.
    pub caller: Option<Caller>,
    /// The command as the rules' redaction shows it.
    pub command: String,
    /// What the panic said.
    pub panic: String,
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The reply, encoded.
    pub reply: Vec<u8>,
    /// The room's revision with the command in it.
    pub revision: u64,
    /// Where the write stands, if this command wrote.
    pub position: Option<Position>,
    /// True if this is an earlier command's outcome.
    pub repeated: bool,
}

/// The answer to a watch.
#[derive(Debug)]
pub struct Started {
    /// The watch.
    pub watcher: WatcherId,
    /// Where the stream stands.
    pub position: StreamPosition,
    /// The view, unless everything was recovered.
    pub view: Option<Bytes>,
    /// True if `missed` leads from the watcher's own position to this one.
    pub recovered: bool,
    /// What the watcher missed.
    pub missed: Vec<Arc<Publication>>,
}

/// How a room stands, for inspectors.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Status {
    /// `loading`, `live`, `rebuilding` or `quarantined`.
    pub phase: &'static str,
    /// Why it is quarantined or being rebuilt.
    pub reason: Option<String>,
    /// The newest record.
    pub revision: u64,
    /// The newest record on disk.
    pub durable: u64,
    /// How many requests wait in its mailbox; counted outside of the host.
    pub waiting: usize,
    /// How many watch.
    pub watchers: usize,
    /// Bytes that its newest snapshots and what followed them take, encoded, in steps of 1 KiB; about
    /// what it takes in memory.
    pub bytes: usize,
    /// How many duties are owed.
    pub duties: usize,
    /// When it must be woken.
    pub wake_at: Option<Timestamp>,
    /// The last failure.
    pub last_failure: Option<String>,
    /// The last time that it was rebuilt after a failure, if that is among the newest of all rooms;
    /// kept outside of the host.
    pub last_crash: Option<Crash>,
}

/// A room failed and was rebuilt.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Crash {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub reason: String,
}
