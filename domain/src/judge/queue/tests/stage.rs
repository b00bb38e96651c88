//! A queue in the hand of a test: every event goes through the codec, and what must hold is checked after each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use playhouse_protocol::codec;
use uuid::Uuid;

use super::super::*;
use crate::duty::Work;
use crate::judge::job;
use crate::room::{Reply as Answer, Seed};

pub(super) struct Stage {
    room: RoomId,
    pub(super) rules: Queue,
    pub(super) now: Timestamp,
    revision: u64,
    /// Every event with its time, as it is stored.
    log: Vec<(Timestamp, Vec<u8>)>,
    /// Those that started, in order.
    pub(super) started: Vec<JobId>,
}

pub(super) fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

pub(super) fn job(n: u128) -> JobId {
    JobId(Uuid::from_u128(n))
}

impl Stage {
    pub(super) fn new(slots: u16) -> Self {
        let room = room();
        let mut stage = Self {
            rules: Queue::new(&room),
            room,
            now: Timestamp::from_ms(1_000_000_000),
            revision: 0,
            log: Vec::new(),
            started: Vec::new(),
        };
        stage.slots(slots);
        stage
    }

    fn cx<'a>(&'a self, caller: &'a Caller) -> Cx<'a> {
        let seed = Seed::derive(&[&self.revision.to_le_bytes()]);
        Cx { now: self.now, room: &self.room, caller, seed, revision: self.revision }
    }

    fn take(&mut self, effects: Effects<Queue>) -> Answer<Reply> {
        self.revision += u64::from(!effects.events.is_empty());
        for event in effects.events {
            let bytes = codec::encode(&event);
            let event = codec::decode(&bytes).unwrap();
            self.rules.apply(self.now, &event);
            self.log.push((self.now, bytes));
            if let Event::Started(job) = event {
                assert!(!self.started.contains(&job), "a job starts once");
                let running = self.rules.running.len();
                assert!(running <= usize::from(self.rules.slots), "{running} run at once");
                self.started.push(job);
            }
            self.check();
        }
        effects.reply
    }

    /// What must hold whatever happened.
    fn check(&self) {
        let rules = &self.rules;
        let piston = rules.running.values().filter(|one| one.lane == Lane::Piston).count();
        assert!(piston <= PISTON_RUNNING_MAX);
        assert!(rules.waiting.len() <= WAITING_MAX);
        assert_eq!(rules.places, rules.order(), "places are those of the order");
        let places: BTreeSet<u32> = rules.places.values().copied().collect();
        assert!(places.into_iter().eq(1..=rules.waiting.len() as u32), "each place once, from 1");
        let waiting = rules.waiting.values().map(|one| (one.lane, one.account));
        let running = rules.running.values().map(|one| (one.lane, one.account));
        let lanes: BTreeSet<_> = waiting.chain(running).collect();
        assert!(rules.since.keys().eq(lanes.iter()), "those that wait or run are remembered");
        assert!(rules.duties().is_sorted_by_key(|duty| duty.id));
    }

    /// Forgets what is in memory, and reads back what is stored.
    pub(super) fn restart(&mut self) {
        let mut again = Queue::new(&self.room);
        for (at, bytes) in &self.log {
            again.apply(*at, &codec::decode(bytes).unwrap());
        }
        assert_eq!(again, self.rules, "rebuilt from its events");
        let stored: Queue = codec::decode(&codec::encode(&again)).unwrap();
        assert_eq!(stored, again, "and from a snapshot");
        self.rules = stored;
    }

    pub(super) fn ask(&mut self, caller: &Caller, command: Command) -> Result<Reply, Refusal> {
        self.wake();
        let bytes = codec::encode(&command);
        let effects = self.rules.decide(&self.cx(caller), codec::decode(&bytes).unwrap())?;
        match self.take(effects) {
            Answer::Now(reply) => Ok(reply),
            other => panic!("answered at once: {other:?}"),
        }
    }

    pub(super) fn wake(&mut self) {
        while self.rules.wake_at().is_some_and(|at| at <= self.now) {
            let effects = self.rules.wake(&self.cx(&Caller::System));
            assert!(!effects.events.is_empty(), "whoever is woken has something to do");
            self.take(effects);
        }
    }

    pub(super) fn slots(&mut self, slots: u16) {
        self.ask(&Caller::System, Command::Slots(slots)).unwrap();
    }

    pub(super) fn join_with(
        &mut self,
        n: u128,
        of: u128,
        lane: Lane,
        bytes: u64,
    ) -> Result<Option<u32>, Refusal> {
        let command = Command::Join { account: account(of), lane, bytes };
        match self.ask(&Caller::Room(job::room(job(n))), command)? {
            Reply::Joined { position, .. } => Ok(position),
            other => panic!("not joined: {other:?}"),
        }
    }

    /// Job `n` of person `of` comes.
    pub(super) fn join(&mut self, n: u128, of: u128, lane: Lane) -> Option<u32> {
        self.join_with(n, of, lane, 1000).unwrap()
    }

    /// A job of each of these people comes, with its person's number.
    pub(super) fn join_each(&mut self, people: std::ops::RangeInclusive<u128>, lane: Lane) {
        for n in people {
            self.join(n, n, lane);
        }
    }

    pub(super) fn leave(&mut self, n: u128) {
        let command = Command::Left { job: job(n) };
        self.ask(&Caller::Room(job::room(job(n))), command).unwrap();
    }

    /// Whom it owes a word, and under which duty.
    pub(super) fn owes(&self) -> BTreeMap<JobId, DutyId> {
        let owed = self.rules.duties().into_iter().map(|duty| match duty.work {
            Work::Tell { room, command } => {
                assert_eq!(codec::decode::<job::Command>(&command).unwrap(), job::Command::Start);
                (JobId(room.uuid().unwrap()), duty.id)
            }
            Work::External { .. } => panic!("it owes nothing outside"),
        });
        owed.collect()
    }

    /// The room of job `n` answers.
    pub(super) fn answers(&mut self, n: u128, result: DutyResult) {
        let duty = self.owes()[&job(n)];
        let effects = self.rules.duty_done(&self.cx(&Caller::System), duty, result);
        self.take(effects);
    }

    /// The room of job `n` says whether it wants its slot.
    pub(super) fn wants(&mut self, n: u128, wants: bool) {
        self.answers(n, DutyResult::Done(codec::encode(&job::Reply::Started(wants))));
    }

    pub(super) fn after(&mut self, time: Duration) {
        self.now = self.now + time;
        self.wake();
    }

    pub(super) fn position(&self, n: u128) -> Option<u32> {
        self.rules.places.get(&job(n)).copied()
    }

    /// Lets whatever runs end, one after the other, the oldest first, until nothing waits.
    pub(super) fn drain(&mut self) -> Vec<u128> {
        let mut left = 0;
        while let Some(job) = self.started.get(left).copied() {
            self.leave(job.0.as_u128());
            left += 1;
        }
        self.started.iter().map(|job| job.0.as_u128()).collect()
    }
}
