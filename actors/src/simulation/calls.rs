//! Who asks: people, watchers, and what rooms owe to each other and to the bank.

use playhouse_domain::duty::{DutyId, DutyResult, Work};
use playhouse_domain::payment::{CHARGE, Charge, Charged, REFUND, Refunded};
use playhouse_domain::refusal::{Refusal, RefusalKind};
use playhouse_domain::room::{Caller, Seed};
use playhouse_protocol::codec;
use playhouse_protocol::ids::{CommandKey, RoomId};
use uuid::Uuid;

use super::people::{Act, Op};
use super::process::Life;
use super::watchers::Watcher;
use super::world::{Event, Waiting, World};
use crate::duties;
use crate::handle::AskError;
use crate::host::{Input, Told};
use crate::watch::{WatchEnd, WatcherId};

impl World {
    pub(super) fn person(&mut self, n: usize) {
        // Nobody stays with a server that is gone, or for ever with one that was replaced.
        let person = &mut self.people[n];
        if !self.servers.contains_key(&person.server) || self.chance.of(300) {
            person.server = self.newest;
        }
        if person.asking.is_none() {
            if self.healed {
                return;
            }
            self.counts.add("commands", 1);
            let op = person.choose(&mut self.chance);
            person.asking = Some((self.counts.of("commands"), op));
        }
        self.ask(n);
    }

    pub(super) fn ask(&mut self, n: usize) {
        let (server, Some((number, op))) = (self.people[n].server, self.people[n].asking.clone())
        else {
            return;
        };
        let Op { room, caller, key, command, .. } = op;
        let token = self.token(server, Waiting::Person(n, number));
        let seed = Seed(std::array::from_fn(|_| self.chance.next() as u8));
        self.input(server, &room, Input::Command { token, caller, key, seed, command });
    }

    pub(super) fn answered(&mut self, n: usize, number: u64, result: Result<Told, AskError>) {
        let person = &mut self.people[n];
        if person.asking.as_ref().is_none_or(|(asked, _)| *asked != number) {
            return;
        }
        match result {
            Ok(told) => {
                let Some((_, op)) = person.asking.take() else { return };
                self.counts.add("answers that came twice", person.repeats.is_some().into());
                let changed = person.acknowledged(op, told.reply);
                self.counts.add("votes that were changed", changed.into());
            }
            Err(AskError::Refused(refusal)) => {
                let Some((_, op)) = person.asking.take() else { return };
                let again = person.repeats.take().is_some();
                // Votes know their keys for as long as the round lasts, the host for a day.
                assert!(
                    !again || matches!(op.act, Act::Vote(_)),
                    "{op:?} was told, then {refusal}"
                );
                person.settled(&op);
                self.counts.add("refusals", 1);
            }
            // Not known how it ended, or not now: the same again.
            Err(
                AskError::OutcomeUnknown
                | AskError::StoreUnavailable { .. }
                | AskError::Rebuilding { .. }
                | AskError::Overloaded { .. },
            ) => self.counts.add("answers that were none", 1),
            Err(error) => panic!("{error} for {:?}", person.asking),
        }
        let rest = if self.chance.of(4) { 90_000 } else { 60 };
        self.plan(rest, Event::Person(n));
    }

    pub(super) fn watcher(&mut self, n: usize) {
        self.watchers[n].is_slow = !self.healed && self.chance.of(150);
        if self.watchers[n].watching.or(self.watchers[n].asked).is_none() {
            let server = self.newest;
            let token = self.token(server, Waiting::Watcher(n));
            let watcher = WatcherId(token.0);
            self.watchers[n].asked = Some((server, watcher));
            let (room, recover) =
                (self.watchers[n].room.clone(), self.watchers[n].position.clone());
            let viewer = Watcher::audience().into();
            self.input(server, &room, Input::Watch { token, watcher, viewer, recover });
        }
        if !self.healed {
            self.plan(400, Event::Watcher(n));
        }
    }

    pub(super) fn unwatched(&mut self, server: u64, watcher: WatcherId, why: WatchEnd) {
        let ended = self.watchers.iter_mut().find(|w| w.watching == Some((server, watcher)));
        if let Some(ended) = ended {
            ended.watching = None;
            self.note((server, watcher.0, format!("{why:?}")));
        }
    }

    pub(super) fn duty(
        &mut self,
        server: u64,
        room: &RoomId,
        life: Life,
        (id, attempt): (DutyId, u64),
        work: Work,
    ) {
        if !self.servers.contains_key(&server) {
            return;
        }
        let key = duties::key(room, id, &work);
        match work {
            Work::Tell { room: to, command } => {
                let token = self.token(server, Waiting::Duty(room.clone(), life, id, attempt));
                let caller = Caller::Room(room.clone());
                let key = CommandKey::new(&key.to_string());
                let seed = Seed(Default::default());
                self.input(server, &to, Input::Command { token, caller, key, seed, command });
            }
            Work::External { kind, payload } => {
                let input = match self.bank(key, kind, &payload) {
                    Some(result) => Input::DutyDone { id, attempt, result },
                    None => Input::DutyFailed { id, attempt, reason: "the bank is away".into() },
                };
                if self.is_alive(server, room, life) {
                    self.input(server, room, input);
                }
            }
        }
    }

    /// The bank does each thing once. Nothing if it did not answer, whether it did it or not.
    pub(super) fn bank(&mut self, key: Uuid, kind: &str, payload: &[u8]) -> Option<DutyResult> {
        let away = !self.healed && self.chance.of(200);
        self.counts.add("bank calls that failed", away.into());
        if away && self.chance.of(500) {
            return None;
        }
        let name = key.to_string();
        let result = match kind {
            CHARGE => {
                let charge: Charge = codec::decode(payload).expect("a charge");
                if charge.token == "declined" {
                    let no = "the card was declined";
                    let kind = RefusalKind::PaymentRequired;
                    return Some(DutyResult::Refused(Refusal::new(kind, "payment_declined", no)));
                }
                let new = self.charges.insert(key, charge).is_none();
                self.counts.add("charges", new.into());
                codec::encode(&Charged { charge: name })
            }
            REFUND => {
                let new =
                    self.refunds.insert(key, codec::decode(payload).expect("a refund")).is_none();
                self.counts.add("refunds", new.into());
                codec::encode(&Refunded { refund: name })
            }
            other => panic!("nobody does {other}"),
        };
        (!away).then_some(DutyResult::Done(result))
    }
}
