//! How a job ended, decided from what was measured and counted: never from a signal alone.

use serde::{Deserialize, Serialize};

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The program ended by itself with status 0.
    Ok,
    /// The program ended by itself with another status.
    Failed {
        /// The exit status, 1 to 255.
        status: i32,
    },
    /// A signal ended the program, and none of the limits was the cause.
    Signalled {
        /// The signal's number.
        signal: i32,
    },
    /// All processes together used more processor time than the limit.
    CpuTime,
    /// The program was still running when its time on the clock was over.
    WallTime,
    /// The kernel had to kill a process because the memory limit was reached.
    Memory,
    /// Standard output, standard error or a file grew past its limit.
    Output,
    /// A system call was tried that no program needs here. The job was killed at once.
    Forbidden {
        /// The call's name, or its number in another machine's numbering.
        call: String,
    },
    /// Whoever started the job called it off.
    Cancelled,
}

/// Why the supervisor killed the job, if it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Killed {
    Cpu,
    Wall,
    Memory,
    Output,
    Forbidden,
    Cancelled,
}

/// How the program's first process ended, as its keeper in the jail saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ended {
    Exited(i32),
    Signalled(i32),
}

/// Everything that the verdict rests on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    pub(crate) killed: Option<Killed>,
    pub(crate) ended: Option<Ended>,
    pub(crate) forbidden: Option<String>,
    pub(crate) oom_kills: u64,
    pub(crate) cpu_ms: u64,
    pub(crate) cpu_limit_ms: u64,
}

/// Decides the verdict. What is worse comes first: a forbidden call, calling off, output, memory,
/// processor time, time on the clock, and only then how the program itself ended.
pub(crate) fn judge(evidence: &Evidence) -> Verdict {
    if let Some(call) = &evidence.forbidden {
        return Verdict::Forbidden { call: call.clone() };
    }
    let signal = |wanted| evidence.ended == Some(Ended::Signalled(wanted));
    let over = evidence.cpu_ms >= evidence.cpu_limit_ms;
    match evidence.killed {
        Some(Killed::Cancelled) => return Verdict::Cancelled,
        Some(Killed::Output) => return Verdict::Output,
        _ if signal(libc::SIGXFSZ) => return Verdict::Output,
        _ if evidence.oom_kills > 0 => return Verdict::Memory,
        Some(Killed::Cpu) => return Verdict::CpuTime,
        // The rlimit beneath the cgroup's limit: the same cause, seen by the kernel first.
        _ if over && (signal(libc::SIGXCPU) || signal(libc::SIGKILL)) => return Verdict::CpuTime,
        Some(Killed::Wall) => return Verdict::WallTime,
        Some(Killed::Forbidden | Killed::Memory) | None => {}
    }
    match evidence.ended {
        Some(Ended::Exited(0)) => Verdict::Ok,
        Some(Ended::Exited(status)) => Verdict::Failed { status },
        Some(Ended::Signalled(signal)) => Verdict::Signalled { signal },
        // Its keeper died before it could tell, and nothing of ours killed it.
        None => Verdict::Signalled { signal: libc::SIGKILL },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(ended: Ended) -> Evidence {
        Evidence { ended: Some(ended), cpu_limit_ms: 1_000, ..Evidence::default() }
    }

    #[test]
    fn status_137_and_a_signal_raised_by_the_program_are_told_apart_from_what_we_did() {
        assert_eq!(judge(&ended(Ended::Exited(137))), Verdict::Failed { status: 137 });
        let sigsys = judge(&ended(Ended::Signalled(libc::SIGSYS)));
        assert_eq!(sigsys, Verdict::Signalled { signal: libc::SIGSYS });
        let sigkill = judge(&ended(Ended::Signalled(libc::SIGKILL)));
        assert_eq!(sigkill, Verdict::Signalled { signal: libc::SIGKILL });
    }

    #[test]
    fn what_is_worse_comes_first() {
        let mut all = ended(Ended::Signalled(libc::SIGKILL));
        all.cpu_ms = 1_500;
        all.killed = Some(Killed::Wall);
        assert_eq!(judge(&all), Verdict::CpuTime);
        all.oom_kills = 1;
        assert_eq!(judge(&all), Verdict::Memory);
        all.killed = Some(Killed::Output);
        assert_eq!(judge(&all), Verdict::Output);
        all.killed = Some(Killed::Cancelled);
        assert_eq!(judge(&all), Verdict::Cancelled);
        all.forbidden = Some("mount".into());
        assert_eq!(judge(&all), Verdict::Forbidden { call: "mount".into() });
    }

    #[test]
    fn a_child_that_ran_out_of_memory_counts_although_its_parent_ended_well() {
        let mut evidence = ended(Ended::Exited(0));
        evidence.oom_kills = 1;
        assert_eq!(judge(&evidence), Verdict::Memory);
    }

    #[test]
    fn a_file_past_its_limit_is_output() {
        assert_eq!(judge(&ended(Ended::Signalled(libc::SIGXFSZ))), Verdict::Output);
    }
}
