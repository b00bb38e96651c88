//! A room without a host: what was decided is applied and kept, so that it can be rebuilt.

use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, RoomId};
use uuid::Uuid;

use crate::account::{Account, Command, names};
use crate::duty::{Duty, DutyId, DutyResult, Work};
use crate::refusal::Refusal;
use crate::room::{Caller, Cx, Effects, Reply, Role, Rules, Seed, Ticket};
use crate::time::Timestamp;
use crate::unique::UniqueName;

pub(super) type Settled<R> = (Ticket, Result<<R as Rules>::Reply, Refusal>);

/// One room and its past.
pub(super) struct Room<R: Rules> {
    pub(super) id: RoomId,
    pub(super) rules: R,
    past: Vec<(Timestamp, R::Event)>,
    pub(super) settled: Vec<Settled<R>>,
    revision: u64,
}

impl<R: Rules> Room<R> {
    pub(super) fn new(id: RoomId) -> Self {
        Self { rules: R::new(&id), id, past: Vec::new(), settled: Vec::new(), revision: 0 }
    }

    fn take(&mut self, now: Timestamp, effects: Effects<R>) -> Reply<R::Reply> {
        for event in effects.events {
            self.rules.apply(now, &event);
            self.past.push((now, event));
        }
        self.settled.extend(effects.settled);
        self.revision += 1;
        effects.reply
    }

    fn with<T>(&self, now: Timestamp, caller: &Caller, act: impl FnOnce(&R, &Cx<'_>) -> T) -> T {
        let seed = Seed::derive(&[self.id.as_str().as_bytes(), &self.revision.to_le_bytes()]);
        let cx = Cx { now, room: &self.id, caller, seed, revision: self.revision };
        act(&self.rules, &cx)
    }

    /// Lets pass what is due.
    pub(super) fn wake(&mut self, now: Timestamp) {
        while self.rules.wake_at().is_some_and(|at| at <= now) {
            let effects = self.with(now, &Caller::System, Rules::wake);
            assert!(!effects.events.is_empty(), "a wake-up moves on");
            self.take(now, effects);
        }
    }

    pub(super) fn ask(
        &mut self,
        now: Timestamp,
        caller: &Caller,
        command: R::Command,
    ) -> Result<Reply<R::Reply>, Refusal> {
        self.wake(now);
        let effects = self.with(now, caller, |rules, cx| rules.decide(cx, command))?;
        Ok(self.take(now, effects))
    }

    /// Feeds back the end of a duty, if it is still owed.
    pub(super) fn done(&mut self, now: Timestamp, duty: DutyId, result: DutyResult) {
        self.wake(now);
        if self.rules.duties().iter().any(|owed| owed.id == duty) {
            let effects =
                self.with(now, &Caller::System, |rules, cx| rules.duty_done(cx, duty, result));
            self.take(now, effects);
        }
    }

    /// Forgets the memory and applies the past again; a stored state on the way makes no difference.
    pub(super) fn crash(&mut self) {
        let before = codec::encode(&self.rules);
        let half = self.past.len() / 2;
        let mut rebuilt = R::new(&self.id);
        for (place, (at, event)) in self.past.iter().enumerate() {
            if place == half {
                rebuilt = codec::decode(&codec::encode(&rebuilt)).unwrap();
            }
            rebuilt.apply(*at, &codec::decode::<R::Event>(&codec::encode(event)).unwrap());
        }
        assert!(before == codec::encode(&rebuilt), "{} differs after a rebuild", self.id);
        self.rules = rebuilt;
    }
}

/// The room of the name that `duty` is about, and what it is told.
pub(super) fn told(duty: &Duty) -> (RoomId, crate::unique::Command) {
    let Work::Tell { room, command } = &duty.work else { panic!("not a message: {duty:?}") };
    assert_eq!(room.kind(), UniqueName::KIND);
    (room.clone(), codec::decode(command).unwrap())
}

pub(super) fn account_room(n: u128) -> RoomId {
    RoomId::of(Account::KIND, Uuid::from_u128(n))
}

pub(super) fn registration(username: &str, email: &str) -> Command {
    let password = format!("hash of {username}");
    Command::Register { username: username.into(), email: email.into(), password, role: Role::User }
}

/// An account in use, whose names were free.
pub(super) fn registered(username: &str, role: Role) -> Room<Account> {
    let mut room = Room::<Account>::new(account_room(1));
    let email = names::no_address(username).replace(".invalid", ".example");
    let Command::Register { username, email, password, .. } = registration(username, &email) else {
        unreachable!()
    };
    let command = Command::Register { username, email, password, role };
    room.ask(Timestamp::ZERO, &Caller::System, command).unwrap();
    while let Some(duty) = room.rules.duties().first() {
        room.done(Timestamp::ZERO, duty.id, DutyResult::Done(codec::encode(&())));
    }
    room
}

pub(super) fn person(role: Role) -> Caller {
    Caller::Account { id: AccountId(Uuid::from_u128(99)), role }
}
