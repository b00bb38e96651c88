//! Time, what happens in it, and what goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use playhouse_domain::account::Account;
use playhouse_domain::duty::{DutyId, Work};
use playhouse_domain::payment::{Charge, Refund};
use playhouse_domain::poll::questions::Questions;
use playhouse_domain::poll::{self, Poll};
use playhouse_domain::room::{Caller, Seed};
use playhouse_domain::showing::{self, Showing};
use playhouse_domain::time::Timestamp;
use playhouse_domain::unique::UniqueName;
use playhouse_protocol::codec;
use playhouse_protocol::ids::RoomId;
use uuid::Uuid;

use super::disk::Disk;
use super::ledger::Ledger;
use super::people::{self, Person};
use super::process::{Life, Process};
use super::watchers::Watcher;
use super::{COMMANDS, CRASHES, Chance, Counts};
use crate::handle::AskError;
use crate::host::kind::Kind;
use crate::host::{Input, Token, Told};
use crate::journal::memory::Fault;

/// When the world begins.
const BEGINNING: u64 = 1_800_000_000_000;

/// How many events a run may have. 100,000: ten times what any had; more means that it does not come
/// to rest.
const EVENTS_MAX: u64 = 100_000;

/// What happens at a time.
#[derive(Debug)]
pub(super) enum Event {
    /// A person does the next thing, or asks again.
    Person(usize),
    /// A watcher looks whether it follows.
    Watcher(usize),
    /// The committer of a server works.
    Commit(u64),
    /// What the committer said reaches the rooms.
    Deliver(u64),
    /// The timer of a room rings.
    Tick(u64, RoomId, Life),
    /// A server looks which sleeping rooms are due.
    Wake(u64),
    /// An attempt at a duty.
    Duty(u64, RoomId, Life, DutyId, u64, Work),
    /// An answer arrives at a person, who asked under that number.
    Answer(usize, u64, Result<Told, AskError>),
    /// A server that was replaced ends.
    End(u64),
    /// There is room on the disk again.
    Room,
    /// Somebody looks at a showing while the disk is full.
    Look,
}

/// Who waits for an answer of a server.
pub(super) enum Waiting {
    Person(usize, u64),
    Duty(RoomId, Life, DutyId, u64),
    Watcher(usize),
    /// Whoever looks at a full disk.
    Look,
    Nobody,
}

/// What a run came to: all that two runs of one seed must agree in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) trace: u64,
    pub(super) counts: Counts,
}

pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) now: u64,
    pub(super) events: BTreeMap<(u64, u64), Event>,
    pub(super) planned: u64,
    pub(super) disk: Arc<Disk>,
    pub(super) kinds: Vec<Kind>,
    pub(super) servers: BTreeMap<u64, Process>,
    pub(super) newest: u64,
    /// How far the clock of the newest server is off.
    pub(super) skew: u64,
    pub(super) waiting: BTreeMap<(u64, Token), Waiting>,
    tokens: u64,
    pub(super) people: Vec<Person>,
    pub(super) watchers: Vec<Watcher>,
    /// What the bank did, by the key under which it was asked.
    pub(super) charges: BTreeMap<Uuid, Charge>,
    pub(super) refunds: BTreeMap<Uuid, Refund>,
    /// After how many commands a server goes down.
    pub(super) crashes: BTreeSet<u64>,
    /// After how many commands the disk is full for a while.
    pub(super) fills: BTreeSet<u64>,
    pub(super) ledger: Ledger,
    /// True once nothing goes wrong any more and nobody begins anything.
    pub(super) healed: bool,
    pub(super) seen: Vec<Result<bytes::Bytes, AskError>>,
    trace: DefaultHasher,
    pub(super) counts: Counts,
}

