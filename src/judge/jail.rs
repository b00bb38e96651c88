//! One run in a jail: what is asked of the sandbox, and what its report means to a judge.

use std::os::fd::AsFd;

use playhouse_domain::judge::job::{Ran, Stream};
use playhouse_domain::judge::{Limits, Verdict};
use playhouse_sandbox::{
    Hooks, Image, Input, InputFile, Outcome, Report, Sandbox, Spec, Stream as Out, Verdict as Ended,
};

use super::languages::{Language, MODULE};
use super::run::{Cancel, Run};

/// Room in `/work` and in `/tmp` beside what is put there, and the largest file, in bytes. 64 MiB, charged to
/// the job's memory.
pub const ROOM_BYTES: u64 = 64 << 20;

/// The largest file that is handed back. 64 MiB, as jails do.
const RESULT_BYTES: u64 = 64 << 20;

/// Why a run has no outcome: the jail's fault, not the program's.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The jail could not be had, or was lost.
    #[error("{0}")]
    Jail(String),
    /// The job was stopped.
    #[error("the job was stopped")]
    Stopped,
}

impl From<playhouse_sandbox::Error> for Fault {
    fn from(error: playhouse_sandbox::Error) -> Self {
        Self::Jail(crate::cli::chain(&error))
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Jail(error.to_string())
    }
}

/// What is run.
pub struct Order {
    /// What it sees.
    pub image: Image,
    /// The program with its arguments.
    pub words: Vec<String>,
    /// What is put into its folder: name, content, whether it may be executed.
    pub files: Vec<InputFile>,
    /// Where its input comes from.
    pub input: Input,
    /// What it may use.
    pub limits: Limits,
    /// Files that it leaves.
    pub results: Vec<String>,
    /// Room for files, in bytes.
    pub room_bytes: u64,
    /// True if the first file is a module for the sandbox's own host.
    pub module: bool,
}

impl Order {
    /// A run of the program `files` in `language`, whose first source was `main`, with `arguments`.
    #[must_use]
    pub fn of(
        language: &Language,
        (main, files): (&str, &[InputFile]),
        arguments: &[String],
        limits: &Limits,
    ) -> Self {
        let mut limits = language.block.limits.of(limits);
        limits.cpu_ms = scaled(limits.cpu_ms, language.block.factor);
        limits.wall_ms = scaled(limits.wall_ms, language.block.factor);
        let mut words = language.words(&language.block.run, &[main], limits.memory_bytes);
        words.extend(arguments.iter().cloned());
        let (image, files) = (language.image(), files.to_vec());
        let module = language.block.toolchain == MODULE;
        let (input, results) = (Input::Empty, Vec::new());
        Self { image, words, files, input, limits, results, room_bytes: ROOM_BYTES, module }
    }

    fn spec(self, sandbox: &Sandbox) -> Result<Spec, Fault> {
        let mut spec = if self.module {
            let mut files = self.files.into_iter();
            let bytes = files.next().map(|file| file.bytes).unwrap_or_default();
            // The files of a checker's call have no meaning to a module, which has no files.
            sandbox.module(bytes, self.words, None)?
        } else {
            let mut spec = Spec::new(self.image, self.words);
            spec.files = self.files;
            spec
        };
        let put: u64 = spec.files.iter().map(|file| file.bytes.len() as u64).sum();
        let limits = &mut spec.limits;
        limits.cpu_ms = self.limits.cpu_ms.into();
        limits.wall_ms = self.limits.wall_ms.into();
        limits.memory_bytes = self.limits.memory_bytes;
        limits.output_bytes = self.limits.output_bytes;
        limits.processes = self.limits.processes.into();
        (limits.work_bytes, limits.file_bytes) = (self.room_bytes + put, self.room_bytes);
        limits.result_bytes = RESULT_BYTES;
        (spec.input, spec.results) = (self.input, self.results);
        Ok(spec)
    }
}

fn scaled(ms: u32, factor: f64) -> u32 {
    (f64::from(ms) * factor).min(600_000.0) as u32
}

/// Runs `order` in a jail of its own for `run`; what it writes goes to `sink` as it comes.
///
/// # Errors
///
/// See [`Fault`].
pub fn perform(
    sandbox: &Sandbox,
    (run, cancel): (&Run, &Cancel<'_>),
    order: Order,
    language: &Language,
    sink: &mut dyn FnMut(Stream, &[u8]),
) -> Result<Outcome, Fault> {
    let mut spec = order.spec(sandbox)?;
    spec.environment = language.block.environment.clone();
    if run.stopped().is_some() {
        return Err(Fault::Stopped);
    }
    let mut sink = |stream: Out, bytes: &[u8]| {
        let stream = match stream {
            Out::Out => Stream::Stdout,
            Out::Err => Stream::Stderr,
        };
        sink(stream, bytes);
    };
    let hooks = Hooks { cancel: Some(cancel.pipe.as_fd()), sink: Some(&mut sink) };
    let outcome = sandbox.run_with(spec, hooks)?;
    match outcome.report.verdict {
        Ended::Cancelled if run.stopped().is_some() => Err(Fault::Stopped),
        _ => Ok(outcome),
    }
}

/// What a report means to a judge.
#[must_use]
pub fn ran(report: &Report, stderr: &[u8]) -> Ran {
    let (mut exit_code, mut signal, mut message) = (None, None, None);
    // Whoever was refused a process and failed did so for want of it.
    let failed = match report.processes_refused {
        0 => Verdict::RuntimeError,
        _ => Verdict::ProcessLimit,
    };
    let verdict = match &report.verdict {
        Ended::Ok => {
            exit_code = Some(0);
            Verdict::Accepted
        }
        Ended::Failed { status } => {
            exit_code = Some(*status);
            failed
        }
        Ended::Signalled { signal: number } => {
            signal = Some(*number);
            failed
        }
        Ended::CpuTime => Verdict::TimeLimit,
        Ended::Fuel => Verdict::TimeLimit,
        Ended::WallTime => Verdict::WallLimit,
        Ended::Memory => Verdict::MemoryLimit,
        Ended::Output => Verdict::OutputLimit,
        Ended::Forbidden { call } => {
            message = Some(format!("it tried the system call {call}"));
            Verdict::SecurityViolation
        }
        Ended::Trapped => {
            let text = String::from_utf8_lossy(stderr);
            message = text.lines().last().map(str::to_owned);
            Verdict::RuntimeError
        }
        Ended::Cancelled => Verdict::Cancelled,
    };
    Ran {
        verdict,
        exit_code,
        signal,
        cpu_us: report.cpu_us,
        wall_us: report.wall_us,
        peak_memory_bytes: report.peak_memory_bytes,
        message,
    }
}
