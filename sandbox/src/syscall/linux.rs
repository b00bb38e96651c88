//! The real system calls. With `child.rs` the only place that holds `unsafe`.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::CString;
use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::setrlimit;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixAddr, recvmsg};
use nix::unistd::{self, Gid, Uid};

use super::files::{self, io};
use super::{Syscalls, Tmpfs, rlimit_of};
use crate::plan::Resource;
use crate::verdict::Ended;
use crate::wire::FromProgram;
use crate::{restrict, wire};

const NONE: Option<&str> = None;

/// The calls themselves.
pub(crate) struct Linux {
    pub(crate) filter: Arc<[libc::sock_filter]>,
    /// Parts of the image that were found, until the root is pivoted.
    pub(crate) held: BTreeMap<String, OwnedFd>,
}

fn check(result: libc::c_long) -> Result<libc::c_long, Errno> {
    if result < 0 { Err(Errno::last()) } else { Ok(result) }
}

fn text(text: &str) -> Result<CString, Errno> {
    CString::new(text).map_err(|_| Errno::EINVAL)
}

fn prctl(option: libc::c_int, argument: libc::c_ulong) -> Result<(), Errno> {
    // SAFETY: the options used here take one number and no pointer.
    check(unsafe { libc::prctl(option, argument, 0, 0, 0) }.into()).map(drop)
}

/// Adds flags to the mount at `at`; takes none away, so locked flags of a source stay as they are.
fn add_flags(at: &str, flags: u64) -> Result<(), Errno> {
    let at = text(at)?;
    let attributes =
        libc::mount_attr { attr_set: flags, attr_clr: 0, propagation: 0, userns_fd: 0 };
    // SAFETY: both pointers are valid for the call, and the size is that of the structure.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            at.as_ptr(),
            0,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    })
    .map(drop)
}

impl Linux {
    /// The way to a file: through its descriptor if it is held.
    fn way_to(&self, path: &str) -> String {
        let held = self.held.get(path);
        held.map_or_else(|| path.to_owned(), |fd| format!("/proc/self/fd/{}", fd.as_raw_fd()))
    }
}

impl Syscalls for Linux {
    fn become_ids(&mut self, id: u32) -> Result<(), Errno> {
        let gid = Gid::from_raw(id);
        unistd::setresgid(gid, gid, gid)?;
        let uid = Uid::from_raw(id);
        unistd::setresuid(uid, uid, uid)
    }

    fn drop_groups(&mut self) -> Result<(), Errno> {
        unistd::setgroups(&[])
    }

