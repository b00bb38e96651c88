//! Damage to the store's own files, while no server runs.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use playhouse_actors::journal::Journal;
use playhouse_actors::journal::sled::SledJournal;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::{buy, playhouse, refusal};
use crate::server::{Server, is_long, seed, showing};

/// How often bits are flipped at random; `./test long` does it ten times as often.
const FLIPS: usize = 25;

/// What may happen to a file.
#[derive(Debug, Clone)]
enum Damage {
    /// Only so many bytes are left.
    Cut(u64),
    /// A bit of a byte is another.
    Flip(u64, u8),
    /// A block was never written.
    Zeroes(u64),
    /// It is not there.
    Gone,
}

impl Damage {
    fn strike(&self, path: &Path) {
        let file = File::options().read(true).write(true).open(path).unwrap();
        match *self {
            Self::Cut(len) => file.set_len(len).unwrap(),
            Self::Flip(at, bit) => {
                let mut byte = [0];
                file.read_exact_at(&mut byte, at).unwrap();
                file.write_all_at(&[byte[0] ^ 1 << bit], at).unwrap();
            }
            Self::Zeroes(at) => {
                let left = file.metadata().unwrap().len() - at;
                file.write_all_at(&vec![0; left.min(4096) as usize], at).unwrap();
            }
            Self::Gone => std::fs::remove_file(path).unwrap(),
        }
    }
}

/// A data directory with everything that `from` has.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&entry.path(), &to),
            kind if kind.is_file() => drop(std::fs::copy(entry.path(), &to).unwrap()),
            _ => {}
        }
    }
}

/// A server's data with 60 films, a showing and a booking; the folder, with a backup of all of it.
async fn sound() -> (tempfile::TempDir, Value) {
    let mut server = Server::start();
    let admin = server.admin().await;
    let path = showing(&admin, 5, 20).await;
    let ann = server.person("ann").await;
    let booking = buy(&ann, &path, "A1").await;
    for n in 0..60 {
        let film = json!({ "title": format!("Film {n}"), "minutes": 90,
            "synopsis": format!("{n} ").repeat(600) });
        admin.post("/api/movies", film).await.unwrap();
    }
    let last = admin.post("/api/movies", json!({ "title": "The last", "minutes": 1 })).await;
    assert_eq!(last.unwrap()["title"], "The last");
    tokio::task::block_in_place(|| {
        assert!(server.stop().0.success());
        let folder = tempfile::tempdir().unwrap();
        copy(&server.data(), &folder.path().join("sound"));
        let said = playhouse(&["backup", "--data", "sound", "--to", "backup"], folder.path());
        assert!(said.well, "{}", said.err);
        (folder, booking)
    })
}

/// Every entry of the store in `data`, as a backup has them.
fn everything(data: &Path) -> Vec<u8> {
    let mut entries = Vec::new();
    SledJournal::open(data).unwrap().export(&mut entries).unwrap();
    entries
}

/// Strikes a copy of the data; true if it was refused, and otherwise `whole` is there.
fn is_refused(folder: &Path, whole: &[u8], file: &Path, damage: &Damage) -> bool {
    let what = format!("{damage:?} of {}", file.display());
    let _ = std::fs::remove_dir_all(folder.join("struck"));
    copy(&folder.join("sound"), &folder.join("struck"));
    damage.strike(&folder.join("struck").join(file));
    let checked = playhouse(&["check-store", "--data", "struck"], folder);
    if !checked.well {
        assert!(checked.out.lines().count() <= 1, "{what}: {}", checked.out);
        return true;
    }
    assert!(checked.out.contains("all sound"), "{what}: {}", checked.out);
    let left = everything(&folder.join("struck"));
    assert!(left == whole, "{what} is not found, and something is lost");
    false
}

/// Every file of the store, the witness among them, from the folder of the data.
fn files(data: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("witness")];
    for folder in ["store", "store/blobs"] {
        for entry in std::fs::read_dir(data.join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                found.push(Path::new(folder).join(entry.file_name()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_to_any_file_of_the_store_is_refused_or_has_lost_nothing() {
    let mut chance = StdRng::seed_from_u64(seed());
    let (folder, _) = sound().await;
    let folder = folder.path();
    let mut cases = Vec::new();
    for file in files(&folder.join("sound")) {
        let len = std::fs::metadata(folder.join("sound").join(&file)).unwrap().len();
        let large = file.ends_with("db");
        if len == 0 {
            continue;
        }
        let cuts = if large { 8 } else { 2 };
        cases.extend((0..cuts).map(|n| (file.clone(), Damage::Cut(len * n / cuts))));
        cases.push((file.clone(), Damage::Cut(len - 1)));
        if large {
            cases.extend((0..4).map(|n| (file.clone(), Damage::Zeroes(len / 4 * n))));
        }
        let flips = if is_long() { 10 * FLIPS } else { FLIPS };
        for _ in 0..if large { flips } else { flips / 5 } {
            let flip = Damage::Flip(chance.random_range(0..len), chance.random_range(0..8));
            cases.push((file.clone(), flip));
        }
        if large {
            cases.push((file, Damage::Gone));
        }
    }
    let mut refused = 0;
    tokio::task::block_in_place(|| {
        // Opening a store writes its files anew, under other names too: the sound one stays shut.
        copy(&folder.join("sound"), &folder.join("read"));
        let whole = everything(&folder.join("read"));
        for (file, damage) in &cases {
            refused += usize::from(is_refused(folder, &whole, file, damage));
        }
    });
    println!("{} times damaged, {refused} times refused, otherwise nothing was lost", cases.len());
    assert!(refused >= cases.len() / 3, "{refused} of {}", cases.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_refuses_a_store_that_lost_its_end_and_a_restore_brings_back_what_the_backup_held()
{
    let (folder, booking) = sound().await;
    let folder = folder.path();
    let struck = |name: &str, damage: Damage| {
        copy(&folder.join("sound"), &folder.join(name));
        damage.strike(&folder.join(name).join("store/db"));
    };
    let len = std::fs::metadata(folder.join("sound/store/db")).unwrap().len();
    struck("cut", Damage::Cut(len / 2));
    struck("gone", Damage::Gone);
    copy(&folder.join("sound"), &folder.join("emptied"));
    std::fs::remove_dir_all(folder.join("emptied/store")).unwrap();
    // Refusing changes nothing: it is refused again.
    for data in ["cut", "gone", "emptied", "cut", "gone", "emptied"] {
        let line = tokio::task::block_in_place(|| refusal(data, folder));
        assert!(line.contains("does not open; restore the last backup"), "{line}");
    }

    let fresh = tempfile::tempdir().unwrap();
    let backup = folder.join("backup");
    let restore = ["restore", "--from", backup.to_str().unwrap(), "--data", "data"];
    let said = playhouse(&restore, fresh.path());
    assert!(said.well, "{}", said.err);
    let mut server = Server::of(fresh, None);
    tokio::task::block_in_place(|| server.run());
    let ann = server.client().log_in("ann", "a long password").await.unwrap();
    let bookings = ann.get("/api/bookings").await.unwrap();
    assert_eq!(bookings["items"][0]["id"], booking["id"]);
    let films = ann.get("/api/movies?limit=200").await.unwrap();
    assert_eq!(films["items"].as_array().unwrap().len(), 62);
    server.saw_no_panic();
}
