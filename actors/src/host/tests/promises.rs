//! Each test is named after what the host promises.

use std::time::Duration;

use playhouse_domain::duty::DutyId;

use super::counter::Command::{Add, AddAt, Owe, PanicInApply, PanicInDecide, Read};
use super::rig::{Rig, Told};
use crate::handle::AskError;
use crate::host::Input;
use crate::journal::Keep;
use crate::watch::{WatchEnd, WatcherId};

const MS: Duration = Duration::from_millis(1);

#[test]
fn nothing_is_told_before_its_frame_is_on_disk() {
    let mut rig = Rig::new();
    let watcher = rig.watch(None);
    rig.told.clear();
    let (add, view, refused, read) =
        (rig.send(None, &Add(2)), rig.view(), rig.send(None, &Add(0)), rig.send(None, &Read));
    assert_eq!(rig.told, [], "decided, applied, told to nobody");
    rig.sync();
    assert_eq!(rig.answer(add), Some(Told::Answer(add, Ok(2))));
    assert_eq!(rig.answer(view), Some(Told::Seen(view, "2".into())));
    assert_eq!(rig.answer(read), Some(Told::Answer(read, Ok(2))));
    assert!(matches!(rig.answer(refused), Some(Told::Answer(_, Err(AskError::Refused(_))))));
    let published = Told::Published(vec![watcher], r#"{"from":0,"to":1,"change":2}"#.into());
    assert!(rig.told.contains(&published));
}

#[test]
fn the_next_command_is_decided_on_the_newest_state_without_waiting_for_the_disk() {
    let mut rig = Rig::new();
    let (first, second) = (rig.send(None, &Add(2)), rig.send(None, &Add(3)));
    rig.sync_one();
    assert_eq!(rig.answer(first), Some(Told::Answer(first, Ok(2))));
    assert_eq!(rig.answer(second), None);
    rig.sync_one();
    assert_eq!(rig.answer(second), Some(Told::Answer(second, Ok(5))));
}

#[test]
fn a_command_with_a_key_takes_effect_once_also_after_a_crash() {
    let mut rig = Rig::new();
    assert!(matches!(rig.ask(Some("k"), &Add(2)), Told::Answer(_, Ok(2))));
    assert!(matches!(rig.ask(Some("k"), &Add(2)), Told::Repeated(_, 2)));
    rig.crash();
    assert!(matches!(rig.ask(Some("k"), &Add(2)), Told::Repeated(_, 2)));
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(2))));
}

#[test]
fn a_command_lost_in_a_crash_takes_effect_when_it_is_repeated() {
    let mut rig = Rig::new();
    rig.send(Some("k"), &Add(2));
    rig.crash();
    assert!(matches!(rig.ask(Some("k"), &Add(2)), Told::Answer(_, Ok(2))));
}

#[test]
fn a_key_used_with_another_command_is_refused() {
    let mut rig = Rig::new();
    rig.ask(Some("k"), &Add(2));
    assert!(matches!(rig.ask(Some("k"), &Add(3)), Told::Answer(_, Err(AskError::KeyReused))));
}

#[test]
fn a_repeat_while_the_first_is_on_its_way_waits_for_the_same_frame() {
    let mut rig = Rig::new();
    rig.send(Some("k"), &Add(2));
    let repeat = rig.send(Some("k"), &Add(2));
    assert_eq!(rig.answer(repeat), None);
    rig.sync();
    assert_eq!(rig.answer(repeat), Some(Told::Repeated(repeat, 2)));
    assert_eq!(rig.disk.len(), 1);
}

#[test]
fn a_frame_that_failed_leads_to_the_truth_for_everyone() {
    let mut rig = Rig::new();
    let (first, second) = (rig.send(None, &Add(1)), rig.send(None, &Add(1)));
    // The first reached the disk, but its acknowledgement was lost; the second never did.
    let frame = rig.on_the_way.pop_front().unwrap().frame;
    rig.disk.push(frame);
    rig.on_the_way.clear();
    rig.input(Input::AppendFailed { seq: 1, not_written: false, reason: "lost".into() });
    let waits = rig.send(None, &Read);
    rig.load();
    assert_eq!(rig.answer(first), Some(Told::Answer(first, Ok(1))));
    assert_eq!(rig.answer(second), Some(Told::Answer(second, Err(AskError::OutcomeUnknown))));
    assert_eq!(rig.answer(waits), Some(Told::Answer(waits, Ok(1))));
}

