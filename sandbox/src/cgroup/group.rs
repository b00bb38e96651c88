//! The cgroups of one job: made with its limits, read back, killed, counted, removed.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Mine, V2, remove, told, write};
use crate::error::Error;
use crate::limits::Limits;

/// How long the scheduler counts a job's processor time before it gives it the next share, in us.
/// 50 ms: short enough that a job at its share is not still for long.
const CPU_PERIOD_US: u64 = 50_000;
/// How long a killed job may take to be gone. 10 s: a process in the middle of a large unmap.
const EMPTY_WITHIN: Duration = Duration::from_secs(10);

const MEND: &str = "see 'playhouse-sandbox check' for what this machine's cgroups lack";
const MEND_SWAP: &str = "this machine has swap that cannot be limited: boot with swapaccount=1, or \
    switch the swap off";

/// The cgroups of one job.
#[derive(Debug)]
pub(crate) struct Group {
    v2: Option<V2>,
    v1: Vec<(&'static str, PathBuf)>,
    /// The folder of version 2, for a process to be born in.
    pub(crate) birthplace: Option<OwnedFd>,
    /// Open `tasks` files of version 1, through which a process joins.
    pub(crate) tasks: Vec<OwnedFd>,
}

/// Folders of a job that has ended, to be removed when there is time.
#[derive(Debug)]
pub(crate) struct Remains(Vec<PathBuf>);

impl Remains {
    /// Removes the folders; those that cannot be removed are left for the next sweep and counted.
    pub(crate) fn remove(self) -> usize {
        self.0.iter().filter(|folder| !remove(folder)).count()
    }
}

impl Group {
    /// Makes the folders of job `number` with the default limits. `keeper` is the user that the jail's
    /// keeper is outside: it bears the program into the group.
    ///
    /// # Errors
    ///
    /// The file that could not be written, or that holds another value afterwards. What was made is
    /// removed again.
    pub(crate) fn make(mine: &Mine, number: u64, keeper: Option<u32>) -> Result<Self, Error> {
        let name = format!("job-{number}");
        let join = |folder: &PathBuf| folder.join(&name);
        let mut group = Self {
            v2: mine.v2.as_ref().map(|v2| V2 { folder: join(&v2.folder), ..v2.clone() }),
            v1: mine.v1.iter().map(|(controller, folder)| (*controller, join(folder))).collect(),
            birthplace: None,
            tasks: Vec::new(),
        };
        let made = group.fill(keeper).and_then(|()| group.open());
        if made.is_err() {
            group.folders().for_each(|folder| {
                remove(folder);
            });
        }
        made.map(|()| group)
    }

    /// Writes limits that are not the default ones, and reads each back.
    ///
    /// # Errors
    ///
    /// The file that could not be written, or that holds another value afterwards.
    pub(crate) fn limit(&self, limits: &Limits) -> Result<(), Error> {
        if same(limits, &Limits::default()) { Ok(()) } else { self.write_limits(limits) }
    }

    fn fill(&self, keeper: Option<u32>) -> Result<(), Error> {
        for folder in self.folders() {
            fs::create_dir(folder).map_err(told("make", folder, MEND))?;
        }
        if let (Some(v2), Some(id)) = (&self.v2, keeper) {
            let procs = v2.folder.join("cgroup.procs");
            std::os::unix::fs::chown(&procs, Some(id), None).map_err(told(
                format!("give user {id} the file"),
                &procs,
                MEND,
            ))?;
        }
        self.write_limits(&Limits::default())
    }

    fn write_limits(&self, limits: &Limits) -> Result<(), Error> {
        if let Some(v2) = self.v2.as_ref().filter(|v2| v2.controllers) {
            limit_v2(&v2.folder, limits)?;
        }
        self.v1.iter().try_for_each(|(controller, folder)| limit_v1(controller, folder, limits))
    }

    fn open(&mut self) -> Result<(), Error> {
        if let Some(v2) = &self.v2 {
            let open = File::open(&v2.folder).map_err(told("open", &v2.folder, MEND))?;
            self.birthplace = Some(open.into());
        }
        for (_, folder) in &self.v1 {
            let path = folder.join("tasks");
            let open = File::options().write(true).open(&path);
            self.tasks.push(open.map_err(told("open", &path, MEND))?.into());
        }
        Ok(())
    }

    fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        self.v2.iter().map(|v2| &v2.folder).chain(self.v1.iter().map(|(_, folder)| folder))
    }

    /// Processor time of the job so far, in us.
    pub(crate) fn cpu_us(&self) -> u64 {
        match &self.v2 {
            Some(v2) => field(&v2.folder.join("cpu.stat"), "usage_usec"),
            None => self.in_v1(&["cpuacct", "cpu"], "cpuacct.usage") / 1_000,
        }
    }

    /// Greatest memory of the job so far, in bytes.
    pub(crate) fn peak_bytes(&self) -> u64 {
        match &self.v2 {
            Some(v2) if v2.controllers => number(&v2.folder.join("memory.peak")),
            _ => self.in_v1(&["memory"], "memory.max_usage_in_bytes"),
        }
    }

    /// How often the kernel killed a process of the job for want of memory.
    pub(crate) fn oom_kills(&self) -> u64 {
        match &self.v2 {
            Some(v2) if v2.controllers => field(&v2.folder.join("memory.events"), "oom_kill"),
            _ => self
                .v1_file("memory", "memory.oom_control")
                .map_or(0, |path| field(&path, "oom_kill")),
        }
    }

    /// How often a process of the job was not made, because there were too many.
    pub(crate) fn processes_refused(&self) -> u64 {
        match &self.v2 {
            Some(v2) if v2.controllers => field(&v2.folder.join("pids.events"), "max"),
            _ => self.v1_file("pids", "pids.events").map_or(0, |path| field(&path, "max")),
        }
    }

    fn v1_file(&self, controller: &str, file: &str) -> Option<PathBuf> {
        let found = self.v1.iter().find(|(name, _)| *name == controller);
        found.map(|(_, folder)| folder.join(file))
    }

    fn in_v1(&self, controllers: &[&str], file: &str) -> u64 {
        let mut files = controllers.iter().filter_map(|name| self.v1_file(name, file));
        files.find_map(|path| content(&path).ok()?.trim().parse().ok()).unwrap_or(0)
    }

    /// Kills every process of the job at once, where the kernel can (5.14). Where it cannot, the
    /// death of the jail's keeper does it.
    pub(crate) fn kill(&self) -> bool {
        let file = self.v2.as_ref().map(|v2| v2.folder.join("cgroup.kill"));
        file.is_some_and(|path| write(&path, "1", MEND).is_ok())
    }

    /// Processes that are in the job's groups at this moment.
    pub(crate) fn processes(&self) -> usize {
        let count = |folder: &PathBuf| {
            let list = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            list.lines().count()
        };
        self.folders().map(count).max().unwrap_or(0)
    }

    /// Whether version 2 says that nothing is left, which it knows of every process of the job.
    pub(crate) fn is_known_empty(&self) -> bool {
        self.v2.is_some() && self.is_empty()
    }

    /// Where there is version 2 it knows of every process: each was born in its group, and none can
    /// leave it.
    fn is_empty(&self) -> bool {
        match &self.v2 {
            Some(v2) => field(&v2.folder.join("cgroup.events"), "populated") == 0,
            None => self.processes() == 0,
        }
    }

