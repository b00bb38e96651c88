//! When the ticks of a match are due.

use std::time::Duration;

/// How many ticks a match that is behind makes up for, one right after the other. 3: a hiccup of
/// 100 ms at 30 Hz is made good, and a long stop does not take the time of every other match as well.
pub(crate) const CATCH_UP_MAX: u64 = 3;

const SECOND_NS: u64 = 1_000_000_000;

/// The schedule of one match: absolute, so that a tick that is late makes no later one late.
///
/// Times are the time since the ticker started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pulse {
    hz: u64,
    /// When the beat numbered 0 was due.
    start: Duration,
    /// The number of the next beat.
    beat: u64,
}

impl Pulse {
    /// `hz` beats a second, the first at `start`.
    pub(crate) fn new(hz: u16, start: Duration) -> Self {
        Self { hz: u64::from(hz.max(1)), start, beat: 0 }
    }

    /// The time between two beats.
    pub(crate) fn period(&self) -> Duration {
        Duration::from_nanos(SECOND_NS / self.hz)
    }

    /// When the next beat is due.
    pub(crate) fn due(&self) -> Duration {
        let seconds = Duration::from_secs(self.beat / self.hz);
        self.start + seconds + Duration::from_nanos(self.beat % self.hz * SECOND_NS / self.hz)
    }

    /// The next beat is over.
    pub(crate) fn beaten(&mut self) {
        self.beat += 1;
    }

    /// Passes over the beats that `now` is too late for: all that are due but the last
    /// [`CATCH_UP_MAX`] and the one at hand. Returns how many.
    pub(crate) fn skip(&mut self, now: Duration) -> u64 {
        let behind = now.saturating_sub(self.due()).as_nanos() / self.period().as_nanos();
        let skipped = u64::try_from(behind).unwrap_or(u64::MAX).saturating_sub(CATCH_UP_MAX);
        self.beat += skipped;
        skipped
    }
}

/// Where in its period a match that starts at `now` should beat, so that it disturbs those that beat
/// at `others` the least: in the middle of the widest gap. At most a period after `now`.
pub(crate) fn first_beat(
    hz: u16,
    now: Duration,
    others: impl Iterator<Item = Duration>,
    phases: &mut Vec<u64>,
) -> Duration {
    let period = SECOND_NS / u64::from(hz.max(1));
    let phase_of = |time: Duration| (time.as_nanos() % u128::from(period)) as u64;
    phases.clear();
    phases.extend(others.map(phase_of));
    phases.sort_unstable();
    let Some(last) = phases.last().copied() else { return now };
    let mut widest = (0, 0);
    let mut before = i128::from(last) - i128::from(period);
    for phase in phases.iter().map(|phase| i128::from(*phase)) {
        let gap = phase - before;
        if gap > widest.0 {
            widest = (gap, before + gap / 2);
        }
        before = phase;
    }
    let phase = widest.1.rem_euclid(i128::from(period)) as u64;
    let wait = (phase + period - phase_of(now)) % period;
    now + Duration::from_nanos(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn beats_of_a_rate_that_divides_no_second_do_not_drift() {
        let mut pulse = Pulse::new(30, ms(7));
        for _ in 0..30 * 3600 {
            pulse.beaten();
        }
        assert_eq!(pulse.due(), ms(7) + Duration::from_secs(3600));
    }

    #[test]
    fn a_late_beat_makes_no_later_one_late() {
        let mut pulse = Pulse::new(10, ms(0));
        assert_eq!(pulse.skip(ms(90)), 0);
        pulse.beaten();
        assert_eq!(pulse.due(), ms(100));
    }

    #[test]
    fn three_beats_are_made_up_for_and_the_rest_is_skipped_and_counted() {
        let mut pulse = Pulse::new(10, ms(0));
        assert_eq!(pulse.skip(ms(399)), 0, "the one at hand and three more");
        // 0, 100, 200, .. 1,000 are due at 1,050: the one at hand and three more are beaten.
        assert_eq!(pulse.skip(ms(1050)), 7);
        let mut beaten = 0;
        while pulse.due() <= ms(1050) {
            assert_eq!(pulse.skip(ms(1050)), 0);
            pulse.beaten();
            beaten += 1;
        }
        assert_eq!(beaten, 4);
        assert_eq!(pulse.due(), ms(1100), "and the schedule is the same as before");
    }

    #[test]
    fn matches_that_start_at_once_beat_apart() {
        let mut dues: Vec<Duration> = Vec::new();
        let mut phases = Vec::new();
        for _ in 0..64 {
            let first = first_beat(50, ms(1000), dues.iter().copied(), &mut phases);
            assert!(first >= ms(1000) && first < ms(1020), "{first:?}");
            dues.push(first);
        }
        dues.sort_unstable();
        let gaps = dues.windows(2).map(|pair| pair[1] - pair[0]);
        // A period of 20 ms holds 64 beats 312.5 us apart.
        assert!(gaps.min().unwrap() >= Duration::from_micros(312));
    }
}
