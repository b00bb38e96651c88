//! What a player did that no honest client does: of each sort how often, and when.

use super::game::Suspicion;

/// How many sorts there are.
const SORTS: usize = 3;

/// What a player did of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// What.
    pub of: Suspicion,
    /// How often.
    pub times: u32,
    /// The tick of the first time.
    pub first: u32,
    /// The tick of the last time.
    pub last: u32,
}

/// What a player did of every sort: a [`Mark`] for each, so that it is never more, however often they do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Suspected([Option<Mark>; SORTS]);

impl Suspected {
    /// Once more, at `tick`.
    pub fn add(&mut self, of: Suspicion, tick: u32) {
        let mark = &mut self.0[of as usize];
        let Mark { times, first, .. } = mark.unwrap_or(Mark { of, times: 0, first: tick, last: 0 });
        *mark = Some(Mark { of, times: times.saturating_add(1), first, last: tick });
    }

    /// The marks, by sort.
    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.0.iter().flatten()
    }

    /// How often in all.
    #[must_use]
    pub fn times(&self) -> u32 {
        self.marks().fold(0, |sum, mark| sum.saturating_add(mark.times))
    }

    /// The mark that was added to last.
    #[must_use]
    pub fn newest(&self) -> Option<&Mark> {
        self.marks().max_by_key(|mark| mark.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_sort_the_first_and_the_last_tick_are_kept_however_often_it_happens() {
        let mut suspected = Suspected::default();
        assert_eq!((suspected.times(), suspected.newest()), (0, None));
        (7..1_000_000).for_each(|tick| suspected.add(Suspicion::SawThePast, tick));
        suspected.add(Suspicion::ImpossibleInput, 1_000_000);
        let marks: Vec<_> =
            suspected.marks().map(|mark| (mark.times, mark.first, mark.last)).collect();
        assert_eq!(marks, [(1, 1_000_000, 1_000_000), (999_993, 7, 999_999)]);
        assert_eq!(suspected.newest().unwrap().of, Suspicion::ImpossibleInput);
        assert_eq!(suspected.times(), 999_994);
    }
}
