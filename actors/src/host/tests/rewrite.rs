//! What the host promises an administrator who gives a room another past.

use playhouse_domain::room::Caller;
use playhouse_protocol::codec;

use super::counter::Command::{Add, Read};
use super::counter::Event;
use super::rig::{Rig, Told};
use crate::handle::AskError;
use crate::host::Input;
use crate::host::record::{Cause, Record};
use crate::journal::Frame;
use crate::journal::Rewrite::{Rewind, Skip};

fn closed(rig: &mut Rig) {
    rig.input(Input::Quarantine("looks odd".into()));
}

/// A record that an older version of the rules took and this one panics on.
fn plant_a_bomb(rig: &mut Rig) {
    let last = rig.disk.last().expect("a record is there").clone();
    let cause = Cause::Command(Caller::System);
    let events = vec![codec::encode(&Event::Bomb)];
    let record = Record { cause, events, remember: None, settled: vec![] };
    rig.disk.push(Frame { seq: last.seq + 1, payload: codec::encode(&record), ..last });
}

#[test]
fn a_rewind_brings_back_what_the_room_was_and_what_it_remembered() {
    let mut rig = Rig::new();
    rig.ask(Some("first"), &Add(2));
    rig.ask(Some("undone"), &Add(3));
    closed(&mut rig);
    let token = rig.rewrite(Rewind(1));
    assert_eq!(rig.answer(token), None, "nothing is told before the record is on disk");
    rig.sync_rewrite();
    assert_eq!(rig.answer(token), Some(Told::Answer(token, Ok(3))), "revisions go on rising");
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(2))));
    assert!(matches!(rig.ask(Some("first"), &Add(2)), Told::Repeated(_, 2)));
    assert!(matches!(rig.ask(Some("undone"), &Add(3)), Told::Answer(_, Ok(5))));
}

#[test]
fn a_rewritten_past_outlives_a_crash_also_without_its_snapshot() {
    let mut rig = Rig::new();
    (1..=4).for_each(|n| drop(rig.ask(None, &Add(n))));
    closed(&mut rig);
    rig.rewrite(Rewind(2));
    rig.sync_rewrite();
    rig.ask(None, &Add(100));
    for snapshots in [rig.snapshots.clone(), vec![]] {
        rig.snapshots = snapshots;
        rig.crash();
        assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(103))));
    }
}

#[test]
fn a_record_that_cannot_be_replayed_can_be_skipped() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(2));
    plant_a_bomb(&mut rig);
    rig.crash();
    assert!(rig.told.contains(&Told::Quarantined));
    let token = rig.rewrite(Skip(2));
    rig.sync_rewrite();
    assert_eq!(rig.answer(token), Some(Told::Answer(token, Ok(3))));
    assert!(matches!(rig.ask(None, &Add(1)), Told::Answer(_, Ok(3))));
}

#[test]
fn a_rewrite_that_leads_nowhere_leaves_the_room_closed_and_says_why() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(2));
    plant_a_bomb(&mut rig);
    rig.crash();
    let token = rig.rewrite(Skip(1));
    let reason = "replay panicked: apply was told to panic".to_owned();
    let refused = Told::Answer(token, Err(AskError::Unrepairable { reason }));
    assert_eq!(rig.answer(token), Some(refused));
    let token = rig.rewrite(Rewind(9));
    assert!(matches!(rig.answer(token), Some(Told::Answer(_, Err(AskError::Unrepairable { .. })))));
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Err(AskError::Quarantined { .. }))));
}

#[test]
fn only_a_closed_room_is_rewritten_and_one_rewrite_at_a_time() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(2));
    rig.ask(None, &Add(3));
    let open = rig.rewrite(Rewind(1));
    assert_eq!(rig.answer(open), Some(Told::Answer(open, Err(AskError::NotQuarantined))));
    closed(&mut rig);
    let first = rig.rewrite(Rewind(1));
    let second = rig.rewrite(Rewind(0));
    assert_eq!(rig.answer(second), Some(Told::Answer(second, Err(AskError::NotQuarantined))));
    let loads = rig.loads;
    rig.input(Input::Reopen);
    assert_eq!(rig.loads, loads, "it opens with its new past, not before");
    rig.sync_rewrite();
    assert_eq!(rig.answer(first), Some(Told::Answer(first, Ok(3))));
}

#[test]
fn a_rewrite_that_may_not_be_on_disk_leaves_the_room_closed() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(2));
    closed(&mut rig);
    let token = rig.rewrite(Rewind(0));
    rig.input(Input::Rewritten(Err("the disk says no".into())));
    let error = AskError::StoreUnavailable { reason: "the disk says no".into() };
    assert_eq!(rig.answer(token), Some(Told::Answer(token, Err(error))));
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Err(AskError::Quarantined { .. }))));
}

#[test]
fn a_watcher_never_takes_a_rewritten_past_for_the_one_it_followed() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(2));
    rig.watch(Some(("g-0", 1)));
    assert!(matches!(rig.told.last(), Some(Told::Started(_, true, None, _))), "{:?}", rig.told);
    rig.ask(None, &Add(3));
    closed(&mut rig);
    rig.rewrite(Rewind(1));
    rig.sync_rewrite();
    let after = rig.watch(Some(("g-0", 2)));
    let view = r#"{"to":3,"view":2}"#.to_owned();
    assert_eq!(rig.told.last(), Some(&Told::Started(after, false, Some(view), vec![])));
    rig.watch(Some(("g-3", 3)));
    assert!(matches!(rig.told.last(), Some(Told::Started(_, true, None, _))), "{:?}", rig.told);
}

#[test]
fn rows_of_what_was_undone_go_with_it() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(2));
    rig.ask(None, &Add(3));
    closed(&mut rig);
    rig.rewrite(Rewind(1));
    let rows = rig.sync_rewrite().rows;
    assert_eq!((rows.len(), rows[0].value.as_deref()), (1, Some("2")));
    closed(&mut rig);
    rig.rewrite(Rewind(0));
    let rows = rig.sync_rewrite().rows;
    assert_eq!((rows.len(), &*rows[0].key, rows[0].value.as_deref()), (1, "one", None));
}
