//! Messages between the supervisor, the zygote and the keepers of jails.
//!
//! They travel over sockets that keep messages apart (`SOCK_SEQPACKET`), as JSON with descriptors
//! beside them. Nothing that a program in a jail wrote is ever part of a message.

use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, UnixAddr, sendmsg, socketpair,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::StepFailed;
use crate::plan::{Build, Step};
use crate::syscall::linux;
use crate::verdict::Ended;

/// Size of the largest message. 160 KiB: arguments, environment and 256 file names at their largest
/// fit, and so does the message in a socket's usual 208 KiB.
const MESSAGE_BYTES_MAX: usize = 160 * 1024;

/// Supervisor to zygote. Beside it: the keeper's end of its channel, the root's mount namespace if it
/// is born in one, and the hall's cgroup if any.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Bear {
    /// Whether a root's mount namespace is beside it.
    pub(crate) in_root: bool,
    /// Lines of the new user namespace's map: id inside, id outside.
    pub(crate) users: Vec<(u32, u32)>,
    /// The same for groups.
    pub(crate) groups: Vec<(u32, u32)>,
    /// An ordinary user may map its group only once nobody inside can change groups.
    pub(crate) deny_setgroups: bool,
}

/// Zygote to supervisor. Beside it, if it went well: a descriptor of the keeper's process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Born {
    Keeper(i32),
    Failed(StepFailed),
}

/// Supervisor to keeper, in this order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToKeeper {
    /// Put a root together, and nothing else. There is no second message.
    Root(Vec<Step>),
    /// Build the walls, and bear the program's process. Beside it: the process's end of its door, the
    /// cgroups' descriptors.
    Build(Build),
    /// Fill the jail for its job. Beside it: the contents of the job's files, if it has any.
    Fill(Vec<Step>),
}

/// Keeper to supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromKeeper {
    /// The walls stand, and the program's process is born. Beside it: the folder `/work`. Or the root
    /// stands. Beside it: its mount namespace.
    Ready,
    /// The jail is filled, and the keeper has no rights any more. Not said where there was nothing to
    /// be filled in.
    Filled,
    /// A step failed; the program does not run.
    Failed(StepFailed),
    /// The program's first process has ended. Processor time and memory are those of its children
    /// that were waited for, for the tier that has no better measure.
    Ended { how: Ended, cpu_us: u64, peak_bytes: u64 },
}

/// The program's process to supervisor, before it executes the program. What it is sent is a list of
/// steps, with the three streams beside it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromProgram {
    /// The filter is loaded and the job is waited for. Beside it: the listener.
    Listener,
    /// The program is about to be executed.
    Starting,
    /// A step failed; the program does not run.
    Failed(StepFailed),
}

/// A connected pair of sockets that keep messages apart, closed on execute.
pub(crate) fn pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
}

/// Sends one message and descriptors beside it.
pub(crate) fn send(
    socket: impl AsFd,
    message: &impl Serialize,
    fds: &[BorrowedFd<'_>],
) -> Result<(), Errno> {
    let bytes = serde_json::to_vec(message).map_err(|_| Errno::EINVAL)?;
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(Errno::EMSGSIZE);
    }
    let numbers: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let beside: &[ControlMessage<'_>] = if numbers.is_empty() { &[] } else { &rights };
    let socket = socket.as_fd().as_raw_fd();
    loop {
        let parts = [IoSlice::new(&bytes)];
        match sendmsg::<UnixAddr>(socket, &parts, beside, MsgFlags::MSG_NOSIGNAL, None) {
            Err(Errno::EINTR) => {}
            other => return other.map(drop),
        }
    }
}

/// Receives one message; none if the other end is closed.
pub(crate) fn receive<T: DeserializeOwned>(
    socket: impl AsFd,
) -> Result<Option<(T, Vec<OwnedFd>)>, Errno> {
    let socket = socket.as_fd().as_raw_fd();
    // No more memory than the message has: in a process just born each page is a copy to be made.
    let length = match linux::waiting(socket) {
        Err(Errno::ECONNRESET) | Ok(0) => return Ok(None),
        other => other?.min(MESSAGE_BYTES_MAX),
    };
    let mut buffer = vec![0; length];
    let (length, fds) = match linux::receive(socket, &mut buffer) {
        Err(Errno::ECONNRESET) | Ok((0, _)) => return Ok(None),
        other => other?,
    };
    let message = serde_json::from_slice(&buffer[..length]).map_err(|_| Errno::EBADMSG)?;
    Ok(Some((message, fds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Image;
    use crate::plan::job;
    use crate::spec::{
        ARGUMENT_BYTES_MAX, ENVIRONMENT_BYTES_MAX, FILES_MAX, InputFile, NAME_BYTES_MAX, Spec,
    };
    use crate::tier::Tier;

    #[test]
    fn the_largest_job_fits_a_message_and_a_larger_message_is_refused() {
        let mut spec = Spec::new(Image::bare(), ["x".repeat(ARGUMENT_BYTES_MAX - 1)]);
        spec.environment.insert("A".into(), "x".repeat(ENVIRONMENT_BYTES_MAX - 3));
        spec.files = (0..FILES_MAX)
            .map(|n| InputFile {
                name: format!("{n:0NAME_BYTES_MAX$}"),
                bytes: Vec::new(),
                executable: true,
            })
            .collect();
        spec.check().unwrap();
        let job = job(&spec, Tier::RootlessNoCgroup);
        let (one, other) = pair().unwrap();
        send(&one, &job.run, &[]).unwrap();
        let (back, _) = receive::<Vec<Step>>(&other).unwrap().unwrap();
        assert_eq!(back, job.run);
        send(&one, &ToKeeper::Fill(job.fill.clone()), &[]).unwrap();
        let (back, _) = receive::<ToKeeper>(&other).unwrap().unwrap();
        assert!(matches!(back, ToKeeper::Fill(same) if same == job.fill));
        let huge = "x".repeat(MESSAGE_BYTES_MAX);
        assert_eq!(send(&one, &huge, &[]).unwrap_err(), Errno::EMSGSIZE);
    }

    #[test]
    fn a_closed_channel_is_an_end_and_no_error() {
        let (one, other) = pair().unwrap();
        drop(one);
        assert!(receive::<ToKeeper>(&other).unwrap().is_none());
    }
}
