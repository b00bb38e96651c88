//! Compilers and interpreters of this machine, and what a jail must show for each to work.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::image::Image;

/// A compiler or interpreter that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// Its short name, such as `python`.
    pub name: &'static str,
    /// The program itself, past all links and shims.
    pub program: PathBuf,
    /// The first line it prints when asked for its version.
    pub version: String,
    /// Folders outside `/usr` that a jail must show for it.
    pub shows: Vec<PathBuf>,
}

/// Name, program, how to ask for its version, and how to ask where its own files are.
const KNOWN: [(&str, &str, &str, &[&str]); 7] = [
    ("c", "cc", "--version", &[]),
    ("c++", "c++", "--version", &[]),
    ("go", "go", "version", &["env", "GOROOT"]),
    ("java", "java", "-version", &["-XshowSettings:properties", "-version"]),
    ("node", "node", "--version", &["-p", "process.execPath"]),
    ("python", "python3", "--version", &["-c", "import sys; print(sys.base_prefix)"]),
    ("rust", "rustc", "--version", &["--print", "sysroot"]),
];

/// The Debian packages that bring the known toolchains: name and package.
const PACKAGES: [(&str, &str); 7] = [
    ("c", "gcc"),
    ("c++", "g++"),
    ("go", "golang-go"),
    ("java", "default-jdk-headless"),
    ("node", "nodejs"),
    ("python", "python3"),
    ("rust", "rustc"),
];

/// The known toolchains that are not in `found`, each with the Debian package that brings it.
pub fn missing(found: &[Toolchain]) -> impl Iterator<Item = (&'static str, &'static str)> {
    PACKAGES.into_iter().filter(|(name, _)| !found.iter().any(|one| one.name == *name))
}

/// Looks for every known toolchain in `PATH`. Runs each once or twice, as the calling user.
#[must_use]
pub fn toolchains() -> Vec<Toolchain> {
    KNOWN.iter().filter_map(|(name, program, ask, files)| find(name, program, ask, files)).collect()
}

fn find(name: &'static str, program: &str, ask: &str, files: &[&str]) -> Option<Toolchain> {
    let version = lines(program, &[ask])?.into_iter().find(|line| !line.trim().is_empty())?;
    let home =
        if files.is_empty() { None } else { lines(program, files).and_then(|said| home(&said)) };
    let settings = home.as_deref().and_then(settings);
    let (program, mut shows) = match home {
        Some(home) if !home.starts_with("/usr") || home.starts_with("/usr/local/") => {
            let own = home.join("bin").join(program);
            let shown = if home.starts_with("/usr") { Vec::new() } else { vec![home] };
            (own, shown)
        }
        _ => (std::fs::canonicalize(which(program)?).ok()?, Vec::new()),
    };
    shows.extend(settings);
    program.exists().then(|| Toolchain { name, program, version: version.trim().into(), shows })
}

/// Debian keeps Java's settings in a folder of `/etc`, to which links in its home lead.
fn settings(home: &Path) -> Option<PathBuf> {
    let file = std::fs::canonicalize(home.join("conf/security/java.security")).ok()?;
    let folder = file.ancestors().find(|folder| folder.parent() == Some(Path::new("/etc")))?;
    Some(folder.to_path_buf())
}

/// The folder that a toolchain lives in, out of what it says of itself.
fn home(said: &[String]) -> Option<PathBuf> {
    let java = said.iter().find_map(|line| line.trim().strip_prefix("java.home = "));
    let line = java.or_else(|| said.first().map(String::as_str))?.trim();
    let path = Path::new(line);
    let path = if path.ends_with("bin/node") { path.parent()?.parent()? } else { path };
    path.is_absolute().then(|| path.to_path_buf())
}

fn lines(program: &str, arguments: &[&str]) -> Option<Vec<String>> {
    let done = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    // Java answers on standard error.
    let text = [done.stdout, done.stderr].concat();
    done.status.success().then(|| String::from_utf8_lossy(&text).lines().map(Into::into).collect())
}

fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

impl Toolchain {
    /// The machine's `/usr`, and what this toolchain has outside of it.
    #[must_use]
    pub fn image(&self) -> Image {
        self.shows.iter().fold(Image::system(), Image::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_there_and_said_its_version() {
        for found in toolchains() {
            assert!(found.program.is_file(), "{found:?}");
            assert!(!found.version.is_empty(), "{found:?}");
            found.image().check().unwrap();
        }
    }

    #[test]
    fn every_known_toolchain_is_found_or_missing_with_its_package() {
        assert!(KNOWN.iter().zip(PACKAGES).all(|(known, (name, _))| known.0 == name));
        let found = toolchains();
        assert_eq!(found.len() + missing(&found).count(), KNOWN.len());
    }

    #[test]
    fn a_program_that_is_not_there_is_not_found() {
        assert_eq!(find("x", "no-such-program-at-all", "--version", &[]), None);
    }
}
