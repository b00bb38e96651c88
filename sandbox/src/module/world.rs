//! What a module's host keeps for it: arguments, streams, and how far its memory may grow.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use wasmtime::StoreLimits;

/// The module ended itself with this status.
#[derive(Debug, thiserror::Error)]
#[error("it ended with status {0}")]
pub(super) struct Exit(pub(super) i32);

/// Everything of one module.
pub(super) struct World {
    /// Each with the NUL byte behind it.
    pub(super) arguments: Vec<Vec<u8>>,
    pub(super) environment: Vec<Vec<u8>>,
    pub(super) limits: StoreLimits,
    /// Which of the three streams are open.
    open: [bool; 3],
}

/// Reading or writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

impl World {
    pub(super) fn new(arguments: &[String], limits: StoreLimits) -> Self {
        let with_end = |text: String| [text.as_bytes(), b"\0"].concat();
        Self {
            arguments: arguments.iter().cloned().map(with_end).collect(),
            // The jail's own four, and what the job was given.
            environment: std::env::vars().map(|(k, v)| with_end(format!("{k}={v}"))).collect(),
            limits,
            open: [true; 3],
        }
    }

    /// Whether the stream `fd` is open.
    pub(super) fn is_open(&self, fd: i32) -> bool {
        usize::try_from(fd).ok().and_then(|fd| self.open.get(fd)).is_some_and(|open| *open)
    }

    /// Which way the open stream `fd` goes.
    pub(super) fn way(&self, fd: i32) -> Option<Way> {
        self.is_open(fd).then_some(if fd == 0 { Way::In } else { Way::Out })
    }

    /// Closes the stream `fd` for the module; the host keeps its own.
    pub(super) fn close(&mut self, fd: i32) -> bool {
        let was = self.is_open(fd);
        if let Some(open) = usize::try_from(fd).ok().and_then(|fd| self.open.get_mut(fd)) {
            *open = false;
        }
        was
    }
}

/// Reads from standard input: how much.
pub(super) fn read(into: &mut [u8]) -> Result<usize, Errno> {
    nix::unistd::read(std::io::stdin().as_fd(), into)
}

/// Writes all of `bytes` to standard output or error.
pub(super) fn write(fd: i32, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        let written = match fd {
            1 => nix::unistd::write(std::io::stdout().as_fd(), bytes),
            _ => nix::unistd::write(std::io::stderr().as_fd(), bytes),
        };
        match written {
            Ok(n) => bytes = &bytes[n..],
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Waits, as long as the job lasts at most.
pub(super) fn sleep(nanoseconds: u64) {
    std::thread::sleep(Duration::from_nanos(nanoseconds));
}
