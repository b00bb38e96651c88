//! What lists show of a contest.
//!
//! | table | key | row |
//! |---|---|---|
//! | `contests` | planned start / id | [`ContestRow`] of one that has not begun |
//! | `contests_running` | start / id | [`ContestRow`] of one that runs |
//! | `contests_over` | start / id | [`ContestRow`] of one that is over |
//! | `contests_by_account` | account / id | [`OwnContestRow`] of whoever made it, and of everybody who takes part |

use playhouse_protocol::ids::{AccountId, ContestId};
use serde::{Deserialize, Serialize};

use super::command::Scoring;
use super::event::Event;
use super::view::Phase;
use super::{Contest, Setup};
use crate::rows::RowChange;
use crate::time::Timestamp;

/// A contest in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContestRow {
    /// Its id.
    pub id: ContestId,
    /// What it is called.
    pub title: String,
    /// How places are made.
    pub scoring: Scoring,
    /// Where it stands.
    pub phase: Phase,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// When the board freezes.
    pub freeze_at: Option<Timestamp>,
    /// How many problems it has.
    pub problems: u16,
    /// How many teams take part.
    pub teams: u16,
}

/// A contest in the list of somebody's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnContestRow {
    /// Its id.
    pub id: ContestId,
    /// What it is called.
    pub title: String,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// True for whoever made it.
    pub organizes: bool,
}

const BY_ACCOUNT: &str = "contests_by_account";

fn table(phase: Phase) -> &'static str {
    match phase {
        Phase::Scheduled => "contests",
        Phase::Running => "contests_running",
        Phase::Over => "contests_over",
    }
}

impl Contest {
    pub(super) fn rows_of(&self, event: &Event) -> Vec<RowChange> {
        let Some(setup) = self.setup.as_deref() else { return Vec::new() };
        let was_in = |phase, at| RowChange::delete(table(phase), self.key(at));
        let here = |before: Option<RowChange>| before.into_iter().chain(self.list_row()).collect();
        match event {
            Event::Created { .. } | Event::Changed(_) => {
                let moved = self.moved.map(|at| was_in(self.phase, at));
                moved.into_iter().chain(self.all_rows()).collect()
            }
            Event::ProblemSet { .. } | Event::ProblemRemoved(_) => here(None),
            Event::Registered { account, .. } => {
                let own = self.own_row(setup, *account);
                [own].into_iter().chain(self.list_row()).collect()
            }
            Event::Left(team) => {
                let account = self.team(*team).account;
                here(Some(RowChange::delete(BY_ACCOUNT, format!("{account}/{}", self.id))))
            }
            Event::Began => here(Some(was_in(Phase::Scheduled, setup.creation.starts_at))),
            Event::Ended => here(Some(was_in(Phase::Running, setup.creation.starts_at))),
            _ => Vec::new(),
        }
    }

    pub(super) fn all_rows(&self) -> Vec<RowChange> {
        let Some(setup) = self.setup.as_deref() else { return Vec::new() };
        let teams = self.teams.iter().filter(|team| !team.gone).map(|team| team.account);
        let own = teams.chain([setup.organizer]).map(|account| self.own_row(setup, account));
        own.chain(self.list_row()).collect()
    }

    fn key(&self, at: Timestamp) -> String {
        format!("{at}/{}", self.id)
    }

    fn list_row(&self) -> Option<RowChange> {
        let row = self.row()?;
        Some(RowChange::put(table(self.phase), self.key(row.starts_at), &row))
    }

    fn own_row(&self, setup: &Setup, account: AccountId) -> RowChange {
        let row = OwnContestRow {
            id: self.id,
            title: setup.creation.title.clone(),
            starts_at: setup.creation.starts_at,
            ends_at: setup.creation.ends_at,
            organizes: account == setup.organizer,
        };
        RowChange::put(BY_ACCOUNT, format!("{account}/{}", self.id), &row)
    }

    /// The contest as lists show it.
    pub(super) fn row(&self) -> Option<ContestRow> {
        let creation = &self.setup.as_deref()?.creation;
        Some(ContestRow {
            id: self.id,
            title: creation.title.clone(),
            scoring: creation.scoring,
            phase: self.phase,
            starts_at: creation.starts_at,
            ends_at: creation.ends_at,
            freeze_at: creation.freeze_at,
            problems: self.problems.len() as u16,
            teams: self.taking_part(),
        })
    }
}
