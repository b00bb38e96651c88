//! Quizzes: points by speed, and who has how many.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The points of a right answer at once.
pub const POINTS_MAX: u16 = 1000;

/// How late an answer may be and still get all points. 500 ms: what a slow network takes, which is
/// nobody's merit.
pub const AT_ONCE_MS: u32 = 500;

/// How many places are shown. 10: what fits a projector.
pub const PLACES_MAX: usize = 10;

/// The points of an answer, `elapsed_ms` after the opening of a quiz that lasts `limit_ms`: nothing
/// if it is wrong; else all of them within [`AT_ONCE_MS`], and then in equal steps down to half of
/// them at the end, rounded down:
///
/// `1000 - 500 * elapsed / limit`
///
/// So being right counts more than being fast: half a quiz's points come from either.
#[must_use]
pub fn points(right: bool, elapsed_ms: u32, limit_ms: u32) -> u16 {
    if !right {
        return 0;
    }
    if elapsed_ms <= AT_ONCE_MS || limit_ms == 0 {
        return POINTS_MAX;
    }
    let elapsed = u64::from(elapsed_ms.min(limit_ms));
    let lost = u64::from(POINTS_MAX / 2) * elapsed;
    // Rounded down, so what is lost is rounded up.
    POINTS_MAX - lost.div_ceil(u64::from(limit_ms)) as u16
}

/// Who has how many points.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Scores {
    /// How many ballots have so many points.
    by_points: BTreeMap<u16, u32>,
    /// The best, by points and then by ballot, at most [`PLACES_MAX`].
    best: Vec<(u16, u32)>,
}

impl Scores {
    /// `ballot` has so many points. Ballots come by rising number.
    pub(super) fn add(&mut self, ballot: u32, points: u16) {
        *self.by_points.entry(points).or_default() += 1;
        let place = self.best.partition_point(|(other, _)| *other >= points);
        if place < PLACES_MAX && points > 0 {
            self.best.insert(place, (points, ballot));
            self.best.truncate(PLACES_MAX);
        }
    }

    /// The place of whoever has so many points: one more than have more of them.
    pub(super) fn place(&self, points: u16) -> u32 {
        1 + self.by_points.range(points + 1..).map(|(_, count)| count).sum::<u32>()
    }

    /// The best: place, ballot, points. Equal points share a place; the earlier ballot comes first.
    pub(super) fn best(&self) -> impl Iterator<Item = (u32, u32, u16)> {
        self.best.iter().map(|(points, ballot)| (self.place(*points), *ballot, *points))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn points_go_from_all_of_them_to_half() {
        for (elapsed, expected) in
            [(0, 1000), (500, 1000), (501, 974), (2000, 900), (9_999, 500), (10_000, 500)]
        {
            assert_eq!(points(true, elapsed, 10_000), expected, "after {elapsed} ms");
        }
        assert_eq!(points(false, 0, 10_000), 0);
        assert_eq!(points(true, 20_000, 10_000), 500, "an answer is never worth less than half");
    }

    proptest! {
        #[test]
        fn a_later_answer_never_has_more_points(a: u32, b: u32, limit in 1_u32..100_000_000) {
            let (early, late) = (a.min(b), a.max(b));
            prop_assert!(points(true, early, limit) >= points(true, late, limit));
            prop_assert!(points(true, late, limit) >= POINTS_MAX / 2);
        }

        #[test]
        fn places_are_those_of_sorting_everybody(all in prop::collection::vec(0_u16..6, 0..40)) {
            let mut scores = Scores::default();
            for (ballot, points) in (1_u32..).zip(&all) {
                scores.add(ballot, *points);
            }
            let mut sorted: Vec<(u16, u32)> = all.iter().copied().zip(1..).collect();
            sorted.sort_by_key(|(points, ballot)| (std::cmp::Reverse(*points), *ballot));
            let place = |points| 1 + all.iter().filter(|other| **other > points).count() as u32;
            let expected: Vec<_> = sorted
                .into_iter()
                .filter(|(points, _)| *points > 0)
                .take(PLACES_MAX)
                .map(|(points, ballot)| (place(points), ballot, points))
                .collect();
            prop_assert_eq!(scores.best().collect::<Vec<_>>(), expected);
        }
    }
}
