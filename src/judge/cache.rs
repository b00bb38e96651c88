//! Programs that were compiled before, in files by the hash of everything that they depend on.
//!
//! A file holds what the compiler left and a SHA-256 of it. It is written under another name and then
//! renamed, and read only if the sum is right: one that was cut short, or that the disk damaged, is as good
//! as none, and is removed. What is used least is removed once all together are too large. The folder can be
//! deleted at any time.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use parking_lot::Mutex;
use playhouse_domain::judge::job::Compile;
use playhouse_protocol::codec;
use sha2::{Digest, Sha256};

/// What every file begins with; another version of ours is as good as none.
const MAGIC: &[u8; 8] = b"PHJUDGE1";

/// Bytes of a sum.
const SUM: usize = 32;

/// The largest file that is believed, in bytes. 128 MiB: twice the largest artefact.
const FILE_BYTES_MAX: u64 = 128 << 20;

/// What a compiled program is kept under: the hash of everything that it depends on.
pub type Key = [u8; SUM];

/// A program that was compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// What the compiler did.
    pub compile: Compile,
    /// What it left, by name.
    pub artefacts: Vec<(String, Vec<u8>)>,
}

/// The programs that are kept.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    bytes_max: u64,
    known: Mutex<HashMap<Key, Known>>,
    drafts: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    bytes: u64,
    used: SystemTime,
}

/// The hash of `parts`, each told apart by its length.
#[must_use]
pub fn key<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Key {
    let mut sum = Sha256::new();
    for part in parts {
        sum.update((part.len() as u64).to_le_bytes());
        sum.update(part);
    }
    sum.finalize().into()
}

fn name(key: &Key) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_name(name: &str) -> Option<Key> {
    let pair = |at: usize| u8::from_str_radix(name.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..SUM).map(pair).collect();
    bytes.filter(|_| name.len() == 2 * SUM)?.try_into().ok()
}

impl Cache {
    /// Opens the cache in `folder`, which is made if it is not there, of at most `bytes_max` bytes.
    ///
    /// # Errors
    ///
    /// The folder cannot be made or read.
    pub fn open(folder: &Path, bytes_max: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut known = HashMap::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let about = entry.metadata()?;
            if !about.is_file() {
                continue;
            }
            match entry.file_name().to_str().and_then(read_name) {
                Some(key) => {
                    let used = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    known.insert(key, Known { bytes: about.len(), used });
                }
                // What an attempt that was cut off left behind.
                None => fs::remove_file(entry.path())?,
            }
        }
        let (folder, known) = (folder.to_owned(), Mutex::new(known));
        let cache = Self { folder, bytes_max, known, drafts: AtomicU64::new(0) };
        cache.shrink();
        Ok(cache)
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(name(key))
    }

    /// Bytes of all that is kept.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.known.lock().values().map(|known| known.bytes).sum()
    }

    /// The program under `key`, if there is one and its file is whole.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Built> {
        if !self.known.lock().contains_key(key) {
            return None;
        }
        let path = self.path(key);
        let Some(built) = read(&path) else {
            self.known.lock().remove(key);
            let _ = fs::remove_file(&path);
            return None;
        };
        let used = SystemTime::now();
        if let Some(known) = self.known.lock().get_mut(key) {
            known.used = used;
        }
        // For the next start; that it fails costs a wrong order of removal.
        let _ = File::options().write(true).open(&path).and_then(|file| file.set_modified(used));
        Some(built)
    }

    /// Keeps `built` under `key`. One that is too large is not kept.
    ///
    /// # Errors
    ///
    /// The disk takes it not: then nothing is kept.
    pub fn put(&self, key: &Key, built: &Built) -> io::Result<()> {
        let bytes = encode(built);
        let size = bytes.len() as u64;
        if size > self.bytes_max / 2 || size > FILE_BYTES_MAX {
            return Ok(());
        }
        let number = self.drafts.fetch_add(1, Ordering::Relaxed);
        let draft = self.folder.join(format!("draft-{number}"));
        let written = File::create(&draft).and_then(|mut file| file.write_all(&bytes));
        if let Err(error) = written.and_then(|()| fs::rename(&draft, self.path(key))) {
            let _ = fs::remove_file(&draft);
            return Err(error);
        }
        self.known.lock().insert(*key, Known { bytes: size, used: SystemTime::now() });
        self.shrink();
        Ok(())
    }

    /// Removes what was used longest ago until the rest fits.
    fn shrink(&self) {
        let mut known = self.known.lock();
        let mut bytes: u64 = known.values().map(|one| one.bytes).sum();
        if bytes <= self.bytes_max {
            return;
        }
        let mut oldest: Vec<_> = known.iter().map(|(key, one)| (one.used, *key)).collect();
        oldest.sort_unstable();
        for (_, key) in oldest {
            if bytes <= self.bytes_max {
                break;
            }
            if let Some(one) = known.remove(&key) {
                bytes -= one.bytes;
                let _ = fs::remove_file(self.path(&key));
            }
        }
    }
}

