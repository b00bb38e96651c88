//! What an older version stored.

use playhouse_protocol::ids::RoomId;
use uuid::Uuid;

use super::super::*;

/// A showing's records as schema 1 stored them, one event a line with its time, and its whole state
/// twice, after the events before it: a sale, a hold and a payment whose time is over, a late charge
/// that is given back, a transfer, a refund, an offer.
const SCHEMA_1: &str = include_str!("schema_1.txt");

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

#[test]
fn what_schema_1_stored_is_read_event_by_event_and_from_its_snapshots() {
    let room = RoomId::of(Showing::KIND, Uuid::from_u128(7));
    let mut replayed = Showing::new(&room);
    let mut snapshots: Vec<Showing> = Vec::new();
    for line in SCHEMA_1.lines() {
        let (at, hex) = line.split_once(' ').unwrap();
        if at == "state" {
            let snapshot = Showing::upcast_state(1, &bytes(hex)).unwrap();
            assert_eq!(snapshot, replayed);
            snapshots.push(snapshot);
            continue;
        }
        let event = Showing::upcast_event(1, &bytes(hex)).unwrap();
        let at = Timestamp::from_ms(at.parse().unwrap());
        for showing in snapshots.iter_mut().chain([&mut replayed]) {
            showing.apply(at, &event);
        }
    }
    assert_eq!(snapshots.len(), 2);
    assert!(
        snapshots.iter().all(|snapshot| *snapshot == replayed),
        "and the rest equals the whole"
    );
    let totals = Totals { total: 8, free: 3, held: 4, sold: 0, blocked: 1 };
    assert_eq!(replayed.totals, totals);
    assert_eq!((replayed.sales.paid, replayed.sales.bookings), (Money::from_cents(4600), 0));
}

#[test]
fn a_schema_that_nobody_knows_is_not_read() {
    assert!(Showing::upcast_event(3, &[0]).is_err() && Showing::upcast_state(0, &[0]).is_err());
}
