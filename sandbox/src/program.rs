//! The program's process, from its birth until it executes the program.
//!
//! It is born with its jail, before there is a job: in its cgroups, with the program's user, without a
//! right, behind Landlock and the filter of system calls. So what a job still waits for is its streams,
//! its limits and the execution itself. It can do nothing that the program could not do.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;

use crate::child;
use crate::error::StepFailed;
use crate::plan::Step;
use crate::steps::{Descriptors, carry_out};
use crate::syscall::linux::Linux;
use crate::wire::{self, FromProgram};

/// Goes through the steps of its birth, waits for the job behind `door`, and becomes the program.
pub(crate) fn run(door: &OwnedFd, born: &[Step], sys: &mut Linux, fds: &mut Descriptors) -> ! {
    // If it cannot be told, the supervisor is gone, and soon this process is too.
    let _ = become_program(door, born, sys, fds);
    child::leave(127)
}

fn become_program(
    door: &OwnedFd,
    born: &[Step],
    sys: &mut Linux,
    fds: &mut Descriptors,
) -> Result<(), Errno> {
    tell(door, carry_out(born, sys, fds))?;
    let Some((steps, streams)) = wire::receive::<Vec<Step>>(door)? else { return Ok(()) };
    if streams.len() != fds.streams.len() {
        return Err(Errno::EBADMSG);
    }
    for (place, stream) in fds.streams.iter_mut().zip(&streams) {
        *place = stream.as_raw_fd();
    }
    tell(door, carry_out(&steps, sys, fds))
}

/// Tells the supervisor of a step that failed.
fn tell(door: &OwnedFd, done: Result<(), StepFailed>) -> Result<(), Errno> {
    done.or_else(|failed| {
        wire::send(door, &FromProgram::Failed(failed), &[])?;
        Err(Errno::ECANCELED)
    })
}
