//! What a job did, in numbers that were measured and never guessed.

use serde::{Deserialize, Serialize};

use crate::tier::Tier;
use crate::verdict::Verdict;

/// What a job did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How strong the walls were.
    pub tier: Tier,
    /// Version of the kernel's Landlock that was used beside the other walls; none if it has none.
    pub landlock: Option<u32>,
    /// Processor time of all processes together, in microseconds.
    pub cpu_us: u64,
    /// Time on the clock, in microseconds, from just before the program started.
    pub wall_us: u64,
    /// Greatest memory of all processes together, in bytes. Under [`Tier::RootlessNoCgroup`] that
    /// of the largest process.
    pub peak_memory_bytes: u64,
    /// How often the kernel killed a process because the memory limit was reached.
    pub oom_kills: u64,
    /// How often a process was refused because of the limit on processes.
    pub processes_refused: u64,
    /// Bytes that the program wrote to standard output before it ended or was stopped.
    pub stdout_bytes: u64,
    /// Bytes that the program wrote to standard error.
    pub stderr_bytes: u64,
    /// The results that were asked for.
    pub results: Vec<ResultFile>,
}

/// A file that the job was asked to leave in `/work`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultFile {
    /// Its path below `/work`.
    pub name: String,
    /// Why it is not handed back, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// What it holds; empty if it was refused.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// Why a result file is not handed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// It is not there.
    Missing,
    /// A symbolic link is part of its path, or it leaves `/work`.
    LeavesWork,
    /// A folder, a FIFO, a socket or a device.
    NotAFile,
    /// It has a second name somewhere.
    HardLink,
    /// It is larger than the limit.
    TooLarge,
    /// It could not be read.
    Unreadable,
}

/// A finished job: its report, and what it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What it did.
    pub report: Report,
    /// Standard output, up to the limit.
    pub stdout: Vec<u8>,
    /// Standard error, up to the limit.
    pub stderr: Vec<u8>,
}
