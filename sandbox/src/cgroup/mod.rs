//! Cgroups of version 2 and version 1, and of both at once, as many machines have them.
//!
//! Version 2 is used for a controller if it has it there, version 1 else. Where version 2 is mounted
//! without any controller it still serves: processes are born into its groups (which costs nothing,
//! where joining a group through `cgroup.procs` waits 8 ms for all processors), killed by them at
//! once, and counted. Version 1 is joined through `tasks`, which does not wait either.
//!
//! ```text
//! playhouse-sandbox/          one per machine, or below the folder that was delegated
//!   1234-17f0…/               one per supervisor, locked as long as it lives
//!     hall/                   the keepers (version 2 only), not limited
//!     job-17/                 one per job, made before it and removed after it
//! ```

mod find;
mod group;
mod sweep;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::Error;

pub(crate) use find::{Hierarchies, V2};
pub(crate) use group::{Group, Remains};
pub(crate) use sweep::sweep;

/// The folder below which everything of ours lies.
pub(crate) const NAME: &str = "playhouse-sandbox";
/// Controllers without which a job is not limited.
pub(crate) const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

/// This supervisor's own folder in every hierarchy.
#[derive(Debug)]
pub(crate) struct Mine {
    pub(crate) v2: Option<V2>,
    /// Controllers of version 1, and this supervisor's folder in each one's hierarchy.
    pub(crate) v1: Vec<(&'static str, PathBuf)>,
    /// Open and locked folders: as long as they are, no sweep takes this supervisor for a dead one.
    locks: Vec<File>,
}

pub(crate) fn told(
    doing: impl Into<String>,
    path: &Path,
    mend: &'static str,
) -> impl FnOnce(io::Error) -> Error {
    let (doing, path) = (doing.into(), path.to_path_buf());
    move |cause| Error::Cgroup { doing, path, mend, cause }
}

const MEND_FOLDER: &str =
    "run as root, or have the folder delegated to this user (docs/sandbox.md, 'Cgroups')";
const MEND_BUSY: &str = "processes of others live in this cgroup: give the supervisor one of its own \
    (systemd: Delegate=yes)";

/// Writes a control file. It must be there already: a plain file would limit nothing.
pub(crate) fn write(path: &Path, text: &str, mend: &'static str) -> Result<(), Error> {
    use std::io::Write;
    let open = File::options().write(true).open(path);
    open.and_then(|mut file| file.write_all(text.as_bytes())).map_err(told(
        format!("write {text} to"),
        path,
        mend,
    ))
}

/// A name that no other supervisor of this machine has or had.
fn own_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{}-{now:x}", std::process::id())
}

impl Mine {
    /// Makes this supervisor's folders, after a sweep of those that dead supervisors left.
    ///
    /// # Errors
    ///
    /// A folder that cannot be made, or a controller that cannot be switched on there.
    pub(crate) fn make(found: &Hierarchies) -> Result<Self, Error> {
        let name = own_name();
        // Filled step by step, so that what was made is removed again where a later step fails.
        let mut mine = Self { v2: None, v1: Vec::new(), locks: Vec::new() };
        if let Some(v2) = &found.v2 {
            if v2.controllers {
                switch_on_above(&v2.folder)?;
            }
            let base = v2.folder.join(NAME);
            let (folder, lock) = make_locked(&base, &name)?;
            mine.locks.push(lock);
            mine.v2 = Some(V2 { folder: folder.clone(), controllers: v2.controllers });
            if v2.controllers {
                switch_on(&base)?;
                switch_on(&folder)?;
            }
            let hall = folder.join("hall");
            fs::create_dir(&hall).map_err(told("make", &hall, MEND_FOLDER))?;
        }
        for (controller, folder) in &found.v1 {
            let (folder, lock) = make_locked(&folder.join(NAME), &name)?;
            mine.locks.push(lock);
            mine.v1.push((*controller, folder));
        }
        Ok(mine)
    }

    /// Where the keepers are born: a folder of version 2.
    pub(crate) fn hall(&self) -> Option<PathBuf> {
        self.v2.as_ref().map(|v2| v2.folder.join("hall"))
    }

    /// In how many hierarchies each job has a folder.
    pub(crate) fn hierarchies(&self) -> usize {
        self.folders().count()
    }

    /// Folders of jobs that are there now, in all hierarchies together.
    pub(crate) fn jobs(&self) -> usize {
        let jobs = |folder: &PathBuf| {
            let names = fs::read_dir(folder).into_iter().flatten().flatten();
            names.filter(|one| one.file_name().to_string_lossy().starts_with("job-")).count()
        };
        self.folders().map(jobs).sum()
    }

    fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        self.v2.iter().map(|v2| &v2.folder).chain(self.v1.iter().map(|(_, folder)| folder))
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        if let Some(hall) = self.hall() {
            remove(&hall);
        }
        // What is not empty stays for the next sweep.
        for folder in self.folders() {
            remove(folder);
            folder.parent().map(leave);
        }
        self.locks.clear();
    }
}

