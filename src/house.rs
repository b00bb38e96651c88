//! Everything behind the sockets: the store, the rooms in it, and the threads on which matches tick. The server opens it, and so do
//! commands that work on a data directory while no server runs.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use playhouse_actors::journal::sled::{OpenError, SledJournal};
use playhouse_actors::journal::{Journal, JournalError};
use playhouse_actors::ticker::Ticker;
use playhouse_actors::{Rebuilt, Rooms, Start};
use playhouse_domain::account::Account;
use playhouse_domain::audit::Audit;
use playhouse_domain::contest::paper::Paper;
use playhouse_domain::contest::{self, Contest};
use playhouse_domain::games::friends::Friends;
use playhouse_domain::games::league::League;
use playhouse_domain::games::match_room::{Match, RUN};
use playhouse_domain::games::tournament::Tournament;
use playhouse_domain::judge::job::{self, Job};
use playhouse_domain::judge::queue::Queue;
use playhouse_domain::matchmaking::Matchmaking;
use playhouse_domain::movie::Movie;
use playhouse_domain::party::Party;
use playhouse_domain::payment::{CHARGE, REFUND};
use playhouse_domain::poll::Poll;
use playhouse_domain::poll::questions::Questions;
use playhouse_domain::poll::roll::Roll;
use playhouse_domain::poll::series::Series;
use playhouse_domain::screen::Screen;
use playhouse_domain::showing::Showing;
use playhouse_domain::unique::UniqueName;

use crate::config::{Cinema, Config, PaymentProvider};
use crate::contests::judging::Judging;
use crate::judge::Judge;
use crate::judge::webhook::Webhooks;
use crate::payments::{Charges, Payments, Refunds, TestPayments};

/// The house does not open.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// The data directory cannot be made.
    #[error("failed to make the data directory {}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store does not open, or another server has it open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The threads on which matches tick cannot be started.
    #[error("failed to start the threads of matches")]
    Ticker(#[source] io::Error),
    /// The store opens and cannot be used.
    #[error("failed to start the rooms")]
    Rooms(#[source] JournalError),
}

/// The store and the rooms in it.
pub struct House {
    /// The store.
    pub journal: Arc<SledJournal>,
    /// The rooms.
    pub rooms: Rooms,
    /// Where matches tick.
    pub ticker: Ticker,
    /// Judges programs.
    pub judge: Judge,
}

impl House {
    /// Opens the house in the data directory of `config`, which is made if it is not there. Must run
    /// in an actix system.
    ///
    /// # Errors
    ///
    /// See [`HouseError`].
    pub fn open(config: &Config) -> Result<Self, HouseError> {
        make_directory(&config.store.data)?;
        let journal = Arc::new(SledJournal::open(&config.store.data)?);
        let ticker = Ticker::for_matches(config.games.matches, config.games.threads);
        let ticker = ticker.map_err(HouseError::Ticker)?;
        let start = performers(kinds(Start::new(journal.clone())), &config.cinema);
        let start = start.performer(RUN, Arc::new(ticker.clone()));
        let judge = Judge::new(config);
        let start = start.performer(job::RUN, Arc::new(judge.clone()));
        let webhooks = Webhooks { private: config.judge.webhook_private };
        let start = start.performer(job::WEBHOOK, Arc::new(webhooks));
        let start = start.performer(contest::JUDGE, Arc::new(Judging::default()));
        let rooms = start.start().map_err(HouseError::Rooms)?;
        Ok(Self { journal, rooms, ticker, judge })
    }

    /// Finishes what was accepted and syncs, within `deadline`, and lets go of the data directory.
    /// True if all of it was finished.
    pub async fn close(self, deadline: Duration) -> bool {
        let finished = self.rooms.shut_down(deadline).await;
        self.journal.close();
        finished
    }
}

/// Makes every list in `journal` anew from what the rooms are.
///
/// # Errors
///
/// [`JournalError`] if the store cannot be read or written.
pub fn rebuild_lists(journal: Arc<SledJournal>) -> Result<Rebuilt, JournalError> {
    kinds(Start::new(journal)).rebuild_lists()
}

/// Opens the audit trail in `journal` alone, for a command that does one thing while no server runs:
/// no other room wakes up, whatever it owes.
///
/// # Errors
///
/// [`JournalError`] if the store cannot be read or written.
pub fn trail(journal: Arc<SledJournal>) -> Result<Rooms, JournalError> {
    Start::new(journal).some_kinds().kind::<Audit>().start()
}

/// Registers every kind of room.
fn kinds(start: Start) -> Start {
    start
        .kind::<Account>()
        .kind::<UniqueName>()
        .kind::<Movie>()
        .kind::<Screen>()
        .kind::<Showing>()
        .kind::<Poll>()
        .kind::<Questions>()
        .kind::<Roll>()
        .kind::<Series>()
        .kind::<Match>()
        .kind::<League>()
        .kind::<Friends>()
        .kind::<Matchmaking>()
        .kind::<Party>()
        .kind::<Tournament>()
        .kind::<Job>()
        .kind::<Queue>()
        .kind::<Contest>()
        .kind::<Paper>()
        .kind::<Audit>()
}

/// Registers who performs what rooms owe to the world outside.
fn performers(start: Start, cinema: &Cinema) -> Start {
    let provider: Arc<dyn Payments> = match cinema.payments {
        PaymentProvider::Test => Arc::new(TestPayments::default()),
    };
    let attempt = cinema.payment_attempt;
    start
        .performer(CHARGE, Arc::new(Charges { provider: provider.clone(), attempt }))
        .performer(REFUND, Arc::new(Refunds { provider, attempt }))
}

/// Nobody else may read it: it holds addresses and the hashes of passwords.
fn make_directory(path: &Path) -> Result<(), HouseError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| HouseError::Directory { path: path.to_owned(), source })
}

