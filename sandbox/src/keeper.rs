//! The keeper of a jail: process 1 of its namespaces.
//!
//! It builds the walls, waits for one job, fills the jail, bears the program's process, drops all
//! its own rights, and reaps until it is killed. When it ends, for whatever reason, the kernel kills
//! everything in its pid namespace. No jail is used twice: a second job finds nobody.

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
use crate::plan::Job;
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
    let mut fds = Descriptors {
        zygote: zygote.as_raw_fd(),
        channel: channel.as_raw_fd(),
        ..Descriptors::default()
    };
    let Some((ToKeeper::Build(walls), _)) = wire::receive(channel)? else { return Err(End::Lost) };
    try_all(channel, carry_out(&walls, sys, &fds))?;
    let work = std::fs::File::open("/work").map_err(|_| End::Lost)?;
    wire::send(channel, &FromKeeper::Ready, &[work.as_fd()])?;
    drop(work);

    let Some((ToKeeper::Run(job), given)) = wire::receive(channel)? else { return Err(End::Lost) };
    let cgroup = sort(&job, &given, &mut fds).ok_or(End::Lost)?;
    try_all(channel, carry_out(&job.fill, sys, &fds))?;
    // Blocked before the birth, so that no end is missed.
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    sys.default_signals()?;
    mask.thread_block()?;
    let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let program = match child::bear(0, cgroup.map(AsFd::as_fd)) {
        Ok(Birth::Child) => {
            let failed = carry_out(&job.run, sys, &fds);
            let _ = try_all(channel, failed);
            child::leave(127)
        }
        Ok(Birth::Parent(pid, _)) => pid,
        Err(errno) => return tell(channel, "bear the program's process in its cgroup", errno),
    };
    drop(given);
    sys.drop_capabilities()?;
    sys.no_new_privileges()?;
    reap(channel, program, &signals)
}

/// Tells the supervisor of a step that failed.
fn try_all(channel: &OwnedFd, done: Result<(), StepFailed>) -> Result<(), End> {
    done.or_else(|failed| {
        wire::send(channel, &FromKeeper::Failed(failed), &[])?;
        Err(End::Told)
    })
}

fn tell(channel: &OwnedFd, step: &str, errno: Errno) -> Result<(), End> {
    let layer = crate::layer::Layer::Cgroup;
    try_all(channel, Err(StepFailed { step: step.to_owned(), layer, errno: errno as i32 }))
}

/// Sorts the descriptors that came with a job: three streams, the files, the cgroup of version 2 if
/// there is one, and the `tasks` files of version 1.
fn sort<'a>(job: &Job, given: &'a [OwnedFd], fds: &mut Descriptors) -> Option<Option<&'a OwnedFd>> {
    let (streams, rest) = given.split_at_checked(3)?;
    let (files, rest) = rest.split_first()?;
    let (cgroup, tasks) = match (job.born_in_cgroup, rest.split_first()) {
        (true, Some((cgroup, tasks))) => (Some(cgroup), tasks),
        (true, None) => return None,
        (false, _) => (None, rest),
    };
    for (place, stream) in fds.streams.iter_mut().zip(streams) {
        *place = stream.as_raw_fd();
    }
    fds.files = files.as_raw_fd();
    fds.tasks = tasks.iter().map(AsRawFd::as_raw_fd).collect();
    Some(cgroup)
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
