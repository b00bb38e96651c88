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
use crate::plan::{Job, Step};
use crate::syscall::linux;
use crate::verdict::Ended;

/// Size of the largest message. 160 KiB: arguments, environment and 256 file names at their largest
/// fit, and so does the message in a socket's usual 208 KiB.
const MESSAGE_BYTES_MAX: usize = 160 * 1024;

/// Supervisor to zygote. Beside it: the keeper's end of its channel, and the hall's cgroup if any.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Bear {
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

/// Supervisor to keeper.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToKeeper {
    /// Build the walls.
    Build(Vec<Step>),
    /// Run this. Beside it: the streams, the files, the cgroups' descriptors.
    Run(Job),
}

/// Keeper, or the program's process before it executes, to supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromKeeper {
    /// The walls stand. Beside it: the folder `/work`.
    Ready,
    /// The filter is loaded and the program is about to be executed. Beside it: the listener.
    Listener,
    /// A step failed; the program does not run.
    Failed(StepFailed),
    /// The program's first process has ended. Processor time and memory are those of its children
    /// that were waited for, for the tier that has no better measure.
    Ended { how: Ended, cpu_us: u64, peak_bytes: u64 },
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
    let mut buffer = vec![0; MESSAGE_BYTES_MAX];
    let (length, fds) = match linux::receive(socket.as_fd().as_raw_fd(), &mut buffer) {
        Err(Errno::ECONNRESET) | Ok((0, _)) => return Ok(None),
        other => other?,
    };
    let message = serde_json::from_slice(&buffer[..length]).map_err(|_| Errno::EBADMSG)?;
    Ok(Some((message, fds)))
}

/// Sends the listener of forbidden calls from the program's process.
pub(crate) fn send_listener(channel: RawFd, listener: BorrowedFd<'_>) -> Result<(), Errno> {
    let bytes = serde_json::to_vec(&FromKeeper::Listener).map_err(|_| Errno::EINVAL)?;
    let numbers = [listener.as_raw_fd()];
    let beside = [ControlMessage::ScmRights(&numbers)];
    let parts = [IoSlice::new(&bytes)];
    sendmsg::<UnixAddr>(channel, &parts, &beside, MsgFlags::MSG_NOSIGNAL, None).map(drop)
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
        let job = job(&spec, Tier::RootlessNoCgroup, 7, true, true);
        let (one, other) = pair().unwrap();
        send(&one, &ToKeeper::Run(job.clone()), &[]).unwrap();
        let (back, _) = receive::<ToKeeper>(&other).unwrap().unwrap();
        assert!(matches!(back, ToKeeper::Run(same) if same == job));
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
