//! What an attack may end with.

use std::fmt;

use crate::verdict::Verdict;

/// What an attack may end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// It ended well: every try of it was refused.
    Held,
    /// It ended with this status.
    Failed(i32),
    /// This signal ended it.
    Signalled(i32),
    /// It ran out of processor time.
    CpuTime,
    /// It ran out of time on the clock.
    WallTime,
    /// It ran out of memory.
    Memory,
    /// It wrote too much.
    Output,
    /// It was stopped for this system call.
    Forbidden(&'static str),
    /// It was stopped for a call in another machine's numbering.
    Foreign,
    /// The compiler refused it, or met one of the limits; it never ended well.
    NotBuilt,
    /// It met the limit on processes, and then one of the limits ended it.
    Bounded,
    /// It ran out of memory or stack, whichever came first.
    MemoryOrStack,
    /// It used up its fuel.
    Fuel,
    /// It trapped.
    Trapped,
}

impl Expect {
    /// Whether a verdict is the expected one.
    #[must_use]
    pub fn is_met_by(self, verdict: &Verdict) -> bool {
        match (self, verdict) {
            (Self::Held, Verdict::Ok)
            | (Self::CpuTime, Verdict::CpuTime)
            | (Self::WallTime, Verdict::WallTime)
            | (Self::Memory | Self::MemoryOrStack, Verdict::Memory)
            | (Self::MemoryOrStack, Verdict::Signalled { signal: libc::SIGSEGV })
            | (Self::Output, Verdict::Output)
            | (Self::Fuel, Verdict::Fuel)
            | (Self::Trapped, Verdict::Trapped)
            | (Self::Bounded, Verdict::Memory | Verdict::CpuTime | Verdict::WallTime) => true,
            (Self::Failed(wanted), Verdict::Failed { status }) => wanted == *status,
            (Self::Signalled(wanted), Verdict::Signalled { signal }) => wanted == *signal,
            (Self::Forbidden(wanted), Verdict::Forbidden { call }) => call == wanted,
            (Self::Foreign, Verdict::Forbidden { call }) => call.contains("another machine"),
            (Self::NotBuilt, verdict) => {
                !matches!(verdict, Verdict::Ok | Verdict::Forbidden { .. })
            }
            _ => false,
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => f.write_str("held"),
            Self::Failed(status) => write!(f, "status {status}"),
            Self::Signalled(signal) => write!(f, "signal {signal}"),
            Self::CpuTime => f.write_str("cpu time"),
            Self::WallTime => f.write_str("wall time"),
            Self::Memory => f.write_str("memory"),
            Self::Output => f.write_str("output"),
            Self::Forbidden(call) => write!(f, "forbidden {call}"),
            Self::Foreign => f.write_str("forbidden, foreign"),
            Self::NotBuilt => f.write_str("not built"),
            Self::Bounded => f.write_str("a limit"),
            Self::MemoryOrStack => f.write_str("memory or signal 11"),
            Self::Fuel => f.write_str("fuel"),
            Self::Trapped => f.write_str("trapped"),
        }
    }
}
