//! Stories of a contest: every event goes through the codec, and rows, views and changes are checked after each.

mod board;
mod freeze;
mod judging;
mod random;
mod talk;

use std::collections::BTreeMap;

use playhouse_protocol::codec;
use uuid::Uuid;

use super::*;
use crate::duty::Work;
use crate::judge::Verdict;
use crate::room::{Reply as Answer, Role, Seed};

pub(super) const START: u64 = 1_000_000_000;
pub(super) const HOUR: u64 = 3_600_000;
pub(super) const MINUTE: u64 = 60_000;

pub(super) struct Stage {
    room: RoomId,
    pub(super) rules: Contest,
    pub(super) now: Timestamp,
    revision: u64,
    log: Vec<(Timestamp, Vec<u8>)>,
    rows: BTreeMap<(String, String), String>,
    /// What each audience was told, as JSON, in order.
    pub(super) told: BTreeMap<Audience, Vec<String>>,
    watched: Vec<Audience>,
}

pub(super) fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

pub(super) fn person(n: u128) -> Caller {
    Caller::Account { id: account(n), role: Role::User }
}

pub(super) fn organizer() -> Caller {
    Caller::Account { id: account(100), role: Role::Organizer }
}

pub(super) fn letter(c: char) -> Letter {
    Letter::try_from(c).unwrap()
}

pub(super) fn outcome(verdict: Verdict, score: u32) -> Outcome {
    Outcome { verdict, score, score_max: 10 }
}

pub(super) fn problem(points: u32) -> Problem {
    Problem {
        title: "Sums".into(),
        points,
        cpu_ms: 1000,
        memory_bytes: 1 << 28,
        cases: 10,
        paper: Uuid::from_u128(77),
    }
}

/// Five hours from [`START`] on, the last of them frozen.
pub(super) fn creation(scoring: Scoring) -> Creation {
    Creation {
        title: "Finals".into(),
        description: "Be **nice**.".into(),
        scoring,
        starts_at: Timestamp::from_ms(START),
        ends_at: Timestamp::from_ms(START + 5 * HOUR),
        freeze_at: Some(Timestamp::from_ms(START + 4 * HOUR)),
        languages: vec![],
    }
}

impl Stage {
    pub(super) fn empty() -> Self {
        let room = room(ContestId(Uuid::from_u128(7)));
        let own = [1, 2, 3].map(|n| Audience::Own(account(n)));
        Self {
            rules: Contest::new(&room),
            room,
            now: Timestamp::from_ms(START - HOUR),
            revision: 0,
            log: Vec::new(),
            rows: BTreeMap::new(),
            told: BTreeMap::new(),
            watched: [Audience::Public, Audience::Presenter].into_iter().chain(own).collect(),
        }
    }

    /// A contest with problems A, B and C of 100, 200 and 300 points and teams P1, P2 and P3, just begun.
    pub(super) fn new(scoring: Scoring) -> Self {
        let mut stage = Self::empty();
        stage.ask(&organizer(), Command::Create(Box::new(creation(scoring)))).unwrap();
        for (c, points) in [('A', 100), ('B', 200), ('C', 300)] {
            let problem = Box::new(problem(points));
            stage.ask(&organizer(), Command::SetProblem { letter: letter(c), problem }).unwrap();
        }
        (1..=3).for_each(|n| stage.registers(n));
        stage.at(0);
        stage
    }

    pub(super) fn registers(&mut self, n: u128) {
        self.ask(&person(n), Command::Register { name: format!("P{n}") }).unwrap();
    }

    /// It is so many minutes after the beginning.
    pub(super) fn at(&mut self, minutes: u64) {
        self.now = Timestamp::from_ms(START + minutes * MINUTE);
        self.wake();
    }

    fn cx<'a>(&'a self, caller: &'a Caller) -> Cx<'a> {
        let seed = Seed::derive(&[&self.revision.to_le_bytes()]);
        Cx { now: self.now, room: &self.room, caller, seed, revision: self.revision }
    }

    fn take(&mut self, effects: Effects<Contest>) -> Answer<Reply> {
        self.revision += u64::from(!effects.events.is_empty());
        for event in effects.events {
            let bytes = codec::encode(&event);
            let event = codec::decode(&bytes).unwrap();
            self.rules.apply(self.now, &event);
            self.log.push((self.now, bytes));
            for row in self.rules.row_changes(&event) {
                let key = (row.table, row.key);
                match row.value {
                    Some(value) => drop(self.rows.insert(key, value)),
                    None => drop(self.rows.remove(&key)),
                }
            }
            let rows = self.rules.rows().into_iter();
            let rows = rows.map(|row| ((row.table, row.key), row.value.unwrap()));
            assert_eq!(rows.collect::<BTreeMap<_, _>>(), self.rows, "lists show what is");
            for audience in self.watched.clone() {
                if let Some(change) = self.rules.change(&event, &audience) {
                    let json = serde_json::to_string(&change).unwrap();
                    self.told.entry(audience).or_default().push(json);
                }
            }
        }
        effects.reply
    }

