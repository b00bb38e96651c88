//! Memory and sled, two stores written apart, agree on any sequence of operations.

use proptest::prelude::*;

use super::super::memory::MemoryJournal;
use super::super::sled::SledJournal;
use super::super::{Index, Journal, JournalError, RowQuery};
use super::*;

const ROOMS: [&str; 3] = ["poll:a", "poll:b", "showing:c"];

#[derive(Debug, Clone)]
enum Step {
    Claim(usize),
    /// To which rooms, each with how far its sequence is off (mostly 0), and its index.
    Append(Vec<(usize, u64, Option<u64>, bool)>),
    Snapshot {
        room: usize,
        back: u64,
        keep: Keep,
    },
    Rows {
        prefix: &'static str,
        after: Option<u8>,
        before: Option<u8>,
        descending: bool,
        limit: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let room = 0..ROOMS.len();
    let off = prop_oneof![12 => Just(0_u64), 1 => Just(1)];
    let one = (room.clone(), off, proptest::option::of(1..5_u64), any::<bool>());
    let bound = || proptest::option::of(0..8_u8);
    prop_oneof![
        1 => room.clone().prop_map(Step::Claim),
        8 => proptest::collection::vec(one, 1..5).prop_map(Step::Append),
        2 => (room, 0..4_u64, keep())
            .prop_map(|(room, back, keep)| Step::Snapshot { room, back, keep }),
        2 => (prop_oneof![Just(""), Just("k1"), Just("z")], bound(), bound(), any::<bool>(), 0..6_usize)
            .prop_map(|(prefix, after, before, descending, limit)| {
                Step::Rows { prefix, after, before, descending, limit }
            }),
    ]
}

fn keep() -> impl Strategy<Value = Keep> {
    prop_oneof![
        Just(Keep::All),
        Just(Keep::Nothing),
        (0..12_u64).prop_map(Keep::From),
        (1000..1012_u64).prop_map(|ms| Keep::Since(Timestamp::from_ms(ms))),
    ]
}

/// What a step led to, as text that can be compared.
fn run(journal: &dyn Journal, claims: &mut [u64; 3], step: &Step) -> String {
    let rooms = ROOMS.map(room);
    match step {
        Step::Claim(n) => {
            let claim = journal.claim(rooms[*n].shard()).unwrap();
            for (own, _) in
                claims.iter_mut().zip(&rooms).filter(|(_, room)| room.shard() == rooms[*n].shard())
            {
                *own = claim;
            }
            claim.to_string()
        }
        Step::Append(to) => {
            let mut batch = Vec::new();
            let mut next = ROOMS.map(|name| journal.frames(&room(name), 0, 0).unwrap().newest + 1);
            for (n, off, wake_ms, owes) in to {
                let after = Index { wake_at: wake_ms.map(Timestamp::from_ms), owes: *owes };
                let seq = next[*n] + off;
                next[*n] += 1;
                let rows = vec![row("list", &format!("k{}{n}", seq % 8), &seq.to_string())];
                batch.push(Append { after, rows, ..append(&rooms[*n], claims[*n], seq) });
            }
            told(journal.append(&batch))
        }
        Step::Snapshot { room, back, keep } => {
            let newest = journal.frames(&rooms[*room], 0, 0).unwrap().newest;
            let seq = newest.saturating_sub(*back).max(1);
            told(journal.snapshot(&snapshot(&rooms[*room], seq), *keep))
        }
        Step::Rows { prefix, after, before, descending, limit } => {
            let key = |n: &u8| format!("k{n}");
            told(journal.rows(&RowQuery {
                table: "list".into(),
                prefix: (*prefix).into(),
                after: after.as_ref().map(key),
                before: before.as_ref().map(key),
                descending: *descending,
                limit: *limit,
            }))
        }
    }
}

fn told<T: std::fmt::Debug>(result: Result<T, JournalError>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.to_string(),
    }
}

fn seen(journal: &dyn Journal) -> String {
    let rooms = ROOMS.map(|name| told(journal.load(&room(name))));
    let past = ROOMS.map(|name| told(journal.frames(&room(name), 0, 100)));
    let (due, owing) = (told(journal.due()), told(journal.owing()));
    format!("{rooms:#?} {past:#?} {due} {owing} {}", told(journal.rooms(None, None, 10)))
}

proptest! {
    // Each case writes to the disk: a tenth of the usual number.
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 10,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn memory_and_sled_agree(steps in proptest::collection::vec(step(), 1..30)) {
        let dir = tempfile::tempdir().unwrap();
        let memory = MemoryJournal::new();
        let sled = SledJournal::open(dir.path()).unwrap();
        let (mut a, mut b) = ([0; 3], [0; 3]);
        for step in &steps {
            prop_assert_eq!(run(&memory, &mut a, step), run(&sled, &mut b, step), "{:?}", step);
        }
        prop_assert_eq!(seen(&memory), seen(&sled));
        drop(sled);
        let again = SledJournal::open(dir.path()).unwrap();
        prop_assert_eq!(seen(&memory), seen(&again));
    }
}
