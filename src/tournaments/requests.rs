//! What is asked of tournaments, as JSON. Strict: a field that does not exist is an error.

use playhouse_domain::games::tournament::{Creation, Format, FormatKind, Ruling, Seeding};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::AccountId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::asking::invalid;
use crate::http::error::Problem;

/// For how many minutes one can check in, where nothing is said. 15: time to come back to one's machine.
const CHECK_IN_MINUTES: u16 = 15;

/// For how many minutes a result can be disputed, where nothing is said. 5: while one still sits there.
const DISPUTE_MINUTES: u16 = 5;

/// How many can take part, where nothing is said. 64: six rounds of an elimination, and what a round robin has
/// room for.
const PLAYERS_MAX: u16 = 64;

/// A tournament to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TournamentRequest {
    /// What it is called, at most 48 characters.
    #[schema(example = "Friday cup")]
    pub title: String,
    /// The game, one that two can play.
    #[schema(example = "arena")]
    pub game: String,
    /// `elimination`, `round_robin` or `swiss`.
    #[schema(value_type = String, example = "elimination")]
    pub format: FormatKind,
    /// True if those who lost the semifinals play for the third place; of an elimination alone.
    pub third_place: Option<bool>,
    /// How many rounds, 1 to 16; of a Swiss alone. As many as it takes until one at most has won them all, if
    /// absent.
    pub rounds: Option<u16>,
    /// The settings of each match; what is not named is as the game has it.
    #[schema(value_type = Option<Object>)]
    pub settings: Option<serde_json::Map<String, serde_json::Value>>,
    /// False if its matches do not count for ratings.
    pub rated: Option<bool>,
    /// When it begins, within 366 days.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// For how many minutes before that one can check in, 0 to 1,440; 0: nobody needs to. 15, if absent.
    pub check_in_minutes: Option<u16>,
    /// For how many minutes a result can be disputed, 0 to 1,440; 0: it stands at once. 5, if absent.
    pub dispute_minutes: Option<u16>,
    /// How many can take part, 2 to 256, in a round robin to 64; 64, if absent.
    pub players_max: Option<u16>,
    /// Who is taken to be how good: `by_rating`, `as_entered` or `random`; `by_rating`, if absent.
    #[schema(value_type = Option<String>, example = "by_rating")]
    pub seeding: Option<Seeding>,
}

impl TournamentRequest {
    /// The tournament that is meant.
    ///
    /// # Errors
    ///
    /// `bad_tournament` where something belongs to another format.
    pub(super) fn creation(self) -> Result<Creation, Problem> {
        let format = match (self.format, self.third_place, self.rounds) {
            (FormatKind::Elimination, third, None) => {
                Format::Elimination { third_place: third.unwrap_or(false) }
            }
            (FormatKind::RoundRobin, None, None) => Format::RoundRobin,
            (FormatKind::Swiss, None, rounds) => Format::Swiss { rounds },
            _ => {
                let detail = "only an elimination has third_place, and only a swiss has rounds";
                return Err(invalid("bad_tournament", detail));
            }
        };
        Ok(Creation {
            game: self.game,
            title: self.title,
            format,
            settings: self.settings.map(|map| serde_json::Value::from(map).to_string()),
            rated: self.rated.unwrap_or(true),
            starts_at: self.starts_at,
            check_in_minutes: self.check_in_minutes.unwrap_or(CHECK_IN_MINUTES),
            dispute_minutes: self.dispute_minutes.unwrap_or(DISPUTE_MINUTES),
            players_max: self.players_max.unwrap_or(PLAYERS_MAX),
            seeding: self.seeding.unwrap_or(Seeding::ByRating),
        })
    }
}

/// Somebody who wants to take part.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegisterRequest {
    /// The name to show, at most 24 characters; the user name, if absent.
    #[schema(example = "Ann")]
    pub name: Option<String>,
}

/// Somebody whom the organizer lets take part.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddRequest {
    /// Whose account.
    #[schema(example = "ann")]
    pub username: String,
    /// The name to show, at most 24 characters; the user name, if absent.
    pub name: Option<String>,
}

/// Somebody who is to take part no more.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DropRequest {
    /// Whose account.
    #[schema(value_type = String, format = "uuid")]
    pub account: AccountId,
}

/// A result that is said to be wrong.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisputeRequest {
    /// Of which pairing, by number.
    pub pairing: u16,
    /// Why, at most 500 characters; for the organizer and administrators alone.
    #[serde(default)]
    pub text: String,
}

/// A result that is said to be right.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptRequest {
    /// Of which pairing, by number.
    pub pairing: u16,
}

/// What the organizer decides.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideRequest {
    /// Of which pairing, by number.
    pub pairing: u16,
    /// `stands`, `a` or `b` (that side has won), `draw`, `void` (nobody has anything of it) or `replay`.
    #[schema(value_type = String, example = "stands")]
    pub ruling: Ruling,
}

/// Which tournaments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Those that have not begun.
    #[default]
    Upcoming,
    /// Those that are played.
    Running,
    /// Those that are over.
    Over,
}

/// Which tournaments.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TournamentsQuery {
    /// `upcoming` (those that have not begun; the default), `running` or `over`.
    #[serde(default)]
    #[param(value_type = String, required = false)]
    pub state: State,
    /// 1 to 200 of them, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// What the page before gave as `next`.
    pub cursor: Option<String>,
}
