//! What buyers of one showing were told, step by step, and whether it can be true.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::buyer::No;
use crate::follow::states;
use crate::history::History;
use crate::linear::{Fault, Op, What, check};

/// One hold.
#[derive(Debug)]
struct Held {
    number: u32,
    seats: Vec<String>,
    /// From when on it may end by itself.
    may_end: u64,
    /// True once somebody was told that it was given back or bought: then it did not end by itself.
    is_over: bool,
}

/// The log of one showing.
#[derive(Debug, Default)]
pub(super) struct Log {
    seats: BTreeMap<String, Vec<Op>>,
    holds: BTreeMap<String, Held>,
    history: History,
    /// Holds of seats that nobody knows, since there was no answer.
    unknown: usize,
    /// Purchases and cancellations without an answer.
    open: usize,
    /// Groups for whom there were no seats together: how many they are, and when they were told.
    refused: Vec<(usize, u64)>,
}

/// How long after its answer a hold lasts, in microseconds, by the server's own clock.
fn lasts_us(hold: &Value) -> u64 {
    let time = |name: &str| hold[name].as_str()?.parse::<jiff::Timestamp>().ok();
    let (Some(until), Some(now)) = (time("until"), time("server_time")) else { return 0 };
    u64::try_from(until.as_microsecond() - now.as_microsecond()).unwrap_or(0)
}

impl Log {
    fn note(&mut self, seats: &[String], what: What, call: u64, answer: Option<u64>) {
        for seat in seats {
            self.seats.entry(seat.clone()).or_default().push(Op { what, call, answer });
        }
    }

    fn hold(&mut self, id: &str) -> Option<&mut Held> {
        self.holds.get_mut(id)
    }

    /// A hold was acknowledged.
    pub(super) fn held(&mut self, call: u64, now: u64, hold: &Value) {
        let number = u32::try_from(self.holds.len()).unwrap_or(u32::MAX);
        let seats = hold["seats"].as_array().into_iter().flatten();
        let seats: Vec<String> = seats.filter_map(Value::as_str).map(str::to_owned).collect();
        self.note(&seats, What::Hold(number), call, Some(now));
        let may_end = call + lasts_us(hold);
        let held = Held { number, seats, may_end, is_over: false };
        self.holds.insert(hold["hold_id"].as_str().unwrap_or_default().to_owned(), held);
    }

    /// A hold for a group of `party` was refused, or had no answer.
    pub(super) fn not_held(
        &mut self,
        call: u64,
        now: u64,
        (party, seats): (usize, &[String]),
        no: &No,
    ) {
        if no.code().is_empty() {
            self.unknown += 1;
        } else if matches!(no.code(), "no_seats_together" | "sold_out") {
            self.refused.push((party, now));
        } else if no.code() == "seat_taken" {
            let taken: Vec<String> = no.seats().into_iter().map(str::to_owned).collect();
            let asked: Vec<String> = taken.into_iter().filter(|s| seats.contains(s)).collect();
            self.note(&asked, What::Taken, call, Some(now));
        }
    }

    /// An extension had this answer.
    pub(super) fn extended(&mut self, call: u64, id: &str, answer: &Result<Value, No>) {
        if let (Ok(hold), Some(held)) = (answer, self.hold(id)) {
            held.may_end = call + lasts_us(hold);
        }
    }

    /// Something about a hold was done, refused since the hold was over, or had no answer.
    fn did(&mut self, call: u64, now: u64, id: &str, what: fn(u32) -> What, code: Option<&str>) {
        let Some(held) = self.hold(id) else { return };
        let (number, seats) = (held.number, held.seats.clone());
        match code {
            None => {
                held.is_over = true;
                self.note(&seats, what(number), call, Some(now));
            }
            Some("") => self.note(&seats, what(number), call, None),
            Some("hold_ended") => self.note(&seats, What::Ended(number), call, Some(now)),
            Some(_) => {}
        }
    }

    /// Giving a hold back had this answer.
    pub(super) fn released(&mut self, call: u64, now: u64, id: &str, answer: &Result<(), No>) {
        self.did(call, now, id, What::Release, answer.as_ref().err().map(No::code));
    }

    /// A purchase had this answer.
    pub(super) fn bought(&mut self, call: u64, now: u64, id: &str, answer: &Result<Value, No>) {
        match answer {
            Ok(booking) => self.history.booked(booking.clone()),
            Err(no) if no.code().is_empty() => self.open += 1,
            Err(_) => {}
        }
        self.did(call, now, id, What::Buy, answer.as_ref().err().map(No::code));
    }

    /// A cancellation had this answer.
    pub(super) fn cancelled(
        &mut self,
        call: u64,
        now: u64,
        hold: &str,
        booking: &str,
        answer: &Result<Value, No>,
    ) {
        match answer {
            Ok(_) => self.history.cancelled(booking),
            // It may have happened: then the seats may rightly be sold again.
            Err(no) if no.code().is_empty() => {
                self.history.cancelled(booking);
                self.open += 1;
            }
            Err(_) => {}
        }
        self.did(call, now, hold, What::Cancel, answer.as_ref().err().map(No::code));
    }

