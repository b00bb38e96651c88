//! What befalls servers: they are killed, lose power, are replaced, and at last are left in peace.

use crate::handle::AskError;
use crate::host::{Input, Token};

use super::process::Process;
use super::world::{Event, Waiting, World};

/// How far clocks of servers differ, in milliseconds at most.
const SKEW: u64 = 3000;

impl World {
    /// After so many commands, or when its disk is stuck, a server goes down.
    pub(super) fn strike(&mut self) {
        let due = self.crashes.first().is_some_and(|at| *at <= self.counts.of("commands"));
        if due {
            self.crashes.pop_first();
        }
        let stuck = self.disk.is_stuck() && self.chance.of(100);
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
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.people.iter().all(|person| person.asking.is_none())
            && self.servers[&self.newest].is_at_rest()
            && self.disk.owes_nothing()
    }
}