#[test]
fn a_frame_surely_not_written_is_answered_as_such() {
    let mut rig = Rig::new();
    let add = rig.send(None, &Add(1));
    rig.on_the_way.clear();
    rig.input(Input::AppendFailed { seq: 1, not_written: true, reason: "full".into() });
    rig.load();
    let error = AskError::StoreUnavailable { reason: "full".into() };
    assert_eq!(rig.answer(add), Some(Told::Answer(add, Err(error))));
    rig.pass(50 * MS);
    assert!(matches!(rig.ask(None, &Add(1)), Told::Answer(_, Ok(1))));
}

#[test]
fn a_panic_in_decide_harms_nothing_and_the_third_sets_the_command_aside() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(1));
    for _ in 0..2 {
        assert!(matches!(rig.ask(None, &PanicInDecide), Told::Answer(_, Err(AskError::Failed))));
    }
    let third = rig.ask(None, &PanicInDecide);
    assert!(matches!(third, Told::Answer(_, Err(AskError::Poisoned { attempts: 3 }))));
    assert_eq!(rig.dead.len(), 1);
    assert!(rig.dead[0].at.is_some() && rig.dead[0].caller.is_some());
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(1))));
    assert_eq!(rig.loads, 1, "the room was never rebuilt");
}

#[test]
fn of_a_kind_that_forgets_its_past_nobody_is_told_who_sent_what_was_set_aside_or_when() {
    let mut rig = Rig::forgetful();
    for _ in 0..3 {
        rig.ask(None, &PanicInDecide);
    }
    assert_eq!((rig.dead[0].at, rig.dead[0].caller.clone()), (None, None));
}

#[test]
fn how_large_a_room_is_shows_no_single_record() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(1));
    let bytes = rig.room.bytes();
    rig.ask(None, &Add(1));
    assert_eq!((bytes, rig.room.bytes()), (1024, 1024));
}

#[test]
fn an_event_that_panics_never_reaches_the_journal_and_the_room_is_rebuilt() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(1));
    let bomb = rig.send(None, &PanicInApply);
    assert_eq!(rig.answer(bomb), Some(Told::Answer(bomb, Err(AskError::Failed))));
    assert_eq!(rig.disk.len(), 1);
    let meanwhile = rig.send(None, &Read);
    let answer = rig.answer(meanwhile);
    assert!(matches!(answer, Some(Told::Answer(_, Err(AskError::Rebuilding { .. })))));
    rig.pass(100 * MS);
    rig.load();
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(1))));
}

#[test]
fn a_room_that_fails_five_times_in_ten_seconds_is_quarantined_until_it_is_reopened() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(1));
    for _ in 0..5 {
        rig.send(None, &PanicInApply);
        rig.pass(900 * MS);
        rig.load();
    }
    assert!(rig.told.contains(&Told::Quarantined));
    let answer = rig.ask(None, &Read);
    assert!(matches!(answer, Told::Answer(_, Err(AskError::Quarantined { .. }))));
    rig.input(Input::Reopen);
    rig.load();
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(1))));
}

#[test]
fn a_store_that_cannot_be_read_is_tried_again_after_a_pause() {
    let mut rig = Rig::new();
    rig.input(Input::Reopen);
    rig.fail_load();
    rig.pass(100 * MS);
    rig.load();
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(0))));
}

#[test]
fn a_store_that_cannot_be_read_for_long_is_not_held_against_the_room() {
    let mut rig = Rig::new();
    rig.input(Input::Reopen);
    for _ in 0..20 {
        rig.fail_load();
        let told = rig.ask(None, &Read);
        let unavailable = matches!(told, Told::Answer(_, Err(AskError::StoreUnavailable { .. })));
        assert!(unavailable, "{told:?}");
        rig.pass(2000 * MS);
    }
    rig.load();
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(0))));
}

#[test]
fn time_acts_before_a_command_that_comes_at_that_time() {
    let mut rig = Rig::new();
    let at = rig.now + 500 * MS;
    rig.ask(None, &AddAt(at));
    rig.now = at;
    assert!(matches!(rig.ask(None, &Add(1)), Told::Answer(_, Ok(2))));
}

#[test]
fn a_timer_that_came_due_while_the_server_was_down_acts_once_after_the_restart() {
    let mut rig = Rig::new();
    let at = rig.now + 500 * MS;
    rig.ask(None, &AddAt(at));
    rig.now = at + 1000 * MS;
    rig.crash();
    rig.sync();
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(1))));
    rig.crash();
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(1))));
}

