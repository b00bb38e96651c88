//! What lists show of a match.
//!
//! | table | key | row |
//! |---|---|---|
//! | `matches` | game / creation / id | [`MatchRow`] of a match that is listed and not over |
//! | `matches_over` | game / end / id | [`MatchRow`] of a match that is listed and was concluded |
//! | `matches_by_player` | account / end / id | [`PlayedRow`] of everybody with an account in its results |
//! | `matches_ended` | [`Kept`] / end / id | the id of every match that is over, for whoever deletes the old ones |

use playhouse_protocol::ids::{AccountId, MatchId};
use serde::{Deserialize, Serialize};

use super::beside::RatingChange;
use super::command::Phase;
use super::ending::{Ending, Placing, PlayerId};
use super::event::Event;
use super::{Match, Setup};
use crate::rows::RowChange;
use crate::text::key_part;
use crate::time::Timestamp;

/// A match in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchRow {
    /// Its id.
    pub id: MatchId,
    /// The game's name.
    pub game: String,
    /// What the match is called.
    pub title: Option<String>,
    /// The host's name, if the host has a seat.
    pub host: Option<String>,
    /// Where it stands.
    pub phase: Phase,
    /// How many seats there are.
    pub seats: u16,
    /// How many are taken, by people and bots.
    pub taken: u16,
    /// How many are taken by bots.
    pub bots: u16,
    /// True if a seat can be taken now.
    pub open: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it began to be played.
    pub began_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Who won, by name, if it was concluded: more than one if they are equal.
    pub winners: Vec<String>,
}

/// A match in what one player has played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayedRow {
    /// The match.
    pub id: MatchId,
    /// The game's name.
    pub game: String,
    /// When it ended.
    pub ended_at: Timestamp,
    /// 1 for the best; none for whoever left before the end.
    pub place: Option<u16>,
    /// The score, as the game counts.
    pub score: i32,
    /// How many played.
    pub players: u16,
    /// What it changed in the league, if it counted.
    pub rating: Option<RatingChange>,
    /// The tick that shows that they cheated, if that is the verdict.
    pub cheated_at: Option<u32>,
}

/// For how long a match that is over is worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Somebody played it to its end.
    Played,
    /// Nobody did: it has no results, or bots alone.
    Unplayed,
}

impl Kept {
    /// How keys of `matches_ended` start.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Played => "played/",
            Self::Unplayed => "unplayed/",
        }
    }
}

impl Match {
    pub(super) fn rows_of(&self, event: &Event) -> Vec<RowChange> {
        let Some(setup) = self.setup.as_deref() else { return Vec::new() };
        match event {
            Event::Ended(_) => {
                let live =
                    setup.creation.listed.then(|| RowChange::delete("matches", self.key(setup)));
                live.into_iter().chain(self.all_rows()).collect()
            }
            Event::Rated(_) | Event::Judged { .. } => self.all_rows(),
            Event::Deleted { accounts } => self.rows_of_deleted(setup, accounts),
            Event::Reported
            | Event::Corrected
            | Event::Offered
            | Event::Said { .. }
            | Event::Muted { .. }
            | Event::Banned { .. }
            | Event::Ticked { .. }
            | Event::Faulted { .. }
            | Event::TakenUp { .. }
            | Event::Gone { .. }
            | Event::Ready { .. }
            | Event::Resumed { .. } => Vec::new(),
            Event::Created { .. }
            | Event::Arranged { .. }
            | Event::Invited { .. }
            | Event::Reserved { .. }
            | Event::Entered { .. }
            | Event::CheckBegan { .. }
            | Event::CountdownBegan { .. }
            | Event::CalledOff
            | Event::Began
            | Event::Freed { .. } => self.all_rows(),
        }
    }

