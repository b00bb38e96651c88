//! What the host promises about snapshots and about what is kept behind them.

use std::time::Duration;

use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::RoomId;

use super::counter::Command::{Add, Pad, Read, Spend};
use super::counter::Counter;
use super::rig::{Rig, Told};
use crate::handle::AskError;
use crate::host::kind::Kind;
use crate::host::{Input, ViewAt, biography, view_at};
use crate::journal::{Keep, Rewrite, Salvage};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn what_is_kept_is_as_old_as_the_kind_says() {
    let mut rig = Rig::new();
    rig.now = Timestamp::from_ms(0) + 5 * DAY;
    (0..10).for_each(|_| drop(rig.ask(None, &Add(1))));
    let newest = rig.disk.last().expect("records are there").at;
    assert_eq!(rig.keep, Some(Keep::Since(Timestamp::from_ms(0) + 3 * DAY)));
    assert_eq!(newest, Timestamp::from_ms(0) + 5 * DAY);
}

#[test]
fn of_a_room_that_is_spent_nothing_is_kept_but_what_it_is_now() {
    let mut rig = Rig::new();
    (0..5).for_each(|_| drop(rig.ask(None, &Add(1))));
    assert!(rig.snapshots.is_empty(), "it is too soon for one");
    rig.ask(None, &Spend);
    assert_eq!(rig.keep, Some(Keep::Nothing));
    assert_eq!(rig.snapshots.last().unwrap().seq, 6);
    rig.crash();
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(0))));
}

#[test]
fn a_large_state_is_snapshotted_away_from_the_room_which_goes_on() {
    let mut rig = Rig::new();
    rig.ask(None, &Pad(200_000));
    (0..9).for_each(|_| drop(rig.ask(None, &Add(1))));
    assert_eq!((rig.elsewhere.clone(), rig.snapshots.len()), (vec![10], 0));
    (0..20).for_each(|_| drop(rig.ask(None, &Add(1))));
    assert_eq!(rig.elsewhere, [10], "one at a time");
    rig.snapshot_elsewhere();
    assert_eq!(rig.snapshots[0].seq, 10, "as of the record it was asked for");
    rig.ask(None, &Add(1));
    assert_eq!(rig.elsewhere.len(), 0, "as many bytes as the last one had lie between two");
    rig.crash();
    assert!(matches!(rig.ask(Some("k"), &Read), Told::Answer(_, Ok(30))));
}

#[test]
fn a_snapshot_made_away_from_the_room_is_the_one_it_would_have_made() {
    let (mut here, mut elsewhere) = (Rig::new(), Rig::new());
    for rig in [&mut here, &mut elsewhere] {
        rig.ask(Some("first"), &Add(7));
    }
    elsewhere.ask(None, &Pad(200_000));
    here.ask(None, &Pad(0));
    for rig in [&mut here, &mut elsewhere] {
        (0..7).for_each(|n| drop(rig.ask(Some(&format!("k{n}")), &Add(1))));
    }
    // The newest pad is what the state holds: now both hold the same.
    elsewhere.ask(None, &Pad(0));
    here.ask(None, &Pad(0));
    elsewhere.snapshot_elsewhere();
    assert_eq!(here.snapshots, elsewhere.snapshots);
}

#[test]
fn a_snapshot_that_is_asked_for_holds_every_record_before_and_is_answered_once_it_is_stored() {
    let mut rig = Rig::new();
    let nothing = rig.snapshot_now();
    assert_eq!(rig.answer(nothing), Some(Told::Answer(nothing, Err(AskError::NoSuchRoom))));
    rig.send(None, &Add(1));
    let asked = rig.snapshot_now();
    assert_eq!((rig.answer(asked), rig.snapshots.len()), (None, 0), "its record is on its way");
    rig.sync();
    assert_eq!(rig.answer(asked), Some(Told::Answer(asked, Ok(1))));
    assert_eq!(rig.snapshots.last().map(|s| s.seq), Some(1));
}

#[test]
fn whoever_asks_while_a_snapshot_is_under_way_gets_the_next_one() {
    let mut rig = Rig::new();
    rig.ask(None, &Pad(200_000));
    let first = rig.snapshot_now();
    rig.ask(None, &Add(1));
    let second = rig.snapshot_now();
    assert_eq!(rig.elsewhere, [1], "one at a time");
    rig.snapshot_elsewhere();
    assert_eq!(rig.answer(first), Some(Told::Answer(first, Ok(1))));
    assert_eq!((rig.answer(second), rig.elsewhere.clone()), (None, vec![2]));
    rig.snapshot_elsewhere();
    assert_eq!(rig.answer(second), Some(Told::Answer(second, Ok(2))));
}

#[test]
fn whoever_waits_for_a_snapshot_of_a_room_that_closes_is_told() {
    let mut rig = Rig::new();
    rig.ask(None, &Pad(200_000));
    let asked = rig.snapshot_now();
    rig.input(Input::Quarantine("a look".into()));
    assert!(matches!(rig.answer(asked), Some(Told::Answer(_, Err(AskError::Rebuilding { .. })))));
    let closed = rig.snapshot_now();
    assert!(matches!(rig.answer(closed), Some(Told::Answer(_, Err(AskError::Quarantined { .. })))));
}

#[test]
fn a_view_of_the_past_is_what_was_seen_then() {
    let mut rig = Rig::new();
    let kind = Kind::of::<Counter>();
    let room = "counter:one".parse().unwrap();
    let mut sums = Vec::new();
    for n in 1..=30 {
        rig.ask(None, &Add(n));
        sums.push((sums.last().map_or(0, |(sum, _)| *sum) + n, rig.now));
        rig.now = rig.now + Duration::from_secs(1);
    }
    for (record, (sum, at)) in (1..).zip(sums) {
        let stored = rig.salvage(Rewrite::Rewind(record)).unwrap().kept;
        let seen = view_at(&kind, &room, &stored).unwrap();
        assert_eq!(seen, ViewAt { at, view: Some(sum.to_string().into_bytes()) });
    }
}

#[test]
fn a_biography_tells_each_change_of_a_part_and_whether_something_is_left_out() {
    let mut rig = Rig::new();
    let kind = Kind::of::<Counter>();
    let room: RoomId = "counter:one".parse().unwrap();
    [Add(1), Pad(3), Add(2), Pad(0), Add(3)].iter().for_each(|c| drop(rig.ask(None, c)));
    let of = |salvage: &Salvage, part: &str, most| {
        biography(&kind, &room, salvage, part, most).unwrap().map(|lived| {
            let steps = lived.steps.iter().map(|s| (s.record, s.state.as_u64().unwrap()));
            (steps.collect::<Vec<_>>(), lived.complete)
        })
    };
    let all = rig.salvage(Rewrite::Rewind(0)).unwrap();
    assert_eq!(of(&all, "value", 9), Some((vec![(1, 1), (3, 3), (5, 6)], true)));
    assert_eq!(of(&all, "value", 2), Some((vec![(3, 3), (5, 6)], false)));
    assert_eq!(of(&all, "other", 9), None);
    let later = rig.salvage(Rewrite::Rewind(2)).unwrap();
    assert_eq!(of(&later, "value", 9), Some((vec![(3, 3), (5, 6)], false)));
    let mut torn = all;
    torn.left_out[2].payload.clear();
    assert_eq!(of(&torn, "value", 9), Some((vec![(1, 1)], false)), "what follows cannot be known");
}
