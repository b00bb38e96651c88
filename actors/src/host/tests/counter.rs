//! A kind of room for tests: a counter that can be told to panic, to wait and to owe.

use playhouse_domain::duty::{Duty, DutyId, DutyResult};
use playhouse_domain::refusal::{Refusal, RefusalKind};
use playhouse_domain::room::{Audience, Cx, Effects, Policy, Retention, Rules, Ticket};
use playhouse_domain::rows::RowChange;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::RoomId;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Command {
    Add(u64),
    /// Adds one at the given time.
    AddAt(Timestamp),
    /// Owes a piece of work; answered when it is done.
    Owe,
    /// Adds nothing, with so many bytes.
    Pad(usize),
    PanicInDecide,
    PanicInApply,
    Read,
    /// Nobody wants anything of it any more.
    Spend,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Event {
    Added(u64),
    Planned(Timestamp),
    Rang,
    Owed(DutyId),
    Paid(DutyId),
    Bomb,
    Padded(Vec<u8>),
    Spent,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Counter {
    pub(super) value: u64,
    alarm: Option<Timestamp>,
    owed: Vec<DutyId>,
    duties: u64,
    pad: Vec<u8>,
    spent: bool,
}

pub(super) fn ticket(duty: DutyId) -> Ticket {
    Ticket(uuid::Uuid::from_u128(u128::from(duty.0)))
}

impl Rules for Counter {
    const KIND: &'static str = "counter";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = u64;
    type View = u64;
    type Change = u64;

    fn new(_: &RoomId) -> Self {
        Self::default()
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        match command {
            Command::Add(0) => Err(Refusal::new(RefusalKind::Invalid, "nothing", "add something")),
            Command::Add(n) => Ok(Effects::reply(vec![Event::Added(n)], self.value + n)),
            Command::AddAt(at) if at > cx.now => Ok(Effects::reply(vec![Event::Planned(at)], 0)),
            Command::AddAt(_) => Ok(Effects::reply(vec![Event::Added(1)], self.value + 1)),
            Command::Owe => {
                let duty = DutyId(self.duties + 1);
                Ok(Effects::later(vec![Event::Owed(duty)], ticket(duty)))
            }
            Command::Pad(len) => Ok(Effects::reply(vec![Event::Padded(vec![7; len])], self.value)),
            Command::PanicInDecide => panic!("decide was told to panic"),
            Command::PanicInApply => Ok(Effects::reply(vec![Event::Bomb], 0)),
            Command::Spend => Ok(Effects::reply(vec![Event::Spent], 0)),
            Command::Read => Ok(Effects::reply(vec![], self.value)),
        }
    }

    fn apply(&mut self, _: Timestamp, event: &Event) {
        match event {
            Event::Added(n) => self.value += n,
            Event::Planned(at) => self.alarm = Some(*at),
            Event::Rang => {
                self.alarm = None;
                self.value += 1;
            }
            Event::Owed(duty) => {
                self.duties = duty.0;
                self.owed.push(*duty);
            }
            Event::Paid(duty) => self.owed.retain(|d| d != duty),
            Event::Bomb => panic!("apply was told to panic"),
            Event::Padded(bytes) => self.pad = bytes.clone(),
            Event::Spent => *self = Self { spent: true, ..Self::default() },
        }
    }

    fn is_spent(&self) -> bool {
        self.spent
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.alarm
    }

    fn wake(&self, _: &Cx<'_>) -> Effects<Self> {
        Effects::events(vec![Event::Rang])
    }

    fn duties(&self) -> Vec<Duty> {
        self.owed.iter().map(|id| Duty::external(*id, "work", &id.0)).collect()
    }

    fn duty_done(&self, _: &Cx<'_>, duty: DutyId, _: DutyResult) -> Effects<Self> {
        Effects::events(vec![Event::Paid(duty)]).settle(ticket(duty), Ok(duty.0))
    }

    fn view(&self, _: Timestamp, _: &Audience) -> Option<u64> {
        Some(self.value)
    }

    fn change(&self, event: &Event, _: &Audience) -> Option<u64> {
        matches!(event, Event::Added(_) | Event::Rang).then_some(self.value)
    }

    fn row_changes(&self, _: &Event) -> Vec<RowChange> {
        vec![RowChange::put("counters", "one", &self.value)]
    }

    fn rows(&self) -> Vec<RowChange> {
        let there = self.value > 0 || self.alarm.is_some() || self.duties > 0;
        Vec::from_iter(there.then(|| RowChange::put("counters", "one", &self.value)))
    }

    fn part(&self, name: &str) -> Option<serde_json::Value> {
        (name == "value").then(|| self.value.into())
    }

    fn policy() -> Policy {
        let retention = Retention::Days(2);
        Policy { snapshot_every: 10, in_flight: 8, retention, ..Policy::default() }
    }
}
