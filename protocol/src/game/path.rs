//! What the path between the two ends is like: round trip, jitter, loss.

use super::Micros;

/// For how long the shortest round trip is remembered at least; at most for twice as long. 10 s: longer than
/// a queue of ours lives, shorter than a player's patience on a new path.
const MIN_KEPT_US: u64 = 10_000_000;

/// A smoothed value and its mean deviation, as TCP has them (RFC 6298).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Smoothed {
    pub mean: i64,
    pub deviation: i64,
    any: bool,
}

impl Smoothed {
    pub(super) fn add(&mut self, sample: i64) {
        if self.any {
            self.deviation += ((sample - self.mean).abs() - self.deviation) / 4;
            self.mean += (sample - self.mean) / 8;
        } else {
            (self.mean, self.any) = (sample, true);
        }
    }

    /// One that starts from this mean.
    pub(super) fn at(mean: i64, deviation: i64) -> Self {
        Self { mean, deviation, any: true }
    }

    pub(super) fn is_some(&self) -> bool {
        self.any
    }
}

/// Round trips, in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RoundTrip {
    pub smoothed: Smoothed,
    /// The shortest of this period and of the one before it.
    shortest: [Option<u32>; 2],
    period: u64,
}

impl RoundTrip {
    pub(super) fn add(&mut self, now: Micros, us: u32) {
        self.smoothed.add(us.into());
        let period = now.0 / MIN_KEPT_US;
        if period != self.period {
            let before = if period == self.period + 1 { self.shortest[0] } else { None };
            (self.shortest, self.period) = ([None, before], period);
        }
        self.shortest[0] = Some(self.shortest[0].map_or(us, |shortest| shortest.min(us)));
    }

    /// The shortest of the last 10 to 20 s.
    pub(super) fn shortest(&self) -> Option<u32> {
        self.shortest.iter().flatten().min().copied()
    }

    /// Forgets the shortest: the path is another one, of this round trip.
    pub(super) fn restart(&mut self, us: u32) {
        self.shortest = [Some(us), None];
    }
}

/// Which of the last 128 datagrams were lost.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Loss {
    lost: u128,
    count: u32,
}

impl Loss {
    pub(super) fn add(&mut self, lost: bool) {
        self.lost = self.lost << 1 | u128::from(lost);
        self.count = (self.count + 1).min(u128::BITS);
    }

    /// How many were lost all the time, of 1,000: the least of the last four times 16. None if there were not
    /// as many. A gap of a second leaves its mark on some of the four, but not on all.
    pub(super) fn steady_permille(&self) -> Option<u16> {
        let part = |n: u32| (self.lost >> (16 * n)) as u16;
        let least = (0..4).map(|n| part(n).count_ones()).min().unwrap_or(0);
        (self.count >= 64).then_some((least * 1_000 / 16) as u16)
    }

    /// How many were lost, of 1,000.
    pub(super) fn permille(&self) -> u16 {
        (self.lost.count_ones() * 1_000 / self.count.max(1)) as u16
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }
}

/// Which of the last 64 numbered datagrams came: finds those that come again, and counts those that do not.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Window {
    first: u32,
    newest: Option<u32>,
    /// Which of the 64 up to the newest came, the newest in the lowest bit.
    came: u64,
    pub loss: Loss,
}

/// How many newer ones must have come before one is taken to be lost. 8: more than any path reorders.
pub(super) const REORDERED_MAX: u32 = 8;

impl Window {
    /// The number nearest to the newest with these low bits. The first is taken as it is, but far from 0, so
    /// that those before it have numbers too.
    pub(super) fn number(&self, low: u16) -> Option<u32> {
        super::packet::expand(self.newest.unwrap_or(1 << 16 | u32::from(low)), low)
    }

    pub(super) fn is_new(&self, number: u32) -> bool {
        let Some(newest) = self.newest else { return true };
        match newest.checked_sub(number) {
            None => true,
            Some(ago) => ago < 64 && self.came >> ago & 1 == 0,
        }
    }

    pub(super) fn newest(&self) -> Option<u32> {
        self.newest
    }

    /// Takes in a number that [is new](Self::is_new).
    pub(super) fn add(&mut self, number: u32) {
        if self.newest.is_none() {
            (self.newest, self.first) = (Some(number), number);
        }
        let newest = self.newest.unwrap_or(number);
        for next in newest..number.min(newest.saturating_add(64)) {
            // The one that is just beyond the reach of reordering is judged.
            if next - self.first.min(next) >= REORDERED_MAX - 1 {
                self.loss.add(self.came >> (REORDERED_MAX - 1) & 1 == 0);
            }
            self.came <<= 1;
        }
        if number > newest {
            self.newest = Some(number);
        }
        self.came |= 1 << (newest.max(number) - number).min(63);
    }

    /// Which of the 16 before the newest came, the one before it in the lowest bit.
    pub(super) fn bits(&self) -> u16 {
        (self.came >> 1) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_round_trip_is_that_of_the_last_ten_to_twenty_seconds() {
        let mut trip = RoundTrip::default();
        let at = |s: u64| Micros(s * 1_000_000);
        assert_eq!(trip.shortest(), None);
        trip.add(at(1), 50_000);
        trip.add(at(2), 90_000);
        trip.add(at(15), 80_000);
        assert_eq!(trip.shortest(), Some(50_000));
        trip.add(at(21), 90_000);
        assert_eq!(trip.shortest(), Some(80_000));
        trip.add(at(60), 95_000);
        assert_eq!(trip.shortest(), Some(95_000));
    }

    #[test]
    fn a_number_is_new_once_however_they_are_mixed() {
        let mut window = Window::default();
        for number in [70_000, 70_003, 70_001, 70_060] {
            assert!(window.is_new(number));
            window.add(number);
            assert!(!window.is_new(number));
        }
        assert!(window.is_new(70_002) && !window.is_new(69_990) && window.is_new(70_061));
        assert_eq!(window.newest(), Some(70_060));
    }

    #[test]
    fn every_fourth_lost_is_a_loss_of_a_quarter_and_a_late_one_is_none() {
        let mut window = Window::default();
        for number in (70_000..71_000).filter(|number| number % 4 != 0) {
            // In pairs the wrong way round.
            window.add(if number % 4 == 1 {
                number + 1
            } else if number % 4 == 2 {
                number - 1
            } else {
                number
            });
        }
        assert_eq!(window.loss.permille(), 250);
        assert_eq!(Window::default().loss.permille(), 0);
        assert_eq!(window.loss.steady_permille(), Some(250));
        assert_eq!(window.bits() & 0b111, 0b011);
    }

    #[test]
    fn before_the_first_nothing_was_lost() {
        let mut window = Window::default();
        for number in 70_000..70_020 {
            window.add(number);
        }
        assert_eq!((window.loss.permille(), window.loss.count()), (0, 12));
    }

    #[test]
    fn a_gap_is_no_steady_loss() {
        let mut loss = Loss::default();
        for n in 0..200 {
            loss.add(n % 100 < 40);
            assert!(loss.steady_permille().unwrap_or(0) <= 250, "after {n}");
        }
    }

    #[test]
    fn a_value_is_smoothed() {
        let mut value = Smoothed::default();
        for n in 0..200 {
            value.add(if n % 2 == 0 { 90 } else { 110 });
        }
        assert!((95..=105).contains(&value.mean), "{value:?}");
        assert!((5..=13).contains(&value.deviation), "{value:?}");
    }
}
