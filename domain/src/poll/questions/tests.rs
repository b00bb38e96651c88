//! Stories and properties of questions.

mod random;

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_protocol::codec;
use playhouse_protocol::ids::GuestId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::decide::{QUESTIONS_EACH_MAX, QUESTIONS_MAX, UPVOTES_MAX};
use super::*;
use crate::poll::tests::{person, presenter};
use crate::poll::voter::Digest16;
use crate::room::{Caller, Reply as Answer, Role, Seed};

const AUDIENCES: [Audience; 2] = [Audience::Public, Audience::Presenter];

/// The questions in the hand of a test: every command, event and state goes through the codec, and
/// what must hold is checked after each event.
struct Stage {
    rules: Questions,
    room: RoomId,
    now: Timestamp,
    revision: u64,
    version: u64,
    log: Vec<(Timestamp, Vec<u8>)>,
    /// What each audience was told last, and the changes since, merged.
    told: [(Value, Option<Change>); 2],
}

fn guest(n: u128) -> Caller {
    Caller::Guest(GuestId(Uuid::from_u128(n)))
}

fn device(n: u128) -> Voter {
    Voter::Device(GuestId(Uuid::from_u128(n)))
}

fn code_of(refused: Result<impl std::fmt::Debug, Refusal>) -> String {
    refused.unwrap_err().code.into_owned()
}

impl Stage {
    fn empty() -> Self {
        let room = room(PollId(Uuid::from_u128(7)));
        Self {
            rules: Questions::new(&room),
            room,
            now: Timestamp::from_ms(1_000_000),
            revision: 0,
            version: 0,
            log: Vec::new(),
            told: [(Value::Null, None), (Value::Null, None)],
        }
    }

    fn new(mode: Asking) -> Self {
        let mut stage = Self::empty();
        stage.configure(Voters::Device, mode);
        stage
    }

    /// The poll tells whose it is, and who may ask.
    fn configure(&mut self, voters: Voters, mode: Asking) {
        self.version += 1;
        let (version, owner) = (self.version, presenter().account().unwrap());
        let poll = Caller::Room(crate::poll::room(self.rules.poll));
        self.ask(&poll, Command::Configure { version, owner, voters, mode }).unwrap();
    }

    fn decide(&self, caller: &Caller, command: &Command) -> Result<Effects<Questions>, Refusal> {
        let command = codec::decode(&codec::encode(command)).unwrap();
        let (now, room, revision) = (self.now, &self.room, self.revision);
        self.rules.decide(&Cx { now, room, caller, seed: Seed([7; 32]), revision }, command)
    }

    fn ask(&mut self, caller: &Caller, command: Command) -> Result<Reply, Refusal> {
        let effects = self.decide(caller, &command)?;
        self.revision += u64::from(!effects.events.is_empty());
        effects.events.iter().for_each(|event| self.take(event));
        let Answer::Now(reply) = effects.reply else { panic!("{command:?} is answered at once") };
        assert_eq!(codec::decode::<Reply>(&codec::encode(&reply)).unwrap(), reply);
        if let Reply::Question(told) = &reply {
            let now = self.rules.questions.get(&told.id).map(|q| q.view(told.id, true));
            assert_eq!(now.as_ref(), Some(told), "the answer is what is true now");
        }
        Ok(reply)
    }

    fn take(&mut self, event: &Event) {
        let bytes = codec::encode(event);
        let event: Event = codec::decode(&bytes).unwrap();
        self.rules.apply(self.now, &event);
        self.log.push((self.now, bytes));
        for (to, (view, pending)) in AUDIENCES.iter().zip(&mut self.told) {
            if let Some(next) = self.rules.change(&event, to) {
                match pending {
                    Some(pending) => Questions::merge(pending, next),
                    None => *pending = Some(next),
                }
            }
            // Some changes are told one by one, others together.
            let mut folded = view.clone();
            fold(&mut folded, pending.as_ref());
            let seen = serde_json::to_value(self.rules.view(self.now, to)).unwrap();
            assert_eq!(folded, seen, "changes lead {to:?} from view to view");
            if self.log.len().is_multiple_of(3) {
                (*view, *pending) = (seen, None);
            }
        }
        self.check();
    }

