//! What lists show of a tournament.
//!
//! | table | key | row |
//! |---|---|---|
//! | `tournaments` | planned start / id | [`TournamentRow`] of one that has not begun |
//! | `tournaments_running` | start / id | [`TournamentRow`] of one that is played |
//! | `tournaments_over` | end / id | [`TournamentRow`] of one that was played to its end or called off |
//! | `tournaments_by_player` | account / planned start / id | [`PlayerRow`] of everybody who registered |

use playhouse_protocol::ids::{AccountId, TournamentId};
use serde::{Deserialize, Serialize};

use super::command::{FormatKind, Phase};
use super::event::Event;
use super::{Entrant, Setup, Tournament};
use crate::rows::RowChange;
use crate::time::Timestamp;

/// A tournament in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TournamentRow {
    /// Its id.
    pub id: TournamentId,
    /// What it is called.
    pub title: String,
    /// The game's name.
    pub game: String,
    /// How it is played.
    pub format: FormatKind,
    /// Where it stands.
    pub phase: Phase,
    /// When check-in opens or has opened; none if nobody needs to check in.
    pub check_in_at: Option<Timestamp>,
    /// When it begins or was to begin.
    pub starts_at: Timestamp,
    /// When it began.
    pub began_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How many registered, or take part once it has begun.
    pub players: u16,
    /// How many can take part.
    pub players_max: u16,
    /// Who has won, by name.
    pub winner: Option<String>,
}

/// A tournament in what one player takes or took part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayerRow {
    /// The tournament.
    pub id: TournamentId,
    /// What it is called.
    pub title: String,
    /// The game's name.
    pub game: String,
    /// How it is played.
    pub format: FormatKind,
    /// Where it stands.
    pub phase: Phase,
    /// When it begins or was to begin.
    pub starts_at: Timestamp,
    /// The player's place, once it is concluded; none if they did not check in.
    pub place: Option<u16>,
}

impl Tournament {
    pub(super) fn rows_of(&self, event: &Event) -> Vec<RowChange> {
        let Some(setup) = self.setup.as_deref() else { return Vec::new() };
        let before = |table: &str, at: Timestamp| RowChange::delete(table, self.key(at));
        let upcoming = || before("tournaments", setup.creation.starts_at);
        let running = || self.began_at.map(|at| before("tournaments_running", at));
        match event {
            Event::Registered { account, .. } => {
                let own = self.entrant(*account).map(|own| self.player_row(setup, own));
                self.list_row(setup).into_iter().chain(own).collect()
            }
            Event::Withdrew { account } if self.phase.is_before() => {
                let key = self.player_key(setup, *account);
                let own = RowChange::delete("tournaments_by_player", key);
                self.list_row(setup).into_iter().chain([own]).collect()
            }
            Event::Started { .. } => [upcoming()].into_iter().chain(self.all_rows()).collect(),
            Event::Concluded { .. } | Event::Cancelled(_) => {
                let former = running().unwrap_or_else(upcoming);
                [former].into_iter().chain(self.all_rows()).collect()
            }
            Event::Created { .. } | Event::CheckInOpened { .. } => self.all_rows(),
            Event::Withdrew { .. }
            | Event::CheckedIn { .. }
            | Event::Drawn { .. }
            | Event::Began { .. }
            | Event::Arranged { .. }
            | Event::Again { .. }
            | Event::Reported { .. }
            | Event::Accepted { .. }
            | Event::Disputed { .. }
            | Event::Settled { .. } => Vec::new(),
        }
    }

    pub(super) fn all_rows(&self) -> Vec<RowChange> {
        let Some(setup) = self.setup.as_deref() else { return Vec::new() };
        let players = self.entrants.iter().map(|entrant| self.player_row(setup, entrant));
        self.list_row(setup).into_iter().chain(players).collect()
    }

    fn key(&self, at: Timestamp) -> String {
        format!("{at}/{}", self.id)
    }

    fn player_key(&self, setup: &Setup, account: AccountId) -> String {
        format!("{account}/{}", self.key(setup.creation.starts_at))
    }

    fn list_row(&self, setup: &Setup) -> Option<RowChange> {
        let (table, at) = match self.phase {
            Phase::Registration | Phase::CheckIn => ("tournaments", setup.creation.starts_at),
            Phase::Running => ("tournaments_running", self.began_at?),
            Phase::Concluded | Phase::Cancelled => ("tournaments_over", self.ended_at?),
        };
        Some(RowChange::put(table, self.key(at), &self.row()?))
    }

    /// The tournament as lists show it.
    pub(super) fn row(&self) -> Option<TournamentRow> {
        let setup = self.setup.as_deref()?;
        let winner = self.entrants.iter().find(|entrant| entrant.place == Some(1));
        let players = if self.field > 0 { self.field } else { self.entrants.len() as u16 };
        Some(TournamentRow {
            id: self.id,
            title: setup.creation.title.clone(),
            game: setup.creation.game.clone(),
            format: setup.creation.format.kind(),
            phase: self.phase,
            check_in_at: setup.check_in_at(),
            starts_at: self.starts_at,
            began_at: self.began_at,
            ended_at: self.ended_at,
            players,
            players_max: setup.creation.players_max,
            winner: winner.map(|entrant| entrant.entry.name.clone()),
        })
    }

    fn player_row(&self, setup: &Setup, entrant: &Entrant) -> RowChange {
        let row = PlayerRow {
            id: self.id,
            title: setup.creation.title.clone(),
            game: setup.creation.game.clone(),
            format: setup.creation.format.kind(),
            phase: self.phase,
            starts_at: self.starts_at,
            place: entrant.place,
        };
        let key = self.player_key(setup, entrant.account);
        RowChange::put("tournaments_by_player", key, &row)
    }
}
