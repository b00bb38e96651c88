//! A match in the hand of a test: every event goes through the codec, and what must hold is checked after
//! each. The ticker plays the match with bots for everybody.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::codec;
use playhouse_protocol::game::{EntitySet, Table, ViewTick};
use playhouse_protocol::ids::{AccountId, GuestId, MatchId, RoomId};
use uuid::Uuid;

use super::super::*;
use crate::duty::Work;
use crate::games::bot::{Bot, Sight};
use crate::games::game::{Happenings, SeatInput};
use crate::games::recording::Recording;
use crate::games::replay::{Replay, Verified};
use crate::games::{Seat, find};
use crate::room::{Reply as Answer, Role, Seed};

pub(super) struct Stage {
    pub(super) room: RoomId,
    pub(super) rules: Match,
    pub(super) now: Timestamp,
    pub(super) revision: u64,
    /// Every event with its time, as it is stored.
    log: Vec<(Timestamp, Vec<u8>)>,
    rows: BTreeMap<(String, String), String>,
    /// Each person's tickets, newest last, with whether they were used.
    pub(super) tickets: BTreeMap<u128, Vec<TokenHash>>,
    /// Each person's resume tokens, newest last.
    pub(super) tokens: BTreeMap<u128, Vec<TokenHash>>,
    used: BTreeSet<[u8; 32]>,
    /// Each person's newest connection.
    pub(super) entries: BTreeMap<u128, Entered>,
    drawn: u64,
    /// Which run of the server it is.
    pub(super) via: u64,
    pub(super) ticker: Option<Ticker>,
}

/// Plays the match.
pub(super) struct Ticker {
    pub(super) recording: Recording,
    bots: BTreeMap<Seat, Box<dyn Bot>>,
    settings: String,
    /// What was taken and is not told yet.
    pub(super) untold: Option<Ticks>,
}

pub(super) fn start() -> Timestamp {
    Timestamp::from_ms(1_000_000_000)
}

