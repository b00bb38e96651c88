//! The league of one game: how good its players are thought to be, and who leads.
//!
//! A room of kind `league`, its key the game's name. A match that counts tells it its result, once; in one
//! record everybody who played gets their new [`Skill`](super::skill::Skill). Because one room has them
//! all, no result can be computed from half of another, and a rank is a look at memory.
//!
//! Seasons: the leaderboard begins empty with each. What is known of a player stays, but nearer to the
//! first mean and less certain; that is reckoned when they play again. The best of past seasons are kept.
//!
//! `board` has the players in order, `order` the list that knows ranks; `decide`: what is answered. `docs/ratings.md` has the
//! promises and bounds.

mod board;
pub mod command;
mod decide;
mod order;
#[cfg(test)]
mod tests;

use std::time::Duration;

use playhouse_protocol::codec;
use playhouse_protocol::ids::{MatchId, RoomId};
use serde::{Deserialize, Serialize};

use self::board::Board;
pub use self::command::{
    Change, Command, Corrected, Correction, Page, PastSeason, Played, Ranked, Ranks, Reply, Season,
    Standing,
};
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Recovery, Retention, Rules};
use crate::time::Timestamp;

/// How many players a league has. 2^20: all of them are some 60 MB in memory and on disk.
pub const PLAYERS_MAX: usize = 1 << 20;

/// How many players one answer names at most. 100: a page, a list of friends.
pub const PAGE_MAX: usize = 100;

/// How long a season is, from its first match on. 90 days.
pub const SEASON: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How many past seasons are kept, the newest. 20: five years.
pub const SEASONS_KEPT: usize = 20;

/// How many of a past season are kept, the best. 100.
pub const BEST_KEPT: usize = 100;

/// How many the live leaderboard shows. 10.
pub const TOP: usize = 10;

/// How many bytes the state may have when it is read. 128 MiB: [`PLAYERS_MAX`] twice over.
const STATE_BYTES_MAX: usize = 128 << 20;

/// What is true of one league.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct League {
    game: String,
    /// The season that is played, once somebody played.
    season: Option<Season>,
    board: Board,
    /// The oldest first.
    past: Vec<PastSeason>,
}

/// What can become true of a league.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A season begins, and the one before is past.
    SeasonBegan,
    /// A match counted.
    Rated {
        /// Which.
        match_id: MatchId,
        /// What it led to.
        changes: Vec<Change>,
    },
    /// Somebody had cheated in a match that counted.
    Corrected {
        /// Which.
        match_id: MatchId,
        /// What it led to.
        changes: Vec<Corrected>,
    },
}

/// The room of the league of `game`; none if there can be no room of that name.
#[must_use]
pub fn room(game: &str) -> Option<RoomId> {
    RoomId::new(League::KIND, game).ok()
}

impl Rules for League {
    const KIND: &'static str = "league";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = Standing;
    type Change = Standing;

    fn new(id: &RoomId) -> Self {
        Self { game: id.key().to_owned(), season: None, board: Board::default(), past: Vec::new() }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        let told = |reply| Ok(Effects::reply(vec![], reply));
        match command {
            Command::Rate { match_id, played } => self.rate(cx, match_id, &played),
            Command::BeginSeason => self.begin_season(cx),
            Command::Page { from, count } => told(Reply::Page(self.page(from, count))),
            Command::Around { account, count } => told(Reply::Page(self.around(account, count))),
            Command::Among(accounts) => told(Reply::Page(self.among(&accounts))),
            Command::Ranks(accounts) => told(Reply::Ranks(self.ranks(&accounts))),
            Command::Seasons => told(Reply::Seasons(self.past.clone())),
            Command::Correct { match_id, rated_at, corrections } => {
                self.correct(cx, match_id, rated_at, &corrections)
            }
        }
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::SeasonBegan => self.season_began(at),
            Event::Rated { changes, .. } => changes.iter().for_each(|change| self.take(at, change)),
            Event::Corrected { changes, .. } => {
                changes.iter().for_each(|change| self.corrected(change));
            }
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.season.as_ref().filter(|_| self.board.ranked() > 0).map(|season| season.until)
    }

    fn wake(&self, cx: &Cx<'_>) -> Effects<Self> {
        let is_due = self.wake_at().is_some_and(|until| until <= cx.now);
        Effects::events(is_due.then_some(Event::SeasonBegan).into_iter().collect())
    }

    fn view(&self, _: Timestamp, _: &Audience) -> Option<Standing> {
        Some(self.standing())
    }

    /// Who leads is no secret.
    fn audience(&self, _: &Caller) -> Option<Audience> {
        super::find(&self.game).map(|_| Audience::Public)
    }

    fn change(&self, _: &Event, _: &Audience) -> Option<Standing> {
        Some(self.standing())
    }

    /// Nobody's: whoever comes back gets the newest view.
    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn upcast_state(from: u16, bytes: &[u8]) -> Result<Self, String> {
        match from {
            Self::SCHEMA => {
                codec::decode_within::<Self, STATE_BYTES_MAX>(bytes).map_err(|e| e.to_string())
            }
            _ => Err(format!("league has no reader for schema version {from}")),
        }
    }

    fn policy() -> Policy {
        Policy {
            retention: Retention::Records(1024),
            recovery: Recovery::NewestOnly,
            // Every match that counts is one, and its match asks again until it was told.
            outcomes: 100_000,
            outcome_age: Duration::from_secs(30 * 24 * 60 * 60),
            publish_every: Duration::from_secs(1),
            // Reading it back takes its time, and there is one for each game.
            idle: Duration::from_secs(24 * 60 * 60),
            ..Policy::default()
        }
    }
}