/// Magic, sum of the rest, and then: what the compiler did, and each artefact; each behind its length.
fn encode(built: &Built) -> Vec<u8> {
    let mut rest = Vec::new();
    let mut add = |bytes: &[u8]| {
        rest.extend((bytes.len() as u64).to_le_bytes());
        rest.extend(bytes);
    };
    add(&codec::encode(&built.compile));
    for (name, bytes) in &built.artefacts {
        add(name.as_bytes());
        add(bytes);
    }
    let sum: [u8; SUM] = Sha256::digest(&rest).into();
    [&MAGIC[..], &sum, &rest].concat()
}

fn read(path: &Path) -> Option<Built> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(FILE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    let rest = bytes.strip_prefix(MAGIC)?;
    let (sum, mut rest) = rest.split_at_checked(SUM)?;
    if Sha256::digest(rest)[..] != *sum {
        return None;
    }
    let mut next = || {
        let (length, behind) = rest.split_at_checked(8)?;
        let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
        let (bytes, behind) = behind.split_at_checked(length)?;
        rest = behind;
        Some(bytes)
    };
    let compile = codec::decode(next()?).ok()?;
    let mut artefacts = Vec::new();
    while let Some(name) = next() {
        artefacts.push((String::from_utf8(name.to_vec()).ok()?, next()?.to_vec()));
    }
    Some(Built { compile, artefacts })
}

#[cfg(test)]
mod tests {
    use playhouse_domain::judge::Verdict;
    use playhouse_domain::judge::job::Ran;

    use super::*;

    fn built(size: usize) -> Built {
        let ran = Ran {
            verdict: Verdict::Accepted,
            exit_code: Some(0),
            signal: None,
            cpu_us: 7,
            wall_us: 8,
            peak_memory_bytes: 9,
            message: None,
        };
        let compile = Compile { cached: false, ran, output: "a warning".into() };
        Built { compile, artefacts: vec![("program".into(), vec![7; size])] }
    }

    fn of(n: u8) -> Key {
        key([&[n][..]])
    }

    #[test]
    fn what_was_put_is_there_and_after_a_restart_too() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 1 << 20).unwrap();
        assert_eq!(cache.get(&of(1)), None);
        cache.put(&of(1), &built(1000)).unwrap();
        assert_eq!(cache.get(&of(1)), Some(built(1000)));
        let again = Cache::open(folder.path(), 1 << 20).unwrap();
        assert_eq!((again.get(&of(1)), again.get(&of(2))), (Some(built(1000)), None));
        assert_eq!(again.bytes(), cache.bytes());
    }

    #[test]
    fn a_file_that_is_cut_short_or_damaged_anywhere_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 1 << 20).unwrap();
        cache.put(&of(1), &built(50)).unwrap();
        let path = cache.path(&of(1));
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(read(&path), None, "cut at {at}");
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).unwrap();
            assert_eq!(read(&path), None, "damaged at {at}");
        }
        assert_eq!(cache.get(&of(1)), None);
        assert!(!path.exists() && cache.bytes() == 0, "and it is removed");
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_the_bound_holds() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 10_000).unwrap();
        for n in 0..3 {
            cache.put(&of(n), &built(3000)).unwrap();
            // The clock of some machines steps by milliseconds.
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(cache.get(&of(0)).is_some());
        std::thread::sleep(std::time::Duration::from_millis(5));
        cache.put(&of(3), &built(3000)).unwrap();
        let there: Vec<_> = (0..4).filter(|n| cache.get(&of(*n)).is_some()).collect();
        assert_eq!(there, [0, 2, 3], "1 was used longest ago");
        assert!(cache.bytes() <= 10_000);
        cache.put(&of(9), &built(6000)).unwrap();
        assert_eq!(cache.get(&of(9)), None, "what takes half of all is not kept");
        assert!(Cache::open(folder.path(), 4000).unwrap().bytes() <= 4000, "a lower bound too");
    }

    #[test]
    fn drafts_that_were_cut_off_are_removed_and_keys_tell_parts_apart() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("draft-7"), "half").unwrap();
        Cache::open(folder.path(), 1000).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_ne!(key([&b"ab"[..], b"c"]), key([&b"a"[..], b"bc"]));
    }
}
