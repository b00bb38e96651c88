//! How a job ended, decided from what was measured and counted: never from a signal alone.

use serde::{Deserialize, Serialize};

use crate::module::{OUT_OF_FUEL, TRAPPED};

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
    /// A WebAssembly module used up its fuel.
    Fuel,
    /// A WebAssembly module did what none may, such as reading past its memory. Standard error says
    /// what, in its last line.
    Trapped,
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
    /// What ran was the host of a WebAssembly module.
    pub(crate) module: bool,
}

/// Decides the verdict. What is worse comes first: a forbidden call, calling off, output, memory,
/// processor time, time on the clock, and only then how the program itself ended.
/// None if its keeper died before it could tell and nothing of ours killed it: nobody knows.
pub(crate) fn judge(evidence: &Evidence) -> Option<Verdict> {
    if let Some(call) = &evidence.forbidden {
        return Some(Verdict::Forbidden { call: call.clone() });
    }
    let signal = |wanted| evidence.ended == Some(Ended::Signalled(wanted));
    let over = evidence.cpu_ms >= evidence.cpu_limit_ms;
    match evidence.killed {
        Some(Killed::Cancelled) => return Some(Verdict::Cancelled),
        Some(Killed::Output) => return Some(Verdict::Output),
        _ if signal(libc::SIGXFSZ) => return Some(Verdict::Output),
        _ if evidence.oom_kills > 0 => return Some(Verdict::Memory),
        Some(Killed::Cpu) => return Some(Verdict::CpuTime),
        // The rlimit beneath the cgroup's limit: the same cause, seen by the kernel first.
        _ if over && (signal(libc::SIGXCPU) || signal(libc::SIGKILL)) => {
            return Some(Verdict::CpuTime);
        }
        Some(Killed::Wall) => return Some(Verdict::WallTime),
        Some(Killed::Forbidden | Killed::Memory) | None => {}
    }
    Some(match evidence.ended? {
        Ended::Exited(0) => Verdict::Ok,
        Ended::Exited(status) => Verdict::Failed { status },
        // Signals by which the host of a module says how it ended: a module can raise none.
        Ended::Signalled(signal) if evidence.module && signal == OUT_OF_FUEL as i32 => {
            Verdict::Fuel
        }
        Ended::Signalled(signal) if evidence.module && signal == TRAPPED as i32 => Verdict::Trapped,
        Ended::Signalled(signal) => Verdict::Signalled { signal },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(ended: Ended) -> Evidence {
        Evidence { ended: Some(ended), cpu_limit_ms: 1_000, ..Evidence::default() }
    }

    fn told(evidence: &Evidence) -> Verdict {
        judge(evidence).unwrap()
    }

    #[test]
    fn a_job_whose_keeper_died_by_another_hand_has_no_verdict() {
        assert_eq!(judge(&Evidence { cpu_limit_ms: 1_000, ..Evidence::default() }), None);
    }

    #[test]
    fn status_137_and_a_signal_raised_by_the_program_are_told_apart_from_what_we_did() {
        assert_eq!(told(&ended(Ended::Exited(137))), Verdict::Failed { status: 137 });
        let sigsys = told(&ended(Ended::Signalled(libc::SIGSYS)));
        assert_eq!(sigsys, Verdict::Signalled { signal: libc::SIGSYS });
        let sigkill = told(&ended(Ended::Signalled(libc::SIGKILL)));
        assert_eq!(sigkill, Verdict::Signalled { signal: libc::SIGKILL });
    }

    #[test]
    fn what_is_worse_comes_first() {
        let mut all = ended(Ended::Signalled(libc::SIGKILL));
        all.cpu_ms = 1_500;
        all.killed = Some(Killed::Wall);
        assert_eq!(told(&all), Verdict::CpuTime);
        all.oom_kills = 1;
        assert_eq!(told(&all), Verdict::Memory);
        all.killed = Some(Killed::Output);
        assert_eq!(told(&all), Verdict::Output);
        all.killed = Some(Killed::Cancelled);
        assert_eq!(told(&all), Verdict::Cancelled);
        all.forbidden = Some("mount".into());
        assert_eq!(told(&all), Verdict::Forbidden { call: "mount".into() });
    }

    #[test]
    fn a_child_that_ran_out_of_memory_counts_although_its_parent_ended_well() {
        let mut evidence = ended(Ended::Exited(0));
        evidence.oom_kills = 1;
        assert_eq!(told(&evidence), Verdict::Memory);
    }

    #[test]
    fn a_file_past_its_limit_is_output() {
        assert_eq!(told(&ended(Ended::Signalled(libc::SIGXFSZ))), Verdict::Output);
    }
}
