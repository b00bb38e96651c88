//! What the host promises while the store takes no writes.

use std::time::Duration;

use playhouse_domain::duty::DutyId;

use super::counter::Command::{Add, AddAt, Owe, Read};
use super::rig::{Rig, Told};
use crate::handle::AskError;
use crate::host::Input;
use crate::watch::WatchEnd;

const MS: Duration = Duration::from_millis(1);

fn is_refused(told: Option<Told>) -> bool {
    matches!(told, Some(Told::Answer(_, Err(AskError::StoreUnavailable { .. }))))
}

#[test]
fn a_full_disk_refuses_what_would_be_written_and_everything_else_is_answered() {
    let mut rig = Rig::new();
    rig.ask(Some("k"), &Add(2));
    let watcher = rig.watch(None);
    rig.told.clear();
    let (add, seen) = (rig.send(None, &Add(3)), rig.view());
    let late = rig.watch(None);
    rig.refuse();
    assert!(is_refused(rig.answer(add)));
    assert_eq!(rig.answer(seen), Some(Told::Seen(seen, "2".into())), "it is looked at again");
    let view = Some(r#"{"to":1,"view":2}"#.to_owned());
    assert!(rig.told.contains(&Told::Started(late, false, view, vec![])));
    let again = rig.send(None, &Add(3));
    assert!(is_refused(rig.answer(again)));
    assert!(rig.on_the_way.is_empty(), "it is not tried at once");
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(2))));
    assert!(matches!(rig.ask(Some("k"), &Add(2)), Told::Repeated(_, 2)));
    assert!(matches!(rig.ask(None, &Add(0)), Told::Answer(_, Err(AskError::Refused(_)))));
    assert!(!rig.told.iter().any(|told| matches!(told, Told::Ended(..))), "watches go on");
    rig.pass(50 * MS);
    assert!(matches!(rig.ask(None, &Add(3)), Told::Answer(_, Ok(5))));
    let change = r#"{"from":1,"to":2,"change":5}"#.to_owned();
    assert!(rig.told.contains(&Told::Published(vec![watcher, late], change)));
}

#[test]
fn a_time_that_has_come_is_tried_now_and_then_while_the_disk_is_full_and_stops_nobody_from_looking()
{
    let mut rig = Rig::new();
    let at = rig.now + 500 * MS;
    rig.ask(None, &AddAt(at));
    rig.pass(490 * MS);
    let (mut tries, since) = (0, rig.loads);
    for _ in 0..2000 {
        rig.pass(10 * MS);
        tries += usize::from(!rig.on_the_way.is_empty());
        let view = rig.view();
        rig.refuse();
        assert_eq!(rig.answer(view), Some(Told::Seen(view, "0".into())));
    }
    assert!((12..=30).contains(&tries), "{tries} tries in 20 s");
    assert_eq!(rig.loads - since, tries);
    assert!(rig.room.next_timeout().is_some_and(|at| at > rig.now));
    rig.pass(1600 * MS);
    rig.sync();
    assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(1))), "once, when there is room");
}

#[test]
fn duties_rest_while_the_disk_is_full() {
    let mut rig = Rig::new();
    rig.ask(None, &Owe);
    rig.duties.clear();
    rig.send(None, &Add(1));
    rig.refuse();
    assert_eq!(rig.duties, [], "what it leads to could not be written");
    assert!(rig.room.next_timeout().is_some_and(|at| at <= rig.now + 50 * MS));
    rig.pass(50 * MS);
    let [(DutyId(1), attempt)] = rig.duties[..] else { panic!("{:?}", rig.duties) };
    rig.send(None, &Add(1));
    rig.refuse();
    rig.input(Input::DutyDone {
        id: DutyId(1),
        attempt,
        result: playhouse_domain::duty::DutyResult::Done(vec![]),
    });
    assert!(rig.on_the_way.is_empty());
    rig.pass(200 * MS);
    let (id, newest) = *rig.duties.last().unwrap();
    assert!(newest > attempt);
    rig.pay(id, newest);
    rig.crash();
    assert_eq!(rig.duties, [], "it is paid");
}

#[test]
fn what_was_acknowledged_can_be_read_while_nobody_knows_what_became_of_a_write() {
    let mut rig = Rig::new();
    rig.ask(None, &Add(2));
    let watcher = rig.watch(None);
    let (add, view) = (rig.send(Some("k"), &Add(3)), rig.view());
    let lost = rig.on_the_way.pop_front().unwrap();
    rig.input(Input::AppendFailed { seq: 2, not_written: false, reason: "broken".into() });
    rig.load_in_doubt(Some("broken"));
    assert_eq!(rig.answer(add), Some(Told::Answer(add, Err(AskError::OutcomeUnknown))));
    assert_eq!(rig.answer(view), Some(Told::Seen(view, "2".into())));
    let repeat = rig.send(Some("k"), &Add(3));
    assert!(is_refused(rig.answer(repeat)), "neither done nor undone is told");
    for _ in 0..20 {
        // However long it lasts, nothing is written before the journal was read.
        rig.pass(1600 * MS);
        rig.send(None, &Add(1));
        assert!(rig.on_the_way.is_empty());
        rig.load_in_doubt(Some("broken"));
        assert!(matches!(rig.ask(None, &Read), Told::Answer(_, Ok(2))));
    }
    // It was on the disk after all.
    rig.disk.push(lost.frame);
    rig.pass(1600 * MS);
    rig.load();
    assert!(matches!(rig.ask(Some("k"), &Add(3)), Told::Repeated(_, 5)));
    assert!(rig.told.contains(&Told::Refreshed(vec![watcher], r#"{"to":2,"view":5}"#.into())));
    assert!(!rig.told.contains(&Told::Ended(watcher, WatchEnd::Resubscribe)));
}
