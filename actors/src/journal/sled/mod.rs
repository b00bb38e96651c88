//! The embedded store: sled 0.34.7, named nowhere else.
//!
//! One tree, so that one batch is atomic. sled's `flush` is `sync_file_range` on Linux, which
//! empties no drive cache and writes no metadata: every append is followed by `fdatasync` of an own
//! descriptor of the database file, and only then acknowledged. Records are cut into pieces of
//! [`CHUNK_BYTES`], because larger ones would go to files that sled never syncs. A write error is
//! sticky in sled: the store is opened anew before the next write, and before anything is read that the
//! failed one was about; while that cannot be, rooms are read as they were before it. A failed `fdatasync` is final: the kernel may have dropped the pages, so what
//! can be read back is no longer what is on disk, and the store takes no write until the process was
//! started anew.

mod backup;
mod batch;
mod check;
mod doubt;
mod entries;
mod keys;
mod open;
mod plan;
mod read;
mod reserve;
mod witness;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::fcntl::Flock;
use parking_lot::{Mutex, RwLock};
use playhouse_domain::rows::RowChange;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{RoomId, Shard};
use tracing::warn;

pub use self::backup::{RestoreError, restore};
use self::batch::Batch;
pub use self::check::{CheckError, Report, check, has_store};
use self::doubt::About;
use self::entries::ShardEntry;
use self::open::{Open, lock};
use self::plan::Plan;
#[cfg(test)]
pub(crate) use self::reserve::needed;
use self::witness::{Held, Witness};
use super::figures::Window;
use super::{
    Append, FramePage, Journal, JournalError, Keep, Rewrite, Row, RowQuery, Salvage, Snapshot,
    Stored,
};
use crate::handle::Position;
use crate::kill::{self, Step};

/// The largest piece of a record. 6 KiB: sled keeps up to 17 entries on one page and moves pages
/// over 128 KiB to files that it never syncs; 17 of these with their keys stay under that.
pub const CHUNK_BYTES: usize = 6 * 1024;

/// Writing stops while less than this is free, beside what the store has taken in advance. 64 MiB: room
/// to open, compact and back up.
pub const FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;

/// How many frames one compaction drops at most; the rest goes with the next snapshot.
const COMPACT_MAX: usize = 4096;

/// What sled may keep in memory. 128 MiB.
const CACHE_BYTES: u64 = 128 * 1024 * 1024;

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("data directory {dir} is in use by process {pid}")]
    InUse {
        /// The data directory.
        dir: PathBuf,
        /// The other process, as it wrote itself down.
        pid: String,
    },
    /// The directory or its lock cannot be used.
    #[error("failed to {doing} {path}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The store itself does not open.
    #[error("failed to open the store")]
    Store(#[source] JournalError),
}

/// How much of the disk is free, in bytes.
pub type FreeSpace = Box<dyn Fn(&Path) -> std::io::Result<u64> + Send + Sync>;

/// The embedded store in one data directory.
pub struct SledJournal {
    dir: PathBuf,
    /// None once it could not be opened anew.
    open: RwLock<Option<Open>>,
    /// What the last write was about, if it failed; until the store is opened anew.
    doubt: Mutex<Option<About>>,
    /// True once a sync of the disk failed, which is final.
    sync_failed: AtomicBool,
    /// True once it was closed, which is final.
    closed: AtomicBool,
    /// Held by whoever reads in order to write.
    writing: Mutex<()>,
    syncs: Window,
    generation: String,
    witness: Witness,
    free: FreeSpace,
    /// The directory is this process's while it is held.
    lock: Mutex<Option<Flock<File>>>,
}

