//! The gate: what may be told only once a record is on disk.

use std::collections::VecDeque;

use playhouse_domain::refusal::Refusal;
use playhouse_domain::room::{Audience, Ticket};

use super::{Input, Token, Told};
use crate::handle::{AskError, Position, Seen};
use crate::journal::{Keep, Snapshot};
use crate::watch::{StreamPosition, Viewer, WatcherId};

/// What waits for a record to be durable.
#[derive(Debug)]
pub(crate) enum Gated {
    Answer {
        token: Token,
        result: Result<Told, AskError>,
        writes: bool,
    },
    /// From now on the caller waits for the ticket.
    Wait {
        token: Token,
        ticket: Ticket,
    },
    /// Whoever waits for the ticket is answered.
    Settle {
        ticket: Ticket,
        outcome: Result<Vec<u8>, Refusal>,
    },
    Seen {
        token: Token,
        viewer: Viewer,
        result: Result<Seen, AskError>,
    },
    Watch(Box<GatedWatch>),
    Snapshot(SnapshotAt, Keep),
}

/// Where a snapshot comes from.
#[derive(Debug)]
pub(crate) enum SnapshotAt {
    /// It was taken with the record.
    Taken(Box<Snapshot>),
    /// It is to be made of the journal up to this record.
    Journal(u64),
}

/// A watch that starts once its view is durable.
#[derive(Debug)]
pub(crate) struct GatedWatch {
    pub(crate) token: Token,
    pub(crate) watcher: WatcherId,
    pub(crate) viewer: Viewer,
    pub(crate) audience: Audience,
    pub(crate) recover: Option<StreamPosition>,
    pub(crate) view: Vec<u8>,
}

impl GatedWatch {
    /// What was asked for.
    pub(crate) fn again(self) -> Input {
        let Self { token, watcher, viewer, recover, .. } = self;
        Input::Watch { token, watcher, viewer, recover }
    }
}

/// Everything behind the gate, by the record it waits for.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    waiting: VecDeque<(u64, Gated)>,
    /// Records on their way to the disk, oldest first.
    in_flight: VecDeque<u64>,
}

impl Gate {
    pub(crate) fn sent(&mut self, seq: u64) {
        self.in_flight.push_back(seq);
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// The records on their way, oldest first.
    pub(crate) fn records(&self) -> impl Iterator<Item = u64> {
        self.in_flight.iter().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.is_empty()
    }

    pub(crate) fn push(&mut self, after: u64, gated: Gated) {
        self.waiting.push_back((after, gated));
    }

    /// Record `seq` is durable: takes out what waited for it, with its position filled in.
    pub(crate) fn open(&mut self, seq: u64, position: Option<Position>) -> Vec<Gated> {
        while self.in_flight.front().is_some_and(|s| *s <= seq) {
            self.in_flight.pop_front();
        }
        let count = self.waiting.partition_point(|(after, _)| *after <= seq);
        let mut opened: Vec<(u64, Gated)> = self.waiting.drain(..count).collect();
        for (after, gated) in &mut opened {
            if let Gated::Answer { result: Ok(told), writes: true, .. } = gated
                && *after == seq
            {
                told.position = position;
            }
        }
        opened.into_iter().map(|(_, gated)| gated).collect()
    }

    /// The records behind it never became durable: takes out everything that is left.
    pub(crate) fn fail(&mut self) -> Vec<Gated> {
        self.in_flight.clear();
        self.waiting.drain(..).map(|(_, gated)| gated).collect()
    }
}
