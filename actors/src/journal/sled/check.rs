//! The check at start: does the store open, and do its records hold together?
//!
//! sled can hang or panic on a file that was damaged, so the check runs in a child process with a
//! time limit; the server looks at its exit status.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use playhouse_protocol::ids::RoomId;

use super::open::{Open, lock};
use super::{read, witness};
use crate::journal::JournalError;

/// What the check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// How many rooms were read.
    pub rooms: usize,
    /// How many more rooms there are, which the time did not suffice for.
    pub unread: usize,
    /// How many records lie behind their snapshots.
    pub records: u64,
    /// How many rooms have a torn last record, which is cut when the room is next used.
    pub torn: usize,
    /// Rooms whose records do not hold together; they will be quarantined, all others work.
    pub damaged: BTreeMap<RoomId, String>,
}

/// The store does not open.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It is in use, or its directory cannot be used.
    #[error(transparent)]
    Open(#[from] super::OpenError),
    /// It cannot be read.
    #[error("failed to read the store")]
    Read(#[source] JournalError),
}

/// How long a check reads rooms. 10 s: well below the time that a check is given as a whole, so that
/// a large store is not called damaged; a room that was not read is checked when it is first used,
/// as every room is.
const READ_FOR: Duration = Duration::from_secs(10);

/// True if a store is in `dir`, or was there.
#[must_use]
pub fn has_store(dir: &Path) -> bool {
    dir.join("store").exists() || witness::is_in(dir)
}

/// Opens the store in `dir` and reads rooms' records for at most 10 s. A directory without a store is
/// fine.
///
/// # Errors
///
/// [`CheckError`] if the store cannot be used at all.
pub fn check(dir: &Path) -> Result<Report, CheckError> {
    if !has_store(dir) {
        return Ok(Report::default());
    }
    let _lock = lock(dir)?;
    let open = Open::new(dir).map_err(|e| CheckError::Open(super::OpenError::Store(e)))?;
    read::verify(&open.db, READ_FOR).map_err(CheckError::Read)
}
