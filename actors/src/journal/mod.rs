//! Where frames are kept. A store implements [`Journal`]; the committer thread is its one writer.
//!
//! - [`committer`]: the thread that writes many rooms' frames with one sync.
//! - [`figures`]: how long syncs and batches took.
//! - [`record`]: the bytes of a frame and of a snapshot.
//! - [`sled`]: the embedded store. The only file that names sled.
//! - [`memory`]: for tests and simulation; fails, stalls, tears and duplicates on demand.

pub mod committer;
pub mod figures;
pub mod memory;
pub mod record;
pub mod sled;

use std::time::Duration;

use playhouse_domain::rows::RowChange;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{RoomId, Shard};
use serde::{Deserialize, Serialize};

use crate::handle::Position;

/// Everything that one command led to: written whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Whose frame.
    pub room: RoomId,
    /// The claim epoch under which it was written.
    pub claim: u64,
    /// The room's own contiguous sequence, from 1.
    pub seq: u64,
    /// The schema version of the payload's events.
    pub schema: u16,
    /// When it was decided.
    pub at: Timestamp,
    /// What the host wrote (events, outcomes), encoded.
    pub payload: Vec<u8>,
}

/// A room's state at one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Whose state.
    pub room: RoomId,
    /// The last record in it.
    pub seq: u64,
    /// The schema version of the state.
    pub schema: u16,
    /// When the last record in it was decided.
    pub at: Timestamp,
    /// What the host wrote, encoded.
    pub payload: Vec<u8>,
}

/// What the indexes know of a room, so that a restart need not read every room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Index {
    /// When the room must be woken.
    pub wake_at: Option<Timestamp>,
    /// True if the room owes a duty.
    pub owes: bool,
}

/// One frame with what is written beside it in the same atomic batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The frame.
    pub frame: Frame,
    /// The room's entry in the indexes before this frame.
    pub before: Index,
    /// The room's entry in the indexes with this frame.
    pub after: Index,
    /// Rows of lists that changed.
    pub rows: Vec<RowChange>,
}

/// What a room is rebuilt from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stored {
    /// The older of the two newest readable snapshots: rebuilding from it brings back at least one
    /// snapshot interval of history for watchers.
    pub snapshot: Option<Snapshot>,
    /// Every frame behind the snapshot, contiguous.
    pub frames: Vec<Frame>,
    /// The room's entry in the indexes.
    pub index: Index,
    /// Why more may be on the disk: a write about the room failed, and what became of it cannot be
    /// looked at now. All that had been acknowledged is here.
    pub doubt: Option<String>,
}

/// Which of the frames behind the older snapshot stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Nothing but the newest snapshot and what follows it: not the older snapshot either.
    Nothing,
    /// All of them.
    All,
    /// From this record on.
    From(u64),
    /// Those decided at this time or later.
    Since(Timestamp),
}

impl Keep {
    /// True if record `seq`, decided `at`, stays.
    #[must_use]
    pub fn keeps(self, seq: u64, at: Timestamp) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::From(first) => seq >= first,
            Self::Since(time) => at >= time,
        }
    }
}

/// Which past a room is given back by an administrator's rewrite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rewrite {
    /// What it was with this record, without any later one. 0: before its first.
    Rewind(u64),
    /// What it would be without this one record.
    Skip(u64),
}

impl Rewrite {
    /// The newest record that may be part of what the rewrite starts from.
    #[must_use]
    pub fn base(self) -> u64 {
        match self {
            Self::Rewind(to) => to,
            Self::Skip(seq) => seq.saturating_sub(1),
        }
    }
}

/// What a rewrite is worked out from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvage {
    /// What is kept: a snapshot at or before [`Rewrite::base`], and the frames behind it, without
    /// what the rewrite leaves out.
    pub kept: Stored,
    /// The frames that are left out, as far as they can be read.
    pub left_out: Vec<Frame>,
    /// The newest record, readable or not.
    pub newest: u64,
}

/// A store could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The store itself failed; what reached the disk is unknown.
    #[error("the store failed to {doing}")]
    Store {
        /// What it was doing.
        doing: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nothing was written: the disk is nearly full.
    #[error("{free_bytes} bytes of disk are free, writing stops below {min_bytes}")]
    DiskFull {
        /// What is free.
        free_bytes: u64,
        /// What must be free.
        min_bytes: u64,
    },
    /// Nothing was written: the disk takes no writes.
    #[error("the store takes no writes")]
    Failing {
        /// What stands in the way now.
        #[source]
        source: Box<JournalError>,
    },
    /// Nothing was written: another owner claimed the shard.
    #[error("shard {shard} was claimed under epoch {newer}, this writer holds {own}")]
    Fenced {
        /// Which shard.
        shard: Shard,
        /// The claim that holds now.
        newer: u64,
        /// The claim that the writer has.
        own: u64,
    },
    /// A room's records do not hold together. The room is quarantined, never guessed at.
    #[error("journal of {room} is damaged at record {seq}: {what}")]
    Damaged {
        /// Whose.
        room: RoomId,
        /// The first record that cannot be trusted.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The key within the table.
    pub key: String,
    /// JSON text.
    pub value: String,
}

/// Which rows to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowQuery {
    /// The table.
    pub table: String,
    /// Only keys that start with this.
    pub prefix: String,
    /// Only keys strictly past this one, in reading direction.
    pub after: Option<String>,
    /// Only keys before this one (exclusive), in key order.
    pub before: Option<String>,
    /// From the largest key down.
    pub descending: bool,
    /// At most so many.
    pub limit: usize,
}

