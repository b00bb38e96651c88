//! What the embedded store adds: room on the disk, no unsynced files, opening anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::sled::{FREE_BYTES_MIN, SledJournal, check};
use super::super::{Journal, JournalError};
use super::*;

#[test]
fn writing_stops_while_the_disk_is_nearly_full_and_reading_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let free = Arc::new(AtomicU64::new(u64::MAX));
    let asked = free.clone();
    let probe = move |_: &std::path::Path| Ok(asked.load(Ordering::Relaxed));
    let journal = SledJournal::open_with(dir.path(), Box::new(probe)).unwrap();
    let a = room("poll:a");
    let claim = fill(&journal, &a, 1..=1);
    free.store(FREE_BYTES_MIN - 1, Ordering::Relaxed);
    let full = |result: Result<_, _>| matches!(result, Err(JournalError::DiskFull { .. }));
    assert!(full(journal.append(&[append(&a, claim, 2)])));
    assert!(journal.snapshot(&snapshot(&a, 1), Keep::All).is_err());
    assert_eq!(rebuilt(&journal, &a).1, [1]);
    free.store(FREE_BYTES_MIN, Ordering::Relaxed);
    journal.append(&[append(&a, claim, 2)]).unwrap();
}

#[test]
fn no_record_goes_to_a_file_that_is_never_synced() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SledJournal::open(dir.path()).unwrap();
    let a = room(&format!("poll:{}", "x".repeat(200)));
    let claim = journal.claim(a.shard()).unwrap();
    for seq in 1..=40 {
        let mut append = append(&a, claim, seq);
        append.frame.payload = vec![seq as u8; 64 * 1024];
        journal.append(&[append]).unwrap();
    }
    let state = Snapshot { payload: vec![1; 4 << 20], ..snapshot(&a, 40) };
    journal.snapshot(&state, Keep::All).unwrap();
    let blobs = std::fs::read_dir(dir.path().join("store/blobs")).unwrap().count();
    assert_eq!(blobs, 0);
}

#[test]
fn claims_positions_and_generation_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let a = room("poll:a");
    let (claim, generation) = {
        let journal = SledJournal::open(dir.path()).unwrap();
        (fill(&journal, &a, 1..=3), journal.generation())
    };
    let journal = SledJournal::open(dir.path()).unwrap();
    assert_eq!(journal.generation(), generation);
    let again = journal.claim(a.shard()).unwrap();
    assert!(again > claim);
    assert_eq!(journal.append(&[append(&a, again, 4)]).unwrap()[0].seq, 4);
}

#[test]
fn a_store_that_was_closed_by_a_write_error_is_opened_anew() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SledJournal::open(dir.path()).unwrap();
    let a = room("poll:a");
    let claim = fill(&journal, &a, 1..=2);
    journal.close_as_after_a_write_error();
    assert_eq!(rebuilt(&journal, &a), (None, vec![1, 2]));
    journal.close_as_after_a_write_error();
    journal.append(&[append(&a, claim, 3)]).unwrap();
    assert_eq!(rebuilt(&journal, &a), (None, vec![1, 2, 3]));
}

#[test]
fn a_closed_store_lets_go_of_its_directory_whoever_still_holds_it() {
    let dir = tempfile::tempdir().unwrap();
    let held = SledJournal::open(dir.path()).unwrap();
    let a = room("poll:a");
    let claim = fill(&held, &a, 1..=3);
    held.close();
    let next = SledJournal::open(dir.path()).expect("the directory is free");
    assert_eq!(rebuilt(&next, &a).1.len(), 3);
    let late = held.append(&[append(&a, claim, 4)]).unwrap_err();
    assert!(matches!(late, JournalError::Store { .. }), "{late}");
}

#[test]
fn a_failed_sync_is_final_and_rooms_are_what_they_were_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SledJournal::open(dir.path()).unwrap();
    let (a, b) = (room("poll:a"), room("poll:b"));
    let claim = fill(&journal, &a, 1..=3);
    fill(&journal, &b, 1..=1);
    journal.snapshot(&snapshot(&a, 2), Keep::All).unwrap();
    let more = [append(&a, claim, 4), append(&a, claim, 5)];
    journal.append(&more).unwrap();
    journal.refuse_as_after_a_failed_sync(&more);
    for _ in 0..2 {
        let stored = journal.load(&a).unwrap();
        let frames: Vec<_> = stored.frames.iter().map(|frame| frame.seq).collect();
        assert_eq!((stored.snapshot.unwrap().seq, frames), (2, vec![3]));
        assert!(stored.doubt.unwrap().contains("start the server anew"));
        assert_eq!(journal.load(&b).unwrap().doubt, None);
        let refused = journal.append(&[append(&b, claim, 2)]).unwrap_err();
        assert!(matches!(refused, JournalError::Failing { .. }), "{refused}");
    }
    let page = journal.frames(&a, 1, 10).unwrap_err();
    assert!(matches!(page, JournalError::Store { .. }), "{page}");
}

#[test]
fn the_check_counts_and_names_damaged_rooms_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (room("poll:a"), room("poll:b"));
    {
        let journal = SledJournal::open(dir.path()).unwrap();
        fill(&journal, &a, 1..=5);
        fill(&journal, &b, 1..=5);
        journal.damage(&a, 2, None);
        journal.damage(&b, 5, Some(&|bytes| bytes.truncate(20)));
    }
    for _ in 0..2 {
        let report = check(dir.path()).unwrap();
        assert_eq!((report.rooms, report.records), (2, 4));
        assert_eq!(report.damaged.keys().collect::<Vec<_>>(), [&a]);
        assert_eq!(report.torn, 1);
    }
}

#[test]
fn a_directory_without_a_store_passes_the_check() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(check(dir.path()).unwrap().rooms, 0);
}
