//! Reads results out of `/work`, after everything that could change them is dead.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};

use crate::report::{Refused, ResultFile};

/// Reads each named file below `work`, at most `most` bytes of it.
pub(crate) fn collect(work: BorrowedFd<'_>, names: &[String], most: u64) -> Vec<ResultFile> {
    let one = |name: &String| {
        let (refused, bytes) = match read(work, name, most) {
            Ok(bytes) => (None, bytes),
            Err(refused) => (Some(refused), Vec::new()),
        };
        ResultFile { name: name.clone(), refused, bytes }
    };
    names.iter().map(one).collect()
}

fn read(work: BorrowedFd<'_>, name: &str, most: u64) -> Result<Vec<u8>, Refused> {
    // The kernel itself stays below the folder, follows no link and crosses no mount. Without
    // O_NONBLOCK a FIFO would be waited for.
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)
        .resolve(
            ResolveFlag::RESOLVE_BENEATH
                | ResolveFlag::RESOLVE_NO_SYMLINKS
                | ResolveFlag::RESOLVE_NO_MAGICLINKS
                | ResolveFlag::RESOLVE_NO_XDEV,
        );
    let file = openat2(work.as_fd(), name, how).map_err(|errno| match errno {
        Errno::ENOENT => Refused::Missing,
        Errno::ELOOP | Errno::EXDEV => Refused::LeavesWork,
        Errno::ENXIO | Errno::ENODEV | Errno::ENOTDIR => Refused::NotAFile,
        _ => Refused::Unreadable,
    })?;
    let file = File::from(file);
    let about = file.metadata().map_err(|_| Refused::Unreadable)?;
    if !about.is_file() {
        return Err(Refused::NotAFile);
    }
    if about.nlink() != 1 {
        return Err(Refused::HardLink);
    }
    if about.size() > most {
        return Err(Refused::TooLarge);
    }
    let mut bytes = Vec::with_capacity(about.size() as usize);
    match file.take(most + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 <= most => Ok(bytes),
        Ok(_) => Err(Refused::TooLarge),
        Err(_) => Err(Refused::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    fn told(prepare: impl FnOnce(&Path)) -> Result<Vec<u8>, Refused> {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let work = File::open(folder.path()).unwrap();
        read(work.as_fd(), "out", 16)
    }

    #[test]
    fn only_a_plain_file_of_the_jail_is_handed_back() {
        assert_eq!(told(|at| std::fs::write(at.join("out"), "fine").unwrap()), Ok(b"fine".into()));
        assert_eq!(told(|_| {}), Err(Refused::Missing));
        let link = |at: &Path| symlink("/etc/passwd", at.join("out")).unwrap();
        assert_eq!(told(link), Err(Refused::LeavesWork));
        let folder = |at: &Path| std::fs::create_dir(at.join("out")).unwrap();
        assert_eq!(told(folder), Err(Refused::NotAFile));
        let fifo = |at: &Path| {
            nix::unistd::mkfifo(&at.join("out"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        };
        assert_eq!(told(fifo), Err(Refused::NotAFile), "and it was not waited for");
        let twice = |at: &Path| {
            std::fs::write(at.join("out"), "x").unwrap();
            std::fs::hard_link(at.join("out"), at.join("other")).unwrap();
        };
        assert_eq!(told(twice), Err(Refused::HardLink));
        let sparse = |at: &Path| File::create(at.join("out")).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(told(sparse), Err(Refused::TooLarge));
    }

    #[test]
    fn no_path_and_no_link_in_a_path_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("work")).unwrap();
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        symlink("..", folder.path().join("work/up")).unwrap();
        let work = File::open(folder.path().join("work")).unwrap();
        for name in ["../secret", "up/secret", "/etc/passwd"] {
            assert_eq!(read(work.as_fd(), name, 16), Err(Refused::LeavesWork), "{name}");
        }
    }
}
