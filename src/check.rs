//! The check of the store before it is opened, in a process of its own: a damaged store can hang,
//! panic or use up the memory while it opens, and none of that may happen to the server.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use playhouse_actors::journal::sled::{self, CheckError, OpenError};

/// How often the child is looked at. 20 ms: a sound small store opens within a few of them.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The child's exit status for a store that another process has open.
const IN_USE: u8 = 3;

/// The child's exit status for a directory that it cannot write to.
const UNUSABLE: u8 = 4;

/// The store is not sound, or could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The child could not be run.
    #[error("failed to run the check of the store")]
    Run(#[source] std::io::Error),
    /// The child took too long.
    #[error("the store in {} did not open within {limit:?}; it is damaged, or store.check_timeout is too short for it", data.display())]
    TooSlow {
        /// The data directory.
        data: PathBuf,
        /// The limit.
        limit: Duration,
    },
    /// Another server uses it.
    #[error("{said}")]
    InUse {
        /// The child's words.
        said: String,
    },
    /// Its directory cannot be used.
    #[error("{said}")]
    Unusable {
        /// The child's words.
        said: String,
    },
    /// It does not open.
    #[error("the store in {} does not open; restore the last backup into an empty directory: {said}", data.display())]
    Damaged {
        /// The data directory.
        data: PathBuf,
        /// The child's words.
        said: String,
    },
}

/// Checks the store in `data` in a child of this program, and returns what it says.
///
/// # Errors
///
/// See [`StoreError`].
pub fn in_child(data: &Path, limit: Duration) -> Result<String, StoreError> {
    if !sled::has_store(data) {
        return Ok("nothing is stored yet".to_owned());
    }
    let program = std::env::current_exe().map_err(StoreError::Run)?;
    let mut child = Command::new(program)
        .args(["check-store", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(StoreError::Run)?;
    let deadline = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(StoreError::Run)? {
            break status;
        }
        if Instant::now() >= deadline {
            child.kill().map_err(StoreError::Run)?;
            child.wait().map_err(StoreError::Run)?;
            return Err(StoreError::TooSlow { data: data.to_owned(), limit });
        }
        std::thread::sleep(LOOK_EVERY);
    };
    // The child says one short line, so its pipe cannot have filled up.
    let mut said = String::new();
    let out = child.stdout.take().expect("its output is a pipe");
    out.take(4096).read_to_string(&mut said).map_err(StoreError::Run)?;
    let said = said.trim().to_owned();
    match status.code() {
        Some(0) => Ok(said),
        Some(code) if code == i32::from(IN_USE) => Err(StoreError::InUse { said }),
        Some(code) if code == i32::from(UNUSABLE) => Err(StoreError::Unusable { said }),
        _ if said.is_empty() => {
            Err(StoreError::Damaged { data: data.to_owned(), said: status.to_string() })
        }
        _ => Err(StoreError::Damaged { data: data.to_owned(), said }),
    }
}

/// The child's part: checks, says one line, and tells by its exit status.
pub fn child(data: &Path) -> ExitCode {
    match sled::check(data) {
        Ok(report) if report.damaged.is_empty() => {
            let (rooms, records) = (report.rooms, report.records);
            match report.unread {
                0 => println!("{rooms} rooms, {records} records, all sound"),
                n => println!("{rooms} rooms, {records} records, all sound; {n} rooms not read"),
            }
            ExitCode::SUCCESS
        }
        Ok(report) => {
            // They are quarantined one by one when they are asked for; all others work.
            let (room, why) = report.damaged.iter().next().expect("there is one");
            let (rooms, n) = (report.rooms, report.damaged.len());
            println!("{rooms} rooms, {n} damaged and closed: {room}: {why}");
            ExitCode::SUCCESS
        }
        Err(CheckError::Open(error @ OpenError::InUse { .. })) => {
            println!("{error}");
            ExitCode::from(IN_USE)
        }
        Err(CheckError::Open(error @ OpenError::Io { .. })) => {
            println!("{}", crate::cli::chain(&error));
            ExitCode::from(UNUSABLE)
        }
        Err(error) => {
            println!("{}", crate::cli::chain(&error));
            ExitCode::FAILURE
        }
    }
}
