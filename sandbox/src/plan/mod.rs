//! The plan of a jail: every step of its set-up, in order, as plain data.
//!
//! A plan is made by the supervisor, carried to the jail in a message, and carried out there step by
//! step by [`carry_out`](crate::steps::carry_out), which knows nothing but the steps. So the order of
//! set-up can be read and tested as text, and each step can be made to fail in a test.

mod make;
mod text;

use serde::{Deserialize, Serialize};

use crate::layer::Layer;

pub(crate) use make::{Ids, Walls, build, job, root};

/// Where the new root is put together before it becomes the root: a folder that every Linux has and
/// that no image shows a part of.
pub(crate) const STAGE: &str = "/sys";

/// One step of the set-up. Each is one system call, or a few that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    HoldPart {
        from: String,
    },
    BecomeFirst {
        setgroups: bool,
    },
    DieWithZygote,
    NewSession,
    Hostname {
        name: String,
    },
    PrivateMounts,
    Tmpfs {
        at: String,
        size_bytes: u64,
        files: u64,
        mode: u32,
        owner: u32,
        exec: bool,
    },
    Folder {
        at: String,
    },
    Bind {
        from: String,
        to: String,
    },
    Link {
        at: String,
        target: String,
    },
    Text {
        at: String,
        text: String,
    },
    Device {
        name: String,
    },
    Proc {
        at: String,
    },
    PivotRoot,
    SealRoot,
    Undumpable,
    ResizeTmpfs {
        at: String,
        size_bytes: u64,
        files: u64,
    },
    File {
        at: String,
        offset: u64,
        length: u64,
        executable: bool,
        owner: u32,
    },
    JoinGroups,
    CgroupNamespace,
    StandardStreams,
    CloseTheRest,
    DefaultSignals,
    Umask {
        mask: u32,
    },
    WorkFolder,
    Rlimit {
        which: Resource,
        value: u64,
    },
    EmptyBoundingSet,
    NoGroups,
    Become {
        id: u32,
    },
    DropCapabilities,
    NoNewPrivileges,
    Landlock {
        abi: u32,
    },
    FilterCalls,
    Starting,
    Execute {
        arguments: Vec<String>,
        environment: Vec<String>,
    },
    /// Fails in the place of another step, for those who want to see what happens then.
    Sabotaged {
        step: Box<Step>,
    },
}

/// A limit of each process, beneath those of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Resource {
    AddressSpace,
    Core,
    Cpu,
    Data,
    FileSize,
    LockedMemory,
    MessageQueues,
    Nice,
    OpenFiles,
    PendingSignals,
    Processes,
    RealTimePriority,
    Stack,
}

impl Step {
    /// The layer that the step belongs to.
    pub(crate) const fn layer(&self) -> Layer {
        match self {
            Self::Sabotaged { step } => step.layer(),
            Self::BecomeFirst { .. } | Self::Hostname { .. } | Self::CgroupNamespace => {
                Layer::Namespaces
            }
            Self::DieWithZygote | Self::Undumpable | Self::Starting => Layer::Lifeline,
            Self::NewSession | Self::DefaultSignals | Self::Umask { .. } => Layer::Session,
            Self::PrivateMounts
            | Self::HoldPart { .. }
            | Self::Folder { .. }
            | Self::Bind { .. }
            | Self::Link { .. }
            | Self::Text { .. }
            | Self::PivotRoot
            | Self::SealRoot => Layer::Root,
            Self::Tmpfs { exec, .. } => {
                if *exec {
                    Layer::Work
                } else {
                    Layer::Root
                }
            }
            Self::ResizeTmpfs { .. } | Self::WorkFolder => Layer::Work,
            Self::Device { .. } => Layer::Devices,
            Self::Proc { .. } => Layer::Proc,
            Self::File { .. } => Layer::Files,
            Self::JoinGroups => Layer::Cgroup,
            Self::StandardStreams | Self::CloseTheRest => Layer::Descriptors,
            Self::Rlimit { .. } => Layer::Rlimits,
            Self::EmptyBoundingSet | Self::DropCapabilities => Layer::Capabilities,
            Self::NoGroups | Self::Become { .. } => Layer::Identity,
            Self::NoNewPrivileges => Layer::NoNewPrivileges,
            Self::Landlock { .. } => Layer::Landlock,
            Self::FilterCalls => Layer::Seccomp,
            Self::Execute { .. } => Layer::Program,
        }
    }
}

/// Lets the step with this number fail; the steps of several lists are numbered through.
pub(crate) fn sabotage<'a>(steps: impl Iterator<Item = &'a mut Step>, number: Option<usize>) {
    let mut steps = steps;
    if let Some(step) = number.and_then(|number| steps.nth(number)) {
        *step = Step::Sabotaged { step: Box::new(step.clone()) };
    }
}

/// What a jail is built by, before there is a job for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Build {
    /// Steps of the keeper. Where there are no roots to be had they build the root too.
    pub(crate) walls: Vec<Step>,
    /// Steps of the program's process, after which it waits for its job.
    pub(crate) program: Vec<Step>,
    /// Whether the process is born in a cgroup of version 2, whose folder came with the message.
    pub(crate) born_in_cgroup: bool,
}

/// What is done for one job: `fill` by the keeper, then `run` by the program's process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    /// Steps of the keeper.
    pub(crate) fill: Vec<Step>,
    /// Steps of the program's process; the last executes the program.
    pub(crate) run: Vec<Step>,
}
