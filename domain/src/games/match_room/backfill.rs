//! Seats that are free again while it is played, for whoever looks for a match: the matchmaking that arranged it is
//! told of them.
//!
//! What is told says what the match had seen when it said so, since people may be on their way here meanwhile: how many
//! seats were free and how many people had been invited in all, so that the matchmaking can tell who of those is
//! counted already. It is told one thing after another, and only once the match is played: by then the matchmaking
//! knows of it.

use serde::{Deserialize, Serialize};

use super::Match;
use super::arranged::Arranged;
use super::command::Phase;
use crate::duty::{Duty, DutyId};
use crate::games::GameKind;
use crate::matchmaking::{self, Matchmaking};
use crate::room::Rules;

/// The first duty to tell of free seats has the number after this one: far from those that tell the league.
const BEFORE_VACANCIES: u64 = 1 << 32;

/// What the matchmaking is told of free seats.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Backfill {
    /// How many people were invited once it was arranged.
    late: u16,
    /// True if a seat was given up that nobody was told of yet.
    vacant: bool,
    /// What is told now.
    telling: Option<Vacancy>,
    /// How often there was something to tell.
    tellings: u64,
}

/// Seats are free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Vacancy {
    free: u16,
    /// How many people had been invited in all.
    invited: u16,
}

impl Backfill {
    pub(super) fn invited(&mut self, people: usize) {
        self.late = self.late.saturating_add(people as u16);
    }

    pub(super) fn freed(&mut self) {
        self.vacant = true;
    }

    pub(super) fn told(&mut self) {
        self.telling = None;
    }

    fn duty(&self) -> DutyId {
        DutyId(BEFORE_VACANCIES + self.tellings)
    }
}

impl Match {
    /// Begins to tell of free seats, if there is something to tell and nothing else is being told.
    pub(super) fn offers(&mut self) {
        let due = self.backfill.vacant && self.backfill.telling.is_none();
        if !due || self.phase != Phase::Active || !self.is_filled_up() {
            return;
        }
        let first = self.arranged.as_deref().map_or(0, Arranged::people);
        let (free, invited) = (self.seats.all_free().count() as u16, first + self.backfill.late);
        self.backfill.telling = Some(Vacancy { free, invited });
        self.backfill.tellings += 1;
        self.backfill.vacant = false;
    }

    /// True if those who look for a match may come late: everybody plays for themselves, and the matchmaking arranged
    /// it.
    fn is_filled_up(&self) -> bool {
        let by_matchmaking = self
            .arranged
            .as_deref()
            .is_some_and(|arranged| arranged.by().kind() == Matchmaking::KIND);
        let takes = |kind: &dyn GameKind| kind.join_late() && kind.shape().is_free_for_all();
        by_matchmaking && self.kind().is_some_and(takes)
    }

    /// The duty to tell of free seats.
    pub(super) fn vacancy(&self) -> Option<Duty> {
        let Vacancy { free, invited } = self.backfill.telling?;
        if self.phase != Phase::Active {
            return None;
        }
        let by = self.arranged.as_deref()?.by().clone();
        let command = matchmaking::Command::Seats { match_id: self.id, free, invited };
        Some(Duty::tell::<Matchmaking>(self.backfill.duty(), by, &command))
    }

    pub(super) fn is_telling(&self, duty: DutyId) -> bool {
        self.backfill.telling.is_some() && self.backfill.duty() == duty
    }
}
