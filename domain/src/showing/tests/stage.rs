//! A showing in the hand of a test: every event goes through the codec, and what must hold is
//! checked after each.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, MovieId, RoomId, ScreenId};
use serde_json::Value;
use uuid::Uuid;

use super::super::*;
use crate::duty::Work;
use crate::payment::{CHARGE, Charge, Charged, REFUND, Refund, Refunded};
use crate::refusal::RefusalKind;
use crate::room::{Caller, Reply as Answer, Role, Seed};

pub(super) struct Stage {
    pub(super) room: RoomId,
    pub(super) rules: Showing,
    pub(super) now: Timestamp,
    pub(super) revision: u64,
    /// Every event with its time, as it is stored.
    pub(super) log: Vec<(Timestamp, Vec<u8>)>,
    /// The lists, as the fold of all row changes.
    pub(super) rows: BTreeMap<(String, String), String>,
    pub(super) settled: Vec<Result<Reply, Refusal>>,
    /// What the bank knows: charges that were not given back, by their names.
    pub(super) charges: BTreeMap<String, Money>,
    pub(super) charged: Money,
    pub(super) given_back: Money,
    /// The key that the next command comes with: the same caller and key give the same seed.
    pub(super) key: Option<u8>,
}

pub(super) fn second(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(super) fn start() -> Timestamp {
    Timestamp::from_ms(1_000_000_000)
}

pub(super) fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

pub(super) fn person(n: u128) -> Caller {
    Caller::Account { id: account(n), role: Role::User }
}

pub(super) fn organizer() -> Caller {
    Caller::Account { id: account(99), role: Role::Organizer }
}

pub(super) fn row(name: &str, seats: u16, kind: SeatKind) -> RowSpec {
    RowSpec { row: name.into(), seats, kind, gaps: vec![], kinds: BTreeMap::new() }
}

/// Two rows of four, the first 9.50 a seat, the second 13.50; six seats a buyer.
pub(super) fn opening() -> Opening {
    let prices =
        [(SeatKind::Standard, 950), (SeatKind::Premium, 1350), (SeatKind::Accessible, 500)];
    let mut prices: BTreeMap<_, _> =
        prices.into_iter().map(|(kind, cents)| (kind, Money::from_cents(cents))).collect();
    prices.insert(SeatKind::Companion, Money::ZERO);
    Opening {
        movie: MovieId(Uuid::from_u128(1)),
        movie_title: "Metropolis".into(),
        screen: ScreenId(Uuid::from_u128(2)),
        screen_name: "One".into(),
        theater: "Odeon".into(),
        starts_at: start() + second(10_000),
        ends_at: start() + second(20_000),
        rows: vec![row("A", 4, SeatKind::Standard), row("B", 4, SeatKind::Premium)],
        prices,
        currency: "EUR".into(),
        terms: Terms { seats_per_buyer: 6, ..Terms::default() },
    }
}

impl Stage {
    pub(super) fn new(opening: Opening) -> Self {
        let room = RoomId::of(Showing::KIND, Uuid::from_u128(7));
        let mut stage = Self {
            rules: Showing::new(&room),
            room,
            now: start(),
            revision: 0,
            log: Vec::new(),
            rows: BTreeMap::new(),
            settled: Vec::new(),
            charges: BTreeMap::new(),
            charged: Money::ZERO,
            given_back: Money::ZERO,
            key: None,
        };
        stage.ask(&Caller::System, Command::Open(Box::new(opening))).unwrap();
        stage
    }

    fn cx<'a>(&'a self, caller: &'a Caller) -> Cx<'a> {
        let seed = match self.key {
            Some(key) => Seed::derive(&[b"key", &[key], format!("{caller:?}").as_bytes()]),
            None => Seed::derive(&[&self.revision.to_le_bytes()]),
        };
        Cx { now: self.now, room: &self.room, caller, seed, revision: self.revision }
    }

    /// Takes in one record, as the host does.
    fn take(&mut self, effects: Effects<Showing>) -> Answer<Reply> {
        self.settled.extend(effects.settled.into_iter().map(|(_, outcome)| outcome));
        if !effects.events.is_empty() {
            self.revision += 1;
        }
        for event in effects.events {
            let before = [Audience::Public, Audience::Presenter].map(|to| self.seen(&to));
            let held = self.promises();
            self.rules.apply(self.now, &event);
            self.log.push((self.now, codec::encode(&event)));
            for (before, to) in before.into_iter().zip([Audience::Public, Audience::Presenter]) {
                let change =
                    self.rules.change(&event, &to).map(|c| serde_json::to_value(c).unwrap());
                assert_eq!(
                    folded(before, change),
                    self.seen(&to),
                    "changes lead from view to view"
                );
            }
            let rows = self.rules.row_changes(&event);
            assert!(rows.len() <= 6, "the rows of one event do not depend on the house: {rows:?}");
            for row in rows {
                let key = (row.table, row.key);
                match row.value {
                    Some(value) => drop(self.rows.insert(key, value)),
                    None => drop(self.rows.remove(&key)),
                }
            }
            self.check_promises(&held, &event);
            self.check();
        }
        effects.reply
    }

    pub(super) fn ask(
        &mut self,
        caller: &Caller,
        command: Command,
    ) -> Result<Answer<Reply>, Refusal> {
        let key = self.key.take();
        self.wake();
        self.key = key;
        let decided = self.rules.decide(&self.cx(caller), command);
        self.key = None;
        let effects = decided?;
        let answer = self.take(effects);
        self.wake();
        Ok(answer)
    }

    pub(super) fn wake(&mut self) {
        for round in 0.. {
            assert!(round < 64, "time moves on");
            if self.rules.wake_at().is_none_or(|at| at > self.now) {
                break;
            }
            let effects = self.rules.wake(&self.cx(&Caller::System));
            self.check_offers(&effects.events);
            self.take(effects);
        }
        self.check_rest();
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.wake();
    }

    fn owed(&self, sort: &str) -> Option<Duty> {
        let is = |duty: &Duty| match &duty.work {
            Work::External { kind, .. } => *kind == sort,
            Work::Tell { .. } => sort == "tell",
        };
        self.rules.duties().into_iter().find(is)
    }

    fn end(&mut self, duty: DutyId, result: DutyResult) {
        self.wake();
        let effects = self.rules.duty_done(&self.cx(&Caller::System), duty, result);
        self.take(effects);
        self.wake();
    }

    /// The oldest charge that is owed goes through.
    pub(super) fn pay(&mut self) -> bool {
        let Some(Duty { id, work: Work::External { payload, .. } }) = self.owed(CHARGE) else {
            return false;
        };
        let charge: Charge = codec::decode(&payload).unwrap();
        let name = format!("charge-{}", id.0);
        assert_eq!(self.charges.insert(name.clone(), charge.amount), None);
        self.charged += charge.amount;
        self.end(id, DutyResult::Done(codec::encode(&Charged { charge: name })));
        true
    }

    /// The oldest charge that is owed is declined.
    pub(super) fn decline(&mut self) -> bool {
        let Some(duty) = self.owed(CHARGE) else { return false };
        let refusal = Refusal::new(RefusalKind::PaymentRequired, "payment_declined", "no");
        self.end(duty.id, DutyResult::Refused(refusal));
        true
    }

    /// The oldest refund that is owed is made.
    pub(super) fn refund(&mut self) -> bool {
        let Some(Duty { id, work: Work::External { payload, .. } }) = self.owed(REFUND) else {
            return false;
        };
        let refund: Refund = codec::decode(&payload).unwrap();
        let charged = self.charges.remove(&refund.charge);
        assert_eq!(charged, Some(refund.amount), "a charge is given back once, all of it");
        self.given_back += refund.amount;
        self.end(id, DutyResult::Done(codec::encode(&Refunded { refund: "r".into() })));
        true
    }

    /// The oldest piece of news arrives.
    pub(super) fn hear(&mut self) -> bool {
        let Some(duty) = self.owed("tell") else { return false };
        self.end(duty.id, DutyResult::Done(vec![]));
        true
    }

    fn seen(&self, audience: &Audience) -> Value {
        serde_json::to_value(self.rules.view(self.now, audience)).unwrap()
    }

    pub(super) fn map(&self) -> Option<view::SeatMap> {
        match self.rules.view(self.now, &Audience::Public) {
            Some(View::Public(map)) => Some(map),
            _ => None,
        }
    }

    pub(super) fn house(&self) -> &House {
        self.rules.house.as_deref().unwrap()
    }
}

/// The view that a watcher has who had `view` and was sent `change`.
fn folded(mut view: Value, change: Option<Value>) -> Value {
    let Some(mut change) = change else { return view };
    if let Some(opened) = change.get_mut("opened") {
        view = opened.take();
    }
    for row in view["rows"].as_array_mut().unwrap() {
        for seat in row["seats"].as_array_mut().unwrap() {
            if let Some(state) = change["seats"].get(seat["id"].as_str().unwrap()) {
                seat["state"] = state.clone();
            }
        }
    }
    view["seats"] = change["totals"].clone();
    view["showing"]["seats"] = change["totals"].clone();
    view["showing"]["free_by_kind"] = change["free_by_kind"].clone();
    if let Some(sales) = change.get("sales") {
        view["sales"] = sales.clone();
    }
    view
}
