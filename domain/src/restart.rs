//! When a room that failed is rebuilt: a pure policy.
//!
//! Back-off with full jitter, after "Exponential Backoff And Jitter" (M. Brooker, 2015), above a
//! floor of half the step so that a rebuild never follows at once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The first pause. 50 ms: longer than a hiccup of the disk, shorter than a person notices.
pub const PAUSE_MIN: Duration = Duration::from_millis(50);

/// The longest pause. 30 s.
pub const PAUSE_MAX: Duration = Duration::from_secs(30);

/// So many failures within [`WINDOW`] quarantine the room.
pub const FAILURES_MAX: usize = 5;

/// The window in which failures are counted.
pub const WINDOW: Duration = Duration::from_secs(10);

/// So many panics in `decide` send a command to the dead letters.
pub const POISONED_AFTER: u32 = 3;

/// What to do about a room that just failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Rebuild it from its journal after the pause.
    RebuildAfter(Duration),
    /// Leave it until an administrator looks at it.
    Quarantine,
}

/// The recent failures of one room.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Restarts {
    /// The times of the newest failures, at most [`FAILURES_MAX`].
    recent: Vec<Timestamp>,
}

impl Restarts {
    /// Notes a failure at `now` and says what to do. `chance` is any number; it only jitters.
    pub fn failed(&mut self, now: Timestamp, chance: u64) -> Verdict {
        self.recent.retain(|at| now.since(*at) < WINDOW);
        self.recent.push(now);
        if self.recent.len() >= FAILURES_MAX {
            return Verdict::Quarantine;
        }
        let doublings = u32::try_from(self.recent.len() - 1).unwrap_or(u32::MAX).min(16);
        Verdict::RebuildAfter(pause(doublings, chance))
    }
}

/// The pause before attempt `doublings + 1`: [`PAUSE_MIN`] doubled so often, at most [`PAUSE_MAX`],
/// of which `chance` takes away up to a half.
#[must_use]
pub fn pause(doublings: u32, chance: u64) -> Duration {
    let step = PAUSE_MIN.saturating_mul(1_u32 << doublings.min(16)).min(PAUSE_MAX);
    let half_ms = u64::try_from(step.as_millis() / 2).expect("at most 15 s");
    step - Duration::from_millis(chance % (half_ms + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_jitter_takes_at_most_half() {
        assert_eq!(pause(0, 0), PAUSE_MIN);
        assert_eq!(pause(3, 0), PAUSE_MIN * 8);
        assert_eq!(pause(60, 0), PAUSE_MAX);
        for chance in 0..1000 {
            assert!((PAUSE_MIN * 2..=PAUSE_MIN * 4).contains(&pause(2, chance)));
        }
    }

    #[test]
    fn five_failures_in_ten_seconds_quarantine_and_slower_ones_do_not() {
        let mut fast = Restarts::default();
        let verdicts: Vec<_> =
            (0..5).map(|s| fast.failed(Timestamp::from_ms(s * 1000), 0)).collect();
        assert_eq!(verdicts[4], Verdict::Quarantine);
        assert!(verdicts[..4].iter().all(|v| *v != Verdict::Quarantine));

        let mut slow = Restarts::default();
        for s in 0..100 {
            assert_ne!(slow.failed(Timestamp::from_ms(s * 3000), 0), Verdict::Quarantine);
        }
    }
}
