//! Polls straight from their rules, and the exports of them.

use std::time::Duration;

use playhouse_domain::duty::DutyResult;
use playhouse_domain::poll::{
    Asking, Choice, Command, Definition, Digest16, Kind, Poll, Receipt, Reply, Results, Voter,
    Voters, chain::Hash, export, room,
};
use playhouse_domain::room::{Caller, Cx, Effects, Reply as Answer, Role, Rules, Seed};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{AccountId, GuestId, PollId, RoomId};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use uuid::Uuid;

/// What an export is made of, and what was told of it.
pub(super) struct Export {
    pub(super) csv: String,
    /// The closing hash, if the poll is closed.
    pub(super) closing: Option<Hash>,
    pub(super) receipts: Vec<Receipt>,
}

/// A poll, with the clock in the test's hand.
pub(super) struct Stage {
    rules: Poll,
    room: RoomId,
    now: Timestamp,
    revision: u64,
    secret: bool,
    receipts: Vec<Receipt>,
}

fn presenter() -> Caller {
    Caller::Account { id: AccountId(Uuid::from_u128(99)), role: Role::Organizer }
}

/// A poll for devices with options that a careless reader of CSV trips over.
pub(super) fn asks(kind: Kind, change: bool) -> Definition {
    let options = match kind {
        Kind::Rating | Kind::Words { .. } => vec![],
        _ => {
            ["plain", "with, comma", "say \"no\"", "back\\slash", "日本語 ☃"].map(Into::into).into()
        }
    };
    Definition {
        title: "Which, \"of these\", is naïve?".into(),
        kind,
        options,
        voters: Voters::Device,
        results: Results::Live,
        change,
        secret: false,
        seconds: matches!(kind, Kind::Quiz { .. }).then_some(60),
        questions: Asking::Off,
        ballot_key: None,
    }
}

impl Stage {
    pub(super) fn new(definition: Definition) -> Self {
        let room = room(PollId(Uuid::from_u128(7)));
        let now = Timestamp::from_ms(1_000_000_000);
        let (rules, secret) = (Poll::new(&room), definition.secret);
        let mut stage = Self { rules, room, now, revision: 0, secret, receipts: Vec::new() };
        stage.ask(&presenter(), Command::Create(Box::new(definition)));
        while let Some(duty) = stage.rules.duties().first() {
            let done = DutyResult::Done(vec![]);
            let effects = stage.rules.duty_done(&stage.cx(&Caller::System), duty.id, done);
            stage.take(effects);
        }
        stage
    }

    fn cx<'a>(&'a self, caller: &'a Caller) -> Cx<'a> {
        let seed = Seed::derive(&[&self.revision.to_le_bytes()]);
        Cx { now: self.now, room: &self.room, caller, seed, revision: self.revision }
    }

    fn take(&mut self, effects: Effects<Poll>) -> Answer<Reply> {
        self.revision += u64::from(!effects.events.is_empty());
        effects.events.iter().for_each(|event| self.rules.apply(self.now, event));
        effects.reply
    }

    fn ask(&mut self, caller: &Caller, command: Command) -> Answer<Reply> {
        let effects = self.rules.decide(&self.cx(caller), command).expect("nothing is refused");
        self.take(effects)
    }

