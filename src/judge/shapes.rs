//! What the judge answers, as JSON. Rooms encode their own views; these types describe the same JSON for the
//! API's description and for clients in Rust.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::court::{Absent, Court};
use super::languages::Language;
use super::requests::Encoding;

/// What programs can be written in here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LanguageList {
    /// Those that this machine has.
    pub languages: Vec<LanguageInfo>,
    /// Those that it lacks.
    pub missing: Vec<MissingLanguage>,
    /// Whether programs can be run.
    pub sandbox: SandboxInfo,
}

/// A language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LanguageInfo {
    /// Its id.
    #[schema(example = "cpp")]
    pub id: String,
    /// Its name.
    #[schema(example = "C++")]
    pub name: String,
    /// The version of its compiler or interpreter.
    #[schema(example = "12.2.0")]
    pub version: String,
    /// What a program of one file is called.
    #[schema(example = "main.cpp")]
    pub file: String,
    /// Other names that it is known by.
    pub aliases: Vec<String>,
    /// Whether it has a compiler.
    pub compiled: bool,
    /// What a run may use unless it says otherwise.
    pub limits: RunLimits,
}

/// What a run may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunLimits {
    /// Processor time, in ms.
    pub cpu_ms: u32,
    /// Time on the clock, in ms.
    pub wall_ms: u32,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Standard output, and as much of standard error, in bytes.
    pub output_bytes: u64,
    /// Processes and threads.
    pub processes: u16,
}

/// A language that this machine lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MissingLanguage {
    /// Its id.
    #[schema(example = "go")]
    pub id: String,
    /// Its name.
    #[schema(example = "Go")]
    pub name: String,
    /// The package of Debian that brings it.
    #[schema(example = "golang-go")]
    pub package: String,
}

/// Whether programs can be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SandboxInfo {
    /// True if they can.
    pub ready: bool,
    /// How strong the walls are.
    #[schema(example = "full")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Why they cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// A job that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobAccepted {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// `queued`, or `compiling` if it has a slot already.
    #[schema(example = "queued")]
    pub phase: String,
    /// Its place among all that wait, from 1; none if it has a slot already.
    pub position: Option<u32>,
    /// How many wait.
    pub waiting: Option<u32>,
    /// Where to look.
    pub links: JobLinks,
}

/// Where a job is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobLinks {
    /// The job.
    #[serde(rename = "self")]
    pub job: String,
    /// Its channel on the live connection.
    pub channel: String,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// The account that handed it in.
    #[schema(format = "uuid")]
    pub owner: Option<String>,
    /// Its language.
    #[schema(example = "c")]
    pub language: String,
    /// `queued`, `compiling`, `running` or `judged`.
    #[schema(example = "judged")]
    pub phase: String,
    /// How often it was begun: more than once after a crash of the server.
    pub attempt: u32,
    /// Its place among all that wait, from 1; none once it has a slot.
    pub position: Option<u32>,
    /// How it ended: that of the first test that failed, if one did.
    #[schema(example = "accepted")]
    pub verdict: Option<String>,
    /// What there is to say of that.
    pub message: Option<String>,
    /// Points so far.
    pub score: u32,
    /// Every point that can be had.
    pub max_score: u32,
    /// How many tests it has; 0 if it is only run.
    pub tests: u32,
    /// What the compiler did; none where there is none, or before.
    pub compile: Option<JobCompile>,
    /// What each test that was run came to, in order; of a run without tests the one run.
    pub cases: Vec<JobCase>,
    /// What a run without tests has written so far, at most 64 KiB.
    pub stdout: String,
    /// What it has written to standard error.
    pub stderr: String,
    /// How strong the walls were.
    #[schema(example = "full")]
    pub tier: Option<String>,
    /// When it was handed in.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it got its slot.
    #[schema(format = DateTime)]
    pub started_at: Option<String>,
    /// When it was judged.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
}

/// What a compiler did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobCompile {
    /// True if the same was compiled before, and the compiler did not run.
    pub cached: bool,
    /// `accepted` or `compile_error`.
    #[schema(example = "accepted")]
    pub verdict: String,
    /// Processor time, in ms.
    pub cpu_ms: f64,
    /// Time on the clock, in ms.
    pub wall_ms: f64,
    /// Memory, in bytes.
    pub peak_memory_bytes: u64,
    /// Its exit status, if it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why it failed.
    pub message: Option<String>,
    /// What it said, at most 16 KiB.
    pub output: String,
}

/// What a test came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobCase {
    /// Its name.
    pub name: String,
    /// How it ended.
    #[schema(example = "wrong_answer")]
    pub verdict: String,
    /// Points that it brought.
    pub points: u32,
    /// Processor time, in ms.
    pub cpu_ms: f64,
    /// Time on the clock, in ms.
    pub wall_ms: f64,
    /// Memory, in bytes.
    pub peak_memory_bytes: u64,
    /// Its exit status, if it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What there is to say of it.
    pub message: Option<String>,
    /// The first KiB of what it wrote; none where that is hidden, and of a run without tests.
    pub stdout: Option<String>,
    /// The same of standard error.
    pub stderr: Option<String>,
}

/// A program, as it was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobSource {
    /// Its language.
    #[schema(example = "c")]
    pub language: String,
    /// Its files; the first is the one that is compiled or run.
    pub files: Vec<SourceFile>,
}

/// A file of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its path.
    #[schema(example = "main.c")]
    pub name: String,
    /// What it holds.
    pub content: String,
    /// How that is written: `base64` of what is no text.
    pub encoding: Encoding,
}

/// A job in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobRow {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Its language.
    pub language: String,
    /// `queued`, `compiling`, `running` or `judged`.
    pub phase: String,
    /// How it ended.
    pub verdict: Option<String>,
    /// Points so far.
    pub score: u32,
    /// Every point that can be had.
    pub max_score: u32,
    /// When it was handed in.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was judged.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
}

impl From<playhouse_domain::judge::Limits> for RunLimits {
    fn from(limits: playhouse_domain::judge::Limits) -> Self {
        Self {
            cpu_ms: limits.cpu_ms,
            wall_ms: limits.wall_ms,
            memory_bytes: limits.memory_bytes,
            output_bytes: limits.output_bytes,
            processes: limits.processes,
        }
    }
}

impl From<&Language> for LanguageInfo {
    fn from(language: &Language) -> Self {
        let block = &language.block;
        let limits = block.limits.of(&playhouse_domain::judge::Limits::of_run());
        Self {
            id: block.id.clone(),
            name: block.name.clone(),
            version: language.version.clone(),
            file: block.file.clone(),
            aliases: block.aliases.clone(),
            compiled: language.is_compiled(),
            limits: limits.into(),
        }
    }
}

impl LanguageList {
    /// What `court` has; or why there is none.
    #[must_use]
    pub fn of(court: Result<&Court, Absent>) -> Self {
        let court = match court {
            Ok(court) => court,
            Err(Absent { reason, mend }) => {
                let (reason, mend) = (Some(reason), Some(mend));
                let sandbox = SandboxInfo { ready: false, tier: None, reason, mend };
                return Self { languages: Vec::new(), missing: Vec::new(), sandbox };
            }
        };
        let missing = court.languages.missing.iter().map(|missing| MissingLanguage {
            id: missing.id.clone(),
            name: missing.name.clone(),
            package: missing.package.clone(),
        });
        let tier = Some(court.sandbox.tier().to_string());
        Self {
            languages: court.languages.there.iter().map(LanguageInfo::from).collect(),
            missing: missing.collect(),
            sandbox: SandboxInfo { ready: true, tier, reason: None, mend: None },
        }
    }
}
