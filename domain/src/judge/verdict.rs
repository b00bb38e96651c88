//! How a run ended, in one word.

use serde::{Deserialize, Serialize};

/// How a run, a case or a whole job ended. What belongs to it (a signal, an exit status, a cause) stands
/// beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The answer is right; without tests, it ended by itself with status 0.
    Accepted,
    /// It ended by itself with status 0, and the checker said no.
    WrongAnswer,
    /// All its processes together used more processor time than they may.
    TimeLimit,
    /// It was still there when its time on the clock was over.
    WallLimit,
    /// The kernel killed a process of it for want of memory.
    MemoryLimit,
    /// It wrote more than it may.
    OutputLimit,
    /// It failed, and before that was refused a process because it had as many as it may.
    ProcessLimit,
    /// A signal ended it, or it ended with another status than 0, or a module did what none may.
    RuntimeError,
    /// It could not be compiled.
    CompileError,
    /// It tried a system call that no program needs.
    SecurityViolation,
    /// The judge failed, not the program.
    InternalError,
    /// It was called off.
    Cancelled,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 12] = [
        Self::Accepted,
        Self::WrongAnswer,
        Self::TimeLimit,
        Self::WallLimit,
        Self::MemoryLimit,
        Self::OutputLimit,
        Self::ProcessLimit,
        Self::RuntimeError,
        Self::CompileError,
        Self::SecurityViolation,
        Self::InternalError,
        Self::Cancelled,
    ];

    /// True for the one good end.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        self == Self::Accepted
    }
}
