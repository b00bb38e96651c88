//! What is counted and timed while people come, and the figures that are made of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tolerant::Mutex;

/// The names of figures, with their values.
pub type Figures = BTreeMap<String, f64>;

/// A lock that goes on after a panic of another holder: what is counted stays countable.
mod tolerant {
    /// A mutex without poisoning.
    #[derive(Debug, Default)]
    pub(super) struct Mutex<T>(std::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }
}

/// The longest time that is told apart from longer ones. 10 min, longer than any run waits.
const LONGEST_US: u64 = 600_000_000;

/// One second of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Second {
    /// How many were answered with what they asked for.
    pub ok: u64,
    /// How many were refused or had no answer.
    pub other: u64,
    /// The slowest answer, in milliseconds.
    pub worst_ms: f64,
}

/// One thing that people do.
#[derive(Debug)]
pub struct Op {
    /// From the moment it was due to its answer, in microseconds; refusals are answers.
    times: Histogram<u64>,
    ok: u64,
    refused: BTreeMap<String, u64>,
    failed: u64,
    seconds: Vec<Second>,
}

impl Default for Op {
    fn default() -> Self {
        let times = Histogram::new_with_bounds(1, LONGEST_US, 3).expect("the bounds are in order");
        Self { times, ok: 0, refused: BTreeMap::new(), failed: 0, seconds: Vec::new() }
    }
}

/// What became of one thing that somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// It was done.
    Ok,
    /// It was refused, with this code.
    Refused(&'a str),
    /// There was no answer.
    Failed,
}

/// All that is measured in one run.
#[derive(Debug)]
pub struct Meter {
    started: Instant,
    ops: Mutex<BTreeMap<&'static str, Op>>,
}

impl Default for Meter {
    fn default() -> Self {
        Self { started: Instant::now(), ops: Mutex::default() }
    }
}

impl Meter {
    /// Since the beginning, in microseconds; as small as an hour allows.
    #[must_use]
    pub fn now_us(&self) -> u32 {
        self.at_us(Instant::now())
    }

    /// `moment` in microseconds since the beginning.
    #[must_use]
    pub fn at_us(&self, moment: Instant) -> u32 {
        let since = moment.saturating_duration_since(self.started);
        u32::try_from(since.as_micros()).unwrap_or(u32::MAX)
    }

    /// Something that was `due` then has its outcome now.
    pub fn note(&self, what: &'static str, due: Instant, outcome: Outcome<'_>) {
        let took = due.elapsed();
        let second = due.saturating_duration_since(self.started).as_secs() as usize;
        let mut ops = self.ops.lock();
        let op = ops.entry(what).or_default();
        if op.seconds.len() <= second {
            op.seconds.resize(second + 1, Second::default());
        }
        let in_second = &mut op.seconds[second];
        in_second.worst_ms = in_second.worst_ms.max(took.as_secs_f64() * 1e3);
        match outcome {
            Outcome::Ok => {
                op.ok += 1;
                in_second.ok += 1;
            }
            Outcome::Refused(code) => {
                in_second.other += 1;
                *op.refused.entry(code.to_owned()).or_default() += 1;
            }
            Outcome::Failed => {
                in_second.other += 1;
                op.failed += 1;
            }
        }
        op.times.saturating_record(us(took));
    }

    /// Times that were found afterwards, as one more thing.
    pub fn add(&self, what: &'static str, times: &Histogram<u64>) {
        let mut ops = self.ops.lock();
        let op = ops.entry(what).or_default();
        op.ok += times.len();
        // Both have the same bounds.
        let _ = op.times.add(times);
    }

    /// Counters for a line of progress: done, refused, without an answer.
    #[must_use]
    pub fn counts(&self) -> (u64, u64, u64) {
        let ops = self.ops.lock();
        ops.values().fold((0, 0, 0), |(ok, refused, failed), op| {
            (ok + op.ok, refused + op.refused.values().sum::<u64>(), failed + op.failed)
        })
    }

    /// The figures of everything, `what.p99_ms` and so on.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::new();
        for (what, op) in &*self.ops.lock() {
            let mut put = |name: &str, value: f64| figures.insert(format!("{what}.{name}"), value);
            put("ok", op.ok as f64);
            put("refused", op.refused.values().sum::<u64>() as f64);
            put("failed", op.failed as f64);
            for (name, q) in
                [("p50_ms", 0.5), ("p90_ms", 0.9), ("p99_ms", 0.99), ("p999_ms", 0.999)]
            {
                put(name, op.times.value_at_quantile(q) as f64 / 1e3);
            }
            put("max_ms", op.times.max() as f64 / 1e3);
        }
        figures
    }

    /// Looks at each thing that was measured: its name, its refusals by code, its seconds, and its
    /// times at these parts of a hundred in milliseconds.
    pub fn each(
        &self,
        mut look: impl FnMut(&str, &BTreeMap<String, u64>, &[Second], &[(f64, f64)]),
    ) {
        for (what, op) in &*self.ops.lock() {
            let parts = [1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0];
            let times = parts.map(|part| (part, op.times.value_at_percentile(part) as f64 / 1e3));
            look(what, &op.refused, &op.seconds, &times);
        }
    }
}

/// An empty histogram as [`Meter::add`] takes it.
#[must_use]
pub fn times() -> Histogram<u64> {
    Op::default().times
}

fn us(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_counted_from_when_something_was_due_and_not_from_when_it_was_sent() {
        let meter = Meter::default();
        let due = Instant::now() - Duration::from_millis(500);
        meter.note("vote", due, Outcome::Ok);
        meter.note("vote", Instant::now(), Outcome::Refused("poll_closed"));
        meter.note("vote", Instant::now(), Outcome::Failed);
        let figures = meter.figures();
        assert!(figures["vote.max_ms"] >= 499.0);
        assert_eq!([figures["vote.ok"], figures["vote.refused"], figures["vote.failed"]], [1.0; 3]);
        assert_eq!(meter.counts(), (1, 1, 1));
    }
}
