//! Why a job did not run: which step failed, to which layer it belongs, and how to mend it.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::image::ImageError;
use crate::layer::Layer;
use crate::spec::SpecError;
use crate::tier::Tier;

/// A step of the set-up failed, so the program did not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFailed {
    /// The step, as the plan writes it.
    pub step: String,
    /// The layer it belongs to.
    pub layer: Layer,
    /// The kernel's error number.
    pub errno: i32,
}

impl StepFailed {
    /// What went wrong, in the kernel's words.
    #[must_use]
    pub fn cause(&self) -> Errno {
        Errno::from_raw(self.errno)
    }
}

impl std::fmt::Display for StepFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (step, layer) = (&self.step, self.layer);
        let (cause, mend) = (self.cause().desc(), layer.mend(self.cause()));
        write!(f, "failed at the step '{step}' of the layer {layer}: {cause}; {mend}")
    }
}

impl std::error::Error for StepFailed {}

/// Why a job did not run, or its end could not be made sure of.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The job is not one.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The image is not one.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The tier that was asked for cannot be had here.
    #[error("the tier {tier} cannot be had here: {reason}; {mend}")]
    Tier {
        /// The tier.
        tier: Tier,
        /// What is missing.
        reason: String,
        /// What to do about it.
        mend: String,
    },
    /// A layer could not be set up. The program did not run.
    #[error("the program did not run: {0}")]
    SetUp(#[from] StepFailed),
    /// A cgroup file could not be written or read.
    #[error("the program did not run: failed to {doing} {path}; {mend}", path = path.display())]
    Cgroup {
        /// What was tried, such as `write 64 to`.
        doing: String,
        /// The file or folder.
        path: PathBuf,
        /// What to do about it.
        mend: &'static str,
        /// The cause.
        #[source]
        cause: io::Error,
    },
    /// The program itself could not be started: it is not there, or is none.
    #[error("failed to start '{program}': {cause}")]
    Program {
        /// Its name.
        program: String,
        /// The cause.
        cause: Errno,
    },
    /// The jail's keeper ended before the program did, and not by our doing.
    #[error("the jail was lost while {doing}")]
    Lost {
        /// What was going on.
        doing: &'static str,
    },
    /// The zygote died, and so did those that were started in its place.
    #[error(
        "the zygote {helper} died {deaths} times in a row, the last time while {doing}: no jail can \
        be made; see that it is the program that was started and calls begin_if_asked first, and \
        that the machine has memory and processes left", helper = helper.display()
    )]
    Zygote {
        /// The program that becomes the zygote.
        helper: PathBuf,
        /// How often.
        deaths: u32,
        /// What was going on the last time.
        doing: &'static str,
    },
    /// After the kill something of the job is still there. Its results were not read.
    #[error("{left} processes of the job are still there {after_ms} ms after they were killed")]
    NotEmpty {
        /// How many.
        left: usize,
        /// How long it was waited for.
        after_ms: u64,
    },
    /// A descriptor, pipe or thread of the supervisor's own could not be had.
    #[error("failed to {doing}")]
    Own {
        /// What was tried.
        doing: &'static str,
        /// The cause.
        #[source]
        cause: io::Error,
    },
}

impl Error {
    pub(crate) fn own(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Own { doing, cause }
    }

    pub(crate) fn errno(doing: &'static str) -> impl FnOnce(Errno) -> Self {
        move |errno| Self::Own { doing, cause: errno.into() }
    }
}