    pub(super) fn all_rows(&self) -> Vec<RowChange> {
        let Some(setup) = self.setup.as_deref() else { return Vec::new() };
        let (row, listed) = (|| self.row(setup), setup.creation.listed);
        match (&self.ending, self.ended_at) {
            (Some(ending), Some(ended_at)) => {
                let of_all = RowChange::put("matches_ended", self.key_ended(ended_at), &self.id);
                let Ending::Concluded { results, .. } = ending else { return vec![of_all] };
                let over =
                    || RowChange::put("matches_over", self.key_over(setup, ended_at), &row());
                let over = listed.then(over).into_iter().chain([of_all]);
                over.chain(self.played(setup, ended_at, results)).collect()
            }
            (None, None) if listed => vec![RowChange::put("matches", self.key(setup), &row())],
            _ => Vec::new(),
        }
    }

    /// Wherever it may have been in a list.
    fn rows_of_deleted(&self, setup: &Setup, accounts: &[AccountId]) -> Vec<RowChange> {
        let Some(ended_at) = self.ended_at else { return Vec::new() };
        let ended = [Kept::Played, Kept::Unplayed]
            .map(|kept| RowChange::delete("matches_ended", self.key_kept(kept, ended_at)));
        let over = RowChange::delete("matches_over", self.key_over(setup, ended_at));
        let played = accounts.iter().map(|account| {
            RowChange::delete("matches_by_player", self.key_played(*account, ended_at))
        });
        ended.into_iter().chain([over]).chain(played).collect()
    }

    /// Who has a place in the results, or left before the end.
    pub(super) fn placed(&self) -> impl Iterator<Item = (PlayerId, &Placing)> {
        let results = match &self.ending {
            Some(Ending::Concluded { results, .. }) => results.as_slice(),
            _ => &[],
        };
        results.iter().filter_map(|placing| Some((placing.player?, placing)))
    }

    fn key_ended(&self, ended_at: Timestamp) -> String {
        let played = self.placed().next().is_some();
        self.key_kept(if played { Kept::Played } else { Kept::Unplayed }, ended_at)
    }

    fn key_kept(&self, kept: Kept, ended_at: Timestamp) -> String {
        format!("{}{ended_at}/{}", kept.prefix(), self.id)
    }

    fn key_over(&self, setup: &Setup, ended_at: Timestamp) -> String {
        format!("{}/{ended_at}/{}", key_part(&setup.creation.game), self.id)
    }

    fn key_played(&self, account: AccountId, ended_at: Timestamp) -> String {
        format!("{account}/{ended_at}/{}", self.id)
    }

    fn key(&self, setup: &Setup) -> String {
        let game = key_part(&setup.creation.game);
        format!("{game}/{}/{}", setup.created_at, self.id)
    }

    fn row(&self, setup: &Setup) -> MatchRow {
        let host = setup.host.and_then(|host| self.seats.get(self.seats.of(host)?));
        let won = |placing: &&Placing| placing.place == Some(1);
        let winners = match &self.ending {
            Some(Ending::Concluded { results, .. }) => {
                results.iter().filter(won).map(|placing| placing.name.clone()).collect()
            }
            _ => Vec::new(),
        };
        MatchRow {
            id: self.id,
            game: setup.creation.game.clone(),
            title: setup.creation.title.clone(),
            host: host.map(|host| host.name.clone()),
            phase: self.phase,
            seats: setup.creation.seats,
            taken: self.seats.iter().count() as u16,
            bots: setup.creation.bots,
            open: self.is_open(),
            created_at: setup.created_at,
            began_at: self.began_at,
            ended_at: self.ended_at,
            winners,
        }
    }

    fn played(
        &self,
        setup: &Setup,
        ended_at: Timestamp,
        results: &[Placing],
    ) -> impl Iterator<Item = RowChange> {
        let players = results.iter().filter(|placing| placing.place.is_some()).count() as u16;
        results.iter().filter_map(move |Placing { player, place, score, .. }| {
            let Some(PlayerId::Account(account)) = player else { return None };
            let (id, game) = (self.id, setup.creation.game.clone());
            let rating = self.rating(*account);
            let cheated_at = self.fairness.tick_of(*account);
            let (place, score) = (*place, *score);
            let row = PlayedRow { id, game, ended_at, place, score, players, rating, cheated_at };
            Some(RowChange::put("matches_by_player", self.key_played(*account, ended_at), &row))
        })
    }
}
