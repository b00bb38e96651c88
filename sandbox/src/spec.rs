//! What is to be run: checked as a whole before anything is written or started.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

use crate::image::Image;
use crate::limits::{Limits, OutOfRange};

/// Bytes of all arguments together. 32 KiB: the job travels in one message to the jail.
pub const ARGUMENT_BYTES_MAX: usize = 32 * 1024;
/// Bytes of all environment variables together, names and values. 16 KiB, as for the arguments.
pub const ENVIRONMENT_BYTES_MAX: usize = 16 * 1024;
/// Files that are put into `/work`, and names of results that are asked for. 256 of each.
pub const FILES_MAX: usize = 256;
/// Bytes of one file's path. 255 bytes is what Linux allows for one name in it.
pub const NAME_BYTES_MAX: usize = 255;
/// Folders in one file's path. 8: enough for a program's sources.
const DEPTH_MAX: usize = 8;

/// A file that is put into `/work` before the program starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Path below `/work`, such as `main.py` or `src/main.rs`.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Whether it may be executed.
    pub executable: bool,
}

/// Where the program's standard input comes from.
#[derive(Debug, Default)]
pub enum Input {
    /// Empty.
    #[default]
    Empty,
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// This descriptor itself, such as the read end of a pipe. A terminal is refused.
    Descriptor(OwnedFd),
}

/// One job: what runs, with what, and within which limits.
#[derive(Debug)]
pub struct Spec {
    /// The program and its arguments. A name without `/` is looked up in `PATH`.
    pub arguments: Vec<String>,
    /// Variables beside the four that every job has: `HOME`, `LANG`, `PATH`, `TMPDIR`.
    /// Nothing is taken over from the supervisor's own environment.
    pub environment: BTreeMap<String, String>,
    /// Standard input.
    pub input: Input,
    /// Files that are put into `/work`.
    pub files: Vec<InputFile>,
    /// Files of `/work` that are handed back afterwards.
    pub results: Vec<String>,
    /// What it may use.
    pub limits: Limits,
    /// What it sees of the machine's file system.
    pub image: Image,
    /// The fuel of a WebAssembly module, if it is bounded; none for a program.
    pub(crate) module: Option<Option<u64>>,
}

/// A job that cannot be run as it was asked for. Nothing was written or started.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// There is no program.
    #[error("no program is named")]
    NoProgram,
    /// A text holds a NUL byte, which no program can be given.
    #[error("the {what} '{text}' holds a NUL byte")]
    Nul {
        /// Argument, variable or file name.
        what: &'static str,
        /// The text, without what follows the NUL.
        text: String,
    },
    /// Too much of something.
    #[error("the {what} are {size} together, but may be {most}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much there is.
        size: usize,
        /// How much there may be.
        most: usize,
    },
    /// A variable's name is none.
    #[error("'{0}' is no name for a variable: letters, digits and '_', not first a digit")]
    VariableName(String),
    /// A file's path would leave `/work`, or is none.
    #[error("'{0}' is no path below /work: relative, without '.', '..' and empty parts, 8 deep")]
    FileName(String),
    /// Two files have one path, or a file's path is another's folder.
    #[error("the file '{0}' is given twice, or is another file's folder")]
    FileTwice(String),
    /// A limit is out of range.
    #[error(transparent)]
    Limit(#[from] OutOfRange),
    /// The input files do not fit into `/work`.
    #[error("the files hold {size} bytes, but /work holds {most}")]
    FilesTooLarge {
        /// Bytes of all files together.
        size: u64,
        /// Size of `/work`.
        most: u64,
    },
    /// A terminal as standard input would let the program type into it.
    #[error("standard input is a terminal; give the job a pipe or a file")]
    Terminal,
}

impl Spec {
    /// A job without files, with an empty input and the default limits.
    pub fn new<T: Into<String>>(image: Image, arguments: impl IntoIterator<Item = T>) -> Self {
        Self {
            arguments: arguments.into_iter().map(Into::into).collect(),
            environment: BTreeMap::new(),
            input: Input::Empty,
            files: Vec::new(),
            results: Vec::new(),
            limits: Limits::default(),
            image,
            module: None,
        }
    }

