//! A job in the hand of a test: every event goes through the codec, and rows and what is stored are checked after
//! each.

use std::collections::BTreeMap;

use playhouse_protocol::codec;
use uuid::Uuid;

use super::super::*;
use crate::duty::Work as Owed;
use crate::judge::Verdict;
use crate::judge::queue;
use crate::judge::submission::{Lane, Test};
use crate::room::{Reply as Answer, Role, Seed};

pub(super) struct Stage {
    pub(super) room: RoomId,
    pub(super) rules: Job,
    pub(super) now: Timestamp,
    pub(super) revision: u64,
    pub(super) rows: BTreeMap<(String, String), String>,
    pub(super) settled: BTreeMap<Ticket, Result<Reply, Refusal>>,
    pub(super) changes: Change,
}

pub(super) fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

pub(super) fn person(n: u128) -> Caller {
    Caller::Account { id: account(n), role: Role::User }
}

pub(super) fn test(name: &str) -> Test {
    let (stdin, expected) = ("1".into(), "1".into());
    Test { name: name.into(), stdin, expected, points: 5, hidden: false }
}

pub(super) fn tested() -> Submission {
    let mut submission = Submission::run("c", "main.c", "int main(void) { return 0; }");
    submission.tests = vec![test("a"), test("b")];
    submission.lane = Lane::Batch;
    submission
}

pub(super) fn ran(verdict: Verdict) -> Ran {
    Ran {
        verdict,
        exit_code: Some(0),
        signal: None,
        cpu_us: 1500,
        wall_us: 2000,
        peak_memory_bytes: 4096,
        message: None,
    }
}

/// The test after `number` others was run in the first attempt.
pub(super) fn case(number: u32, name: &str, verdict: Verdict) -> Command {
    let points = if verdict.is_accepted() { 5 } else { 0 };
    let (stdout, stderr) = (Some("1".into()), None);
    let case = Case { name: name.into(), points, ran: ran(verdict), stdout, stderr };
    Command::CaseDone { attempt: 1, number, case: Box::new(case) }
}

pub(super) fn end(verdict: Verdict) -> DutyResult {
    let tier = Some("full".to_owned());
    DutyResult::Done(codec::encode(&End { verdict, message: None, score: 0, tier }))
}

impl Stage {
    pub(super) fn new() -> Self {
        let room = room(JobId(Uuid::from_u128(7)));
        Self {
            rules: Job::new(&room),
            room,
            now: Timestamp::from_ms(1_000_000_000),
            revision: 0,
            rows: BTreeMap::new(),
            settled: BTreeMap::new(),
            changes: Change::default(),
        }
    }

    /// A job of person 1 that has a slot, and was taken up.
    pub(super) fn running(submission: Submission) -> Self {
        let mut stage = Self::new();
        stage.submit(submission);
        stage.ends("queue", DutyResult::Done(codec::encode(&joined(None))));
        assert_eq!(stage.start(), Reply::Started(true));
        stage.take_up().unwrap();
        stage
    }

    fn cx<'a>(&'a self, caller: &'a Caller) -> Cx<'a> {
        let seed = Seed::derive(&[&self.revision.to_le_bytes()]);
        Cx { now: self.now, room: &self.room, caller, seed, revision: self.revision }
    }

    fn take(&mut self, effects: Effects<Job>) -> Answer<Reply> {
        self.revision += u64::from(!effects.events.is_empty());
        for event in effects.events {
            let event = codec::decode(&codec::encode(&event)).unwrap();
            self.rules.apply(self.now, &event);
            for row in self.rules.row_changes(&event) {
                match row.value {
                    Some(value) => drop(self.rows.insert((row.table, row.key), value)),
                    None => drop(self.rows.remove(&(row.table, row.key))),
                }
            }
            let rows = self.rules.rows().into_iter();
            let rows = rows.map(|row| ((row.table, row.key), row.value.unwrap()));
            assert_eq!(rows.collect::<BTreeMap<_, _>>(), self.rows, "lists show what is");
            let stored: Job = codec::decode(&codec::encode(&self.rules)).unwrap();
            assert_eq!(stored, self.rules);
            assert!(self.rules.duties().is_sorted_by_key(|duty| duty.id));
            if let Some(change) = self.rules.change(&event, &Audience::Own(account(1))) {
                Job::merge(&mut self.changes, change);
            }
        }
        self.settled.extend(effects.settled);
        effects.reply
    }

    pub(super) fn ask(&mut self, caller: &Caller, command: Command) -> Result<Reply, Refusal> {
        let effects = self.rules.decide(&self.cx(caller), command)?;
        match self.take(effects) {
            Answer::Now(reply) => Ok(reply),
            other => panic!("answered at once: {other:?}"),
        }
    }

    pub(super) fn system(&mut self, command: Command) -> Result<Reply, Refusal> {
        self.ask(&Caller::System, command)
    }

    pub(super) fn submit(&mut self, submission: Submission) -> Ticket {
        let command = Command::Submit { owner: Some(account(1)), submission: Box::new(submission) };
        let effects = self.rules.decide(&self.cx(&person(1)), command).unwrap();
        match self.take(effects) {
            Answer::Later(ticket) => ticket,
            other => panic!("answered later: {other:?}"),
        }
    }

    pub(super) fn start(&mut self) -> Reply {
        self.ask(&Caller::Room(queue::room()), Command::Start).unwrap()
    }

    pub(super) fn take_up(&mut self) -> Option<Work> {
        match self.system(Command::TakeUp).unwrap() {
            Reply::Work(work) => work.map(|work| *work),
            other => panic!("no work: {other:?}"),
        }
    }

    /// What it owes, by whom it is owed to.
    pub(super) fn owes(&self) -> Vec<String> {
        let names = self.rules.duties().into_iter().map(|duty| match duty.work {
            Owed::Tell { room, .. } => room.kind().to_owned(),
            Owed::External { kind, .. } => kind.to_owned(),
        });
        names.collect()
    }

    /// The duty to `to` ends.
    pub(super) fn ends(&mut self, to: &str, result: DutyResult) {
        let at = self.owes().iter().position(|name| name == to).expect("it is owed");
        let duty = self.rules.duties()[at].id;
        let effects = self.rules.duty_done(&self.cx(&Caller::System), duty, result);
        self.take(effects);
    }

    pub(super) fn seen(&self) -> View {
        self.rules.view(self.now, &Audience::Own(account(1))).unwrap()
    }

    pub(super) fn phase(&self) -> Phase {
        self.rules.phase
    }
}

pub(super) fn joined(position: Option<u32>) -> queue::Reply {
    queue::Reply::Joined { position, waiting: 3 }
}
