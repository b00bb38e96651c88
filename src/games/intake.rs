//! A player's datagrams on their way in: nobody's before the player has a seat, and no more of them than
//! a game needs.

use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use playhouse_actors::ticker::Port;
use playhouse_protocol::limits::DATAGRAM_BYTES_MAX;

use super::figures;

/// How many datagrams of a player pass for each tick. 3: a client sends one; after a stall of its
/// network those that waited come at once.
const DATAGRAMS_A_TICK: u32 = 3;

/// How long a player's datagrams may come at the highest rate before some are dropped. 1 s.
const BURST: Duration = Duration::from_secs(1);

/// A player's datagrams on their way in.
#[derive(Default)]
pub struct Intake(Mutex<Option<Open>>);

struct Open {
    port: Port,
    /// The player's name in the log.
    who: String,
    bucket: Bucket,
    dropped: u64,
}

impl Intake {
    /// From now on they go to `port`, of a match that ticks `tick_hz` times a second.
    pub(super) fn open(&self, port: Port, tick_hz: u16, who: String) {
        let rate = u32::from(tick_hz.max(1)) * DATAGRAMS_A_TICK;
        let bucket = Bucket::full(rate, Instant::now());
        *self.0.lock() = Some(Open { port, who, bucket, dropped: 0 });
    }

    /// From now on they go nowhere; the seat's connection is given up.
    pub(super) fn close(&self) {
        self.0.lock().take();
    }

    /// Takes in a datagram, or drops it.
    pub fn take(&self, datagram: Bytes) {
        let mut open = self.0.lock();
        let Some(open) = open.as_mut() else { return figures::datagram_dropped("early") };
        if datagram.len() > DATAGRAM_BYTES_MAX {
            return open.drop_one("size");
        }
        if !open.bucket.take(Instant::now()) {
            return open.drop_one("rate");
        }
        open.port.deliver(datagram);
    }
}

impl Open {
    /// Counts one that no honest client sends. Whoever goes on with it is named in the log at every
    /// doubling of the count.
    fn drop_one(&mut self, why: &'static str) {
        figures::datagram_dropped(why);
        self.dropped += 1;
        if self.dropped.is_power_of_two() {
            let (who, times) = (&self.who, self.dropped);
            tracing::warn!(who, why, times, "a player sends what no honest client does");
        }
    }
}

/// So many a second, and as many at once as come in [`BURST`].
struct Bucket {
    /// How long one takes.
    each: Duration,
    /// When it was empty, if nothing were taken from it any more.
    empty_at: Instant,
}

impl Bucket {
    fn full(per_second: u32, now: Instant) -> Self {
        Self { each: Duration::from_secs(1) / per_second, empty_at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let start = self.empty_at.max(now);
        if start + self.each > now + BURST {
            return false;
        }
        self.empty_at = start + self.each;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_ten_times_the_rate_does_not() {
        let start = Instant::now();
        let mut bucket = Bucket::full(90, start);
        let at_once = (0..1000).filter(|_| bucket.take(start)).count();
        assert_eq!(at_once, 90, "a second's worth at once");
        let mut passed = 0;
        for ms in 0..10_000_u64 {
            passed += usize::from(bucket.take(start + Duration::from_millis(ms)));
        }
        assert!((890..=900).contains(&passed), "{passed} of 10,000 in ten seconds");
        let later = start + Duration::from_secs(60);
        let after_a_rest = (0..1000).filter(|_| bucket.take(later)).count();
        assert_eq!(after_a_rest, 90);
    }
}
