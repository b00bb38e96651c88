//! What is asked of the judge, as JSON. Strict: a field that does not exist is an error.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use playhouse_domain::judge::submission::RUN_RANGES;
use playhouse_domain::judge::{Blob, Checker, File, Lane, Limits, Submission, Test, Webhook};
use playhouse_protocol::ids::JobId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::languages::{Language, Languages};
use crate::asking::invalid;
use crate::http::error::Problem;

/// A program that is handed in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobRequest {
    /// The language: an id of `GET /api/languages`, or another name that it is known by.
    #[schema(example = "python")]
    pub language: String,
    /// The program, if it is one file. This or `files`.
    #[schema(example = "print(input())")]
    pub source: Option<String>,
    /// The program, if it is more files, or none of text. The first is the one that is compiled or run.
    #[schema(max_items = 32)]
    pub files: Option<Vec<FileRequest>>,
    /// What a run without tests reads.
    pub stdin: Option<String>,
    /// True if more input may come while it runs (`job.stdin` on the live connection): else its input ends.
    #[serde(default)]
    pub interactive: bool,
    /// What the program is called with.
    #[serde(default)]
    pub args: Vec<String>,
    /// What it is held against. None: it is run once.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub tests: Vec<TestRequest>,
    /// Who says whether an answer is right. Absent: the words must be the same, whatever white space lies between.
    pub checker: Option<CheckerRequest>,
    /// What one run may use.
    pub limits: Option<LimitsRequest>,
    /// True if nothing more is run after the first test that fails.
    #[serde(default)]
    pub stop_at_first_failure: bool,
    /// Who is told when it is judged.
    pub webhook: Option<WebhookRequest>,
}

/// Who is told when a job is judged.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// Where: `http` or `https`, and no address of the server's own network.
    #[schema(example = "https://example.org/judged", max_length = 2048)]
    pub url: String,
    /// What signs it (HMAC-SHA256). Absent: it is not signed.
    #[schema(max_length = 256)]
    pub secret: Option<String>,
}

/// A file of a program.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileRequest {
    /// Its path: letters, digits and `. _ - +` in parts between `/`. May be absent if there is one file alone.
    #[schema(example = "src/point.h", max_length = 128)]
    pub name: Option<String>,
    /// What it holds.
    pub content: String,
    /// How that is written.
    #[serde(default)]
    pub encoding: Encoding,
}

/// How the content of a file is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As it is.
    #[default]
    Utf8,
    /// As base64, for what is no text.
    Base64,
    /// As hexadecimal digits.
    Hex,
}

/// A test.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestRequest {
    /// Its name. Absent: its number.
    #[schema(max_length = 64)]
    pub name: Option<String>,
    /// What the program reads.
    #[serde(default)]
    pub stdin: String,
    /// What is expected of it.
    #[serde(default)]
    pub expected: String,
    /// What it is worth. 1 unless it says otherwise.
    #[schema(maximum = 1_000_000)]
    pub points: Option<u32>,
    /// True if nobody is shown what the program wrote, nor why it was wrong.
    #[serde(default)]
    pub hidden: bool,
}

/// Who says whether an answer is right.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckerRequest {
    /// `exact`, `tokens`, `floats`, `unordered`, `program` or `interactive`.
    #[schema(example = "floats")]
    pub kind: String,
    /// For `floats`: by how much a number may be off. 0.000001 unless it says otherwise.
    pub absolute: Option<f64>,
    /// For `floats`: by which part of what was expected. 0.000001 unless it says otherwise.
    pub relative: Option<f64>,
    /// For `program` and `interactive`: its language.
    pub language: Option<String>,
    /// For `program` and `interactive`: its source.
    pub source: Option<String>,
}

/// What one run may use. What is absent is as usual.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsRequest {
    /// Processor time, in ms. 2,000 unless it says otherwise.
    #[schema(minimum = 10, maximum = 15_000)]
    pub cpu_ms: Option<u32>,
    /// Time on the clock, in ms. Three times `cpu_ms` and a second; of an interactive run a minute.
    #[schema(minimum = 10, maximum = 60_000)]
    pub wall_ms: Option<u32>,
    /// Memory, in bytes. 256 MiB unless it says otherwise.
    #[schema(minimum = 4_194_304, maximum = 1_073_741_824)]
    pub memory_bytes: Option<u64>,
    /// Standard output, and as much of standard error, in bytes. 1 MiB unless it says otherwise.
    #[schema(minimum = 1_024, maximum = 8_388_608)]
    pub output_bytes: Option<u64>,
    /// Processes and threads. 64 unless it says otherwise.
    #[schema(minimum = 1, maximum = 128)]
    pub processes: Option<u16>,
}

/// Which page of one's jobs.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct JobsQuery {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// More input for a program that runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StdinRequest {
    /// Which job's.
    pub job: JobId,
    /// What it reads next.
    #[serde(default)]
    pub data: String,
    /// True if its input ends behind that.
    #[serde(default)]
    pub end: bool,
}

fn bad(detail: impl Into<String>) -> Problem {
    invalid("bad_submission", detail)
}

