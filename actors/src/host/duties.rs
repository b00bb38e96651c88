//! What a room owes, and which attempts at it are under way.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_domain::duty::{Duty, DutyId, Work};
use playhouse_domain::restart;
use playhouse_domain::time::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    /// Waits for the record that brought it to be durable.
    Gated(u64),
    /// Attempt under way.
    Running(u64),
    /// The last attempt failed; the next is due then.
    Resting(Timestamp),
}

#[derive(Debug)]
struct Owed {
    work: Work,
    run: Run,
    failures: u32,
}

/// The duties of one room.
#[derive(Debug, Default)]
pub(crate) struct Duties {
    owed: BTreeMap<DutyId, Owed>,
    /// Attempts made so far; never falls, so that a late result of an old attempt is known.
    attempts: u64,
}

impl Duties {
    /// Takes over what is owed after record `seq`.
    pub(crate) fn sync(&mut self, duties: Vec<Duty>, seq: u64) {
        if duties.is_empty() && self.owed.is_empty() {
            return;
        }
        let mut before = std::mem::take(&mut self.owed);
        for Duty { id, work } in duties {
            let owed = match before.remove(&id) {
                Some(owed) if owed.work == work => owed,
                _ => Owed { work, run: Run::Gated(seq), failures: 0 },
            };
            self.owed.insert(id, owed);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.owed.len()
    }

    /// Starts every attempt that may start now.
    pub(crate) fn start(&mut self, now: Timestamp, durable: u64) -> Vec<(DutyId, u64, Work)> {
        let mut started = Vec::new();
        for (id, owed) in &mut self.owed {
            let ripe = match owed.run {
                Run::Gated(seq) => seq <= durable,
                Run::Resting(until) => until <= now,
                Run::Running(_) => false,
            };
            if ripe {
                self.attempts += 1;
                owed.run = Run::Running(self.attempts);
                started.push((*id, self.attempts, owed.work.clone()));
            }
        }
        started
    }

    /// True if `attempt` is the current one at `id`.
    pub(crate) fn is_current(&self, id: DutyId, attempt: u64) -> bool {
        self.owed.get(&id).is_some_and(|o| o.run == Run::Running(attempt))
    }

    /// The current attempt failed; the next follows after a pause.
    pub(crate) fn rest(&mut self, id: DutyId, now: Timestamp, chance: u64) -> Option<Duration> {
        let owed = self.owed.get_mut(&id)?;
        let pause = restart::pause(owed.failures, chance);
        owed.failures = owed.failures.saturating_add(1);
        owed.run = Run::Resting(now + pause);
        Some(pause)
    }

    /// When an attempt is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let due = |owed: &Owed| match owed.run {
            Run::Resting(until) => Some(until),
            Run::Gated(_) | Run::Running(_) => None,
        };
        self.owed.values().filter_map(due).min()
    }

    /// Everything was rebuilt: nothing is under way any more.
    pub(crate) fn clear(&mut self) {
        self.owed.clear();
    }
}