    pub(super) fn ask(&mut self, caller: &Caller, command: Command) -> Result<Reply, Refusal> {
        self.wake();
        let effects = self.rules.decide(&self.cx(caller), command)?;
        match self.take(effects) {
            Answer::Now(reply) => Ok(reply),
            other => panic!("answered at once: {other:?}"),
        }
    }

    pub(super) fn refused(&mut self, caller: &Caller, command: Command) -> String {
        self.ask(caller, command).unwrap_err().code.into_owned()
    }

    pub(super) fn wake(&mut self) {
        while self.rules.wake_at().is_some_and(|at| at <= self.now) {
            let effects = self.rules.wake(&self.cx(&Caller::System));
            assert!(!effects.events.is_empty());
            self.take(effects);
        }
    }

    /// Team `n` sends in a program for problem `c`; its id.
    pub(super) fn sends(&mut self, n: u128, c: char) -> SubmissionId {
        match self.try_to_send(n, c) {
            Ok(Reply::Submission(info, _)) => info.id,
            other => panic!("it is taken: {other:?}"),
        }
    }

    /// It does so `many` times.
    pub(super) fn floods(&mut self, n: u128, c: char, many: usize) {
        for _ in 0..many {
            self.sends(n, c);
        }
    }

    pub(super) fn try_to_send(&mut self, n: u128, c: char) -> Result<Reply, Refusal> {
        let language = "python".into();
        let program = Uuid::from_u128(9);
        self.ask(&person(n), Command::Submit { letter: letter(c), language, program, bytes: 12 })
    }

    pub(super) fn owes(&self) -> Vec<(DutyId, ToJudge)> {
        let one = |duty: Duty| match duty.work {
            Work::External { kind: JUDGE, payload } => (duty.id, codec::decode(&payload).unwrap()),
            other => panic!("it owes nothing else: {other:?}"),
        };
        self.rules.duties().into_iter().map(one).collect()
    }

    pub(super) fn end(&mut self, duty: DutyId, result: DutyResult) {
        let effects = self.rules.duty_done(&self.cx(&Caller::System), duty, result);
        self.take(effects);
    }

    /// The judge says what came of it, twice, as it may that was killed in between.
    pub(super) fn judges(&mut self, id: SubmissionId, outcome: Outcome) {
        let owed = self.owes().into_iter().find(|(_, one)| one.submission == id);
        let (duty, _) = owed.expect("it is owed");
        let result = DutyResult::Done(codec::encode(&outcome));
        self.end(duty, result.clone());
        self.end(duty, result);
    }

    /// Team `n` sends in a program for `c`, and it is judged.
    pub(super) fn tries(&mut self, n: u128, c: char, verdict: Verdict) -> SubmissionId {
        let id = self.sends(n, c);
        self.judges(id, outcome(verdict, if verdict.is_accepted() { 10 } else { 4 }));
        id
    }

    pub(super) fn seen(&self, audience: &Audience) -> ContestInfo {
        self.rules.view(self.now, audience).unwrap()
    }

    /// Place, name, score and penalty of each, as `1 P1 2 45; 2 P2 0 0`.
    pub(super) fn board(&self, audience: &Audience) -> String {
        let info = self.seen(audience);
        let rows = board::told(info.truly.unwrap_or(info.board));
        rows.join("; ")
    }

    pub(super) fn rebuilt(&self) {
        let mut again = Contest::new(&self.room);
        for (at, bytes) in &self.log {
            again.apply(*at, &codec::decode(bytes).unwrap());
        }
        assert_eq!(again, self.rules, "rebuilt from its events");
        assert_eq!(codec::decode::<Contest>(&codec::encode(&again)).unwrap(), again);
    }
}

#[test]
fn a_contest_is_prepared_begins_and_ends_by_itself() {
    let mut stage = Stage::empty();
    let create = || Command::Create(Box::new(creation(Scoring::Icpc)));
    assert_eq!(stage.refused(&person(1), create()), "forbidden");
    stage.ask(&organizer(), create()).unwrap();
    let set = |c| Command::SetProblem { letter: letter(c), problem: Box::new(problem(100)) };
    assert_eq!(stage.refused(&person(1), set('A')), "not_the_organizer");
    stage.ask(&organizer(), set('A')).unwrap();
    stage.ask(&organizer(), set('B')).unwrap();
    stage.ask(&organizer(), Command::RemoveProblem { letter: letter('B') }).unwrap();
    stage.registers(1);
    let read = || Command::ReadProblem { letter: letter('A') };
    assert_eq!(stage.seen(&Audience::Public).problems, vec![], "nobody sees them before");
    assert_eq!(stage.refused(&person(1), read()), "not_found");
    assert!(stage.ask(&organizer(), read()).is_ok());
    assert_eq!(stage.try_to_send(1, 'A').unwrap_err().code, "contest_not_begun");
    stage.at(0);
    let seen = stage.seen(&Audience::Public);
    assert_eq!((seen.head.phase, seen.problems.len()), (Phase::Running, 1));
    stage.sends(1, 'A');
    assert_eq!(
        stage.refused(&organizer(), Command::RemoveProblem { letter: letter('A') }),
        "problem_tried"
    );
    assert_eq!(stage.refused(&person(1), Command::Leave), "already_submitted");
    stage.at(5 * 60);
    assert_eq!(stage.try_to_send(1, 'A').unwrap_err().code, "contest_over");
    assert_eq!(stage.refused(&organizer(), set('A')), "contest_over");
    stage.rebuilt();
}

