//! What a run is told as: a few lines, JSON, or a page.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Promise;
use super::machine::Usage;
use super::meter::Figures;
use super::scenario::Scenario;
use super::stage::{Stage, Verdict};

/// A figure that was more than it may be, or was not measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Missed {
    /// Which figure.
    pub figure: String,
    /// The most that it may be.
    pub most: f64,
    /// What it was; none if the run has no such figure.
    pub was: Option<f64>,
}

/// A promise, as it is told.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// What was promised.
    pub promise: &'static str,
    /// True if it was kept.
    pub kept: bool,
    /// On what it was checked, or how it was broken.
    pub found: String,
}

/// One thing that people did.
#[derive(Debug, Clone, Serialize)]
pub struct Did {
    /// What.
    pub what: String,
    /// Refusals by code.
    pub refused: BTreeMap<String, u64>,
    /// How many in each second: done, and refused or unanswered; and the slowest in milliseconds.
    pub seconds: Vec<(u64, u64, f64)>,
    /// The time in milliseconds at each of some parts of a hundred.
    pub times_ms: Vec<(f64, f64)>,
}

/// A whole run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The scenario's name.
    pub scenario: String,
    /// What chance was drawn from.
    pub seed: u64,
    /// When the run ended.
    pub at: String,
    /// How many processors the machine has, and its kernel.
    pub machine: String,
    /// Every figure; `docs/loadtest.md` has their units.
    pub figures: Figures,
    /// The promises.
    pub promises: Vec<Checked>,
    /// The thresholds that were missed.
    pub missed: Vec<Missed>,
    /// What people did.
    pub did: Vec<Did>,
    /// The server's cores in use, by seconds; empty if it is not the harness' own.
    pub cores: Vec<(f64, f64)>,
    /// The server's memory in MiB, by seconds.
    pub memory_mib: Vec<(f64, f64)>,
}

/// `2 processors, Linux 6.1…, 23.5 GiB`.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    let memory = read("/proc/meminfo");
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = kib.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    let gib = kib.unwrap_or_default() / 1024.0 / 1024.0;
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{processors} processors, Linux {}, {gib:.1} GiB of memory", kernel.trim())
}

impl Report {
    /// The report of a run.
    #[must_use]
    pub fn of(scenario: &Scenario, stage: &Stage, verdict: Verdict, usage: &Usage) -> Self {
        let mut figures = stage.meter.figures();
        figures.extend(verdict.figures);
        let missed = missed(&scenario.thresholds, &figures);
        let checked = |promise: Promise| {
            let kept = promise.found.is_ok();
            let found = promise.found.unwrap_or_else(|broken| broken);
            Checked { promise: promise.what, kept, found }
        };
        let mut did = Vec::new();
        stage.meter.each(|what, refused, seconds, times| {
            did.push(Did {
                what: what.to_owned(),
                refused: refused.clone(),
                seconds: seconds.iter().map(|s| (s.ok, s.other, s.worst_ms)).collect(),
                times_ms: times.to_vec(),
            });
        });
        Self {
            scenario: scenario.name.clone(),
            seed: stage.seed,
            at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            machine: machine(),
            figures,
            promises: verdict.promises.into_iter().map(checked).collect(),
            missed,
            did,
            cores: usage.cores(),
            memory_mib: usage.memory(),
        }
    }

    /// True if every promise was kept and no threshold missed.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.missed.is_empty() && self.promises.iter().all(|promise| promise.kept)
    }

    /// The report as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The report in some lines for a terminal.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut lines = vec![format!("{}, seed {}, on {}", self.scenario, self.seed, self.machine)];
        let figure = |name: &str| self.figures.get(name).copied().unwrap_or_default();
        for did in &self.did {
            let of = |name: &str| figure(&format!("{}.{name}", did.what));
            lines.push(format!(
                "  {:<10} {:>9.0} done {:>7.0} refused {:>5.0} unanswered   ms: p50 {:.1}  p90 {:.1}  \
                 p99 {:.1}  p99.9 {:.1}  max {:.1}",
                did.what, of("ok"), of("refused"), of("failed"), of("p50_ms"), of("p90_ms"),
                of("p99_ms"), of("p999_ms"), of("max_ms"),
            ));
            for (code, count) in &did.refused {
                lines.push(format!("             refused {code}: {count}"));
            }
        }
        let of_ops =
            |name: &str| self.did.iter().any(|did| name.starts_with(&format!("{}.", did.what)));
        for (name, value) in self.figures.iter().filter(|(name, _)| !of_ops(name)) {
            lines.push(format!("  {name:<28} {value:.2}"));
        }
        for promise in &self.promises {
            let kept = if promise.kept { "kept  " } else { "BROKEN" };
            lines.push(format!("  {kept} {}: {}", promise.promise, promise.found));
        }
        for Missed { figure, most, was } in &self.missed {
            let was = was.map_or("not measured here".to_owned(), |was| format!("{was:.2}"));
            lines.push(format!("  MISSED {figure} is {was}, at most {most} was asked for"));
        }
        lines.join("\n")
    }
}

/// Which thresholds were missed. One on a figure that the run did not have was: how long something
/// took that never happened, or a name that was mistyped.
fn missed(thresholds: &BTreeMap<String, f64>, figures: &Figures) -> Vec<Missed> {
    let missed = |(figure, most): (&String, &f64)| {
        let was = figures.get(figure).copied();
        let fine = was.is_some_and(|was| was <= *most);
        (!fine).then(|| Missed { figure: figure.clone(), most: *most, was })
    };
    thresholds.iter().filter_map(missed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_past_its_threshold_is_named_and_so_is_one_that_was_not_measured() {
        let figures = Figures::from([("vote.p99_ms".to_owned(), 12.0)]);
        let most = |name: &str, most: f64| BTreeMap::from([(name.to_owned(), most)]);
        assert_eq!(missed(&most("vote.p99_ms", 12.0), &figures), []);
        let past = missed(&most("vote.p99_ms", 11.0), &figures);
        assert_eq!((past[0].figure.as_str(), past[0].was), ("vote.p99_ms", Some(12.0)));
        assert_eq!(missed(&most("vote.p98_ms", 11.0), &figures)[0].was, None);
    }
}
