//! What is handed in: files, a language, tests and limits. `check`: looked at as a whole before it is taken.

mod check;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::blob::Blob;

/// How many files. 32: a small project; larger ones belong into a repository.
pub const FILES_MAX: usize = 32;

/// Bytes of all files together. 256 KiB: the longest programs of contests have a tenth of it.
pub const FILES_BYTES_MAX: usize = 256 * 1024;

/// The longest path of a file, in bytes. 128: several folders deep, and what jails take.
pub const FILE_NAME_BYTES_MAX: usize = 128;

/// How many folders deep a file may lie, itself included. 8, as jails take them.
const FILE_DEPTH_MAX: usize = 8;

/// How many tests. 100: what problems of contests have.
pub const TESTS_MAX: usize = 100;

/// Bytes of one test's input, and as many of its answer. 1 MiB: a hundred thousand numbers.
pub const TEST_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of all tests together. 4 MiB: a submission stays one record of the journal.
pub const TESTS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Points of one test. 1,000,000: sums stay far within 32 bits.
pub const POINTS_MAX: u32 = 1_000_000;

/// The longest name of a test, in characters.
pub const TEST_NAME_MAX: usize = 64;

/// Bytes of all arguments together. 32 KiB, as jails take them.
pub const ARGUMENTS_BYTES_MAX: usize = 32 * 1024;

/// The longest address of a webhook, in bytes.
pub const WEBHOOK_URL_BYTES_MAX: usize = 2048;

/// The longest secret of a webhook, in bytes.
pub const WEBHOOK_SECRET_BYTES_MAX: usize = 256;

/// The longest language id, in bytes.
pub const LANGUAGE_BYTES_MAX: usize = 32;

/// A submission as large as one may be, as a command: bytes of tests, files and checker, and 256 KiB for all the
/// rest.
pub const COMMAND_BYTES_MAX: usize = TESTS_BYTES_MAX + 2 * FILES_BYTES_MAX + 256 * 1024;

const MIB: u64 = 1 << 20;

/// What is handed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// The id of the language.
    pub language: String,
    /// The program, in files. The first is the one that is compiled or run.
    pub files: Vec<File>,
    /// What the program is called with.
    pub arguments: Vec<String>,
    /// Standard input of a run without tests.
    pub stdin: Blob,
    /// True if more input may come while it runs: then its input does not end behind `stdin`.
    pub interactive: bool,
    /// What it is held against. None: it is only run.
    pub tests: Vec<Test>,
    /// Who says whether an answer is right.
    pub checker: Checker,
    /// What one run may use.
    pub run: Limits,
    /// What the compiler may use.
    pub compile: Limits,
    /// True if nothing more is run after the first test that fails.
    pub stop_at_first_failure: bool,
    /// In which lane it waits.
    pub lane: Lane,
    /// Who is told when it is judged.
    pub webhook: Option<Webhook>,
}

/// A file of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its path, as in `main.c` or `src/point.h`.
    pub name: String,
    /// What it holds.
    pub content: Blob,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// Its name, as it is shown.
    pub name: String,
    /// What the program reads.
    pub stdin: Blob,
    /// What is expected of it.
    pub expected: Blob,
    /// What it is worth.
    pub points: u32,
    /// True if nobody is shown what the program wrote, nor why it was wrong.
    pub hidden: bool,
}

/// Who says whether an answer is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Checker {
    /// Every byte must be the same.
    Exact,
    /// The words must be the same, whatever white space lies between.
    Tokens,
    /// As `Tokens`, and numbers may be a little off.
    Floats {
        /// By how much, at most.
        absolute: f64,
        /// By which part of what was expected, at most.
        relative: f64,
    },
    /// The lines must be the same, in any order.
    Unordered,
    /// A program, in a jail of its own: called with the names of three files (input, expected, answer), it
    /// ends with status 0 if the answer is right, with 1 or 2 if it is wrong. Any other end is its own fault.
    Program {
        /// The id of its language.
        language: String,
        /// Its source.
        source: Blob,
    },
    /// A program that talks with the other: its output is the other's input, and the other way round. Called
    /// and ending as `Program`, without an answer.
    Interactive {
        /// The id of its language.
        language: String,
        /// Its source.
        source: Blob,
    },
}

