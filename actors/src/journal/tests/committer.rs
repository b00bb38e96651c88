//! What the committer promises, over a store that goes wrong on demand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::super::committer::{CommitError, Committer};
use super::super::memory::{Fault, MemoryJournal};
use super::*;
use crate::handle::Position;

const WAIT: Duration = Duration::from_secs(10);

struct Stage {
    journal: Arc<MemoryJournal>,
    committer: Committer,
    claims: BTreeMap<RoomId, u64>,
}

type Told = Receiver<Result<Position, CommitError>>;

impl Stage {
    fn new(rooms: &[&str]) -> Self {
        let journal = Arc::new(MemoryJournal::new());
        let claim = |room: &RoomId| journal.claim(room.shard()).unwrap();
        let claims = rooms.iter().map(|name| (room(name), claim(&room(name)))).collect();
        let committer = Committer::start(journal.clone());
        Self { journal, committer, claims }
    }

    fn append(&self, name: &str, seq: u64) -> Told {
        let room = room(name);
        let (tell, told) = channel();
        let append = append(&room, self.claims[&room], seq);
        self.committer.append(append, Box::new(move |r| tell.send(r).unwrap())).unwrap();
        told
    }

    fn stored(&self, name: &str) -> Vec<u64> {
        let (tell, told) = channel();
        self.committer.load(room(name), Box::new(move |r| tell.send(r).unwrap()));
        let stored = told.recv_timeout(WAIT).unwrap().unwrap();
        stored.frames.iter().map(|frame| frame.seq).collect()
    }
}

fn outcome(told: &Told) -> Result<Position, CommitError> {
    told.recv_timeout(WAIT).unwrap()
}

fn not_written(told: &Told) -> bool {
    matches!(outcome(told), Err(CommitError::NotWritten { .. }))
}

#[test]
fn every_append_is_told_its_position_and_many_share_a_sync() {
    let stage = Stage::new(&["poll:a"]);
    stage.journal.stall();
    let told: Vec<_> = (1..=1000).map(|seq| stage.append("poll:a", seq)).collect();
    stage.journal.resume();
    for (told, seq) in told.iter().zip(1..) {
        assert_eq!(outcome(told).unwrap().seq, seq);
    }
    assert!(stage.journal.appends() <= 4, "{} batches", stage.journal.appends());
}

#[test]
fn a_full_queue_refuses_at_once() {
    let stage = Stage::new(&["poll:a"]);
    stage.journal.stall();
    let mut told = Vec::new();
    let claim = stage.claims[&room("poll:a")];
    for seq in 1.. {
        let (tell, outcome) = channel();
        let append = append(&room("poll:a"), claim, seq);
        if stage.committer.append(append, Box::new(move |r| tell.send(r).unwrap())).is_err() {
            break;
        }
        told.push(outcome);
        assert!(told.len() <= 10_000, "the queue has no bound");
    }
    stage.journal.resume();
    assert!(told.iter().all(|told| outcome(told).is_ok()));
}

#[test]
fn a_failure_is_told_as_what_it_is_and_a_load_shows_the_truth() {
    let not_written = |e: &CommitError| matches!(e, CommitError::NotWritten { .. });
    let cases = [
        (Fault::Full, true, vec![]),
        (Fault::Lost, false, vec![]),
        (Fault::AnswerLost, false, vec![1]),
        (Fault::Unsynced, false, vec![1]),
        (Fault::Torn, false, vec![]),
    ];
    for (fault, known, stored) in cases {
        let stage = Stage::new(&["poll:a"]);
        stage.journal.plan(vec![fault]);
        let error = outcome(&stage.append("poll:a", 1)).unwrap_err();
        assert_eq!(not_written(&error), known, "{fault:?}");
        assert_eq!(stage.stored("poll:a"), stored, "{fault:?}");
    }
}

#[test]
fn after_a_failure_a_rooms_later_frames_are_refused_until_it_was_read_back() {
    let stage = Stage::new(&["poll:a"]);
    stage.journal.plan(vec![Fault::Lost]);
    assert!(outcome(&stage.append("poll:a", 1)).is_err());
    assert!(not_written(&stage.append("poll:a", 1)));
    assert_eq!(stage.stored("poll:a"), [0; 0]);
    assert!(outcome(&stage.append("poll:a", 1)).is_ok());
}

#[test]
fn one_that_cannot_be_written_does_not_take_the_others_with_it() {
    let stage = Stage::new(&["poll:a", "poll:b", "poll:c"]);
    assert_ne!(room("poll:a").shard(), room("poll:b").shard());
    stage.journal.claim(room("poll:a").shard()).unwrap();
    stage.journal.stall();
    let fenced = stage.append("poll:a", 1);
    let hole = stage.append("poll:b", 2);
    let good = stage.append("poll:c", 1);
    stage.journal.resume();
    assert!(not_written(&fenced) && not_written(&hole));
    assert!(outcome(&good).is_ok());
}

#[test]
fn stopping_finishes_what_was_accepted() {
    let stage = Stage::new(&["poll:a"]);
    stage.journal.stall();
    let told: Vec<_> = (1..=20).map(|seq| stage.append("poll:a", seq)).collect();
    let committer = stage.committer.clone();
    let stopping = std::thread::spawn(move || committer.stop());
    stage.journal.resume();
    stopping.join().unwrap();
    assert!(told.iter().all(|told| outcome(told).is_ok()));
    let late = append(&room("poll:a"), stage.claims[&room("poll:a")], 21);
    assert!(stage.committer.append(late, Box::new(|_| {})).is_err());
}

#[test]
fn work_that_panics_leaves_the_committer_at_work() {
    let stage = Stage::new(&["poll:a"]);
    stage.committer.run(|_| panic!("as asked"));
    assert!(outcome(&stage.append("poll:a", 1)).is_ok());
}

#[test]
fn a_crash_forgets_what_was_not_synced_and_nothing_that_was_acknowledged() {
    for seed in 0..50 {
        let journal = MemoryJournal::new();
        let a = room("poll:a");
        let claim = journal.claim(a.shard()).unwrap();
        journal.trouble(seed, 300);
        let mut acknowledged = 0;
        for _ in 0..40 {
            let next = journal.load(&a).unwrap().frames.len() as u64 + 1;
            if journal.append(&[append(&a, claim, next)]).is_ok() {
                acknowledged = next;
            }
        }
        journal.crash();
        let stored = journal.load(&a).unwrap().frames.len() as u64;
        assert!(stored >= acknowledged, "seed {seed}: {stored} of {acknowledged}");
    }
}
