//! A room's records cut or damaged anywhere: the room is what some prefix of its records leads to, or it
//! is closed by name. Never anything else.

use std::collections::BTreeMap;

use playhouse_domain::duty::DutyId;
use playhouse_domain::room::Rules;
use playhouse_domain::showing::Showing;
use playhouse_protocol::{codec, golden};
use uuid::Uuid;

use super::super::record::encode_frame;
use super::super::sled::{SledJournal, check};
use super::super::{Journal, JournalError, Stored};
use super::*;
use crate::host::kind::Kind;
use crate::host::record::{Cause, Outcome, Record, Remembered};
use crate::host::snapshot_of;

/// A showing's real life, one event a line with its time: sales, late charges, a transfer, a refund.
const LIFE: &str = include_str!("../../../../domain/src/showing/tests/schema_1.txt");

/// The showing's frames; every third remembers an outcome.
fn life() -> (RoomId, Vec<Append>) {
    let room = RoomId::of(Showing::KIND, Uuid::from_u128(7));
    let lines = LIFE.lines().filter_map(|line| line.split_once(' '));
    let events = lines.filter_map(|(at, hex)| Some((at.parse().ok()?, golden::bytes(hex).ok()?)));
    let frame = |(seq, (at, event)): (u64, (u64, Vec<u8>))| {
        let remembered = Remembered {
            scope: [seq as u8; 32],
            fingerprint: [1; 32],
            outcome: Outcome::Reply(seq.to_be_bytes().to_vec()),
        };
        let remember = (seq % 3 == 0).then_some(remembered);
        let cause = Cause::Duty(DutyId(seq));
        let record = Record { cause, events: vec![event], remember, settled: Vec::new() };
        let payload = codec::encode(&record);
        let at = Timestamp::from_ms(at);
        let frame = Frame { room: room.clone(), claim: 1, seq, schema: 1, at, payload };
        Append { frame, before: Index::default(), after: Index::default(), rows: Vec::new() }
    };
    let frames = (1..).zip(events).map(frame).collect();
    (room, frames)
}

/// The whole state, with what is remembered, that `stored` leads to.
fn state(room: &RoomId, stored: &Stored) -> Vec<u8> {
    let snapshot = snapshot_of(&Kind::of::<Showing>(), room, stored);
    snapshot.expect("what is loaded is replayed").payload
}

/// A store with the whole life, and the state after each of its records, from none on.
fn lived(dir: &std::path::Path) -> (SledJournal, RoomId, Vec<Append>, Vec<Vec<u8>>) {
    let journal = SledJournal::open(dir).unwrap();
    let (room, life) = life();
    assert_eq!(journal.claim(room.shard()).unwrap(), 1);
    let mut states = vec![state(&room, &Stored::default())];
    for append in &life {
        journal.append(std::slice::from_ref(append)).unwrap();
        states.push(state(&room, &journal.load(&room).unwrap()));
    }
    assert!(life.len() > 20 && states.windows(2).all(|pair| pair[0] != pair[1]));
    (journal, room, life, states)
}

#[test]
fn a_journal_that_ends_behind_any_record_leads_to_the_state_at_that_record() {
    let dir = tempfile::tempdir().unwrap();
    let (_, room, life, states) = lived(&dir.path().join("whole"));
    for (n, state_then) in states.iter().enumerate() {
        let dir = dir.path().join(n.to_string());
        let journal = SledJournal::open(&dir).unwrap();
        journal.claim(room.shard()).unwrap();
        journal.append(&life[..n]).unwrap();
        drop(journal);
        assert!(check(&dir).unwrap().damaged.is_empty());
        let journal = SledJournal::open(&dir).unwrap();
        assert_eq!(&state(&room, &journal.load(&room).unwrap()), state_then, "after {n}");
    }
}

#[test]
fn a_record_cut_or_flipped_anywhere_leads_to_a_prefix_or_closes_the_room_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, room, life, states) = lived(dir.path());
    let newest = life.len();
    let mut told: BTreeMap<&str, u32> = BTreeMap::new();
    for (at, append) in life.iter().enumerate() {
        let (seq, whole) = (append.frame.seq, encode_frame(&append.frame));
        // Of those in the middle a sample, as they are all treated alike.
        let step = if at + 1 == newest { 1 } else { 7 };
        for byte in (0..whole.len()).step_by(step) {
            let flip = |bytes: &mut Vec<u8>| bytes[byte] ^= 1 << (byte % 8);
            let cut = |bytes: &mut Vec<u8>| bytes.truncate(byte);
            for damage in [&flip as &dyn Fn(&mut Vec<u8>), &cut] {
                journal.damage(&room, seq, Some(damage));
                match journal.load(&room) {
                    Ok(stored) => {
                        assert_eq!(at + 1, newest, "record {seq}, byte {byte} is not noticed");
                        assert_eq!(state(&room, &stored), states[newest - 1], "byte {byte}");
                        *told.entry("cut").or_default() += 1;
                        journal.append(std::slice::from_ref(append)).unwrap();
                    }
                    Err(JournalError::Damaged { room: named, seq: first, .. }) => {
                        assert_eq!((named, first), (room.clone(), seq), "byte {byte}");
                        *told.entry("closed").or_default() += 1;
                        journal.damage(&room, seq, Some(&|bytes| bytes.clone_from(&whole)));
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }
        assert_eq!(state(&room, &journal.load(&room).unwrap()), states[newest], "it is mended");
    }
    println!("{told:?}");
    assert!(told["closed"] > 500 && told["cut"] > 20);
}
