//! A backup holds everything, and is believed only whole.

use super::super::sled::{RestoreError, SledJournal, restore};
use super::super::{Index, Journal, RowQuery};
use super::*;

fn filled(dir: &std::path::Path) -> SledJournal {
    let journal = SledJournal::open(dir).unwrap();
    for n in 0..20_u64 {
        let room = room(&format!("poll:{n}"));
        let claim = journal.claim(room.shard()).unwrap();
        for seq in 1..=n {
            let index = Index { wake_at: Some(Timestamp::from_ms(n)), owes: n % 2 == 0 };
            let rows = vec![row("list", &format!("{n}/{seq}"), "{}")];
            let mut append = append(&room, claim, seq);
            append.frame.payload.resize(1000 * n as usize, 1);
            journal.append(&[Append { after: index, rows, ..append }]).unwrap();
        }
        if n > 5 {
            journal.snapshot(&snapshot(&room, n - 1), Keep::All).unwrap();
        }
    }
    journal
}

fn seen(journal: &dyn Journal) -> String {
    let rooms = journal.rooms(None, None, 100).unwrap();
    let stored: Vec<_> = rooms.iter().map(|room| journal.load(room).unwrap()).collect();
    let rows = journal.rows(&RowQuery {
        table: "list".into(),
        prefix: String::new(),
        after: None,
        before: None,
        descending: false,
        limit: 1000,
    });
    format!("{stored:?} {:?} {:?} {:?}", rows.unwrap(), journal.due(), journal.owing())
}

#[test]
fn what_is_restored_equals_what_was_backed_up_under_a_new_generation() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = from.path().join("backup");
    let journal = filled(&from.path().join("data"));
    let written = journal.export(&mut std::fs::File::create(&file).unwrap()).unwrap();
    assert_eq!(restore(&file, to.path()).unwrap(), written);
    let restored = SledJournal::open(to.path()).unwrap();
    assert_eq!(seen(&restored), seen(&journal));
    assert_ne!(restored.generation(), journal.generation());
    let a = room("poll:7");
    let (old, new) = (journal.claim(a.shard()).unwrap(), restored.claim(a.shard()).unwrap());
    assert_eq!(old, new, "claims are restored too");
    restored.append(&[append(&a, new, 8)]).unwrap();
}

#[test]
fn a_changed_or_cut_backup_is_refused_before_anything_is_written() {
    let from = tempfile::tempdir().unwrap();
    let file = from.path().join("backup");
    let journal = SledJournal::open(&from.path().join("data")).unwrap();
    fill(&journal, &room("poll:a"), 1..=3);
    let mut bytes = Vec::new();
    journal.export(&mut bytes).unwrap();
    let mut changed: Vec<_> = (0..bytes.len())
        .map(|at| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            bytes
        })
        .collect();
    changed.extend((0..bytes.len()).map(|len| bytes[..len].to_vec()));
    changed.push([bytes.as_slice(), b"more"].concat());
    for bytes in changed {
        std::fs::write(&file, bytes).unwrap();
        let to = tempfile::tempdir().unwrap();
        let refused = restore(&file, to.path()).unwrap_err();
        assert!(matches!(refused, RestoreError::Damaged(_)), "{refused}");
        assert_eq!(std::fs::read_dir(to.path()).unwrap().count(), 0, "nothing was written");
    }
}

#[test]
fn a_backup_is_restored_into_an_empty_directory_only() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup");
    let journal = SledJournal::open(&dir.path().join("data")).unwrap();
    journal.export(&mut std::fs::File::create(&file).unwrap()).unwrap();
    let refused = restore(&file, dir.path()).unwrap_err();
    assert!(matches!(refused, RestoreError::NotEmpty(_)), "{refused}");
}

#[test]
fn what_a_restore_left_half_done_is_not_taken_for_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SledJournal::open(dir.path()).unwrap();
    fill(&journal, &room("poll:a"), 1..=3);
    journal.leave_as_a_restore_that_was_cut_off();
    assert!(SledJournal::open(dir.path()).is_err());
}
