//! What Piston's clients ask, read as Piston reads it: fields that are not known are left alone, and what is
//! wrong is said in its words.

use playhouse_domain::judge::job::SHOWN_BYTES_MAX;
use playhouse_domain::judge::submission::{COMPILE_RANGES, RUN_RANGES, Range};
use playhouse_domain::judge::{Blob, Checker, File, Lane, Limits, Submission};
use serde_json::{Map, Value};

use super::range::satisfies;
use super::{Guest, Refused, naming};
use crate::judge::languages::{Language, Languages, MODULE};
use crate::judge::requests::{Encoding, decode};

/// How long a run may take unless it says otherwise, by the processor's time and on the clock, in ms. 3 s: what
/// Piston gives.
const RUN_MS: u32 = 3_000;

/// As much of a name as is said back, in characters.
const SAID_MAX: usize = 64;

/// What is asked for.
pub struct Asked {
    /// What is handed in.
    pub submission: Submission,
    /// What its answer depends on.
    pub terms: Terms,
}

/// What an answer depends on beside what the job came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The language's id.
    pub language: String,
    /// Its version.
    pub version: String,
    /// Whether it has a compiler.
    pub compiled: bool,
    /// What the compiler may use.
    pub compile: Limits,
    /// What each stream may have, in bytes.
    pub output_bytes: usize,
}

/// A limit as Piston calls it, and as the judge does.
struct Named {
    name: &'static str,
    of: &'static [Range; 5],
    at: usize,
}

/// In the order in which Piston looks at them.
const LIMITS: [Named; 6] = [
    Named { name: "compile_memory_limit", of: &COMPILE_RANGES, at: 2 },
    Named { name: "run_memory_limit", of: &RUN_RANGES, at: 2 },
    Named { name: "compile_timeout", of: &COMPILE_RANGES, at: 1 },
    Named { name: "run_timeout", of: &RUN_RANGES, at: 1 },
    Named { name: "compile_cpu_time", of: &COMPILE_RANGES, at: 0 },
    Named { name: "run_cpu_time", of: &RUN_RANGES, at: 0 },
];

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refused> {
    let text = body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| Refused::bad(format!("{name} is required as a string")))
}

fn files(body: &Map<String, Value>) -> Result<&[Value], Refused> {
    let files = body.get("files").and_then(Value::as_array);
    files.map(Vec::as_slice).ok_or_else(|| Refused::bad("files is required as an array"))
}

fn content(n: usize, file: &Value) -> Result<&str, Refused> {
    let content = file.get("content").and_then(Value::as_str);
    content.ok_or_else(|| Refused::bad(format!("files[{n}].content is required as a string")))
}

/// Looks at what must be there, whatever languages there are.
///
/// # Errors
///
/// What is missing.
pub fn look(body: &Map<String, Value>) -> Result<(), Refused> {
    text(body, "language")?;
    text(body, "version")?;
    files(body)?.iter().enumerate().try_for_each(|(n, file)| content(n, file).map(drop))
}

/// What `body` asks for, of `guest`; if it is `live`, its input comes while it runs.
///
/// # Errors
///
/// What is wrong with it.
pub fn read(
    body: &Map<String, Value>,
    languages: &Languages,
    guest: &Guest,
    live: bool,
) -> Result<Asked, Refused> {
    let (name, version) = (text(body, "language")?, text(body, "version")?);
    let language = languages.find(name).filter(|found| satisfies(&found.version, version));
    let language = language.ok_or_else(|| {
        let [name, version] = [name, version].map(|text| text.chars().take(SAID_MAX).collect());
        let (name, version): (String, String) = (name, version);
        Refused::bad(format!("{name}-{version} runtime is unknown"))
    })?;
    let files = source(files(body)?, language)?;
    let (run, compile) = limits(body)?;
    let lane = match guest {
        Guest::Account(_) => Lane::Interactive,
        Guest::Nobody => Lane::Piston,
    };
    let terms = Terms {
        language: language.block.id.clone(),
        version: language.version.clone(),
        compiled: language.is_compiled(),
        compile: language.block.compile_limits.of(&compile),
        output_bytes: SHOWN_BYTES_MAX,
    };
    let submission = Submission {
        language: language.block.id.clone(),
        files,
        arguments: arguments(body)?,
        // Piston leaves it out where input comes while it runs.
        stdin: if live { Blob::default() } else { stdin(body)? },
        interactive: live,
        tests: Vec::new(),
        checker: Checker::Tokens,
        run,
        compile,
        stop_at_first_failure: false,
        lane,
        webhook: None,
    };
    Ok(Asked { submission, terms })
}

