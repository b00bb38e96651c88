//! What befalls servers: they are killed, lose power, are replaced, and at last are left in peace.

use playhouse_domain::room::Audience;

use super::people;
use super::process::Process;
use super::world::{Event, Waiting, World};
use crate::handle::AskError;
use crate::host::{Input, Token};

/// How far clocks of servers differ, in milliseconds at most.
const SKEW: u64 = 3000;

/// How long the disk is full, in milliseconds at most: longer than any hold.
const FULL_MAX: u64 = 3000;

/// How often somebody looks meanwhile, in milliseconds at most.
const LOOK_EVERY: u64 = 100;

/// How long after its end a hold may last, in milliseconds, once nothing goes wrong any more. 1,100: a
/// second, and what a look at the clock takes.
const LATE_MAX: u64 = 1100;

impl World {
    /// After so many commands, or when its disk is stuck, a server goes down; and now and then the disk
    /// is full for a while.
    pub(super) fn strike(&mut self) {
        if self.fills.first().is_some_and(|at| *at <= self.counts.of("commands")) {
            self.fills.pop_first();
            self.counts.add("disks that were full for a while", 1);
            self.disk.fill(true);
            self.plan(FULL_MAX, Event::Room);
            self.plan(LOOK_EVERY, Event::Look);
        }
        let due = self.crashes.first().is_some_and(|at| *at <= self.counts.of("commands"));
        if due {
            self.crashes.pop_first();
        }
        let stuck = self.disk.is_stuck() && self.chance.of(20);
        if !due && !stuck {
            return;
        }
        match self.chance.below(3) {
            0 if !self.disk.is_stuck() => {
                self.counts.add("servers that were replaced", 1);
                let older = self.newest;
                self.start_server();
                self.plan(400, Event::End(older));
            }
            which => {
                self.go_down(which == 1);
                self.start_server();
            }
        }
    }

    pub(super) fn go_down(&mut self, power: bool) {
        let what = if power { "crashes of the machine" } else { "kills of the server" };
        self.counts.add(what, 1);
        let servers: Vec<u64> = self.servers.keys().copied().collect();
        for server in servers {
            self.end(server);
        }
        self.disk.down(power);
    }

    /// A server is gone, and everybody who waits for it, sooner or later.
    pub(super) fn end(&mut self, server: u64) {
        self.servers.remove(&server);
        let gone: Vec<_> = self
            .waiting
            .range((server, Token(0))..(server + 1, Token(0)))
            .map(|(k, _)| *k)
            .collect();
        for key in gone {
            if let Some(Waiting::Person(n, number)) = self.waiting.remove(&key) {
                self.plan(300, Event::Answer(n, number, Err(AskError::OutcomeUnknown)));
            }
        }
        for watcher in &mut self.watchers {
            for watch in [&mut watcher.watching, &mut watcher.asked] {
                watch.take_if(|(at, _)| *at == server);
            }
        }
    }

    pub(super) fn start_server(&mut self) {
        self.newest += 1;
        let skew = self.chance.below(SKEW);
        let before = std::mem::replace(&mut self.skew, skew);
        self.counts.add("servers whose clock stepped back", (skew < before).into());
        let (process, owing) = Process::start(&self.disk, &self.kinds, skew);
        self.servers.insert(self.newest, process);
        self.plan(5, Event::Commit(self.newest));
        self.plan(5, Event::Wake(self.newest));
        for room in owing {
            self.input(self.newest, &room, Input::Tick);
        }
    }

    /// Nothing goes wrong any more, nobody begins anything, and everything comes to its end.
    pub(super) fn heal(&mut self) {
        self.healed = true;
        self.disk.trouble(0, 0);
        self.disk.fill(false);
        if self.disk.is_stuck() {
            self.go_down(false);
            self.start_server();
        }
        let older: Vec<u64> = self.servers.keys().copied().filter(|n| *n != self.newest).collect();
        for server in older {
            self.end(server);
        }
        while !self.is_at_rest() {
            self.step();
        }
        // Every hold comes to its end too, and in time.
        let rested = self.time(self.newest).ms();
        while self.ledger.holds().next().is_some() || !self.is_at_rest() {
            let now = self.time(self.newest).ms();
            for ends in self.ledger.holds() {
                let late = now.saturating_sub(ends.ms().max(rested));
                assert!(late < LATE_MAX, "a hold is {late} ms past its end");
            }
            self.step();
        }
    }

    /// Somebody looks at a showing, and sees it though nothing can be written.
    pub(super) fn look_while_full(&mut self) {
        if !self.disk.is_full() {
            return;
        }
        let room = people::showings()[self.chance.below(2) as usize].clone();
        let token = self.token(self.newest, Waiting::Look);
        let viewer = Audience::Public.into();
        self.input(self.newest, &room, Input::View { token, viewer });
        self.plan(LOOK_EVERY, Event::Look);
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.people.iter().all(|person| person.asking.is_none())
            && self.servers[&self.newest].is_at_rest()
            && self.disk.owes_nothing()
    }
}
