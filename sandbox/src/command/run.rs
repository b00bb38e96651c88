//! `playhouse-sandbox run`.

use std::io::Write;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use playhouse_sandbox::{
    Config, Hooks, Image, Input, InputFile, Limits, Outcome, Sandbox, Spec, Stream, Verdict,
    toolchains,
};

use super::{Common, DID_NOT_RUN, whole};

/// What the jail shows of this machine.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shown {
    /// /usr with its programs and libraries
    System,
    /// Shared libraries only, no program
    Libraries,
    /// Nothing
    Bare,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    common: Common,
    /// What the jail shows of this machine, read-only
    #[arg(long, value_enum, default_value = "system", value_name = "IMAGE")]
    image: Shown,
    /// Show this file or folder too, read-only, at the same place or at AT
    #[arg(long, value_name = "PATH[:AT]")]
    show: Vec<String>,
    /// Show what this toolchain has outside /usr: c, c++, go, java, node, python, rust
    #[arg(long, value_name = "NAME")]
    toolchain: Vec<String>,
    /// Put this file into /work, under its own name or as NAME
    #[arg(long, value_name = "PATH[:NAME]")]
    file: Vec<String>,
    /// Take this file out of /work afterwards
    #[arg(long, value_name = "NAME", requires = "results_to")]
    result: Vec<String>,
    /// Folder that the results are written to
    #[arg(long, value_name = "FOLDER")]
    results_to: Option<PathBuf>,
    /// A variable beside HOME, LANG, PATH and TMPDIR
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Let the program read this command's standard input; else its input is empty
    #[arg(long, short)]
    input: bool,
    /// Write the report, as JSON, to this file, or to standard output if it is -
    #[arg(long, value_name = "PATH")]
    report: Option<PathBuf>,
    /// PROGRAM is a WebAssembly module of this machine (.wasm or .wat) with WASI preview 1: run it by
    /// wasmtime in the jail, without files and sockets
    #[arg(long, conflicts_with_all = ["image", "show", "toolchain", "file", "result"])]
    module: bool,
    /// Instructions of a module, about one unit each
    #[arg(long, value_name = "NUMBER", requires = "module")]
    fuel: Option<u64>,
    #[command(flatten)]
    limits: Given,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "PROGRAM")]
    program: Vec<String>,
}

/// Limits that are given on the command line.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct Given {
    /// Processor time of all processes together, such as 500ms or 2s
    #[arg(long, value_parser = milliseconds, value_name = "TIME")]
    cpu: Option<u64>,
    /// Time on the clock
    #[arg(long, value_parser = milliseconds, value_name = "TIME")]
    wall: Option<u64>,
    /// Memory of everything together, such as 64M
    #[arg(long, value_parser = bytes, value_name = "SIZE")]
    memory: Option<u64>,
    /// Processes and threads together
    #[arg(long, value_name = "NUMBER")]
    processes: Option<u64>,
    /// Share of processors: 100 is one of them
    #[arg(long, value_name = "PERCENT")]
    cpu_percent: Option<u64>,
    /// Standard output, and as much of standard error
    #[arg(long, value_parser = bytes, value_name = "SIZE")]
    output: Option<u64>,
    /// One file
    #[arg(long, value_parser = bytes, value_name = "SIZE")]
    file_size: Option<u64>,
    /// /work, and as much of /tmp
    #[arg(long, value_parser = bytes, value_name = "SIZE")]
    work_size: Option<u64>,
    /// Files in /work, and as many in /tmp
    #[arg(long, value_name = "NUMBER")]
    work_files: Option<u64>,
    /// Descriptors of one process
    #[arg(long, value_name = "NUMBER")]
    open_files: Option<u64>,
    /// One result file
    #[arg(long, value_parser = bytes, value_name = "SIZE")]
    result_size: Option<u64>,
}

impl Given {
    fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            cpu_ms: self.cpu.unwrap_or(usual.cpu_ms),
            wall_ms: self.wall.unwrap_or(usual.wall_ms),
            memory_bytes: self.memory.unwrap_or(usual.memory_bytes),
            processes: self.processes.unwrap_or(usual.processes),
            cpu_percent: self.cpu_percent.unwrap_or(usual.cpu_percent),
            output_bytes: self.output.unwrap_or(usual.output_bytes),
            file_bytes: self.file_size.unwrap_or(usual.file_bytes),
            work_bytes: self.work_size.unwrap_or(usual.work_bytes),
            work_files: self.work_files.unwrap_or(usual.work_files),
            open_files: self.open_files.unwrap_or(usual.open_files),
            result_bytes: self.result_size.unwrap_or(usual.result_bytes),
        }
    }
}

/// A number and one of the units, of which the first in the list is meant if there is none.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let named = units.iter().map(|(name, _)| *name).filter(|name| !name.is_empty());
    let wanted =
        || format!("not a whole number and a unit ({})", named.collect::<Vec<_>>().join(", "));
    let found = units.iter().find(|(name, _)| *name == unit);
    let (Some((_, factor)), Ok(number)) = (found, digits.parse::<u64>()) else {
        return Err(wanted());
    };
    number.checked_mul(*factor).ok_or_else(|| format!("{text} is too large"))
}

