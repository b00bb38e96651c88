//! Births of processes: the jail's keeper, and the program's own process.
//!
//! Both are made by `clone3` in a process with one thread, so code after it may do anything that a
//! program may. With `syscall/linux.rs` the only place that holds `unsafe`.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::unistd::Pid;

/// Namespaces that every jail has, and the one of cgroups that the program's process adds.
pub(crate) const NAMESPACES: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS;

/// Which side of a birth this is.
pub(crate) enum Birth {
    /// The new process.
    Child,
    /// The process that made it, with the new one's id and descriptor.
    Parent(Pid, OwnedFd),
}

/// Makes a process, in new `namespaces` and born inside the cgroup `cgroup` of version 2 if given.
///
/// # Errors
///
/// The kernel's refusal: of namespaces, of the cgroup, or because there are too many processes.
pub(crate) fn bear(
    namespaces: libc::c_int,
    cgroup: Option<BorrowedFd<'_>>,
) -> Result<Birth, Errno> {
    let mut pidfd: RawFd = -1;
    // SAFETY: all-zero is a valid value of this plain structure, it means "nothing asked for".
    let mut wanted: libc::clone_args = unsafe { std::mem::zeroed() };
    wanted.flags = (namespaces | libc::CLONE_PIDFD) as u64;
    wanted.pidfd = (&raw mut pidfd) as u64;
    wanted.exit_signal = libc::SIGCHLD as u64;
    if let Some(cgroup) = cgroup {
        // The constant does not fit the type that `libc` gives it.
        wanted.flags |= 0x2_0000_0000;
        wanted.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: without CLONE_VM this is a fork: the child has its own copy of all memory and goes on
    // on its own copy of this stack. Callers have one thread, so no lock is held by another.
    let pid = unsafe {
        libc::syscall(libc::SYS_clone3, &raw const wanted, size_of::<libc::clone_args>())
    };
    match pid {
        0 => Ok(Birth::Child),
        1.. => {
            // SAFETY: the kernel has just made this descriptor for us.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Birth::Parent(Pid::from_raw(pid as i32), pidfd))
        }
        _ => Err(Errno::last()),
    }
}

/// Executes a program, looked up in the `PATH` of `environment` if its name has no `/`. Returns only
/// if it failed; the error is the most telling one of all places that were tried.
pub(crate) fn execute(arguments: &[String], environment: &[String]) -> Errno {
    let strings = |texts: &[String]| -> Option<Vec<CString>> {
        texts.iter().map(|text| CString::new(text.as_str()).ok()).collect()
    };
    let (Some(argv), Some(envp)) = (strings(arguments), strings(environment)) else {
        return Errno::EINVAL;
    };
    let Some(name) = arguments.first() else { return Errno::EINVAL };
    let mut cause = Errno::ENOENT;
    for place in places(name, environment) {
        let Ok(place) = CString::new(place) else { return Errno::EINVAL };
        match nix::unistd::execve(&place, &argv, &envp) {
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(Errno::EACCES) => cause = Errno::EACCES,
            Err(other) => return other,
            Ok(never) => match never {},
        }
    }
    cause
}

fn places(name: &str, environment: &[String]) -> Vec<String> {
    if name.contains('/') {
        return vec![name.to_owned()];
    }
    let path = environment.iter().find_map(|line| line.strip_prefix("PATH=")).unwrap_or("");
    path.split(':').map(|folder| format!("{folder}/{name}")).collect()
}

/// Ends this process at once: no destructor runs, and nothing that was copied from the parent is
/// flushed a second time.
pub(crate) fn leave(status: i32) -> ! {
    // SAFETY: `_exit` ends the process and touches no memory of ours.
    unsafe { libc::_exit(status) }
}
