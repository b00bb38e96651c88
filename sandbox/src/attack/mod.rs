//! The attack list: hostile programs, each with the outcome that it must have.
//!
//! Every attack is a program of its own (C sources in `attacks/`), compiled on the machine where it
//! is run, and run through the library like any other job. After each the supervisor looks for
//! traces of it, and the next job must run as if nothing had been.

mod calls;
mod cases;
mod compilers;
mod expect;
mod stage;

use std::fs;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::error::Error;
use crate::image::Image;
use crate::limits::Limits;
use crate::report::{Outcome, Refused};
use crate::sandbox::Sandbox;
use crate::spec::{InputFile, Spec};
use crate::toolchain::{Toolchain, toolchains};
use crate::verdict::Verdict;

pub use cases::{HEADER, cases};
pub use expect::Expect;
pub use stage::{Stage, Traces};

/// Time on the clock of an attack that is not about it. 20 s, fifty times its processor time: a busy
/// machine must not end what the processor time is to end.
const WALL_MS: u64 = 20_000;

/// What the attack is made of.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A program: its source, and its arguments. `{port}`, `{abstract}`, `{socket}` and `{secret}` in
    /// them stand for what the [`Stage`] has.
    Program(&'static str, &'static [&'static str]),
    /// A program that runs in two jails at once, and the argument of each.
    Twice(&'static str, [&'static str; 2]),
    /// A source, and what a shell in the jail does with it.
    Script(&'static Script),
    /// A source that is given to the compiler in the jail: its name and its text.
    Compile(&'static str, &'static str),
    /// A WebAssembly module, and its fuel.
    Module(fn() -> Vec<u8>, Option<u64>),
}

/// What a shell does with a source that attacks a compiler or an interpreter.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    /// The toolchain it needs; its program is the shell's `$0`.
    pub toolchain: &'static str,
    /// What the shell does.
    pub text: &'static str,
    /// The source: its name and its text.
    pub file: (&'static str, &'static str),
}

/// One attack.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What it is called.
    pub name: &'static str,
    /// What it is made of.
    pub kind: Kind,
    /// How it must end.
    pub expect: Expect,
    /// What it must say on standard output.
    pub says: &'static str,
    /// Results that are asked for, and why each must be refused.
    pub results: &'static [(&'static str, Refused)],
    limits: fn(&mut Limits),
}

/// What came of one attack.
#[derive(Debug)]
pub struct Row {
    /// The attack's name.
    pub name: &'static str,
    /// What had to come of it.
    pub expect: Expect,
    /// What did: the verdict and its figures, in words.
    pub got: String,
    /// What was wrong. Empty if the jail held.
    pub wrong: Vec<String>,
}

/// The attack programs could not be built.
#[derive(Debug, thiserror::Error)]
#[error("failed to build the attack '{name}' with cc: {said}; on Debian: apt-get install gcc")]
pub struct BuildError {
    name: &'static str,
    said: String,
}

/// Builds the programs of `cases` in `folder`, and leaves those alone that are there already.
///
/// # Errors
///
/// There is no C compiler, or it has no static C library.
pub fn build(cases: &[Case], folder: &Path) -> Result<(), BuildError> {
    let told = |name| move |e: std::io::Error| BuildError { name, said: e.to_string() };
    fs::write(folder.join("attack.h"), cases::HEADER).map_err(told("attack.h"))?;
    for case in cases {
        let (Kind::Program(source, _) | Kind::Twice(source, _)) = case.kind else { continue };
        let program = program(folder, source);
        if program.exists() {
            continue;
        }
        let path = program.with_extension("c");
        fs::write(&path, source).map_err(told(case.name))?;
        let mut cc = Command::new("cc");
        cc.args(["-O1", "-static", "-w", "-pthread", "-include"]);
        cc.arg(folder.join("attack.h")).arg("-o").arg(&program).arg(&path);
        let done = cc.output().map_err(told(case.name))?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            return Err(BuildError { name: case.name, said });
        }
    }
    Ok(())
}

/// Where the program of a source lies: named after its text, so that a changed one is built anew.
fn program(folder: &Path, source: &str) -> PathBuf {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (cases::HEADER, source).hash(&mut hasher);
    folder.join(format!("attack-{:016x}", hasher.finish()))
}

