//! What every store promises: each test runs on memory and on sled.

use super::super::memory::MemoryJournal;
use super::super::sled::SledJournal;
use super::super::{Index, Journal, JournalError, RowQuery};
use super::*;

/// A store that can be damaged.
pub(super) trait Store {
    fn journal(&self) -> &dyn Journal;
    fn change(&self, room: &RoomId, seq: u64, change: &dyn Fn(&mut Vec<u8>));
    fn lose(&self, room: &RoomId, seq: u64);
}

struct Memory(MemoryJournal);

impl Store for Memory {
    fn journal(&self) -> &dyn Journal {
        &self.0
    }

    fn change(&self, room: &RoomId, seq: u64, change: &dyn Fn(&mut Vec<u8>)) {
        self.0.damage(room, seq, change);
    }

    fn lose(&self, room: &RoomId, seq: u64) {
        self.0.lose(room, seq);
    }
}

struct Sled {
    journal: SledJournal,
    _dir: tempfile::TempDir,
}

impl Store for Sled {
    fn journal(&self) -> &dyn Journal {
        &self.journal
    }

    fn change(&self, room: &RoomId, seq: u64, change: &dyn Fn(&mut Vec<u8>)) {
        self.journal.damage(room, seq, Some(change));
    }

    fn lose(&self, room: &RoomId, seq: u64) {
        self.journal.damage(room, seq, None);
    }
}

type Damage = fn(&dyn Store, &RoomId);

pub(super) fn on_each_store(promise: impl Fn(&dyn Store)) {
    promise(&Memory(MemoryJournal::new()));
    let dir = tempfile::tempdir().unwrap();
    promise(&Sled { journal: SledJournal::open(dir.path()).unwrap(), _dir: dir });
}

#[test]
fn what_was_appended_is_loaded_in_order() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        assert_eq!(journal.load(&a).unwrap(), super::super::Stored::default());
        let claim = journal.claim(a.shard()).unwrap();
        let batch: Vec<_> = (1..=3).map(|seq| append(&a, claim, seq)).collect();
        let positions = journal.append(&batch).unwrap();
        assert_eq!(positions.iter().map(|p| p.seq).collect::<Vec<_>>(), [1, 2, 3]);
        let frames: Vec<_> = batch.into_iter().map(|append| append.frame).collect();
        assert_eq!(journal.load(&a).unwrap().frames, frames);
        let page = journal.frames(&a, 2, 1).unwrap();
        assert_eq!((page.frames, page.oldest, page.newest), (frames[1..2].to_vec(), Some(1), 3));
    });
}

#[test]
fn positions_count_the_frames_of_a_shard_over_all_its_rooms() {
    on_each_store(|store| {
        let journal = store.journal();
        let a = room("poll:a");
        let same = (0..).map(|n| room(&format!("poll:{n}"))).find(|r| r.shard() == a.shard());
        let same = same.unwrap();
        let claim = journal.claim(a.shard()).unwrap();
        let batch = [append(&a, claim, 1), append(&same, claim, 1), append(&a, claim, 2)];
        let positions = journal.append(&batch).unwrap();
        assert!(positions.iter().all(|p| p.shard == a.shard()));
        assert_eq!(positions.iter().map(|p| p.seq).collect::<Vec<_>>(), [1, 2, 3]);
    });
}

#[test]
fn an_owner_that_was_replaced_writes_nothing_any_more() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        let old = fill(journal, &a, 1..=1);
        let new = journal.claim(a.shard()).unwrap();
        assert!(new > old);
        let fenced = journal.append(&[append(&a, new, 2), append(&a, old, 3)]).unwrap_err();
        assert!(
            matches!(fenced, JournalError::Fenced { newer, own, .. } if (newer, own) == (new, old))
        );
        assert_eq!(rebuilt(journal, &a), (None, vec![1]));
        journal.append(&[append(&a, new, 2)]).unwrap();
    });
}

