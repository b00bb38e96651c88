//! What is told of tournaments by REST, as JSON. Rooms encode their own views; these describe the same.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tournament in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TournamentRow {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// `elimination`, `round_robin` or `swiss`.
    #[schema(example = "elimination")]
    pub format: String,
    /// `registration`, `check_in`, `running`, `concluded` or `cancelled`.
    #[schema(example = "registration")]
    pub phase: String,
    /// When check-in opens or has opened; none if nobody needs to check in.
    #[schema(format = DateTime)]
    pub check_in_at: Option<String>,
    /// When it begins or was to begin.
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// When it began.
    #[schema(format = DateTime)]
    pub began_at: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// How many registered, or take part once it has begun.
    pub players: u16,
    /// How many can take part.
    pub players_max: u16,
    /// Who has won, by name.
    pub winner: Option<String>,
}

/// A tournament in what somebody takes or took part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnTournament {
    /// The tournament.
    #[schema(format = "uuid")]
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The game.
    pub game: String,
    /// As of a tournament.
    pub format: String,
    /// As of a tournament.
    pub phase: String,
    /// When it begins or was to begin.
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// The player's place, once it is concluded; none if they did not check in.
    pub place: Option<u16>,
}

/// A tournament, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tournament {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// The settings of each match, all of them, as JSON text.
    pub settings: String,
    /// `elimination`, `round_robin` or `swiss`.
    #[schema(example = "elimination")]
    pub format: String,
    /// True if those who lost the semifinals play for the third place.
    pub third_place: bool,
    /// How many rounds there are or will be; none where that depends on how many come.
    pub rounds: Option<u16>,
    /// True if its matches count for ratings.
    pub rated: bool,
    /// `by_rating`, `as_entered` or `random`.
    #[schema(example = "by_rating")]
    pub seeding: String,
    /// For how many minutes before the beginning one can check in; 0: nobody needs to.
    pub check_in_minutes: u16,
    /// For how many minutes a result can be disputed.
    pub dispute_minutes: u16,
    /// How many can take part.
    pub players_max: u16,
    /// Whose it is: an account.
    #[schema(format = "uuid")]
    pub organizer: String,
    /// `registration`, `check_in`, `running`, `concluded` or `cancelled`.
    #[schema(example = "registration")]
    pub phase: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When check-in opens or has opened; none if nobody needs to check in.
    #[schema(format = DateTime)]
    pub check_in_at: Option<String>,
    /// When it begins or was to begin.
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// When it began.
    #[schema(format = DateTime)]
    pub began_at: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// Why it was called off: `organizer` or `too_few`.
    pub why: Option<String>,
    /// Who registered: those who take part by seed, then the others.
    pub players: Vec<TournamentPlayer>,
    /// Every pairing, by number.
    pub pairings: Vec<TournamentPairing>,
    /// How everybody stands, the best first; none of an elimination, and before it has begun.
    pub table: Option<Vec<TableLine>>,
    /// The server's time, to count down by.
    #[schema(format = DateTime)]
    pub server_time: String,
}

/// Somebody who registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TournamentPlayer {
    /// Who.
    #[schema(format = "uuid")]
    pub account: String,
    /// The name that is shown.
    pub name: String,
    /// The rating at the time of registering, if it was known.
    pub rating: Option<i32>,
    /// The seed, from 1, once it has begun; none for whoever does not take part.
    pub seed: Option<u16>,
    /// True if they said that they are there.
    pub checked_in: bool,
    /// True if they withdrew after it had begun.
    pub out: bool,
    /// The place, once it is concluded.
    pub place: Option<u16>,
}

/// Two who meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TournamentPairing {
    /// Its number, from 0.
    pub pairing: u16,
    /// Its round, from 1.
    pub round: u16,
    /// The seed of the first side; 0: nobody; none: not known yet.
    pub a: Option<u16>,
    /// The seed of the second side.
    pub b: Option<u16>,
    /// `waiting`, `playing`, `reported` (there is a result, which can be disputed), `disputed` or `over`.
    #[schema(example = "playing")]
    pub state: String,
    /// The newest match.
    #[schema(format = "uuid")]
    pub match_id: Option<String>,
    /// How many matches there were.
    pub matches: u8,
    /// Who has won, where there is a result: `a`, `b`, `draw` or `nobody`.
    pub winner: Option<String>,
    /// By what: `play`, `no_show`, `bye`, `withdrawal`, `seed` or `ruling`.
    pub by: Option<String>,
    /// Until when the result can be disputed, or a dispute waits for a decision.
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// Which sides have said that the result is right.
    pub accepted: [bool; 2],
    /// Who disputes the result.
    pub dispute: Option<TournamentDispute>,
}

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TournamentDispute {
    /// Who disputes the result.
    #[schema(format = "uuid")]
    pub by: String,
    /// Why; told to the organizer and to administrators alone.
    pub text: Option<String>,
}

/// How one player stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TableLine {
    /// The player's seed.
    pub seed: u16,
    /// Two for each pairing won, one for each drawn.
    pub points: u16,
    /// How many pairings they won, byes included.
    pub won: u16,
    /// How many nobody won.
    pub drawn: u16,
    /// How many they lost, or had nothing of.
    pub lost: u16,
    /// The sum of the points of those they met.
    pub buchholz: u32,
    /// The sum of what they took from each, times that one's points.
    pub sonneborn_berger: u32,
}
