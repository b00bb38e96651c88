//! The embedded store: sled 0.34.7, named nowhere else.
//!
//! One tree, so that one batch is atomic. sled's `flush` is `sync_file_range` on Linux, which
//! empties no drive cache and writes no metadata: every append is followed by `fdatasync` of an own
//! descriptor of the database file, and only then acknowledged. Values stay under [`CHUNK_BYTES`],
//! because larger ones would go to files that sled never syncs. A write error is sticky in sled:
//! the store is opened anew before the next call.

mod backup;
mod check;
mod keys;
mod read;

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use parking_lot::{Mutex, RwLock};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{RoomId, Shard};
use playhouse_protocol::limits::SHARDS;

pub use self::backup::{RestoreError, restore};
pub use self::check::{CheckError, Report, check};
use self::keys::Series;
use super::record::{encode_frame, encode_snapshot};
use super::{Append, FramePage, Index, Journal, JournalError, Row, RowQuery, Snapshot, Stored};
use crate::handle::Position;

/// The largest value that is written. 64 KiB: sled moves values over about 128 KiB to files that it
/// never syncs.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// Writing stops while less than this is free. 64 MiB: room to open, compact and back up.
pub const FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;

/// How old the last look at free space may be. 100 ms: at full speed no more than a few MiB.
const FREE_CHECK_EVERY: Duration = Duration::from_millis(100);

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
    /// None after a write error, until it is opened anew.
    open: RwLock<Option<Open>>,
    /// Claim epoch and frames so far, by shard.
    shards: Mutex<Vec<(u64, u64)>>,
    generation: String,
    free: FreeSpace,
    free_checked: Mutex<Option<(Instant, u64)>>,
    _lock: Flock<File>,
}

struct Open {
    db: sled::Db,
    /// A descriptor of our own for `fdatasync`.
    file: File,
}

fn store_error(
    doing: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> JournalError {
    JournalError::Store { doing, source: source.into() }
}

fn lock(dir: &Path) -> Result<Flock<File>, OpenError> {
    let path = dir.join("lock");
    let io = |doing, source| OpenError::Io { doing, path: path.clone(), source };
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|e| io("open", e))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut lock) => {
            let pid = std::process::id().to_string();
            lock.set_len(0).map_err(|e| io("write", e))?;
            lock.write_all(pid.as_bytes()).map_err(|e| io("write", e))?;
            Ok(lock)
        }
        Err((mut file, nix::errno::Errno::EWOULDBLOCK)) => {
            let mut pid = String::new();
            let _ = file.rewind().and_then(|()| file.read_to_string(&mut pid));
            Err(OpenError::InUse { dir: dir.to_owned(), pid })
        }
        Err((_, errno)) => Err(io("lock", errno.into())),
    }
}

impl Open {
    fn new(dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join("store");
        let db = sled::Config::new()
            .path(&path)
            .cache_capacity(CACHE_BYTES)
            .open()
            .map_err(|e| store_error("open", e))?;
        let file = File::open(path.join("db")).map_err(|e| store_error("open its file", e))?;
        Ok(Self { db, file })
    }

    /// Applies `batch` and returns once it is on the disk.
    fn write(&self, batch: sled::Batch) -> Result<(), JournalError> {
        self.db.apply_batch(batch).map_err(|e| store_error("write a batch", e))?;
        self.sync()
    }