#[test]
fn an_append_that_does_not_follow_on_is_refused_with_its_whole_batch() {
    on_each_store(|store| {
        let (journal, a, b) = (store.journal(), room("poll:a"), room("poll:b"));
        let claim = fill(journal, &a, 1..=2);
        let other = journal.claim(b.shard()).unwrap();
        for seq in [1, 2, 4] {
            let batch = [append(&b, other, 1), append(&a, claim, seq)];
            let refused = journal.append(&batch).unwrap_err();
            assert!(matches!(refused, JournalError::Damaged { room, .. } if room == a));
        }
        assert_eq!(rebuilt(journal, &a), (None, vec![1, 2]));
        assert_eq!(rebuilt(journal, &b), (None, vec![]));
    });
}

#[test]
fn the_indexes_follow_the_newest_frame() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        let claim = journal.claim(a.shard()).unwrap();
        let index = |ms: Option<u64>, owes| Index { wake_at: ms.map(Timestamp::from_ms), owes };
        let steps =
            [index(Some(9), true), index(Some(5), true), index(None, true), index(None, false)];
        let mut before = Index::default();
        for (seq, after) in (1..).zip(steps) {
            let append = Append { before, after, ..append(&a, claim, seq) };
            journal.append(&[append]).unwrap();
            let due: Vec<_> = after.wake_at.map(|at| (at, a.clone())).into_iter().collect();
            assert_eq!(journal.due().unwrap(), due);
            assert_eq!(!journal.owing().unwrap().is_empty(), after.owes);
            assert_eq!(journal.load(&a).unwrap().index, after);
            before = after;
        }
    });
}

#[test]
fn due_rooms_come_earliest_first() {
    on_each_store(|store| {
        let journal = store.journal();
        for (name, ms) in [("poll:a", 300), ("poll:b", 100), ("account:c", 200)] {
            let room = room(name);
            let claim = journal.claim(room.shard()).unwrap();
            let after = Index { wake_at: Some(Timestamp::from_ms(ms)), owes: false };
            journal.append(&[Append { after, ..append(&room, claim, 1) }]).unwrap();
        }
        let due: Vec<_> = journal.due().unwrap().into_iter().map(|(at, _)| at.ms()).collect();
        assert_eq!(due, [100, 200, 300]);
    });
}

#[test]
fn rows_are_read_in_both_directions_between_their_bounds() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        let claim = journal.claim(a.shard()).unwrap();
        let keys = ["x/1", "x/2", "x/3", "y/1", "y/2"];
        let mut rows: Vec<_> = keys.iter().map(|key| row("list", key, key)).collect();
        rows.push(row("list_of_others", "x/1", "not this"));
        journal.append(&[Append { rows, ..append(&a, claim, 1) }]).unwrap();
        let all = RowQuery {
            table: "list".into(),
            prefix: String::new(),
            after: None,
            before: None,
            descending: false,
            limit: 10,
        };
        let read = |query: &RowQuery| -> Vec<String> {
            journal.rows(query).unwrap().into_iter().map(|row| row.key).collect()
        };
        let down = RowQuery { descending: true, ..all.clone() };
        assert_eq!(read(&all), keys);
        assert_eq!(read(&RowQuery { limit: 2, ..all.clone() }), ["x/1", "x/2"]);
        assert_eq!(read(&RowQuery { limit: 2, ..down.clone() }), ["y/2", "y/1"]);
        let x = |query: &RowQuery| RowQuery { prefix: "x/".into(), ..query.clone() };
        assert_eq!(read(&x(&all)), keys[..3]);
        assert_eq!(read(&RowQuery { after: Some("x/1".into()), ..x(&all) }), keys[1..3]);
        assert_eq!(read(&RowQuery { after: Some("x/3".into()), ..x(&down) }), ["x/2", "x/1"]);
        assert_eq!(read(&RowQuery { before: Some("x/3".into()), ..all.clone() }), keys[..2]);
        assert_eq!(read(&RowQuery { before: Some("x/3".into()), ..down }), ["x/2", "x/1"]);
        assert_eq!(read(&RowQuery { limit: 0, ..all.clone() }), [""; 0]);
        let gone = RowChange::delete("list", "x/2");
        journal.append(&[Append { rows: vec![gone], ..append(&a, claim, 2) }]).unwrap();
        assert_eq!(read(&x(&all)), ["x/1", "x/3"]);
    });
}