    /// What must hold after every event.
    fn check(&self) {
        let Questions { questions, by_voter, upvotes, asked, .. } = &self.rules;
        let mut each: BTreeMap<Voter, u32> = BTreeMap::new();
        questions.values().for_each(|q| *each.entry(q.voter).or_default() += 1);
        assert_eq!(*by_voter, each, "how many each asked is the fold of the questions");
        assert!(each.values().all(|asked| *asked <= QUESTIONS_EACH_MAX));
        let wants: usize = questions.values().map(|q| q.votes.len()).sum();
        assert_eq!(*upvotes as usize, wants, "up-votes are the fold of who wants what");
        assert!(questions.keys().all(|id| id <= asked), "ids are never given twice");
        let Some(view) = self.rules.view(self.now, &Audience::Public) else { return };
        let shown = questions.iter().filter(|(_, q)| q.standing == Standing::Shown);
        let shown: Vec<u32> = shown.map(|(id, _)| *id).collect();
        assert_eq!(view.questions.iter().map(|q| q.id).collect::<Vec<_>>(), shown);
        assert!(view.questions.iter().all(|q| q.standing.is_none()));
    }

    /// The state is what its events make of it, from the first on and from any snapshot on.
    fn check_replay(&self) {
        let mut replayed = Questions::new(&self.room);
        for (at, event) in &self.log {
            replayed = codec::decode(&codec::encode(&replayed)).unwrap();
            replayed.apply(*at, &codec::decode(event).unwrap());
        }
        assert_eq!(replayed, self.rules);
    }

    /// Device `n` asks `text`.
    fn asks(&mut self, n: u128, text: &str) -> Result<QuestionView, Refusal> {
        let (voter, text, name) = (device(n), text.to_owned(), None);
        match self.ask(&guest(n), Command::Ask { voter, text, name })? {
            Reply::Question(question) => Ok(question),
            other => panic!("{other:?}"),
        }
    }

    /// How many want `question`, once device `n` does, or no longer does.
    fn wants(&mut self, n: u128, question: u32, up: bool) -> Result<u32, Refusal> {
        match self.ask(&guest(n), Command::Vote { voter: device(n), question, up })? {
            Reply::Question(question) => Ok(question.votes),
            other => panic!("{other:?}"),
        }
    }

    fn show(&mut self, question: u32, shown: bool) -> Result<Reply, Refusal> {
        self.ask(&presenter(), Command::Show { question, shown })
    }

    fn mine(&mut self, n: u128) -> Mine {
        let mine = self.ask(&guest(n), Command::Mine { voter: device(n) }).unwrap();
        let Reply::Mine(mine) = mine else { panic!("{mine:?}") };
        mine
    }

    /// The ids that an audience sees.
    fn seen(&self, audience: &Audience) -> Vec<u32> {
        let view = self.rules.view(self.now, audience).unwrap();
        view.questions.iter().map(|question| question.id).collect()
    }
}

/// Puts `change` into the view that a watcher has, as the documentation of [`Change`] says.
fn fold(view: &mut Value, change: Option<&Change>) {
    let Some(change) = change else { return };
    let change = serde_json::to_value(change).unwrap();
    if view.is_null() {
        *view = json!({ "questions": [] });
    }
    if let Some(mode) = change.get("mode") {
        view["mode"] = mode.clone();
    }
    let list = view["questions"].as_array_mut().unwrap();
    let mut all: BTreeMap<u64, Value> = match change.get("cleared") {
        Some(_) => BTreeMap::new(),
        None => list.drain(..).map(|q| (q["id"].as_u64().unwrap(), q)).collect(),
    };
    let parts = |name: &str| change.get(name).and_then(Value::as_object).cloned();
    for (id, question) in parts("questions").unwrap_or_default() {
        let id = id.parse().unwrap();
        match question.is_null() {
            true => drop(all.remove(&id)),
            false => drop(all.insert(id, question)),
        }
    }
    for (id, votes) in parts("votes").unwrap_or_default() {
        all.get_mut(&id.parse().unwrap()).unwrap()["votes"] = votes;
    }
    *list = all.into_values().collect();
}

