//! Watches one job: carries its output, keeps its limits of time and output, and stops it.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::cgroup::Group;
use crate::error::Error;
use crate::jail::{Jail, wait_readable};
use crate::layer::Layer;
use crate::limits::Limits;
use crate::seccomp;
use crate::syscall::linux;
use crate::verdict::{Ended, Killed};
use crate::wire::{self, FromKeeper, FromProgram};

/// Least and greatest time between two looks at the processor time used. At least 2 ms, so that
/// looking costs little; at most 50 ms.
const LOOK: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));
/// The program's process ended without a word before it became the program.
const LOST: Error = Error::Lost { doing: "it set up a job" };
/// Bytes taken from a stream at once. 16 KiB: most programs write less, and more is read again.
const CHUNK: usize = 16 * 1024;

/// Which stream of a program a piece of output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// What was seen of a job.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) killed: Option<Killed>,
    pub(crate) forbidden: Option<String>,
    pub(crate) ended: Option<Ended>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) wall: Duration,
    /// Only of use without cgroups: of children that were waited for.
    pub(crate) cpu_us: u64,
    pub(crate) peak_bytes: u64,
}

/// Standard input that is still to be written.
struct Feed {
    pipe: File,
    bytes: Vec<u8>,
    at: usize,
}

/// One running job.
pub(crate) struct Watch<'a> {
    pub(crate) jail: &'a Jail,
    pub(crate) group: Option<&'a Group>,
    pub(crate) limits: &'a Limits,
    pub(crate) program: &'a str,
    pub(crate) cancel: Option<BorrowedFd<'a>>,
    pub(crate) sink: &'a mut dyn FnMut(Stream, &[u8]),
    feed: Option<Feed>,
    streams: [Option<File>; 2],
    listener: Option<BorrowedFd<'a>>,
    /// When the program's process was given the job.
    started: Instant,
    /// Whether the process has executed the program.
    executed: bool,
    next_look: Instant,
    seen: Seen,
}

/// The supervisor's ends of a job's streams.
pub(crate) struct Ends {
    pub(crate) input: Option<(OwnedFd, Vec<u8>)>,
    pub(crate) streams: [OwnedFd; 2],
}