/// Removes the folder of all supervisors if this was the last.
fn leave(base: &Path) {
    // Under its lock nobody makes a folder in it.
    let Ok(whole) = File::open(base) else { return };
    if whole.lock().is_ok() && sweep::folders(base).is_empty() {
        remove(base);
    }
}

/// How often a folder is made anew that another supervisor removed as the last to leave. 100: each
/// time another one must have come and gone.
const MAKE_TRIES: usize = 100;

/// Makes `base/name` and locks it, while no sweep is at work in `base`.
fn make_locked(base: &Path, name: &str) -> Result<(PathBuf, File), Error> {
    let mut tries = 1;
    loop {
        match try_make_locked(base, name) {
            Err(Error::Cgroup { cause, .. }) if is_gone(&cause) && tries < MAKE_TRIES => {
                tries += 1;
            }
            done => return done,
        }
    }
}

fn is_gone(cause: &io::Error) -> bool {
    matches!(cause.raw_os_error(), Some(libc::ENOENT | libc::ENODEV))
}

fn try_make_locked(base: &Path, name: &str) -> Result<(PathBuf, File), Error> {
    match fs::create_dir(base) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            return Err(told("make", base, MEND_FOLDER)(e));
        }
        _ => {}
    }
    let whole = File::open(base).map_err(told("open", base, MEND_FOLDER))?;
    whole.lock().map_err(told("lock", base, MEND_FOLDER))?;
    // Whoever removed it before it was locked may have been followed by one who made it anew.
    let number = |about: fs::Metadata| (about.dev(), about.ino());
    let locked = whole.metadata().map(number).map_err(told("look at", base, MEND_FOLDER))?;
    if fs::metadata(base).map(number).map_err(told("look at", base, MEND_FOLDER))? != locked {
        let gone = io::Error::from_raw_os_error(libc::ENOENT);
        return Err(told("lock", base, MEND_FOLDER)(gone));
    }
    sweep(base);
    let folder = base.join(name);
    fs::create_dir(&folder).map_err(told("make", &folder, MEND_FOLDER))?;
    let own = File::open(&folder).map_err(told("open", &folder, MEND_FOLDER))?;
    own.lock().map_err(told("lock", &folder, MEND_FOLDER))?;
    Ok((folder, own))
}

/// Switches the controllers on for the folders below `folder`.
fn switch_on(folder: &Path) -> Result<(), Error> {
    let path = folder.join("cgroup.subtree_control");
    let on = fs::read_to_string(&path).unwrap_or_default();
    let missing: Vec<String> = CONTROLLERS
        .iter()
        .filter(|wanted| !on.split_whitespace().any(|one| one == **wanted))
        .map(|controller| format!("+{controller}"))
        .collect();
    if missing.is_empty() { Ok(()) } else { write(&path, &missing.join(" "), MEND_BUSY) }
}

/// Switches the controllers on below a folder that may hold this very process: version 2 wants
/// processes in leaves only, so the process moves into a leaf of its own first.
fn switch_on_above(folder: &Path) -> Result<(), Error> {
    let first = switch_on(folder);
    match &first {
        Err(Error::Cgroup { cause, .. }) if cause.raw_os_error() == Some(libc::EBUSY) => {}
        _ => return first,
    }
    let leaf = folder.join("supervisor");
    if !leaf.exists() {
        fs::create_dir(&leaf).map_err(told("make", &leaf, MEND_FOLDER))?;
    }
    write(&leaf.join("cgroup.procs"), &std::process::id().to_string(), MEND_FOLDER)?;
    switch_on(folder)
}

/// Removes one folder, and tells whether it is gone. The kernel may need a moment after the last
/// process has ended.
pub(crate) fn remove(folder: &Path) -> bool {
    let mut pause = std::time::Duration::from_micros(50);
    // 14 doublings: 0.8 s in all.
    for _ in 0..14 {
        match fs::remove_dir(folder) {
            Ok(()) => return true,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return true,
            Err(e) if e.raw_os_error() == Some(libc::EBUSY) => std::thread::sleep(pause),
            Err(_) => return false,
        }
        pause *= 2;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &Path) -> Hierarchies {
        let v1 = vec![("memory", folder.to_path_buf())];
        Hierarchies { v2: None, v1, missing: Vec::new() }
    }

    #[test]
    fn the_last_supervisor_to_leave_removes_the_folder_of_all() {
        let top = tempfile::tempdir().unwrap();
        let first = Mine::make(&found(top.path())).unwrap();
        let second = Mine::make(&found(top.path())).unwrap();
        drop(first);
        assert!(top.path().join(NAME).exists());
        drop(second);
        assert!(!top.path().join(NAME).exists());
    }

    #[test]
    fn supervisors_that_come_while_others_leave_are_served() {
        let top = tempfile::tempdir().unwrap();
        std::thread::scope(|all| {
            for _ in 0..4 {
                all.spawn(|| {
                    for _ in 0..50 {
                        drop(Mine::make(&found(top.path())).unwrap());
                    }
                });
            }
        });
        assert!(!top.path().join(NAME).exists());
    }
}
