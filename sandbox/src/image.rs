//! What a job sees of the machine's file system: a short list of read-only folders, and nothing else.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// One file or folder of the machine that the jail shows, read-only, at the same or another place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bind {
    /// Where it lies on the machine.
    pub from: PathBuf,
    /// Where the jail shows it: an absolute path.
    pub to: String,
}

/// What the jail's root holds beside `/work`, `/tmp`, `/proc` and `/dev`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Image {
    /// Folders and files of the machine, in the order in which they are shown.
    pub binds: Vec<Bind>,
    /// Symbolic links: where, and to what.
    pub links: Vec<(String, String)>,
}

/// Folders in `/` that are links into `/usr` on most systems of today.
const MERGED: [&str; 5] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64"];
/// Parts of `/etc` that programs and compilers need, and that say nothing of the machine's people.
const ETC: [&str; 3] = ["/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf"];

impl Image {
    /// Nothing of the machine at all: for a program that is linked statically.
    #[must_use]
    pub const fn bare() -> Self {
        Self { binds: Vec::new(), links: Vec::new() }
    }

    /// The machine's shared libraries, and no program: for a compiled program.
    #[must_use]
    pub fn libraries() -> Self {
        let mut image = Self::bare();
        for path in ["/usr/lib", "/usr/lib64"] {
            image.show(path);
        }
        for path in ["/lib", "/lib64"] {
            image.show(path);
        }
        image.show("/etc/ld.so.cache");
        image
    }

    /// The machine's own programs and libraries in `/usr`: shells, compilers, interpreters.
    #[must_use]
    pub fn system() -> Self {
        let mut image = Self::bare();
        for path in ["/usr"].iter().chain(&MERGED).chain(&ETC) {
            image.show(path);
        }
        image
    }

    /// Shows `from` at the same place, if it is there: as a link where it is one, else as itself.
    pub fn show(&mut self, from: impl AsRef<Path>) {
        let from = from.as_ref();
        let Some(name) = from.to_str() else { return };
        match std::fs::read_link(from) {
            Ok(target) => {
                self.links.push((name.to_owned(), target.to_string_lossy().into_owned()));
            }
            Err(_) if from.exists() => self.bind(from, name),
            Err(_) => {}
        }
    }

    /// Shows `from`, read-only, at `to`.
    pub fn bind(&mut self, from: impl Into<PathBuf>, to: impl Into<String>) {
        self.binds.push(Bind { from: from.into(), to: to.into() });
    }

    /// Shows `from` at the same place.
    #[must_use]
    pub fn with(mut self, from: impl AsRef<Path>) -> Self {
        self.show(from);
        self
    }

    /// Checks that every place in the jail is one: absolute, without `.` and `..`, and none of ours.
    ///
    /// # Errors
    ///
    /// The first place that is not.
    pub fn check(&self) -> Result<(), ImageError> {
        let places = self.binds.iter().map(|bind| &bind.to);
        for to in places.chain(self.links.iter().map(|(to, _)| to)) {
            let parts: Vec<&str> = to.split('/').skip(1).collect();
            let ours = ["work", "tmp", "proc", "dev", "sys", ""];
            let bad = !to.starts_with('/')
                || to.contains('\0')
                || parts.iter().any(|part| matches!(*part, "" | "." | ".."))
                || parts.first().is_none_or(|first| ours.contains(first));
            if bad {
                return Err(ImageError { to: to.clone() });
            }
        }
        Ok(())
    }
}

/// An image shows something at a place where it may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{to}' is no place for a part of an image: absolute, without '..', outside /work, /tmp, /proc, /dev, /sys"
)]
pub struct ImageError {
    to: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_shows_usr_and_no_homes_no_sys_and_no_passwords() {
        let image = Image::system();
        image.check().unwrap();
        let shown: Vec<&str> = image.binds.iter().map(|bind| bind.to.as_str()).collect();
        assert!(shown.contains(&"/usr"));
        for hidden in ["/", "/etc", "/root", "/home", "/var", "/sys", "/run"] {
            assert!(!shown.contains(&hidden), "{hidden} is shown");
        }
    }

    #[test]
    fn nothing_can_be_shown_where_the_jails_own_folders_are() {
        for to in ["usr", "/", "/work/x", "/proc", "/dev/kvm", "/a/../proc", "/sys", "/a//b"] {
            let mut image = Image::bare();
            image.bind("/usr", to);
            assert!(image.check().is_err(), "{to}");
        }
    }
}
