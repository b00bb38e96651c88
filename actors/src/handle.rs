//! How the edge talks to rooms: [`Rooms`], a handle that is cheap to clone.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix::Arbiter;
use bytes::Bytes;
use parking_lot::Mutex;
use playhouse_domain::refusal::Refusal;
use playhouse_domain::room::{Caller, Rules, Seed, Ticket};
use playhouse_protocol::codec;
use playhouse_protocol::ids::{CommandKey, RoomId, Shard};
use playhouse_protocol::limits::COMMAND_BYTES_MAX;
use tokio::sync::oneshot;

use crate::host::Told;
use crate::journal::{Journal, JournalError, Row, RowQuery};
use crate::lane::Mailbox;
use crate::room::Request;
use crate::shard::{Route, ShardActor};
use crate::shared::Shared;
use crate::watch::{Sink, StreamPosition, Viewer, Watching};

/// How long a caller waits for an outcome that depends on a duty before it is told to look later.
pub const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// How long a caller still waits once the server is shutting down. 2 s: what is decided is on disk
/// long before, and a payment that hangs must not hold up the shutdown.
const DRAIN_WAIT: Duration = Duration::from_secs(2);

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
    /// Its past can only be rewritten while it is quarantined, and by one administrator at a time.
    #[error("the room is not quarantined, or is being rewritten: quarantine it first")]
    NotQuarantined,
    /// The past that was asked for cannot be given to it.
    #[error("the room cannot be rewritten so: {reason}")]
    Unrepairable {
        /// What stands against it.
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
    /// The record is no longer there to be looked at.
    #[error("what the room was then is no longer kept")]
    RecordGone,
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

/// Where a room puts the ticket of a command whose outcome must wait.
pub(crate) type TicketCell = Arc<OnceLock<Ticket>>;

/// What the handles share.
pub(crate) struct Inner {
    pub(crate) shards: Vec<Mailbox<ShardActor>>,
    pub(crate) shared: Arc<Shared>,
    /// The threads of the shards, until the shutdown ends them.
    pub(crate) threads: Mutex<Vec<Arbiter>>,
}

/// A handle to all rooms. Cheap to clone.
#[derive(Clone)]
pub struct Rooms {
    pub(crate) inner: Arc<Inner>,
}

/// Counts an ask from outside while it is open.
pub(crate) struct Open<'a>(&'a Shared);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Rooms {
    pub(crate) fn from_inner(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

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
        debug_assert_eq!(room.kind(), R::KIND, "a command goes to a room of its own kind");
        let _open = self.enter()?;
        let ticket = TicketCell::default();
        let answer = self.command(room, caller, key, codec::encode(command), ticket.clone())?;
        let told = match self.wait(answer).await {
            Some(answered) => answered?,
            None => match ticket.get() {
                Some(ticket) => return Ok(Answer::Accepted { ticket: *ticket }),
                None => return Err(AskError::OutcomeUnknown),
            },
        };
        let Told { reply, revision, position, repeated } = told;
        let reply = codec::decode(&reply).map_err(|_| AskError::Failed)?;
        Ok(Answer::Done { reply, revision, position, repeated })
    }

    /// As [`Self::ask`] for rooms among each other: encoded, and not refused by a shutdown.
    pub(crate) async fn tell(
        &self,
        room: &RoomId,
        caller: Caller,
        key: Option<CommandKey>,
        command: Vec<u8>,
        wait: Duration,
    ) -> Result<Told, AskError> {
        let answer = self.command(room, caller, key, command, TicketCell::default())?;
        match tokio::time::timeout(wait, answer).await {
            Ok(answered) => answered.unwrap_or(Err(AskError::OutcomeUnknown)),
            Err(_) => Err(AskError::OutcomeUnknown),
        }
    }

    fn command(
        &self,
        room: &RoomId,
        caller: Caller,
        key: Option<CommandKey>,
        command: Vec<u8>,
        ticket: TicketCell,
    ) -> Result<oneshot::Receiver<Result<Told, AskError>>, AskError> {
        let kind = self.inner.shared.kinds.get(room.kind());
        let max = kind.map_or(COMMAND_BYTES_MAX, |kind| kind.policy.command_bytes);
        if command.len() > max {
            return Err(AskError::TooLarge { len: command.len(), max });
        }
        let (reply, answer) = oneshot::channel();
        let seed = Seed(rand::random());
        self.send(room, Request::Command { caller, key, seed, command, reply, ticket })?;
        Ok(answer)
    }

    /// Waits for an answer, at most [`ANSWER_WAIT`], and not much longer once the server drains.
    pub(crate) async fn wait<T>(
        &self,
        answer: oneshot::Receiver<Result<T, AskError>>,
    ) -> Option<Result<T, AskError>> {
        let mut draining = self.inner.shared.draining.subscribe();
        let drained = async move {
            let _ = draining.wait_for(|d| *d).await;
            tokio::time::sleep(DRAIN_WAIT).await;
        };
        tokio::select! {
            biased;
            answered = answer => Some(answered.unwrap_or(Err(AskError::OutcomeUnknown))),
            () = drained => None,
            () = tokio::time::sleep(ANSWER_WAIT) => None,
        }
    }