fn store_error(
    doing: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> JournalError {
    JournalError::Store { doing, source: source.into() }
}

impl SledJournal {
    /// Opens the store in `dir`, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let free = |dir: &Path| {
            let stat = nix::sys::statvfs::statvfs(dir)?;
            Ok(stat.blocks_available() * stat.fragment_size())
        };
        Self::open_with(dir, Box::new(free))
    }

    /// As [`Self::open`], asking `free` how much of the disk is free.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open_with(dir: &Path, free: FreeSpace) -> Result<Self, OpenError> {
        let made = std::fs::create_dir_all(dir);
        made.map_err(|source| OpenError::Io { doing: "make", path: dir.to_owned(), source })?;
        let lock = lock(dir)?;
        let open = Open::new(dir).map_err(OpenError::Store)?;
        let generation = plan::generation(&open).map_err(OpenError::Store)?;
        let witness = witness::held(&open.db)
            .and_then(|held| Witness::open(dir, &generation, held))
            .map_err(OpenError::Store)?;
        Ok(Self {
            dir: dir.to_owned(),
            open: RwLock::new(Some(open)),
            doubt: Mutex::new(None),
            sync_failed: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            writing: Mutex::new(()),
            syncs: Window::default(),
            generation,
            witness,
            free,
            lock: Mutex::new(Some(lock)),
        })
    }

    /// Lets go of the data directory, whoever else still holds this store: another may open it at
    /// once. Waits for the call that is running; every later one fails.
    pub fn close(&self) {
        let mut slot = self.open.write();
        self.closed.store(true, Ordering::Release);
        *slot = None;
        *self.lock.lock() = None;
    }

    /// Runs `work` on the open store; opens it first if that failed the last time.
    fn with<T>(
        &self,
        work: impl FnOnce(&Open) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        if let Some(open) = &*self.open.read() {
            return work(open);
        }
        let mut slot = self.open.write();
        if slot.is_none() {
            self.open_anew(&mut slot)?;
        }
        work(slot.as_ref().expect("it was just opened"))
    }

    /// Raises the epoch of each of `shards`, in one batch.
    fn claim_each(
        &self,
        shards: impl IntoIterator<Item = Shard>,
    ) -> Result<Vec<u64>, JournalError> {
        let _writing = self.writing.lock();
        self.ready_to_write()?;
        let mut batch = Batch::default();
        let mut claims = Vec::new();
        self.with(|open| {
            for shard in shards {
                let entry = plan::shard(&open.db, shard)?;
                let entry = ShardEntry { claim: entry.claim + 1, ..entry };
                batch.insert(keys::shard(shard), entry.encode());
                claims.push(entry.claim);
            }
            Ok(())
        })?;
        self.write((batch, 0), &About::Everything)?;
        self.witness.saw(Held { claims: claims.len() as u64, frames: 0 });
        Ok(claims)
    }

    /// The disk has enough room for commands to be taken.
    fn check_free(&self) -> Result<(), JournalError> {
        let free = (self.free)(&self.dir).map_err(|e| store_error("ask for free space", e))?;
        if free < FREE_BYTES_MIN { Err(full(free)) } else { Ok(()) }
    }
}

/// How many bytes `appends` are, about: keys and indexes left out.
fn size(appends: &[Append]) -> usize {
    appends.iter().map(|append| append.frame.payload.len() + rows_size(&append.rows)).sum()
}

fn rows_size(rows: &[RowChange]) -> usize {
    rows.iter().filter_map(|row| row.value.as_ref()).map(String::len).sum()
}

fn full(free_bytes: u64) -> JournalError {
    JournalError::DiskFull { free_bytes, min_bytes: FREE_BYTES_MIN }
}

impl Journal for SledJournal {
    fn claim(&self, shard: Shard) -> Result<u64, JournalError> {
        Ok(self.claim_each([shard])?[0])
    }

    fn claim_all(&self) -> Result<Vec<u64>, JournalError> {
        self.claim_each(Shard::all())
    }

    fn append(&self, appends: &[Append]) -> Result<Vec<Position>, JournalError> {
        self.check_free()?;
        let _writing = self.writing.lock();
        self.ready_to_write()?;
        let (batch, positions) = self.with(|open| {
            let mut plan = Plan::new(&open.db);
            for append in appends {
                plan.add(append)?;
            }
            Ok(plan.finish())
        })?;
        self.write((batch, size(appends)), &About::appends(appends))?;
        self.witness.saw(Held { claims: 0, frames: positions.len() as u64 });
        Ok(positions)
    }

    fn load(&self, room: &RoomId) -> Result<Stored, JournalError> {
        if let Err(error) = self.ready_to_read(room) {
            return self.before_the_doubt(room, error);
        }
        let (stored, torn) = self.with(|open| read::load(&open.db, room))?;
        let Some(torn) = torn else { return Ok(stored) };
        warn!(%room, seq = torn.seq, what = torn.what, "the torn last record was cut");
        let _writing = self.writing.lock();
        self.ready_to_write()?;
        let index = torn.index_without(&stored);
        let batch = self.with(|open| plan::cut(&open.db, room, torn.seq, index))?;
        self.write((batch, 0), &About::room(room, torn.seq - 1))?;
        Ok(Stored { index, ..stored })
    }

    fn snapshot(&self, snapshot: &Snapshot, keep: Keep) -> Result<(), JournalError> {
        self.check_free()?;
        let _writing = self.writing.lock();
        self.ready_to_write()?;
        let room = &snapshot.room;
        let batch = self.with(|open| plan::snapshot(&open.db, snapshot))?;
        let about = About::room(room, self.with(|open| read::entry(&open.db, room))?.newest);
        self.write((batch, snapshot.payload.len()), &about)?;
        kill::here(Step::BeforeCompaction);
        // Dropped only now that the new snapshot is on disk.
        let batch = self.with(|open| plan::obsolete(&open.db, room, keep, COMPACT_MAX))?;
        self.write((batch, 0), &about)
    }

    fn salvage(&self, room: &RoomId, rewrite: Rewrite) -> Result<Salvage, JournalError> {
        self.ready_to_read(room)?;
        self.with(|open| read::salvage(&open.db, room, rewrite))
    }

