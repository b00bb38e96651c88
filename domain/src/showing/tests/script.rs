//! Stories as text. A line is `time who what -> outcome`; time is counted from the opening.
//!
//! | who | what |
//! |---|---|
//! | `ann`, `bob`, `cid`, `dora` | `hold A1 A2`, `best 2 [kind]`, `extend`, `release`, `buy`, `cancel`, `give bob`, `wait 2 [kind]`, `leave`, `has` |
//! | `house` (an organizer) | `block A1`, `unblock A1`, `sales` |
//! | `bank` | `pays`, `declines`, `refunds`: the oldest that is owed |
//! | `wall` (everybody) | `A1 A2`: what these seats are |
//!
//! A hold, booking or place is always the newest one of that person. An outcome may start with
//! what time led to before (`free A1;`), and a refusal reads `refused: code` with its seats.

use playhouse_protocol::ids::{BookingId, HoldId, WaitId};
use uuid::Uuid;

use super::super::*;
use super::stage::{Stage, account, opening, organizer, person, second, start};
use crate::room::{Caller, Reply as Answer};

const PEOPLE: [&str; 5] = ["nobody", "ann", "bob", "cid", "dora"];

/// Plays `script` on the house of [`opening`].
pub(super) fn check(script: &str) {
    check_in(opening(), script);
}

/// Plays `script` on the house of `opening`.
pub(super) fn check_in(opening: Opening, script: &str) {
    let mut stage = Stage::new(opening);
    let mut told = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (asked, expected) = line.split_once("->").unwrap_or((line, ""));
        let mut words = asked.split_whitespace();
        let (time, who) = (words.next().unwrap(), words.next().unwrap());
        stage.now = start() + second(time.trim_end_matches('s').parse().unwrap());
        let words: Vec<&str> = words.collect();
        let outcome = stage.play(who, &words);
        told.push_str(&format!("{} -> {outcome}\n", asked.trim()));
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(outcome, expected.join(" "), "in\n{told}");
    }
    stage.finish();
}

fn seats(words: &[&str]) -> Vec<String> {
    words.iter().map(|seat| (*seat).to_owned()).collect()
}

fn party(words: &[&str]) -> (u8, Option<SeatKind>) {
    let kind = |name: &&str| SeatKind::ALL.into_iter().find(|kind| kind.to_string() == **name);
    (words[0].parse().unwrap(), words.get(1).and_then(kind))
}

fn newest<'a, K: Copy + 'a, V: 'a>(
    all: impl Iterator<Item = (&'a K, &'a V)>,
    age: impl Fn(&V) -> Timestamp,
) -> Option<K> {
    all.max_by_key(|(_, value)| age(value)).map(|(id, _)| *id)
}

impl Stage {
    pub(super) fn hold_of(&self, who: u128) -> HoldId {
        let own = self.rules.holds.iter().filter(|(_, hold)| hold.account == account(who));
        newest(own, |hold| hold.latest).unwrap_or(HoldId(Uuid::nil()))
    }

    pub(super) fn booking_of(&self, who: u128) -> BookingId {
        let own = self.rules.bookings.iter().filter(|(_, b)| b.account == account(who));
        newest(own, |booking| booking.at).unwrap_or(BookingId(Uuid::nil()))
    }

    pub(super) fn wait_of(&self, who: u128) -> WaitId {
        let own = self.rules.waits.values().find(|wait| wait.account == account(who));
        own.map_or(WaitId(Uuid::nil()), |wait| wait.id)
    }

    fn play(&mut self, who: &str, words: &[&str]) -> String {
        match who {
            "bank" => return self.bank(words[0]),
            "wall" => {
                self.wake();
                return self.states(words);
            }
            _ => {}
        }
        let who = PEOPLE.iter().position(|name| *name == who).map_or(99, |n| n as u128);
        match words[0] {
            "has" => return self.has(who),
            "sales" => {
                let Sales { bookings, paid, refunding, refunded } = self.rules.sales;
                return format!("{bookings}: {paid} - {refunding} - {refunded}");
            }
            _ => {}
        }
        let caller = if who == 99 { organizer() } else { person(who) };
        // What time does comes first, so that the newest hold is one that is still there.
        self.wake();
        let command = self.command(&caller, who, words);
        match self.ask(&caller, command) {
            Ok(Answer::Now(reply)) => self.reply(&reply),
            Ok(Answer::Later(_)) => {
                let until = self
                    .rules
                    .hold_info(self.hold_of(who), &self.rules.holds[&self.hold_of(who)])
                    .until;
                format!("paying until {}", self.clock(until))
            }
            Ok(Answer::None) => "nothing".into(),
            Err(refusal) => refused(&refusal),
        }
    }

