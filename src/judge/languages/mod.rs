//! Languages: blocks of a file, and which of them this machine has.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use playhouse_domain::judge::Limits;
use playhouse_sandbox::{Image, Toolchain};
use serde::{Deserialize, Serialize};

/// The blocks that come with the server.
const OWN: &str = include_str!("../languages.toml");

/// What stands for the compiler of WebAssembly, which the sandbox brings itself.
pub const MODULE: &str = "module";

/// The version that is told of modules: that of the interface that they are given.
const MODULE_VERSION: &str = "1.0.0 (WASI preview 1)";

/// Where the jail shows headers that were compiled before.
pub const PRECOMPILED: &str = "/precompiled";

/// The languages cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LanguagesError {
    /// The file that was named cannot be read.
    #[error("failed to read the languages in {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It says something that makes no sense.
    #[error("the languages in {place} make no sense: {what}")]
    Bad {
        /// Which file, or `the server`.
        place: String,
        /// What is wrong.
        what: String,
    },
}

/// One language, as its block says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Its id, for programs.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Other ids that it is known by.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The toolchain that it needs, as the sandbox calls it, or [`MODULE`].
    pub toolchain: String,
    /// What a program of one file is called.
    pub file: String,
    /// How its files end, without the dot.
    pub extensions: Vec<String>,
    /// How it is compiled, if it is.
    #[serde(default)]
    pub compile: Vec<String>,
    /// A header that is compiled once and for all.
    #[serde(default)]
    pub header: Option<Header>,
    /// What the compiler leaves, and a run needs. Without any a run needs the files themselves.
    #[serde(default)]
    pub artefacts: Vec<String>,
    /// How it is run.
    pub run: Vec<String>,
    /// What a run sees of the machine.
    pub image: Shown,
    /// Variables of compiler and run.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What a run needs at least.
    #[serde(default)]
    pub limits: Least,
    /// What the compiler needs at least.
    #[serde(default)]
    pub compile_limits: Least,
    /// By how much a run's time is longer than that of others. 1 to 10.
    #[serde(default = "one")]
    pub factor: f64,
}

fn one() -> f64 {
    1.0
}

/// A header that is compiled once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Its name, as programs include it.
    pub name: String,
    /// The compiler with its flags.
    pub command: Vec<String>,
}

/// What a run sees of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shown {
    /// Shared libraries and no program.
    Libraries,
    /// `/usr` and what the toolchain has besides.
    Toolchain,
}

/// What is needed at least; absent: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Least {
    /// Processor time, in ms.
    pub cpu_ms: u32,
    /// Time on the clock, in ms.
    pub wall_ms: u32,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Processes and threads.
    pub processes: u16,
}

impl Least {
    /// `limits`, raised to what is needed.
    #[must_use]
    pub fn of(&self, limits: &Limits) -> Limits {
        Limits {
            cpu_ms: limits.cpu_ms.max(self.cpu_ms),
            wall_ms: limits.wall_ms.max(self.wall_ms),
            memory_bytes: limits.memory_bytes.max(self.memory_bytes),
            output_bytes: limits.output_bytes,
            processes: limits.processes.max(self.processes),
        }
    }
}

/// A language that this machine has.
#[derive(Debug, Clone)]
pub struct Language {
    /// Its block.
    pub block: Block,
    /// Its version, as its toolchain says: a number, such as `12.2.0`.
    pub version: String,
    /// Everything that its toolchain says of itself.
    pub says: String,
    /// The compiler or interpreter.
    pub program: PathBuf,
    /// What its compiler sees.
    pub toolchain: Image,
}

/// A language that this machine lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The package of Debian that brings it.
    pub package: String,
}