impl JobRequest {
    /// What is to be judged, with a language that this machine has.
    ///
    /// # Errors
    ///
    /// `unknown_language`, `bad_submission`.
    pub fn submission(self, languages: &Languages) -> Result<Submission, Problem> {
        let language = find(languages, &self.language)?;
        let files = match (self.source, self.files) {
            (Some(source), None) => {
                vec![File { name: language.block.file.clone(), content: source.as_str().into() }]
            }
            (None, Some(files)) => named(files, language)?,
            _ => return Err(bad("give either source or files")),
        };
        let tests: Vec<Test> = (1..).zip(self.tests).map(|(n, test)| test.test(n)).collect();
        let lane = if tests.is_empty() { Lane::Interactive } else { Lane::Batch };
        let checker = match self.checker {
            Some(checker) => checker.checker(languages)?,
            None => Checker::Tokens,
        };
        Ok(Submission {
            language: language.block.id.clone(),
            files,
            arguments: self.args,
            stdin: Blob(self.stdin.unwrap_or_default().into_bytes()),
            interactive: self.interactive,
            tests,
            checker,
            run: self.limits.unwrap_or_default().limits(self.interactive),
            compile: Limits::of_compile(),
            stop_at_first_failure: self.stop_at_first_failure,
            lane,
            webhook: self.webhook.map(|WebhookRequest { url, secret }| Webhook { url, secret }),
        })
    }
}

/// The language that goes by `name`.
///
/// # Errors
///
/// `unknown_language`, with what would bring it.
pub fn find<'a>(languages: &'a Languages, name: &str) -> Result<&'a Language, Problem> {
    if let Some(language) = languages.find(name) {
        return Ok(language);
    }
    let missing = languages.missing.iter().find(|missing| missing.id == name);
    let shown: String = name.chars().take(32).collect();
    Err(invalid(
        "unknown_language",
        match missing {
            Some(missing) => {
                let (name, package) = (&missing.name, &missing.package);
                format!("this machine has no {name}: apt install {package} would bring it")
            }
            None => format!("there is no language '{shown}': GET /api/languages has them all"),
        },
    ))
}

/// The files with their names: one alone is called as its language's are.
fn named(files: Vec<FileRequest>, language: &Language) -> Result<Vec<File>, Problem> {
    let alone = files.len() == 1;
    let name = |name: Option<String>| match name {
        Some(name) => Ok(name),
        None if alone => Ok(language.block.file.clone()),
        None => Err(bad("each of several files must have a name")),
    };
    let file = |file: FileRequest| {
        let content = decode(&file.content, file.encoding)
            .ok_or_else(|| bad("the content of a file is not encoded as it says"))?;
        Ok(File { name: name(file.name)?, content: Blob(content) })
    };
    files.into_iter().map(file).collect()
}

/// What `text` stands for, if it is encoded as it says.
#[must_use]
pub fn decode(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Utf8 => Some(text.as_bytes().to_vec()),
        Encoding::Base64 => STANDARD.decode(text).ok(),
        Encoding::Hex => {
            let digits = text.is_ascii() && text.len().is_multiple_of(2);
            let pair = |at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
            (0..text.len()).step_by(2).map(pair).collect::<Option<_>>().filter(|_| digits)
        }
    }
}

impl TestRequest {
    fn test(self, number: usize) -> Test {
        Test {
            name: self.name.unwrap_or_else(|| number.to_string()),
            stdin: Blob(self.stdin.into_bytes()),
            expected: Blob(self.expected.into_bytes()),
            points: self.points.unwrap_or(1),
            hidden: self.hidden,
        }
    }
}

impl CheckerRequest {
    fn checker(self, languages: &Languages) -> Result<Checker, Problem> {
        let program = || {
            let name =
                self.language.as_deref().ok_or_else(|| bad("the checker has no language"))?;
            let source = self.source.as_deref().ok_or_else(|| bad("the checker has no source"))?;
            let language = find(languages, name)?.block.id.clone();
            Ok::<_, Problem>((language, Blob::from(source)))
        };
        let tolerance = |given: Option<f64>| given.unwrap_or(1e-6);
        Ok(match self.kind.as_str() {
            "exact" => Checker::Exact,
            "tokens" => Checker::Tokens,
            "floats" => Checker::Floats {
                absolute: tolerance(self.absolute),
                relative: tolerance(self.relative),
            },
            "unordered" => Checker::Unordered,
            "program" => {
                let (language, source) = program()?;
                Checker::Program { language, source }
            }
            "interactive" => {
                let (language, source) = program()?;
                Checker::Interactive { language, source }
            }
            other => {
                let shown: String = other.chars().take(32).collect();
                return Err(bad(format!("there is no checker '{shown}'")));
            }
        })
    }
}

impl LimitsRequest {
    fn limits(self, interactive: bool) -> Limits {
        let usual = Limits::of_run();
        let cpu_ms = self.cpu_ms.unwrap_or(usual.cpu_ms);
        let longest = RUN_RANGES[1].3 as u32;
        let wall_ms =
            if interactive { longest } else { (3 * cpu_ms.min(longest) + 1_000).min(longest) };
        Limits {
            cpu_ms,
            wall_ms: self.wall_ms.unwrap_or(wall_ms),
            memory_bytes: self.memory_bytes.unwrap_or(usual.memory_bytes),
            output_bytes: self.output_bytes.unwrap_or(usual.output_bytes),
            processes: self.processes.unwrap_or(usual.processes),
        }
    }
}
