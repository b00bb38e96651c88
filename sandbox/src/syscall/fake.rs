//! Records every call and fails the one it is told to fail. For tests.

use std::os::fd::RawFd;

use nix::errno::Errno;

use super::{Syscalls, Tmpfs};
use crate::plan::Resource;

/// Records calls; the one whose number is `fail_at` fails, and so does everything after it.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) calls: Vec<String>,
    pub(crate) fail_at: Option<usize>,
}

impl Recorder {
    fn record(&mut self, call: String) -> Result<(), Errno> {
        let number = self.calls.len();
        self.calls.push(call);
        if self.fail_at.is_some_and(|at| number >= at) { Err(Errno::EPERM) } else { Ok(()) }
    }
}

impl Syscalls for Recorder {
    fn become_ids(&mut self, id: u32) -> Result<(), Errno> {
        self.record(format!("become {id}"))
    }
    fn drop_groups(&mut self) -> Result<(), Errno> {
        self.record("setgroups []".into())
    }
    fn drop_capabilities(&mut self) -> Result<(), Errno> {
        self.record("capset empty".into())
    }
    fn empty_bounding_set(&mut self) -> Result<(), Errno> {
        self.record("bounding set empty".into())
    }
    fn no_new_privileges(&mut self) -> Result<(), Errno> {
        self.record("no new privileges".into())
    }
    fn die_with_parent(&mut self, _: RawFd) -> Result<(), Errno> {
        self.record("parent death signal".into())
    }
    fn undumpable(&mut self) -> Result<(), Errno> {
        self.record("dumpable 0".into())
    }
    fn session(&mut self) -> Result<(), Errno> {
        self.record("setsid".into())
    }
    fn default_signals(&mut self) -> Result<(), Errno> {
        self.record("default signals".into())
    }
    fn umask(&mut self, mask: u32) -> Result<(), Errno> {
        self.record(format!("umask {mask:o}"))
    }
    fn hostname(&mut self, name: &str) -> Result<(), Errno> {
        self.record(format!("hostname {name}"))
    }
    fn rlimit(&mut self, which: Resource, value: u64) -> Result<(), Errno> {
        self.record(format!("rlimit {} {value}", which.name()))
    }
    fn hold(&mut self, path: &str) -> Result<(), Errno> {
        self.record(format!("open {path}"))
    }
    fn private_mounts(&mut self) -> Result<(), Errno> {
        self.record("mount private /".into())
    }
    fn tmpfs(&mut self, tmpfs: Tmpfs<'_>) -> Result<(), Errno> {
        self.record(format!("mount tmpfs {}", tmpfs.at))
    }
    fn resize_tmpfs(&mut self, at: &str, _: u64, _: u64) -> Result<(), Errno> {
        self.record(format!("remount {at}"))
    }
    fn proc(&mut self, at: &str) -> Result<(), Errno> {
        self.record(format!("mount proc {at}"))
    }
    fn bind(&mut self, from: &str, to: &str, _: bool) -> Result<(), Errno> {
        self.record(format!("bind {from} {to}"))
    }
    fn pivot(&mut self, root: &str) -> Result<(), Errno> {
        self.record(format!("pivot_root {root}"))
    }
    fn seal(&mut self, at: &str) -> Result<(), Errno> {
        self.record(format!("remount read-only {at}"))
    }
    fn cgroup_namespace(&mut self) -> Result<(), Errno> {
        self.record("unshare cgroup".into())
    }
    fn go_to(&mut self, folder: &str) -> Result<(), Errno> {
        self.record(format!("chdir {folder}"))
    }
    fn folder(&mut self, at: &str) -> Result<(), Errno> {
        self.record(format!("mkdir {at}"))
    }
    fn link(&mut self, at: &str, target: &str) -> Result<(), Errno> {
        self.record(format!("symlink {at} {target}"))
    }
    fn file(&mut self, at: &str, bytes: &[u8], _: u32, _: Option<u32>) -> Result<(), Errno> {
        self.record(format!("write {at} {}", bytes.len()))
    }
    fn read_at(&mut self, _: RawFd, offset: u64, length: u64) -> Result<Vec<u8>, Errno> {
        self.record(format!("read {offset} {length}")).map(|()| vec![0; length as usize])
    }
    fn is_folder(&mut self, path: &str) -> Result<bool, Errno> {
        self.record(format!("stat {path}")).map(|()| true)
    }
    fn join(&mut self, tasks: RawFd) -> Result<(), Errno> {
        self.record(format!("join {tasks}"))
    }
    fn put_at(&mut self, fd: RawFd, place: RawFd) -> Result<(), Errno> {
        self.record(format!("dup {fd} {place}"))
    }
    fn close_rest_on_execute(&mut self, from: u32) -> Result<(), Errno> {
        self.record(format!("close_range {from} cloexec"))
    }
    fn landlock(&mut self, abi: u32) -> Result<(), Errno> {
        self.record(format!("landlock {abi}"))
    }
    fn filter_calls(&mut self, _: RawFd) -> Result<(), Errno> {
        self.record("seccomp".into())
    }
    fn starting(&mut self, _: RawFd) -> Result<(), Errno> {
        self.record("send starting".into())
    }
    fn execute(&mut self, arguments: &[String], _: &[String]) -> Errno {
        let _ = self.record(format!("execve {}", arguments.join(" ")));
        Errno::ENOENT
    }
}
