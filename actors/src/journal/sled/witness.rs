//! The witness: a small file beside the store that says how much the store holds at least.
//!
//! sled takes a file that was cut short or damaged in its middle for one that an abrupt stop tore: it
//! opens with what lies before the damage, says nothing, and overwrites what lies behind. A database
//! file that is gone it makes anew. The witness lies outside, so a store that lost acknowledged
//! records does not agree with it, and is not served.
//!
//! It is one line, written over itself after each sync and before the acknowledgement, and not synced
//! on the way: a killed process leaves it exact, and after a loss of power it may be as old as the
//! kernel lets written data become (usually 30 s), which makes it milder, never wrong.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use playhouse_protocol::ids::Shard;
use tracing::warn;

use super::{keys, plan, read, store_error};
use crate::journal::JournalError;

const NAME: &str = "witness";

/// What the line starts with: what it is, and the version of its form.
const START: &str = "playhouse-witness-1";

/// How often anything was claimed and how many frames were written, over all shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Held {
    pub(super) claims: u64,
    pub(super) frames: u64,
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Testimony {
    /// Of which store.
    generation: String,
    held: Held,
}

impl Testimony {
    /// Always of one length, so that each line covers the one before.
    fn line(&self) -> String {
        let Self { generation, held: Held { claims, frames } } = self;
        let body = format!("{START} {generation:>16} {claims:020} {frames:020}");
        format!("{body} {:08x}\n", crc32c::crc32c(body.as_bytes()))
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace().skip(1);
        let generation = words.next()?.to_owned();
        let mut number = || words.next()?.parse().ok();
        let held = Held { claims: number()?, frames: number()? };
        let testimony = Self { generation, held };
        (testimony.line() == line).then_some(testimony)
    }
}

pub(super) fn is_in(dir: &Path) -> bool {
    dir.join(NAME).exists()
}

/// What `dir`'s witness says; nothing if there is none.
fn testimony(dir: &Path) -> Result<Option<Testimony>, JournalError> {
    let line = match std::fs::read(dir.join(NAME)) {
        Ok(line) => line,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(store_error("read its witness", e)),
    };
    let read = std::str::from_utf8(&line).ok().and_then(Testimony::read);
    let why = "it is damaged; remove the file 'witness' if the store is known to be whole";
    read.map(Some).ok_or_else(|| store_error("read its witness", why))
}

/// A database file must be there if one was there before: sled makes a new one in silence.
pub(super) fn misses_no_file(dir: &Path, file: &Path) -> Result<(), JournalError> {
    match testimony(dir)? {
        Some(told) if told.held != Held::default() && !file.exists() => {
            Err(lost(told.held.frames, 0))
        }
        _ => Ok(()),
    }
}

/// The store is the one that the witness saw, and holds all that it saw.
pub(super) fn verify(dir: &Path, db: &sled::Db) -> Result<(), JournalError> {
    let Some(told) = testimony(dir)? else { return Ok(()) };
    let held = held(db)?;
    if held.claims < told.held.claims || held.frames < told.held.frames {
        return Err(lost(told.held.frames, held.frames));
    }
    let generation = db.get(keys::GENERATION).map_err(read::failed)?.unwrap_or_default();
    if generation != told.generation.as_bytes() {
        let why =
            "it is not the store that was here before; remove the file 'witness' if that is meant";
        return Err(store_error("open", why));
    }
    Ok(())
}

fn lost(told: u64, held: u64) -> JournalError {
    let what = format!(
        "its files were cut, damaged or exchanged: {told} records were acknowledged, {held} are there"
    );
    store_error("open", what)
}

/// What `db` holds.
pub(super) fn held(db: &sled::Db) -> Result<Held, JournalError> {
    Shard::all().try_fold(Held::default(), |sum, shard| {
        let entry = plan::shard(db, shard)?;
        Ok(Held { claims: sum.claims + entry.claim, frames: sum.frames + entry.frames })
    })
}

/// The file, and what it says.
pub(super) struct Witness {
    file: File,
    told: Mutex<Testimony>,
    /// True once it could not be written, until the store is opened by another process.
    silent: AtomicBool,
}

impl Witness {
    /// The witness in `dir`, made if there is none, of a store that holds `held` now.
    pub(super) fn open(dir: &Path, generation: &str, held: Held) -> Result<Self, JournalError> {
        let failed = |e: io::Error| store_error("write its witness", e);
        let mut options = File::options();
        let options = options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(dir.join(NAME)).map_err(failed)?;
        let told = Testimony { generation: generation.to_owned(), held };
        file.write_all_at(told.line().as_bytes(), 0).map_err(failed)?;
        file.sync_all().and_then(|()| File::open(dir)?.sync_all()).map_err(failed)?;
        Ok(Self { file, told: Mutex::new(told), silent: AtomicBool::new(false) })
    }

    /// So much more is on the disk.
    pub(super) fn saw(&self, more: Held) {
        let mut told = self.told.lock();
        told.held.claims += more.claims;
        told.held.frames += more.frames;
        if self.silent.load(Ordering::Relaxed) {
            return;
        }
        // What it says stays true without this, so nobody's command fails for it.
        if let Err(error) = self.file.write_all_at(told.line().as_bytes(), 0) {
            warn!(%error, "the witness cannot be written, it stays as it is until the next start");
            self.silent.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_testimony_reads_back_and_a_flipped_bit_is_found() {
        let held = Held { claims: 64, frames: u64::MAX };
        let told = Testimony { generation: "00ff".repeat(4), held };
        let line = told.line();
        assert_eq!(Testimony::read(&line), Some(told.clone()));
        let least = Testimony { held: Held::default(), ..told };
        assert_eq!(least.line().len(), line.len(), "each covers the one before");
        for bit in 0..line.len() * 8 {
            let mut bytes = line.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let read = std::str::from_utf8(&bytes).ok().and_then(Testimony::read);
            assert_eq!(read, None, "bit {bit}");
        }
    }
}
