//! What is seen of a match beside how it stands: what was said, what it changed, who cheated.

use playhouse_protocol::ids::AccountId;
use serde::{Deserialize, Serialize};

use super::command::MatchInfo;
use crate::games::Seat;
use crate::time::Timestamp;

/// What goes on beside a match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Beside {
    /// True if it counts for the league of its game.
    pub rated: bool,
    /// What it changed there, once the league was told.
    pub ratings: Vec<RatingChange>,
    /// What was said, the newest [`LINES_KEPT`](super::LINES_KEPT) lines.
    pub said: Vec<Said>,
    /// The seats of those who are muted.
    pub muted: Vec<Seat>,
    /// Who was found to have cheated, in the order of the verdicts.
    pub verdicts: Vec<Foul>,
}

/// A match as its watchers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatchView {
    /// The match.
    #[serde(flatten)]
    pub info: MatchInfo,
    /// What goes on beside it.
    #[serde(flatten)]
    pub beside: Beside,
}

/// A line that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// From 1; no number is left out.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// The seat of whoever said it.
    pub seat: Seat,
    /// Their name then.
    pub name: String,
    /// What.
    pub text: String,
}

/// What a match changed for a player in the league.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingChange {
    /// Who.
    pub account: AccountId,
    /// Their points before.
    pub before: i32,
    /// Their points after.
    pub after: i32,
}

/// A player who was found to have cheated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foul {
    /// Who.
    pub account: AccountId,
    /// The name that was shown.
    pub name: String,
    /// The tick that shows it.
    pub tick: u32,
}
