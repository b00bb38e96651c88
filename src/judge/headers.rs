//! Headers that are compiled once for each toolchain, and shown read-only to every compiler.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use playhouse_domain::judge::Limits;
use playhouse_sandbox::{Input, Verdict};
use sha2::{Digest, Sha256};

use super::cache;
use super::court::Court;
use super::jail::{Order, perform};
use super::languages::{Header, Language};
use super::run::Run;

/// Compiles a header whose name and compiler are its arguments, and hands it back in parts, since what a jail
/// hands back is at most 64 MiB each.
const SCRIPT: &str = "echo \"#include <$0>\" >h.h && \"$@\" -x c++-header h.h -o /tmp/h.gch && \
    split -b 48M /tmp/h.gch part.";

/// The parts. 4: 192 MiB, where that of GCC 12 has 118.
const PARTS: [&str; 4] = ["part.aa", "part.ab", "part.ac", "part.ad"];

/// Room for the header and its parts, in bytes.
const ROOM_BYTES: u64 = 256 << 20;

/// Headers that were compiled.
#[derive(Debug)]
pub struct Headers {
    folder: PathBuf,
    /// By the id of their language; none of one that cannot be compiled here.
    made: Mutex<BTreeMap<String, Option<PathBuf>>>,
}

impl Headers {
    /// Those in `folder`, which is looked at once one is needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, made: Mutex::default() }
    }
}

impl Court {
    /// The folder in which the compiled `header` of `language` is. The first that needs it has it compiled,
    /// and whoever needs it meanwhile waits. None if it cannot be compiled: then it is done without.
    pub(super) fn header(&self, language: &Language, header: &Header) -> Option<PathBuf> {
        let mut made = self.headers.made.lock();
        if let Some(known) = made.get(&language.block.id) {
            return known.clone();
        }
        let parts = header.command.iter().map(String::as_bytes);
        let parts = parts.chain([header.name.as_bytes(), language.says.as_bytes()]);
        let key: String = cache::key(parts).iter().map(|byte| format!("{byte:02x}")).collect();
        let folder = self.headers.folder.join(key);
        let folder = match self.make(language, header, &folder) {
            Ok(()) => Some(folder),
            Err(why) => {
                let (language, header) = (&language.block.id, &header.name);
                tracing::warn!(language, header, why, "a header is not compiled in advance");
                None
            }
        };
        made.insert(language.block.id.clone(), folder.clone());
        let used: Vec<_> = made.values().flatten().cloned().collect();
        drop(made);
        self.headers.forget_all_but(&used);
        folder
    }

    /// Sees that the compiled `header` is in `folder`, whole.
    fn make(&self, language: &Language, header: &Header, folder: &Path) -> Result<(), String> {
        let file = folder.join(format!("{}.gch", header.name));
        let sum = folder.join("sum");
        if is_whole(&file, &sum) {
            return Ok(());
        }
        let bytes = self.compile_header(language, header)?;
        let told = |e: io::Error| format!("failed to write {}: {e}", file.display());
        let _ = fs::remove_dir_all(folder);
        let inner = file.parent().unwrap_or(folder);
        fs::create_dir_all(inner).map_err(told)?;
        let write = |path: &Path, bytes: &[u8]| {
            File::create(path).and_then(|mut file| file.write_all(bytes).and(file.sync_all()))
        };
        write(&file, &bytes).map_err(told)?;
        // Jails' users are nobody's: they read what everybody may.
        for (path, mode) in [(folder, 0o755), (inner, 0o755), (&*file, 0o644)] {
            fs::set_permissions(path, Permissions::from_mode(mode)).map_err(told)?;
        }
        // The sum stands only once the header does.
        write(&sum, &Sha256::digest(&bytes)).map_err(told)
    }

    fn compile_header(&self, language: &Language, header: &Header) -> Result<Vec<u8>, String> {
        let words = ["/bin/sh", "-c", SCRIPT, &header.name].map(str::to_owned);
        let compiler = language.words(&header.command, &[], 0);
        let order = Order {
            image: language.toolchain.clone(),
            words: words.into_iter().chain(compiler).collect(),
            files: Vec::new(),
            input: Input::Empty,
            limits: Limits {
                cpu_ms: 60_000,
                wall_ms: 120_000,
                memory_bytes: 2 << 30,
                output_bytes: 64 << 10,
                processes: 64,
            },
            results: PARTS.map(str::to_owned).into(),
            room_bytes: ROOM_BYTES,
            module: false,
        };
        let run = Run::new(None, false);
        let cancel = run.cancel().map_err(|e| e.to_string())?;
        let outcome = perform(&self.sandbox, (&run, &cancel), order, language, &mut |_, _| {});
        let outcome = outcome.map_err(|e| e.to_string())?;
        if outcome.report.verdict != Verdict::Ok {
            let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
            return Err(format!("{:?} {said:.300}", outcome.report.verdict));
        }
        let parts = outcome.report.results.into_iter().filter(|part| part.refused.is_none());
        let bytes: Vec<u8> = parts.flat_map(|part| part.bytes).collect();
        match bytes.is_empty() {
            true => Err("the compiler left nothing".to_owned()),
            false => Ok(bytes),
        }
    }
}

impl Headers {
    /// Removes what compilers left that are no longer here.
    fn forget_all_but(&self, used: &[PathBuf]) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if !used.contains(&entry.path()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// True if `file` is what the sum in `sum` was made of.
fn is_whole(file: &Path, sum: &Path) -> bool {
    let Ok(sum) = fs::read(sum) else { return false };
    let Ok(mut file) = File::open(file) else { return false };
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return hash.finalize()[..] == sum[..],
            Ok(many) => hash.update(&piece[..many]),
            Err(_) => return false,
        }
    }
}