#[test]
fn a_duty_starts_once_its_frame_is_on_disk_and_settles_who_waits() {
    let mut rig = Rig::new();
    let owe = rig.send(Some("k"), &Owe);
    assert_eq!(rig.duties, []);
    rig.sync();
    assert_eq!(rig.duties, [(DutyId(1), 1)]);
    assert_eq!(rig.answer(owe), Some(Told::Accepted(owe)));
    let repeat = rig.send(Some("k"), &Owe);
    rig.pay(DutyId(1), 1);
    assert_eq!(rig.answer(owe), Some(Told::Answer(owe, Ok(1))));
    assert_eq!(rig.answer(repeat), Some(Told::Answer(repeat, Ok(1))));
    assert!(matches!(rig.ask(Some("k"), &Owe), Told::Repeated(_, 1)));
}

#[test]
fn a_duty_that_failed_is_tried_again_and_only_the_current_attempt_counts() {
    let mut rig = Rig::new();
    rig.send(None, &Owe);
    rig.sync();
    rig.input(Input::DutyFailed { id: DutyId(1), attempt: 1, reason: "down".into() });
    rig.pass(60 * MS);
    assert_eq!(rig.duties, [(DutyId(1), 1), (DutyId(1), 2)]);
    let before = rig.disk.len();
    rig.pay(DutyId(1), 1);
    assert_eq!(rig.disk.len(), before, "a late result of an old attempt is dropped");
    rig.pay(DutyId(1), 2);
    assert_eq!(rig.disk.len(), before + 1);
}

#[test]
fn a_duty_owed_in_a_crash_is_owed_after_it() {
    let mut rig = Rig::new();
    rig.send(Some("k"), &Owe);
    rig.sync();
    rig.crash();
    assert_eq!(rig.duties, [(DutyId(1), 1)]);
    let repeat = rig.send(Some("k"), &Owe);
    rig.pay(DutyId(1), 1);
    assert_eq!(rig.answer(repeat), Some(Told::Answer(repeat, Ok(1))));
}

#[test]
fn a_busy_room_publishes_at_most_every_50_ms_and_leaves_nothing_out() {
    let mut rig = Rig::new();
    let watcher = rig.watch(None);
    rig.told.clear();
    for _ in 0..4 {
        rig.ask(None, &Add(1));
    }
    rig.pass(50 * MS);
    let published: Vec<_> =
        rig.told.iter().filter(|t| matches!(t, Told::Published(..))).cloned().collect();
    assert_eq!(
        published,
        [
            Told::Published(vec![watcher], r#"{"from":0,"to":1,"change":1}"#.into()),
            Told::Published(vec![watcher], r#"{"from":1,"to":4,"change":4}"#.into()),
        ]
    );
}

#[test]
fn a_watcher_that_was_away_gets_what_it_missed_also_after_a_crash() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(1));
    rig.ask(None, &Add(1));
    rig.crash();
    let watch = rig.watch(Some(("g-0", 1)));
    let missed = vec![r#"{"from":1,"to":2,"change":2}"#.to_owned()];
    assert!(rig.told.contains(&Told::Started(watch, true, None, missed)));
}

#[test]
fn a_foreign_epoch_or_an_offset_from_the_future_is_never_taken_as_recovered() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(1));
    for position in [("other", 0), ("g-1", 1), ("g-0", 2), ("", 1)] {
        let watch = rig.watch(Some(position));
        let view = Some(r#"{"to":1,"view":1}"#.to_owned());
        assert!(rig.told.contains(&Told::Started(watch, false, view, vec![])), "{position:?}");
    }
}

