//! The store's file has blocks in advance: more than anything makes it grow that is written at once.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::super::sled::{SledJournal, needed};
use super::*;
use crate::journal::committer::BATCH_MAX;

/// The file's end, and how many bytes of blocks it has.
fn file(dir: &Path) -> (u64, u64) {
    let file = std::fs::metadata(dir.join("store/db")).unwrap();
    (file.len(), file.blocks() * 512)
}

/// Frames of 64 rooms, one after the other.
struct Rooms {
    names: Vec<(RoomId, u64, u64)>,
}

impl Rooms {
    fn of(journal: &SledJournal) -> Self {
        let names = (0..64).map(|n| {
            let room = room(&format!("poll:{n}"));
            let claim = journal.claim(room.shard()).unwrap();
            (room, claim, 0)
        });
        let mut rooms: Vec<_> = names.collect();
        // A shard that two of them share was claimed twice: what counts is its newest claim.
        let newest: std::collections::BTreeMap<_, _> =
            rooms.iter().map(|(room, claim, _)| (room.shard(), *claim)).collect();
        rooms.iter_mut().for_each(|(room, claim, _)| *claim = newest[&room.shard()]);
        Self { names: rooms }
    }

    /// The next `many` frames with payloads of `bytes`, everything beside them changed as well.
    fn next(&mut self, many: usize, bytes: usize) -> Vec<Append> {
        let rooms = self.names.len();
        let frame = |n: usize| {
            let (room, claim, seq) = &mut self.names[n * 7 % rooms];
            *seq += 1;
            let mut next = append(room, *claim, *seq);
            next.frame.payload = (0..bytes).map(|byte| (byte * 31 + n) as u8).collect();
            let wake = |seq: u64| Some(Timestamp::from_ms(seq * 1000 + n as u64 % 5));
            next.before = Index { wake_at: wake(*seq - 1), owes: seq.is_multiple_of(2) };
            next.after = Index { wake_at: wake(*seq), owes: !seq.is_multiple_of(2) };
            next.rows = vec![row("polls", room.as_str(), &"x".repeat(200))];
            next
        };
        (0..many).map(frame).collect()
    }
}

#[test]
fn nothing_that_is_written_at_once_needs_more_than_the_file_has_in_advance() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SledJournal::open(dir.path()).unwrap();
    let mut rooms = Rooms::of(&journal);
    let grown = |what: &str, before: u64, written: usize| {
        let (end, blocks) = file(dir.path());
        println!("{what}: the file grew by {} KiB", (end - before) / 1024);
        assert!(blocks >= end, "{what}: {blocks} bytes of blocks for {end}");
        // A tenth is left for what no test has met.
        assert!(end - before < needed(written as u64) * 9 / 10, "{what}: {} bytes", end - before);
    };
    // Small frames among small and among large ones, as many bytes as a batch takes, the largest frame.
    let sizes =
        [(BATCH_MAX, 100), (BATCH_MAX, 8 << 10), (BATCH_MAX, 100), (64, 64 << 10), (1, 1 << 24)];
    for round in 0..3 {
        for (many, bytes) in sizes {
            let before = file(dir.path()).0;
            journal.append(&rooms.next(many, bytes)).unwrap();
            grown(&format!("round {round}, {many} of {bytes} bytes"), before, many * bytes);
        }
        let before = file(dir.path()).0;
        let (room, _, seq) = &rooms.names[round];
        let state = Snapshot { payload: vec![round as u8; 8 << 20], ..snapshot(room, *seq) };
        journal.snapshot(&state, Keep::From(*seq)).unwrap();
        grown("a snapshot of 8 MiB", before, 8 << 20);
    }
}

#[test]
fn blocks_are_taken_before_anything_is_written_and_given_back_when_the_store_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let a = room("poll:a");
    let ahead = || {
        let (end, blocks) = file(dir.path());
        blocks.saturating_sub(end)
    };
    for round in 0..3_u64 {
        let journal = SledJournal::open(dir.path()).unwrap();
        assert!(ahead() < needed(0), "given back, for what opening writes");
        let claim = journal.claim(a.shard()).unwrap();
        assert!(ahead() >= needed(0));
        for seq in 1 + 50 * round..=50 * (round + 1) {
            let mut append = append(&a, claim, seq);
            append.frame.payload = vec![seq as u8; 1 << 20];
            journal.append(&[append]).unwrap();
        }
        assert!(ahead() >= needed(0), "topped up as the file grows");
    }
}