    fn rewrite(&self, append: &Append, snapshot: &Snapshot) -> Result<Position, JournalError> {
        self.check_free()?;
        let _writing = self.writing.lock();
        self.ready_to_write()?;
        let (batch, positions) = self.with(|open| {
            let mut plan = Plan::new(&open.db);
            plan.add(append)?;
            plan.only_snapshot(snapshot)?;
            Ok(plan.finish())
        })?;
        let appends = std::slice::from_ref(append);
        let bytes = size(appends) + snapshot.payload.len();
        self.write((batch, bytes), &About::appends(appends))?;
        self.witness.saw(Held { claims: 0, frames: 1 });
        Ok(positions[0])
    }

    fn due(&self) -> Result<Vec<(Timestamp, RoomId)>, JournalError> {
        self.settle(|_| true)?;
        self.with(|open| read::due(&open.db))
    }

    fn owing(&self) -> Result<Vec<RoomId>, JournalError> {
        self.settle(|_| true)?;
        self.with(|open| read::owing(&open.db))
    }

    fn rows(&self, query: &RowQuery) -> Result<Vec<Row>, JournalError> {
        self.ready_to_list(query)?;
        self.with(|open| read::rows(&open.db, query))
    }

    fn lists(&self) -> Result<Option<String>, JournalError> {
        self.settle(|_| true)?;
        self.with(|open| {
            let name = open.db.get(keys::LISTS).map_err(read::failed)?;
            Ok(name.map(|name| String::from_utf8_lossy(&name).into_owned()))
        })
    }

    fn clear_lists(&self) -> Result<(), JournalError> {
        let _writing = self.writing.lock();
        self.ready_to_write()?;
        let mut batch = Batch::default();
        batch.remove(keys::LISTS);
        self.write((batch, 0), &About::Everything)?;
        loop {
            let (batch, rows) = self.with(|open| plan::drop_rows(&open.db, COMPACT_MAX))?;
            if rows == 0 {
                return Ok(());
            }
            self.write((batch, 0), &About::Everything)?;
        }
    }

    fn put_rows(&self, rows: &[RowChange]) -> Result<(), JournalError> {
        self.check_free()?;
        let _writing = self.writing.lock();
        self.ready_to_write()?;
        let mut batch = Batch::default();
        plan::put_rows(&mut batch, rows);
        self.write((batch, rows_size(rows)), &About::Everything)
    }

    fn name_lists(&self, name: &str) -> Result<(), JournalError> {
        self.check_free()?;
        let _writing = self.writing.lock();
        self.ready_to_write()?;
        let mut batch = Batch::default();
        batch.insert(keys::LISTS, name.as_bytes());
        self.write((batch, name.len()), &About::Everything)
    }

    fn frames(&self, room: &RoomId, from: u64, limit: usize) -> Result<FramePage, JournalError> {
        self.ready_to_read(room)?;
        self.with(|open| read::frames(&open.db, room, from, limit))
    }

    fn rooms(
        &self,
        kind: Option<&str>,
        after: Option<&RoomId>,
        limit: usize,
    ) -> Result<Vec<RoomId>, JournalError> {
        self.with(|open| read::rooms(&open.db, kind, after, limit))
    }

    fn generation(&self) -> String {
        self.generation.clone()
    }

    fn syncs(&self) -> Vec<Duration> {
        self.syncs.times()
    }

    fn export(&self, to: &mut dyn Write) -> Result<u64, JournalError> {
        // What is read is no picture of one moment by itself: nothing is written meanwhile.
        let _writing = self.writing.lock();
        self.settle(|_| true)?;
        self.with(|open| backup::export(&open.db, to))
    }
}

#[cfg(test)]
type Change<'a> = &'a dyn Fn(&mut Vec<u8>);

#[cfg(test)]
impl SledJournal {
    /// Changes the stored bytes of a frame, or loses it.
    pub(crate) fn damage(&self, room: &RoomId, seq: u64, change: Option<Change<'_>>) {
        let key = keys::record(keys::Series::Frames, room, seq, 0);
        let slot = self.open.read();
        let db = &slot.as_ref().expect("the store is open").db;
        let mut bytes = db.remove(&key).unwrap().expect("the record is there").to_vec();
        if let Some(change) = change {
            change(&mut bytes);
            db.insert(key, bytes).unwrap();
        }
        db.flush().unwrap();
    }

    pub(crate) fn leave_as_a_restore_that_was_cut_off(self) {
        let slot = self.open.read();
        let db = &slot.as_ref().expect("the store is open").db;
        db.remove(keys::GENERATION).unwrap();
        db.flush().unwrap();
    }

    pub(crate) fn close_as_after_a_write_error(&self) {
        *self.open.write() = None;
    }

    /// A sync of `appends`, which were written, failed.
    pub(crate) fn refuse_as_after_a_failed_sync(&self, appends: &[Append]) {
        self.sync_failed.store(true, Ordering::Release);
        *self.doubt.lock() = Some(About::appends(appends));
    }
}
