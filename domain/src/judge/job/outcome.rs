//! What a run did, in numbers that were measured.

use playhouse_protocol::ids::JobId;
use serde::{Deserialize, Serialize};

use crate::judge::verdict::Verdict;

/// What one run in the jail did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// How it ended.
    pub verdict: Verdict,
    /// Its exit status, if it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Processor time of all its processes, in microseconds.
    pub cpu_us: u64,
    /// Time on the clock, in microseconds.
    pub wall_us: u64,
    /// The most memory of everything together, in bytes.
    pub peak_memory_bytes: u64,
    /// What there is to say of it, in one sentence.
    pub message: Option<String>,
}

/// What the compiler did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compile {
    /// True if the program was compiled before, and the compiler did not run.
    pub cached: bool,
    /// What it did; of one that was compiled before, what it did then.
    pub ran: Ran,
    /// What it said, as much as is kept.
    pub output: String,
}

/// What one test came to; without tests, the one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Points that it brought.
    pub points: u32,
    /// What the run did.
    pub ran: Ran,
    /// What it wrote, as much as is kept; none where that is hidden.
    pub stdout: Option<String>,
    /// What it wrote to standard error.
    pub stderr: Option<String>,
}

/// A stream of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// That of the first test that failed, if one did.
    pub verdict: Verdict,
    /// What there is to say of it.
    pub message: Option<String>,
    /// Points of the tests that were passed.
    pub score: u32,
    /// How strong the walls were; none if nothing ran.
    pub tier: Option<String>,
}

/// What somebody outside is told of a job that was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Which.
    pub job: JobId,
    /// Where it is told.
    pub url: String,
    /// What signs it.
    pub secret: Option<String>,
    /// What is told, as JSON.
    pub body: String,
    /// When it was judged, in ms since 1970: it is told for so long and no longer.
    pub at_ms: u64,
}
