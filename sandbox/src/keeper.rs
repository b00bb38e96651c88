//! The keeper of a jail: process 1 of its namespaces.
//!
//! It builds the walls, bears the program's process (which waits for its job behind them, see
//! [`program`](crate::program)), fills the jail for its job, drops all its own rights, and reaps
//! until it is killed. When it ends, for whatever reason, the kernel kills everything in its pid
//! namespace. No jail is used twice: a second job finds nobody.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

use crate::child::{self, Birth};
use crate::error::StepFailed;
use crate::layer::Layer;
use crate::plan::{Build, Step};
use crate::program;
use crate::steps::{Descriptors, carry_out};
use crate::syscall::Syscalls;
use crate::syscall::linux::{self, Linux};
use crate::verdict::Ended;
use crate::wire::{self, FromKeeper, ToKeeper};

/// Why a keeper ends before it is killed. Its exit status tells nobody anything.
enum End {
    Told,
    Lost,
}

impl From<Errno> for End {
    fn from(_: Errno) -> Self {
        Self::Lost
    }
}

/// Runs the keeper and never returns.
pub(crate) fn run(channel: &OwnedFd, zygote: &OwnedFd, filter: &Arc<[libc::sock_filter]>) -> ! {
    let mut sys = Linux { filter: filter.clone(), held: BTreeMap::new() };
    let status = match keep(channel, zygote, &mut sys) {
        Ok(()) => 0,
        Err(End::Told) => 1,
        Err(End::Lost) => 2,
    };
    child::leave(status)
}

fn keep(channel: &OwnedFd, zygote: &OwnedFd, sys: &mut Linux) -> Result<(), End> {
    let mut fds = Descriptors { zygote: zygote.as_raw_fd(), ..Descriptors::default() };
    let (plan, given) = match wire::receive(channel)? {
        Some((ToKeeper::Build(plan), given)) => (plan, given),
        Some((ToKeeper::Root(steps), _)) => return raise_root(channel, &steps, sys, &fds),
        _ => return Err(End::Lost),
    };
    try_all(channel, carry_out(&plan.walls, sys, &fds))?;
    let work = std::fs::File::open("/work").map_err(|_| End::Lost)?;
    // Blocked before the birth, so that no end is missed. Until here ended children are forgotten.
    linux::forget_ended_children(false);
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    mask.thread_block()?;
    let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let program = bear(channel, &plan, &given, sys, &mut fds)?;
    drop(given);
    wire::send(channel, &FromKeeper::Ready, &[work.as_fd()])?;
    drop(work);

    let Some((ToKeeper::Fill(steps), given)) = wire::receive(channel)? else {
        return Err(End::Lost);
    };
    fds.files = given.first().map_or(-1, AsRawFd::as_raw_fd);
    try_all(channel, carry_out(&steps, sys, &fds))?;
    drop(given);
    sys.drop_capabilities()?;
    sys.no_new_privileges()?;
    // With nothing to be filled in, the supervisor has not waited, and the program starts meanwhile.
    if !steps.is_empty() {
        wire::send(channel, &FromKeeper::Filled, &[])?;
    }
    reap(channel, program, &signals)
}

/// Puts a root together, hands over the mount namespace that it is in, and waits to be killed.
fn raise_root(
    channel: &OwnedFd,
    steps: &[Step],
    sys: &mut Linux,
    fds: &Descriptors,
) -> Result<(), End> {
    try_all(channel, carry_out(steps, sys, fds))?;
    let mounts = std::fs::File::open("/proc/self/ns/mnt").map_err(|_| End::Lost)?;
    wire::send(channel, &FromKeeper::Ready, &[mounts.as_fd()])?;
    drop(mounts);
    wire::receive::<ToKeeper>(channel)?;
    Ok(())
}

/// Bears the program's process, in its cgroup of version 2 if there is one. Beside the plan came the
/// process's door, that cgroup, and the `tasks` files of version 1.
fn bear(
    channel: &OwnedFd,
    plan: &Build,
    given: &[OwnedFd],
    sys: &mut Linux,
    fds: &mut Descriptors,
) -> Result<Pid, End> {
    let (door, rest) = given.split_first().ok_or(End::Lost)?;
    let born_in = if plan.born_in_cgroup { 1 } else { 0 };
    let (cgroup, tasks) = rest.split_at_checked(born_in).ok_or(End::Lost)?;
    fds.door = door.as_raw_fd();
    fds.tasks = tasks.iter().map(AsRawFd::as_raw_fd).collect();
    match child::bear(0, cgroup.first().map(AsFd::as_fd)) {
        Ok(Birth::Child) => program::run(door, &plan.program, sys, fds),
        Ok(Birth::Parent(pid, _)) => Ok(pid),
        Err(errno) => {
            let step = "bear the program's process in its cgroup".to_owned();
            let failed = StepFailed { step, layer: Layer::Cgroup, errno: errno as i32 };
            Err(try_all(channel, Err(failed)).err().unwrap_or(End::Lost))
        }
    }
}

/// Tells the supervisor of a step that failed.
fn try_all(channel: &OwnedFd, done: Result<(), StepFailed>) -> Result<(), End> {
    done.or_else(|failed| {
        wire::send(channel, &FromKeeper::Failed(failed), &[])?;
        Err(End::Told)
    })
}

/// Reaps every process of the jail, tells of the program's own end, and goes on until the supervisor
/// kills the jail or is gone itself.
fn reap(channel: &OwnedFd, program: Pid, signals: &SignalFd) -> Result<(), End> {
    loop {
        reap_ended(channel, program)?;
        let mut wait =
            [channel.as_fd(), signals.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match poll(&mut wait, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return Err(End::Lost),
        }
        if wait[0].any() == Some(true) {
            // There is no third message: the supervisor has closed the channel, or broken it.
            return Err(End::Lost);
        }
        while signals.read_signal()?.is_some() {}
    }
}

fn reap_ended(channel: &OwnedFd, program: Pid) -> Result<(), End> {
    loop {
        let Some((pid, how)) = linux::reap()? else { return Ok(()) };
        if pid == program {
            wire::send(channel, &ended(how), &[])?;
        }
    }
}

fn ended(how: Ended) -> FromKeeper {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN);
    let (cpu_us, peak_bytes) = usage.map_or((0, 0), |usage| {
        let us = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
        (us(usage.user_time()) + us(usage.system_time()), usage.max_rss() * 1024)
    });
    FromKeeper::Ended { how, cpu_us: cpu_us as u64, peak_bytes: peak_bytes as u64 }
}
