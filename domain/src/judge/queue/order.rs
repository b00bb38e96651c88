//! Whose turn it is.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::ids::{AccountId, JobId};

use super::{IN_A_ROW_MAX, PISTON_RUNNING_MAX, Queue};
use crate::judge::submission::Lane;

/// What decides whose turn it is within a lane: the least goes first. Jobs of the account that run, since when
/// it waits or was served, and its oldest job.
type Rank = (usize, u64, u64);

/// The lanes as they would empty, job by job.
struct Lanes {
    /// For each lane and account the jobs that wait, oldest last.
    queues: BTreeMap<(Lane, AccountId), Vec<(u64, JobId)>>,
    /// The accounts of each lane by rank.
    ranks: BTreeMap<Lane, BTreeSet<(Rank, AccountId)>>,
    running: BTreeMap<AccountId, usize>,
    piston: usize,
    since: BTreeMap<(Lane, AccountId), u64>,
    in_a_row: u8,
    last: Lane,
    turn: u64,
}

impl Lanes {
    fn of(queue: &Queue) -> Self {
        let mut queues: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (no, waiting) in queue.waiting.iter().rev() {
            queues.entry((waiting.lane, waiting.account)).or_default().push((*no, waiting.job));
        }
        let mut running = BTreeMap::new();
        for one in queue.running.values() {
            *running.entry(one.account).or_default() += 1;
        }
        let piston = queue.running.values().filter(|one| one.lane == Lane::Piston).count();
        let mut lanes = Self {
            queues,
            ranks: BTreeMap::new(),
            running,
            piston,
            since: queue.since.clone(),
            in_a_row: queue.in_a_row,
            last: queue.last,
            turn: queue.turn,
        };
        let keys: Vec<_> = lanes.queues.keys().copied().collect();
        keys.into_iter().for_each(|key| lanes.enter(key));
        lanes
    }

    fn rank(&self, key: (Lane, AccountId)) -> Option<Rank> {
        let (oldest, _) = self.queues.get(&key)?.last()?;
        let running = self.running.get(&key.1).copied().unwrap_or_default();
        Some((running, self.since.get(&key).copied().unwrap_or(came(self.turn)), *oldest))
    }

    fn enter(&mut self, key: (Lane, AccountId)) {
        if let Some(rank) = self.rank(key) {
            self.ranks.entry(key.0).or_default().insert((rank, key.1));
        }
    }

    fn leave(&mut self, key: (Lane, AccountId)) {
        if let Some(rank) = self.rank(key) {
            self.ranks.entry(key.0).or_default().remove(&(rank, key.1));
        }
    }

    fn has(&self, lane: Lane) -> bool {
        let allowed = lane != Lane::Piston || self.piston < PISTON_RUNNING_MAX;
        allowed && self.ranks.get(&lane).is_some_and(|ranks| !ranks.is_empty())
    }

    /// The lane whose turn it is.
    fn lane(&self) -> Option<Lane> {
        let [first, second] = match self.last {
            Lane::Batch => [Lane::Piston, Lane::Batch],
            Lane::Piston | Lane::Interactive => [Lane::Batch, Lane::Piston],
        };
        let other = [first, second].into_iter().find(|lane| self.has(*lane));
        let interactive = self.has(Lane::Interactive).then_some(Lane::Interactive);
        match (interactive, other) {
            (Some(_), Some(other)) if self.in_a_row >= IN_A_ROW_MAX => Some(other),
            (interactive, other) => interactive.or(other),
        }
    }

    /// Lets the next job start.
    fn next(&mut self) -> Option<JobId> {
        let lane = self.lane()?;
        let others = self.has(Lane::Batch) || self.has(Lane::Piston);
        let (_, account) = *self.ranks.get(&lane)?.first()?;
        // The account's rank changes in every lane in which it waits.
        let lanes = [Lane::Interactive, Lane::Batch, Lane::Piston].map(|lane| (lane, account));
        lanes.into_iter().for_each(|key| self.leave(key));
        let (_, job) = self.queues.get_mut(&(lane, account))?.pop()?;
        self.turn += 1;
        self.since.insert((lane, account), served(self.turn));
        *self.running.entry(account).or_default() += 1;
        self.piston += usize::from(lane == Lane::Piston);
        (self.in_a_row, self.last) = after(lane, others, self.in_a_row, self.last);
        lanes.into_iter().for_each(|key| self.enter(key));
        Some(job)
    }
}

/// The place in time of whoever comes once `turn` jobs have started: before those who were served by then.
pub(super) fn came(turn: u64) -> u64 {
    2 * turn
}

/// The place in time of whoever was served with the start of job number `turn`.
pub(super) fn served(turn: u64) -> u64 {
    2 * turn + 1
}

/// How many interactive jobs started in a row, and which other lane started last, once `lane` has started
/// while `others` waited.
pub(super) fn after(lane: Lane, others: bool, in_a_row: u8, last: Lane) -> (u8, Lane) {
    match lane {
        Lane::Interactive if others => (in_a_row.saturating_add(1), last),
        Lane::Interactive => (0, last),
        Lane::Batch | Lane::Piston => (0, lane),
    }
}

impl Queue {
    /// Those that start now: as many as there are slots free.
    pub(super) fn next(&self) -> Vec<JobId> {
        let free = usize::from(self.slots).saturating_sub(self.running.len());
        if free == 0 || self.waiting.is_empty() {
            return Vec::new();
        }
        let mut lanes = Lanes::of(self);
        std::iter::from_fn(|| lanes.next()).take(free).collect()
    }

    /// The places of all that wait, from 1. What no slot is for now, whatever comes free, stands behind the
    /// others as it came.
    pub(super) fn order(&self) -> BTreeMap<JobId, u32> {
        if self.waiting.is_empty() {
            return BTreeMap::new();
        }
        let mut lanes = Lanes::of(self);
        let mut jobs: Vec<_> = std::iter::from_fn(|| lanes.next()).collect();
        let known: BTreeSet<_> = jobs.iter().copied().collect();
        let rest = self.waiting.values().map(|waiting| waiting.job);
        jobs.extend(rest.filter(|job| !known.contains(job)));
        (1..).zip(jobs).map(|(place, job)| (job, place)).collect()
    }

    /// True if somebody waits in another lane than the interactive one, and could start.
    pub(super) fn others_wait(&self) -> bool {
        let lanes = Lanes::of(self);
        lanes.has(Lane::Batch) || lanes.has(Lane::Piston)
    }
}
