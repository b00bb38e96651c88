//! What is said of a job, as Piston says it.

use nix::sys::signal::Signal;
use playhouse_domain::judge::Verdict;
use playhouse_domain::judge::job::view::{CaseView, CompileView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::Terms;
use crate::judge::languages::{Language, Languages};

/// A language that programs can be written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PistonRuntime {
    /// Its id.
    #[schema(example = "python")]
    pub language: String,
    /// Its version: three numbers.
    #[schema(example = "3.11.2")]
    pub version: String,
    /// Other names that it is known by.
    pub aliases: Vec<String>,
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PistonMessage {
    /// A sentence.
    #[schema(example = "language is required as a string")]
    pub message: String,
}

/// What became of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PistonResult {
    /// The language's id.
    pub language: String,
    /// Its version.
    pub version: String,
    /// What the compiler did, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile: Option<PistonStage>,
    /// What the program did; the same as `compile` if that failed.
    pub run: PistonStage,
}

/// What one stage did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PistonStage {
    /// What it wrote.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// Both, as they came.
    pub output: String,
    /// How it ended.
    #[serde(flatten)]
    pub end: Ended,
}

/// How one stage ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ended {
    /// Its exit status; null where a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    #[schema(example = "SIGKILL")]
    pub signal: Option<String>,
    /// What there is to say of that.
    pub message: Option<String>,
    /// `RE` exit status, `SG` signal, `TO` time, `OL` and `EL` too much output or standard error, `XX` the
    /// server's fault; null where all was well.
    pub status: Option<String>,
    /// Processor time, in ms.
    pub cpu_time: Option<u64>,
    /// Time on the clock, in ms.
    pub wall_time: Option<u64>,
    /// The most memory, in bytes.
    pub memory: Option<u64>,
}

/// The languages of this machine.
#[must_use]
pub fn runtimes(languages: &Languages) -> Vec<PistonRuntime> {
    let runtime = |language: &Language| PistonRuntime {
        language: language.block.id.clone(),
        version: language.version.clone(),
        aliases: language.block.aliases.clone(),
    };
    languages.there.iter().map(runtime).collect()
}

/// The name of signal `number`.
#[must_use]
pub fn signal(number: i32) -> String {
    Signal::try_from(number).map_or_else(|_| format!("SIG{number}"), |s| s.as_str().to_owned())
}

/// True for the name of a signal.
#[must_use]
pub fn is_signal(name: &str) -> bool {
    name.parse::<Signal>().is_ok()
}

impl Ended {
    /// An end whose fault was not the program's, or that nobody measured.
    #[must_use]
    pub fn fault(message: Option<String>) -> Self {
        Self { message, status: Some("XX".to_owned()), ..Self::default() }
    }

    /// Somebody ended it with the signal `name`.
    #[must_use]
    pub fn by(name: &str) -> Self {
        let message = Some("Ended by whoever started it".to_owned());
        let (signal, status) = (Some(name.to_owned()), Some("SG".to_owned()));
        Self { signal, message, status, ..Self::default() }
    }

    fn says(mut self, status: &str, signal: Option<&str>, message: impl Into<String>) -> Self {
        self.status = Some(status.to_owned());
        self.message = Some(message.into());
        if let Some(signal) = signal {
            (self.code, self.signal) = (None, Some(signal.to_owned()));
        }
        self
    }

    fn measured(cpu_ms: f64, wall_ms: f64, memory: u64) -> Self {
        let whole = |ms: f64| Some(ms.round() as u64);
        let (cpu_time, wall_time) = (whole(cpu_ms), whole(wall_ms));
        Self { cpu_time, wall_time, memory: Some(memory), ..Self::default() }
    }

    /// How a run ended that wrote so many bytes to each stream.
    #[must_use]
    pub fn of_run(case: &CaseView, terms: &Terms, (out, err): (usize, usize)) -> Self {
        let mut end = Self::measured(case.cpu_ms, case.wall_ms, case.peak_memory_bytes);
        (end.code, end.signal) = (case.exit_code, case.signal.map(signal));
        let killed = Some("SIGKILL");
        let said = case.message.clone();
        match case.verdict {
            Verdict::Accepted | Verdict::WrongAnswer => end,
            Verdict::TimeLimit => end.says("TO", killed, "Time limit exceeded"),
            Verdict::WallLimit => end.says("TO", killed, "Time limit exceeded (wall clock)"),
            Verdict::MemoryLimit => end.says("SG", killed, "Memory limit exceeded"),
            // A character that was cut is shown as a longer one, never as a shorter.
            Verdict::OutputLimit if out >= terms.output_bytes => {
                end.says("OL", killed, "stdout length exceeded")
            }
            Verdict::OutputLimit if err >= terms.output_bytes => {
                end.says("EL", killed, "stderr length exceeded")
            }
            Verdict::OutputLimit => end.says("SG", Some("SIGXFSZ"), "File size limit exceeded"),
            Verdict::SecurityViolation => end.says("SG", Some("SIGSYS"), said.unwrap_or_default()),
            Verdict::RuntimeError | Verdict::ProcessLimit | Verdict::CompileError => {
                end.failed(case.signal, said)
            }
            Verdict::InternalError | Verdict::Cancelled => {
                end.says("XX", None, said.unwrap_or_default())
            }
        }
    }

    /// It failed by itself.
    fn failed(self, signal: Option<i32>, said: Option<String>) -> Self {
        match (signal, self.code) {
            (Some(number), _) => {
                let name = self::signal(number);
                let message = said.unwrap_or_else(|| format!("Caught fatal signal {number}"));
                self.says("SG", Some(&name), message)
            }
            (None, Some(code)) => {
                let usual = || format!("Exited with error status {code}");
                self.says("RE", None, said.unwrap_or_else(usual))
            }
            // A module that trapped.
            (None, None) => self.says("RE", None, said.unwrap_or_default()),
        }
    }
}

