//! How long syncs and batches took, and how many there were: what an administrator is shown.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

/// How many of the newest times are kept. 1,000: some seconds of a busy server, 16 KiB; percentiles
/// of it are steady.
pub const WINDOW: usize = 1000;

/// The newest times of one sort of work.
#[derive(Debug, Default)]
pub struct Window(Mutex<VecDeque<Duration>>);

impl Window {
    /// Takes note of one more; past [`WINDOW`] the oldest goes.
    pub fn note(&self, took: Duration) {
        let mut times = self.0.lock();
        if times.len() >= WINDOW {
            times.pop_front();
        }
        times.push_back(took);
    }

    /// The times, oldest first.
    #[must_use]
    pub fn times(&self) -> Vec<Duration> {
        self.0.lock().iter().copied().collect()
    }
}

/// Percentiles of some times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentiles {
    /// Half of them took no longer.
    pub p50: Duration,
    /// 99 of 100 took no longer.
    pub p99: Duration,
}

impl Percentiles {
    /// The percentiles of `times`, by nearest rank; none of no times.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let at = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100);
            times.get(rank.saturating_sub(1)).copied()
        };
        Some(Self { p50: at(50)?, p99: at(99)? })
    }
}

/// What the committer counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) frames: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) commits: Window,
}

/// How the journal does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalFigures {
    /// Frames on the disk, since the start.
    pub frames: u64,
    /// Batches that the store failed to write, since the start.
    pub errors: u64,
    /// The newest syncs of the disk; none before the first.
    pub sync: Option<Percentiles>,
    /// The newest batches, from taking them to the disk; none before the first.
    pub commit: Option<Percentiles>,
}

impl Counts {
    pub(crate) fn figures(&self, syncs: Vec<Duration>) -> JournalFigures {
        JournalFigures {
            frames: self.frames.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            sync: Percentiles::of(syncs),
            commit: Percentiles::of(self.commits.times()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_newest_times_alone() {
        let ms = Duration::from_millis;
        assert_eq!(Percentiles::of(vec![]), None);
        assert_eq!(Percentiles::of(vec![ms(7)]), Some(Percentiles { p50: ms(7), p99: ms(7) }));
        let window = Window::default();
        (1..=WINDOW as u64 + 100).for_each(|n| window.note(ms(n)));
        let times = window.times();
        assert_eq!((times.len(), times[0]), (WINDOW, ms(101)));
        assert_eq!(Percentiles::of(times), Some(Percentiles { p50: ms(600), p99: ms(1090) }));
    }
}