    /// The kind called `name`, if rooms of that kind can be: its name for ever.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&'static str> {
        self.inner.shared.kinds.get_key_value(name).map(|(name, _)| *name)
    }

    /// What `viewer` sees of `room`. Waits until everything in it is on disk.
    ///
    /// # Errors
    ///
    /// [`AskError::NoSuchRoom`] if the room does not exist for them.
    pub async fn view(&self, room: &RoomId, viewer: impl Into<Viewer>) -> Result<Seen, AskError> {
        let _open = self.enter()?;
        let (reply, answer) = oneshot::channel();
        self.send(room, Request::View { viewer: viewer.into(), reply })?;
        self.wait(answer).await.unwrap_or(Err(AskError::OutcomeUnknown))
    }

    /// Follows `room` live from `recover` on, or from now.
    ///
    /// # Errors
    ///
    /// [`AskError::NoSuchRoom`] if the room does not exist for `viewer`.
    pub async fn watch(
        &self,
        room: &RoomId,
        viewer: impl Into<Viewer>,
        recover: Option<StreamPosition>,
        sink: Arc<dyn Sink>,
    ) -> Result<Watching, AskError> {
        let _open = self.enter()?;
        let (reply, answer) = oneshot::channel();
        self.send(room, Request::Watch { viewer: viewer.into(), recover, sink, reply })?;
        self.wait(answer).await.unwrap_or(Err(AskError::OutcomeUnknown))
    }

    /// Reads rows of a list. A list read after a write's answer shows that write: rows are written
    /// in the same batch as the frame that changed them.
    ///
    /// # Errors
    ///
    /// [`AskError::StoreUnavailable`].
    pub async fn rows(&self, query: RowQuery) -> Result<Vec<Row>, AskError> {
        self.read(move |journal| journal.rows(&query)).await
    }

    /// The stored rooms of `kind`, or of all kinds, past `after`, in order.
    ///
    /// # Errors
    ///
    /// [`AskError::StoreUnavailable`].
    pub async fn stored(
        &self,
        kind: Option<String>,
        after: Option<RoomId>,
        limit: usize,
    ) -> Result<Vec<RoomId>, AskError> {
        self.read(move |journal| journal.rooms(kind.as_deref(), after.as_ref(), limit)).await
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Journal) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, AskError> {
        let shared = self.inner.shared.clone();
        let unavailable =
            |e: &dyn std::fmt::Display| AskError::StoreUnavailable { reason: e.to_string() };
        let _turn = shared.reads.acquire().await.map_err(|e| unavailable(&e))?;
        let journal = shared.journal.clone();
        tokio::task::spawn_blocking(move || read(&*journal))
            .await
            .map_err(|e| unavailable(&e))?
            .map_err(|e| unavailable(&e))
    }

    pub(crate) fn enter(&self) -> Result<Open<'_>, AskError> {
        let shared = &self.inner.shared;
        if *shared.draining.borrow() {
            return Err(AskError::ShuttingDown);
        }
        shared.open.fetch_add(1, Ordering::Relaxed);
        Ok(Open(shared))
    }

    pub(crate) fn send(&self, room: &RoomId, request: Request) -> Result<(), AskError> {
        let turn = self.inner.shared.turn(room).ok_or(AskError::NoSuchRoom)?;
        let shard = &self.inner.shards[usize::from(room.shard().0)];
        shard
            .try_send(Route { room: room.clone(), request, turn })
            .map_err(|_| AskError::Overloaded { retry_after: Duration::from_secs(1) })
    }

    /// Refuses new work, finishes what was accepted, brings to rest what lasts longer, syncs. Returns after `within` at the latest,
    /// true if everything that was accepted was finished.
    pub async fn shut_down(&self, within: Duration) -> bool {
        let shared = &self.inner.shared;
        shared.draining.send_replace(true);
        let deadline = tokio::time::Instant::now() + within;
        let performers = shared.performers.values();
        let resting: Vec<_> =
            performers.map(|(performer, _)| tokio::spawn(performer.rest(within))).collect();
        let finished = loop {
            if shared.open.load(Ordering::Relaxed) <= 0 {
                break true;
            }
            if tokio::time::Instant::now() >= deadline {
                break false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let mut rested = true;
        for performer in resting {
            rested &= performer.await.unwrap_or(false);
        }
        let committer = shared.committer.clone();
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        let threads = std::mem::take(&mut *self.inner.threads.lock());
        let stop = tokio::task::spawn_blocking(move || {
            committer.stop();
            for thread in threads {
                thread.stop();
                let _ = thread.join();
            }
        });
        let stopped = tokio::time::timeout(left.max(Duration::from_secs(1)), stop).await.is_ok();
        rested && finished && stopped
    }
}