/// The languages, and which of them there are.
#[derive(Debug, Default)]
pub struct Languages {
    /// Those that can be used, in the order of the file.
    pub there: Vec<Language>,
    /// Those that cannot.
    pub missing: Vec<Missing>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Blocks {
    language: Vec<Block>,
}

fn read(place: &str, text: &str) -> Result<Vec<Block>, LanguagesError> {
    let bad = |what: String| LanguagesError::Bad { place: place.to_owned(), what };
    let blocks: Blocks = toml::from_str(text).map_err(|e| bad(e.to_string()))?;
    for block in &blocks.language {
        block.check().map_err(|what| bad(format!("'{}': {what}", block.id)))?;
    }
    Ok(blocks.language)
}

/// The server's own blocks; those of the file `more` come to them, or take the place of one with their id.
///
/// # Errors
///
/// See [`LanguagesError`].
pub fn blocks(more: Option<&Path>) -> Result<Vec<Block>, LanguagesError> {
    let mut blocks = read("the server", OWN)?;
    let Some(path) = more else { return Ok(blocks) };
    let text = std::fs::read_to_string(path)
        .map_err(|source| LanguagesError::Read { path: path.to_owned(), source })?;
    for block in read(&path.display().to_string(), &text)? {
        match blocks.iter_mut().find(|own| own.id == block.id) {
            Some(own) => *own = block,
            None => blocks.push(block),
        }
    }
    Ok(blocks)
}

impl Block {
    fn check(&self) -> Result<(), String> {
        let plain = |text: &str| {
            let sound =
                |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-_.#".contains(&b);
            !text.is_empty() && text.len() <= 32 && text.bytes().all(sound)
        };
        if !plain(&self.id) || !self.aliases.iter().all(|alias| plain(alias)) {
            return Err("ids are 1 to 32 lower-case letters, digits and + - _ . #".to_owned());
        }
        if self.toolchain != MODULE && self.run.is_empty() {
            return Err("run is empty".to_owned());
        }
        if self.compile.is_empty() != self.artefacts.is_empty() {
            return Err("compile and artefacts belong together".to_owned());
        }
        if !(1.0..=10.0).contains(&self.factor) {
            return Err(format!("factor is {}, it must lie between 1 and 10", self.factor));
        }
        Ok(())
    }

    fn missing(&self) -> Missing {
        let known = playhouse_sandbox::missing(&[]).find(|(name, _)| *name == self.toolchain);
        let package = known.map_or("", |(_, package)| package).to_owned();
        Missing { id: self.id.clone(), name: self.name.clone(), package }
    }
}

/// The number in what a toolchain says of itself: digits with at least one dot between.
fn number(said: &str) -> String {
    let words = said.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    let sound = |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    let number = words.map(|word| word.trim_end_matches('.')).find(sound).unwrap_or("0.0.0");
    let dots = number.matches('.').count();
    // Clients compare three numbers.
    format!("{number}{}", if dots == 1 { ".0" } else { "" })
}

impl Languages {
    /// Those of `blocks` for which there is one of `toolchains`, and the others.
    #[must_use]
    pub fn new(blocks: Vec<Block>, toolchains: &[Toolchain]) -> Self {
        let mut languages = Self::default();
        for block in blocks {
            if block.toolchain == MODULE {
                languages.there.push(Language {
                    block,
                    version: number(MODULE_VERSION),
                    says: MODULE_VERSION.to_owned(),
                    program: PathBuf::new(),
                    toolchain: Image::bare(),
                });
                continue;
            }
            match toolchains.iter().find(|found| found.name == block.toolchain) {
                Some(found) => languages.there.push(Language {
                    block,
                    version: number(&found.version),
                    says: found.version.clone(),
                    program: found.program.clone(),
                    toolchain: found.image(),
                }),
                None => languages.missing.push(block.missing()),
            }
        }
        languages
    }

    /// The language that goes by `name`: its id, or another that it is known by.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Language> {
        let by_id = self.there.iter().find(|language| language.block.id == name);
        let known = |language: &&Language| language.block.aliases.iter().any(|alias| alias == name);
        by_id.or_else(|| self.there.iter().find(known))
    }
}

impl Language {
    /// Whether it has a compiler.
    #[must_use]
    pub fn is_compiled(&self) -> bool {
        !self.block.compile.is_empty()
    }

    /// What a run sees.
    #[must_use]
    pub fn image(&self) -> Image {
        match self.block.image {
            Shown::Libraries => Image::libraries(),
            Shown::Toolchain => self.toolchain.clone(),
        }
    }

    /// `words` with what stands for something put in: the `files`' names, the first one's first.
    #[must_use]
    pub fn words(&self, words: &[String], files: &[&str], memory_bytes: u64) -> Vec<String> {
        let first = files.first().copied().unwrap_or(&self.block.file);
        let stem = Path::new(first).file_stem().unwrap_or_default().to_string_lossy();
        let bin = self.program.parent().unwrap_or(Path::new("/")).to_string_lossy();
        let memory = (memory_bytes >> 20).max(1).to_string();
        let mut all = Vec::with_capacity(words.len() + files.len());
        for word in words {
            if word == "{sources}" {
                let others = files.iter().skip(1).filter(|name| self.is_source(name));
                all.extend([first].iter().chain(others).map(|name| (*name).to_owned()));
                continue;
            }
            all.push(
                word.replace("{program}", &self.program.to_string_lossy())
                    .replace("{bin}", &bin)
                    .replace("{file}", first)
                    .replace("{stem}", &stem)
                    .replace("{memory_mib}", &memory),
            );
        }
        all
    }

    fn is_source(&self, name: &str) -> bool {
        let ending = Path::new(name).extension().unwrap_or_default();
        self.block.extensions.iter().any(|known| ending == known.as_str())
    }
}
