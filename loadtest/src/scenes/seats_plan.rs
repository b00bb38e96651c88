//! What people do in an on-sale rush: the table `[seats]`.

use serde::Deserialize;

use crate::harness::scenario::ScenarioError;

/// The table `[seats]` of a scenario. Shares are from 0 to 1.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Showings on sale, each on a screen of its own, 1 to 50.
    pub showings: usize,
    /// Rows of each, 1 to 100.
    pub rows: u8,
    /// Seats of each row, 6 to 200.
    pub seats: u16,
    /// Accounts that buy, 1 to 2,000.
    pub buyers: usize,
    /// How many watch the first showing, 0 to 19,000.
    pub watchers: usize,
    /// The share of watchers who never read.
    pub silent: f64,
    /// The share of groups that ask for seats by name; the others take the best together.
    pub named: f64,
    /// The share of holds that are extended.
    pub extend: f64,
    /// The share of holds that are bought.
    pub buy: f64,
    /// The share of holds that are left to end by themselves. What is left over is given back.
    pub abandon: f64,
    /// The share of bookings that are cancelled at once.
    pub cancel: f64,
    /// How long somebody thinks between two steps, in milliseconds, at most.
    pub think_ms: u64,
    /// When all watchers hang up and come back, in seconds from the beginning. Default never.
    pub storm_s: Option<f64>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            showings: 4,
            rows: 20,
            seats: 25,
            buyers: 100,
            watchers: 0,
            silent: 0.0,
            named: 0.5,
            extend: 0.1,
            buy: 0.3,
            abandon: 0.05,
            cancel: 0.5,
            think_ms: 200,
            storm_s: None,
        }
    }
}

impl Plan {
    /// True if every hold is bought and kept: then what is free was never anybody's.
    pub(super) fn gives_nothing_back(&self) -> bool {
        self.buy >= 1.0 && self.cancel <= 0.0 && self.abandon <= 0.0
    }

    /// Says what is out of bounds.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Bounds`].
    pub fn check(&self) -> Result<(), ScenarioError> {
        let house = (1..=50).contains(&self.showings)
            && (1..=100).contains(&self.rows)
            && (6..=200).contains(&self.seats);
        let people = (1..=2000).contains(&self.buyers) && self.watchers <= 19_000;
        let shares = [self.silent, self.named, self.extend, self.buy, self.abandon, self.cancel];
        let shares = shares.iter().all(|share| (0.0..=1.0).contains(share));
        if house && people && shares && self.buy + self.abandon <= 1.0 && self.think_ms <= 60_000 {
            return Ok(());
        }
        Err(ScenarioError::Bounds(
            "seats: showings 1 to 50, rows 1 to 100, seats 6 to 200, buyers 1 to 2,000, watchers 0 to \
             19,000, think_ms 0 to 60,000, shares 0 to 1, and of all holds at most all are bought or left",
        ))
    }
}
