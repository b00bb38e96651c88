//! What can be asked of a tournament, and what it answers.

use playhouse_protocol::ids::{AccountId, MatchId};
use serde::{Deserialize, Serialize};

use super::rows::TournamentRow;
use crate::time::Timestamp;

/// What can be asked. Those marked O are for whoever made the tournament, and for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Make it. Organizers.
    Create(Box<Creation>),
    /// Take part. Once check-in is open, this is a check-in too. Again: another name.
    Register(Entry),
    /// Take part no more. Once it has begun, whoever is met from then on has won.
    Withdraw,
    /// Say that one is there.
    CheckIn,
    /// O. Begin now: with those who checked in, or with everybody if check-in has not opened.
    Start,
    /// O. Let somebody take part, before it begins. Once check-in is open they count as checked in.
    Add {
        /// Who.
        account: AccountId,
        /// As what.
        entry: Entry,
    },
    /// O. Let somebody take part no more, as if they had withdrawn.
    Drop {
        /// Who.
        account: AccountId,
    },
    /// Say that a result is wrong: either player, while it can be disputed.
    Dispute {
        /// Of which pairing.
        pairing: u16,
        /// Why, at most [`TEXT_MAX`](super::TEXT_MAX) characters; for organizers alone.
        text: String,
    },
    /// Say that a result is right. It stands once everybody has who did not win.
    Accept {
        /// Of which pairing.
        pairing: u16,
    },
    /// O. Decide a pairing that is not over, disputed or not.
    Decide {
        /// Which.
        pairing: u16,
        /// How.
        ruling: Ruling,
    },
    /// O. Call it off.
    Cancel,
    /// A match is over: the match's room.
    Result {
        /// Which.
        match_id: MatchId,
        /// How it came out.
        outcome: MatchOutcome,
    },
}

/// What a tournament is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creation {
    /// The game's name, as in `arena`. It must be one that two can play.
    pub game: String,
    /// What it is called, at most [`TITLE_MAX`](super::TITLE_MAX) characters.
    pub title: String,
    /// How it is played.
    pub format: Format,
    /// The settings of each match as a JSON object; what it does not name is as the game has it.
    pub settings: Option<String>,
    /// True if its matches count for ratings.
    pub rated: bool,
    /// When it begins by itself.
    pub starts_at: Timestamp,
    /// For how many minutes before that one can check in, at most
    /// [`CHECK_IN_MINUTES_MAX`](super::CHECK_IN_MINUTES_MAX). 0: nobody needs to.
    pub check_in_minutes: u16,
    /// For how many minutes a result can be disputed, at most
    /// [`DISPUTE_MINUTES_MAX`](super::DISPUTE_MINUTES_MAX). 0: it stands at once.
    pub dispute_minutes: u16,
    /// How many can take part, 2 to [`PLAYERS_MAX`](super::PLAYERS_MAX), in a round robin to
    /// [`ROUND_ROBIN_MAX`](super::ROUND_ROBIN_MAX).
    pub players_max: u16,
    /// Who is taken to be how good.
    pub seeding: Seeding,
}

/// How a tournament is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// Whoever loses is out.
    Elimination {
        /// True if those who lost the semifinals play for the third place.
        third_place: bool,
    },
    /// Everybody against everybody else once.
    RoundRobin,
    /// Those who have done equally well meet.
    Swiss {
        /// How many rounds, at most [`ROUNDS_MAX`](super::ROUNDS_MAX); none: as many as it takes until one at
        /// most has won them all. Never more than there are others to meet.
        rounds: Option<u16>,
    },
}

impl Format {
    /// The format without what belongs to it.
    #[must_use]
    pub fn kind(self) -> FormatKind {
        match self {
            Self::Elimination { .. } => FormatKind::Elimination,
            Self::RoundRobin => FormatKind::RoundRobin,
            Self::Swiss { .. } => FormatKind::Swiss,
        }
    }
}

/// How a tournament is played, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormatKind {
    /// Single elimination.
    Elimination,
    /// Round robin.
    RoundRobin,
    /// Swiss.
    Swiss,
}

/// Who is taken to be how good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seeding {
    /// By rating, the best first; of equal ratings, whoever registered first.
    ByRating,
    /// In the order in which they registered.
    AsEntered,
    /// By lot.
    Random,
}

/// Somebody who wants to take part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name to show, at most 24 characters.
    pub name: String,
    /// How good they are, as the edge found it; none if nobody knows, which counts as
    /// [`RATING_DEFAULT`](super::RATING_DEFAULT).
    pub rating: Option<i32>,
}

/// How an organizer decides a pairing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// The result stands.
    Stands,
    /// The first side has won.
    A,
    /// The second side has won.
    B,
    /// Nobody has won; not in an elimination.
    Draw,
    /// It is void: nobody has anything of it, and in an elimination nobody goes on.
    Void,
    /// They play again.
    Replay,
}

/// How a match came out, as its room tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchOutcome {
    /// Who was there.
    pub came: Vec<AccountId>,
    /// Who did how well: 1 is the best place; none for whoever left before the end.
    pub placings: Vec<(AccountId, Option<u16>)>,
    /// True if it has no results.
    pub void: bool,
}

/// What the caller is told. Small, since it is remembered for commands with a key: the whole is in the view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The tournament as lists show it.
    Tournament(Box<TournamentRow>),
    /// To `Result`.
    Noted,
}

/// Where a tournament stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// One can register.
    #[default]
    Registration,
    /// One can register, and those who did say that they are there.
    CheckIn,
    /// It is played.
    Running,
    /// It was played to its end.
    Concluded,
    /// It was called off.
    Cancelled,
}

impl Phase {
    /// True once nothing can change any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Concluded | Self::Cancelled)
    }

    /// True until it is played.
    #[must_use]
    pub fn is_before(self) -> bool {
        matches!(self, Self::Registration | Self::CheckIn)
    }
}
