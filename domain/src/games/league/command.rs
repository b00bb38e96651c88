//! What can be asked of a league, and what it answers.

use playhouse_protocol::ids::{AccountId, MatchId};
use serde::{Deserialize, Serialize};

use super::board::Record;
use crate::games::skill::Skill;
use crate::time::Timestamp;

/// What can be asked. All but the first two change nothing and are for everybody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Take in a result. For matches alone, each with a key of its own.
    Rate {
        /// The match.
        match_id: MatchId,
        /// Everybody who counts, each once.
        played: Vec<Played>,
    },
    /// End the season and begin the next one. For administrators; does nothing in a season in which nobody
    /// played.
    BeginSeason,
    /// A part of the leaderboard.
    Page {
        /// The place of the first one, from 1.
        from: u32,
        /// How many, at most [`PAGE_MAX`](super::PAGE_MAX).
        count: u16,
    },
    /// The part of the leaderboard in which one player is in the middle. Empty if they are not in it.
    Around {
        /// Who.
        account: AccountId,
        /// How many, at most [`PAGE_MAX`](super::PAGE_MAX).
        count: u16,
    },
    /// The leaderboard of these alone, with their ranks among all. The first
    /// [`PAGE_MAX`](super::PAGE_MAX) count.
    Among(Vec<AccountId>),
    /// How good each of these is thought to be. The first [`PAGE_MAX`](super::PAGE_MAX) count.
    Ranks(Vec<AccountId>),
    /// The past seasons, the oldest first.
    Seasons,
    /// Change what a match gave or took, since somebody cheated in it. For matches alone, each time with a key of its
    /// own; does nothing once the season of the result is past.
    Correct {
        /// The match.
        match_id: MatchId,
        /// When it counted.
        rated_at: Timestamp,
        /// Everybody for whom something changes, each once.
        corrections: Vec<Correction>,
    },
}

/// What changes for a player, since somebody cheated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Who.
    pub account: AccountId,
    /// So many points are given back, or taken away.
    pub points: i32,
    /// So many matches are won more, or fewer.
    pub won: i32,
}

/// What a player's record says after a correction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// Who.
    pub account: AccountId,
    /// Their skill.
    pub skill: Skill,
    /// How many matches of the season they won.
    pub won: u32,
}

/// How one player did in a match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Played {
    /// Who.
    pub account: AccountId,
    /// The name that was shown.
    pub name: String,
    /// 1 for the best. Equal places are a draw.
    pub place: u16,
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// To `Rate`: what it led to, as the players were given.
    Rated(Vec<Change>),
    /// To `BeginSeason` and `Correct`.
    Noted,
    /// To `Page`, `Around` and `Among`.
    Page(Page),
    /// To `Ranks`, as they were asked.
    Ranks(Vec<Ranks>),
    /// To `Seasons`.
    Seasons(Vec<PastSeason>),
}

/// What a match changed for one player.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Who.
    pub account: AccountId,
    /// The name that was shown.
    pub name: String,
    /// The place in the match.
    pub place: u16,
    /// Their skill before.
    pub before: Skill,
    /// Their skill after.
    pub after: Skill,
}

/// A season.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Season {
    /// From 1.
    pub number: u32,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// A season that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastSeason {
    /// From 1.
    pub number: u32,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How many played in it.
    pub players: u32,
    /// The best, at most [`BEST_KEPT`](super::BEST_KEPT).
    pub best: Vec<Ranked>,
}

/// A player in a leaderboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    /// 1 for the best. Equal points share a rank.
    pub rank: u32,
    /// Who.
    pub account: AccountId,
    /// The name in the newest match.
    pub name: String,
    /// What the leaderboard counts: [`Skill::points`].
    pub points: i32,
    /// How many matches of the season.
    pub matches: u32,
    /// In how many of them nobody did better.
    pub won: u32,
}

impl Ranked {
    pub(super) fn of(rank: u32, account: AccountId, record: &Record) -> Self {
        let Record { name, skill, matches, won, .. } = record;
        let (points, matches, won) = (skill.points(), *matches, *won);
        Self { rank, account, name: name.clone(), points, matches, won }
    }
}

/// A part of the leaderboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The season; none before the first match.
    pub season: Option<Season>,
    /// How many are in the leaderboard.
    pub players: u32,
    /// Who, by rank.
    pub items: Vec<Ranked>,
}

/// Where a player stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranks {
    /// Who.
    pub account: AccountId,
    /// How good they are thought to be; the first skill for whoever never played.
    pub skill: Skill,
    /// Their place in the leaderboard, if they played in the season.
    pub ranked: Option<Ranked>,
}

/// Who leads, as the live leaderboard shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The game.
    pub game: String,
    /// The first [`TOP`](super::TOP).
    #[serde(flatten)]
    pub page: Page,
}
