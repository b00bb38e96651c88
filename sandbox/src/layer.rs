//! The layers of the jail, and how to mend each where a machine lacks it.

use std::fmt;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

/// One wall of the jail. Each holds by itself; together they forgive a mistake in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// User, pid, mount, net, ipc, uts and cgroup namespaces.
    Namespaces,
    /// The supervisor's death is the jail's death.
    Lifeline,
    /// A root of its own, read-only.
    Root,
    /// `/work` and `/tmp`, bounded in size and number of files.
    Work,
    /// `/proc` with nothing but the jail's own processes.
    Proc,
    /// Five device nodes.
    Devices,
    /// Memory, processes and processor time of the whole job.
    Cgroup,
    /// The job's input files.
    Files,
    /// No descriptor but 0, 1 and 2.
    Descriptors,
    /// A session, signal handlers and a mask of its own.
    Session,
    /// Limits of each process, beneath those of the job.
    Rlimits,
    /// A user that owns nothing, without groups.
    Identity,
    /// No capability, none to be had.
    Capabilities,
    /// No program can gain privileges by being executed.
    NoNewPrivileges,
    /// Landlock: files and network once more, by another mechanism.
    Landlock,
    /// A list of allowed system calls.
    Seccomp,
    /// The program itself.
    Program,
}

impl Layer {
    /// The name that errors and tables use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Lifeline => "lifeline",
            Self::Root => "root",
            Self::Work => "work",
            Self::Proc => "proc",
            Self::Devices => "devices",
            Self::Cgroup => "cgroup",
            Self::Files => "files",
            Self::Descriptors => "descriptors",
            Self::Session => "session",
            Self::Rlimits => "rlimits",
            Self::Identity => "identity",
            Self::Capabilities => "capabilities",
            Self::NoNewPrivileges => "no-new-privileges",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Program => "program",
        }
    }

    /// What to do where a step of this layer fails with `cause`.
    #[must_use]
    pub fn mend(self, cause: Errno) -> &'static str {
        match (self, cause) {
            (Self::Namespaces, Errno::ENOSPC) => {
                "raise the sysctls user.max_*_namespaces, one of them is used up"
            }
            (Self::Namespaces, _) => {
                "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, \
                 user.max_user_namespaces above 0, kernel.apparmor_restrict_unprivileged_userns=0"
            }
            (Self::Root, Errno::ENOENT) => "a file or folder of the image is not on this machine",
            (Self::Root, Errno::EINVAL) => {
                "a folder of the image has other file systems mounted below it: name them one by one"
            }
            (Self::Root, _) => "the kernel must be 5.12 or later, and the image's parts readable",
            (Self::Work, _) => "the kernel needs tmpfs in user namespaces (5.12 or later)",
            (Self::Proc, Errno::EPERM) => {
                "something is mounted over parts of /proc (as containers do): start the supervisor \
                 where /proc is whole, in docker with --security-opt systempaths=unconfined"
            }
            (Self::Proc, _) => "the kernel must be 5.8 or later for subset=pid",
            (Self::Devices, _) => "/dev of this machine lacks null, zero, full, random or urandom",
            (Self::Cgroup, _) => "see 'playhouse-sandbox check' for what is missing of the cgroups",
            (Self::Files, Errno::ENOSPC) => "raise work_bytes or work_files, the files do not fit",
            (Self::Files, _) => "check the names of the input files",
            (Self::Descriptors, _) => "the kernel must be 5.11 or later for close_range",
            (Self::Rlimits, _) => {
                "the supervisor's own hard limits (ulimit -H) are below the job's: raise them"
            }
            (Self::Identity, Errno::EAGAIN) => "a limit on processes per user is used up",
            (Self::Identity, _) => "the user namespace's map of ids was not accepted",
            (Self::Landlock, _) => "the kernel says it has Landlock but refuses the rules",
            (Self::Seccomp, Errno::EBUSY) => {
                "another filter with a listener is loaded already: start the supervisor without it"
            }
            (Self::Seccomp, _) => "the kernel needs CONFIG_SECCOMP_FILTER, 5.0 or later",
            (Self::Program, Errno::ENOENT) => "the program is not in the image or in /work",
            (Self::Program, Errno::EACCES) => "the program may not be executed: see its mode",
            (Self::Lifeline | Self::Session | Self::Capabilities | Self::NoNewPrivileges, _)
            | (Self::Program, _) => "this fails on no kernel that is in use: please report it",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
