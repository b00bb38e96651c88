//! Removes what supervisors left behind that died without cleaning up.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::remove;

/// How long one dead supervisor's processes are waited for. 5 s: they were killed with it already.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// Kills and removes the folders below `base` whose supervisors are gone. The caller holds the lock
/// of `base`. Tells how many folders could not be removed; they are tried again next time.
pub(crate) fn sweep(base: &Path) -> usize {
    let mut left = 0;
    for folder in folders(base) {
        let Ok(open) = File::open(&folder) else { continue };
        match open.try_lock() {
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(_)) => left += 1,
            Ok(()) => left += usize::from(!clear(&folder)),
        }
    }
    left
}

/// The folders in a folder.
pub(super) fn folders(of: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(of) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(|path| path.is_dir()).collect()
}

/// Kills everything in a folder and the folders in it, and removes them all.
fn clear(folder: &Path) -> bool {
    let _ = super::write(&folder.join("cgroup.kill"), "1", "");
    let inner = folders(folder);
    let started = Instant::now();
    while inner.iter().any(|group| kill_all(group) > 0) {
        if started.elapsed() > GONE_WITHIN {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    inner.iter().all(|group| remove(group)) && remove(folder)
}

/// Kills the processes of one group one by one, and tells how many there were.
fn kill_all(group: &Path) -> usize {
    let list = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    let pids: Vec<i32> = list.lines().filter_map(|line| line.parse().ok()).collect();
    for pid in pids.iter().filter(|pid| **pid > 0) {
        let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
    }
    pids.len()
}
