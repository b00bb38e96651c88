//! Folders, links and files of a jail, made through the standard library.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt, fchown, lchown, symlink};
use std::path::Path;

use nix::errno::Errno;

pub(super) fn io(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

pub(super) fn folder(at: &str) -> Result<(), Errno> {
    fs::create_dir_all(at).map_err(io)
}

pub(super) fn link(at: &str, target: &str) -> Result<(), Errno> {
    parents(at, None)?;
    symlink(target, at).map_err(io)
}

pub(super) fn file(at: &str, bytes: &[u8], mode: u32, owner: Option<u32>) -> Result<(), Errno> {
    parents(at, owner)?;
    let mut options = File::options();
    let file = options.write(true).create_new(true).mode(mode).open(at).map_err(io)?;
    file.write_all_at(bytes, 0).map_err(io)?;
    // The mode again, because the umask took its part of it.
    file.set_permissions(Permissions::from_mode(mode)).map_err(io)?;
    owner.map_or(Ok(()), |id| fchown(&file, Some(id), Some(id)).map_err(io))
}

/// Makes the missing folders above `at`; those inside `/work` belong to `owner`.
fn parents(at: &str, owner: Option<u32>) -> Result<(), Errno> {
    let Some(folder) = Path::new(at).parent() else { return Ok(()) };
    let missing: Vec<&Path> = folder.ancestors().take_while(|path| !path.exists()).collect();
    for path in missing.into_iter().rev() {
        fs::create_dir(path).map_err(io)?;
        if let Some(id) = owner {
            // Nothing of the job's runs yet, so no part of this path can have been exchanged.
            lchown(path, Some(id), Some(id)).map_err(io)?;
        }
    }
    Ok(())
}
