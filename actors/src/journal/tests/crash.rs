//! A process that is killed while it appends loses nothing that it acknowledged.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::super::Journal;
use super::super::sled::{OpenError, SledJournal};
use super::*;

/// Tells a test of this binary that it runs as the child, and on which directory.
const CHILD: &str = "PLAYHOUSE_TEST_JOURNAL_CHILD";
const ROOMS: [&str; 4] = ["poll:a", "poll:b", "account:c", "showing:d"];

/// The child: appends to four rooms, one batch after another, and prints what was acknowledged.
#[test]
fn as_a_child_append_until_killed() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let journal = SledJournal::open(Path::new(&dir)).unwrap();
    let rooms = ROOMS.map(room);
    let claims = journal.claim_all().unwrap();
    let newest = |room: &RoomId| journal.frames(room, 0, 0).unwrap().newest;
    let mut next = rooms.clone().map(|room| newest(&room) + 1);
    // Far more than the parent waits for.
    for n in 0..1_000_000 {
        let mut batch = Vec::new();
        for (room, next) in rooms.iter().zip(&mut next) {
            let claim = claims[usize::from(room.shard().0)];
            let mut append = append(room, claim, *next);
            append.frame.payload = vec![n as u8; 10 + n % 9000];
            *next += 1;
            batch.push(append);
        }
        journal.append(&batch).unwrap();
        println!("acknowledged {}", next[0] - 1);
        if n % 7 == 6 {
            journal.snapshot(&snapshot(&rooms[0], next[0] - 1), Keep::From(u64::MAX)).unwrap();
        }
    }
}

fn child(dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "journal::tests::crash::as_a_child_append_until_killed", "--nocapture"])
        .env(CHILD, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets the child acknowledge `acks` batches, kills it, and returns the last it acknowledged.
fn kill_after(dir: &Path, acks: usize) -> u64 {
    let mut child = child(dir);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let acknowledged = |line: &str| -> Option<u64> {
        line.split_once("acknowledged ").and_then(|(_, n)| n.trim().parse().ok())
    };
    let mut last = 0;
    let mut seen = 0;
    while seen < acks {
        let line = lines.next().expect("the child prints until it is killed").unwrap();
        if let Some(n) = acknowledged(&line) {
            (last, seen) = (n, seen + 1);
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it printed before the signal came counts too; a cut last line does not.
    for line in lines.map_while(Result::ok) {
        last = acknowledged(&line).filter(|n| *n == last + 1).unwrap_or(last);
    }
    last
}

#[test]
fn nothing_acknowledged_is_lost_by_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = 0;
    for acks in [1, 20, 45, 7, 60] {
        let last = kill_after(dir.path(), acks);
        assert!(last > before, "the child went on from what was stored");
        let journal = SledJournal::open(dir.path()).unwrap();
        for room in ROOMS.map(room) {
            let stored = journal.load(&room).unwrap();
            let first = stored.snapshot.map_or(1, |snapshot| snapshot.seq + 1);
            let seqs: Vec<_> = stored.frames.iter().map(|frame| frame.seq).collect();
            assert_eq!(seqs, (first..first + seqs.len() as u64).collect::<Vec<_>>());
            let newest = journal.frames(&room, 0, 0).unwrap().newest;
            assert!(newest >= last, "{room}: {last} was acknowledged, {newest} is there");
            assert!(newest <= last + 1, "{room}: at most one batch was under way");
        }
        before = last;
    }
}

#[test]
fn a_second_process_on_the_same_directory_is_told_who_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = child(dir.path());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("acknowledged") {}
    let refused = SledJournal::open(dir.path()).err().expect("the directory is in use");
    let expected =
        format!("data directory {} is in use by process {}", dir.path().display(), child.id());
    assert_eq!(refused.to_string(), expected);
    assert!(matches!(refused, OpenError::InUse { .. }));
    child.kill().unwrap();
    child.wait().unwrap();
    SledJournal::open(dir.path()).expect("a dead process holds nothing");
}
