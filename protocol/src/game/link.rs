//! A network path that exists only in numbers: it loses, delays, reorders, duplicates and queues as its seed says.
//!
//! ```
//! use playhouse_protocol::game::Micros;
//! use playhouse_protocol::game::link::{Link, Path};
//!
//! let mut link = Link::new(Path { delay_us: 50_000, ..Path::PERFECT }, 7);
//! link.send(Micros(0), 300, "state");
//! assert_eq!(link.receive(Micros(49_999)), None);
//! assert_eq!(link.receive(Micros(50_000)), Some((Micros(50_000), "state")));
//! ```

use std::collections::BTreeMap;

use super::Micros;
use super::random::Random;

/// How many datagrams may be on their way at once; what comes on top is lost. 16,384: a second of 10 Mbit/s in
/// small ones.
const FLYING_MAX: usize = 16_384;

/// What one direction of a path is like. Shares are in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// How long a datagram takes at least.
    pub delay_us: u64,
    /// How much longer it takes at most; evenly spread, and without overtaking.
    pub jitter_us: u64,
    /// How many are lost, each by itself.
    pub loss_ppm: u32,
    /// Losses that come in bursts.
    pub bursts: Option<Bursts>,
    /// How many are held back by `reorder_us`, so that later ones overtake them.
    pub reorder_ppm: u32,
    /// For how long.
    pub reorder_us: u64,
    /// How many come twice.
    pub duplicate_ppm: u32,
    /// The narrowest place on the path.
    pub bottleneck: Option<Bottleneck>,
    /// Longer ones are lost.
    pub mtu_bytes: usize,
}

/// Bursts of loss (Gilbert and Elliott): the path is good or bad, and changes with each datagram by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bursts {
    /// How often a good path turns bad.
    pub begin_ppm: u32,
    /// How often a bad path turns good.
    pub end_ppm: u32,
    /// How many are lost while it is bad.
    pub loss_ppm: u32,
}

/// A narrow place with a queue before it; what finds the queue full is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bottleneck {
    /// How many bits pass in a second.
    pub bits_per_s: u64,
    /// How long the queue is at most, in time that it takes to pass.
    pub queue_us: u64,
    /// What each datagram has around it: 68 bytes of QUIC, UDP and IP as measured with quinn.
    pub overhead_bytes: usize,
}

impl Path {
    /// No delay, no loss, no bound.
    pub const PERFECT: Self = Self {
        delay_us: 0,
        jitter_us: 0,
        loss_ppm: 0,
        bursts: None,
        reorder_ppm: 0,
        reorder_us: 0,
        duplicate_ppm: 0,
        bottleneck: None,
        mtu_bytes: usize::MAX,
    };
}

/// One direction of a path, with what is on its way.
#[derive(Debug, Clone)]
pub struct Link<T> {
    path: Path,
    random: Random,
    is_bad: bool,
    /// Nothing passes from the one moment to the other.
    blackout: Option<(Micros, Micros)>,
    /// When the bottleneck is done with what it has.
    busy_until: Micros,
    /// When the last one that kept its order arrives.
    last: Micros,
    flying: BTreeMap<(Micros, u64), T>,
    sent: u64,
    lost: u64,
}

impl<T: Clone> Link<T> {
    /// An empty link.
    #[must_use]
    pub fn new(path: Path, seed: u64) -> Self {
        Self {
            path,
            random: Random::new(seed),
            is_bad: false,
            blackout: None,
            busy_until: Micros(0),
            last: Micros(0),
            flying: BTreeMap::new(),
            sent: 0,
            lost: 0,
        }
    }

    /// Changes what the path is like, for what is sent from now on.
    pub fn set_path(&mut self, path: Path) {
        self.path = path;
    }

    /// Lets nothing pass that is sent from one moment to the other.
    pub fn set_blackout(&mut self, from: Micros, until: Micros) {
        self.blackout = Some((from, until));
    }

    /// Sends a datagram of so many bytes.
    pub fn send(&mut self, now: Micros, bytes: usize, datagram: T) {
        self.sent += 1;
        let Some(leaves) = self.pass(now, bytes) else {
            self.lost += 1;
            return;
        };
        let twice = self.random.happens(self.path.duplicate_ppm);
        let held = self.random.happens(self.path.reorder_ppm);
        for again in 0..=u64::from(twice) {
            let jitter = self.random.below(self.path.jitter_us + 1);
            let mut at = leaves.plus(self.path.delay_us + jitter);
            if held {
                at = at.plus(self.path.reorder_us);
            } else {
                at = at.max(self.last);
                self.last = at;
            }
            self.flying.insert((at, self.sent * 2 + again), datagram.clone());
        }
    }

    /// When a datagram leaves the bottleneck, if it is not lost.
    fn pass(&mut self, now: Micros, bytes: usize) -> Option<Micros> {
        if let Some(bursts) = &self.path.bursts {
            let change = if self.is_bad { bursts.end_ppm } else { bursts.begin_ppm };
            self.is_bad ^= self.random.happens(change);
        }
        let in_burst = self.path.bursts.filter(|_| self.is_bad).map_or(0, |bursts| bursts.loss_ppm);
        // Both are drawn each time, so that one setting does not change the chance of the other.
        let lost = [self.path.loss_ppm, in_burst].map(|ppm| self.random.happens(ppm));
        let dark = self.blackout.is_some_and(|(from, until)| from <= now && now < until);
        let full = self.flying.len() >= FLYING_MAX;
        if lost.contains(&true) || dark || full || bytes > self.path.mtu_bytes {
            return None;
        }
        let Some(neck) = &self.path.bottleneck else { return Some(now) };
        if self.busy_until.since(now) > neck.queue_us {
            return None;
        }
        let bits = (bytes + neck.overhead_bytes) as u64 * 8;
        self.busy_until = self.busy_until.max(now).plus(bits * 1_000_000 / neck.bits_per_s.max(1));
        Some(self.busy_until)
    }

