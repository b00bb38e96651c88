//! The time, as the shell gives it to hosts.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use playhouse_domain::time::Timestamp;

/// Where the time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The time now. Never falls.
    fn now(&self) -> Timestamp;
}

/// The machine's clock: the wall clock as it was at the start, and the monotonic clock since. A
/// wall clock that is set while the server runs frees no seat early and keeps none too long.
#[derive(Debug)]
pub struct SystemClock {
    wall: Timestamp,
    since: Instant,
}

impl SystemClock {
    /// Reads both clocks.
    #[must_use]
    pub fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ms = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX);
        Self { wall: Timestamp::from_ms(ms), since: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.wall + self.since.elapsed()
    }
}