/// The past of a room, for inspectors: frames from `from` on, at most `limit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FramePage {
    /// The frames that can be read, oldest first.
    pub frames: Vec<Frame>,
    /// Records among them that cannot, and why.
    pub unreadable: Vec<(u64, String)>,
    /// The oldest record that the store still has, if any.
    pub oldest: Option<u64>,
    /// The newest record.
    pub newest: u64,
}

/// A store of frames. Calls block; they run on the committer's thread (writes) and on a small pool
/// (reads), never on a room's thread.
pub trait Journal: Send + Sync + 'static {
    /// Takes over `shard` under an epoch higher than any before, durably. Returns the epoch.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`].
    fn claim(&self, shard: Shard) -> Result<u64, JournalError>;

    /// Takes over every shard; the epochs by shard.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`].
    fn claim_all(&self) -> Result<Vec<u64>, JournalError> {
        Shard::all().map(|shard| self.claim(shard)).collect()
    }

    /// Writes every append of `batch`, all or nothing, and returns once that is on the disk: the
    /// positions, in the order of the batch.
    ///
    /// # Errors
    ///
    /// [`JournalError::DiskFull`], [`JournalError::Failing`] and [`JournalError::Fenced`]: nothing was
    /// written.
    /// [`JournalError::Store`]: unknown; read back before going on.
    fn append(&self, batch: &[Append]) -> Result<Vec<Position>, JournalError>;

    /// Reads what `room` is rebuilt from. A room that was never written has nothing.
    ///
    /// # Errors
    ///
    /// [`JournalError::Damaged`] names the first record that cannot be trusted (checksum, hole,
    /// falling epoch). A torn last record is cut and reported in the log instead.
    ///
    /// While it is not known what became of a write about the room that failed, what was acknowledged
    /// before it comes with a [doubt](Stored::doubt).
    fn load(&self, room: &RoomId) -> Result<Stored, JournalError>;

    /// Stores a snapshot, keeps it and the one before, then drops the oldest frames: those that
    /// are behind the older snapshot, up to the first that `keep` keeps. With [`Keep::Nothing`] only
    /// the newest snapshot stays, and no frame behind it.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`]; what was there stays readable. [`JournalError::Damaged`] for one of
    /// a record that is not stored, or older than one that is kept: a rewrite may lie between.
    fn snapshot(&self, snapshot: &Snapshot, keep: Keep) -> Result<(), JournalError>;

    /// Reads what `rewrite` of `room` starts from, however damaged the records are that it leaves
    /// out, and though the room may write meanwhile.
    ///
    /// # Errors
    ///
    /// [`JournalError::Damaged`] names the first record that is needed and cannot be had: it was
    /// never written, has been dropped, or cannot be trusted.
    fn salvage(&self, room: &RoomId, rewrite: Rewrite) -> Result<Salvage, JournalError>;

    /// Appends the record of a rewrite and puts `snapshot`, which is of that record, in the place
    /// of every other snapshot of the room, in one batch: nothing before it is read again to
    /// rebuild the room.
    ///
    /// # Errors
    ///
    /// As [`Self::append`].
    fn rewrite(&self, append: &Append, snapshot: &Snapshot) -> Result<Position, JournalError>;

    /// Every room with a due time, earliest first.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`].
    fn due(&self) -> Result<Vec<(Timestamp, RoomId)>, JournalError>;

    /// Every room that owes a duty.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`].
    fn owing(&self) -> Result<Vec<RoomId>, JournalError>;

    /// Reads rows of a list.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`].
    fn rows(&self, query: &RowQuery) -> Result<Vec<Row>, JournalError>;

    /// What [`Self::name_lists`] was given, if all rows were made under it.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`].
    fn lists(&self) -> Result<Option<String>, JournalError>;

    /// Drops every row, and before them the name of the lists.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`]; some rows may be gone.
    fn clear_lists(&self) -> Result<(), JournalError>;

    /// Writes `rows`, all or none.
    ///
    /// # Errors
    ///
    /// As [`Self::append`].
    fn put_rows(&self, rows: &[RowChange]) -> Result<(), JournalError>;

    /// All rows are there now, made under `name`.
    ///
    /// # Errors
    ///
    /// As [`Self::append`].
    fn name_lists(&self, name: &str) -> Result<(), JournalError>;

    /// Reads a room's frames from `from` on, at most `limit`, damaged ones among them or not.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`].
    fn frames(&self, room: &RoomId, from: u64, limit: usize) -> Result<FramePage, JournalError>;

    /// The names of stored rooms of `kind` (or of all kinds) past `after`, in order.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`].
    fn rooms(
        &self,
        kind: Option<&str>,
        after: Option<&RoomId>,
        limit: usize,
    ) -> Result<Vec<RoomId>, JournalError>;

    /// The store's generation: 16 hex digits drawn when the store is made and drawn anew by a
    /// restore. It is part of every stream epoch, so that positions from before a restore are
    /// never taken for positions after it.
    fn generation(&self) -> String;

    /// How long each of the newest syncs of the disk took, at most [`figures::WINDOW`]; none of a store
    /// that does not sync.
    fn syncs(&self) -> Vec<Duration> {
        Vec::new()
    }

    /// Writes a checksummed copy of everything, as it is at one moment, to `to`; the number of
    /// entries. Nothing is written meanwhile.
    ///
    /// # Errors
    ///
    /// [`JournalError::Store`], also from stores that cannot do it.
    fn export(&self, to: &mut dyn std::io::Write) -> Result<u64, JournalError> {
        let _ = to;
        Err(JournalError::Store { doing: "export", source: "this store keeps no backup".into() })
    }
}

#[cfg(test)]
mod tests;