    /// The whole seat map was seen.
    pub(super) fn seen(&mut self, call: u64, now: u64, map: &Value) {
        for (seat, state) in states(map) {
            let state = match state.as_str() {
                "free" => 0,
                "held" => 1,
                "sold" => 2,
                _ => continue,
            };
            self.note(&[seat], What::Seen(state), call, Some(now));
        }
    }

    /// What was told of each seat can have happened to one seat: how many seats and events those were.
    ///
    /// # Errors
    ///
    /// Names the seat and what cannot be explained.
    pub(super) fn one_story_a_seat(&self) -> Result<[usize; 2], String> {
        if self.unknown > 0 {
            return Err(format!("cannot be told: {} holds had no answer", self.unknown));
        }
        let mut ends: BTreeMap<&str, Vec<Op>> = BTreeMap::new();
        for held in self.holds.values().filter(|held| !held.is_over) {
            let end = Op { what: What::Expire(held.number), call: held.may_end, answer: None };
            held.seats.iter().for_each(|seat| ends.entry(seat).or_default().push(end));
        }
        let (mut events, mut undecided) = (0, 0);
        for (seat, ops) in &self.seats {
            let mut ops = ops.clone();
            ops.extend(ends.get(seat.as_str()).into_iter().flatten());
            events += ops.len();
            match check(&ops) {
                Ok(()) => {}
                Err(Fault::Undecided) => undecided += 1,
                Err(fault) => return Err(format!("seat {seat}: {fault}")),
            }
        }
        let seats = self.seats.len();
        match undecided {
            0 => Ok([seats, events]),
            _ => Err(format!("{undecided} of {seats} seats could not be decided")),
        }
    }

    /// What was acknowledged is there once, nothing else is, and seats and money add up: how many
    /// bookings that is. With purchases that had no answer the sums cannot be told and are left out.
    ///
    /// # Errors
    ///
    /// The first promise that was broken.
    pub(super) fn holds(
        &self,
        found: &BTreeMap<String, Value>,
        map: &Value,
    ) -> Result<[usize; 2], String> {
        let check = || {
            self.history.no_seat_twice()?;
            if self.open > 0 {
                return Ok(());
            }
            self.history.all_there(found)?;
            self.history.nothing_else(found)?;
            self.history.adds_up(map)
        };
        check().map_err(|broken| broken.to_string())?;
        Ok([self.history.len(), self.open])
    }

    /// No group was refused while there were seats together for it: how many were refused, and how many
    /// seats are free in the end. Only true to say where nothing was given back: then a seat that
    /// nobody had asked for yet was free.
    ///
    /// # Errors
    ///
    /// Names a group, and seats that it could have had.
    pub(super) fn none_in_vain(&self, map: &Value) -> Result<[usize; 2], String> {
        let asked = |seat: &str| {
            let ops = self.seats.get(seat).into_iter().flatten();
            let holds = ops.filter(|op| matches!(op.what, What::Hold(_)));
            holds.map(|op| op.call).min().unwrap_or(u64::MAX)
        };
        let rows = map["rows"].as_array().into_iter().flatten();
        let rows: Vec<Vec<(u64, &str, u64)>> = rows
            .map(|row| {
                let seats = row["seats"].as_array().into_iter().flatten();
                let seat = |seat: &'_ Value| seat["x"].as_u64().unwrap_or_default();
                let seats = seats.map(|s| (seat(s), s["id"].as_str().unwrap_or_default()));
                seats.map(|(x, name)| (x, name, asked(name))).collect()
            })
            .collect();
        for (party, told) in &self.refused {
            for row in &rows {
                let mut run: Vec<(u64, &str)> = Vec::new();
                for (x, name, asked) in row {
                    if asked <= told || run.last().is_some_and(|(last, _)| last + 1 != *x) {
                        run.clear();
                    }
                    if asked > told {
                        run.push((*x, name));
                    }
                    if run.len() >= *party {
                        let first = run[0].1;
                        return Err(format!(
                            "a group of {party} was refused, {first} to {name} were free"
                        ));
                    }
                }
            }
        }
        let free = usize::try_from(map["seats"]["free"].as_u64().unwrap_or_default());
        Ok([self.refused.len(), free.unwrap_or_default()])
    }

    /// From the first hold that was asked for to the last purchase that was answered, in seconds.
    pub(super) fn lasted_s(&self) -> Option<f64> {
        let ops = || self.seats.values().flatten();
        let first = ops().filter(|op| matches!(op.what, What::Hold(_))).map(|op| op.call).min()?;
        let last =
            ops().filter(|op| matches!(op.what, What::Buy(_))).filter_map(|op| op.answer).max()?;
        Some(last.saturating_sub(first) as f64 / 1e6)
    }