fn unblock(fd: &OwnedFd) -> Result<(), Error> {
    let set = FcntlArg::F_SETFL(OFlag::O_NONBLOCK);
    fcntl(fd, set).map(drop).map_err(Error::errno("make a pipe that is not waited for"))
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        jail: &'a Jail,
        limits: &'a Limits,
        program: &'a str,
        ends: Ends,
        sink: &'a mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Self, Error> {
        ends.streams.iter().try_for_each(unblock)?;
        let feed = match ends.input {
            Some((pipe, bytes)) => {
                unblock(&pipe)?;
                Some(Feed { pipe: pipe.into(), bytes, at: 0 })
            }
            None => None,
        };
        Ok(Self {
            jail,
            group: None,
            limits,
            program,
            cancel: None,
            sink,
            feed,
            streams: ends.streams.map(|end| Some(end.into())),
            listener: Some(jail.listener.as_fd()),
            started: Instant::now(),
            executed: false,
            next_look: Instant::now() + rest(limits, 0),
            seen: Seen::default(),
        })
    }

    /// Watches until the program has ended or must be stopped. The caller then kills the job.
    ///
    /// # Errors
    ///
    /// The program did not start.
    pub(crate) fn run(&mut self) -> Result<(), Error> {
        while self.seen.ended.is_none() && self.seen.killed.is_none() {
            let ready = self.wait()?;
            // Reports before the end: a job whose forbidden call was seen ended because of it.
            if ready.listener {
                self.hear();
            }
            if ready.cancel {
                self.stop(Killed::Cancelled);
            }
            for which in [Stream::Out, Stream::Err] {
                if ready.streams[which as usize] {
                    self.read(which);
                }
            }
            if ready.feed {
                self.write();
            }
            if ready.channel {
                self.keeper_says()?;
            }
            self.look();
        }
        self.seen.wall = self.started.elapsed();
        Ok(())
    }

    /// Whether the program's first process was seen to end.
    pub(crate) fn has_ended(&self) -> bool {
        self.seen.ended.is_some()
    }

    /// Takes what is still in the pipes of a job that is dead, and hands over what was seen.
    ///
    /// # Errors
    ///
    /// The program was never executed, and it was not called off either.
    pub(crate) fn finish(mut self) -> Result<Seen, Error> {
        self.program_says()?;
        if !self.executed && self.seen.killed != Some(Killed::Cancelled) {
            return Err(LOST);
        }
        self.hear();
        for which in [Stream::Out, Stream::Err] {
            while self.streams[which as usize].is_some() && self.read(which) {}
        }
        Ok(self.seen)
    }

    fn stop(&mut self, why: Killed) {
        self.seen.killed.get_or_insert(why);
    }

    fn wait(&self) -> Result<Ready, Error> {
        let now = Instant::now();
        let until = (self.started + self.limits.wall()).min(self.next_look);
        let wait = until.saturating_duration_since(now) + Duration::from_micros(999);
        let wait = PollTimeout::try_from(wait.as_millis().min(1_000)).unwrap_or(PollTimeout::ZERO);
        let fds = [
            Some(self.jail.channel.as_fd()),
            self.listener,
            self.cancel,
            self.streams[0].as_ref().map(AsFd::as_fd),
            self.streams[1].as_ref().map(AsFd::as_fd),
        ];
        let places = fds.iter().enumerate().filter_map(|(place, fd)| Some((place, (*fd)?)));
        let (places, mut polled): (Vec<usize>, Vec<PollFd<'_>>) =
            places.map(|(place, fd)| (place, PollFd::new(fd, PollFlags::POLLIN))).unzip();
        if let Some(feed) = &self.feed {
            polled.push(PollFd::new(feed.pipe.as_fd(), PollFlags::POLLOUT));
        }
        match poll(&mut polled, wait) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::errno("wait for a job")(errno)),
        }
        let any = |place: usize| {
            let at = places.iter().position(|one| *one == place);
            at.is_some_and(|at| polled[at].any() == Some(true))
        };
        Ok(Ready {
            channel: any(0),
            listener: any(1),
            cancel: any(2),
            streams: [any(3), any(4)],
            feed: self.feed.is_some() && polled.last().is_some_and(|fd| fd.any() == Some(true)),
        })
    }

    /// Takes a report of a forbidden call.
    fn hear(&mut self) {
        let Some(listener) = self.listener else { return };
        // A report may have gone with its process, and a listener without processes only hangs up.
        match linux::state_of(listener) {
            Ok((true, _)) => {}
            Ok((false, true)) => {
                self.listener = None;
                return;
            }
            _ => return,
        }
        let Ok((arch, number)) = linux::forbidden_call(listener) else { return };
        let own = seccomp::is_own(arch);
        let name = seccomp::name_of(number.into()).filter(|_| own);
        let call = match name {
            Some(name) => name.to_owned(),
            None => format!("call {number} of another machine ({arch:#x})"),
        };
        self.seen.forbidden.get_or_insert(call);
        self.stop(Killed::Forbidden);
    }

    /// Reads once from a stream. Tells whether there may be more.
    fn read(&mut self, which: Stream) -> bool {
        let Some(stream) = &mut self.streams[which as usize] else { return false };
        let mut chunk = [0; CHUNK];
        let length = match stream.read(&mut chunk) {
            Ok(0) => {
                self.streams[which as usize] = None;
                return false;
            }
            Ok(length) => length,
            Err(e) if e.kind() == ErrorKind::Interrupted => return true,
            Err(_) => return false,
        };
        let kept = match which {
            Stream::Out => &mut self.seen.stdout,
            Stream::Err => &mut self.seen.stderr,
        };
        let room = (self.limits.output_bytes as usize).saturating_sub(kept.len());
        let taken = &chunk[..length.min(room)];
        kept.extend_from_slice(taken);
        if !taken.is_empty() {
            (self.sink)(which, taken);
        }
        if length > room {
            self.stop(Killed::Output);
            self.streams[which as usize] = None;
        }
        true
    }

    fn write(&mut self) {
        let Some(feed) = &mut self.feed else { return };
        let done = match feed.pipe.write(&feed.bytes[feed.at..]) {
            Ok(length) => {
                feed.at += length;
                feed.at == feed.bytes.len()
            }
            Err(e) => !matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        };
        if done {
            self.feed = None;
        }
    }

    fn keeper_says(&mut self) -> Result<(), Error> {
        let lost = |_| Error::Lost { doing: "it ran a job" };
        match wire::receive::<FromKeeper>(&self.jail.channel).map_err(lost)? {
            Some((FromKeeper::Ended { how, cpu_us, peak_bytes }, _)) => {
                self.seen.ended = Some(how);
                self.seen.cpu_us = cpu_us;
                self.seen.peak_bytes = peak_bytes;
                Ok(())
            }
            _ => Err(Error::Lost { doing: "it ran a job" }),
        }
    }

    /// Takes what the program's process said before it became the program. It is dead by now, so
    /// everything is there.
    fn program_says(&mut self) -> Result<(), Error> {
        while wait_readable(&self.jail.door, 0) {
            match wire::receive::<FromProgram>(&self.jail.door).map_err(|_| LOST)? {
                Some((FromProgram::Starting, _)) => self.executed = true,
                Some((FromProgram::Failed(failed), _)) if failed.layer == Layer::Program => {
                    let program = self.program.to_owned();
                    return Err(Error::Program { program, cause: failed.cause() });
                }
                Some((FromProgram::Failed(failed), _)) => return Err(failed.into()),
                Some((FromProgram::Listener, _)) => return Err(LOST),
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Looks at the two clocks of a running job.
    fn look(&mut self) {
        let now = Instant::now();
        if now >= self.started + self.limits.wall() {
            self.stop(Killed::Wall);
        }
        if now < self.next_look {
            return;
        }
        let used_us = self.group.map_or(0, Group::cpu_us);
        if self.group.is_some() && Duration::from_micros(used_us) >= self.limits.cpu() {
            self.stop(Killed::Cpu);
        }
        // Version 1 kills one process; what is left of the job cannot be trusted to be right.
        if self.group.map_or(0, Group::oom_kills) > 0 {
            self.stop(Killed::Memory);
        }
        self.next_look = now + rest(self.limits, used_us);
    }
}

/// The soonest that a job can have used up its processor time, from `used_us` on.
fn rest(limits: &Limits, used_us: u64) -> Duration {
    let rest_us = (limits.cpu_ms * 1_000).saturating_sub(used_us);
    let soonest = Duration::from_micros(rest_us * 100 / limits.cpu_percent);
    soonest.clamp(LOOK.0, LOOK.1)
}

/// Which descriptors have something to say.
struct Ready {
    channel: bool,
    listener: bool,
    cancel: bool,
    streams: [bool; 2],
    feed: bool,
}