    /// What the presenter asks; the closing hash, once there is one.
    pub(super) fn run(&mut self, command: Command) -> Option<Hash> {
        match self.ask(&presenter(), command) {
            Answer::Now(Reply::Poll(info)) => info.closing,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn pass(&mut self, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
    }

    /// Device `n` votes, or whoever has the `n`th ballot of a secret poll.
    pub(super) fn vote(&mut self, n: u128, choice: Choice, name: Option<&str>) {
        let guest = GuestId(Uuid::from_u128(1000 + n));
        let (caller, voter) = match self.secret {
            true => (Caller::Nobody, Voter::Ballot(Digest16::of(&n.to_le_bytes()))),
            false => (Caller::Guest(guest), Voter::Device(guest)),
        };
        let name = name.map(str::to_owned);
        match self.ask(&caller, Command::Vote { voter, choice, name, key: None }) {
            Answer::Now(Reply::Voted(receipt)) => self.receipts.push(receipt),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn forget_receipts(&mut self) {
        self.receipts.clear();
    }

    /// The whole log of the round as it is now.
    pub(super) fn export(&mut self, closing: Option<Hash>) -> Export {
        let (mut csv, mut round, mut after) = (String::new(), None, None);
        loop {
            let answer = self.ask(&presenter(), Command::Export { round, after });
            let Answer::Now(Reply::Page(page)) = answer else { panic!("{answer:?}") };
            csv.push_str(&export::csv(&page));
            (round, after) = (Some(page.round), page.next);
            if after.is_none() {
                return Export { csv, closing, receipts: self.receipts.clone() };
            }
        }
    }

    /// So many voters, each with a chance to vote again where that is allowed.
    pub(super) fn crowd(&mut self, chance: &mut StdRng, asks: &Definition, voters: u128) {
        for n in 0..voters {
            self.pass(chance.random_range(0..200));
            let names = ["Ann", "O\"Neil, jr", "=1+1", "Zoë ☃", "\\u0000 {}"];
            let quiz = matches!(asks.kind, Kind::Quiz { .. });
            let name = quiz.then(|| names[chance.random_range(0..names.len())]);
            self.vote(n, choice(chance, asks), name);
            if asks.change && chance.random_bool(0.3) {
                let again = chance.random_range(0..=n);
                self.vote(again, choice(chance, asks), None);
            }
        }
    }
}

/// Any choice that `asks` allows.
fn choice(chance: &mut StdRng, asks: &Definition) -> Choice {
    let mut options: Vec<u8> = (0..asks.options.len() as u8).collect();
    options.shuffle(chance);
    let some = chance.random_range(1..=asks.kind.max(asks.options.len()));
    match asks.kind {
        Kind::Rating => Choice::Options(vec![chance.random_range(1..=5)]),
        Kind::Words { .. } => {
            let words = ["Rust", "RUST", "Straße", "ice cream", "\"", "a,b", "日本", "ﬁne", "=x"];
            let mut word = || words[chance.random_range(0..words.len())].to_owned();
            Choice::Words((0..some).map(|_| word()).collect())
        }
        _ => Choice::Options(options[..some].to_vec()),
    }
}

/// A poll of `kind` with so many voters, opened and closed.
pub(super) fn held(chance: &mut StdRng, kind: Kind, change: bool, voters: u128) -> Export {
    held_as(chance, &asks(kind, change), voters)
}

/// A secret poll, whose votes can be changed.
pub(super) fn held_in_secret(chance: &mut StdRng, voters: u128) -> Export {
    let mut asks = asks(Kind::Multiple { max: 2 }, true);
    (asks.secret, asks.results) = (true, Results::AfterClose);
    asks.ballot_key = Some("a-key".into());
    held_as(chance, &asks, voters)
}

fn held_as(chance: &mut StdRng, asks: &Definition, voters: u128) -> Export {
    let mut stage = Stage::new(asks.clone());
    stage.run(Command::Open);
    stage.crowd(chance, asks, voters);
    let closing = stage.run(Command::Close);
    stage.export(closing)
}

/// The second round of a poll.
pub(super) fn second_round(chance: &mut StdRng, voters: u128) -> Export {
    let asks = asks(Kind::Ranked, true);
    let mut stage = Stage::new(asks.clone());
    stage.run(Command::Open);
    stage.crowd(chance, &asks, voters / 2);
    stage.run(Command::Close);
    stage.run(Command::Reset);
    stage.forget_receipts();
    stage.run(Command::Open);
    stage.crowd(chance, &asks, voters);
    let closing = stage.run(Command::Close);
    stage.export(closing)
}
