//! How the edge talks to rooms: [`Rooms`], a handle that is cheap to clone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use playhouse_domain::refusal::Refusal;
use playhouse_domain::room::{Audience, Caller, Rules, Ticket};
use playhouse_protocol::ids::{CommandKey, RoomId, Shard};

use crate::journal::{Row, RowQuery};
use crate::watch::{Sink, StreamPosition, Watching};

/// How long a caller waits for an outcome that depends on a duty before it is told to look later.
pub const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// A place in a shard's journal. A list that has reached it shows the write it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The shard.
    pub shard: Shard,
    /// How many frames the shard had with this one.
    pub seq: u64,
}

/// A room's answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// The outcome; it is on disk.
    Done {
        /// What the room said.
        reply: T,
        /// The room's revision with this command in it.
        revision: u64,
        /// Where the write stands. None where nothing was written (a read, a repeat).
        position: Option<Position>,
        /// True if this is the remembered outcome of an earlier command with the same key.
        repeated: bool,
    },
    /// Accepted and on disk, but the outcome did not come within the wait.
    Accepted {
        /// Under which the outcome will be known.
        ticket: Ticket,
    },
}

/// Why a room did not do as asked. The edge turns each into one problem (`docs/errors.md`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The rules said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The room's queue is full.
    #[error("room is busy, try again in {retry_after:?}")]
    Overloaded {
        /// A sensible time to wait before trying again.
        retry_after: Duration,
    },
    /// It may or may not have happened. Safe to repeat with the same key.
    #[error("the outcome is unknown: the journal failed while the command was written")]
    OutcomeUnknown,
    /// The room cannot be used until an administrator looks at it.
    #[error("room is quarantined: {reason}")]
    Quarantined {
        /// What happened.
        reason: String,
    },
    /// The room failed and is being rebuilt.
    #[error("room is being rebuilt, try again in {retry_after:?}")]
    Rebuilding {
        /// When it will be back, at the earliest.
        retry_after: Duration,
    },
    /// The key was used before with another command.
    #[error("the key was used before with another command")]
    KeyReused,
    /// The key's outcome is no longer remembered.
    #[error("the outcome under this key is no longer remembered")]
    IdempotencyExpired,
    /// The command made the rules panic too often and was set aside.
    #[error("the command failed {attempts} times and was set aside")]
    Poisoned {
        /// How often it was tried.
        attempts: u32,
    },
    /// The rules panicked on the command; it had no effect.
    #[error("the command failed inside the room and had no effect")]
    Failed,
    /// The encoded command is over the bound.
    #[error("command of {len} bytes is over the bound of {max}")]
    TooLarge {
        /// Its size.
        len: usize,
        /// The bound.
        max: usize,
    },
    /// The store takes no writes: the disk is full or failing.
    #[error("the store takes no writes: {reason}")]
    StoreUnavailable {
        /// What stands against it.
        reason: String,
    },
    /// The server is shutting down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// There is no such room, or not for this audience.
    #[error("there is no such room")]
    NoSuchRoom,
}

/// What an audience sees.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Where the stream stands.
    pub position: StreamPosition,
    /// The view as JSON.
    pub json: Bytes,
}

/// A handle to all rooms. Cheap to clone.
#[derive(Clone)]
pub struct Rooms {}

impl Rooms {
    /// Gives `command` to `room` on behalf of `caller` and waits for its answer, at most
    /// [`ANSWER_WAIT`] where the outcome depends on a duty.
    ///
    /// With a `key` the command takes effect exactly once: the same key again gets the remembered
    /// answer. Scope: `caller`, room and kind of command.
    ///
    /// # Errors
    ///
    /// See [`AskError`].
    pub async fn ask<R: Rules>(
        &self,
        room: &RoomId,
        caller: Caller,
        key: Option<CommandKey>,
        command: &R::Command,
    ) -> Result<Answer<R::Reply>, AskError> {
        todo!("{room} {caller:?} {key:?} {command:?}")
    }

    /// What `audience` sees of `room`. Waits until everything in it is on disk.
    ///
    /// # Errors
    ///
    /// [`AskError::NoSuchRoom`] if the room does not exist for this audience.
    pub async fn view(&self, room: &RoomId, audience: Audience) -> Result<Seen, AskError> {
        todo!("{room} {audience:?}")
    }

    /// Follows `room` live from `recover` on, or from now.
    ///
    /// # Errors
    ///
    /// [`AskError::NoSuchRoom`] if the room does not exist for this audience.
    pub async fn watch(
        &self,
        room: &RoomId,
        audience: Audience,
        recover: Option<StreamPosition>,
        sink: Arc<dyn Sink>,
    ) -> Result<Watching, AskError> {
        let _ = sink;
        todo!("{room} {audience:?} {recover:?}")
    }

    /// Reads rows of a list. A list read after a write's answer shows that write.
    ///
    /// # Errors
    ///
    /// [`AskError::StoreUnavailable`].
    pub async fn rows(&self, query: RowQuery) -> Result<Vec<Row>, AskError> {
        todo!("{query:?}")
    }

    /// Refuses new work, finishes what was accepted, syncs. At most `within`.
    pub async fn shut_down(&self, within: Duration) {
        todo!("{within:?}")
    }
}