#[test]
fn stored_rooms_are_named_in_order_kind_by_kind() {
    on_each_store(|store| {
        let journal = store.journal();
        let names = ["poll:a", "poll:b", "pollen:a", "showing:a"].map(room);
        for room in &names {
            fill(journal, room, 1..=1);
        }
        assert_eq!(journal.rooms(None, None, 10).unwrap(), names);
        assert_eq!(journal.rooms(Some("poll"), None, 10).unwrap(), names[..2]);
        assert_eq!(journal.rooms(Some("poll"), Some(&names[0]), 10).unwrap(), names[1..2]);
        assert_eq!(journal.rooms(None, Some(&names[1]), 1).unwrap(), names[2..3]);
    });
}

#[test]
fn two_snapshots_are_kept_and_what_they_make_superfluous_goes() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        fill(journal, &a, 1..=9);
        journal.snapshot(&snapshot(&a, 3), Keep::From(u64::MAX)).unwrap();
        assert_eq!(rebuilt(journal, &a), (Some(3), (4..=9).collect()));
        assert_eq!(journal.frames(&a, 1, 100).unwrap().oldest, Some(1), "nothing to fall back on");
        journal.snapshot(&snapshot(&a, 6), Keep::From(u64::MAX)).unwrap();
        assert_eq!(rebuilt(journal, &a), (Some(3), (4..=9).collect()));
        assert_eq!(journal.frames(&a, 1, 100).unwrap().oldest, Some(4));
        journal.snapshot(&snapshot(&a, 9), Keep::From(6)).unwrap();
        assert_eq!(rebuilt(journal, &a), (Some(6), (7..=9).collect()));
        assert_eq!(journal.frames(&a, 1, 100).unwrap().oldest, Some(6), "kept on request");
    });
}

#[test]
fn of_a_past_that_is_not_kept_only_the_newest_snapshot_and_what_follows_it_stay() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        fill(journal, &a, 1..=9);
        journal.snapshot(&snapshot(&a, 3), Keep::Nothing).unwrap();
        assert_eq!(rebuilt(journal, &a), (Some(3), (4..=9).collect()));
        assert_eq!(journal.frames(&a, 1, 100).unwrap().oldest, Some(4));
        journal.snapshot(&snapshot(&a, 9), Keep::Nothing).unwrap();
        assert_eq!(rebuilt(journal, &a), (Some(9), vec![]));
        assert_eq!(journal.frames(&a, 1, 100).unwrap().frames, []);
        fill(journal, &a, 10..=10);
        assert_eq!(rebuilt(journal, &a), (Some(9), vec![10]), "it goes on from there");
    });
}

#[test]
fn frames_are_kept_by_their_age() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        fill(journal, &a, 1..=9);
        let since = |seq| Keep::Since(append(&a, 1, seq).frame.at);
        journal.snapshot(&snapshot(&a, 6), since(9)).unwrap();
        assert_eq!(journal.frames(&a, 1, 100).unwrap().oldest, Some(1), "nothing to fall back on");
        journal.snapshot(&snapshot(&a, 8), since(4)).unwrap();
        assert_eq!(journal.frames(&a, 1, 100).unwrap().oldest, Some(4));
        journal.snapshot(&snapshot(&a, 9), since(10)).unwrap();
        assert_eq!(journal.frames(&a, 1, 100).unwrap().oldest, Some(9), "the rest is behind none");
        assert_eq!(rebuilt(journal, &a), (Some(8), vec![9]));
    });
}

