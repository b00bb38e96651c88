//! A checksummed copy of the whole store in one file, and the way back.
//!
//! ```text
//! "PHBACKUP1\n"
//! for each entry:  key length (4), value length (4), key, value, CRC-32C of all that (4)
//! at the end:      0xffffffff (4), number of entries (8), SHA-256 of everything before it (32)
//! ```
//!
//! Numbers are little-endian. It is made between two batches of the committer, so it shows every
//! shard at one moment; writes wait meanwhile. It is also the way to give disk space back, which
//! sled itself does not.

use std::fs::{DirBuilder, File};
use std::io::{BufReader, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::batch::Batch;
use super::open::{Open, lock};
use super::plan::new_generation;
use super::{keys, store_error};
use crate::journal::JournalError;

const MAGIC: &[u8] = b"PHBACKUP1\n";
const END: u32 = u32::MAX;

/// The largest key or value that is believed. 1 MiB: pieces of records have 6 KiB, a row of a list
/// is far smaller than this.
const ENTRY_BYTES_MAX: u32 = 1024 * 1024;

/// How many entries are restored in one batch.
const BATCH: usize = 1000;

/// A backup could not be restored. The target directory is not to be used.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is something in the target directory.
    #[error("{0} is not empty: a backup is restored into an empty directory only")]
    NotEmpty(PathBuf),
    /// The file is not a whole, unchanged backup.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// The file cannot be read or the directory cannot be written.
    #[error("failed to restore")]
    Io(#[from] std::io::Error),
    /// The store cannot be written.
    #[error("failed to write the store")]
    Store(#[source] JournalError),
    /// The target directory cannot be opened.
    #[error("failed to open the target directory")]
    Open(#[source] super::OpenError),
}

struct Summing<'a> {
    to: &'a mut dyn Write,
    sum: Sha256,
}

impl Summing<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        self.sum.update(bytes);
        self.to.write_all(bytes).map_err(|e| store_error("write the backup", e))
    }
}

pub(super) fn export(db: &sled::Db, to: &mut dyn Write) -> Result<u64, JournalError> {
    let mut out = Summing { to, sum: Sha256::new() };
    out.write(MAGIC)?;
    let mut count = 0_u64;
    for entry in db.iter() {
        let (key, value) = entry.map_err(|e| store_error("read", e))?;
        let mut bytes = Vec::with_capacity(12 + key.len() + value.len());
        for len in [key.len(), value.len()] {
            let len = u32::try_from(len).expect("an entry is at most a chunk");
            bytes.extend_from_slice(&len.to_le_bytes());
        }
        bytes.extend_from_slice(&key);
        bytes.extend_from_slice(&value);
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        out.write(&bytes)?;
        count += 1;
    }
    out.write(&END.to_le_bytes())?;
    out.write(&count.to_le_bytes())?;
    let sum = out.sum.finalize();
    to.write_all(&sum).map_err(|e| store_error("write the backup", e))?;
    to.flush().map_err(|e| store_error("write the backup", e))?;
    Ok(count)
}

/// Restores the backup `from` into the empty directory `dir`, under a new generation: positions
/// from before the restore are never taken for positions after it. Returns the number of entries.
///
/// # Errors
///
/// [`RestoreError`]; `dir` is not to be used then.
pub fn restore(from: &Path, dir: &Path) -> Result<u64, RestoreError> {
    if dir.exists() && std::fs::read_dir(dir)?.next().is_some() {
        return Err(RestoreError::NotEmpty(dir.to_owned()));
    }
    // Read once to the end first: nothing is made or written from a damaged backup.
    entries(from, |_, _| Ok(()))?;
    // It will hold addresses and the hashes of passwords.
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let _lock = lock(dir).map_err(RestoreError::Open)?;
    let open = Open::new(dir).map_err(RestoreError::Store)?;
    let mut batch = Batch::default();
    let mut pending = 0;
    let count = entries(from, |key, value| {
        if key != keys::GENERATION {
            batch.insert(key, value);
            pending += 1;
        }
        if pending >= BATCH {
            pending = 0;
            std::mem::take(&mut batch).apply(&open.db).map_err(|e| store_error("write", e))?;
        }
        Ok(())
    })?;
    batch.insert(keys::GENERATION, new_generation().as_bytes());
    open.write(batch).map_err(RestoreError::Store)?;
    // Opening the store synced the directory itself; this is its own name.
    let dir = std::path::absolute(dir)?;
    File::open(dir.parent().unwrap_or(&dir))?.sync_all()?;
    Ok(count)
}

fn entries(
    from: &Path,
    mut each: impl FnMut(&[u8], &[u8]) -> Result<(), JournalError>,
) -> Result<u64, RestoreError> {
    let damaged = |what: String| RestoreError::Damaged(what);
    let mut file = BufReader::new(File::open(from)?);
    let mut sum = Sha256::new();
    let mut take = |len: usize, sum: &mut Sha256| -> Result<Vec<u8>, RestoreError> {
        let mut bytes = vec![0; len];
        file.read_exact(&mut bytes).map_err(|_| damaged("it ends too early".into()))?;
        sum.update(&bytes);
        Ok(bytes)
    };
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
    if take(MAGIC.len(), &mut sum)? != MAGIC {
        return Err(damaged("it does not start as one".into()));
    }
    let mut count = 0_u64;
    loop {
        let mut entry = take(4, &mut sum)?;
        let key_len = number(&entry);
        if key_len == END {
            break;
        }
        entry.extend(take(4, &mut sum)?);
        let value_len = number(&entry[4..8]);
        if key_len.max(value_len) > ENTRY_BYTES_MAX {
            return Err(damaged(format!("entry {count} claims {key_len} and {value_len} bytes")));
        }
        entry.extend(take((key_len + value_len) as usize, &mut sum)?);
        let found = crc32c::crc32c(&entry);
        if number(&take(4, &mut sum)?) != found {
            return Err(damaged(format!("entry {count} was changed")));
        }
        let (key, value) = entry[8..].split_at(key_len as usize);
        each(key, value).map_err(RestoreError::Store)?;
        count += 1;
    }
    let announced = take(8, &mut sum)?;
    if announced != count.to_le_bytes() {
        return Err(damaged(format!("it has {count} entries, but says otherwise")));
    }
    let expected = sum.finalize();
    let mut found = [0; 32];
    file.read_exact(&mut found).map_err(|_| damaged("it ends too early".into()))?;
    if found != expected[..] {
        return Err(damaged("its checksum does not fit".into()));
    }
    if file.read(&mut [0])? != 0 {
        return Err(damaged("something hangs on to its end".into()));
    }
    Ok(count)
}