    /// The whole environment of the program, as `NAME=value`.
    pub(crate) fn environment(&self) -> Vec<String> {
        let mut all: BTreeMap<&str, &str> = BTreeMap::from([
            ("HOME", "/work"),
            ("LANG", "C.UTF-8"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("TMPDIR", "/tmp"),
        ]);
        all.extend(self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        all.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// Checks everything that can be checked before the job starts.
    ///
    /// # Errors
    ///
    /// The first thing found wrong.
    pub fn check(&self) -> Result<(), SpecError> {
        self.limits.check()?;
        self.check_arguments()?;
        self.check_environment()?;
        self.check_files()?;
        match &self.input {
            Input::Descriptor(fd) if nix::unistd::isatty(fd).unwrap_or(false) => {
                Err(SpecError::Terminal)
            }
            _ => Ok(()),
        }
    }

    fn check_arguments(&self) -> Result<(), SpecError> {
        if self.arguments.first().is_none_or(String::is_empty) {
            return Err(SpecError::NoProgram);
        }
        self.arguments.iter().try_for_each(|text| no_nul("argument", text))?;
        let size = self.arguments.iter().map(|text| text.len() + 1).sum();
        at_most("arguments' bytes", size, ARGUMENT_BYTES_MAX)
    }

    fn check_environment(&self) -> Result<(), SpecError> {
        for (name, value) in &self.environment {
            let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !letters || name.is_empty() || name.as_bytes()[0].is_ascii_digit() {
                return Err(SpecError::VariableName(name.clone()));
            }
            no_nul("variable", value)?;
        }
        let size = self.environment.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        at_most("variables' bytes", size, ENVIRONMENT_BYTES_MAX)
    }

    fn check_files(&self) -> Result<(), SpecError> {
        at_most("files", self.files.len(), FILES_MAX)?;
        at_most("results", self.results.len(), FILES_MAX)?;
        let names: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        for name in names.iter().copied().chain(self.results.iter().map(String::as_str)) {
            check_path(name)?;
        }
        for (nth, name) in names.iter().enumerate() {
            let clashes = |other: &&&str| {
                other == &name || other.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
            };
            if names[nth + 1..].iter().any(|other| clashes(&other))
                || names[..nth].iter().any(|other| clashes(&other))
            {
                return Err(SpecError::FileTwice((*name).to_owned()));
            }
        }
        let size = self.files.iter().map(|file| file.bytes.len() as u64).sum();
        let most = self.limits.work_bytes;
        if size > most { Err(SpecError::FilesTooLarge { size, most }) } else { Ok(()) }
    }
}

/// Checks that `name` is a path that stays below the folder it is resolved in.
fn check_path(name: &str) -> Result<(), SpecError> {
    no_nul("file name", name)?;
    let parts: Vec<&str> = name.split('/').collect();
    let bad = name.len() > NAME_BYTES_MAX
        || parts.len() > DEPTH_MAX
        || parts.iter().any(|part| matches!(*part, "" | "." | ".."));
    if bad { Err(SpecError::FileName(name.to_owned())) } else { Ok(()) }
}

fn no_nul(what: &'static str, text: &str) -> Result<(), SpecError> {
    match text.split_once('\0') {
        Some((before, _)) => Err(SpecError::Nul { what, text: before.to_owned() }),
        None => Ok(()),
    }
}

fn at_most(what: &'static str, size: usize, most: usize) -> Result<(), SpecError> {
    if size > most { Err(SpecError::TooMuch { what, size, most }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(change: impl FnOnce(&mut Spec)) -> String {
        let mut spec = Spec::new(Image::bare(), ["true"]);
        spec.check().unwrap();
        change(&mut spec);
        spec.check().map_or_else(|e| e.to_string(), |()| "fine".to_owned())
    }

    fn file(name: &str) -> InputFile {
        InputFile { name: name.into(), bytes: vec![0; 4], executable: false }
    }

    #[test]
    fn a_path_that_would_leave_the_work_folder_is_refused_before_anything_is_written() {
        let long = "x".repeat(256);
        let deep = "a/".repeat(8) + "b";
        let bad =
            ["../../x", "a/../../x", "/etc/passwd", "", ".", "a//b", "a/", "a/./b", &long, &deep];
        for name in bad {
            let text = told(|spec| spec.files.push(file(name)));
            assert!(text.contains("no path below /work"), "{name}: {text}");
            let text = told(|spec| spec.results.push(name.into()));
            assert!(text.contains("no path below /work"), "{name}: {text}");
        }
        assert!(told(|spec| spec.files.push(file("a\0b"))).contains("NUL"));
        assert_eq!(told(|spec| spec.files.push(file("a/new\nline/ü"))), "fine");
    }

    #[test]
    fn a_file_is_given_once_and_is_no_folder_of_another() {
        let twice = told(|spec| spec.files.extend([file("a"), file("a")]));
        assert!(twice.contains("given twice"), "{twice}");
        let folder = told(|spec| spec.files.extend([file("a/b"), file("a")]));
        assert!(folder.contains("another file's folder"), "{folder}");
        assert_eq!(told(|spec| spec.files.extend([file("ab"), file("a")])), "fine");
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let most = ARGUMENT_BYTES_MAX;
        assert!(told(|spec| spec.arguments.push("x".repeat(most))).contains("arguments' bytes"));
        let many = |spec: &mut Spec| drop(spec.environment.insert("A".into(), "x".repeat(most)));
        assert!(told(many).contains("variables' bytes"));
        let files = |spec: &mut Spec| spec.files.extend((0..300).map(|n| file(&n.to_string())));
        assert!(told(files).contains("files are 300"));
        let large = |spec: &mut Spec| {
            spec.files.push(InputFile { bytes: vec![0; 17 << 20], ..file("large") });
        };
        assert!(told(large).contains("/work holds"));
    }

    #[test]
    fn a_variable_has_a_plain_name_and_the_supervisors_own_are_not_taken_over() {
        for name in ["", "1A", "A=B", "A B", "ä"] {
            let text = told(|spec| drop(spec.environment.insert(name.into(), "x".into())));
            assert!(text.contains("no name for a variable"), "{name}: {text}");
        }
        let environment = Spec::new(Image::bare(), ["true"]).environment();
        assert_eq!(
            environment,
            ["HOME=/work", "LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin", "TMPDIR=/tmp"]
        );
    }

    #[test]
    fn a_job_names_a_program() {
        assert_eq!(told(|spec| spec.arguments.clear()), "no program is named");
        assert_eq!(told(|spec| spec.arguments[0].clear()), "no program is named");
        assert!(told(|spec| spec.arguments.push("a\0b".into())).contains("NUL"));
    }
}