    /// Waits until no process is left.
    ///
    /// # Errors
    ///
    /// Something is still there after 10 s.
    pub(crate) fn wait_until_empty(&self) -> Result<(), Error> {
        let started = Instant::now();
        let mut pause = Duration::from_micros(20);
        while !self.is_empty() {
            if started.elapsed() > EMPTY_WITHIN {
                let after_ms = EMPTY_WITHIN.as_millis() as u64;
                return Err(Error::NotEmpty { left: self.processes(), after_ms });
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        }
        Ok(())
    }

    pub(crate) fn into_remains(self) -> Remains {
        Remains(self.folders().cloned().collect())
    }
}

/// Whether the cgroups' part of two limits is the same.
fn same(one: &Limits, other: &Limits) -> bool {
    let part = |limits: &Limits| (limits.memory_bytes, limits.processes, limits.cpu_percent);
    part(one) == part(other)
}

fn limit_v2(folder: &Path, limits: &Limits) -> Result<(), Error> {
    set(folder, "memory.max", pages(limits.memory_bytes))?;
    if folder.join("memory.swap.max").exists() {
        set(folder, "memory.swap.max", 0)?;
    } else if swap_is_on() {
        write(&folder.join("memory.swap.max"), "0", MEND_SWAP)?;
    }
    // One process out of memory ends the job: what is left of it cannot be trusted to be right.
    set(folder, "memory.oom.group", 1)?;
    set(folder, "pids.max", limits.processes)?;
    let quota = limits.cpu_percent * CPU_PERIOD_US / 100;
    write(&folder.join("cpu.max"), &format!("{quota} {CPU_PERIOD_US}"), MEND)
}

fn limit_v1(controller: &str, folder: &Path, limits: &Limits) -> Result<(), Error> {
    match controller {
        "memory" => {
            let bytes = pages(limits.memory_bytes);
            let with_swap = "memory.memsw.limit_in_bytes";
            if !folder.join(with_swap).exists() && !swap_is_on() {
                return set(folder, "memory.limit_in_bytes", bytes);
            }
            // The kernel never lets the first be greater than the second, so the order depends on
            // whether they grow.
            let mut files = ["memory.limit_in_bytes", with_swap];
            if bytes > number(&folder.join(with_swap)) {
                files.reverse();
            }
            files.iter().try_for_each(|file| set(folder, file, bytes))
        }
        "pids" => set(folder, "pids.max", limits.processes),
        "cpu" => {
            set(folder, "cpu.cfs_period_us", CPU_PERIOD_US)?;
            set(folder, "cpu.cfs_quota_us", limits.cpu_percent * CPU_PERIOD_US / 100)
        }
        _ => Ok(()),
    }
}

/// The kernel counts memory in pages.
fn pages(bytes: u64) -> u64 {
    bytes & !4_095
}

fn swap_is_on() -> bool {
    content(Path::new("/proc/swaps")).unwrap_or_default().lines().count() > 1
}

/// Writes a limit and reads it back.
fn set(folder: &Path, file: &str, value: u64) -> Result<(), Error> {
    let path = folder.join(file);
    let mend = if file.contains("memsw") { MEND_SWAP } else { MEND };
    let text = value.to_string();
    let open = File::options().read(true).write(true).open(&path);
    let control = open
        .and_then(|control| control.write_all_at(text.as_bytes(), 0).map(|()| control))
        .map_err(told(format!("write {text} to"), &path, mend))?;
    let back = first_of(&control).map_err(told("read", &path, MEND))?;
    if back.trim() == text {
        return Ok(());
    }
    let cause = std::io::Error::other(format!("{} stands there instead", back.trim()));
    Err(told(format!("set to {value} the file"), &path, MEND)(cause))
}

/// Bytes of a control file that are read. 4 KiB: the kernel gives no more at once, and those that are
/// read here have a few lines.
const CONTENT_BYTES: usize = 4_096;

/// What a control file says: three calls, where asking for its length first would be five. A job has
/// some twenty such files read.
fn content(path: &Path) -> io::Result<String> {
    first_of(&File::open(path)?)
}

fn first_of(control: &File) -> io::Result<String> {
    let mut bytes = [0; CONTENT_BYTES];
    let length = control.read_at(&mut bytes, 0)?;
    Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

fn number(path: &Path) -> u64 {
    content(path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// One number of a file that has a name and a number on each line.
fn field(path: &Path, name: &str) -> u64 {
    let text = content(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_reads_back_differently_or_has_no_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let told = set(folder.path(), "pids.max", 5).unwrap_err().to_string();
        assert!(told.contains("pids.max") && told.contains("write 5"), "{told}");
        std::os::unix::fs::symlink("/dev/null", folder.path().join("pids.max")).unwrap();
        let told = set(folder.path(), "pids.max", 5).unwrap_err().to_string();
        assert!(told.contains("set to 5"), "{told}");
    }

    #[test]
    fn a_group_that_cannot_be_limited_leaves_no_folder_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mine =
            Mine { v2: None, v1: vec![("memory", folder.path().to_path_buf())], locks: Vec::new() };
        Group::make(&mine, 7, None).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
