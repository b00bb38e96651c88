//! Files that hold secrets: written whole or not at all, for their owner alone, and on the disk
//! before anybody relies on them.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file of secrets cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("failed to {doing} {}", path.display())]
pub struct PrivateError {
    /// What was tried.
    doing: &'static str,
    /// On what.
    path: PathBuf,
    /// Why.
    #[source]
    source: io::Error,
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrivateError {
    let path = path.to_owned();
    move |source| PrivateError { doing, path, source }
}

/// What is in the file `path`; none if there is no such file.
///
/// # Errors
///
/// [`PrivateError`].
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, PrivateError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed("read", path)(source)),
    }
}

/// Puts `bytes` into the file `name` of the directory `folder`, in place of what was there.
///
/// # Errors
///
/// [`PrivateError`]; then the file is as it was.
pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), PrivateError> {
    let (path, draft) = (folder.join(name), folder.join(format!("{name}.new")));
    // A draft that was left behind may be readable by others: never write into it.
    match std::fs::remove_file(&draft) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &draft)(e)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(&draft).map_err(failed("make", &draft))?;
    file.write_all(bytes).map_err(failed("write", &draft))?;
    file.sync_all().map_err(failed("sync", &draft))?;
    std::fs::rename(&draft, &path).map_err(failed("name", &path))?;
    // The name is on disk only with its directory.
    File::open(folder).and_then(|d| d.sync_all()).map_err(failed("sync", folder))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_draft_that_was_left_behind_does_not_open_a_secret_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let draft = folder.path().join("secret.new");
        std::fs::write(&draft, "half").unwrap();
        std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o644)).unwrap();
        write(folder.path(), "secret", b"whole").unwrap();
        let path = folder.path().join("secret");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!((mode & 0o777, draft.exists()), (0o600, false));
        assert_eq!(read(&path).unwrap().as_deref(), Some(&b"whole"[..]));
    }

    #[test]
    fn a_file_that_is_not_there_is_no_error_and_one_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(&folder.path().join("none")).unwrap().is_none());
        let error = write(&folder.path().join("no/such"), "secret", b"x").unwrap_err();
        assert!(error.to_string().ends_with("/no/such/secret.new"), "{error}");
    }
}
