//! A scenario: who comes, when, for how long, and what must hold. `docs/loadtest.md` has every field.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::burners;
use super::shape::Load;
use crate::scenes::{arena, contest, judge, poll, seats};

/// How long a run may be. An hour: a client's log of it still fits into some hundred megabytes.
const DURATION_S: std::ops::RangeInclusive<f64> = 0.1..=3600.0;

/// A scenario that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("failed to read the scenario {path}")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is no scenario.
    #[error("the scenario is malformed: {0}")]
    Malformed(#[from] Box<toml::de::Error>),
    /// A value is out of bounds.
    #[error("{0}")]
    Bounds(&'static str),
}

/// One scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called in reports.
    pub name: String,
    /// How long people arrive, in seconds, 0.1 to 3,600. Default 30.
    #[serde(default = "thirty")]
    pub duration_s: f64,
    /// What chance is drawn from. Default: drawn anew, and told.
    pub seed: Option<u64>,
    /// How many people may be under way at once, 1 to 100,000. Default 10,000. Who arrives beyond it
    /// is not let in and counted (`load.dropped`): the client is past its own bound.
    #[serde(default = "ten_thousand")]
    pub in_flight_max: usize,
    /// When how many arrive.
    pub load: Load,
    /// Bots that play matches. A scenario has this table or one of the next.
    pub arena: Option<arena::Plan>,
    /// Teams that send programs in.
    pub contest: Option<contest::Plan>,
    /// People who hand programs in.
    pub judge: Option<judge::Plan>,
    /// People who vote, and people who watch.
    pub poll: Option<poll::Plan>,
    /// People who hold, extend, buy and abandon seats, and people who watch.
    pub seats: Option<seats::Plan>,
    /// Programs that a judge runs beside all that.
    pub burners: Option<burners::Plan>,
    /// Settings of the harness' own server, by their names in `docs/configuration.md`.
    #[serde(default)]
    pub server: BTreeMap<String, serde_json::Value>,
    /// The most that a figure may be; more fails the run.
    #[serde(default)]
    pub thresholds: BTreeMap<String, f64>,
}

/// Who comes: each is one file in `scenes`.
#[derive(Debug, Clone)]
pub enum Scene {
    /// See [`arena`].
    Arena(arena::Plan),
    /// See [`contest`].
    Contest(contest::Plan),
    /// See [`judge`].
    Judge(judge::Plan),
    /// See [`poll`].
    Poll(poll::Plan),
    /// See [`seats`].
    Seats(seats::Plan),
}

fn thirty() -> f64 {
    30.0
}

fn ten_thousand() -> usize {
    10_000
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    ///
    /// [`ScenarioError`].
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(path).map_err(|source| {
            let path = path.display().to_string();
            ScenarioError::Unreadable { path, source }
        })?;
        Self::parse(&text)
    }

    /// Reads a scenario.
    ///
    /// # Errors
    ///
    /// [`ScenarioError`].
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(Box::new)?;
        scenario.check()?;
        Ok(scenario)
    }

    /// Says what is out of bounds.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Bounds`].
    pub fn check(&self) -> Result<(), ScenarioError> {
        if !DURATION_S.contains(&self.duration_s) {
            return Err(ScenarioError::Bounds("duration_s is from 0.1 to 3,600"));
        }
        if !(1..=100_000).contains(&self.in_flight_max) {
            return Err(ScenarioError::Bounds("in_flight_max is from 1 to 100,000"));
        }
        self.load.check()?;
        self.burners.iter().try_for_each(burners::Plan::check)?;
        match self.scene()? {
            Scene::Arena(plan) => plan.check(self.load.arrivals(self.duration()).count()),
            Scene::Contest(plan) => plan.check(),
            Scene::Judge(plan) => plan.check(),
            Scene::Poll(plan) => plan.check(),
            Scene::Seats(plan) => plan.check(),
        }
    }

    /// Who comes.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Bounds`] if it is not exactly one.
    pub fn scene(&self) -> Result<Scene, ScenarioError> {
        let scenes = [
            self.arena.clone().map(Scene::Arena),
            self.contest.clone().map(Scene::Contest),
            self.judge.clone().map(Scene::Judge),
            self.poll.clone().map(Scene::Poll),
            self.seats.clone().map(Scene::Seats),
        ];
        let mut scenes = scenes.into_iter().flatten();
        match (scenes.next(), scenes.next()) {
            (Some(scene), None) => Ok(scene),
            _ => Err(ScenarioError::Bounds(
                "a scenario has one of the tables arena, contest, judge, poll and seats",
            )),
        }
    }

    /// How long people arrive.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.duration_s)
    }

    /// The settings of the harness' own server, as environment variables.
    #[must_use]
    pub fn settings(&self) -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let name = |key: &str| format!("PLAYHOUSE_{}", key.replace('.', "_").to_uppercase());
        self.server.iter().map(|(key, value)| (name(key), text(value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_that_comes_with_the_harness_can_be_run() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut read = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            Scenario::load(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            read += 1;
        }
        assert!(read >= 2);
    }

    #[test]
    fn a_field_that_is_none_and_a_value_out_of_bounds_are_refused() {
        let with = |more: &str| {
            Scenario::parse(&format!("name = 'x'\n{more}\n[load]\nrate = 1\n[poll]\nwatchers = 1"))
        };
        with("seed = 7").unwrap();
        for wrong in ["duration_s = 0", "in_flight_max = 0"] {
            assert!(matches!(with(wrong), Err(ScenarioError::Bounds(_))), "{wrong}");
        }
        let none = "name = 'x'\n[load]\nrate = 1\nrote = 1\n[poll]\nwatchers = 1";
        assert!(matches!(Scenario::parse(none), Err(ScenarioError::Malformed(_))));
    }

    #[test]
    fn settings_go_by_the_names_of_the_environment() {
        let text =
            "name='x'\n[load]\nrate=1\n[poll]\n[server]\n'limits.joins' = 9\n'cinema.hold' = '5s'";
        let settings = Scenario::parse(text).unwrap().settings();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert!(settings.contains(&pair("PLAYHOUSE_LIMITS_JOINS", "9")));
        assert!(settings.contains(&pair("PLAYHOUSE_CINEMA_HOLD", "5s")));
    }
}