impl PistonStage {
    /// What the compiler did.
    #[must_use]
    pub fn of_compiler(compile: &CompileView, terms: &Terms) -> Self {
        let CompileView { cpu_ms, wall_ms, peak_memory_bytes: memory, .. } = *compile;
        let mut end = Ended::measured(cpu_ms, wall_ms, memory);
        (end.code, end.signal) = (compile.exit_code, compile.signal.map(signal));
        if compile.verdict != Verdict::Accepted {
            let said = compile.message.clone().unwrap_or_default();
            let limits = &terms.compile;
            let late = cpu_ms >= limits.cpu_ms.into() || wall_ms >= limits.wall_ms.into();
            end = match (compile.exit_code, compile.signal) {
                // It left no program.
                (Some(0), _) => Ended { code: Some(1), ..end }.says("RE", None, said),
                (Some(_), _) => end.failed(None, None),
                (None, Some(number)) => end.failed(Some(number), None),
                (None, None) if late => end.says("TO", Some("SIGKILL"), said),
                (None, None) => end.says("SG", Some("SIGKILL"), said),
            };
        }
        let output = compile.output.clone();
        Self { stdout: String::new(), stderr: output.clone(), output, end }
    }
}

#[cfg(test)]
mod tests {
    use playhouse_domain::judge::Limits;

    use super::*;

    fn terms() -> Terms {
        let compile = Limits::of_compile();
        let (language, version) = ("c".to_owned(), "12.2.0".to_owned());
        Terms { language, version, compiled: true, compile, output_bytes: 100 }
    }

    fn said(end: &Ended) -> (Option<i32>, Option<&str>, Option<&str>) {
        (end.code, end.signal.as_deref(), end.status.as_deref())
    }

    #[test]
    fn each_end_of_a_run_has_pistons_word() {
        let case = |verdict, exit_code, signal| CaseView {
            name: "run".to_owned(),
            verdict,
            points: 0,
            cpu_ms: 1.4,
            wall_ms: 2.6,
            peak_memory_bytes: 4096,
            exit_code,
            signal,
            message: None,
            stdout: None,
            stderr: None,
        };
        let kill = Some("SIGKILL");
        for (verdict, exit_code, signal, written, answer) in [
            (Verdict::Accepted, Some(0), None, (1, 1), (Some(0), None, None)),
            (Verdict::RuntimeError, Some(3), None, (1, 1), (Some(3), None, Some("RE"))),
            (Verdict::RuntimeError, None, Some(11), (1, 1), (None, Some("SIGSEGV"), Some("SG"))),
            (Verdict::RuntimeError, None, None, (1, 1), (None, None, Some("RE"))),
            (Verdict::TimeLimit, None, None, (1, 1), (None, kill, Some("TO"))),
            (Verdict::WallLimit, None, Some(9), (1, 1), (None, kill, Some("TO"))),
            (Verdict::MemoryLimit, None, None, (1, 1), (None, kill, Some("SG"))),
            (Verdict::OutputLimit, None, None, (100, 1), (None, kill, Some("OL"))),
            (Verdict::OutputLimit, None, None, (1, 100), (None, kill, Some("EL"))),
            (Verdict::OutputLimit, None, None, (1, 1), (None, Some("SIGXFSZ"), Some("SG"))),
            (Verdict::SecurityViolation, None, None, (0, 0), (None, Some("SIGSYS"), Some("SG"))),
            (Verdict::ProcessLimit, Some(1), None, (0, 0), (Some(1), None, Some("RE"))),
            (Verdict::InternalError, None, None, (0, 0), (None, None, Some("XX"))),
        ] {
            let end = Ended::of_run(&case(verdict, exit_code, signal), &terms(), written);
            assert_eq!(said(&end), answer, "{verdict:?}");
            assert_eq!((end.cpu_time, end.wall_time, end.memory), (Some(1), Some(3), Some(4096)));
            assert_eq!(end.message.is_none(), verdict == Verdict::Accepted, "{verdict:?}");
        }
    }

    #[test]
    fn a_compiler_that_left_no_program_never_ends_with_status_0() {
        let compile = |exit_code, signal, wall_ms| CompileView {
            cached: false,
            verdict: Verdict::CompileError,
            cpu_ms: 1.0,
            wall_ms,
            peak_memory_bytes: 1,
            exit_code,
            signal,
            message: Some("why".to_owned()),
            output: "error".to_owned(),
        };
        for (exit_code, signal, wall_ms, answer) in [
            (Some(0), None, 1.0, (Some(1), None, Some("RE"))),
            (Some(2), None, 1.0, (Some(2), None, Some("RE"))),
            (None, Some(6), 1.0, (None, Some("SIGABRT"), Some("SG"))),
            (None, None, 20_000.5, (None, Some("SIGKILL"), Some("TO"))),
            (None, None, 1.0, (None, Some("SIGKILL"), Some("SG"))),
        ] {
            let compile = compile(exit_code, signal, wall_ms);
            let stage = PistonStage::of_compiler(&compile, &terms());
            assert_eq!(said(&stage.end), answer);
            assert_eq!((&*stage.stdout, &*stage.stderr, &*stage.output), ("", "error", "error"));
        }
    }

    #[test]
    fn signals_have_names() {
        assert_eq!((&*signal(9), &*signal(15), &*signal(99)), ("SIGKILL", "SIGTERM", "SIG99"));
        assert!(is_signal("SIGUSR1") && !is_signal("KILL") && !is_signal("SIGNOTHING"));
    }
}