fn stdin(body: &Map<String, Value>) -> Result<Blob, Refused> {
    match body.get("stdin") {
        None | Some(Value::Null) => Ok(Blob::default()),
        Some(Value::String(text)) => Ok(text.as_str().into()),
        Some(_) => Err(Refused::bad("If specified, stdin must be a string")),
    }
}

fn arguments(body: &Map<String, Value>) -> Result<Vec<String>, Refused> {
    let bad = || Refused::bad("If specified, args must be an array of strings");
    match body.get("args") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(all)) => {
            all.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(bad)).collect()
        }
        Some(_) => Err(bad()),
    }
}

/// How the content of `file` is written: what is not known is text, as in Piston.
fn encoding(file: &Value) -> Encoding {
    match file.get("encoding").and_then(Value::as_str) {
        Some("base64") => Encoding::Base64,
        Some("hex") => Encoding::Hex,
        _ => Encoding::Utf8,
    }
}

/// The program's files, the main one first: the first that is text.
fn source(files: &[Value], language: &Language) -> Result<Vec<File>, Refused> {
    let is_text = |file: &Value| matches!(encoding(file), Encoding::Utf8);
    let of_text = files.iter().position(is_text);
    // A module may be none.
    let module = language.block.toolchain == MODULE && !files.is_empty();
    let first = of_text.or(module.then_some(0));
    let first =
        first.ok_or_else(|| Refused::bad("files must include at least one utf8 encoded file"))?;
    let mut all = Vec::with_capacity(files.len());
    for (n, file) in files.iter().enumerate() {
        let how = encoding(file);
        let bytes = decode(content(n, file)?, how).ok_or_else(|| {
            let how = if matches!(how, Encoding::Hex) { "hex" } else { "base64" };
            Refused::bad(format!("files[{n}].content is not {how}"))
        })?;
        let given = file.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = match n == first {
            true => naming::main(language, given, &bytes),
            false => naming::other(language, n, given, is_text(file)),
        };
        all.push(File { name, content: Blob(bytes) });
    }
    all[..=first].rotate_right(1);
    Ok(all)
}

/// What run and compiler may use.
fn limits(body: &Map<String, Value>) -> Result<(Limits, Limits), Refused> {
    let usual = Limits::of_run();
    let output_bytes = SHOWN_BYTES_MAX as u64;
    let mut run = Limits { cpu_ms: RUN_MS, wall_ms: RUN_MS, output_bytes, ..usual };
    let mut compile = Limits::of_compile();
    for Named { name, of, at } in LIMITS {
        let Some(value) = limit(body, name, &of[at])? else { continue };
        let limits = if name.starts_with("run") { &mut run } else { &mut compile };
        match at {
            0 => limits.cpu_ms = value as u32,
            1 => limits.wall_ms = value as u32,
            _ => limits.memory_bytes = value,
        }
    }
    Ok((run, compile))
}

/// The limit `name`, raised to the least that there is; none if the server's own is to hold.
fn limit(
    body: &Map<String, Value>,
    name: &str,
    (_, _, least, most): &Range,
) -> Result<Option<u64>, Refused> {
    let value = match body.get(name) {
        // What JavaScript takes for nothing.
        None | Some(Value::Null | Value::Bool(false)) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::Number(number)) => number.as_f64().unwrap_or(f64::INFINITY),
        Some(_) => {
            return Err(Refused::bad(format!("If specified, {name} must be a number")));
        }
    };
    let own = name.ends_with("memory_limit") && value == -1.0;
    if value == 0.0 || own {
        return Ok(None);
    }
    if value > *most as f64 {
        return Err(Refused::bad(format!("{name} cannot exceed the configured limit of {most}")));
    }
    if value < 0.0 {
        return Err(Refused::bad(format!("{name} must be non-negative")));
    }
    Ok(Some((value.ceil() as u64).max(*least)))
}