#[test]
fn a_newcomer_does_not_get_what_its_view_already_shows() {
    let mut rig = Rig::new();
    let old = rig.watch(None);
    rig.ask(None, &Add(1));
    rig.ask(None, &Add(1));
    rig.told.clear();
    let new = rig.watch(None);
    // What was pending went to the old watcher first.
    assert_eq!(
        rig.told,
        [
            Told::Published(vec![old], r#"{"from":1,"to":2,"change":2}"#.into()),
            Told::Started(new, false, Some(r#"{"to":2,"view":2}"#.into()), vec![]),
        ]
    );
    rig.ask(None, &Add(1));
    rig.pass(50 * MS);
    let both = Told::Published(vec![old, new], r#"{"from":2,"to":3,"change":3}"#.into());
    assert!(rig.told.contains(&both));
}

#[test]
fn a_record_that_changed_nothing_to_see_makes_no_gap_between_a_newcomer_and_what_follows() {
    let mut rig = Rig::new();
    let old = rig.watch(None);
    rig.ask(None, &Add(1));
    rig.ask(None, &Owe);
    let new = rig.watch(None);
    let back = rig.watch(Some(("g-0", 1)));
    rig.input(Input::Lagging(WatcherId(old)));
    rig.pass(50 * MS);
    rig.input(Input::CaughtUp(WatcherId(old)));
    let view = r#"{"to":1,"view":1}"#.to_owned();
    assert!(rig.told.contains(&Told::Started(new, false, Some(view.clone()), vec![])));
    assert!(rig.told.contains(&Told::Started(back, true, None, vec![])));
    assert!(rig.told.contains(&Told::Refreshed(vec![old], view)));
    rig.ask(None, &Add(1));
    rig.ask(None, &Owe);
    rig.pass(50 * MS);
    let change = r#"{"from":1,"to":3,"change":2}"#.to_owned();
    assert!(rig.told.contains(&Told::Published(vec![old, new, back], change)));
}

#[test]
fn a_stream_stands_where_it_stood_after_a_crash() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(1));
    rig.ask(None, &Owe);
    rig.crash();
    let back = rig.watch(Some(("g-0", 1)));
    assert!(rig.told.contains(&Told::Started(back, true, None, vec![])));
    rig.ask(None, &Add(1));
    rig.pass(50 * MS);
    let change = r#"{"from":1,"to":3,"change":2}"#.to_owned();
    assert!(rig.told.contains(&Told::Published(vec![back], change)));
}

#[test]
fn a_slow_watcher_gets_the_newest_view_and_a_hopeless_one_is_cut_off() {
    let mut rig = Rig::new();
    let slow = rig.watch(None);
    let hopeless = rig.watch(None);
    for watcher in [slow, hopeless] {
        rig.input(Input::Lagging(WatcherId(watcher)));
    }
    rig.ask(None, &Add(1));
    rig.pass(100 * MS);
    let view = r#"{"to":1,"view":1}"#.to_owned();
    assert!(rig.told.contains(&Told::Refreshed(vec![slow, hopeless], view)));
    rig.input(Input::CaughtUp(WatcherId(slow)));
    rig.now = rig.now + 11 * 1000 * MS;
    rig.input(Input::Lagging(WatcherId(hopeless)));
    assert!(rig.told.contains(&Told::Ended(hopeless, WatchEnd::Slow)));
    rig.told.clear();
    rig.ask(None, &Add(1));
    let change = r#"{"from":1,"to":2,"change":2}"#.to_owned();
    assert!(rig.told.contains(&Told::Published(vec![slow], change)));
}

#[test]
fn a_room_with_too_many_frames_on_their_way_answers_overloaded_at_once() {
    let mut rig = Rig::new();
    for _ in 0..8 {
        rig.send(None, &Add(1));
    }
    let ninth = rig.send(None, &Add(1));
    let answer = rig.answer(ninth);
    assert!(matches!(answer, Some(Told::Answer(_, Err(AskError::Overloaded { .. })))));
    rig.sync();
    assert!(matches!(rig.ask(None, &Add(1)), Told::Answer(_, Ok(9))));
}

#[test]
fn a_snapshot_plus_the_rest_equals_the_whole() {
    let mut rig = Rig::new();
    for n in 0..35 {
        rig.ask(Some(&format!("k{n}")), &Add(1));
    }
    assert!(rig.snapshots.len() >= 2, "{} snapshots", rig.snapshots.len());
    rig.crash();
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(35))));
    assert!(matches!(rig.ask(Some("k3"), &Add(1)), Told::Repeated(_, 4)));
}

#[test]
fn a_room_that_nobody_needs_sleeps_and_one_that_is_watched_does_not() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(1));
    let watcher = rig.watch(None);
    rig.pass(61 * 1000 * MS);
    assert!(!rig.told.contains(&Told::Asleep));
    rig.input(Input::Unwatch(WatcherId(watcher)));
    rig.pass(61 * 1000 * MS);
    assert!(rig.told.contains(&Told::Asleep));
}

#[test]
fn a_room_whose_past_is_not_kept_falls_asleep_behind_a_snapshot_of_its_last_record() {
    let mut rig = Rig::forgetful();
    rig.ask(None, &Add(1));
    rig.pass(61 * 1000 * MS);
    assert_eq!(rig.keep, Some(Keep::Nothing));
    assert_eq!(rig.snapshots.last().unwrap().seq, rig.disk.last().unwrap().seq);
    rig.pass(61 * 1000 * MS);
    assert!(rig.told.contains(&Told::Asleep));
}

#[test]
fn an_owner_that_was_replaced_takes_no_record_of_the_next_one_for_its_own() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(1));
    let token = rig.send(Some("k"), &Add(10));
    let mut append = rig.on_the_way.pop_front().unwrap();
    append.frame.claim += 1;
    rig.disk.push(append.frame);
    rig.input(Input::AppendFailed { seq: 2, not_written: true, reason: "fenced".into() });
    rig.load();
    assert!(
        matches!(rig.answer(token), Some(Told::Answer(_, Err(AskError::StoreUnavailable { .. })))),
        "record 2 is there, and somebody else wrote it"
    );
}
