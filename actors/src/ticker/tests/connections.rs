//! Players' connections: who has a seat, and what each is told.

use playhouse_domain::games::Seat;
use playhouse_domain::games::drill::Settings;
use playhouse_domain::games::match_room::Roster;
use playhouse_protocol::game::control::{Closed, ServerControl};

use super::stage::{Heard, Stage, ms, new_run};
use crate::ticker::pace::Stopwatch;
use crate::ticker::play::End;
use crate::ticker::port::{AttachError, Port, Standing};

#[test]
fn a_newer_connection_takes_the_seat_and_an_older_one_cannot_take_it_back() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings::default(), 1, 0));
    let tape = &stage.tapes[0];
    let (old_port, old) = tape.attach(0, 1);
    let (_port, new) = tape.attach(0, 2);
    assert_eq!(*old.closed.lock(), [Closed::Replaced]);
    let late = std::sync::Arc::new(Heard::default());
    let refused = Port::open(tape.hall.clone(), Seat(0), 1, late, Stopwatch::start()).err();
    assert_eq!(refused, Some(AttachError::Superseded { seat: Seat(0), newest: 2 }));
    drop(old_port);
    stage.run_until(ms(100));
    assert!(old.datagrams.lock().is_empty());
    assert_eq!(new.datagrams.lock().len(), 6, "the end of the old one is not that of the new");
}

#[test]
fn whoever_waits_is_told_when_the_match_runs_and_whoever_comes_later_where_it_stands() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings::default(), 2, 0));
    let (_port, early) = stage.tapes[0].attach(0, 1);
    stage.run_until(ms(500));
    let told = [ServerControl::Epoch { epoch: 1, tick: 0 }, ServerControl::Begun { tick: 1 }];
    assert_eq!(*early.control.lock(), told);
    let late = std::sync::Arc::new(Heard::default());
    let hall = stage.tapes[0].hall.clone();
    let opened = Port::open(hall, Seat(1), 1, late.clone(), Stopwatch::start()).unwrap();
    assert_eq!(opened.1, Some(Standing { epoch: 1, tick: 26 }));
    stage.run_until(ms(600));
    assert!(late.control.lock().is_empty());
    assert_eq!(late.datagrams.lock().len(), 5);
}

#[test]
fn who_goes_while_the_match_panics_is_gone_in_the_next_epoch_and_who_stays_goes_on() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings { fails_at: 30, ..Settings::default() }, 2, 0));
    let (going, gone) = stage.tapes[0].attach(0, 1);
    let (_port, stays) = stage.tapes[0].attach(1, 1);
    stage.run_until(ms(1_000));
    assert!(matches!(stage.tapes[0].end, Some(End::Fault { tick: 30, .. })));
    assert!(stays.closed.lock().is_empty() && gone.closed.lock().is_empty(), "nobody is let go");
    // Between two epochs one goes, and one comes.
    drop(going);
    let (_port, came) = stage.tapes[0].attach(0, 2);
    let told = gone.control.lock().len();
    let (hall, mut next) = (stage.tapes[0].hall.clone(), stage.tapes[0].next_run());
    next.head.settings = serde_json::to_string(&Settings::default()).unwrap();
    stage.add_to(hall, next);
    let before = [&gone, &stays].map(|heard| heard.datagrams.lock().len());
    stage.run_until(ms(2_000));
    for heard in [&stays, &came] {
        let epoch = ServerControl::Epoch { epoch: 2, tick: 29 };
        assert!(heard.control.lock().contains(&epoch), "{:?}", heard.control.lock());
    }
    assert!(stays.datagrams.lock().len() > before[1] + 40 && came.datagrams.lock().len() > 40);
    assert_eq!((gone.control.lock().len(), gone.datagrams.lock().len()), (told, before[0]));
}

#[test]
fn a_seat_that_no_match_has_cannot_be_taken() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings::default(), 1, 0));
    let (hall, heard) = (stage.tapes[0].hall.clone(), std::sync::Arc::new(Heard::default()));
    let refused = Port::open(hall, Seat(128), 1, heard, Stopwatch::start()).err();
    assert_eq!(refused, Some(AttachError::NoSuchSeat { seat: Seat(128) }));
}

#[test]
fn a_busy_link_is_left_out_and_nobody_else() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings::default(), 2, 0));
    let (_busy_port, busy) = stage.tapes[0].attach(0, 1);
    let (_port, free) = stage.tapes[0].attach(1, 1);
    busy.busy.store(true, std::sync::atomic::Ordering::Relaxed);
    stage.run_until(ms(980));
    assert!(busy.datagrams.lock().is_empty());
    assert_eq!(free.datagrams.lock().len(), 50);
    let figures = stage.tapes[0].hall.figures.lock();
    assert_eq!(figures.players[0].peer.unwrap().choked, 50);
}

#[test]
fn who_comes_and_goes_is_part_of_what_plays_again() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings::default(), 1, 1));
    let (_port, heard) = stage.tapes[0].attach(5, 1);
    stage.run_until(ms(500));
    assert!(
        heard.datagrams.lock().is_empty(),
        "whoever has no seat in the world sees nothing of it"
    );
    let people = vec![(Seat(0), 2), (Seat(5), 2)];
    stage.tapes[0].reins.roster(Roster { version: 2, people, bots: vec![] });
    stage.run_until(ms(990));
    assert!(!heard.datagrams.lock().is_empty());
    stage.tapes[0].reins.stop();
    stage.run_until(ms(1_500));
    stage.tapes[0].verify();
    assert_eq!(stage.tapes[0].world().seats(), [Seat(0), Seat(5)]);
}