    fn command(&self, caller: &Caller, who: u128, words: &[&str]) -> Command {
        let name = PEOPLE.get(who as usize).copied().unwrap_or("house").to_owned();
        let (expect, hold, booking) = (None, self.hold_of(who), self.booking_of(who));
        match (words[0], &words[1..]) {
            ("hold", rest) => Command::Hold { seats: Want::Named(seats(rest)), expect, name },
            ("best", rest) => {
                let (count, kind) = party(rest);
                Command::Hold { seats: Want::Best { count, kind }, expect, name }
            }
            ("extend", _) => Command::Extend { hold, expect },
            ("release", _) => Command::Release { hold, expect: None },
            ("buy", _) => {
                Command::Purchase { hold, payment_token: "ok".into(), name: None, expect }
            }
            ("cancel", _) => Command::Cancel { booking, expect },
            ("give", to) => {
                let to = PEOPLE.iter().position(|name| *name == to[0]).unwrap();
                let (to, to_account) = (PEOPLE[to].to_owned(), Some(account(to as u128)));
                Command::Transfer { booking, to, to_account, expect }
            }
            ("wait", rest) => {
                let (count, kind) = party(rest);
                Command::JoinWaitlist { count, kind, name }
            }
            ("leave", _) => Command::LeaveWaitlist { wait: self.wait_of(who) },
            ("block", rest) => {
                Command::Block { seats: seats(rest), reason: "house seats".into(), expect }
            }
            ("unblock", rest) => Command::Unblock { seats: seats(rest), expect },
            (what, _) => panic!("{caller:?} cannot {what}"),
        }
    }

    fn reply(&self, reply: &Reply) -> String {
        match reply {
            Reply::Hold(hold) => {
                let verb = if hold.extended { "extended" } else { "held" };
                format!("{verb} {} until {}", hold.seats.join(" "), self.clock(hold.until))
            }
            Reply::Booking(booking) => {
                let verb = match booking.status {
                    BookingStatus::Paid => "booked",
                    BookingStatus::Refunding => "refunding",
                    BookingStatus::Refunded => "refunded",
                };
                format!("{verb} {} for {}", booking.seats.join(" "), booking.name)
            }
            Reply::Blocks(seats) => seats.join(" "),
            Reply::Wait(wait) => format!("waits as {}", wait.position),
            Reply::Opened => "opened".into(),
            Reply::Released => "released".into(),
            Reply::Left => "left".into(),
        }
    }

    fn bank(&mut self, what: &str) -> String {
        self.settled.clear();
        let did = match what {
            "pays" => self.pay(),
            "declines" => self.decline(),
            "refunds" => self.refund(),
            other => panic!("the bank cannot {other}"),
        };
        match (did, self.settled.pop()) {
            (false, _) => "nothing is owed".into(),
            (true, None) => "done".into(),
            (true, Some(Ok(reply))) => self.reply(&reply),
            (true, Some(Err(refusal))) => refused(&refusal),
        }
    }

    fn states(&self, names: &[&str]) -> String {
        let map = self.map().unwrap();
        let seats = map.rows.iter().flat_map(|row| &row.seats);
        let named = seats.filter(|seat| names.contains(&seat.id.as_str()));
        let states = named.map(|seat| format!("{:?}", seat.state).to_lowercase());
        states.collect::<Vec<_>>().join(" ")
    }

    /// What an account sees of its own: holds, offers, bookings, its place.
    fn has(&mut self, who: u128) -> String {
        self.wake();
        let Some(View::Own(mine)) = self.rules.view(self.now, &Audience::Own(account(who))) else {
            panic!("there is a showing");
        };
        let mut all: Vec<String> = Vec::new();
        for hold in &mine.holds {
            let verb = if hold.offer { "offer" } else { "hold" };
            all.push(format!("{verb} {} until {}", hold.seats.join(" "), self.clock(hold.until)));
        }
        all.extend(mine.bookings.iter().map(|b| self.reply(&Reply::Booking(b.clone()))));
        let waits = mine.waits.iter().filter(|w| w.offered.is_none());
        all.extend(waits.map(|w| format!("place {}", w.position)));
        all.sort();
        if all.is_empty() { "nothing".into() } else { all.join(", ") }
    }

    fn clock(&self, at: Timestamp) -> String {
        format!("{}s", at.since(start()).as_secs())
    }
}

fn refused(refusal: &Refusal) -> String {
    let seats = refusal.fields.get("seats").map(|seats| format!(" {}", seats.join(" ")));
    format!("refused: {}{}", refusal.code, seats.unwrap_or_default())
}
