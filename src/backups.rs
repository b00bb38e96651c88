//! Copies of everything that administrators made over the API: files in a folder of the data directory.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::http::StatusCode;
use jiff::tz::TimeZone;
use playhouse_actors::journal::Journal;
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::house;
use crate::http::error::Problem;

/// How many backups are kept in the folder. 10: each is as large as the store, and whoever needs more
/// moves them to another disk.
const KEPT_MAX: usize = 10;

/// What follows the number of entries in a backup: its checksum, in bytes.
const SUM_BYTES: i64 = 32;

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Backup {
    /// The name of its file.
    name: String,
    /// How large it is.
    bytes: u64,
    /// How many entries of the store it has.
    entries: u64,
    /// When it was made.
    #[schema(format = DateTime)]
    at: String,
}

/// The backups of one data directory. Cheap to clone.
#[derive(Clone)]
pub struct Backups {
    folder: Arc<Path>,
    journal: Arc<dyn Journal>,
    /// One at a time.
    turn: Arc<Semaphore>,
}

impl Backups {
    /// The backups in the data directory `data`, of `journal`.
    #[must_use]
    pub fn new(data: &Path, journal: Arc<dyn Journal>) -> Self {
        let folder = data.join("backups").into();
        Self { folder, journal, turn: Arc::new(Semaphore::new(1)) }
    }

    /// Makes one more.
    ///
    /// # Errors
    ///
    /// `too_many_backups`, `backup_running`; `store_unavailable` if it cannot be written.
    pub async fn make(&self) -> Result<Backup, Problem> {
        let Ok(turn) = self.turn.clone().try_acquire_owned() else {
            let detail = "a backup is being made, look again when it is there";
            return Err(Problem::new(StatusCode::CONFLICT, "backup_running", detail));
        };
        let (folder, journal) = (self.folder.clone(), self.journal.clone());
        let made = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            make(&folder, &*journal)
        });
        made.await.unwrap_or_else(|error| Err(failed(error)))
    }

    /// The backups that are there, newest first.
    ///
    /// # Errors
    ///
    /// `store_unavailable` if the folder cannot be read.
    pub async fn list(&self) -> Result<Vec<Backup>, Problem> {
        let folder = self.folder.clone();
        let listed = tokio::task::spawn_blocking(move || list(&folder).map_err(failed));
        listed.await.unwrap_or_else(|error| Err(failed(error)))
    }

    /// Deletes one.
    ///
    /// # Errors
    ///
    /// `not_found`.
    pub async fn delete(&self, name: &str) -> Result<(), Problem> {
        let missing = || {
            let detail = "there is no such backup";
            Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
        };
        // Only a name that is listed: whatever else is asked for is no path to anywhere.
        let listed = self.list().await?.into_iter().find(|backup| backup.name == name);
        let path = self.folder.join(listed.ok_or_else(missing)?.name);
        let deleted = tokio::task::spawn_blocking(move || std::fs::remove_file(path));
        match deleted.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Err(missing()),
            Ok(Err(error)) => Err(failed(error)),
            Err(error) => Err(failed(error)),
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Problem {
    let detail = format!("the folder of backups cannot be used: {error}");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", detail)
        .retry_after(std::time::Duration::from_secs(5))
}

fn make(folder: &Path, journal: &dyn Journal) -> Result<Backup, Problem> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let there = list(folder).map_err(failed)?.len();
    if there >= KEPT_MAX {
        let detail =
            format!("{there} backups are there, at most {KEPT_MAX} are kept: delete one first");
        return Err(Problem::new(StatusCode::CONFLICT, "too_many_backups", detail));
    }
    let path = free_name(folder);
    house::back_up(journal, &path).map_err(failed)?;
    read(&path).map_err(failed)
}

/// A path in `folder` that nothing has, named after the time in UTC.
fn free_name(folder: &Path) -> PathBuf {
    let now = jiff::Timestamp::now().to_zoned(TimeZone::UTC);
    let stem = format!("playhouse-{}", now.strftime("%Y%m%dT%H%M%S%.3fZ"));
    let numbered = (2..).map(|n| format!("{stem}-{n}.backup"));
    let mut names = std::iter::once(format!("{stem}.backup")).chain(numbered);
    let free = names.find(|name| !folder.join(name).exists());
    folder.join(free.expect("there is always one more number"))
}

fn list(folder: &Path) -> io::Result<Vec<Backup>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut backups = Vec::new();
    for entry in entries {
        let path = entry?.path();
        // A draft, or what somebody else put there, is no backup of ours.
        if path.extension().is_some_and(|ending| ending == "backup") {
            backups.extend(read(&path).ok());
        }
    }
    backups.sort_by(|a, b| (&b.at, &b.name).cmp(&(&a.at, &a.name)));
    Ok(backups)
}

/// What there is to be said of a backup. Its last bytes say how many entries it has.
fn read(path: &Path) -> io::Result<Backup> {
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    let mut entries = [0; 8];
    file.seek(SeekFrom::End(-SUM_BYTES - 8))?;
    file.read_exact(&mut entries)?;
    let at = jiff::Timestamp::try_from(about.modified()?).map_err(io::Error::other)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let at = format!("{at:.3}");
    Ok(Backup { name, bytes: about.len(), entries: u64::from_le_bytes(entries), at })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use playhouse_actors::journal::sled::{SledJournal, restore};

    use super::*;

    #[actix_web::test]
    async fn ten_backups_are_kept_and_each_can_be_restored() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let journal = Arc::new(SledJournal::open(&data).unwrap());
        let backups = Backups::new(&data, journal);
        assert_eq!(backups.list().await.unwrap(), []);
        let mut made = Vec::new();
        for _ in 0..KEPT_MAX {
            made.push(backups.make().await.unwrap());
        }
        assert_eq!(backups.make().await.unwrap_err().code(), "too_many_backups");
        let listed = backups.list().await.unwrap();
        assert!(listed.len() == KEPT_MAX && made.iter().all(|one| listed.contains(one)));
        let mode = std::fs::metadata(data.join("backups")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let entries =
            restore(&data.join("backups").join(&made[0].name), &folder.path().join("again"));
        assert_eq!(entries.unwrap(), made[0].entries);
        backups.delete(&made[0].name).await.unwrap();
        assert_eq!(backups.delete(&made[0].name).await.unwrap_err().code(), "not_found");
        backups.make().await.unwrap();
    }

    #[actix_web::test]
    async fn nothing_but_a_backup_is_deleted_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Arc::new(SledJournal::open(folder.path()).unwrap());
        let backups = Backups::new(folder.path(), journal);
        backups.make().await.unwrap();
        std::fs::write(folder.path().join("keys.json"), "secret").unwrap();
        std::fs::write(folder.path().join("backups/notes.txt"), "mine").unwrap();
        for name in ["../keys.json", "notes.txt", "", ".", "..", "/etc/passwd", "a.backup"] {
            assert_eq!(backups.delete(name).await.unwrap_err().code(), "not_found", "{name}");
        }
        assert!(folder.path().join("keys.json").exists());
        assert!(folder.path().join("backups/notes.txt").exists());
    }
}
