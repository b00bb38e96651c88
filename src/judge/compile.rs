//! Compiling, each time in a jail of its own, and once for each program.

use playhouse_domain::judge::job::{Compile, Ran};
use playhouse_domain::judge::{File, Limits, Verdict};
use playhouse_protocol::codec;
use playhouse_sandbox::{Image, Input, InputFile, Outcome};

use super::cache::{self, Built};
use super::court::Court;
use super::jail::{Fault, Order, ROOM_BYTES, perform, ran};
use super::languages::{Language, PRECOMPILED};
use super::run::Run;

/// A program that can be run.
pub struct Program {
    /// What the compiler did, if there is one.
    pub compile: Option<Compile>,
    /// What a run needs.
    pub files: Vec<InputFile>,
    /// The name of its first source, by which runs may know what to begin with.
    pub main: String,
}

/// What came of compiling.
pub enum Compiled {
    /// It can be run.
    Well(Program),
    /// It cannot: what the compiler did, and why that is no program.
    Badly(Compile),
}

impl Court {
    /// Compiles `files` in `language`, unless the same was compiled before.
    ///
    /// # Errors
    ///
    /// See [`Fault`].
    pub fn compile(
        &self,
        run: &Run,
        language: &Language,
        files: &[File],
        limits: &Limits,
    ) -> Result<Compiled, Fault> {
        if !language.is_compiled() {
            let inputs = files.iter().map(input).collect();
            return Ok(Compiled::Well(Program { compile: None, files: inputs, main: main(files) }));
        }
        let key = key(language, files);
        if let Some(mut built) = self.cache.get(&key) {
            built.compile.cached = true;
            return Ok(Compiled::Well(program(built, main(files))));
        }
        let outcome = self.run_compiler(run, language, files, limits)?;
        let built = built(language, outcome);
        if built.compile.ran.verdict != Verdict::Accepted {
            return Ok(Compiled::Badly(built.compile));
        }
        if let Err(error) = self.cache.put(&key, &built) {
            // It is compiled again the next time.
            tracing::warn!(%error, "a compiled program could not be kept");
        }
        Ok(Compiled::Well(program(built, main(files))))
    }

    fn run_compiler(
        &self,
        run: &Run,
        language: &Language,
        files: &[File],
        limits: &Limits,
    ) -> Result<Outcome, Fault> {
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        let limits = language.block.compile_limits.of(limits);
        let order = Order {
            image: self.compilers_image(language, files),
            words: language.words(&language.block.compile, &names, limits.memory_bytes),
            files: files.iter().map(input).collect(),
            input: Input::Empty,
            limits,
            results: language.block.artefacts.clone(),
            room_bytes: ROOM_BYTES,
            module: false,
        };
        perform(&self.sandbox, (run, &run.cancel()?), order, language, &mut |_, _| {})
    }

    /// What the compiler sees: its toolchain, and the compiled header if the program includes it.
    fn compilers_image(&self, language: &Language, files: &[File]) -> Image {
        let mut image = language.toolchain.clone();
        let Some(header) = &language.block.header else { return image };
        let name = header.name.as_bytes();
        let names = |file: &File| file.content.0.windows(name.len()).any(|some| some == name);
        if let Some(folder) =
            files.iter().any(names).then(|| self.header(language, header)).flatten()
        {
            image.bind(folder, PRECOMPILED);
        }
        image
    }
}

/// Everything that the outcome depends on: the language's block, what its toolchain says of itself, the files.
fn key(language: &Language, files: &[File]) -> cache::Key {
    let block = serde_json::to_vec(&language.block).unwrap_or_default();
    let program = language.program.to_string_lossy();
    let parts = [&block[..], language.says.as_bytes(), program.as_bytes()];
    let files: Vec<Vec<u8>> = files.iter().map(codec::encode).collect();
    cache::key(parts.into_iter().chain(files.iter().map(Vec::as_slice)))
}

fn input(file: &File) -> InputFile {
    InputFile { name: file.name.clone(), bytes: file.content.0.clone(), executable: false }
}

fn main(files: &[File]) -> String {
    files.first().map(|file| file.name.clone()).unwrap_or_default()
}

fn program(built: Built, main: String) -> Program {
    let file = |(name, bytes)| InputFile { name, bytes, executable: true };
    let files = built.artefacts.into_iter().map(file).collect();
    Program { compile: Some(built.compile), files, main }
}

/// What the compiler did: `accepted` if it worked and left what it should, else `compile_error` with the cause.
fn built(language: &Language, outcome: Outcome) -> Built {
    let Outcome { report, stdout, stderr } = outcome;
    let ran = ran(&report, &stderr);
    let output = String::from_utf8_lossy(&[stderr, stdout].concat()).into_owned();
    let mut cause = cause(&ran);
    let mut artefacts = Vec::new();
    for result in report.results {
        match result.refused {
            None => artefacts.push((result.name, result.bytes)),
            Some(why) if cause.is_none() => {
                let (name, why) = (result.name, format!("{why:?}").to_lowercase());
                cause = Some(format!("the compiler left no '{name}' that could be taken: {why}"));
            }
            Some(_) => {}
        }
    }
    artefacts.retain(|_| cause.is_none());
    debug_assert!(cause.is_some() || artefacts.len() == language.block.artefacts.len());
    let verdict = if cause.is_some() { Verdict::CompileError } else { Verdict::Accepted };
    let ran = Ran { verdict, message: cause, ..ran };
    Built { compile: Compile { cached: false, ran, output }, artefacts }
}

/// Why a program is none, in one sentence.
fn cause(ran: &Ran) -> Option<String> {
    let why = match ran.verdict {
        Verdict::Accepted => return None,
        Verdict::TimeLimit => "the compiler used more processor time than it may".to_owned(),
        Verdict::WallLimit => "the compiler took longer than it may".to_owned(),
        Verdict::MemoryLimit => "the compiler used more memory than it may".to_owned(),
        Verdict::OutputLimit => "the compiler wrote more than it may".to_owned(),
        Verdict::ProcessLimit => "the compiler wanted more processes than it may have".to_owned(),
        Verdict::SecurityViolation => {
            let what = ran.message.as_deref().unwrap_or_default();
            format!("the compiler was stopped: {what}")
        }
        _ => match (ran.exit_code, ran.signal) {
            (Some(code), _) => format!("the compiler ended with status {code}"),
            (_, signal) => format!("the compiler ended by signal {}", signal.unwrap_or_default()),
        },
    };
    Some(why)
}