#[test]
fn a_snapshot_of_what_is_not_stored_is_refused() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        fill(journal, &a, 1..=2);
        assert!(journal.snapshot(&snapshot(&a, 3), Keep::All).is_err());
        assert_eq!(rebuilt(journal, &a), (None, vec![1, 2]));
    });
}

#[test]
fn large_frames_and_snapshots_read_back_whole() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        let claim = journal.claim(a.shard()).unwrap();
        let mut large = append(&a, claim, 1);
        large.frame.payload = (0..300_000_u32).map(|n| n as u8).collect();
        let state = Snapshot { payload: large.frame.payload.repeat(4), ..snapshot(&a, 1) };
        journal.append(&[large.clone()]).unwrap();
        assert_eq!(journal.load(&a).unwrap().frames, [large.frame]);
        journal.snapshot(&state, Keep::All).unwrap();
        assert_eq!(journal.load(&a).unwrap().snapshot, Some(state));
    });
}

#[test]
fn a_torn_last_record_is_cut_and_its_room_marked_due_and_owing() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        let claim = fill(journal, &a, 1..=3);
        store.change(&a, 3, &|bytes| bytes.truncate(bytes.len() - 1));
        assert_eq!(rebuilt(journal, &a), (None, vec![1, 2]));
        assert_eq!(journal.owing().unwrap(), std::slice::from_ref(&a));
        assert_eq!(journal.due().unwrap(), [(Timestamp::from_ms(1002), a.clone())]);
        journal.append(&[append(&a, claim, 3)]).unwrap();
        assert_eq!(rebuilt(journal, &a), (None, vec![1, 2, 3]));
        assert!(journal.owing().unwrap().is_empty());
    });
}

#[test]
fn any_other_damage_names_the_record_and_changes_nothing() {
    let cases: [(&str, u64, Damage); 4] = [
        ("a flipped bit", 2, |store, a| store.change(a, 2, &|bytes| bytes[40] ^= 4)),
        ("a flipped bit in the last", 3, |store, a| store.change(a, 3, &|bytes| bytes[40] ^= 4)),
        ("a hole", 2, |store, a| store.lose(a, 2)),
        ("a lost end", 3, |store, a| store.lose(a, 3)),
    ];
    for (what, at, damage) in cases {
        on_each_store(|store| {
            let (journal, a, b) = (store.journal(), room("poll:a"), room("poll:b"));
            fill(journal, &a, 1..=3);
            fill(journal, &b, 1..=3);
            damage(store, &a);
            for _ in 0..2 {
                match journal.load(&a) {
                    Err(JournalError::Damaged { room, seq, .. }) => {
                        assert_eq!((room, seq), (a.clone(), at), "{what}");
                    }
                    other => panic!("{what}: {other:?}"),
                }
            }
            assert_eq!(rebuilt(journal, &b), (None, vec![1, 2, 3]), "{what}: the others live on");
        });
    }
}

#[test]
fn every_flipped_bit_of_a_record_is_found() {
    on_each_store(|store| {
        let (journal, a) = (store.journal(), room("poll:a"));
        fill(journal, &a, 1..=1);
        let bits = super::super::record::encode_frame(&append(&a, 1, 1).frame).len() * 8;
        let flip = |bit: usize| store.change(&a, 1, &move |b| b[bit / 8] ^= 1 << (bit % 8));
        // The length's own bits may make a record look torn, which cuts it; they are at 32 to 37.
        for bit in (0..bits).filter(|bit| !(32..38).contains(&(bit / 8))) {
            flip(bit);
            assert!(matches!(journal.load(&a), Err(JournalError::Damaged { seq: 1, .. })), "{bit}");
            flip(bit);
        }
        assert_eq!(rebuilt(journal, &a), (None, vec![1]));
    });
}