    /// Nothing is held any more: how many holds were left to themselves, and how many there were.
    ///
    /// # Errors
    ///
    /// How many seats still are.
    pub(super) fn freed(&self, map: &Value) -> Result<[usize; 2], String> {
        let left = self.holds.values().filter(|held| !held.is_over).count();
        match map["seats"]["held"].as_u64() {
            Some(0) => Ok([left, self.holds.len()]),
            held => Err(format!("{held:?} seats are still held")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hold(id: &str, seat: &str) -> Value {
        json!({ "hold_id": id, "seats": [seat], "until": "2026-01-01T00:00:05.000Z",
            "server_time": "2026-01-01T00:00:00.000Z" })
    }

    fn booking(id: &str, seat: &str) -> Value {
        json!({ "id": id, "seats": [seat], "price": "9.50", "status": "paid" })
    }

    /// A log as an honest server leaves it: one hold was bought, one ended by itself.
    fn honest() -> Log {
        let mut log = Log::default();
        log.held(0, 10, &hold("h1", "A1"));
        log.bought(20, 30, "h1", &Ok(booking("b1", "A1")));
        log.held(0, 10, &hold("h2", "A2"));
        log.held(6_000_000, 6_000_010, &hold("h3", "A2"));
        log.released(6_000_020, 6_000_030, "h3", &Ok(()));
        log
    }

    fn map(a1: &str, a2: &str) -> Value {
        json!({ "rows": [{ "seats": [{ "id": "A1", "state": a1 }, { "id": "A2", "state": a2 }] }] })
    }

    #[test]
    fn an_honest_history_is_accepted() {
        let mut log = honest();
        log.seen(7_000_000, 7_000_010, &map("sold", "free"));
        log.one_story_a_seat().unwrap();
    }

    #[test]
    fn a_history_that_was_tampered_with_is_caught() {
        let tampered: [fn(&mut Log); 5] = [
            |log| log.held(5_000_000, 5_000_010, &hold("h4", "A1")),
            |log| log.held(1_000_000, 1_000_010, &hold("h4", "A2")),
            |log| log.bought(6_500_000, 6_500_010, "h2", &Ok(booking("b2", "A2"))),
            |log| log.seen(7_000_000, 7_000_010, &map("free", "free")),
            |log| {
                let problem = json!({ "code": "seat_taken", "seats": ["A2"] });
                let no = No::Refused { code: "seat_taken".into(), problem };
                log.not_held(7_000_000, 7_000_010, (1, &["A2".to_owned()]), &no);
            },
        ];
        for (n, tamper) in tampered.into_iter().enumerate() {
            let mut log = honest();
            tamper(&mut log);
            let broken = log.one_story_a_seat().expect_err(&format!("tampering {n}"));
            assert!(broken.starts_with("seat A"), "{broken}");
        }
    }

    #[test]
    fn a_seat_may_be_sold_again_after_a_cancellation_that_had_no_answer() {
        let mut log = honest();
        let lost = Err(No::Unanswered("the server was killed".into()));
        log.cancelled(7_000_000, 7_000_010, "h1", "b1", &lost);
        log.held(8_000_000, 8_000_010, &hold("h4", "A1"));
        log.bought(8_000_020, 8_000_030, "h4", &Ok(booking("b2", "A1")));
        log.one_story_a_seat().unwrap();
        assert_eq!(log.holds(&BTreeMap::new(), &json!({})), Ok([2, 1]));
    }

    #[test]
    fn a_group_that_was_refused_in_vain_is_caught() {
        let seat = |n: u64| json!({ "id": format!("A{n}"), "x": n + u64::from(n > 3) });
        let map = json!({ "rows": [{ "seats": (1..=5).map(seat).collect::<Vec<_>>() }],
            "seats": { "free": 4 } });
        let none = No::Refused { code: "no_seats_together".into(), problem: json!({}) };
        let refused = |party: usize| {
            let mut log = Log::default();
            log.held(0, 10, &hold("h1", "A1"));
            log.not_held(20, 30, (party, &[]), &none);
            log.held(40, 50, &hold("h2", "A2"));
            log.none_in_vain(&map)
        };
        assert_eq!(refused(3), Ok([1, 4]), "A2 and A3, an aisle, A4 and A5: no three together");
        assert!(refused(2).unwrap_err().contains("A2 to A3"));
    }

    #[test]
    fn a_booking_that_was_lost_is_caught() {
        let log = honest();
        let there = BTreeMap::from([("b1".to_owned(), booking("b1", "A1"))]);
        let map = json!({ "seats": { "total": 2, "free": 1, "held": 0, "sold": 1, "blocked": 0 },
            "sales": { "bookings": 1, "paid": "9.50", "refunding": "0.00", "refunded": "0.00" } });
        log.holds(&there, &map).unwrap();
        assert!(log.holds(&BTreeMap::new(), &map).is_err());
    }
}
