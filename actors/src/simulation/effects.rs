//! What servers want done outside of themselves. What they tell must be on the disk by then.

use playhouse_domain::duty::DutyResult;
use playhouse_protocol::ids::RoomId;

use super::people::Act;
use super::process::Effect;
use super::world::{Event, Waiting, World};
use crate::handle::{AskError, Seen};
use crate::host::{Input, Token, Told, scope_of};

impl World {
    pub(super) fn effect(&mut self, server: u64, room: &RoomId, effect: Effect) {
        match effect {
            Effect::Told(token, result) => self.told(server, room, token, result),
            Effect::Seen(token, result) => self.seen(server, room, token, result),
            Effect::Watching(token, result) => {
                let Some(Waiting::Watcher(n)) = self.waiting.remove(&(server, token)) else {
                    return;
                };
                self.watchers[n].asked = None;
                let Ok(started) = result else { return };
                self.is_on_disk(room, started.position.offset);
                self.note((server, started.position.offset, started.recovered));
                let on = self.watchers[n].started(server, started);
                self.counts.add("watchers that recovered", on.into());
            }
            Effect::Publish(publication, to) => {
                self.is_on_disk(room, publication.offset);
                self.note((server, publication.offset, &publication.json[..]));
                for watcher in to {
                    let watched =
                        self.watchers.iter_mut().find(|w| w.watching == Some((server, watcher)));
                    let Some(watched) = watched else { continue };
                    if !watched.publish(&publication) {
                        self.counts.add("watchers that were slow", 1);
                        self.input(server, room, Input::Lagging(watcher));
                    }
                }
            }
            Effect::Refresh(publication, to) => {
                self.is_on_disk(room, publication.offset);
                for watcher in to {
                    let watched =
                        self.watchers.iter_mut().find(|w| w.watching == Some((server, watcher)));
                    let Some(watched) = watched else { continue };
                    let took = watched.publish(&publication);
                    let input =
                        if took { Input::CaughtUp(watcher) } else { Input::Lagging(watcher) };
                    self.input(server, room, input);
                }
            }
            Effect::Ended(watcher, why) => self.unwatched(server, watcher, why),
            Effect::Duty { life, id, attempt, work } => {
                self.plan(60, Event::Duty(server, room.clone(), life, id, attempt, work));
            }
            Effect::Tick { life, at } => {
                let skew = self.servers.get(&server).map_or(0, |process| process.skew);
                self.planned += 1;
                let at = (at.ms().saturating_sub(skew)).max(self.now + 1);
                self.events.insert((at, self.planned), Event::Tick(server, room.clone(), life));
            }
            Effect::Asleep => self.counts.add("rooms that fell asleep", 1),
            Effect::Failed => self.counts.add("rooms that were rebuilt", 1),
        }
    }

    /// An answer leaves a server: what it says must be on the disk by then.
    fn told(&mut self, server: u64, room: &RoomId, token: Token, result: Result<Told, AskError>) {
        if let Ok(told) = &result {
            self.is_on_disk(room, told.revision);
            self.note((server, token.0, told.revision, &told.reply));
        }
        match self.waiting.remove(&(server, token)) {
            Some(Waiting::Person(n, number)) => {
                if result.is_ok() {
                    self.is_done(n, number);
                }
                // Some answers are lost on their way.
                let lost = self.chance.of(20);
                self.counts.add("answers that were lost on their way", lost.into());
                let result = if lost { Err(AskError::OutcomeUnknown) } else { result };
                self.plan(20, Event::Answer(n, number, result));
            }
            Some(Waiting::Duty(from, life, id, attempt)) => {
                let input = match result {
                    Ok(told) => {
                        Input::DutyDone { id, attempt, result: DutyResult::Done(told.reply) }
                    }
                    Err(AskError::Refused(refusal)) => {
                        Input::DutyDone { id, attempt, result: DutyResult::Refused(refusal) }
                    }
                    Err(error) => Input::DutyFailed { id, attempt, reason: error.to_string() },
                };
                if self.is_alive(server, &from, life) {
                    self.input(server, &from, input);
                }
            }
            Some(Waiting::Nobody) => assert!(result.is_ok(), "{room}: {result:?}"),
            _ => {}
        }
    }

    /// What a server shows.
    fn seen(&mut self, server: u64, room: &RoomId, token: Token, result: Result<Seen, AskError>) {
        if let Ok(seen) = &result {
            self.is_on_disk(room, seen.position.offset);
        }
        match self.waiting.remove(&(server, token)) {
            Some(Waiting::Look) => {
                // A read that failed before the disk was full may still have the room rest.
                let rests = self.servers.get(&server).is_some_and(|process| process.rests(room));
                assert!(result.is_ok() || rests, "{room} cannot be looked at: {result:?}");
                self.counts.add("looks at a full disk", result.is_ok().into());
            }
            _ => self.seen.push(result.map(|seen| seen.json)),
        }
    }

    /// `room` tells something of record `told`.
    fn is_on_disk(&self, room: &RoomId, told: u64) {
        let newest = self.disk.store.synced(room);
        assert!(told <= newest, "{room} told {told} and {newest} is on the disk");
    }

    /// Person `n` is told that what they asked under that number is done.
    fn is_done(&self, n: usize, number: u64) {
        let Some((_, op)) = self.people[n].asking.as_ref().filter(|(asked, _)| *asked == number)
        else {
            return;
        };
        // One that changed nothing (a poll that is open is opened) leaves no record.
        let Some(key) = op.key.as_ref().filter(|_| op.act != Act::Preside) else { return };
        let scope = scope_of(&op.caller, &op.command, key);
        assert!(self.ledger.has_done(&op.room, &scope), "{op:?} is told and not on the disk");
    }
}