    /// The next datagram that arrived by `now`, and when.
    pub fn receive(&mut self, now: Micros) -> Option<(Micros, T)> {
        let first = self.flying.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), datagram) = first.remove_entry();
        Some((at, datagram))
    }

    /// When the next datagram arrives.
    #[must_use]
    pub fn next_at(&self) -> Option<Micros> {
        self.flying.first_key_value().map(|((at, _), _)| *at)
    }

    /// For how long what is sent now waits before the bottleneck.
    #[must_use]
    pub fn queued_us(&self, now: Micros) -> u64 {
        self.busy_until.since(now)
    }

    /// How many datagrams were sent, and how many of them were lost.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.sent, self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000;

    /// Sends 10,000 datagrams, one a millisecond; when each arrived.
    fn run(path: Path) -> (Vec<(u64, u64)>, Link<u64>) {
        let mut link = Link::new(path, 1);
        let mut arrived = Vec::new();
        for ms in 0..20_000 {
            let now = Micros::from_ms(ms);
            if ms < 10_000 {
                link.send(now, 300, ms);
            }
            arrived.extend(std::iter::from_fn(|| link.receive(now)).map(|(at, n)| (n, at.0)));
        }
        (arrived, link)
    }

    #[test]
    fn the_same_seed_gives_the_same_path() {
        let path = Path { jitter_us: 9 * MS, loss_ppm: 100_000, ..Path::PERFECT };
        assert_eq!(run(path).0, run(path).0);
        assert_eq!(run(Path::PERFECT).0, (0..10_000).map(|n| (n, n * MS)).collect::<Vec<_>>());
    }

    #[test]
    fn as_many_are_lost_and_come_twice_as_was_asked_for() {
        let path = Path { loss_ppm: 100_000, duplicate_ppm: 50_000, ..Path::PERFECT };
        let (arrived, link) = run(path);
        let (sent, lost) = link.counts();
        assert!(sent == 10_000 && (900..1_100).contains(&lost), "{lost}");
        assert!((9_200..9_700).contains(&arrived.len()), "{}", arrived.len());
    }

    #[test]
    fn bursts_lose_as_many_in_longer_rows() {
        let longest = |path| {
            let numbers: Vec<_> = run(path).0.into_iter().map(|(n, _)| n).collect();
            let gaps = numbers.windows(2).map(|pair| pair[1] - pair[0] - 1);
            (gaps.clone().sum::<u64>(), gaps.max().unwrap())
        };
        let bursts = Bursts { begin_ppm: 11_000, end_ppm: 100_000, loss_ppm: 1_000_000 };
        let (lost, longest_burst) = longest(Path { bursts: Some(bursts), ..Path::PERFECT });
        assert!((800..1_200).contains(&lost), "{lost}");
        let (_, alone) = longest(Path { loss_ppm: 100_000, ..Path::PERFECT });
        assert!(longest_burst > 20 && alone < 10, "{longest_burst} {alone}");
    }

    #[test]
    fn jitter_keeps_the_order_and_reordering_does_not() {
        let path = Path { delay_us: 10 * MS, jitter_us: 9 * MS, ..Path::PERFECT };
        let (arrived, _) = run(path);
        assert!(arrived.is_sorted());
        let late = arrived.iter().map(|(n, at)| at - n * MS);
        assert!(late.clone().all(|late| (10 * MS..=19 * MS).contains(&late)));
        let held = Path { reorder_ppm: 20_000, reorder_us: 5 * MS, ..path };
        assert!(!run(held).0.is_sorted());
    }

    #[test]
    fn a_bottleneck_queues_what_does_not_pass_and_drops_what_does_not_fit() {
        // 300 + 68 bytes each ms are 2,944 kbit/s.
        let of = |bits_per_s| {
            let neck = Bottleneck { bits_per_s, queue_us: 500 * MS, overhead_bytes: 68 };
            run(Path { bottleneck: Some(neck), ..Path::PERFECT }).0
        };
        let wide = of(3_000_000);
        assert!(wide.len() == 10_000 && wide.iter().all(|(n, at)| at - n * MS < 2 * MS));
        let narrow = of(1_472_000);
        let (n, at) = narrow[narrow.len() - 1];
        assert!((500 * MS..503 * MS).contains(&(at - n * MS)), "{}", at - n * MS);
        assert!((5_240..5_260).contains(&narrow.len()), "{}", narrow.len());
    }

    #[test]
    fn nothing_passes_in_a_blackout_and_nothing_longer_than_the_path_takes() {
        let mut link = Link::new(Path { mtu_bytes: 1_200, ..Path::PERFECT }, 1);
        link.set_blackout(Micros(10), Micros(20));
        for (now, bytes) in [(9, 1_200), (10, 1), (19, 1), (20, 1), (21, 1_201)] {
            link.send(Micros(now), bytes, now);
        }
        let arrived = std::iter::from_fn(|| link.receive(Micros(99)));
        assert_eq!(arrived.map(|(_, n)| n).collect::<Vec<_>>(), [9, 20]);
        assert_eq!(link.next_at(), None);
    }
}
