//! How times are spread: a histogram of fixed size that never allocates.

use std::time::Duration;

/// Buckets to each doubling. 8: a bucket is at most an eighth wider than its lower end.
const STEPS: usize = 8;

/// Doublings, from 1 us to 16 s; what is longer falls into the last bucket.
const DOUBLINGS: usize = 24;

const BUCKETS: usize = STEPS * DOUBLINGS;

/// How many times fell into which bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    buckets: [u32; BUCKETS],
    count: u64,
    total: Duration,
    max: Duration,
}

impl Default for Spread {
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], count: 0, total: Duration::ZERO, max: Duration::ZERO }
    }
}

fn bucket_of(time: Duration) -> usize {
    let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
    let doubling = us.ilog2() as usize;
    let step = if doubling >= 3 { us >> (doubling - 3) } else { us << (3 - doubling) } as usize;
    (doubling * STEPS + step - STEPS).min(BUCKETS - 1)
}

/// The longest time that falls into `bucket`.
fn upper_end(bucket: usize) -> Duration {
    let (doubling, step) = (bucket / STEPS, (bucket % STEPS + STEPS + 1) as u64);
    let ns = (step * 1000) << doubling >> 3;
    Duration::from_nanos(ns)
}

impl Spread {
    /// Counts `time`.
    pub fn add(&mut self, time: Duration) {
        let bucket = &mut self.buckets[bucket_of(time)];
        *bucket = bucket.saturating_add(1);
        self.count += 1;
        self.total = self.total.saturating_add(time);
        self.max = self.max.max(time);
    }

    /// Counts everything that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        for (into, from) in self.buckets.iter_mut().zip(&other.buckets) {
            *into = into.saturating_add(*from);
        }
        self.count += other.count;
        self.total = self.total.saturating_add(other.total);
        self.max = self.max.max(other.max);
    }

    /// What was counted since this was `earlier`. The longest is told as its bucket is.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = Self::default();
        let counts = self.buckets.iter().zip(&earlier.buckets);
        for (bucket, (now, before)) in counts.enumerate() {
            let count = now.saturating_sub(*before);
            if count > 0 {
                since.buckets[bucket] = count;
                since.max = upper_end(bucket).min(self.max);
            }
        }
        since.count = self.count.saturating_sub(earlier.count);
        since.total = self.total.saturating_sub(earlier.total);
        since
    }

    /// How many times were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them together.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.total
    }

    /// The longest.
    #[must_use]
    pub fn max(&self) -> Duration {
        self.max
    }

    /// The time that `share` of all (0 to 1) do not exceed: an eighth too long at most, and never
    /// more than [`Self::max`]. Zero while nothing was counted.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let rank = (share.clamp(0.0, 1.0) * self.count as f64).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank.max(1) {
                return upper_end(bucket).min(self.max);
            }
        }
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    #[test]
    fn a_quantile_is_at_most_an_eighth_too_long() {
        for time in (1..100_000).step_by(7) {
            let mut spread = Spread::default();
            spread.add(us(time));
            spread.add(us(10_000_000));
            let told = spread.quantile(0.5);
            assert!(told >= us(time) && told <= us(time) + us(time) / 8 + us(1), "{time} {told:?}");
        }
    }

    #[test]
    fn quantiles_follow_the_counts() {
        let mut spread = Spread::default();
        for time in 1..=1000 {
            spread.add(us(time));
        }
        assert!((us(495)..=us(570)).contains(&spread.quantile(0.5)));
        assert!((us(985)..=us(1000)).contains(&spread.quantile(0.99)));
        assert_eq!(
            (spread.quantile(1.0), spread.max(), spread.count()),
            (us(1000), us(1000), 1000)
        );
    }

    #[test]
    fn what_was_counted_since_is_told_apart() {
        let mut spread = Spread::default();
        spread.add(us(5_000));
        let earlier = spread.clone();
        (0..99).for_each(|_| spread.add(us(10)));
        let since = spread.since(&earlier);
        assert_eq!((since.count(), since.total()), (99, us(990)));
        assert!(since.max() < us(12) && since.quantile(1.0) >= us(10));
    }

    #[test]
    fn nothing_and_for_ever_have_their_places() {
        assert_eq!(Spread::default().quantile(0.99), Duration::ZERO);
        let mut spread = Spread::default();
        spread.add(Duration::ZERO);
        assert_eq!(spread.quantile(0.5), Duration::ZERO);
        spread.add(Duration::from_secs(1 << 40));
        assert_eq!(spread.count(), 2);
        assert!(spread.quantile(1.0) >= Duration::from_secs(16));
    }
}
