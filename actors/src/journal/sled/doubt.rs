//! Writing, and what is doubtful once a write failed.
//!
//! sled shows a write that failed as if it had happened, and stays failed until it is opened anew. Until
//! then the rooms that the write was about are what they were before it, and the rows are told to nobody.
//! All else was on the disk before and can still be read, also while the disk takes no writes at all: so
//! the store is opened anew only once the disk takes them again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

use playhouse_protocol::ids::RoomId;

use super::batch::Batch;
use super::open::Open;
use super::{SledJournal, full, keys, read, store_error};
use crate::journal::committer::chain;
use crate::journal::{Append, JournalError, RowQuery, Stored};
use crate::kill::{self, Step};

/// What a write was about.
#[derive(Debug, Clone)]
pub(super) enum About {
    /// These rooms and rows.
    Rooms {
        /// Whose records, entries and snapshots, each with the newest record before the write.
        rooms: BTreeMap<RoomId, u64>,
        /// The keys of rows.
        rows: Vec<Vec<u8>>,
    },
    /// Anything.
    Everything,
}

impl About {
    pub(super) fn room(room: &RoomId, newest: u64) -> Self {
        Self::Rooms { rooms: BTreeMap::from([(room.clone(), newest)]), rows: Vec::new() }
    }

    /// Of `appends`, which follow on.
    pub(super) fn appends(appends: &[Append]) -> Self {
        let mut rooms = BTreeMap::new();
        for Append { frame, .. } in appends {
            rooms.entry(frame.room.clone()).or_insert(frame.seq - 1);
        }
        let rows = appends.iter().flat_map(|append| &append.rows);
        Self::Rooms { rooms, rows: rows.map(|row| keys::row(&row.table, &row.key)).collect() }
    }

    fn has_room(&self, room: &RoomId) -> bool {
        match self {
            Self::Rooms { rooms, .. } => rooms.contains_key(room),
            Self::Everything => true,
        }
    }

    /// The newest record of `room` before the write, if that is known.
    fn newest_before(&self, room: &RoomId) -> Option<u64> {
        match self {
            Self::Rooms { rooms, .. } => rooms.get(room).copied(),
            Self::Everything => None,
        }
    }

    fn has_rows(&self, query: &RowQuery) -> bool {
        let start = keys::row(&query.table, &query.prefix);
        match self {
            Self::Rooms { rows, .. } => rows.iter().any(|key| key.starts_with(&start)),
            Self::Everything => true,
        }
    }
}

/// The disk takes writes, also of new files.
fn probe(dir: &Path) -> io::Result<()> {
    let path = dir.join("probe");
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(b"written\n")?;
        file.sync_all()
    });
    let removed = std::fs::remove_file(&path);
    written.and(removed)
}

impl SledJournal {
    /// Before anything is written: an earlier write that failed is behind us.
    ///
    /// # Errors
    ///
    /// [`JournalError::Failing`]: nothing is written.
    pub(super) fn ready_to_write(&self) -> Result<(), JournalError> {
        self.settle(|_| true).map_err(|e| JournalError::Failing { source: Box::new(e) })
    }

    /// Before a room is read: a write about it that failed is behind us.
    pub(super) fn ready_to_read(&self, room: &RoomId) -> Result<(), JournalError> {
        self.settle(|doubt| doubt.has_room(room))
    }

    /// What `room` was before the write that failed, since `error` stands in the way of looking what
    /// became of that.
    ///
    /// # Errors
    ///
    /// `error`, if that cannot be told.
    pub(super) fn before_the_doubt(
        &self,
        room: &RoomId,
        error: JournalError,
    ) -> Result<Stored, JournalError> {
        let doubt = self.doubt.lock().clone();
        let Some(newest) = doubt.and_then(|doubt| doubt.newest_before(room)) else {
            return Err(error);
        };
        match self.with(|open| read::load_up_to(&open.db, room, newest)) {
            Ok(stored) => Ok(Stored { doubt: Some(chain(&error)), ..stored }),
            // What is shown now is not what is on the disk: no reason to call the room damaged.
            Err(_) => Err(error),
        }
    }

    /// As [`Self::ready_to_read`], of rows.
    pub(super) fn ready_to_list(&self, query: &RowQuery) -> Result<(), JournalError> {
        self.settle(|doubt| doubt.has_rows(query))
    }

    /// Opens the store anew if what is doubtful `matters`.
    pub(super) fn settle(&self, matters: impl Fn(&About) -> bool) -> Result<(), JournalError> {
        if !self.doubt.lock().as_ref().is_some_and(&matters) {
            return Ok(());
        }
        if self.sync_failed.load(Ordering::Acquire) {
            let why = "an earlier sync of the disk failed: start the server anew";
            return Err(store_error("read or write", why));
        }
        probe(&self.dir).map_err(|e| store_error("write to its directory", e))?;
        let mut slot = self.open.write();
        // Somebody else may have done it meanwhile.
        if self.doubt.lock().is_some() {
            *slot = None;
            self.open_anew(&mut slot)?;
        }
        Ok(())
    }

    /// The disk gave no room for what is about to be written.
    fn no_room(&self, error: io::Error) -> JournalError {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                full((self.free)(&self.dir).unwrap_or_default())
            }
            _ => JournalError::Failing { source: Box::new(store_error("take room", error)) },
        }
    }

    /// Opens the store in an empty `slot`.
    pub(super) fn open_anew(&self, slot: &mut Option<Open>) -> Result<(), JournalError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(store_error("read or write", "it was closed"));
        }
        *slot = Some(Open::new(&self.dir)?);
        *self.doubt.lock() = None;
        Ok(())
    }

    /// Writes `batch` of about so many `bytes`, which is about `about`; once that fails it is doubtful.
    ///
    /// # Errors
    ///
    /// [`JournalError::DiskFull`] and [`JournalError::Failing`]: nothing was written.
    pub(super) fn write(
        &self,
        (batch, bytes): (Batch, usize),
        about: &About,
    ) -> Result<(), JournalError> {
        self.with(|open| open.hold_room(bytes as u64).map_err(|e| self.no_room(e)))?;
        let apply = AssertUnwindSafe(|| self.with(|open| open.apply(batch)));
        let applied = catch_unwind(apply)
            .unwrap_or_else(|_| Err(store_error("write a batch", "it panicked, see the log")));
        if applied.is_err() {
            *self.doubt.lock() = Some(about.clone());
        }
        applied?;
        kill::here(Step::BeforeSync);
        let began = Instant::now();
        let synced = self.with(Open::sync);
        self.syncs.note(began.elapsed());
        if synced.is_err() {
            self.sync_failed.store(true, Ordering::Release);
            *self.doubt.lock() = Some(about.clone());
        }
        synced
    }
}
