//! Points and places, as pure functions of what was sent in.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command::Scoring;
use super::letter::Letter;
use super::outcome::Outcome;

/// What each wrong attempt before the accepted one costs in minutes, by the rules of the ICPC. 20.
pub const PENALTY_MINUTES: u32 = 20;

/// How a team stands with one problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cell {
    /// Attempts that count: by ICPC those before the accepted one that were wrong, and that one.
    pub tries: u16,
    /// Attempts of which the result is not known here: not judged yet, or hidden by the freeze.
    pub pending: u16,
    /// By ICPC 1 once it is solved; else the points of the best attempt.
    pub score: u32,
    /// What came of it when, in milliseconds since the beginning: the attempt that the score is of.
    pub at_ms: Option<u64>,
}

/// One attempt, as the board counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// When it was sent in, in milliseconds since the beginning.
    pub at_ms: u64,
    /// What came of it; none: not known here.
    pub outcome: Option<Outcome>,
}

/// The cell that `attempts` make, in the order in which they were sent in, at a problem worth `points`.
#[must_use]
pub fn cell(scoring: Scoring, points: u32, attempts: impl Iterator<Item = Attempt>) -> Cell {
    match scoring {
        Scoring::Icpc => solved(attempts),
        Scoring::Points => best(points, attempts),
    }
}

fn solved(attempts: impl Iterator<Item = Attempt>) -> Cell {
    let mut cell = Cell::default();
    for Attempt { at_ms, outcome } in attempts {
        match outcome {
            None => cell.pending += 1,
            Some(outcome) if outcome.verdict.is_accepted() => {
                return Cell { tries: cell.tries + 1, score: 1, at_ms: Some(at_ms), ..cell };
            }
            Some(outcome) => cell.tries += u16::from(outcome.counts()),
        }
    }
    cell
}

fn best(points: u32, attempts: impl Iterator<Item = Attempt>) -> Cell {
    let mut cell = Cell::default();
    for Attempt { at_ms, outcome } in attempts {
        let Some(outcome) = outcome else {
            cell.pending += 1;
            continue;
        };
        cell.tries += u16::from(outcome.counts());
        let score = outcome.earns(points);
        if score > cell.score {
            (cell.score, cell.at_ms) = (score, Some(at_ms));
        }
    }
    cell
}

/// How a team stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The team's number, from 1, in the order in which they registered.
    pub team: u16,
    /// Its name.
    pub name: String,
    /// By ICPC how many problems it solved; else its points.
    pub score: u32,
    /// By ICPC the penalty in minutes; else 0.
    pub penalty: u32,
    /// When what is counted was reached, in milliseconds since the beginning: of equals, whoever was there first.
    pub last_ms: u64,
    /// How it stands with each problem that it tried.
    pub cells: BTreeMap<Letter, Cell>,
}

impl Row {
    /// The row of `cells`.
    #[must_use]
    pub fn new(scoring: Scoring, team: u16, name: &str, cells: BTreeMap<Letter, Cell>) -> Self {
        let reached = || cells.values().filter_map(|cell| Some((cell, cell.at_ms?)));
        let cost = |(cell, at_ms): (&Cell, u64)| {
            let minutes = u32::try_from(at_ms / 60_000).unwrap_or(u32::MAX);
            let wrong = u32::from(cell.tries.saturating_sub(1));
            minutes.saturating_add(wrong * PENALTY_MINUTES)
        };
        let penalty = match scoring {
            Scoring::Icpc => reached().map(cost).fold(0, u32::saturating_add),
            Scoring::Points => 0,
        };
        let last_ms = reached().map(|(_, at_ms)| at_ms).max().unwrap_or_default();
        let score = cells.values().map(|cell| cell.score).fold(0, u32::saturating_add);
        Self { team, name: name.to_owned(), score, penalty, last_ms, cells }
    }

    /// What places go by: the least is the best.
    #[must_use]
    pub fn key(&self) -> (Reverse<u32>, u32, u64) {
        (Reverse(self.score), self.penalty, self.last_ms)
    }
}

/// `rows` from the best to the last, each with its place; equals share one, and stand in the order in which they
/// registered.
#[must_use]
pub fn placed(mut rows: Vec<Row>) -> Vec<(u16, Row)> {
    rows.sort_by_key(|row| (row.key(), row.team));
    let mut placed: Vec<(u16, Row)> = Vec::with_capacity(rows.len());
    for (at, row) in (1..).zip(rows) {
        let place = match placed.last() {
            Some((place, before)) if before.key() == row.key() => *place,
            _ => at,
        };
        placed.push((place, row));
    }
    placed
}
