//! What every store promises about a room's past that is rewritten.

use super::super::{JournalError, Rewrite, Salvage};
use super::conformance::on_each_store;
use super::*;

fn seqs(salvage: &Salvage) -> (Option<u64>, Vec<u64>, Vec<u64>) {
    let of = |frames: &[Frame]| frames.iter().map(|frame| frame.seq).collect();
    let snapshot = salvage.kept.snapshot.as_ref().map(|snapshot| snapshot.seq);
    (snapshot, of(&salvage.kept.frames), of(&salvage.left_out))
}

fn refused_at(result: Result<Salvage, JournalError>) -> u64 {
    match result {
        Err(JournalError::Damaged { seq, .. }) => seq,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rewind_starts_from_the_newest_snapshot_before_it() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        fill(journal, &a, 1..=9);
        journal.snapshot(&snapshot(&a, 3), Keep::All).unwrap();
        journal.snapshot(&snapshot(&a, 6), Keep::All).unwrap();
        let rewind = |to| seqs(&journal.salvage(&a, Rewrite::Rewind(to)).unwrap());
        assert_eq!(rewind(8), (Some(6), vec![7, 8], vec![9]));
        assert_eq!(rewind(6), (Some(6), vec![], vec![7, 8, 9]));
        assert_eq!(rewind(5), (Some(3), vec![4, 5], vec![6, 7, 8, 9]));
        assert_eq!(rewind(2), (None, vec![1, 2], (3..=9).collect()));
        assert_eq!(rewind(0), (None, vec![], (1..=9).collect()));
        assert_eq!(refused_at(journal.salvage(&a, Rewrite::Rewind(10))), 10);
    });
}

#[test]
fn a_skip_leaves_out_one_record_however_damaged_it_is() {
    on_each_store(|store| {
        let (journal, a, b) = (store.journal(), room("poll:a"), room("poll:b"));
        fill(journal, &a, 1..=5);
        fill(journal, &b, 1..=5);
        let skip = |room: &RoomId, seq| seqs(&journal.salvage(room, Rewrite::Skip(seq)).unwrap());
        assert_eq!(skip(&a, 3), (None, vec![1, 2, 4, 5], vec![3]));
        store.change(&a, 3, &|bytes| bytes[30] ^= 1);
        assert_eq!(skip(&a, 3), (None, vec![1, 2, 4, 5], vec![]));
        assert_eq!(refused_at(journal.salvage(&a, Rewrite::Skip(2))), 3, "3 is needed for that");
        store.lose(&b, 5);
        assert_eq!(skip(&b, 5), (None, vec![1, 2, 3, 4], vec![]));
        for no_record in [0, 6] {
            assert_eq!(refused_at(journal.salvage(&b, Rewrite::Skip(no_record))), no_record);
        }
    });
}

#[test]
fn what_was_dropped_cannot_be_gone_back_to() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        fill(journal, &a, 1..=9);
        for seq in [3, 6, 9] {
            journal.snapshot(&snapshot(&a, seq), Keep::From(u64::MAX)).unwrap();
        }
        assert_eq!(seqs(&journal.salvage(&a, Rewrite::Rewind(6)).unwrap()).0, Some(6));
        assert_eq!(refused_at(journal.salvage(&a, Rewrite::Rewind(5))), 1);
    });
}

#[test]
fn a_rewritten_room_is_rebuilt_without_a_look_at_what_was_before() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        let claim = fill(journal, &a, 1..=9);
        journal.snapshot(&snapshot(&a, 3), Keep::All).unwrap();
        journal.snapshot(&snapshot(&a, 6), Keep::All).unwrap();
        store.change(&a, 8, &|bytes| bytes[30] ^= 1);
        assert!(journal.load(&a).is_err());
        let rewritten = Append { rows: vec![row("polls", "a", "1")], ..append(&a, claim, 10) };
        journal.rewrite(&rewritten, &snapshot(&a, 10)).unwrap();
        assert_eq!(rebuilt(journal, &a), (Some(10), vec![]));
        journal.append(&[append(&a, claim, 11)]).unwrap();
        assert_eq!(rebuilt(journal, &a), (Some(10), vec![11]));
        let page = journal.frames(&a, 1, 100).unwrap();
        assert_eq!((page.oldest, page.newest), (Some(1), 11), "the past stays to be looked at");
        let unreadable: Vec<u64> = page.unreadable.iter().map(|(seq, _)| *seq).collect();
        assert_eq!((page.frames.len(), unreadable), (10, vec![8]));
        assert!(journal.rewrite(&rewritten, &snapshot(&a, 10)).is_err(), "it must follow on");
    });
}

#[test]
fn a_snapshot_that_comes_late_does_not_bring_back_what_was_undone() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        let claim = fill(journal, &a, 1..=9);
        journal.rewrite(&append(&a, claim, 10), &snapshot(&a, 10)).unwrap();
        assert!(journal.snapshot(&snapshot(&a, 6), Keep::All).is_err(), "there is a newer one");
        assert_eq!(rebuilt(journal, &a), (Some(10), vec![]));
        journal.append(&[append(&a, claim, 11)]).unwrap();
        journal.snapshot(&snapshot(&a, 11), Keep::All).unwrap();
        assert_eq!(rebuilt(journal, &a), (Some(10), vec![11]));
    });
}