pub(super) fn second(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Person 1 to 9; the even ones are guests.
pub(super) fn person(n: u128) -> Caller {
    match n % 2 {
        0 => Caller::Guest(GuestId(Uuid::from_u128(n))),
        _ => Caller::Account { id: AccountId(Uuid::from_u128(n)), role: Role::User },
    }
}

/// An arena with four seats, one of them a bot's.
pub(super) fn creation() -> Creation {
    Creation {
        game: "arena".into(),
        title: Some("Friday".into()),
        settings: Some(r#"{"map":"open","minutes":1}"#.into()),
        seats: 4,
        bots: 1,
        listed: true,
    }
}

impl Stage {
    pub(super) fn empty() -> Self {
        let room = room(MatchId(Uuid::from_u128(7)));
        Self {
            rules: Match::new(&room),
            room,
            now: start(),
            revision: 0,
            log: Vec::new(),
            rows: BTreeMap::new(),
            tickets: BTreeMap::new(),
            tokens: BTreeMap::new(),
            used: BTreeSet::new(),
            entries: BTreeMap::new(),
            drawn: 0,
            via: 1,
            ticker: None,
        }
    }

    /// A match that person 1 made.
    pub(super) fn new(creation: Creation) -> Self {
        let mut stage = Self::empty();
        stage.ask(&person(1), Command::Create(Box::new(creation))).unwrap();
        stage
    }

    fn cx<'a>(&'a self, caller: &'a Caller) -> Cx<'a> {
        let seed = Seed::derive(&[&self.revision.to_le_bytes()]);
        Cx { now: self.now, room: &self.room, caller, seed, revision: self.revision }
    }

    /// Takes in one record, as the host does.
    fn take(&mut self, effects: Effects<Match>) -> Answer<Reply> {
        if !effects.events.is_empty() {
            let told = |event: &Event| {
                matches!(
                    event,
                    Event::Rated(_)
                        | Event::Reported
                        | Event::Judged { .. }
                        | Event::Corrected
                        | Event::Deleted { .. }
                )
            };
            assert!(
                !self.rules.phase.is_over() || effects.events.iter().all(told),
                "nothing happens after the end but what others say of it, verdicts, and that it is deleted: {:?}",
                effects.events
            );
            self.revision += 1;
        }
        for event in effects.events {
            let bytes = codec::encode(&event);
            assert!(bytes.len() < 64 * 1024, "an event of {} bytes", bytes.len());
            let event: Event = codec::decode(&bytes).unwrap();
            let (before, tick) = (self.rules.seen(), self.rules.course.tick);
            self.rules.apply(self.now, &event);
            self.log.push((self.now, bytes));
            let after = self.rules.seen();
            let change = self.rules.change(&event, &Audience::Public);
            assert!(change == after || before == after, "{event:?} shows");
            let deleted = self.rules.is_deleted();
            assert!(self.rules.course.tick >= tick || deleted, "time does not go back");
            for row in self.rules.row_changes(&event) {
                let key = (row.table, row.key);
                match row.value {
                    Some(value) => drop(self.rows.insert(key, value)),
                    None => drop(self.rows.remove(&key)),
                }
            }
            self.check();
        }
        effects.reply
    }

    /// What must hold whatever happened.
    fn check(&self) {
        let rules = &self.rules;
        let rows = rules.rows().into_iter().map(|row| ((row.table, row.key), row.value.unwrap()));
        assert_eq!(rows.collect::<BTreeMap<_, _>>(), self.rows, "lists show what is");
        let players: Vec<_> = rules.seats.people().map(|(_, _, person)| person.player).collect();
        let distinct: BTreeSet<_> = players.iter().collect();
        assert_eq!(distinct.len(), players.len(), "one seat for each player");
        let entries: Vec<_> =
            rules.seats.people().map(|(_, one, _)| one.entry).filter(|n| *n > 0).collect();
        assert_eq!(entries.iter().collect::<BTreeSet<_>>().len(), entries.len());
        assert!(entries.iter().all(|entry| *entry <= rules.entries));
        let setup = rules.setup.as_deref().unwrap();
        let is_over = rules.phase.is_over();
        assert_eq!(rules.seats.iter().count() == 0 && rules.free_seats() == 0, is_over);
        assert!(rules.seats.iter().count() <= usize::from(setup.creation.seats));
        let runs = |duty: &Duty| matches!(duty.work, Work::External { kind: RUN, .. });
        let owed = rules.duties().into_iter().filter(runs).count();
        assert_eq!(owed, usize::from(rules.phase == Phase::Active));
        let ended = rules.ending.is_some() || rules.is_deleted();
        assert_eq!((ended, rules.ended_at.is_some()), (is_over, is_over));
        assert_eq!(rules.began_at.is_some(), rules.epoch > 0 || rules.began_at.is_some());
        for (_, seated, person) in rules.seats.people() {
            assert_eq!(seated.came > 0, seated.entry > 0, "who came is in the roster");
            assert!(seated.came <= rules.roster);
            assert_eq!(person.resume.is_some(), seated.entry > 0);
            let invited = rules.arranged.is_some();
            assert!(person.away_until.is_none() || seated.entry > 0 || invited);
        }
        assert!(rules.left.len() <= LEFT_MAX && rules.course.log.len() <= course::LOG_BYTES_MAX);
    }

    pub(super) fn wake(&mut self) {
        for round in 0.. {
            assert!(round < 64, "time moves on");
            if self.rules.wake_at().is_none_or(|at| at > self.now) {
                break;
            }
            let effects = self.rules.wake(&self.cx(&Caller::System));
            assert!(!effects.events.is_empty(), "whoever is woken has something to do");
            self.take(effects);
        }
    }

    pub(super) fn ask(&mut self, caller: &Caller, command: Command) -> Result<Reply, Refusal> {
        self.wake();
        let bytes = codec::encode(&command);
        assert!(bytes.len() < 64 * 1024, "a command of {} bytes", bytes.len());
        let shown = Match::redact(&command);
        assert!(shown.len() < 5000, "{shown}");
        let effects = self.rules.decide(&self.cx(caller), codec::decode(&bytes).unwrap())?;
        let answer = self.take(effects);
        self.wake();
        match answer {
            Answer::Now(reply) => Ok(reply),
            other => panic!("answered at once: {other:?}"),
        }
    }

    pub(super) fn system(&mut self, command: Command) -> Result<Reply, Refusal> {
        self.ask(&Caller::System, command)
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.wake();
    }

    pub(super) fn draw(&mut self) -> TokenHash {
        self.drawn += 1;
        TokenHash::of(&self.drawn.to_le_bytes())
    }

    pub(super) fn join(&mut self, who: u128) -> Result<Reply, Refusal> {
        let ticket = self.draw();
        let reply = self.ask(&person(who), Command::Join { ticket, name: format!("P{who}") })?;
        self.tickets.entry(who).or_default().push(ticket);
        Ok(reply)
    }

    pub(super) fn enter(&mut self, who: u128, ticket: TokenHash) -> Result<Reply, Refusal> {
        let (resume, via) = (self.draw(), self.via);
        let reply = self.ask(&person(who), Command::Enter { ticket, resume, via })?;
        assert!(self.used.insert(ticket.0), "a ticket is used once");
        self.connected(who, resume, &reply);
        Ok(reply)
    }

    pub(super) fn resume(&mut self, who: u128, token: TokenHash) -> Result<Reply, Refusal> {
        let (next, via) = (self.draw(), self.via);
        let seat = self.entries.get(&who).map_or(Seat(99), |entered| entered.seat);
        let reply = self.ask(&Caller::Nobody, Command::Resume { seat, token, next, via })?;
        assert!(self.used.insert(token.0), "a resume token is used once");
        self.connected(who, next, &reply);
        Ok(reply)
    }

    fn connected(&mut self, who: u128, token: TokenHash, reply: &Reply) {
        let Reply::Entered(entered) = reply else { panic!("{reply:?}") };
        self.tokens.entry(who).or_default().push(token);
        self.entries.insert(who, *entered);
    }

    /// Joins and enters.
    pub(super) fn come(&mut self, who: u128) -> Result<Reply, Refusal> {
        self.join(who)?;
        let ticket = *self.tickets[&who].last().unwrap();
        self.enter(who, ticket)
    }

    /// Everybody of `people` comes, and it begins.
    pub(super) fn begin(&mut self, people: &[u128]) {
        people.iter().for_each(|who| drop(self.come(*who).unwrap()));
        people.iter().for_each(|who| drop(self.ask(&person(*who), Command::Ready(true)).unwrap()));
        self.pass(COUNTDOWN);
        assert_eq!(self.rules.phase, Phase::Active);
    }

    /// The ticker takes the match up, as at each attempt at the duty.
    pub(super) fn take_up(&mut self) -> Result<u32, Refusal> {
        let Reply::Run(run) = self.system(Command::TakeUp { via: self.via })? else {
            panic!("no run")
        };
        let settings = run.head.settings.clone();
        let recording = Recording::begin(&run).unwrap();
        self.ticker = Some(Ticker { recording, bots: BTreeMap::new(), settings, untold: None });
        Ok(run.epoch)
    }

    /// Tells what was played.
    pub(super) fn tell(&mut self, checkpoint: bool) -> Result<Ticked, Refusal> {
        let ticker = self.ticker.as_mut().unwrap();
        let ticks = ticker.untold.take().unwrap_or_else(|| ticker.recording.take(checkpoint));
        ticker.untold = Some(ticks.clone());
        let Reply::Ticked(ticked) = self.system(Command::Ticks(Box::new(ticks)))? else { panic!() };
        let ticker = self.ticker.as_mut().unwrap();
        ticker.untold = None;
        if let Some(roster) = &ticked.roster {
            ticker.recording.align(roster);
        }
        Ok(ticked)
    }

    /// The duty ends with what the ticker found.
    pub(super) fn finish(&mut self) {
        let finished = self.ticker.as_ref().unwrap().recording.finished();
        self.duty_ends(DutyResult::Done(codec::encode(&finished)));
    }

    pub(super) fn duty_ends(&mut self, result: DutyResult) {
        self.wake();
        let Some(Duty { id, .. }) = self.rules.duties().into_iter().next() else { return };
        self.duty_of(id, result);
        self.wake();
    }

    /// The end of the duty `id`, owed or not.
    pub(super) fn duty_of(&mut self, id: DutyId, result: DutyResult) {
        let effects = self.rules.duty_done(&self.cx(&Caller::System), id, result);
        self.take(effects);
    }

    /// The first row of `table` whose key begins with `prefix`.
    pub(super) fn row(&self, table: &str, prefix: &str) -> String {
        let mut rows = self.rows.iter();
        let found = rows.find(|((of, key), _)| of == table && key.starts_with(prefix));
        found.expect("there is a row").1.clone()
    }

    /// The whole replay, over the pages that are given out.
    pub(super) fn replay(&mut self) -> (crate::games::replay::Head, Vec<u8>, u32) {
        let (mut bytes, mut after) = (Vec::new(), 0);
        loop {
            let Reply::Replay(page) = self.system(Command::Replay { after }).unwrap() else {
                panic!()
            };
            bytes.extend(page.bytes);
            after = page.next;
            if page.next == page.total {
                return (page.head, bytes, page.ticks);
            }
        }
    }

    /// Plays again what was played.
    pub(super) fn verified(&mut self) -> Verified {
        let (head, bytes, ticks) = self.replay();
        let verified = Replay::open(&head, &bytes).unwrap().verify().unwrap();
        assert_eq!(verified.ticks, ticks);
        verified
    }

    /// Holds at the end of any story.
    pub(super) fn end(mut self) {
        let mut again = Match::new(&self.room);
        for (at, bytes) in &self.log {
            let event: Event = codec::decode(bytes).unwrap();
            let shown = Match::inspect(&event).to_string();
            assert!(shown.len() < 2000, "{shown}");
            again.apply(*at, &event);
        }
        assert_eq!(again, self.rules, "a rebuild leads to the same state");
        let saved = codec::encode(&self.rules);
        assert_eq!(codec::decode::<Match>(&saved).unwrap(), self.rules, "so does a snapshot");
        if !self.rules.is_deleted() {
            self.verified();
        }
    }
}

impl Match {
    fn free_seats(&self) -> usize {
        usize::from(self.seats.free().is_some())
    }
}

impl Ticker {
    /// Plays so many ticks, with a bot in each seat.
    pub(super) fn play(&mut self, ticks: u32) {
        let kind = find("arena").unwrap();
        let (mut table, mut happened) = (Table::new(kind.schema()), Happenings::new());
        for _ in 0..ticks {
            let world = self.recording.world();
            let tick = world.tick();
            world.write(&mut table);
            let mut inputs = Vec::new();
            for seat in world.seats() {
                let make = || kind.bot(&self.settings, seat, 5).unwrap();
                let bot = self.bots.entry(seat).or_insert_with(make);
                let mut seen = EntitySet::EMPTY;
                world.visible(seat, &mut seen);
                let input = bot.act(&Sight::new(seat, tick, &table, &seen));
                // Two ticks behind, more or less, as it is at the end of a connection.
                let view = ViewTick { tick: tick.saturating_sub(2), frac: (tick * 91 % 200) as u8 };
                inputs.push(SeatInput { seat, input, view });
            }
            happened.clear();
            self.recording.step(&inputs, &mut happened);
        }
    }
}
