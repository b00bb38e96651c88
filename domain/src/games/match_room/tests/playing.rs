//! What was played, crashes included, can be played again.

use playhouse_protocol::game::{Input, Table, ViewTick};
use proptest::prelude::*;

use super::super::*;
use super::stage::{Stage, creation, person};
use crate::games::Seat;
use crate::games::arena::schema;
use crate::games::game::{Happenings, SeatInput};

/// An arena for ten, of whom nine are bots.
fn ten(minutes: u8) -> Creation {
    let settings = format!(r#"{{"minutes":{minutes},"frags":1000}}"#);
    Creation { settings: Some(settings), seats: 10, bots: 9, ..creation() }
}

#[test]
fn ten_minutes_of_ten_players_are_played_again_bit_for_bit_and_have_at_most_200_kb() {
    let mut stage = Stage::new(ten(10));
    stage.begin(&[1]);
    stage.take_up().unwrap();
    let mut told = 0;
    while stage.ticker.as_ref().unwrap().recording.world().outcome().is_none() {
        stage.ticker.as_mut().unwrap().play(8);
        told += 1;
        let ticked = stage.tell(told % 20 == 0).unwrap();
        assert!(!ticked.conclude);
        stage.now = stage.now + Duration::from_millis(267);
    }
    stage.tell(true).unwrap();
    let hash = stage.ticker.as_ref().unwrap().recording.world().hash();
    stage.finish();
    let (_, bytes, ticks) = stage.replay();
    println!("{ticks} ticks in {} bytes", bytes.len());
    assert!(ticks >= 18_000 && bytes.len() <= 200_000, "{ticks} ticks in {} bytes", bytes.len());
    let verified = stage.verified();
    assert_eq!(verified.hash, hash);
    assert!(verified.compared > 100, "{verified:?}");
}

#[test]
fn a_log_that_was_tampered_with_is_found_out() {
    let mut stage = Stage::new(ten(1));
    stage.begin(&[1]);
    stage.take_up().unwrap();
    for _ in 0..10 {
        stage.ticker.as_mut().unwrap().play(8);
        stage.tell(true).unwrap();
    }
    let (head, bytes, _) = stage.replay();
    let verified = |bytes: &[u8]| {
        let replay = crate::games::replay::Replay::open(&head, bytes).unwrap();
        replay.verify()
    };
    let honest = verified(&bytes).unwrap();
    let mut found = 0;
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 1;
        match verified(&other) {
            Err(_) => found += 1,
            // What it changed was of no consequence, as where somebody looked for a moment.
            Ok(same) => assert_eq!(same, honest, "byte {at}"),
        }
    }
    assert!(found > bytes.len() * 3 / 4, "{found} of {}", bytes.len());
    let mut other = head.clone();
    other.rules += 1;
    assert!(crate::games::replay::Replay::open(&other, &bytes).is_err());
    other = crate::games::replay::Head { seed: head.seed + 1, ..head.clone() };
    let replay = crate::games::replay::Replay::open(&other, &bytes).unwrap();
    assert!(replay.verify().is_err(), "another seed is another match");
}

#[test]
fn whoever_took_a_seat_while_nobody_played_is_a_newcomer_in_it() {
    let came = |stage: &Stage, seat: u16| {
        let world = stage.ticker.as_ref().unwrap().recording.world();
        let mut table = Table::new(world.kind().schema());
        world.write(&mut table);
        // A score is told from the one before it by the tick in which its player came.
        table.get(schema::SCORES + seat).unwrap().generation
    };
    let mut stage = Stage::new(Creation { bots: 0, ..creation() });
    stage.begin(&[1, 2, 3]);
    stage.take_up().unwrap();
    stage.ticker.as_mut().unwrap().play(20);
    stage.tell(true).unwrap();
    assert_eq!([came(&stage, 0), came(&stage, 1), came(&stage, 2)], [0, 0, 0]);
    stage.ask(&person(3), Command::Leave).unwrap();
    stage.come(4).unwrap();
    stage.take_up().unwrap();
    assert_eq!([came(&stage, 0), came(&stage, 1), came(&stage, 2)], [0, 0, 20]);
    // The same while a ticker had heard of it and played no tick since.
    stage.ticker.as_mut().unwrap().play(5);
    stage.tell(false).unwrap();
    stage.ask(&person(2), Command::Leave).unwrap();
    stage.come(5).unwrap();
    stage.tell(false).unwrap();
    let roster = stage.rules.roster();
    stage.ticker.as_mut().unwrap().recording.align(&roster);
    stage.tell(false).unwrap();
    stage.take_up().unwrap();
    assert_eq!([came(&stage, 0), came(&stage, 1), came(&stage, 2)], [0, 25, 20]);
    stage.end();
}

