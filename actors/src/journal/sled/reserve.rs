//! Blocks that the store's file has in advance.
//!
//! Free space that was looked at may be somebody else's a moment later, and a write that fails in its
//! middle leaves sled failed until the disk takes writes again. So the file owns blocks past its end:
//! what is begun finds room, however fast others fill the disk. They are topped up as the file grows,
//! and given back before the store is opened, which writes files of its own.

use std::fs::File;
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use tracing::warn;

/// How much is taken at a time, if there is so much. 32 MiB: one call for thousands of batches.
const RESERVE_BYTES: u64 = 32 * 1024 * 1024;

/// How much is there before anything is written, at least, beside [`PAGES_PER_BYTE`] times the bytes that
/// are. 16 MiB: small records among large ones have pages written anew that hold both, and made the file
/// grow by 2 MiB.
const RESERVE_BYTES_MIN: u64 = 16 * 1024 * 1024;

/// How many bytes of pages a byte may lead to. 3: sled writes a change, and every ten changes a page anew; a
/// record of 16 MiB made the file grow by 47 MiB, once by 53.
const PAGES_PER_BYTE: u64 = 3;

/// By how much the file must be able to grow while `bytes` are written.
pub(crate) fn needed(bytes: u64) -> u64 {
    RESERVE_BYTES_MIN + PAGES_PER_BYTE * bytes
}

/// What is known of a file's blocks.
#[derive(Debug, Default)]
pub(super) struct Reserve {
    /// The file's end at the last look.
    end: u64,
    /// It has blocks up to here.
    upto: u64,
    /// The file system has no such thing: free space that was looked at must do.
    unknown: bool,
}

impl Reserve {
    /// Sees to it that `bytes` can be written to `file`. Costs one look at its length unless it grew by
    /// much.
    ///
    /// # Errors
    ///
    /// The disk has no room, or is broken. The file is as it was.
    pub(super) fn hold(&mut self, file: &File, bytes: u64) -> io::Result<()> {
        if self.unknown {
            return Ok(());
        }
        let end = file.metadata()?.len();
        if end < self.end {
            // sled cut off segments that it needs no more, and with them what lay behind.
            self.upto = end;
        }
        self.end = end;
        let needed = needed(bytes);
        if self.upto >= end + needed {
            return Ok(());
        }
        let mut taken = needed.max(RESERVE_BYTES);
        let mut took = take(file, end, taken);
        if took == Err(Errno::ENOSPC) && needed < taken {
            taken = needed;
            took = take(file, end, taken);
        }
        match took {
            Ok(()) => self.upto = end + taken,
            Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL) => {
                warn!(
                    "the file system gives no blocks in advance: a disk that fills fast may fail a write"
                );
                self.unknown = true;
            }
            Err(errno) => return Err(errno.into()),
        }
        Ok(())
    }
}

fn take(file: &File, from: u64, len: u64) -> nix::Result<()> {
    let number = |bytes: u64| i64::try_from(bytes).map_err(|_| Errno::EFBIG);
    let (from, len) = (number(from)?, number(len)?);
    loop {
        match fallocate(file, FallocateFlags::FALLOC_FL_KEEP_SIZE, from, len) {
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}

/// Gives back what the file at `path` has past its end. What stands in the way of it stands in the way of
/// opening the file as well, which says so.
pub(super) fn give_back(path: &Path) {
    let given = File::options().write(true).open(path);
    let _ = given.and_then(|file| file.set_len(file.metadata()?.len()));
}
