//! The zygote: a small process with one thread that bears the keepers of jails.
//!
//! The supervisor is large and has many threads: a fork of it would cost milliseconds, could only do
//! what is safe after a fork of threads, and would be tied to the life of the thread that forked. So
//! it starts its own program once more, with [`ARGUMENT`], before anything else; that process waits
//! for [`Bear`](wire::Bear) messages and answers each with a descriptor of the new keeper.
//!
//! It ends when the supervisor's end of its socket closes, for whatever reason, and every jail with it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::unistd::Pid;

use crate::child::{self, Birth};
use crate::error::StepFailed;
use crate::keeper;
use crate::layer::Layer;
use crate::module;
use crate::seccomp;
use crate::syscall::{Syscalls, linux};
use crate::wire::{self, Bear, Born};

/// The one argument with which the program is started as a zygote.
pub(crate) const ARGUMENT: &str = "playhouse-sandbox-zygote";

/// How readily the kernel picks zygote and jails when the whole machine is out of memory, -1000 to
/// 1000. 900: before everything of the machine's own.
const OOM_SCORE: &str = "900";

/// Becomes the zygote, or in a jail the host of a WebAssembly module, if this process was started as
/// one, and then never returns.
///
/// The first line of `main` of every program that uses this crate and does not name another program
/// as its [helper](crate::Config::helper): before it no thread may be started.
pub fn begin_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    let Some(first) = arguments.next() else { return };
    if first == module::ARGUMENT {
        module::host(arguments.map(|word| word.to_string_lossy().into_owned()));
    }
    if first == ARGUMENT && arguments.next().is_none() {
        let status = run().map_or(1, |()| 0);
        std::process::exit(status);
    }
}

fn run() -> Result<(), Errno> {
    let socket = settle()?;
    let filter: Arc<[libc::sock_filter]> = seccomp::filter().into();
    let own = linux::pidfd_of(std::process::id())?;
    let home = File::open("/proc/self/ns/mnt").map_err(|_| Errno::ENOENT)?;
    while let Some((bear, fds)) = wire::receive::<Bear>(&socket)? {
        let mut fds = fds.into_iter();
        let Some(channel) = fds.next() else { return Err(Errno::EBADMSG) };
        let root = if bear.in_root { fds.next() } else { None };
        let hall = fds.next();
        if let Some(Err(errno)) = root.as_ref().map(enter) {
            wire::send(&socket, &failed(Layer::Root, "enter the root", errno), &[])?;
            continue;
        }
        let birth = child::bear(child::NAMESPACES, hall.as_ref().map(AsFd::as_fd));
        // A zygote that cannot come back from a root would see a jail's files: it ends.
        if root.is_some() && !matches!(birth, Ok(Birth::Child)) {
            enter(&home)?;
        }
        match birth {
            Ok(Birth::Child) => {
                drop((socket, root, hall, home));
                keeper::run(&channel, &own, &filter);
            }
            Ok(Birth::Parent(pid, pidfd)) => {
                let born = match name_ids(pid, &bear) {
                    Ok(()) => Born::Keeper(pid.as_raw()),
                    Err(errno) => {
                        let _ = linux::kill(pidfd.as_fd());
                        failed(Layer::Namespaces, "map the user and group ids", errno)
                    }
                };
                wire::send(&socket, &born, &[pidfd.as_fd()])?;
            }
            Err(errno) => {
                let failed = failed(Layer::Namespaces, "clone into new namespaces", errno);
                wire::send(&socket, &failed, &[])?;
            }
        }
    }
    Ok(())
}

/// Enters a mount namespace; its root becomes this process's.
fn enter(mounts: impl AsFd) -> Result<(), Errno> {
    nix::sched::setns(mounts, nix::sched::CloneFlags::CLONE_NEWNS)
}

fn failed(layer: Layer, step: &str, errno: Errno) -> Born {
    Born::Failed(StepFailed { step: step.to_owned(), layer, errno: errno as i32 })
}

/// Takes the socket from standard input, closes what else was inherited, and lets ended keepers be
/// forgotten by the kernel at once.
fn settle() -> Result<OwnedFd, Errno> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned().map_err(|_| Errno::EBADF)?;
    let null = File::open("/dev/null").map_err(|_| Errno::ENOENT)?;
    nix::unistd::dup2_stdin(&null)?;
    let mut sys = linux::Linux { filter: Arc::new([]), held: BTreeMap::new() };
    sys.close_rest_on_execute(3)?;
    // For all that are born from here on.
    sys.default_signals()?;
    linux::forget_ended_children(true);
    let _ = std::fs::write("/proc/self/oom_score_adj", OOM_SCORE);
    Ok(socket)
}

/// Writes the maps of the new user namespace. Only after this does its first process have an id.
fn name_ids(pid: Pid, bear: &Bear) -> Result<(), Errno> {
    if bear.deny_setgroups {
        write(pid, "setgroups", "deny")?;
    }
    write(pid, "uid_map", &lines(&bear.users))?;
    write(pid, "gid_map", &lines(&bear.groups))
}

fn lines(map: &[(u32, u32)]) -> String {
    map.iter().map(|(inside, outside)| format!("{inside} {outside} 1\n")).collect()
}

fn write(pid: Pid, name: &str, text: &str) -> Result<(), Errno> {
    // One write: the kernel takes a whole map or none.
    let open = File::options().write(true).open(format!("/proc/{pid}/{name}"));
    open.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|e| Errno::from_raw(e.raw_os_error().unwrap_or(libc::EIO)))
}
