//! What is told of leaderboards, players and friends, as JSON.

use playhouse_domain::games::league::{Page, PastSeason, Ranked, Season as Now};
use playhouse_domain::games::skill::Skill;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A part of a leaderboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaderboard {
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// The season; none before the first match that counts.
    pub season: Option<Season>,
    /// How many are in the leaderboard.
    pub players: u32,
    /// The players of this part, by rank.
    pub items: Vec<Place>,
}

/// A season.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Season {
    /// From 1.
    pub number: u32,
    /// When it began.
    #[schema(format = DateTime)]
    pub began_at: String,
    /// When it ends by itself.
    #[schema(format = DateTime)]
    pub until: String,
}

/// A player's place in a leaderboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// 1 for the best. Equal points share a rank.
    pub rank: u32,
    /// The account.
    #[schema(format = "uuid")]
    pub player: String,
    /// The name in the newest match.
    pub name: String,
    /// A hundred times what the skill is at least: its mean less three deviations.
    pub points: i32,
    /// How many matches of the season.
    pub matches: u32,
    /// In how many of them nobody did better.
    pub won: u32,
}

/// The past seasons of a game.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seasons {
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// The newest first, at most 20.
    pub items: Vec<PastSeasonOf>,
}

/// A season that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PastSeason)]
pub struct PastSeasonOf {
    /// From 1.
    pub number: u32,
    /// When it began.
    #[schema(format = DateTime)]
    pub began_at: String,
    /// When it ended.
    #[schema(format = DateTime)]
    pub ended_at: String,
    /// How many played in it.
    pub players: u32,
    /// The best, at most 100.
    pub best: Vec<Place>,
}

/// A player, as the leagues know them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Player {
    /// The account.
    #[schema(format = "uuid")]
    pub id: String,
    /// The name in a newest match; none before the first that counts in this season.
    pub name: Option<String>,
    /// Where they stand in each game that they played in this season.
    pub games: Vec<PlayerGame>,
}

/// Where a player stands in one game.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayerGame {
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// The mean of the skill: 25 at first.
    pub mean: f64,
    /// Its standard deviation: 8.33 at first.
    pub deviation: f64,
    /// As of a leaderboard.
    pub rank: u32,
    /// As of a leaderboard.
    pub points: i32,
    /// As of a leaderboard.
    pub matches: u32,
    /// As of a leaderboard.
    pub won: u32,
}

/// Whom an account counts among its friends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FriendList {
    /// In the order in which they came, at most 99.
    pub items: Vec<Friend>,
}

/// A friend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Friend {
    /// The account.
    #[schema(format = "uuid")]
    pub id: String,
}

impl From<Now> for Season {
    fn from(Now { number, began_at, until }: Now) -> Self {
        Self { number, began_at: began_at.to_string(), until: until.to_string() }
    }
}

impl From<Ranked> for Place {
    fn from(Ranked { rank, account, name, points, matches, won }: Ranked) -> Self {
        Self { rank, player: account.to_string(), name, points, matches, won }
    }
}

impl Leaderboard {
    pub(in crate::games) fn of(game: &str, Page { season, players, items }: Page) -> Self {
        let (game, season) = (game.to_owned(), season.map(Into::into));
        Self { game, season, players, items: items.into_iter().map(Into::into).collect() }
    }
}

impl Seasons {
    pub(in crate::games) fn of(game: &str, past: Vec<PastSeason>) -> Self {
        let one = |season: PastSeason| PastSeasonOf {
            number: season.number,
            began_at: season.began_at.to_string(),
            ended_at: season.ended_at.to_string(),
            players: season.players,
            best: season.best.into_iter().map(Into::into).collect(),
        };
        Self { game: game.to_owned(), items: past.into_iter().rev().map(one).collect() }
    }
}

impl PlayerGame {
    pub(in crate::games) fn of(game: &str, skill: Skill, ranked: Ranked) -> Self {
        let (Skill { mean, deviation }, Ranked { rank, points, matches, won, .. }) =
            (skill, ranked);
        Self { game: game.to_owned(), mean, deviation, rank, points, matches, won }
    }
}
