//! Steps as text, for errors and for the test that shows a whole plan.

use std::fmt;

use super::{Resource, Step};

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HoldPart { from } => write!(f, "find {from}"),
            Self::BecomeFirst { setgroups: true } => {
                f.write_str("become the jail's root, without groups")
            }
            Self::BecomeFirst { setgroups: false } => f.write_str("become the jail's keeper"),
            Self::DieWithZygote => f.write_str("die with the zygote"),
            Self::NewSession => f.write_str("start a session"),
            Self::Hostname { name } => write!(f, "set the host name {name}"),
            Self::PrivateMounts => f.write_str("make all mounts private"),
            Self::Tmpfs { at, size_bytes, files, mode, owner, exec } => {
                let exec = if *exec { "" } else { ",noexec" };
                write!(
                    f,
                    "mount tmpfs on {at} size={size_bytes},nr_inodes={files},mode={mode:04o},\
                     uid={owner},nosuid,nodev{exec}"
                )
            }
            Self::Folder { at } => write!(f, "make the folder {at}"),
            Self::Bind { from, to } if from == to => write!(f, "show {from} ro,nosuid,nodev"),
            Self::Bind { from, to } => write!(f, "show {from} at {to} ro,nosuid,nodev"),
            Self::Link { at, target } => write!(f, "link {at} to {target}"),
            Self::Text { at, .. } => write!(f, "write {at}"),
            Self::Device { name } => write!(f, "show the device {name} ro,nosuid,noexec"),
            Self::Proc { at } => {
                write!(f, "mount proc on {at} subset=pid,hidepid=invisible,nosuid,nodev,noexec")
            }
            Self::PivotRoot => f.write_str("pivot the root and detach the old one"),
            Self::SealRoot => f.write_str("make the root read-only"),
            Self::Undumpable => f.write_str("forbid to look into the keeper"),
            Self::ResizeTmpfs { at, size_bytes, files } => {
                write!(f, "resize {at} to size={size_bytes},nr_inodes={files}")
            }
            Self::File { at, length, executable, .. } => {
                let mode = if *executable { "0755" } else { "0644" };
                write!(f, "write the file {at} {length} bytes mode={mode}")
            }
            Self::JoinGroups => f.write_str("join the cgroups of version 1 by their tasks files"),
            Self::CgroupNamespace => f.write_str("unshare the cgroup namespace"),
            Self::StandardStreams => f.write_str("put the streams at 0, 1 and 2"),
            Self::CloseTheRest => f.write_str("close every other descriptor on execute"),
            Self::DefaultSignals => f.write_str("give every signal its default and unblock all"),
            Self::Umask { mask } => write!(f, "set the umask {mask:04o}"),
            Self::WorkFolder => f.write_str("go to /work"),
            Self::Rlimit { which, value } => write!(f, "limit {} to {value}", which.name()),
            Self::EmptyBoundingSet => f.write_str("empty the bounding and ambient sets"),
            Self::NoGroups => f.write_str("drop all groups"),
            Self::Become { id } => write!(f, "become user and group {id}"),
            Self::DropCapabilities => f.write_str("drop all capabilities"),
            Self::NoNewPrivileges => f.write_str("give up new privileges"),
            Self::Landlock { abi } => write!(f, "restrict by landlock version {abi}"),
            Self::FilterCalls => {
                f.write_str("allow listed calls, report forbidden and foreign ones, else ENOSYS")
            }
            Self::Starting => f.write_str("tell the supervisor that the program starts"),
            Self::Sabotaged { step } => step.fmt(f),
            Self::Execute { arguments, .. } => write!(f, "execute {}", arguments.join(" ")),
        }
    }
}

impl Resource {
    /// The name of the limit in the kernel's manual.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::AddressSpace => "RLIMIT_AS",
            Self::Core => "RLIMIT_CORE",
            Self::Cpu => "RLIMIT_CPU",
            Self::Data => "RLIMIT_DATA",
            Self::FileSize => "RLIMIT_FSIZE",
            Self::LockedMemory => "RLIMIT_MEMLOCK",
            Self::MessageQueues => "RLIMIT_MSGQUEUE",
            Self::Nice => "RLIMIT_NICE",
            Self::OpenFiles => "RLIMIT_NOFILE",
            Self::PendingSignals => "RLIMIT_SIGPENDING",
            Self::Processes => "RLIMIT_NPROC",
            Self::RealTimePriority => "RLIMIT_RTPRIO",
            Self::Stack => "RLIMIT_STACK",
        }
    }
}