#[test]
fn a_question_is_asked_and_wanted_once_by_each_and_back() {
    let mut stage = Stage::new(Asking::Open);
    let question = stage.asks(1, " Why? ").unwrap();
    assert_eq!((question.id, question.text.as_str(), question.votes), (1, "Why?", 0));
    assert_eq!(stage.wants(2, 1, true), Ok(1));
    let records = stage.log.len();
    assert_eq!(stage.wants(2, 1, true), Ok(1), "once by each");
    assert_eq!(stage.log.len(), records);
    assert_eq!(stage.wants(1, 1, true), Ok(2), "its asker may, too");
    assert_eq!(stage.mine(1), Mine { asked: vec![1], wanted: vec![1] });
    assert_eq!(stage.mine(2), Mine { asked: vec![], wanted: vec![1] });
    assert_eq!(stage.wants(2, 1, false), Ok(1));
    assert_eq!(stage.wants(2, 1, false), Ok(1));
    assert_eq!(code_of(stage.wants(2, 9, true)), "not_found");
    stage.check_replay();
}

#[test]
fn a_question_that_is_asked_twice_is_one() {
    let mut stage = Stage::new(Asking::Open);
    let first = stage.asks(1, "Why?").unwrap();
    let records = stage.log.len();
    stage.now = stage.now + Duration::from_secs(5);
    assert_eq!(stage.asks(1, "Why? "), Ok(first));
    assert_eq!(stage.log.len(), records);
    assert_eq!(stage.asks(2, "Why?").unwrap().id, 2, "another's is another one");
}

#[test]
fn a_moderated_question_waits_and_every_decision_can_be_taken_back() {
    let mut stage = Stage::new(Asking::Moderated);
    let question = stage.asks(1, "Why?").unwrap();
    assert_eq!(question.standing, Some(Standing::Waiting), "its asker is told");
    assert_eq!(
        (stage.seen(&Audience::Public), stage.seen(&Audience::Presenter)),
        (vec![], vec![1])
    );
    assert_eq!(code_of(stage.wants(2, 1, true)), "not_found", "what is not seen is not wanted");
    stage.show(1, true).unwrap();
    assert_eq!(stage.seen(&Audience::Public), [1]);
    assert_eq!(stage.wants(2, 1, true), Ok(1));
    stage.show(1, false).unwrap();
    assert_eq!(
        (stage.seen(&Audience::Public), stage.seen(&Audience::Presenter)),
        (vec![], vec![1])
    );
    assert_eq!(code_of(stage.wants(2, 1, false)), "not_found");
    stage.show(1, true).unwrap();
    assert_eq!(stage.wants(3, 1, true), Ok(2), "its up-votes came back with it");
    for answered in [true, false] {
        stage.ask(&presenter(), Command::Answer { question: 1, answered }).unwrap();
        let seen = stage.rules.view(stage.now, &Audience::Public).unwrap();
        assert_eq!(seen.questions[0].answered, answered);
    }
    assert_eq!(code_of(stage.show(2, true)), "not_found");
    stage.check_replay();
}

#[test]
fn only_whoever_made_the_poll_moderates() {
    let mut stage = Stage::new(Asking::Open);
    stage.asks(1, "Why?").unwrap();
    let commands = [
        Command::Show { question: 1, shown: false },
        Command::Answer { question: 1, answered: true },
        Command::Clear,
    ];
    for caller in [guest(1), person(1), Caller::Nobody] {
        for command in commands.clone() {
            assert_eq!(code_of(stage.ask(&caller, command)), "forbidden", "{caller:?}");
        }
    }
    let admin = Caller::Account { id: AccountId(Uuid::from_u128(5)), role: Role::Admin };
    for command in commands {
        stage.ask(&admin, command).unwrap();
    }
    assert!(stage.seen(&Audience::Presenter).is_empty());
    assert_eq!(stage.asks(1, "Why?").unwrap().id, 2, "an id is not given twice");
}

#[test]
fn whoever_runs_the_poll_sees_what_is_hidden_and_nobody_else() {
    let stage = Stage::new(Asking::Open);
    let admin = Caller::Account { id: AccountId(Uuid::from_u128(5)), role: Role::Admin };
    for caller in [presenter(), admin] {
        assert_eq!(stage.rules.audience(&caller), Some(Audience::Presenter), "{caller:?}");
    }
    for caller in [guest(1), person(1), Caller::Nobody] {
        assert_eq!(stage.rules.audience(&caller), Some(Audience::Public), "{caller:?}");
    }
    assert_eq!(Stage::empty().rules.audience(&presenter()), None, "there are no questions");
}