    fn sync(&self) -> Result<(), JournalError> {
        let started = Instant::now();
        self.db.flush().map_err(|e| store_error("flush", e))?;
        self.file.sync_data().map_err(|e| store_error("sync", e))?;
        metrics::histogram!("playhouse_journal_sync_seconds").record(started.elapsed());
        Ok(())
    }
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
        let generation = generation(&open).map_err(OpenError::Store)?;
        let shards = shards(&open).map_err(OpenError::Store)?;
        Ok(Self {
            dir: dir.to_owned(),
            open: RwLock::new(Some(open)),
            shards: Mutex::new(shards),
            generation,
            free,
            free_checked: Mutex::new(None),
            _lock: lock,
        })
    }

    /// Runs `work` on the open store; opens it anew first if a write error closed it.
    fn with<T>(
        &self,
        work: impl FnOnce(&Open) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        if let Some(open) = &*self.open.read() {
            return work(open);
        }
        let mut slot = self.open.write();
        if slot.is_none() {
            let open = Open::new(&self.dir)?;
            *self.shards.lock() = merge(shards(&open)?, &self.shards.lock().clone());
            *slot = Some(open);
        }
        work(slot.as_ref().expect("it was just opened"))
    }

    /// Writes; a failure closes the store, because sled stays failed until it is opened anew.
    fn write(&self, batch: sled::Batch) -> Result<(), JournalError> {
        let result = self.with(|open| open.write(batch));
        if result.is_err() {
            *self.open.write() = None;
        }
        result
    }

    fn check_free(&self) -> Result<(), JournalError> {
        let mut checked = self.free_checked.lock();
        let fresh = checked.filter(|(at, _)| at.elapsed() < FREE_CHECK_EVERY);
        let free_bytes = match fresh {
            Some((_, free)) => free,
            None => (self.free)(&self.dir).map_err(|e| store_error("ask for free space", e))?,
        };
        if fresh.is_none() {
            *checked = Some((Instant::now(), free_bytes));
        }
        if free_bytes < FREE_BYTES_MIN {
            return Err(JournalError::DiskFull { free_bytes, min_bytes: FREE_BYTES_MIN });
        }
        Ok(())
    }
}

/// A claim is never lower than the one this process made.
fn merge(stored: Vec<(u64, u64)>, own: &[(u64, u64)]) -> Vec<(u64, u64)> {
    stored.into_iter().zip(own).map(|((c, h), own)| (c.max(own.0), h.max(own.1))).collect()
}

fn generation(open: &Open) -> Result<String, JournalError> {
    let stored = open.db.get(keys::GENERATION).map_err(|e| store_error("read", e))?;
    if let Some(bytes) = stored {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    let generation = new_generation();
    let mut batch = sled::Batch::default();
    batch.insert(keys::GENERATION, generation.as_bytes());
    open.write(batch)?;
    Ok(generation)
}

fn new_generation() -> String {
    format!("{:016x}", rand::random::<u64>())
}

fn shards(open: &Open) -> Result<Vec<(u64, u64)>, JournalError> {
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes).unwrap_or_default();
    let read = |shard: Shard| {
        let bytes = open.db.get(keys::shard(shard)).map_err(|e| store_error("read", e))?;
        Ok(bytes.map_or((0, 0), |b| (number(&b[..8]), number(&b[8..16]))))
    };
    Shard::all().map(read).collect()
}

fn put_shard(batch: &mut sled::Batch, shard: Shard, (claim, head): (u64, u64)) {
    let value = [claim.to_be_bytes(), head.to_be_bytes()].concat();
    batch.insert(keys::shard(shard), value);
}

fn put_record(batch: &mut sled::Batch, series: Series, room: &RoomId, seq: u64, bytes: &[u8]) {
    for (n, chunk) in bytes.chunks(CHUNK_BYTES).enumerate() {
        let n = u16::try_from(n).expect("a record has far less than 4 GiB");
        batch.insert(keys::record(series, room, seq, n), chunk);
    }
}

fn put_index(batch: &mut sled::Batch, append: &Append) {
    let Append { frame, before, after, .. } = append;
    let room = &frame.room;
    if before != after || frame.seq == 1 {
        let wake = after.wake_at.map_or(u64::MAX, Timestamp::ms).to_be_bytes();
        batch.insert(keys::index(room), [wake.as_slice(), &[u8::from(after.owes)]].concat());
    }
    if before.wake_at != after.wake_at {
        if let Some(at) = before.wake_at {
            batch.remove(keys::due(at, room));
        }
        if let Some(at) = after.wake_at {
            batch.insert(keys::due(at, room), &[]);
        }
    }
    match (before.owes, after.owes) {
        (false, true) => batch.insert(keys::owes(room), &[]),
        (true, false) => batch.remove(keys::owes(room)),
        _ => {}
    }
}

