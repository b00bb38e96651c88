//! A poll in the hand of a test: every command, event and state goes through the codec, and what must
//! hold is checked after each event.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, CommandKey, GuestId, RoomId};
use serde_json::Value;
use uuid::Uuid;

use super::super::*;
use super::rolls::Book;
use crate::room::{Caller, Reply as Answer, Role, Seed};

pub(super) struct Stage {
    pub(super) room: RoomId,
    pub(super) rules: Poll,
    pub(super) now: Timestamp,
    pub(super) revision: u64,
    /// Every event with its time, as it is stored, and who caused it.
    pub(super) log: Vec<(Timestamp, Caller, Vec<u8>)>,
    /// The lists, as the fold of all row changes.
    pub(super) rows: BTreeMap<(String, String), String>,
    pub(super) settled: Vec<Result<Reply, Refusal>>,
    /// What was said to each voter of this round, by record.
    pub(super) receipts: BTreeMap<u32, Receipt>,
    /// Who was given a ballot, of a secret poll.
    pub(super) book: Book,
}

pub(super) fn start() -> Timestamp {
    Timestamp::from_ms(1_000_000_000)
}

pub(super) fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

pub(in super::super) fn person(n: u128) -> Caller {
    Caller::Account { id: account(n), role: Role::User }
}

/// Whoever made the poll.
pub(in super::super) fn presenter() -> Caller {
    Caller::Account { id: account(99), role: Role::Organizer }
}

pub(super) fn guest(n: u128) -> GuestId {
    GuestId(Uuid::from_u128(1000 + n))
}

pub(super) fn device(n: u128) -> Voter {
    Voter::Device(guest(n))
}

pub(super) fn key(text: &str) -> CommandKey {
    CommandKey::new(text).unwrap()
}

pub(super) fn options(marks: &[u8]) -> Choice {
    Choice::Options(marks.to_vec())
}

pub(super) fn words(words: &[&str]) -> Choice {
    Choice::Words(words.iter().map(|word| (*word).to_owned()).collect())
}

/// A call of `caller` to a room of one of the kinds around a poll.
pub(in super::super) fn stage_cx<'a>(room: &'a RoomId, caller: &'a Caller) -> Cx<'a> {
    Cx { now: start(), room, caller, seed: Seed([7; 32]), revision: 1 }
}

/// A poll with options `A`, `B`, `C`, one vote for each device, which can be changed.
pub(super) fn asks(kind: Kind) -> Definition {
    let options = match kind {
        Kind::Rating | Kind::Words { .. } => vec![],
        _ => vec!["A".into(), "B".into(), "C".into()],
    };
    let quiz = matches!(kind, Kind::Quiz { .. });
    Definition {
        title: "Which?".into(),
        kind,
        options,
        voters: Voters::Device,
        results: Results::Live,
        change: !quiz,
        secret: false,
        seconds: quiz.then_some(10),
        questions: Asking::Off,
        ballot_key: None,
    }
}

impl Stage {
    /// A poll that was made and has its code.
    pub(super) fn new(definition: Definition) -> Self {
        let mut stage = Self::empty();
        stage.ask(&presenter(), Command::Create(Box::new(definition))).unwrap();
        stage.work();
        assert!(matches!(stage.settled.pop(), Some(Ok(Reply::Poll(_)))));
        stage
    }

    /// The same, and open.
    pub(super) fn open(definition: Definition) -> Self {
        let mut stage = Self::new(definition);
        stage.run(Command::Open);
        stage
    }

    pub(super) fn empty() -> Self {
        let room = super::super::room(PollId(Uuid::from_u128(7)));
        Self {
            rules: Poll::new(&room),
            room,
            now: start(),
            revision: 0,
            log: Vec::new(),
            rows: BTreeMap::new(),
            settled: Vec::new(),
            receipts: BTreeMap::new(),
            book: Book::default(),
        }
    }

    fn cx<'a>(&'a self, caller: &'a Caller) -> Cx<'a> {
        let seed = Seed::derive(&[&self.revision.to_le_bytes()]);
        Cx { now: self.now, room: &self.room, caller, seed, revision: self.revision }
    }

    /// Takes in one record, as the host does.
    fn take(&mut self, caller: &Caller, effects: Effects<Poll>) -> Answer<Reply> {
        self.settled.extend(effects.settled.into_iter().map(|(_, outcome)| outcome));
        if !effects.events.is_empty() {
            self.revision += 1;
        }
        for event in effects.events {
            let audiences = [Audience::Public, Audience::Presenter];
            let before = audiences.clone().map(|to| self.seen(&to));
            let was = self.rules.clone();
            let bytes = codec::encode(&event);
            let event: Event = codec::decode(&bytes).unwrap();
            self.rules.apply(self.now, &event);
            self.log.push((self.now, caller.clone(), bytes));
            for (mut seen, to) in before.into_iter().zip(audiences) {
                let change = self.rules.change(&event, &to);
                fold(&mut seen, change.map(|change| serde_json::to_value(change).unwrap()));
                assert_eq!(seen, self.seen(&to), "changes lead from view to view");
            }
            for row in self.rules.row_changes(&event) {
                let key = (row.table, row.key);
                match row.value {
                    Some(value) => drop(self.rows.insert(key, value)),
                    None => drop(self.rows.remove(&key)),
                }
            }
            self.check_step(&was, &event);
            self.check();
        }
        effects.reply
    }