impl World {
    /// Lives through the whole of `seed`.
    pub(super) fn run(seed: u64) -> Outcome {
        let mut world = Self::new(seed);
        world.open_houses();
        let appends = 20 + world.chance.below(60) as u16;
        let reads = world.chance.below(60);
        world.disk.trouble(appends, reads);
        for person in 0..world.people.len() {
            world.plan(5, Event::Person(person));
        }
        for watcher in 0..world.watchers.len() {
            world.plan(5, Event::Watcher(watcher));
        }
        while world.counts.of("commands") < COMMANDS {
            world.step();
            world.strike();
        }
        world.heal();
        world.check();
        world.outcome()
    }

    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let disk = Arc::new(Disk::new(chance.next()));
        let kinds = vec![
            Kind::of::<Showing>(),
            Kind::of::<Poll>(),
            Kind::of::<Questions>(),
            Kind::of::<UniqueName>(),
            Kind::of::<Account>(),
        ];
        let crashes = 1..=CRASHES + chance.below(3);
        let crashes = crashes.map(|_| 20 + chance.below(COMMANDS - 40)).collect();
        let fills = (0..chance.below(3)).map(|_| 20 + chance.below(COMMANDS - 40)).collect();
        let rooms = people::showings().into_iter().chain(people::polls());
        let mut world = Self {
            chance,
            now: BEGINNING,
            events: BTreeMap::new(),
            planned: 0,
            disk,
            kinds,
            servers: BTreeMap::new(),
            newest: 0,
            skew: 0,
            waiting: BTreeMap::new(),
            tokens: 0,
            people: people::everybody(),
            watchers: rooms.clone().chain(rooms).map(Watcher::of).collect(),
            charges: BTreeMap::new(),
            refunds: BTreeMap::new(),
            crashes,
            fills,
            ledger: Ledger::new(),
            healed: false,
            seen: Vec::new(),
            trace: DefaultHasher::new(),
            counts: Counts::default(),
        };
        while (world.crashes.len() as u64) < CRASHES {
            let at = 20 + world.chance.below(COMMANDS - 40);
            world.crashes.insert(at);
        }
        world.start_server();
        world
    }

    /// Two showings on sale and two polls, before anything goes wrong.
    fn open_houses(&mut self) {
        for room in people::showings() {
            let opening = showing::Command::Open(Box::new(super::checks::opening(self.now)));
            self.first(&room, Caller::System, &codec::encode(&opening));
        }
        for (n, room) in people::polls().into_iter().enumerate() {
            let made = poll::Command::Create(Box::new(super::checks::definition(n == 0)));
            self.first(&room, people::presenter(), &codec::encode(&made));
            self.first(&room, people::presenter(), &codec::encode(&poll::Command::Open));
        }
        self.counts = Counts::default();
    }

    /// Something that must go well.
    fn first(&mut self, room: &RoomId, caller: Caller, command: &[u8]) {
        let token = self.token(self.newest, Waiting::Nobody);
        let seed = Seed(Default::default());
        let (key, command) = (None, command.to_vec());
        let input = Input::Command { token, caller, key, seed, command };
        self.input(self.newest, room, input);
        while self.waiting.contains_key(&(self.newest, token)) {
            self.step();
        }
    }

    pub(super) fn plan(&mut self, within: u64, event: Event) {
        self.planned += 1;
        let at = self.now + 1 + self.chance.below(within);
        self.events.insert((at, self.planned), event);
    }

    pub(super) fn time(&self, server: u64) -> Timestamp {
        let skew = self.servers.get(&server).map_or(0, |process| process.skew);
        Timestamp::from_ms(self.now + skew)
    }

    pub(super) fn note(&mut self, what: impl Hash) {
        (self.now, what).hash(&mut self.trace);
    }

    pub(super) fn token(&mut self, server: u64, waiting: Waiting) -> Token {
        self.tokens += 1;
        let token = Token(self.tokens);
        self.waiting.insert((server, token), waiting);
        token
    }

    /// The next thing happens.
    pub(super) fn step(&mut self) {
        self.counts.add("events", 1);
        assert!(
            self.counts.of("events") < EVENTS_MAX,
            "it does not come to rest: {:?}",
            self.counts
        );
        let ((at, _), event) = self.events.pop_first().expect("the committer always works");
        self.now = self.now.max(at);
        match event {
            Event::Person(n) => self.person(n),
            Event::Watcher(n) => self.watcher(n),
            Event::Commit(server) => {
                if let Some(process) = self.servers.get_mut(&server) {
                    process.commit();
                    self.plan(8, Event::Deliver(server));
                    self.plan(15, Event::Commit(server));
                }
            }
            Event::Deliver(server) => self.deliver(server),
            Event::Tick(server, room, life) => {
                if self.is_alive(server, &room, life) {
                    self.input(server, &room, Input::Tick);
                }
            }
            Event::Wake(server) => self.wake(server),
            Event::Duty(server, room, life, id, attempt, work) => {
                self.duty(server, &room, life, (id, attempt), work);
            }
            Event::Answer(n, number, result) => self.answered(n, number, result),
            Event::End(server) => self.end(server),
            Event::Room => self.disk.fill(false),
            Event::Look => self.look_while_full(),
        }
        self.ledger.follow(&self.disk.store, &mut self.counts);
    }

    fn wake(&mut self, server: u64) {
        let Some(process) = self.servers.get(&server) else { return };
        for room in process.due(self.time(server)) {
            self.input(server, &room, Input::Tick);
        }
        self.plan(100, Event::Wake(server));
    }

    pub(super) fn is_alive(&self, server: u64, room: &RoomId, life: Life) -> bool {
        self.servers.get(&server).is_some_and(|process| process.is_alive(room, life))
    }

    /// Each room hears in order, and which room hears first is chance.
    fn deliver(&mut self, server: u64) {
        let Some(process) = self.servers.get_mut(&server) else { return };
        let mut by_room: BTreeMap<(RoomId, Life), Vec<Input>> = BTreeMap::new();
        for (room, life, input) in process.delivered() {
            by_room.entry((room, life)).or_default().push(input);
        }
        let mut rooms: Vec<_> = by_room.into_iter().collect();
        while !rooms.is_empty() {
            let next = self.chance.below(rooms.len() as u64) as usize;
            self.counts.add("rooms that heard in another order", (next > 0).into());
            let ((room, life), inputs) = rooms.swap_remove(next);
            for input in inputs {
                if self.is_alive(server, &room, life) {
                    self.input(server, &room, input);
                }
            }
        }
    }

    pub(super) fn input(&mut self, server: u64, room: &RoomId, input: Input) {
        let now = self.time(server);
        let Some(process) = self.servers.get_mut(&server) else { return };
        let effects = process.input(now, room, input);
        for effect in effects {
            self.effect(server, room, effect);
        }
    }

    /// What the newest server shows `viewer` of `room`.
    pub(super) fn look(
        &mut self,
        room: &RoomId,
        viewer: crate::watch::Viewer,
    ) -> serde_json::Value {
        let token = self.token(self.newest, Waiting::Nobody);
        self.seen.clear();
        self.input(self.newest, room, Input::View { token, viewer });
        while self.seen.is_empty() {
            self.step();
        }
        let seen = self.seen.pop().expect("just seen").expect("it can be seen");
        serde_json::from_slice(&seen).expect("JSON")
    }

    pub(super) fn quarantined(&self) -> Vec<String> {
        self.servers[&self.newest].quarantined()
    }

    fn outcome(mut self) -> Outcome {
        for (fault, many) in self.disk.store.faults() {
            let what = match fault {
                Fault::Full => "batches on a full disk",
                Fault::Lost => "batches that were lost",
                Fault::AnswerLost => "batches whose answer was lost",
                Fault::Torn => "batches that were torn",
                Fault::Unsynced => "batches without a sync",
                Fault::Twice => "batches that were delivered twice",
            };
            self.counts.add(what, many);
        }
        let failures = self.disk.failures();
        self.counts.add("reads that failed", failures.reads);
        self.counts.add("fenced writes of an older server", failures.fenced);
        self.counts.add("rooms that were read in doubt", failures.doubts);
        Outcome { trace: self.trace.finish(), counts: self.counts }
    }
}

/// How long a hold lasts here. 400 ms, a few steps of a buyer: some are bought, some end by themselves.
pub(super) const HOLD: Duration = Duration::from_millis(400);