#[test]
fn times_that_make_no_sense_are_refused() {
    let time = |hours: u64| Timestamp::from_ms(START + hours * HOUR);
    let mut stage = Stage::empty();
    let early = Timestamp::from_ms(5);
    for (starts_at, ends_at, freeze_at) in [
        (time(1), time(1), None),
        (early, time(1), None),
        (time(0), time(800), None),
        (time(9000), time(9001), None),
        (time(0), time(2), Some(time(3))),
    ] {
        let creation = Creation { starts_at, ends_at, freeze_at, ..creation(Scoring::Icpc) };
        assert_eq!(stage.refused(&organizer(), Command::Create(Box::new(creation))), "bad_times");
    }
}

#[test]
fn what_was_seen_is_not_hidden_and_what_is_hidden_not_seen_by_another_freeze() {
    let mut stage = Stage::new(Scoring::Icpc);
    let change = |patch| Command::Change(Box::new(patch));
    let at = |minutes| Timestamp::from_ms(START + minutes * MINUTE);
    let freeze = |time| change(Patch { freeze_at: Some(time), ..Patch::default() });
    stage.at(60);
    assert_eq!(stage.refused(&organizer(), freeze(Some(at(50)))), "bad_times");
    stage.ask(&organizer(), freeze(Some(at(120)))).unwrap();
    let begin = change(Patch { starts_at: Some(at(90)), ..Patch::default() });
    assert_eq!(stage.refused(&organizer(), begin), "contest_began");
    stage.at(120);
    assert!(stage.seen(&Audience::Public).head.frozen);
    assert_eq!(stage.refused(&organizer(), freeze(None)), "contest_frozen");
    let longer = change(Patch { ends_at: Some(at(400)), ..Patch::default() });
    stage.ask(&organizer(), longer).unwrap();
    stage.at(399);
    stage.sends(1, 'A');
    stage.rebuilt();
}

#[test]
fn a_contest_that_is_put_off_is_in_one_list() {
    let mut stage = Stage::empty();
    stage.ask(&organizer(), Command::Create(Box::new(creation(Scoring::Icpc)))).unwrap();
    let later = Timestamp::from_ms(START + HOUR);
    let patch = Patch { starts_at: Some(later), title: Some("Later".into()), ..Patch::default() };
    stage.ask(&organizer(), Command::Change(Box::new(patch))).unwrap();
    stage.at(0);
    assert_eq!(stage.seen(&Audience::Public).head.phase, Phase::Scheduled);
    stage.at(60);
    assert_eq!(stage.seen(&Audience::Public).head.title, "Later");
    stage.rebuilt();
}

#[test]
fn whoever_takes_part_has_a_name_of_their_own() {
    let mut stage = Stage::new(Scoring::Icpc);
    let named = |name: &str| Command::Register { name: name.into() };
    assert_eq!(stage.refused(&person(4), named("p1")), "name_taken");
    assert_eq!(stage.refused(&organizer(), named("Org")), "organizer_cannot_take_part");
    stage.ask(&person(1), named("Ones")).unwrap();
    stage.ask(&person(4), named("P1")).unwrap();
    stage.ask(&person(2), Command::Leave).unwrap();
    assert_eq!(stage.board(&Audience::Public), "1 Ones 0 0; 1 P3 0 0; 1 P1 0 0");
    assert_eq!(stage.rules.audience(&person(2)), Some(Audience::Public));
    assert_eq!(stage.try_to_send(2, 'A').unwrap_err().code, "not_registered");
    stage.registers(2);
    assert_eq!(stage.board(&Audience::Public), "1 Ones 0 0; 1 P2 0 0; 1 P3 0 0; 1 P1 0 0");
    stage.rebuilt();
}

#[test]
fn a_contest_has_only_the_languages_that_it_names() {
    let mut stage = Stage::new(Scoring::Icpc);
    let languages = Some(vec!["c".to_owned(), "rust".to_owned()]);
    let patch = Patch { languages, ..Patch::default() };
    stage.ask(&organizer(), Command::Change(Box::new(patch))).unwrap();
    assert_eq!(stage.try_to_send(1, 'A').unwrap_err().code, "language_not_allowed");
}
