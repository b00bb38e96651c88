//! The store of a simulated machine: the one in memory, with reads that fail, that is full for a while, and
//! that takes no writes after a sync failed, as the embedded store does.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use playhouse_domain::rows::RowChange;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{RoomId, Shard};

use super::Chance;
use crate::handle::Position;
use crate::journal::memory::MemoryJournal;
use crate::journal::{
    Append, FramePage, Journal, JournalError, Keep, Rewrite, Row, RowQuery, Salvage, Snapshot,
    Stored,
};

pub(super) struct Disk {
    pub(super) store: MemoryJournal,
    /// A sync failed: nothing is written until the server starts anew.
    refuses: AtomicBool,
    /// Nothing is written until there is room.
    full: AtomicBool,
    trouble: Mutex<Trouble>,
}

struct Trouble {
    chance: Chance,
    /// Of how many reads in a thousand one fails.
    reads: u64,
    failed_reads: u64,
    fenced: u64,
    doubts: u64,
}

/// How often what went wrong.
pub(super) struct Failures {
    pub(super) reads: u64,
    /// Writes of a server that was replaced.
    pub(super) fenced: u64,
    /// Rooms that were read as they were before a write that failed.
    pub(super) doubts: u64,
}

impl Disk {
    pub(super) fn new(seed: u64) -> Self {
        let trouble =
            Trouble { chance: Chance(seed), reads: 0, failed_reads: 0, fenced: 0, doubts: 0 };
        Self {
            store: MemoryJournal::new(),
            refuses: AtomicBool::new(false),
            full: AtomicBool::new(false),
            trouble: Mutex::new(trouble),
        }
    }

    /// Of 1,000 appends and reads so many go wrong from now on.
    pub(super) fn trouble(&self, appends: u16, reads: u64) {
        let mut trouble = self.trouble.lock();
        trouble.reads = reads;
        let seed = trouble.chance.next();
        self.store.trouble(seed, appends);
    }

    /// The server is gone; with `power` the machine too.
    pub(super) fn down(&self, power: bool) {
        if power {
            self.store.crash();
        } else {
            self.store.kill();
        }
        self.refuses.store(false, Ordering::Relaxed);
    }

    /// There is no room on the disk, or there is again.
    pub(super) fn fill(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// True if nothing can be written until the server starts anew.
    pub(super) fn is_stuck(&self) -> bool {
        self.refuses.load(Ordering::Relaxed)
    }

    /// True if no room owes anything.
    pub(super) fn owes_nothing(&self) -> bool {
        self.store.owing().is_ok_and(|owing| owing.is_empty())
    }

    /// What went wrong so far.
    pub(super) fn failures(&self) -> Failures {
        let Trouble { failed_reads: reads, fenced, doubts, .. } = *self.trouble.lock();
        Failures { reads, fenced, doubts }
    }

    /// Nothing is written now, if so.
    fn refuse(&self) -> Result<(), JournalError> {
        if self.is_full() {
            return Err(JournalError::DiskFull { free_bytes: 0, min_bytes: 1 });
        }
        if self.is_stuck() {
            let source = Box::new(failed("do anything after a failed sync"));
            return Err(JournalError::Failing { source });
        }
        Ok(())
    }
}

fn failed(doing: &'static str) -> JournalError {
    JournalError::Store { doing, source: "as drawn".into() }
}

impl Journal for Disk {
    fn claim(&self, shard: Shard) -> Result<u64, JournalError> {
        self.store.claim(shard)
    }

    fn append(&self, batch: &[Append]) -> Result<Vec<Position>, JournalError> {
        self.refuse()?;
        let result = self.store.append(batch);
        self.refuses.fetch_or(self.store.is_unsynced(), Ordering::Relaxed);
        if let Err(JournalError::Fenced { .. }) = &result {
            self.trouble.lock().fenced += 1;
        }
        result
    }

    fn load(&self, room: &RoomId) -> Result<Stored, JournalError> {
        let mut trouble = self.trouble.lock();
        // While the disk is full all that can be asked of it is to be read.
        let fails = if self.is_full() { 0 } else { trouble.reads };
        if trouble.chance.of(fails) {
            trouble.failed_reads += 1;
            return Err(failed("read a room"));
        }
        if !self.is_stuck() {
            return self.store.load(room);
        }
        let stored = self.store.load_synced(room)?;
        trouble.doubts += u64::from(stored.doubt.is_some());
        Ok(stored)
    }

    fn snapshot(&self, snapshot: &Snapshot, keep: Keep) -> Result<(), JournalError> {
        self.refuse()?;
        self.store.snapshot(snapshot, keep)
    }

    fn salvage(&self, room: &RoomId, rewrite: Rewrite) -> Result<Salvage, JournalError> {
        self.store.salvage(room, rewrite)
    }

    fn rewrite(&self, append: &Append, snapshot: &Snapshot) -> Result<Position, JournalError> {
        self.store.rewrite(append, snapshot)
    }

    fn due(&self) -> Result<Vec<(Timestamp, RoomId)>, JournalError> {
        self.store.due()
    }

    fn owing(&self) -> Result<Vec<RoomId>, JournalError> {
        self.store.owing()
    }

    fn rows(&self, query: &RowQuery) -> Result<Vec<Row>, JournalError> {
        self.store.rows(query)
    }

    fn lists(&self) -> Result<Option<String>, JournalError> {
        self.store.lists()
    }

    fn clear_lists(&self) -> Result<(), JournalError> {
        self.store.clear_lists()
    }

    fn put_rows(&self, rows: &[RowChange]) -> Result<(), JournalError> {
        self.store.put_rows(rows)
    }

    fn name_lists(&self, name: &str) -> Result<(), JournalError> {
        self.store.name_lists(name)
    }

    fn frames(&self, room: &RoomId, from: u64, limit: usize) -> Result<FramePage, JournalError> {
        self.store.frames(room, from, limit)
    }

    fn rooms(
        &self,
        kind: Option<&str>,
        after: Option<&RoomId>,
        limit: usize,
    ) -> Result<Vec<RoomId>, JournalError> {
        self.store.rooms(kind, after, limit)
    }

    fn generation(&self) -> String {
        self.store.generation()
    }
}
