//! Two who meet, and what becomes of it.

use playhouse_protocol::ids::{AccountId, MatchId};
use serde::{Deserialize, Serialize};

use super::draw::{Side, Sides};
use crate::time::Timestamp;

/// Two who meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pairing {
    /// From 1.
    pub(super) round: u16,
    pub(super) sides: Sides,
    pub(super) stage: Stage,
    /// The newest match, and how many there were.
    pub(super) match_id: Option<MatchId>,
    pub(super) matches: u8,
    /// How many matches were drawn or without a result, of those that count.
    pub(super) draws: u8,
    pub(super) voids: u8,
}

/// Where a pairing stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// A side is not known, its round has not begun, or too many others are being played.
    Waiting,
    /// A match was begun.
    Playing {
        /// When it is given up.
        until: Timestamp,
        /// True once the match is there.
        arranged: bool,
    },
    /// There is a result, which can be disputed.
    Reported {
        outcome: Outcome,
        until: Timestamp,
        /// Which side has said that it is right.
        accepted: [bool; 2],
    },
    /// It is disputed; if nobody decides, it stands.
    Disputed { outcome: Outcome, until: Timestamp, by: AccountId, text: String },
    /// It is over.
    Over(Outcome),
}

/// How a pairing came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Who has won.
    pub winner: Winner,
    /// By what.
    pub by: By,
}

/// Who has won a pairing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Winner {
    /// The first side.
    A,
    /// The second side.
    B,
    /// Neither: each has half of it.
    Draw,
    /// Neither: nobody has anything of it.
    Nobody,
}

/// By what a pairing came out as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// It was played.
    Play,
    /// Somebody did not come.
    NoShow,
    /// There was nobody on the other side.
    Bye,
    /// Somebody had withdrawn.
    Withdrawal,
    /// Play decided nothing: in an elimination the better seed goes on.
    Seed,
    /// An organizer decided.
    Ruling,
}

/// Why a pairing must be played again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Again {
    /// Nobody won, and somebody must.
    Drawn,
    /// The match had no result.
    Void,
    /// An organizer wants it.
    Ordered,
}

impl Pairing {
    pub(super) fn new(round: u16, sides: Sides) -> Self {
        let (matches, draws, voids) = (0, 0, 0);
        Self { round, sides, stage: Stage::Waiting, match_id: None, matches, draws, voids }
    }

    /// How it came out, once it is over.
    pub(super) fn over(&self) -> Option<Outcome> {
        match self.stage {
            Stage::Over(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Both players, if both sides are players.
    pub(super) fn players(&self) -> Option<[u16; 2]> {
        Some([self.sides[0].player()?, self.sides[1].player()?])
    }

    /// True once both sides are known.
    pub(super) fn is_known(&self) -> bool {
        !self.sides.contains(&Side::Unknown)
    }

    /// On which side `no` is.
    pub(super) fn side_of(&self, no: u16) -> Option<usize> {
        self.sides.iter().position(|side| *side == Side::Player(no))
    }

    /// Whoever won goes on, and whoever did not: nobody where there is none.
    pub(super) fn winner_and_loser(&self) -> Option<(Side, Side)> {
        let [a, b] = self.sides;
        Some(match self.over()?.winner {
            Winner::A => (a, b),
            Winner::B => (b, a),
            Winner::Draw | Winner::Nobody => (Side::Nobody, Side::Nobody),
        })
    }

    /// When its stage ends by itself.
    pub(super) fn until(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Playing { until, .. }
            | Stage::Reported { until, .. }
            | Stage::Disputed { until, .. } => Some(until),
            Stage::Waiting | Stage::Over(_) => None,
        }
    }
}

impl Stage {
    /// True while a match is owed or played.
    pub(super) fn is_playing(&self) -> bool {
        matches!(self, Self::Playing { .. })
    }

    /// The result, where there is one.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Reported { outcome, .. }
            | Self::Disputed { outcome, .. }
            | Self::Over(outcome) => Some(*outcome),
            Self::Waiting | Self::Playing { .. } => None,
        }
    }

    /// True if everybody who did not win has said that the result is right.
    pub(super) fn is_accepted(&self) -> bool {
        let Self::Reported { outcome, accepted: [a, b], .. } = self else { return false };
        match outcome.winner {
            Winner::A => *b,
            Winner::B => *a,
            Winner::Draw | Winner::Nobody => *a && *b,
        }
    }
}