    pub(super) fn ask(
        &mut self,
        caller: &Caller,
        command: Command,
    ) -> Result<Answer<Reply>, Refusal> {
        self.wake();
        let command = codec::decode(&codec::encode(&command)).unwrap();
        let effects = self.rules.decide(&self.cx(caller), command)?;
        if let Answer::Now(reply) = &effects.reply {
            let again: Reply = codec::decode(&codec::encode(reply)).unwrap();
            assert_eq!(again, *reply, "a reply crosses to the edge");
        }
        Ok(self.take(caller, effects))
    }

    /// What the presenter asks, which is not refused.
    pub(super) fn run(&mut self, command: Command) -> PollInfo {
        match self.ask(&presenter(), command) {
            Ok(Answer::Now(Reply::Poll(info))) => *info,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn vote_as(
        &mut self,
        caller: &Caller,
        voter: Voter,
        choice: Choice,
        name: Option<&str>,
        by: Option<&str>,
    ) -> Result<Receipt, Refusal> {
        let (name, key) = (name.map(str::to_owned), by.map(key));
        match self.ask(caller, Command::Vote { voter, choice, name, key })? {
            Answer::Now(Reply::Voted(receipt)) => {
                let known = self.receipts.insert(receipt.number, receipt);
                assert!(known.is_none_or(|known| known == receipt), "a receipt never changes");
                Ok(receipt)
            }
            other => panic!("{other:?}"),
        }
    }

    /// Device `n` votes.
    pub(super) fn vote(&mut self, n: u128, choice: Choice) -> Result<Receipt, Refusal> {
        self.vote_as(&Caller::Guest(guest(n)), device(n), choice, None, None)
    }

    /// Device `n` votes; what must hold is checked with the next event, not with this one. For tests
    /// of many votes, since a check takes the longer the more there are.
    pub(super) fn vote_quickly(&mut self, n: u128, choice: Choice) {
        let caller = Caller::Guest(guest(n));
        let command = Command::Vote { voter: device(n), choice, name: None, key: None };
        let effects = self.rules.decide(&self.cx(&caller), command).unwrap();
        let Answer::Now(Reply::Voted(receipt)) = effects.reply else { panic!("it counts") };
        self.receipts.insert(receipt.number, receipt);
        self.revision += 1;
        for event in effects.events {
            self.rules.apply(self.now, &event);
            self.log.push((self.now, caller.clone(), codec::encode(&event)));
        }
    }

    pub(super) fn code_of(refused: Result<impl std::fmt::Debug, Refusal>) -> String {
        refused.unwrap_err().code.into_owned()
    }

    pub(super) fn wake(&mut self) {
        for round in 0.. {
            assert!(round < 64, "time moves on");
            if self.rules.wake_at().is_none_or(|at| at > self.now) {
                return;
            }
            let effects = self.rules.wake(&self.cx(&Caller::System));
            self.take(&Caller::System, effects);
        }
    }

    pub(super) fn pass(&mut self, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
        self.wake();
    }

    /// The oldest duty ends so.
    pub(super) fn end(&mut self, result: DutyResult) -> Option<Duty> {
        let duty = self.rules.duties().into_iter().next()?;
        self.wake();
        let effects = self.rules.duty_done(&self.cx(&Caller::System), duty.id, result);
        assert!(!effects.events.is_empty(), "the end of a duty is taken note of");
        self.take(&Caller::System, effects);
        Some(duty)
    }

    /// Every duty is done.
    pub(super) fn work(&mut self) -> Vec<Duty> {
        let mut done = Vec::new();
        while let Some(duty) = self.end(DutyResult::Done(vec![])) {
            done.push(duty);
            assert!(done.len() < 100, "duties come to an end");
        }
        done
    }

    pub(super) fn seen(&self, audience: &Audience) -> Value {
        serde_json::to_value(self.rules.view(self.now, audience)).unwrap()
    }

    /// How many ballots each option has, as everybody sees it.
    pub(super) fn counts(&self) -> Value {
        self.seen(&Audience::Public)["tally"]["counts"].clone()
    }

    /// The whole log of the round, as an export has it.
    pub(super) fn csv(&mut self, caller: &Caller) -> Result<String, Refusal> {
        let (mut text, mut round, mut after) = (String::new(), None, None);
        loop {
            let answer = self.ask(caller, Command::Export { round, after })?;
            let Answer::Now(Reply::Page(page)) = answer else { panic!("{answer:?}") };
            text.push_str(&export::csv(&page));
            (round, after) = (Some(page.round), page.next);
            if after.is_none() {
                return Ok(text);
            }
        }
    }
}

/// Puts `change` into the view that a watcher has.
fn fold(view: &mut Value, change: Option<Value>) {
    let Some(Value::Object(parts)) = change else { return };
    if view.is_null() {
        *view = Value::Object(serde_json::Map::new());
    }
    for (name, part) in parts {
        view[name] = part;
    }
}
