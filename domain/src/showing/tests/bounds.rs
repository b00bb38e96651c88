//! That nothing grows past its bound, and that what one command costs does not grow with the house.

use std::collections::BTreeMap;

use playhouse_protocol::{codec, limits};
use uuid::Uuid;

use super::super::plan::SEATS_MAX;
use super::super::*;
use super::stage::{Stage, account, opening, person, row, second, start};
use crate::notice::{Notice, NoticeKind};
use crate::room::{Caller, Seed};

/// The largest house there is: 100 rows of 100.
fn largest() -> Opening {
    let name = |n: u8| format!("{}{}", char::from(b'A' + n / 26), char::from(b'A' + n % 26));
    let rows = (0..100).map(|n| row(&name(n), 100, SeatKind::Standard)).collect();
    Opening { rows, terms: Terms { seats_per_buyer: 1000, ..Terms::default() }, ..opening() }
}

fn cx<'a>(room: &'a RoomId, caller: &'a Caller, now: Timestamp, n: u64) -> Cx<'a> {
    Cx { now, room, caller, seed: Seed::derive(&[&n.to_le_bytes()]), revision: n }
}

#[test]
fn what_a_hold_writes_and_tells_does_not_grow_with_the_house() {
    let size = |opening: Opening| {
        let room = RoomId::of(Showing::KIND, Uuid::from_u128(7));
        let mut rules = Showing::new(&room);
        rules.apply(start(), &Event::Opened(Box::new(opening)));
        let caller = person(1);
        let seats = Want::Best { count: 2, kind: None };
        let hold = Command::Hold { seats, expect: None, name: "Ann".into() };
        let effects = rules.decide(&cx(&room, &caller, start(), 1), hold).unwrap();
        let [event] = &effects.events[..] else { panic!("one event") };
        rules.apply(start(), event);
        let rows = rules.row_changes(event);
        let change = serde_json::to_vec(&rules.change(event, &Audience::Public)).unwrap();
        (codec::encode(event).len(), rows.len(), change.len())
    };
    let (small, large) = (size(opening()), size(largest()));
    assert_eq!(small.1, large.1);
    // Only the numbers have more digits.
    assert!(large.0 <= small.0 + 8 && large.2 <= small.2 + 48, "{small:?} {large:?}");
}

#[test]
fn a_full_house_that_runs_out_at_once_and_a_full_wait_list_take_few_records() {
    let room = RoomId::of(Showing::KIND, Uuid::from_u128(7));
    let mut rules = Showing::new(&room);
    let terms = Terms { seats_per_buyer: 1, ..Terms::default() };
    rules.apply(start(), &Event::Opened(Box::new(Opening { terms, ..largest() })));
    for n in 0..SEATS_MAX as u16 {
        let hold = Hold {
            account: account(n.into()),
            name: "Ann".into(),
            seats: vec![n],
            until: start() + second(120),
            latest: start() + second(600),
            extended: false,
            offer: None,
            price: Money::ZERO,
            paying: None,
        };
        rules.apply(start(), &Event::held(HoldId(Uuid::from_u128(n.into())), hold));
    }
    for n in 0..2000 {
        let (caller, now) = (person(100_000 + n), start());
        let join = Command::JoinWaitlist { count: 1, kind: None, name: "Bob".into() };
        let effects = rules.decide(&cx(&room, &caller, now, n as u64), join).unwrap();
        effects.events.iter().for_each(|event| rules.apply(now, event));
    }
    let now = start() + second(120);
    let mut records = 0;
    while rules.wake_at().is_some_and(|at| at <= now) {
        records += 1;
        assert!(records < 64, "the host takes so many in a row");
        let effects = rules.wake(&cx(&room, &Caller::System, now, 1_000_000 + records));
        let bytes: usize = effects.events.iter().map(|event| codec::encode(event).len()).sum();
        assert!(bytes < limits::COMMAND_BYTES_MAX, "{bytes} bytes in one record");
        effects.events.iter().for_each(|event| rules.apply(now, event));
    }
    assert_eq!((rules.totals.held, rules.totals.free), (2000, 8000));
    assert_eq!(rules.tells.len(), notices::TELLS_MAX, "news past its bound is dropped");
}

#[test]
fn the_state_fits_one_decode_with_every_list_full() {
    let mut stage = Stage::new(largest());
    let rules = &mut stage.rules;
    let long = "\u{1f3ac}".repeat(80);
    for n in 0..purchase::BOOKINGS_MAX as u128 {
        let booking = Booking {
            account: account(n),
            name: long.clone(),
            seats: vec![9999],
            price: Money::from_cents(1_000_000_000),
            charge: Some("x".repeat(64)),
            status: BookingStatus::Refunded,
            at: start(),
        };
        let id = BookingId(Uuid::from_u128(n));
        rules.count(account(n), 0).bookings.insert(id);
        rules.bookings.insert(id, booking);
    }
    for n in 0..2000_u64 {
        let (id, account) = (WaitId(Uuid::from_u128(n.into())), account(n.into()));
        let wait = Wait { id, account, name: long.clone(), count: 20, kind: None, offered: None };
        rules.waits.insert(n, wait);
    }
    let notice = Notice {
        at: start(),
        kind: NoticeKind::Booked,
        showing_id: rules.id,
        title: "\u{1f3ac}".repeat(120),
        seats: vec!["AA100".into(); 20],
        booking_id: Some(BookingId(Uuid::nil())),
        hold_id: Some(HoldId(Uuid::nil())),
        until: Some(start()),
        amount: Some(Money::ZERO),
    };
    for n in 0..notices::TELLS_MAX as u64 {
        rules.tells.insert(DutyId(n), (account(0), notice.clone()));
    }
    let bytes = codec::encode(&*rules);
    assert!(bytes.len() < codec::DECODE_BYTES_MAX, "{} bytes", bytes.len());
    assert_eq!(codec::decode::<Showing>(&bytes).unwrap(), *rules);
}

#[test]
fn a_showing_that_has_had_all_its_bookings_sells_no_more() {
    let mut stage = Stage::new(opening());
    let seats = Want::Named(vec!["A1".into()]);
    stage.ask(&person(1), Command::Hold { seats, expect: None, name: "Ann".into() }).unwrap();
    let hold = stage.hold_of(1);
    let charging = Charging {
        hold: None,
        booking: BookingId(Uuid::nil()),
        account: account(2),
        name: "Bob".into(),
        seats: vec![],
        price: Money::ZERO,
        token: "ok".into(),
        ticket: Ticket(Uuid::nil()),
        until: start(),
    };
    let past = (0..purchase::BOOKINGS_MAX as u64).map(|n| (DutyId(1000 + n), charging.clone()));
    stage.rules.charges = past.collect::<BTreeMap<_, _>>();
    let buy = Command::Purchase { hold, payment_token: "ok".into(), name: None, expect: None };
    let caller = person(1);
    let refused = stage.rules.decide(&cx(&stage.room, &caller, start(), 9), buy);
    assert_eq!(refused.err().unwrap().code, "too_many_bookings");
}