impl Case {
    /// Whether this machine has what the attack needs: the compiler that it attacks.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        match self.kind {
            Kind::Compile(name, _) => compile(name).is_some(),
            Kind::Script(script) => toolchain(script.toolchain).is_some(),
            _ => true,
        }
    }

    /// What an attack that is a program may use, here and wherever else it is run.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let mut limits = Limits { cpu_ms: 400, wall_ms: WALL_MS, ..Limits::default() };
        (self.limits)(&mut limits);
        limits
    }

    /// The job that the attack is.
    ///
    /// # Errors
    ///
    /// Its program is not in `programs`.
    pub fn spec(&self, sandbox: &Sandbox, programs: &Path, stage: &Stage) -> std::io::Result<Spec> {
        let mut spec = match self.kind {
            Kind::Program(source, arguments) => {
                let words = arguments.iter().map(|word| stage.fill(word));
                program_spec(fs::read(program(programs, source))?, words)
            }
            Kind::Twice(source, [one, _]) => {
                program_spec(fs::read(program(programs, source))?, [one.to_owned()])
            }
            Kind::Compile(name, text) => {
                let none = || std::io::Error::new(NotFound, format!("no compiler for {name}"));
                source_spec(compile(name).ok_or_else(none)?, name, text)
            }
            Kind::Script(Script { toolchain: name, text, file }) => {
                let none = || std::io::Error::new(NotFound, format!("no toolchain {name}"));
                let found = toolchain(name).ok_or_else(none)?;
                let words = ["sh", "-c", text, &*found.program.to_string_lossy()];
                source_spec(Spec::new(found.image(), words), file.0, file.1)
            }
            Kind::Module(module, fuel) => {
                let none = std::iter::empty::<String>();
                let mut spec = sandbox.module(module(), none, fuel)?;
                spec.limits = Limits { cpu_ms: 400, wall_ms: WALL_MS, ..Limits::default() };
                spec
            }
        };
        (self.limits)(&mut spec.limits);
        spec.results = self.results.iter().map(|(name, _)| (*name).to_owned()).collect();
        Ok(spec)
    }

    /// Runs the attack, and then looks for traces of it. On a machine that is `slow` times slower than
    /// most, its limits of time are as many times longer.
    ///
    /// # Errors
    ///
    /// Its program cannot be read.
    pub fn run(
        &self,
        sandbox: &Sandbox,
        programs: &Path,
        stage: &Stage,
        slow: u64,
    ) -> std::io::Result<Row> {
        let mut spec = self.spec(sandbox, programs, stage)?;
        spec.limits.cpu_ms *= slow;
        spec.limits.wall_ms *= slow;
        let (wall_ms, cpu_ms) = (spec.limits.wall_ms, spec.limits.cpu_ms);
        sandbox.settle();
        let before = Traces::of(sandbox);
        let done = match self.kind {
            Kind::Twice(_, [_, other]) => twice(sandbox, spec, other),
            _ => sandbox.run(spec),
        };
        let left = sandbox.settle();
        let mut wrong = Traces::left(sandbox, &before);
        if left > 0 {
            wrong.push(format!("{left} cgroups or jails could not be removed"));
        }
        let got = match &done {
            Ok(outcome) => {
                wrong.extend(self.wrong(outcome));
                let report = &outcome.report;
                // A tenth for looking every few ms on a busy machine, and a fixed part for short limits.
                let over = |limit: u64| limit * 1_000 * 11 / 10 + 150_000 * slow;
                if report.cpu_us > over(cpu_ms) || report.wall_us > over(wall_ms) {
                    wrong.push(format!("stopped late: {report:?}"));
                }
                said(outcome)
            }
            Err(error) => {
                wrong.push(error.to_string());
                "did not run".to_owned()
            }
        };
        wrong.extend(next_job(sandbox));
        Ok(Row { name: self.name, expect: self.expect, got, wrong })
    }

    fn wrong(&self, outcome: &Outcome) -> Vec<String> {
        let mut wrong = Vec::new();
        let out = String::from_utf8_lossy(&outcome.stdout);
        let err = String::from_utf8_lossy(&outcome.stderr);
        if !self.expect.is_met_by(&outcome.report.verdict) {
            wrong.push(format!("{:?}: {} {}", outcome.report.verdict, cut(&out), cut(&err)));
        }
        if !out.contains(self.says) {
            wrong.push(format!("did not say '{}' but: {}", self.says, cut(&out)));
        }
        for ((name, refused), result) in self.results.iter().zip(&outcome.report.results) {
            // Whichever of two states the exchange was in, it must be one of them.
            let whole = *refused == Refused::LeavesWork && self.name == "exchange_the_result";
            if result.refused != Some(*refused) && !(whole && result.refused.is_none()) {
                wrong.push(format!("the result {name} was {:?}, not {refused:?}", result.refused));
            }
            if result.bytes.windows(5).any(|part| part == b"root:") {
                wrong.push(format!("the result {name} holds the machine's passwords"));
            }
        }
        wrong
    }
}