    fn drop_capabilities(&mut self) -> Result<(), Errno> {
        // The header of version 3 with pid 0, and two empty rows of three sets.
        let header = [0x2008_0522_u32, 0];
        let sets = [0_u32; 6];
        // SAFETY: the kernel reads the two arrays, whose sizes version 3 fixes.
        check(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) }).map(drop)
    }

    fn empty_bounding_set(&mut self) -> Result<(), Errno> {
        for capability in 0..64 {
            match prctl(libc::PR_CAPBSET_DROP, capability) {
                // The kernel knows no capability with this or a higher number.
                Err(Errno::EINVAL) if capability > 30 => break,
                other => other?,
            }
        }
        prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong)
    }

    fn no_new_privileges(&mut self) -> Result<(), Errno> {
        prctl(libc::PR_SET_NO_NEW_PRIVS, 1)
    }

    fn die_with_parent(&mut self, parent: RawFd) -> Result<(), Errno> {
        prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong)?;
        // The parent may have died before the call, and then no signal comes.
        if readable(parent)? { Err(Errno::ESRCH) } else { Ok(()) }
    }

    fn undumpable(&mut self) -> Result<(), Errno> {
        prctl(libc::PR_SET_DUMPABLE, 0)
    }

    fn session(&mut self) -> Result<(), Errno> {
        match unistd::setsid() {
            // Process 1 of the jail leads its process group already if it was made its own leader.
            Err(Errno::EPERM) | Ok(_) => Ok(()),
            Err(other) => Err(other),
        }
    }

    fn default_signals(&mut self) -> Result<(), Errno> {
        for signal in 1..=64 {
            // SAFETY: the default action runs no code of ours. Two signals cannot be set, and two
            // belong to the C library; both stay what they are.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
    }

    fn umask(&mut self, mask: u32) -> Result<(), Errno> {
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(mask));
        Ok(())
    }

    fn hostname(&mut self, name: &str) -> Result<(), Errno> {
        unistd::sethostname(name)
    }

    fn rlimit(&mut self, which: Resource, value: u64) -> Result<(), Errno> {
        setrlimit(rlimit_of(which), value, value)
    }

    fn hold(&mut self, path: &str) -> Result<(), Errno> {
        let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
        let fd = nix::fcntl::open(path, flags, nix::sys::stat::Mode::empty())?;
        self.held.insert(path.to_owned(), fd);
        Ok(())
    }

    fn private_mounts(&mut self) -> Result<(), Errno> {
        mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)
    }

    fn tmpfs(&mut self, t: Tmpfs<'_>) -> Result<(), Errno> {
        let mut flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        if !t.exec {
            flags |= MsFlags::MS_NOEXEC;
        }
        let Tmpfs { size_bytes, files, mode, owner, .. } = t;
        let options =
            format!("size={size_bytes},nr_inodes={files},mode={mode:o},uid={owner},gid={owner}");
        mount(Some("tmpfs"), t.at, Some("tmpfs"), flags, Some(options.as_str()))
    }

    fn resize_tmpfs(&mut self, at: &str, size_bytes: u64, files: u64) -> Result<(), Errno> {
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        let options = format!("size={size_bytes},nr_inodes={files}");
        mount(NONE, at, NONE, flags, Some(options.as_str()))
    }

    fn proc(&mut self, at: &str) -> Result<(), Errno> {
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        mount(Some("proc"), at, Some("proc"), flags, Some("subset=pid,hidepid=invisible"))
    }

    fn bind(&mut self, from: &str, to: &str, device: bool) -> Result<(), Errno> {
        mount(Some(self.way_to(from).as_str()), to, NONE, MsFlags::MS_BIND, NONE)?;
        let kind = if device { libc::MOUNT_ATTR_NOEXEC } else { libc::MOUNT_ATTR_NODEV };
        add_flags(to, libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | kind)
    }

    fn pivot(&mut self, root: &str) -> Result<(), Errno> {
        unistd::chdir(root)?;
        unistd::pivot_root(".", ".")?;
        umount2(".", MntFlags::MNT_DETACH)?;
        self.held.clear();
        unistd::chdir("/")
    }

    fn seal(&mut self, at: &str) -> Result<(), Errno> {
        add_flags(at, libc::MOUNT_ATTR_RDONLY)
    }

    fn cgroup_namespace(&mut self) -> Result<(), Errno> {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWCGROUP)
    }

    fn go_to(&mut self, folder: &str) -> Result<(), Errno> {
        unistd::chdir(folder)
    }

    fn folder(&mut self, at: &str) -> Result<(), Errno> {
        files::folder(at)
    }

    fn link(&mut self, at: &str, target: &str) -> Result<(), Errno> {
        files::link(at, target)
    }

    fn file(&mut self, at: &str, bytes: &[u8], mode: u32, owner: Option<u32>) -> Result<(), Errno> {
        files::file(at, bytes, mode, owner)
    }

    fn read_at(&mut self, fd: RawFd, offset: u64, length: u64) -> Result<Vec<u8>, Errno> {
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| Errno::EFBIG)?];
        // SAFETY: the keeper holds the descriptor of its job message open while it fills the jail.
        let file = unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned().map_err(io)?;
        std::fs::File::from(file).read_exact_at(&mut bytes, offset).map_err(io)?;
        Ok(bytes)
    }

    fn is_folder(&mut self, path: &str) -> Result<bool, Errno> {
        std::fs::metadata(self.way_to(path)).map(|about| about.is_dir()).map_err(io)
    }

    fn join(&mut self, tasks: RawFd) -> Result<(), Errno> {
        // SAFETY: as for `read_at`: descriptors of the job message are open until the program runs.
        unistd::write(unsafe { BorrowedFd::borrow_raw(tasks) }, b"0").map(drop)
    }

    fn put_at(&mut self, fd: RawFd, place: RawFd) -> Result<(), Errno> {
        // SAFETY: `dup2` takes two numbers. The streams' places are replaced on purpose.
        check(unsafe { libc::dup2(fd, place) }.into()).map(drop)
    }

    fn close_rest_on_execute(&mut self, from: u32) -> Result<(), Errno> {
        // SAFETY: takes numbers only, and closes nothing yet.
        check(unsafe {
            libc::syscall(libc::SYS_close_range, from, u32::MAX, libc::CLOSE_RANGE_CLOEXEC)
        })
        .map(drop)
    }

    fn landlock(&mut self, abi: u32) -> Result<(), Errno> {
        restrict::restrict(abi)
    }

    fn filter_calls(&mut self, door: RawFd) -> Result<(), Errno> {
        let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
        let listener = load(&self.filter, flags)?;
        // SAFETY: the kernel has just made this descriptor for us, and nothing else owns it.
        let listener = unsafe { OwnedFd::from_raw_fd(listener as RawFd) };
        // SAFETY: the process holds its door open until it executes the program.
        let door = unsafe { BorrowedFd::borrow_raw(door) };
        wire::send(door, &FromProgram::Listener, &[listener.as_fd()])
    }

    fn starting(&mut self, door: RawFd) -> Result<(), Errno> {
        // SAFETY: as above.
        wire::send(unsafe { BorrowedFd::borrow_raw(door) }, &FromProgram::Starting, &[])
    }

    fn execute(&mut self, arguments: &[String], environment: &[String]) -> Errno {
        crate::child::execute(arguments, environment)
    }
}

fn load(program: &[libc::sock_filter], flags: libc::c_ulong) -> Result<libc::c_long, Errno> {
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::EINVAL)?,
        filter: program.as_ptr().cast_mut(),
    };
    let mode = libc::SECCOMP_SET_MODE_FILTER;
    // SAFETY: the program is valid for the call, and the kernel copies and checks it.
    check(unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) })
}

