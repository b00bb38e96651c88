//! Waiting for the next tick: sleep, then spin for a moment.

use std::time::{Duration, Instant};

use playhouse_protocol::game::Micros;

/// How long before a tick a thread stops to sleep and spins. 60 us: about what a wake-up of an idle
/// core takes, so that the tick itself is on time; at 30 ticks a second it costs 0.2 % of a core.
const SPIN: Duration = Duration::from_micros(60);

/// The clock of a ticker: the time since it started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Duration {
        self.0.elapsed()
    }

    pub(crate) fn micros(self) -> Micros {
        micros(self.now())
    }
}

/// `time` as the protocol counts it.
pub(crate) fn micros(time: Duration) -> Micros {
    Micros(time.as_micros() as u64)
}

/// Asks the system to wake this thread when it said, and not up to 50 us later as it does for threads
/// at large to save power. Where it refuses, ticks are that much later.
pub(crate) fn wake_precisely() {
    let _ = nix::sys::prctl::set_timerslack(1);
}

/// Waits until `due`. False if something woke the thread before.
pub(crate) fn wait_until(clock: Stopwatch, due: Duration) -> bool {
    let ahead = due.saturating_sub(clock.now());
    if ahead > SPIN {
        std::thread::park_timeout(ahead - SPIN);
        if due.saturating_sub(clock.now()) > SPIN {
            return false;
        }
    }
    while clock.now() < due {
        std::hint::spin_loop();
    }
    true
}
