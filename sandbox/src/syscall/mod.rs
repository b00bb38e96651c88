//! The system calls of the set-up, behind a trait, so that each can be made to fail in a test.

#[cfg(test)]
pub(crate) mod fake;
mod files;
pub(crate) mod linux;

use std::os::fd::RawFd;

use nix::errno::Errno;

use crate::plan::Resource;

/// What a tmpfs is mounted with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tmpfs<'a> {
    pub(crate) at: &'a str,
    pub(crate) size_bytes: u64,
    pub(crate) files: u64,
    pub(crate) mode: u32,
    pub(crate) owner: u32,
    pub(crate) exec: bool,
}

/// The calls that a set-up consists of. Each either did what its name says, or says why not.
///
/// A call that is told several things in a row stops at the first that fails.
pub(crate) trait Syscalls {
    fn become_ids(&mut self, id: u32) -> Result<(), Errno>;
    fn drop_groups(&mut self) -> Result<(), Errno>;
    fn drop_capabilities(&mut self) -> Result<(), Errno>;
    fn empty_bounding_set(&mut self) -> Result<(), Errno>;
    fn no_new_privileges(&mut self) -> Result<(), Errno>;
    fn die_with_parent(&mut self, parent: RawFd) -> Result<(), Errno>;
    fn undumpable(&mut self) -> Result<(), Errno>;

    fn session(&mut self) -> Result<(), Errno>;
    fn default_signals(&mut self) -> Result<(), Errno>;
    fn umask(&mut self, mask: u32) -> Result<(), Errno>;
    fn hostname(&mut self, name: &str) -> Result<(), Errno>;
    fn rlimit(&mut self, which: Resource, value: u64) -> Result<(), Errno>;

    /// Finds a file or folder now, for [`Self::bind`] and [`Self::is_folder`] later.
    fn hold(&mut self, path: &str) -> Result<(), Errno>;
    fn private_mounts(&mut self) -> Result<(), Errno>;
    fn tmpfs(&mut self, tmpfs: Tmpfs<'_>) -> Result<(), Errno>;
    fn resize_tmpfs(&mut self, at: &str, size_bytes: u64, files: u64) -> Result<(), Errno>;
    fn proc(&mut self, at: &str) -> Result<(), Errno>;
    /// Shows `from` at `to`, read-only; `device` leaves device nodes usable and forbids execution.
    fn bind(&mut self, from: &str, to: &str, device: bool) -> Result<(), Errno>;
    fn pivot(&mut self, root: &str) -> Result<(), Errno>;
    fn seal(&mut self, at: &str) -> Result<(), Errno>;
    fn cgroup_namespace(&mut self) -> Result<(), Errno>;
    fn go_to(&mut self, folder: &str) -> Result<(), Errno>;

    /// Makes the folder and its missing parents.
    fn folder(&mut self, at: &str) -> Result<(), Errno>;
    fn link(&mut self, at: &str, target: &str) -> Result<(), Errno>;
    /// Writes a new file and makes its missing parent folders; all belong to `owner`.
    fn file(&mut self, at: &str, bytes: &[u8], mode: u32, owner: Option<u32>) -> Result<(), Errno>;
    /// Bytes of an open file, read at an offset.
    fn read_at(&mut self, fd: RawFd, offset: u64, length: u64) -> Result<Vec<u8>, Errno>;
    fn is_folder(&mut self, path: &str) -> Result<bool, Errno>;

    /// Writes `0`, the calling process, to an open `tasks` file.
    fn join(&mut self, tasks: RawFd) -> Result<(), Errno>;
    fn put_at(&mut self, fd: RawFd, place: RawFd) -> Result<(), Errno>;
    fn close_rest_on_execute(&mut self, from: u32) -> Result<(), Errno>;

    fn landlock(&mut self, abi: u32) -> Result<(), Errno>;
    /// Loads the filter of system calls, and sends the listener of its reports over `door`.
    fn filter_calls(&mut self, door: RawFd) -> Result<(), Errno>;
    /// Says over `door` that the program starts.
    fn starting(&mut self, door: RawFd) -> Result<(), Errno>;
    /// Only returns if it failed.
    fn execute(&mut self, arguments: &[String], environment: &[String]) -> Errno;
}

/// The kernel's name of a limit.
pub(crate) fn rlimit_of(which: Resource) -> nix::sys::resource::Resource {
    use nix::sys::resource::Resource as R;
    match which {
        Resource::AddressSpace => R::RLIMIT_AS,
        Resource::Core => R::RLIMIT_CORE,
        Resource::Cpu => R::RLIMIT_CPU,
        Resource::Data => R::RLIMIT_DATA,
        Resource::FileSize => R::RLIMIT_FSIZE,
        Resource::LockedMemory => R::RLIMIT_MEMLOCK,
        Resource::MessageQueues => R::RLIMIT_MSGQUEUE,
        Resource::Nice => R::RLIMIT_NICE,
        Resource::OpenFiles => R::RLIMIT_NOFILE,
        Resource::PendingSignals => R::RLIMIT_SIGPENDING,
        Resource::Processes => R::RLIMIT_NPROC,
        Resource::RealTimePriority => R::RLIMIT_RTPRIO,
        Resource::Stack => R::RLIMIT_STACK,
    }
}