/// What one run may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Processor time of all processes together, in ms.
    pub cpu_ms: u32,
    /// Time on the clock, in ms.
    pub wall_ms: u32,
    /// Memory of everything together, in bytes.
    pub memory_bytes: u64,
    /// Bytes of standard output, and as many of standard error.
    pub output_bytes: u64,
    /// Processes and threads.
    pub processes: u16,
}

/// In which lane a job waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Somebody looks at the output as it comes.
    Interactive,
    /// It is judged.
    Batch,
    /// It came in through the interface of Piston, perhaps from nobody in particular.
    Piston,
}

/// Who is told when a job is judged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where it is told.
    pub url: String,
    /// What signs the telling, if it is to be signed.
    pub secret: Option<String>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = self.secret.as_ref().map(|_| "…");
        f.debug_struct("Webhook").field("url", &self.url).field("secret", &secret).finish()
    }
}

/// True if a file may have this name.
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    check::file_name(name).is_ok()
}

/// One limit: name, unit, least, most.
pub type Range = (&'static str, &'static str, u64, u64);

/// The ranges of a run's limits. Processor time up to 15 s and a minute on the clock: nobody else's turn comes
/// meanwhile. Memory up to 1 GiB, of which two cores use two. Output up to 8 MiB: more is no answer.
pub const RUN_RANGES: [Range; 5] = [
    ("cpu_ms", "ms", 10, 15_000),
    ("wall_ms", "ms", 10, 60_000),
    ("memory_bytes", "bytes", 4 * MIB, 1024 * MIB),
    ("output_bytes", "bytes", 1024, 8 * MIB),
    ("processes", "processes", 1, 128),
];

/// The ranges of the compiler's limits.
pub const COMPILE_RANGES: [Range; 5] = [
    ("cpu_ms", "ms", 100, 30_000),
    ("wall_ms", "ms", 100, 60_000),
    ("memory_bytes", "bytes", 16 * MIB, 1024 * MIB),
    ("output_bytes", "bytes", 1024, MIB),
    ("processes", "processes", 1, 128),
];

impl Limits {
    /// What a run may use unless it says otherwise: 2 s of processor time, thrice that and a second on the
    /// clock, 256 MiB, 1 MiB of output, 64 processes.
    #[must_use]
    pub fn of_run() -> Self {
        Self {
            cpu_ms: 2_000,
            wall_ms: 7_000,
            memory_bytes: 256 * MIB,
            output_bytes: MIB,
            processes: 64,
        }
    }

    /// What the compiler may use: 10 s of processor time, 20 s on the clock, 512 MiB, 256 KiB of messages, 64
    /// processes.
    #[must_use]
    pub fn of_compile() -> Self {
        Self {
            cpu_ms: 10_000,
            wall_ms: 20_000,
            memory_bytes: 512 * MIB,
            output_bytes: 256 * 1024,
            processes: 64,
        }
    }
}

impl Submission {
    /// A program of one file that is only run, with the usual limits.
    #[must_use]
    pub fn run(language: &str, name: &str, source: &str) -> Self {
        Self {
            language: language.to_owned(),
            files: vec![File { name: name.to_owned(), content: source.into() }],
            arguments: Vec::new(),
            stdin: Blob::default(),
            interactive: false,
            tests: Vec::new(),
            checker: Checker::Tokens,
            run: Limits::of_run(),
            compile: Limits::of_compile(),
            stop_at_first_failure: false,
            lane: Lane::Interactive,
            webhook: None,
        }
    }

    /// Bytes of everything that is large in it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let files = self.files.iter().map(|file| file.content.len());
        let tests = self.tests.iter().map(|test| test.stdin.len() + test.expected.len());
        files.chain(tests).sum::<usize>() + self.stdin.len()
    }

    /// Every point that can be had.
    #[must_use]
    pub fn points(&self) -> u32 {
        self.tests.iter().map(|test| test.points).sum()
    }

    /// Without what is large and no longer needed once it is judged: tests and input.
    pub(in crate::judge) fn lighten(&mut self) {
        self.stdin = Blob::default();
        for test in &mut self.tests {
            (test.stdin, test.expected) = Default::default();
        }
        if let Checker::Program { source, .. } | Checker::Interactive { source, .. } =
            &mut self.checker
        {
            *source = Blob::default();
        }
    }
}
