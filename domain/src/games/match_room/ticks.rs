//! What the ticker tells the room while a match is played, and at its end.

use serde::{Deserialize, Serialize};

use crate::games::Outcome;

/// Ticks that were played: what makes them durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticks {
    /// The match epoch in which they were played.
    pub epoch: u32,
    /// How many ticks there were before: the first of these is that number plus one.
    pub from: u32,
    /// How many there are with them.
    pub to: u32,
    /// Their inputs, enters and leaves, as [`log::Writer::take`](crate::games::log::Writer::take) gave
    /// them.
    pub packed: Vec<u8>,
    /// The world after the last of them, as [`World::checkpoint`](crate::games::World::checkpoint) gave
    /// it: every few seconds, so that little has to be played again.
    pub checkpoint: Option<Vec<u8>>,
    /// The version of the roster that the world had in the last of them.
    pub roster: u32,
}

/// What becomes of a match whose rules panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Play the tick again.
    Again,
    /// Play the tick again without its inputs.
    WithoutInputs,
    /// It is over, without results.
    Void,
}

/// How the duty `run` ends well: the match was played to its end, and every tick is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// How many ticks were played.
    pub ticks: u32,
    /// The standings.
    pub outcome: Outcome,
}

/// What the duty `run` gives its performer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunMatch {
    /// The room to be told.
    pub room: String,
    /// True if it was played before: then it waits for its room for as long as it takes.
    pub played: bool,
}