/// The job of an attack program that was built.
fn program_spec(bytes: Vec<u8>, words: impl IntoIterator<Item = String>) -> Spec {
    let mut spec = Spec::new(Image::bare(), std::iter::once("./attack".into()).chain(words));
    spec.files.push(InputFile { name: "attack".into(), bytes, executable: true });
    spec.limits = Limits { cpu_ms: 400, wall_ms: WALL_MS, ..Limits::default() };
    spec
}

/// The job with a source, and the limits of those that attack compilers.
fn source_spec(mut spec: Spec, name: &str, text: &str) -> Spec {
    let bytes = text.as_bytes().to_vec();
    spec.files.push(InputFile { name: name.into(), bytes, executable: false });
    spec.limits = Limits {
        cpu_ms: 1_000,
        wall_ms: 5_000,
        memory_bytes: 256 << 20,
        processes: 64,
        work_bytes: 64 << 20,
        ..Limits::default()
    };
    spec
}

/// Runs a job beside one that differs in its argument. Hands over the first that did not end well.
fn twice(sandbox: &Sandbox, spec: Spec, other: &str) -> Result<Outcome, Error> {
    let mut beside = Spec::new(spec.image.clone(), [&spec.arguments[0], other]);
    beside.files.clone_from(&spec.files);
    beside.limits = spec.limits.clone();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| sandbox.run(beside));
        let first = sandbox.run(spec);
        let second =
            second.join().unwrap_or(Err(Error::Lost { doing: "it ran beside another" }))?;
        if second.report.verdict == Verdict::Ok { first } else { Ok(second) }
    })
}

/// The job that compiles the source `name`; none where its compiler is missing.
fn compile(name: &str) -> Option<Spec> {
    let wanted = match name.rsplit_once('.') {
        Some((_, "c")) => "c",
        Some((_, "rs")) => "rust",
        _ => "c++",
    };
    let found = toolchain(wanted)?;
    let compiler = found.program.to_string_lossy();
    Some(Spec::new(found.image(), [&*compiler, "-O", "-o", "out", name]))
}

/// A toolchain of this machine, looked for once.
fn toolchain(name: &str) -> Option<&'static Toolchain> {
    static FOUND: OnceLock<Vec<Toolchain>> = OnceLock::new();
    FOUND.get_or_init(toolchains).iter().find(|one| one.name == name)
}

fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

fn said(outcome: &Outcome) -> String {
    let report = &outcome.report;
    let verdict = match &report.verdict {
        Verdict::Ok => "held".to_owned(),
        Verdict::Failed { status } => format!("status {status}"),
        Verdict::Signalled { signal } => format!("signal {signal}"),
        Verdict::CpuTime => "cpu time".to_owned(),
        Verdict::WallTime => "wall time".to_owned(),
        Verdict::Memory => "memory".to_owned(),
        Verdict::Output => "output".to_owned(),
        Verdict::Forbidden { call } => format!("forbidden {call}"),
        Verdict::Cancelled => "cancelled".to_owned(),
        Verdict::Fuel => "fuel".to_owned(),
        Verdict::Trapped => "trapped".to_owned(),
    };
    let (cpu, wall) = (report.cpu_us / 1_000, report.wall_us / 1_000);
    let kib = report.peak_memory_bytes / 1_024;
    let refused = report.processes_refused;
    let mut text = format!("{verdict}; cpu {cpu} ms, wall {wall} ms, peak {kib} KiB");
    if refused > 0 {
        text.push_str(&format!(", {refused} forks refused"));
    }
    text
}

/// The next job must run as if nothing had been.
fn next_job(sandbox: &Sandbox) -> Option<String> {
    let done = sandbox.run(Spec::new(Image::system(), ["true"]));
    match done {
        Ok(outcome) if outcome.report.verdict == Verdict::Ok => None,
        Ok(outcome) => Some(format!("the next job ended with {:?}", outcome.report.verdict)),
        Err(error) => Some(format!("the next job did not run: {error}")),
    }
}

/// Whether the limit on processes holds here. Only then may programs be run that fork without end.
///
/// # Errors
///
/// What happened instead.
pub fn processes_are_bounded(
    sandbox: &Sandbox,
    programs: &Path,
    stage: &Stage,
) -> Result<(), String> {
    let case = cases().into_iter().find(|case| case.name == "fork_until_refused");
    let case = case.ok_or("the attack fork_until_refused is not in the list")?;
    let mut spec = case.spec(sandbox, programs, stage).map_err(|e| e.to_string())?;
    spec.limits.processes = 4;
    let done: Result<Outcome, Error> = sandbox.run(spec);
    let outcome = done.map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
    if said.starts_with("made 3, then") { Ok(()) } else { Err(format!("with 4 allowed it {said}")) }
}