/// One step of a life of a match that is played.
#[derive(Debug, Clone)]
enum Step {
    /// Everybody does that, whatever it is.
    Inputs(Vec<(u16, u64, u64)>),
    Tell,
    Save,
    /// The ticker is gone, with what it had not told.
    Crash,
    Come(u128),
    Leave(u128),
}

fn step() -> impl Strategy<Value = Step> {
    let input = (0..6_u16, any::<u64>(), prop_oneof![0..1_u64 << 41, 0..9000_u64]);
    prop_oneof![
        12 => prop::collection::vec(input, 0..8).prop_map(Step::Inputs),
        4 => Just(Step::Tell),
        1 => Just(Step::Save),
        1 => Just(Step::Crash),
        1 => (2..5_u128).prop_map(Step::Come),
        1 => (2..5_u128).prop_map(Step::Leave),
    ]
}

proptest! {
    #[test]
    fn whatever_is_played_and_whenever_it_crashes_it_is_played_again_bit_for_bit(
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut stage = Stage::new(creation());
        stage.begin(&[1]);
        stage.take_up().unwrap();
        let mut happened = Happenings::new();
        for step in steps {
            match step {
                Step::Inputs(all) => {
                    let view = |parts: u64| ViewTick { tick: (parts >> 8) as u32, frac: parts as u8 };
                    let mut inputs: Vec<_> = all
                        .into_iter()
                        .map(|(seat, bits, parts)| SeatInput {
                            seat: Seat(seat), input: Input { bits }, view: view(parts),
                        })
                        .collect();
                    inputs.sort_by_key(|input| input.seat);
                    let recording = &mut stage.ticker.as_mut().unwrap().recording;
                    happened.clear();
                    recording.step(&inputs, &mut happened);
                    if recording.waiting() >= 60 {
                        stage.tell(false).unwrap();
                    }
                }
                Step::Tell | Step::Save => {
                    let before = stage.ticker.as_ref().unwrap().recording.world().tick();
                    let ticked = stage.tell(matches!(step, Step::Save)).unwrap();
                    prop_assert_eq!(ticked.tick, before);
                }
                Step::Crash => {
                    stage.via += 1;
                    let durable = stage.verified();
                    let same = stage.rules.course.aligned == stage.rules.roster().version;
                    stage.take_up().unwrap();
                    let world = stage.ticker.as_ref().unwrap().recording.world();
                    prop_assert_eq!(world.tick(), durable.ticks);
                    prop_assert!(!same || world.hash() == durable.hash, "it goes on where it was");
                    let roster = stage.rules.roster();
                    let mut wanted: Vec<_> = roster.people.iter().map(|(seat, _)| *seat).collect();
                    wanted.extend(roster.bots);
                    wanted.sort();
                    prop_assert_eq!(world.seats(), wanted, "who plays is in the world");
                }
                Step::Come(who) => drop(stage.come(who)),
                Step::Leave(who) => drop(stage.ask(&person(who), Command::Leave)),
            }
        }
        stage.tell(false).unwrap();
        stage.ticker.as_mut().unwrap().recording.step(&[], &mut happened);
        stage.tell(true).unwrap();
        let hash = stage.ticker.as_ref().unwrap().recording.world().hash();
        prop_assert_eq!(stage.verified().hash, hash);
        prop_assert_eq!(stage.rules.course.aligned, stage.rules.roster().version);
        stage.end();
    }
}