fn put_append(batch: &mut sled::Batch, append: &Append) {
    let frame = &append.frame;
    put_record(batch, Series::Frames, &frame.room, frame.seq, &encode_frame(frame));
    put_index(batch, append);
    for row in &append.rows {
        let key = keys::row(&row.table, &row.key);
        match &row.value {
            Some(value) => batch.insert(key, value.as_bytes()),
            None => batch.remove(key),
        }
    }
}

impl Journal for SledJournal {
    fn claim(&self, shard: Shard) -> Result<u64, JournalError> {
        let (claim, head) = self.shards.lock()[usize::from(shard.0)];
        let mut batch = sled::Batch::default();
        put_shard(&mut batch, shard, (claim + 1, head));
        self.write(batch)?;
        self.shards.lock()[usize::from(shard.0)].0 = claim + 1;
        Ok(claim + 1)
    }

    fn claim_all(&self) -> Result<Vec<u64>, JournalError> {
        let mut shards = self.shards.lock().clone();
        let mut batch = sled::Batch::default();
        for (shard, (claim, head)) in Shard::all().zip(&mut shards) {
            *claim += 1;
            put_shard(&mut batch, shard, (*claim, *head));
        }
        self.write(batch)?;
        let claims = shards.iter().map(|(claim, _)| *claim).collect();
        *self.shards.lock() = shards;
        Ok(claims)
    }

    fn append(&self, appends: &[Append]) -> Result<Vec<Position>, JournalError> {
        self.check_free()?;
        let mut shards = self.shards.lock().clone();
        let mut touched = [false; SHARDS as usize];
        let mut batch = sled::Batch::default();
        let mut positions = Vec::with_capacity(appends.len());
        for append in appends {
            let shard = append.frame.room.shard();
            let (claim, head) = &mut shards[usize::from(shard.0)];
            if append.frame.claim != *claim {
                return Err(JournalError::Fenced { shard, newer: *claim, own: append.frame.claim });
            }
            *head += 1;
            positions.push(Position { shard, seq: *head });
            touched[usize::from(shard.0)] = true;
            put_append(&mut batch, append);
        }
        for shard in Shard::all().filter(|s| touched[usize::from(s.0)]) {
            put_shard(&mut batch, shard, shards[usize::from(shard.0)]);
        }
        self.write(batch)?;
        *self.shards.lock() = shards;
        Ok(positions)
    }

    fn load(&self, room: &RoomId) -> Result<Stored, JournalError> {
        self.with(|open| read::load(&open.db, room))
    }

    fn snapshot(&self, snapshot: &Snapshot, keep_from: u64) -> Result<(), JournalError> {
        self.check_free()?;
        let mut batch = sled::Batch::default();
        let (room, seq) = (&snapshot.room, snapshot.seq);
        put_record(&mut batch, Series::Snapshots, room, seq, &encode_snapshot(snapshot));
        self.write(batch)?;
        // Dropped only now that the new snapshot is on disk.
        let batch = self.with(|open| read::obsolete(&open.db, room, keep_from, COMPACT_MAX))?;
        self.write(batch)
    }

    fn due(&self) -> Result<Vec<(Timestamp, RoomId)>, JournalError> {
        self.with(|open| read::due(&open.db))
    }

    fn owing(&self) -> Result<Vec<RoomId>, JournalError> {
        self.with(|open| read::owing(&open.db))
    }

    fn rows(&self, query: &RowQuery) -> Result<Vec<Row>, JournalError> {
        self.with(|open| read::rows(&open.db, query))
    }

    fn frames(&self, room: &RoomId, from: u64, limit: usize) -> Result<FramePage, JournalError> {
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

    fn export(&self, to: &mut dyn Write) -> Result<u64, JournalError> {
        self.with(|open| backup::export(&open.db, to))
    }
}

impl Index {
    fn read(bytes: &[u8]) -> Self {
        let Some((wake, owes)) = bytes.split_first_chunk::<8>() else { return Self::default() };
        let ms = u64::from_be_bytes(*wake);
        Self {
            wake_at: (ms != u64::MAX).then(|| Timestamp::from_ms(ms)),
            owes: owes.first() == Some(&1),
        }
    }
}