/// Whether `fd` is readable, or its other end is gone, at this moment.
fn readable(fd: RawFd) -> Result<bool, Errno> {
    // SAFETY: the caller holds the descriptor; it is only asked about.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    state_of(fd).map(|(readable, gone)| readable || gone)
}

/// A descriptor of a process: readable once the process has ended.
pub(crate) fn pidfd_of(pid: u32) -> Result<OwnedFd, Errno> {
    // SAFETY: takes two numbers.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Kills the process behind `pidfd`. No error if it has ended already.
pub(crate) fn kill(pidfd: BorrowedFd<'_>) -> Result<(), Errno> {
    let (fd, none) = (pidfd.as_raw_fd(), std::ptr::null::<libc::siginfo_t>());
    // SAFETY: a null `siginfo` is allowed and means an ordinary signal.
    match check(unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, libc::SIGKILL, none, 0) }) {
        Err(Errno::ESRCH) | Ok(_) => Ok(()),
        Err(other) => Err(other),
    }
}

/// Waits for a message, and tells its length; 0 if the other end is closed.
pub(crate) fn waiting(socket: RawFd) -> Result<usize, Errno> {
    loop {
        let flags = libc::MSG_PEEK | libc::MSG_TRUNC;
        // SAFETY: the kernel writes nothing into a buffer of no length.
        let length = unsafe { libc::recv(socket, std::ptr::null_mut(), 0, flags) };
        match check(length as libc::c_long) {
            Err(Errno::EINTR) => {}
            other => return other.map(|length| length as usize),
        }
    }
}

/// Receives one message and the descriptors with it. Descriptors above 16 would be dropped by the
/// kernel; no message of ours has more.
pub(crate) fn receive(socket: RawFd, buffer: &mut [u8]) -> Result<(usize, Vec<OwnedFd>), Errno> {
    let mut space = nix::cmsg_space!([RawFd; 16]);
    let mut parts = [IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = loop {
        match recvmsg::<UnixAddr>(socket, &mut parts, Some(&mut space), flags) {
            Err(Errno::EINTR) => {}
            other => break other?,
        }
    };
    let mut fds = Vec::new();
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = part {
            // SAFETY: the kernel has just made these descriptors for us.
            fds.extend(numbers.iter().map(|fd| unsafe { OwnedFd::from_raw_fd(*fd) }));
        }
    }
    if message.flags.intersects(MsgFlags::MSG_TRUNC | MsgFlags::MSG_CTRUNC) {
        return Err(Errno::EMSGSIZE);
    }
    Ok((message.bytes, fds))
}

/// Takes the next report of a forbidden call: the machine it was made for, and its number.
pub(crate) fn forbidden_call(listener: BorrowedFd<'_>) -> Result<(u32, i32), Errno> {
    // SAFETY: all-zero is a valid value of this plain structure, and the kernel asks for it.
    let mut report: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    let fd = listener.as_raw_fd();
    // SAFETY: the kernel writes one structure of this size.
    let done = unsafe { libc::ioctl(fd, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut report) };
    check(done.into())?;
    Ok((report.data.arch, report.data.nr))
}

/// The kernel's version of Landlock; 0 if it has none, or none that is switched on.
pub(crate) fn landlock_version() -> u32 {
    let (none, version) = (std::ptr::null::<libc::c_void>(), 1);
    // SAFETY: with this flag the kernel reads no memory and only answers its version.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, none, 0, version) };
    u32::try_from(version).unwrap_or(0)
}

/// Lets the kernel forget children when they end, so that none is left as a zombie; or no longer.
pub(crate) fn forget_ended_children(forget: bool) {
    // SAFETY: neither ignoring a signal nor its default action runs code of ours.
    unsafe { libc::signal(libc::SIGCHLD, if forget { libc::SIG_IGN } else { libc::SIG_DFL }) };
}

/// Reaps one child that has ended, if there is one. Real-time signals have no name, so numbers.
pub(crate) fn reap() -> Result<Option<(unistd::Pid, Ended)>, Errno> {
    let mut status = 0;
    // SAFETY: the kernel writes one number.
    let pid = match check(unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) }.into()) {
        Ok(0) | Err(Errno::ECHILD) => return Ok(None),
        Err(Errno::EINTR) => return reap(),
        other => unistd::Pid::from_raw(other? as i32),
    };
    let signalled = libc::WIFSIGNALED(status).then(|| Ended::Signalled(libc::WTERMSIG(status)));
    Ok(Some((pid, signalled.unwrap_or(Ended::Exited(libc::WEXITSTATUS(status))))))
}

/// What is to be said of a descriptor at this moment: whether there is something to read, and whether
/// its other side is gone.
pub(crate) fn state_of(fd: BorrowedFd<'_>) -> Result<(bool, bool), Errno> {
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO)?;
    let events = fds[0].revents().unwrap_or(PollFlags::empty());
    let gone = PollFlags::POLLHUP | PollFlags::POLLERR;
    Ok((events.contains(PollFlags::POLLIN), events.intersects(gone)))
}
