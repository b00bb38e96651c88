//! The open database: its lock, its files, and what it takes until a write is on the disk.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use nix::fcntl::{Flock, FlockArg};
use parking_lot::Mutex;

use super::batch::Batch;
use super::reserve::{self, Reserve};
use super::{CACHE_BYTES, OpenError, store_error, witness};
use crate::journal::JournalError;

/// How long opening waits for an earlier database of this process to let go of its file. 5 s: its
/// threads end within a flush.
const RELEASE_WAIT: Duration = Duration::from_secs(5);

pub(super) struct Open {
    pub(super) db: sled::Db,
    /// A descriptor of our own, for `fdatasync` and for blocks in advance.
    file: File,
    reserve: Mutex<Reserve>,
    blobs: Mutex<Blobs>,
}

/// Where sled puts pages over 128 KiB. Chunks are small enough that it does not, but rows of lists
/// may be large, and sled never syncs these files.
struct Blobs {
    dir: PathBuf,
    changed: Option<SystemTime>,
    synced: BTreeSet<OsString>,
}

impl Open {
    pub(super) fn new(dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join("store");
        witness::misses_no_file(dir, &path.join("db"))?;
        reserve::give_back(&path.join("db"));
        let db = open_database(&path)?;
        witness::verify(dir, &db)?;
        let file = File::options().read(true).write(true).open(path.join("db"));
        let file = file.map_err(|e| store_error("open its file", e))?;
        for made in [dir, &path] {
            let synced = File::open(made).and_then(|dir| dir.sync_all());
            synced.map_err(|e| store_error("sync its directory", e))?;
        }
        let blobs = Blobs { dir: path.join("blobs"), changed: None, synced: BTreeSet::new() };
        Ok(Self { db, file, reserve: Mutex::default(), blobs: Mutex::new(blobs) })
    }

    /// Applies `batch` and returns once it is on the disk.
    pub(super) fn write(&self, batch: Batch) -> Result<(), JournalError> {
        self.apply(batch)?;
        self.sync()
    }

    /// There is room for `bytes` that are written next.
    pub(super) fn hold_room(&self, bytes: u64) -> std::io::Result<()> {
        self.reserve.lock().hold(&self.file, bytes)
    }

    /// Applies `batch` and has sled write it. A failure leaves sled failed until it is opened anew.
    pub(super) fn apply(&self, batch: Batch) -> Result<(), JournalError> {
        batch.apply(&self.db).map_err(|e| store_error("write a batch", e))?;
        self.db.flush().map_err(|e| store_error("flush", e))?;
        Ok(())
    }

    /// Returns once what was applied is on the disk.
    pub(super) fn sync(&self) -> Result<(), JournalError> {
        let started = Instant::now();
        self.blobs.lock().sync().map_err(|e| store_error("sync large pages", e))?;
        self.file.sync_data().map_err(|e| store_error("sync", e))?;
        metrics::histogram!("playhouse_journal_sync_seconds").record(started.elapsed());
        Ok(())
    }
}

fn open_database(path: &Path) -> Result<sled::Db, JournalError> {
    let began = Instant::now();
    loop {
        let config = sled::Config::new().path(path).cache_capacity(CACHE_BYTES);
        match config.open() {
            Ok(db) => return Ok(db),
            // The data directory's own lock is held, so only this process can have it open still.
            Err(sled::Error::Io(e))
                if e.to_string().contains("lock") && began.elapsed() < RELEASE_WAIT =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(e) => return Err(store_error("open", e)),
        }
    }
}

impl Blobs {
    /// Syncs the files that came since the last time. Costs one look at the directory if none did.
    fn sync(&mut self) -> std::io::Result<()> {
        let changed = std::fs::metadata(&self.dir)?.modified()?;
        if self.changed == Some(changed) {
            return Ok(());
        }
        let mut there = BTreeSet::new();
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if !self.synced.contains(&name) {
                match File::open(entry.path()) {
                    Ok(file) => file.sync_all()?,
                    // sled dropped it in the meantime: nothing refers to it.
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                    Err(e) => return Err(e),
                }
            }
            there.insert(name);
        }
        File::open(&self.dir)?.sync_all()?;
        self.synced = there;
        // A directory's time is coarse: one that changed just now is looked at again.
        let settled = changed.elapsed().is_ok_and(|age| age > Duration::from_secs(1));
        self.changed = settled.then_some(changed);
        Ok(())
    }
}

/// Takes the data directory for this process, until the lock is dropped.
pub(super) fn lock(dir: &Path) -> Result<Flock<File>, OpenError> {
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
