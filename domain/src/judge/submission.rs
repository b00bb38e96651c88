//! What is handed in: files, a language, tests and limits, checked as a whole before it is taken.

use serde::{Deserialize, Serialize};

use super::blob::Blob;
use crate::refusal::{Refusal, RefusalKind};

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
    /// ends with status 0 if the answer is right, with 1 if it is wrong.
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

    fn check(&self, of: &str, ranges: &[Range; 5]) -> Result<(), Refusal> {
        let values = [
            u64::from(self.cpu_ms),
            u64::from(self.wall_ms),
            self.memory_bytes,
            self.output_bytes,
            u64::from(self.processes),
        ];
        for (value, (name, unit, least, most)) in values.into_iter().zip(ranges) {
            if !(*least..=*most).contains(&value) {
                let said = format!(
                    "{of}'s {name} is {value}, it must lie between {least} and {most} {unit}"
                );
                return Err(bad(said).with("field", [*name]));
            }
        }
        Ok(())
    }
}

/// What stands against a submission.
fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalKind::Invalid, "bad_submission", message)
}

fn too_large(what: &str, size: usize, most: usize) -> Refusal {
    let message = format!("{what} have {size} bytes together, they may have {most}");
    Refusal::new(RefusalKind::Invalid, "submission_too_large", message).with("max", [most])
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

    /// Looks at everything.
    ///
    /// # Errors
    ///
    /// `bad_submission` or `submission_too_large`, with the first thing that is wrong.
    pub fn check(&self) -> Result<(), Refusal> {
        language(&self.language)?;
        self.check_files()?;
        self.check_arguments()?;
        self.check_tests()?;
        self.check_checker()?;
        self.run.check("the run", &RUN_RANGES)?;
        self.compile.check("the compiler", &COMPILE_RANGES)?;
        match &self.webhook {
            Some(webhook) => webhook.check(),
            None => Ok(()),
        }
    }

    fn check_files(&self) -> Result<(), Refusal> {
        if self.files.is_empty() || self.files.len() > FILES_MAX {
            let many = self.files.len();
            return Err(bad(format!("it has {many} files, it must have 1 to {FILES_MAX}")));
        }
        let size = self.files.iter().map(|file| file.content.len()).sum();
        if size > FILES_BYTES_MAX {
            return Err(too_large("its files", size, FILES_BYTES_MAX));
        }
        for (n, file) in self.files.iter().enumerate() {
            file_name(&file.name)?;
            let folder = |name: &str, of: &str| {
                of.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
            };
            let clash = self.files[..n].iter().map(|other| &other.name).find(|other| {
                **other == file.name || folder(other, &file.name) || folder(&file.name, other)
            });
            if clash.is_some() {
                let said =
                    format!("the file '{}' is there twice, or is a folder of another", file.name);
                return Err(bad(said));
            }
        }
        Ok(())
    }

    fn check_arguments(&self) -> Result<(), Refusal> {
        let size = self.arguments.iter().map(|text| text.len() + 1).sum::<usize>();
        if size > ARGUMENTS_BYTES_MAX {
            return Err(too_large("its arguments", size, ARGUMENTS_BYTES_MAX));
        }
        match self.arguments.iter().any(|text| text.contains('\0')) {
            true => Err(bad("an argument holds a NUL, which no program can be given")),
            false => Ok(()),
        }
    }

    fn check_tests(&self) -> Result<(), Refusal> {
        if self.tests.len() > TESTS_MAX {
            let many = self.tests.len();
            return Err(bad(format!("it has {many} tests, it may have {TESTS_MAX}")));
        }
        if !self.tests.is_empty() && (self.interactive || !self.stdin.is_empty()) {
            return Err(bad("a submission with tests has no input of its own: each test has one"));
        }
        let input = [("the input".to_owned(), &self.stdin)].into_iter();
        let tests = self.tests.iter().flat_map(|test| {
            let of = |part| format!("the {part} of test '{}'", test.name);
            [(of("input"), &test.stdin), (of("expected answer"), &test.expected)]
        });
        for (what, blob) in input.chain(tests) {
            if blob.len() > TEST_BYTES_MAX {
                return Err(too_large(&what, blob.len(), TEST_BYTES_MAX));
            }
        }
        let size = self.tests.iter().map(|test| test.stdin.len() + test.expected.len()).sum();
        if size > TESTS_BYTES_MAX {
            return Err(too_large("its tests", size, TESTS_BYTES_MAX));
        }
        for test in &self.tests {
            crate::text::line("a test's name", &test.name, TEST_NAME_MAX)?;
            if test.points > POINTS_MAX {
                let said = format!(
                    "test '{}' is worth {}, it may be {POINTS_MAX}",
                    test.name, test.points
                );
                return Err(bad(said));
            }
        }
        Ok(())
    }

    fn check_checker(&self) -> Result<(), Refusal> {
        match &self.checker {
            Checker::Floats { absolute, relative } => {
                let sound = |x: &f64| x.is_finite() && (0.0..=1e9).contains(x);
                match sound(absolute) && sound(relative) {
                    true => Ok(()),
                    false => Err(bad("a tolerance must be a number from 0 to 1,000,000,000")),
                }
            }
            Checker::Program { language: id, source }
            | Checker::Interactive { language: id, source } => {
                language(id)?;
                if source.is_empty() || source.len() > FILES_BYTES_MAX {
                    let size = source.len();
                    return Err(bad(format!(
                        "the checker has {size} bytes, it must have 1 to {FILES_BYTES_MAX}"
                    )));
                }
                match self.tests.is_empty() {
                    true => Err(bad("a checker that is a program needs tests")),
                    false => Ok(()),
                }
            }
            Checker::Exact | Checker::Tokens | Checker::Unordered => Ok(()),
        }
    }

    /// Without what is large and no longer needed once it is judged: tests and input.
    pub(super) fn lighten(&mut self) {
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

impl Webhook {
    fn check(&self) -> Result<(), Refusal> {
        let scheme = ["http://", "https://"].iter().any(|scheme| self.url.starts_with(scheme));
        let visible = self.url.bytes().all(|byte| byte.is_ascii_graphic());
        if !scheme || !visible || self.url.len() > WEBHOOK_URL_BYTES_MAX {
            let most = WEBHOOK_URL_BYTES_MAX;
            return Err(bad(format!(
                "a webhook's url is http or https, visible ASCII, at most {most} bytes"
            )));
        }
        let long = self
            .secret
            .as_ref()
            .is_some_and(|s| s.is_empty() || s.len() > WEBHOOK_SECRET_BYTES_MAX);
        match long {
            true => {
                Err(bad(format!("a webhook's secret has 1 to {WEBHOOK_SECRET_BYTES_MAX} bytes")))
            }
            false => Ok(()),
        }
    }
}

fn language(id: &str) -> Result<(), Refusal> {
    let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-_.#".contains(&b);
    match !id.is_empty() && id.len() <= LANGUAGE_BYTES_MAX && id.bytes().all(sound) {
        true => Ok(()),
        false => Err(bad(format!("'{:.32}' is no id of a language", id.escape_debug()))),
    }
}

/// Paths are plain, so that no compiler takes one for an option or an instruction.
fn file_name(name: &str) -> Result<(), Refusal> {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"._-+".contains(&b);
    let part =
        |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && part.bytes().all(letter);
    let parts = name.split('/').count();
    let sound =
        name.len() <= FILE_NAME_BYTES_MAX && parts <= FILE_DEPTH_MAX && name.split('/').all(part);
    if sound {
        return Ok(());
    }
    let said = format!(
        "'{:.64}' is no name of a file: letters, digits and . _ - + in parts between '/', none of which starts with '.' or '-'",
        name.escape_debug()
    );
    Err(bad(said).with("field", ["files"]))
}

#[cfg(test)]
mod tests {
    use playhouse_protocol::codec;

    use super::*;

    fn sound() -> Submission {
        Submission::run("c", "main.c", "int main(void) { return 0; }")
    }

    fn test(stdin: usize, expected: usize) -> Test {
        let blob = |size| Blob(vec![b'1'; size]);
        Test {
            name: "a".into(),
            stdin: blob(stdin),
            expected: blob(expected),
            points: 1,
            hidden: false,
        }
    }

    fn refused(change: impl FnOnce(&mut Submission)) -> Refusal {
        let mut submission = sound();
        change(&mut submission);
        submission.check().unwrap_err()
    }

    #[test]
    fn a_small_program_is_taken() {
        sound().check().unwrap();
        let mut tested = sound();
        tested.tests = vec![test(5, 5), test(0, 0)];
        tested.check().unwrap();
        assert_eq!((tested.points(), tested.bytes()), (2, 28 + 10));
    }

    #[test]
    fn names_of_files_are_plain_paths() {
        for name in ["main.c", "src/a-b/x.h", "a+b_c.py", "Main.java"] {
            file_name(name).unwrap();
        }
        let long = "a".repeat(FILE_NAME_BYTES_MAX + 1);
        for name in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            ".",
            ".bashrc",
            "-o",
            "a/-x",
            "a b",
            "a\0b",
            "a\nb",
            "ä.c",
            "@file",
            "a\\b",
            "$(x)",
            "1/2/3/4/5/6/7/8/9",
            &long,
        ] {
            let why = refused(|s| s.files[0].name = name.into());
            assert_eq!(
                (why.code.as_ref(), why.message.contains("is no name")),
                ("bad_submission", true),
                "{name}"
            );
        }
    }

    #[test]
    fn no_file_is_there_twice_or_another_ones_folder() {
        for names in [["a", "a"], ["a", "a/b"], ["a/b", "a"]] {
            let why = refused(|s| {
                s.files = names.map(|name| File { name: name.into(), content: "x".into() }).into();
            });
            assert!(why.message.contains("twice"), "{names:?}: {why}");
        }
    }

    #[test]
    fn everything_has_a_bound() {
        let big = |size| Blob(vec![b'x'; size]);
        let file = |n: usize| File { name: format!("f{n}"), content: "x".into() };
        let large = [
            refused(|s| s.files[0].content = big(FILES_BYTES_MAX + 1)),
            refused(|s| s.stdin = big(TEST_BYTES_MAX + 1)),
            refused(|s| s.tests = vec![test(TEST_BYTES_MAX + 1, 0)]),
            refused(|s| s.tests = vec![test(0, TEST_BYTES_MAX + 1)]),
            refused(|s| s.tests = vec![test(TEST_BYTES_MAX, TEST_BYTES_MAX); 3]),
            refused(|s| s.arguments = vec!["x".repeat(ARGUMENTS_BYTES_MAX)]),
        ];
        assert!(large.iter().all(|why| why.code == "submission_too_large"), "{large:?}");
        let bad = [
            refused(|s| s.files.clear()),
            refused(|s| s.files = (0..=FILES_MAX).map(file).collect()),
            refused(|s| s.tests = vec![test(1, 1); TESTS_MAX + 1]),
            refused(|s| s.arguments = vec!["a\0b".into()]),
            refused(|s| s.tests = vec![Test { points: POINTS_MAX + 1, ..test(1, 1) }]),
            refused(|s| s.language = String::new()),
            refused(|s| s.language = "C; rm".into()),
            refused(|s| (s.tests, s.stdin) = (vec![test(1, 1)], "x".into())),
            refused(|s| (s.tests, s.interactive) = (vec![test(1, 1)], true)),
            refused(|s| s.checker = Checker::Floats { absolute: f64::NAN, relative: 0.0 }),
            refused(|s| s.checker = Checker::Floats { absolute: 0.0, relative: -1.0 }),
            refused(|s| s.checker = Checker::Program { language: "c".into(), source: "x".into() }),
            refused(|s| s.checker = Checker::Program { language: "c".into(), source: "".into() }),
        ];
        assert!(bad.iter().all(|why| why.code == "bad_submission"), "{bad:?}");
    }

    #[test]
    fn no_limit_is_zero_or_without_end() {
        for (n, (name, _, least, most)) in RUN_RANGES.into_iter().enumerate() {
            for value in [0, least - 1, most + 1] {
                let why = refused(|s| match n {
                    0 => s.run.cpu_ms = value as u32,
                    1 => s.run.wall_ms = value as u32,
                    2 => s.run.memory_bytes = value,
                    3 => s.run.output_bytes = value,
                    _ => s.run.processes = value as u16,
                });
                assert!(
                    why.message.contains(name) && why.message.contains(&most.to_string()),
                    "{why}"
                );
            }
        }
        assert!(refused(|s| s.compile.wall_ms = 0).message.contains("the compiler's wall_ms"));
    }

    #[test]
    fn a_webhook_has_an_address_and_shows_no_secret() {
        for url in ["", "ftp://a", "file:///etc/passwd", "http://a b", "javascript:1"] {
            let why = refused(|s| s.webhook = Some(Webhook { url: url.into(), secret: None }));
            assert!(why.message.contains("webhook"), "{url}");
        }
        let url = "https://example.org/x".to_owned();
        let webhook = Webhook { url, secret: Some("hush".into()) };
        assert!(!format!("{webhook:?}").contains("hush"));
        let mut good = sound();
        good.webhook = Some(webhook);
        good.check().unwrap();
    }

    #[test]
    fn the_largest_submission_is_within_the_bound_of_a_command() {
        let mut large = sound();
        large.files[0].content = Blob(vec![b'x'; FILES_BYTES_MAX]);
        large.tests = vec![test(TEST_BYTES_MAX, TEST_BYTES_MAX); 2];
        large.arguments = vec!["x".repeat(1023); 32];
        let source = Blob(vec![b'x'; FILES_BYTES_MAX]);
        large.checker = Checker::Program { language: "c".into(), source };
        large.webhook = Some(Webhook { url: format!("http://{}", "x".repeat(2000)), secret: None });
        large.check().unwrap();
        let size = codec::encode(&large).len();
        assert!(size < COMMAND_BYTES_MAX, "{size} bytes");
        large.lighten();
        assert!(codec::encode(&large).len() < 300 * 1024, "what is kept is small");
    }
}
