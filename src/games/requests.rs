//! What is asked of matches, as JSON. Strict: a field that does not exist is an error.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// A match to be.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SessionRequest {
    /// What it is called in lists, at most 60 characters.
    #[schema(example = "Friday night")]
    pub title: Option<String>,
    /// The game's settings; what is not named is as the game has it.
    #[schema(value_type = Option<Object>)]
    pub settings: Option<serde_json::Map<String, serde_json::Value>>,
    /// How many seats there are, those of bots included; as many as the game has, if absent.
    #[schema(example = 8)]
    pub seats: Option<u16>,
    /// How many of them the server's own bots take.
    pub bots: u16,
    /// False to leave it out of the list that everybody sees: whoever has its id can still join.
    pub listed: Option<bool>,
}

/// Somebody who wants a seat.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SeatRequest {
    /// The name to show, at most 24 characters; the user name, if absent.
    #[schema(example = "Ann")]
    pub name: Option<String>,
}

/// Whether somebody is ready.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadyRequest {
    /// True for ready to begin.
    pub ready: bool,
}

/// Which matches.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionsQuery {
    /// Of this game alone.
    pub game: Option<String>,
    /// True for those that were concluded, false for those that are not over.
    #[serde(default)]
    #[param(required = false)]
    pub over: bool,
    /// 1 to 200 of them, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// What the page before gave as `next`.
    pub cursor: Option<String>,
}

/// Of one's own matches.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlayedQuery {
    /// 1 to 200 of them, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// What the page before gave as `next`.
    pub cursor: Option<String>,
}

/// Which part of a leaderboard: from a place on, around somebody, or among friends; the best, if absent.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LeaderboardQuery {
    /// From this place on.
    #[param(minimum = 1, maximum = 1_048_576)]
    pub from: Option<u32>,
    /// With this player in the middle: `me`, or an account's id.
    pub around: Option<String>,
    /// True for the caller and their friends alone.
    #[serde(default)]
    #[param(required = false)]
    pub friends: bool,
    /// 1 to 100 of them, 20 by default.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
}

/// A line to say.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SayRequest {
    /// One line of at most 200 characters.
    #[schema(example = "good game")]
    pub text: String,
}

/// Who is muted, or not any more.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MuteRequest {
    /// Their seat.
    pub seat: u16,
    /// True to mute.
    pub muted: bool,
}

/// Who is removed.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveRequest {
    /// Their seat.
    pub seat: u16,
    /// True if they may never come back into this match; else they may after five minutes.
    #[serde(default)]
    pub ban: bool,
}

/// Which part of a replay.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReplayQuery {
    /// How many bytes are there already: what the part before gave as `next`.
    #[serde(default)]
    #[param(required = false)]
    pub after: u32,
}
