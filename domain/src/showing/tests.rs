//! Stories and properties of a showing, on a house of two rows.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, BookingId, HoldId, MovieId, RoomId, ScreenId};
use proptest::prelude::*;
use uuid::Uuid;

use super::view::SeatState;
use super::*;
use crate::duty::Work;
use crate::payment::{CHARGE, Charged, REFUND, Refunded};
use crate::refusal::RefusalKind;
use crate::room::{Caller, Reply as Answer, Role, Seed};

/// A showing in the hand of a test: every event goes through the codec, and what follows from it is
/// checked after each.
struct Stage {
    room: RoomId,
    rules: Showing,
    now: Timestamp,
    revision: u64,
    log: Vec<(Timestamp, Vec<u8>)>,
    rows: BTreeMap<(String, String), String>,
    settled: Vec<Result<Reply, Refusal>>,
}

fn second(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn start() -> Timestamp {
    Timestamp::from_ms(1_000_000_000)
}

fn person(n: u128) -> Caller {
    Caller::Account { id: AccountId(Uuid::from_u128(n)), role: Role::User }
}

fn organizer() -> Caller {
    Caller::Account { id: AccountId(Uuid::from_u128(99)), role: Role::Organizer }
}

fn opening() -> Opening {
    let row = |name: &str, kind| RowSpec {
        row: name.into(),
        seats: 4,
        kind,
        gaps: vec![],
        kinds: BTreeMap::new(),
    };
    let cents = Money::from_cents;
    Opening {
        movie: MovieId(Uuid::from_u128(1)),
        movie_title: "Metropolis".into(),
        screen: ScreenId(Uuid::from_u128(2)),
        screen_name: "One".into(),
        theater: "Odeon".into(),
        starts_at: start() + second(10_000),
        ends_at: start() + second(20_000),
        rows: vec![row("A", SeatKind::Standard), row("B", SeatKind::Premium)],
        prices: BTreeMap::from([
            (SeatKind::Standard, cents(950)),
            (SeatKind::Premium, cents(1350)),
        ]),
        currency: "EUR".into(),
        terms: Terms { seats_per_buyer: 6, ..Terms::default() },
    }
}

impl Stage {
    fn new() -> Self {
        let room = RoomId::of(Showing::KIND, Uuid::from_u128(7));
        let rules = Showing::new(&room);
        let mut stage = Self {
            room,
            rules,
            now: start(),
            revision: 0,
            log: Vec::new(),
            rows: BTreeMap::new(),
            settled: Vec::new(),
        };
        stage.ask(&Caller::System, Command::Open(Box::new(opening()))).unwrap();
        stage
    }

    fn cx<'a>(&'a self, caller: &'a Caller) -> Cx<'a> {
        let seed = Seed::derive(&[&self.revision.to_le_bytes()]);
        Cx { now: self.now, room: &self.room, caller, seed, revision: self.revision }
    }

    fn take(&mut self, effects: Effects<Showing>) -> Answer<Reply> {
        self.settled.extend(effects.settled.into_iter().map(|(_, outcome)| outcome));
        if !effects.events.is_empty() {
            self.revision += 1;
        }
        for event in effects.events {
            let before = self.public();
            self.rules.apply(self.now, &event);
            self.log.push((self.now, codec::encode(&event)));
            let change = self.rules.change(&event, &Audience::Public);
            assert_eq!(folded(before, change), self.public(), "changes lead from view to view");
            for row in self.rules.row_changes(&event) {
                let key = (row.table, row.key);
                match row.value {
                    Some(value) => drop(self.rows.insert(key, value)),
                    None => drop(self.rows.remove(&key)),
                }
            }
        }
        self.check();
        effects.reply
    }

    fn ask(&mut self, caller: &Caller, command: Command) -> Result<Answer<Reply>, Refusal> {
        self.wake();
        let effects = self.rules.decide(&self.cx(caller), command)?;
        let answer = self.take(effects);
        self.wake();
        Ok(answer)
    }

    fn wake(&mut self) {
        for round in 0.. {
            assert!(round < 64, "time moves on");
            if self.rules.wake_at().is_none_or(|at| at > self.now) {
                return;
            }
            let effects = self.rules.wake(&self.cx(&Caller::System));
            self.take(effects);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.wake();
    }

    /// Ends the oldest duty of a sort, if one is owed.
    fn end(&mut self, sort: &str, result: DutyResult) -> bool {
        let is = |duty: &Duty| match &duty.work {
            Work::External { kind, .. } => *kind == sort,
            Work::Tell { .. } => sort == "tell",
        };
        let Some(duty) = self.rules.duties().into_iter().find(is) else { return false };
        self.wake();
        let effects = self.rules.duty_done(&self.cx(&Caller::System), duty.id, result);
        self.take(effects);
        self.wake();
        true
    }

    fn pay(&mut self) -> bool {
        let charged = codec::encode(&Charged { charge: format!("charge-{}", self.revision) });
        self.end(CHARGE, DutyResult::Done(charged))
    }

    fn decline(&mut self) -> bool {
        let refusal = Refusal::new(RefusalKind::PaymentRequired, "payment_declined", "no");
        self.end(CHARGE, DutyResult::Refused(refusal))
    }

    fn refund(&mut self) -> bool {
        self.end(REFUND, DutyResult::Done(codec::encode(&Refunded { refund: "r".into() })))
    }

    fn public(&self) -> Option<view::SeatMap> {
        match self.rules.view(self.now, &Audience::Public) {
            Some(View::Public(map)) => Some(map),
            _ => None,
        }
    }

    fn state(&self, seat: &str) -> SeatState {
        let map = self.public().unwrap();
        let mut seats = map.rows.into_iter().flat_map(|row| row.seats);
        seats.find(|s| s.id == seat).unwrap().state
    }

    fn hold(&mut self, who: u128, seats: &[&str]) -> Result<HoldId, Refusal> {
        let names = seats.iter().map(|s| (*s).to_owned()).collect();
        let command = Command::Hold { seats: Want::Named(names), expect: None, name: "Ann".into() };
        match self.ask(&person(who), command)? {
            Answer::Now(Reply::Hold(info)) => Ok(info.hold_id),
            other => panic!("{other:?}"),
        }
    }

    fn buy(&mut self, who: u128, hold: HoldId) -> Result<(), Refusal> {
        let payment_token = "ok".into();
        let command = Command::Purchase { hold, payment_token, name: None, expect: None };
        self.ask(&person(who), command).map(drop)
    }

    fn booking(&self, who: u128) -> BookingId {
        let account = AccountId(Uuid::from_u128(who));
        let mut own = self.rules.bookings.iter().filter(|(_, b)| b.account == account);
        *own.next_back().expect("there is a booking").0
    }

    fn code(result: Result<impl std::fmt::Debug, Refusal>) -> String {
        result.unwrap_err().code.into_owned()
    }

    /// What must hold after every event.
    fn check(&self) {
        let Some(map) = self.public() else { return };
        let rules = &self.rules;
        let count = |state| {
            let seats = map.rows.iter().flat_map(|row| &row.seats);
            seats.filter(|seat| seat.state == state).count() as u32
        };
        let totals = map.seats;
        assert_eq!(totals.free, count(SeatState::Free));
        assert_eq!(totals.held, count(SeatState::Held));
        assert_eq!(totals.sold, count(SeatState::Sold));
        assert_eq!(totals.blocked, count(SeatState::Blocked));
        assert_eq!(totals.free + totals.held + totals.sold + totals.blocked, totals.total);
        assert_eq!(map.showing.free_by_kind.values().sum::<u32>(), totals.free);
        for (id, hold) in &rules.holds {
            assert!(hold.seats.iter().all(|s| rules.seats[usize::from(*s)] == Taken::Held(*id)));
        }
        let paid = rules.bookings.iter().filter(|(_, b)| b.status == BookingStatus::Paid);
        let mut worth = Money::ZERO;
        for (id, booking) in paid {
            worth += booking.price;
            assert!(booking.seats.iter().all(|s| rules.seats[usize::from(*s)] == Taken::Sold(*id)));
        }
        let sales = rules.sales;
        assert_eq!(sales.paid - sales.refunding - sales.refunded, worth, "money adds up");
        let owed: Money = rules.refunds.values().map(|r| r.amount).sum();
        assert_eq!(owed, sales.refunding, "every refund under way is owed");
    }

    /// What must hold at the end: rows, replay, snapshots.
    fn finish(&self) {
        let all = self.rules.rows().into_iter();
        let all: BTreeMap<_, _> =
            all.map(|row| ((row.table, row.key), row.value.unwrap())).collect();
        let folded = self.rows.iter().filter(|((table, _), _)| table != "purchases");
        let all: BTreeMap<_, _> = all.iter().filter(|((t, _), _)| t != "purchases").collect();
        assert_eq!(folded.collect::<BTreeMap<_, _>>(), all, "rows are the fold of their changes");
        for cut in [0, self.log.len() / 2, self.log.len()] {
            let mut replayed = Showing::new(&self.room);
            for (n, (at, event)) in self.log.iter().enumerate() {
                if n == cut {
                    replayed = codec::decode(&codec::encode(&replayed)).unwrap();
                }
                replayed.apply(*at, &codec::decode(event).unwrap());
            }
            assert_eq!(replayed, self.rules, "a snapshot and the rest equal the whole");
        }
    }
}

fn folded(map: Option<view::SeatMap>, change: Option<Change>) -> Option<view::SeatMap> {
    let Some(change) = change else { return map };
    if let Some(opened) = change.opened {
        return Some(*opened);
    }
    let mut map = map?;
    for seat in map.rows.iter_mut().flat_map(|row| &mut row.seats) {
        seat.state = change.seats.get(&seat.id).copied().unwrap_or(seat.state);
    }
    map.seats = change.totals;
    map.showing.seats = change.totals;
    map.showing.free_by_kind = change.free_by_kind;
    Some(map)
}

#[test]
fn a_hold_is_all_or_nothing_and_the_refusal_names_every_seat_that_is_not_free() {
    let mut stage = Stage::new();
    stage.hold(1, &["A1", "A2"]).unwrap();
    let refusal = stage.hold(2, &["A4", "A2", "A1"]).unwrap_err();
    assert_eq!(
        (&*refusal.code, &refusal.fields["seats"]),
        ("seat_taken", &vec!["A1".to_owned(), "A2".into()])
    );
    assert_eq!(stage.state("A4"), SeatState::Free);
    stage.finish();
}

#[test]
fn a_hold_that_ran_out_can_be_taken_by_another_and_not_a_moment_sooner() {
    let mut stage = Stage::new();
    let hold = stage.hold(1, &["A1"]).unwrap();
    stage.pass(second(119));
    assert_eq!(Stage::code(stage.hold(2, &["A1"])), "seat_taken");
    stage.pass(second(1));
    stage.hold(2, &["A1"]).unwrap();
    assert_eq!(Stage::code(stage.buy(1, hold)), "hold_ended");
    stage.finish();
}

#[test]
fn a_hold_is_extended_once_and_never_outlives_ten_minutes() {
    let mut stage = Stage::new();
    let hold = stage.hold(1, &["A1"]).unwrap();
    let extend = |stage: &mut Stage| stage.ask(&person(1), Command::Extend { hold, expect: None });
    extend(&mut stage).unwrap();
    assert_eq!(Stage::code(extend(&mut stage)), "hold_extended_before");
    stage.pass(second(239));
    assert_eq!(stage.state("A1"), SeatState::Held);
    stage.buy(1, hold).unwrap();
    stage.pass(second(600));
    assert_eq!(stage.state("A1"), SeatState::Free, "a payment that hangs gives the seats back");
    stage.finish();
}

#[test]
fn other_peoples_holds_and_bookings_are_as_if_they_were_not_there() {
    let mut stage = Stage::new();
    let hold = stage.hold(1, &["A1"]).unwrap();
    assert!(stage.buy(2, hold).is_err());
    assert!(stage.ask(&person(2), Command::Release { hold }).is_err());
    stage.buy(1, hold).unwrap();
    stage.pay();
    let booking = stage.booking(1);
    let steal = |command| (person(2), command);
    for (who, command) in [
        steal(Command::Cancel { booking, expect: None }),
        steal(Command::Transfer { booking, to: "Bob".into(), to_account: None, expect: None }),
    ] {
        assert_eq!(Stage::code(stage.ask(&who, command)), "not_found");
    }
    assert_eq!(stage.state("A1"), SeatState::Sold);
}

#[test]
fn a_buyer_has_no_more_seats_than_the_limit() {
    let mut stage = Stage::new();
    stage.hold(1, &["A1", "A2", "A3", "A4"]).unwrap();
    assert_eq!(Stage::code(stage.hold(1, &["B1", "B2", "B3"])), "too_many_seats");
    stage.hold(1, &["B1", "B2"]).unwrap();
}

#[test]
fn a_payment_that_goes_through_sells_and_one_that_is_refused_leaves_the_hold() {
    let mut stage = Stage::new();
    let hold = stage.hold(1, &["A1"]).unwrap();
    stage.buy(1, hold).unwrap();
    assert_eq!(Stage::code(stage.buy(1, hold)), "payment_pending");
    stage.decline();
    assert!(stage.settled.pop().unwrap().is_err());
    assert_eq!(stage.state("A1"), SeatState::Held);
    stage.buy(1, hold).unwrap();
    stage.pay();
    assert!(matches!(stage.settled.pop(), Some(Ok(Reply::Booking(_)))));
    assert_eq!(stage.state("A1"), SeatState::Sold);
    stage.finish();
}

#[test]
fn a_charge_that_comes_late_takes_free_seats_and_is_given_back_if_they_are_gone() {
    for taken_meanwhile in [false, true] {
        let mut stage = Stage::new();
        let hold = stage.hold(1, &["A1"]).unwrap();
        stage.buy(1, hold).unwrap();
        stage.pass(second(130));
        assert_eq!(stage.state("A1"), SeatState::Free);
        if taken_meanwhile {
            stage.hold(2, &["A1"]).unwrap();
        }
        stage.pay();
        assert_eq!(stage.settled.pop().unwrap().is_err(), taken_meanwhile);
        assert_eq!(stage.refund(), taken_meanwhile);
        assert_eq!(stage.rules.sales.refunded.cents(), if taken_meanwhile { 950 } else { 0 });
        stage.finish();
    }
}

#[test]
fn a_cancelled_booking_frees_its_seats_once_and_is_refunded_once() {
    let mut stage = Stage::new();
    let hold = stage.hold(1, &["B1", "B2"]).unwrap();
    stage.buy(1, hold).unwrap();
    stage.pay();
    let booking = stage.booking(1);
    let cancel =
        |stage: &mut Stage| stage.ask(&person(1), Command::Cancel { booking, expect: None });
    cancel(&mut stage).unwrap();
    assert_eq!(Stage::code(cancel(&mut stage)), "already_cancelled");
    assert_eq!(stage.state("B1"), SeatState::Free);
    assert!(stage.refund() && !stage.refund());
    assert_eq!(stage.rules.sales.refunded.cents(), 2700);
    stage.finish();
}

#[test]
fn a_booking_cannot_be_cancelled_past_the_cut_off() {
    let mut stage = Stage::new();
    let hold = stage.hold(1, &["A1"]).unwrap();
    stage.buy(1, hold).unwrap();
    stage.pay();
    let booking = stage.booking(1);
    stage.pass(second(10_000 - 1800 + 1));
    let cancel = stage.ask(&person(1), Command::Cancel { booking, expect: None });
    assert_eq!(Stage::code(cancel), "cancel_too_late");
    stage.pass(second(2000));
    assert_eq!(Stage::code(stage.hold(2, &["A2"])), "sale_ended");
}

#[test]
fn a_name_is_changed_on_a_sold_out_showing_and_no_count_changes() {
    let mut stage = Stage::new();
    for (who, seats) in [(1, ["A1", "A2", "A3", "A4"]), (2, ["B1", "B2", "B3", "B4"])] {
        let hold = stage.hold(who, &seats).unwrap();
        stage.buy(who, hold).unwrap();
        stage.pay();
    }
    let totals = stage.rules.totals;
    let to_account = Some(AccountId(Uuid::from_u128(3)));
    let booking = stage.booking(1);
    let command = Command::Transfer { booking, to: "Bob".into(), to_account, expect: None };
    stage.ask(&person(1), command).unwrap();
    assert_eq!((stage.rules.totals, stage.booking(3)), (totals, booking));
    stage.finish();
}

#[test]
fn seats_that_come_back_are_offered_in_order_before_they_are_on_sale() {
    let mut stage = Stage::new();
    let block = Command::Block {
        seats: ["A3", "A4", "B1", "B2", "B3", "B4"].map(String::from).into(),
        reason: "house seats".into(),
        expect: None,
    };
    stage.ask(&organizer(), block).unwrap();
    let hold = stage.hold(1, &["A1", "A2"]).unwrap();
    let join = |n| Command::JoinWaitlist { count: n, kind: None, name: "Ann".into() };
    stage.ask(&person(2), join(2)).unwrap();
    stage.ask(&person(3), join(1)).unwrap();
    assert_eq!(Stage::code(stage.ask(&person(3), join(1))), "wait_listed_before");
    stage.ask(&person(1), Command::Release { hold }).unwrap();
    assert_eq!(Stage::code(stage.hold(4, &["A1"])), "seat_taken", "it is offered, not on sale");
    let offered = |stage: &Stage, who| {
        let account = AccountId(Uuid::from_u128(who));
        stage.rules.holds.values().any(|h| h.account == account && h.offer.is_some())
    };
    assert!(offered(&stage, 2) && !offered(&stage, 3));
    stage.pass(second(300));
    assert!(offered(&stage, 3) && !offered(&stage, 2), "an offer that ran out goes to the next");
    stage.finish();
}

#[test]
fn a_command_on_an_old_revision_is_refused() {
    let mut stage = Stage::new();
    let seen = stage.revision;
    stage.hold(1, &["A1"]).unwrap();
    let seats = Want::Named(vec!["A2".into()]);
    let command = Command::Hold { seats, expect: Some(seen), name: "Bob".into() };
    assert_eq!(Stage::code(stage.ask(&person(2), command)), "stale_revision");
}

#[test]
fn only_organizers_block_seats_and_only_rooms_open_showings() {
    let mut stage = Stage::new();
    let block = Command::Block { seats: vec!["A1".into()], reason: "mine".into(), expect: None };
    assert_eq!(Stage::code(stage.ask(&person(1), block)), "forbidden");
    let open = Command::Open(Box::new(opening()));
    assert_eq!(Stage::code(stage.ask(&organizer(), open)), "not_found");
}

/// One step of a random life.
#[derive(Debug, Clone)]
enum Step {
    Hold(u128, Vec<u8>),
    Best(u128, u8),
    Extend(u128, u8),
    Release(u128, u8),
    Buy(u128, u8),
    Cancel(u128, u8),
    Transfer(u128, u8, u128),
    Block(Vec<u8>),
    Unblock(Vec<u8>),
    Wait(u128, u8),
    Leave(u128),
    Pay,
    Decline,
    Refund,
    Tell,
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = 1..5_u128;
    let seats = || prop::collection::vec(0..8_u8, 1..4);
    prop_oneof![
        3 => (who.clone(), seats()).prop_map(|(w, s)| Step::Hold(w, s)),
        3 => (who.clone(), 1..5_u8).prop_map(|(w, n)| Step::Best(w, n)),
        1 => (who.clone(), any::<u8>()).prop_map(|(w, n)| Step::Extend(w, n)),
        1 => (who.clone(), any::<u8>()).prop_map(|(w, n)| Step::Release(w, n)),
        4 => (who.clone(), any::<u8>()).prop_map(|(w, n)| Step::Buy(w, n)),
        2 => (who.clone(), any::<u8>()).prop_map(|(w, n)| Step::Cancel(w, n)),
        1 => (who.clone(), any::<u8>(), who.clone()).prop_map(|(w, n, t)| Step::Transfer(w, n, t)),
        1 => seats().prop_map(Step::Block),
        1 => seats().prop_map(Step::Unblock),
        2 => (who.clone(), 1..5_u8).prop_map(|(w, n)| Step::Wait(w, n)),
        1 => who.prop_map(Step::Leave),
        4 => Just(Step::Pay),
        1 => Just(Step::Decline),
        2 => Just(Step::Refund),
        2 => Just(Step::Tell),
        2 => (0..400_u64).prop_map(Step::Pass),
    ]
}

impl Stage {
    fn names_of(&self, seats: &[u8]) -> Vec<String> {
        let house = self.rules.house.as_ref().unwrap();
        seats.iter().map(|s| house.plan.name(u16::from(*s))).collect()
    }

    fn some_hold(&self, n: u8) -> HoldId {
        let holds: Vec<_> = self.rules.holds.keys().collect();
        holds.get(usize::from(n) % holds.len().max(1)).map_or(HoldId(Uuid::nil()), |id| **id)
    }

    fn some_booking(&self, n: u8) -> BookingId {
        let all: Vec<_> = self.rules.bookings.keys().collect();
        all.get(usize::from(n) % all.len().max(1)).map_or(BookingId(Uuid::nil()), |id| **id)
    }

    fn live(&mut self, step: Step) {
        let expect = None;
        let name = || "Ann".to_owned();
        let (who, command) = match step {
            Step::Hold(w, s) => (
                person(w),
                Command::Hold { seats: Want::Named(self.names_of(&s)), expect, name: name() },
            ),
            Step::Best(w, count) => {
                let seats = Want::Best { count, kind: None };
                let possible = self.rules.house.as_ref().is_some_and(|house| {
                    best::best(&house.plan, |s| self.rules.is_free(s), count, None).is_some()
                });
                let asked = self.ask(&person(w), Command::Hold { seats, expect, name: name() });
                let code = asked.err().map(|refusal| refusal.code.into_owned());
                let none = ["no_seats_together", "sold_out"].map(str::to_owned);
                assert!(!possible || !code.is_some_and(|code| none.contains(&code)));
                return;
            }
            Step::Extend(w, n) => (person(w), Command::Extend { hold: self.some_hold(n), expect }),
            Step::Release(w, n) => (person(w), Command::Release { hold: self.some_hold(n) }),
            Step::Buy(w, n) => {
                let hold = self.some_hold(n);
                let payment_token = "ok".into();
                (person(w), Command::Purchase { hold, payment_token, name: None, expect })
            }
            Step::Cancel(w, n) => {
                (person(w), Command::Cancel { booking: self.some_booking(n), expect })
            }
            Step::Transfer(w, n, to) => {
                let to_account = Some(AccountId(Uuid::from_u128(to)));
                let booking = self.some_booking(n);
                (person(w), Command::Transfer { booking, to: name(), to_account, expect })
            }
            Step::Block(s) => {
                let seats = self.names_of(&s);
                (organizer(), Command::Block { seats, reason: "house".into(), expect })
            }
            Step::Unblock(s) => {
                (organizer(), Command::Unblock { seats: self.names_of(&s), expect })
            }
            Step::Wait(w, count) => {
                (person(w), Command::JoinWaitlist { count, kind: None, name: name() })
            }
            Step::Leave(w) => {
                let account = AccountId(Uuid::from_u128(w));
                let own = self.rules.waits.values().find(|wait| wait.account == account);
                let Some(wait) = own.map(|wait| wait.id) else { return };
                (person(w), Command::LeaveWaitlist { wait })
            }
            Step::Pay | Step::Decline | Step::Refund | Step::Tell => {
                let _ = match step {
                    Step::Pay => self.pay(),
                    Step::Decline => self.decline(),
                    Step::Refund => self.refund(),
                    _ => self.end("tell", DutyResult::Done(vec![])),
                };
                return;
            }
            Step::Pass(n) => return self.pass(second(n)),
        };
        // A refusal is part of life; what must hold is checked after whatever did happen.
        let _ = self.ask(&who, command);
    }
}

proptest! {

    #[test]
    fn any_sequence_of_commands_keeps_the_invariants(steps in prop::collection::vec(step(), 1..60)) {
        let mut stage = Stage::new();
        for step in steps {
            stage.live(step);
        }
        stage.finish();
    }

    #[test]
    fn best_available_is_as_good_as_trying_every_arrangement(
        free in prop::collection::vec(any::<bool>(), 12),
        count in 1..6_u8,
        gap in 1..12_u16,
    ) {
        let row = RowSpec { row: "A".into(), seats: 12, kind: SeatKind::Standard, gaps: vec![gap], kinds: BTreeMap::new() };
        let plan = SeatPlan::new(vec![row]).unwrap();
        let is_free = |n: usize| free.get(n).copied().unwrap_or(false);
        let parted = |a: usize, b: usize| a < usize::from(gap) && usize::from(gap) <= b;
        let n = usize::from(count);
        let fits = |s: usize| (s..s + n).all(is_free) && !parted(s, s + n - 1);
        let singles = |s: usize| {
            let run = |from: usize, step: isize| {
                let mut length = 0;
                let mut at = from;
                while let Some(next) = at.checked_add_signed(step) {
                    if !is_free(next) || parted(at.min(next), at.max(next)) { break; }
                    (at, length) = (next, length + 1);
                }
                length
            };
            u8::from(run(s, -1) == 1) + u8::from(run(s + n - 1, 1) == 1)
        };
        let least = (0..=12 - n).filter(|s| fits(*s)).map(singles).min();
        let found = best::best(&plan, |seat| is_free(usize::from(seat)), count, None);
        prop_assert_eq!(found.is_some(), least.is_some(), "found if and only if there is one");
        if let (Some(seats), Some(least)) = (found, least) {
            let first = usize::from(seats[0]);
            prop_assert!(fits(first));
            prop_assert_eq!(singles(first), least, "no single seat where another choice exists");
        }
    }
}

#[test]
fn nobody_is_shown_a_payment_token() {
    let (hold, secret) = (HoldId(Uuid::nil()), "tok-secret");
    let command =
        Command::Purchase { hold, payment_token: secret.into(), name: None, expect: None };
    assert!(!Showing::redact(&command).contains(secret));
    let mut stage = Stage::new();
    let hold = stage.hold(1, &["A1"]).unwrap();
    let token = secret.to_owned();
    let command = Command::Purchase { hold, payment_token: token, name: None, expect: None };
    stage.ask(&person(1), command).unwrap();
    for (_, event) in &stage.log {
        let shown = Showing::inspect(&codec::decode(event).unwrap()).to_string();
        assert!(!shown.contains(secret), "{shown}");
    }
}
