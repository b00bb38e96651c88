//! What came of judging a program.

use serde::{Deserialize, Serialize};

use crate::judge::Verdict;

/// What came of judging a program once. Signals, exit codes and whatever else the program chose itself are left out:
/// they would carry the hidden tests out of the jail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was found: of the first case that is not accepted.
    pub verdict: Verdict,
    /// The points of the accepted cases.
    pub score: u32,
    /// The points of all cases.
    pub score_max: u32,
}

impl Outcome {
    /// What stands where the judge has no answer.
    pub const FAILED: Self = Self { verdict: Verdict::InternalError, score: 0, score_max: 0 };

    /// True if it is an attempt: one that does not compile costs nothing, nor does what is no fault of the program.
    /// One that was taken back is one, or else whoever sees a test fail would take it back in time.
    #[must_use]
    pub fn counts(self) -> bool {
        !matches!(self.verdict, Verdict::CompileError | Verdict::InternalError)
    }

    /// The part of `points` that it earns, rounded down: all of them if everything is accepted.
    #[must_use]
    pub fn earns(self, points: u32) -> u32 {
        if self.verdict.is_accepted() {
            return points;
        }
        if !self.counts() || self.score_max == 0 {
            return 0;
        }
        let part = u64::from(points) * u64::from(self.score.min(self.score_max));
        u32::try_from(part / u64::from(self.score_max)).unwrap_or(points)
    }
}