#[test]
fn those_ask_who_may_vote_and_as_themselves() {
    let person_voter = Voter::Account(person(1).account().unwrap());
    let code = Voter::Code(Digest16::of(b"code"));
    let cases = [
        (Voters::Anyone, guest(1), device(1), true),
        (Voters::Anyone, Caller::Nobody, Voter::Anyone(Uuid::nil()), false),
        (Voters::Device, guest(1), device(1), true),
        (Voters::Device, guest(2), device(1), false),
        (Voters::Device, person(1), person_voter, false),
        (Voters::Account, person(1), person_voter, true),
        (Voters::Account, person(2), person_voter, false),
        (Voters::Account, guest(1), device(1), false),
        (Voters::Code, Caller::Nobody, code, true),
        (Voters::Code, guest(1), device(1), false),
        (Voters::Device, Caller::Nobody, Voter::Ballot(Digest16::of(b"token")), false),
    ];
    for (voters, caller, voter, may) in cases {
        let mut stage = Stage::empty();
        stage.configure(voters, Asking::Open);
        let (text, name) = ("Why?".to_owned(), Some(" Ann ".to_owned()));
        let asked = stage.ask(&caller, Command::Ask { voter, text, name });
        match may {
            true => {
                let Ok(Reply::Question(told)) = asked else { panic!("{asked:?}") };
                assert_eq!(told.name.as_deref(), Some("Ann"));
            }
            false => assert_eq!(code_of(asked), "wrong_voter", "{voters:?} {voter:?}"),
        }
    }
}

#[test]
fn the_poll_alone_says_who_may_ask_and_its_newest_word_holds() {
    let mut stage = Stage::empty();
    assert_eq!(code_of(stage.asks(1, "Why?")), "not_found", "nobody told of a poll");
    stage.configure(Voters::Device, Asking::Open);
    stage.asks(1, "Why?").unwrap();
    stage.configure(Voters::Device, Asking::Off);
    assert_eq!(code_of(stage.asks(1, "How?")), "questions_off");
    assert_eq!(code_of(stage.wants(2, 1, true)), "questions_off");
    assert_eq!(stage.seen(&Audience::Public), [1], "what was asked stays");
    let owner = presenter().account().unwrap();
    let late = Command::Configure { version: 1, owner, voters: Voters::Device, mode: Asking::Open };
    let poll = Caller::Room(crate::poll::room(stage.rules.poll));
    stage.ask(&poll, late.clone()).unwrap();
    assert_eq!(code_of(stage.asks(1, "How?")), "questions_off", "what comes late is ignored");
    let other = Caller::Room(crate::poll::room(PollId(Uuid::from_u128(8))));
    for caller in [presenter(), guest(1), other] {
        assert_eq!(code_of(stage.ask(&caller, late.clone())), "not_found");
    }
}

#[test]
fn questions_and_up_votes_have_their_bounds() {
    let mut stage = Stage::new(Asking::Open);
    for text in ["", " \n ", "a\u{200b}b", &"x".repeat(201)] {
        assert_eq!(code_of(stage.asks(1, text)), "bad_text", "{text:?}");
    }
    for n in 0..QUESTIONS_MAX as u128 {
        // Those who asked ten are refused whoever else has room.
        let each = u128::from(QUESTIONS_EACH_MAX);
        let (voter, text, name) = (device(n / each), format!("{n}?"), None);
        let standing = Standing::Shown;
        stage.rules.apply(stage.now, &Event::Asked { voter, text, name, standing });
    }
    assert_eq!(code_of(stage.asks(0, "more?")), "asked_too_often");
    assert_eq!(code_of(stage.asks(9999, "more?")), "too_many_questions");
    assert_eq!(stage.asks(0, "0?").unwrap().id, 1, "a repeat has its answer");
    stage.rules.upvotes = UPVOTES_MAX;
    let vote = |n, up| Command::Vote { voter: device(n), question: 1, up };
    let refused = stage.decide(&guest(1), &vote(1, true)).err().unwrap();
    assert_eq!(refused.code, "too_many_upvotes");
    assert!(stage.decide(&guest(1), &vote(1, false)).is_ok());
}