fn milliseconds(text: &str) -> Result<u64, String> {
    with_unit(text, &[("s", 1_000), ("ms", 1), ("min", 60_000), ("", 1)])
}

fn bytes(text: &str) -> Result<u64, String> {
    with_unit(text, &[("", 1), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)])
}

impl Run {
    pub(crate) fn main(&self) -> Result<ExitCode, String> {
        let config = self.common.config();
        let spec = self.spec(&config)?;
        let sandbox = Sandbox::start(&config).map_err(|e| whole(&e))?;
        let mut lost = false;
        let mut sink = |stream, piece: &[u8]| {
            let written = match stream {
                Stream::Out => std::io::stdout().write_all(piece),
                Stream::Err => std::io::stderr().write_all(piece),
            };
            lost |= written.is_err();
        };
        let hooks = Hooks { sink: Some(&mut sink), ..Hooks::default() };
        let outcome = sandbox.run_with(spec, hooks).map_err(|e| whole(&e))?;
        std::io::stdout().flush().map_err(|e| format!("failed to write the output: {e}"))?;
        if lost {
            return Err("failed to write the program's output".into());
        }
        self.hand_back(&outcome)?;
        Ok(ExitCode::from(status(&outcome.report.verdict)))
    }

    fn spec(&self, config: &Config) -> Result<Spec, String> {
        let mut spec = if self.module {
            self.module(config)?
        } else {
            Spec::new(self.image()?, self.program.iter().cloned())
        };
        spec.limits = self.limits.limits();
        spec.results.clone_from(&self.result);
        for given in &self.env {
            let (name, value) =
                given.split_once('=').ok_or_else(|| format!("'{given}' is no NAME=VALUE"))?;
            spec.environment.insert(name.into(), value.into());
        }
        for given in &self.file {
            spec.files.push(read(given)?);
        }
        if self.input {
            let own = std::io::stdin().as_fd().try_clone_to_owned();
            spec.input = Input::Descriptor(own.map_err(|e| format!("failed to take stdin: {e}"))?);
        }
        Ok(spec)
    }

    fn module(&self, config: &Config) -> Result<Spec, String> {
        let (path, arguments) = self.program.split_first().ok_or("no module is named")?;
        let told = |e: std::io::Error| format!("failed to read {path}: {e}");
        let module = std::fs::read(path).map_err(told)?;
        Spec::module(&config.helper, module, arguments, self.fuel).map_err(told)
    }

    fn image(&self) -> Result<Image, String> {
        let mut image = match self.image {
            Shown::System => Image::system(),
            Shown::Libraries => Image::libraries(),
            Shown::Bare => Image::bare(),
        };
        for given in &self.show {
            let (from, at) = given.split_once(':').unwrap_or((given, given));
            image.bind(from, at);
        }
        let found = if self.toolchain.is_empty() { Vec::new() } else { toolchains() };
        for name in &self.toolchain {
            let one = found.iter().find(|one| one.name == name);
            let one =
                one.ok_or_else(|| format!("this machine has no toolchain called '{name}'"))?;
            one.shows.iter().for_each(|path| image.show(path));
        }
        Ok(image)
    }

    fn hand_back(&self, outcome: &Outcome) -> Result<(), String> {
        let told = |what: &str| {
            let what = what.to_owned();
            move |e: std::io::Error| format!("failed to write {what}: {e}")
        };
        for result in &outcome.report.results {
            match (&self.results_to, result.refused) {
                (Some(folder), None) => {
                    let path = folder.join(&result.name);
                    if let Some(parent) = path.parent() {
                        std::fs::create_dir_all(parent).map_err(told(&result.name))?;
                    }
                    std::fs::write(path, &result.bytes).map_err(told(&result.name))?;
                }
                (_, Some(why)) => {
                    eprintln!("playhouse-sandbox: no result {}: {why:?}", result.name);
                }
                (None, None) => {}
            }
        }
        let Some(path) = &self.report else { return Ok(()) };
        let json = serde_json::to_string_pretty(&outcome.report).map_err(|e| e.to_string())?;
        if path.as_os_str() == "-" {
            println!("{json}");
            return Ok(());
        }
        std::fs::write(path, json + "\n").map_err(told("the report"))
    }
}

fn read(given: &str) -> Result<InputFile, String> {
    let (path, name) = given.split_once(':').map_or((given, None), |(a, b)| (a, Some(b)));
    let path = PathBuf::from(path);
    let own = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.map(str::to_owned).or(own).ok_or_else(|| format!("'{given}' is no file"))?;
    let told = |e: std::io::Error| format!("failed to read {}: {e}", path.display());
    let bytes = std::fs::read(&path).map_err(told)?;
    let about = std::fs::metadata(&path).map_err(told)?;
    let executable = std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o111 != 0;
    Ok(InputFile { name, bytes, executable })
}

fn status(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Ok => 0,
        Verdict::Failed { status } => u8::try_from(*status).unwrap_or(1),
        Verdict::Signalled { signal } => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        Verdict::CpuTime
        | Verdict::WallTime
        | Verdict::Memory
        | Verdict::Output
        | Verdict::Fuel => 122,
        Verdict::Trapped => 128 + 5,
        Verdict::Forbidden { .. } => 123,
        Verdict::Cancelled => DID_NOT_RUN,
    }
}