/// Writes a checksummed copy of everything in `journal` to the new file `to`, whole or not at all.
/// Returns the number of entries.
///
/// # Errors
///
/// A sentence that says what failed, as for a file that is already there.
pub fn back_up(journal: &dyn Journal, to: &Path) -> Result<u64, String> {
    let told = |doing: &str, e: &dyn std::error::Error| {
        format!("failed to {doing} {}: {}", to.display(), crate::cli::chain(e))
    };
    if to.exists() {
        return Err(format!("{} is already there", to.display()));
    }
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let draft = to.with_file_name(name);
    let mut file = private(&draft).map_err(|e| told("make", &e))?;
    let written = journal.export(&mut io::BufWriter::with_capacity(1 << 20, &mut file));
    let entries = match written {
        Ok(entries) => entries,
        Err(e) => {
            // Half a backup is of no use; that it stays behind is no further fault.
            let _ = std::fs::remove_file(&draft);
            return Err(told("write", &e));
        }
    };
    file.sync_all().map_err(|e| told("sync", &e))?;
    std::fs::rename(&draft, to).map_err(|e| told("name", &e))?;
    // The name is on disk only with its directory.
    sync_directory_of(to).map_err(|e| told("sync the directory of", &e))?;
    Ok(entries)
}

/// A new file that its owner alone may read, in place of what an attempt that was cut off left there.
fn private(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Empties the data directory `data`, if it is one and no server uses it.
///
/// # Errors
///
/// A sentence that says what stands against it.
pub fn clear(data: &Path) -> Result<(), String> {
    if !data.exists() {
        return Ok(());
    }
    let told = |e: io::Error| format!("failed to empty {}: {e}", data.display());
    let lock = data.join("lock");
    if !lock.exists() {
        let empty = std::fs::read_dir(data).map_err(told)?.next().is_none();
        let foreign = format!("{} is no data directory of ours, it is left alone", data.display());
        return if empty { Ok(()) } else { Err(foreign) };
    }
    let file = File::open(&lock).map_err(told)?;
    let _held = Flock::lock(file, FlockArg::LockExclusiveNonblock)
        .map_err(|_| format!("a server is using {}", data.display()))?;
    for entry in std::fs::read_dir(data).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let gone = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        gone.map_err(told)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_a_data_directory_that_nobody_uses_is_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        std::fs::write(data.join("thesis.txt"), "x").unwrap();
        assert!(clear(data).unwrap_err().contains("left alone"));
        std::fs::remove_file(data.join("thesis.txt")).unwrap();

        let journal = SledJournal::open(data).unwrap();
        assert!(clear(data).unwrap_err().contains("is using"));
        drop(journal);
        clear(data).unwrap();
        assert_eq!(std::fs::read_dir(data).unwrap().count(), 0);
    }

    #[test]
    fn a_backup_never_replaces_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let journal = SledJournal::open(&folder.path().join("data")).unwrap();
        let to = folder.path().join("backup");
        back_up(&journal, &to).unwrap();
        assert!(back_up(&journal, &to).unwrap_err().contains("already there"));
        let mode = std::fs::metadata(&to).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "it holds addresses and the hashes of passwords");
        drop(journal);
        let again = folder.path().join("again");
        playhouse_actors::journal::sled::restore(&to, &again).unwrap();
        SledJournal::open(&again).unwrap();
    }

    #[test]
    fn a_backup_takes_the_place_of_what_one_that_was_cut_off_left() {
        let folder = tempfile::tempdir().unwrap();
        let journal = SledJournal::open(&folder.path().join("data")).unwrap();
        let (to, half) = (folder.path().join("b.1"), folder.path().join("b.1.partial"));
        let other = folder.path().join("b.partial");
        std::fs::write(&half, "half").unwrap();
        std::fs::write(&other, "somebody else's").unwrap();
        back_up(&journal, &to).unwrap();
        assert!(!half.exists());
        assert_eq!(std::fs::read_to_string(other).unwrap(), "somebody else's");
    }
}
