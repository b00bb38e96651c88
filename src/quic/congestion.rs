//! How much of a game may be under way at once: CUBIC, but never less than a game needs.
//!
//! CUBIC takes every loss for a full queue. On a radio link that loses packets at random it shuts its
//! window to two packets, and a game's newest state then waits behind older ones. A game sends little
//! and answers congestion itself: its rate follows the round trip. So the window has a floor, and what
//! a stream sends beside the game is still governed by CUBIC.
//!
//! Measured with 60 datagrams of 300 bytes a second over a round trip of 100 ms: of a hundred, 99 were at
//! most 6 ms late at 10 % loss and 9 ms at 20 %; with CUBIC alone it was 128 ms and 193 ms
//! (`quic::tests::links`).

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn::congestion::{Controller, ControllerFactory, ControllerMetrics, Cubic, CubicConfig};
use quinn_proto::RttEstimator;

/// The least that may be under way. 16 KiB: 14 full packets, of which one leaves each tick, so that
/// at 60 Hz a round trip of 200 ms is covered.
const WINDOW_MIN: u64 = 16 << 10;

/// The most that a game sends in a second, with headers. 70 KiB: 60 datagrams of 1,150 bytes.
const GAME_BYTES_A_SECOND: u64 = 70 << 10;

/// The longest round trip for which the floor rises. 500 ms: beyond it a queue is full somewhere, and
/// the floor must not feed it.
const ROUND_TRIP_MAX: Duration = Duration::from_millis(500);

/// Makes a controller for each connection.
#[derive(Debug, Default)]
pub(super) struct Floored;

impl ControllerFactory for Floored {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        let cubic = Cubic::new(Arc::new(CubicConfig::default()), now, current_mtu);
        Box::new(Floor { cubic, floor: WINDOW_MIN })
    }
}

/// CUBIC above a floor.
#[derive(Debug, Clone)]
struct Floor {
    cubic: Cubic,
    /// The least window now, in bytes.
    floor: u64,
}

/// The least window for a round trip of `rtt`: twice what a game sends within it.
fn floor(rtt: Duration) -> u64 {
    let ms = u64::try_from(rtt.min(ROUND_TRIP_MAX).as_millis()).unwrap_or(u64::MAX);
    WINDOW_MIN.max(2 * GAME_BYTES_A_SECOND * ms / 1000)
}

impl Controller for Floor {
    fn on_sent(&mut self, now: Instant, bytes: u64, last_packet_number: u64) {
        self.cubic.on_sent(now, bytes, last_packet_number);
    }

    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        app_limited: bool,
        rtt: &RttEstimator,
    ) {
        self.floor = floor(rtt.min());
        self.cubic.on_ack(now, sent, bytes, app_limited, rtt);
    }

    fn on_end_acks(
        &mut self,
        now: Instant,
        in_flight: u64,
        app_limited: bool,
        largest_packet_num_acked: Option<u64>,
    ) {
        self.cubic.on_end_acks(now, in_flight, app_limited, largest_packet_num_acked);
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent_congestion: bool,
        lost_bytes: u64,
    ) {
        self.cubic.on_congestion_event(now, sent, is_persistent_congestion, lost_bytes);
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.cubic.on_mtu_update(new_mtu);
    }

    fn window(&self) -> u64 {
        self.cubic.window().max(self.floor)
    }

    fn metrics(&self) -> ControllerMetrics {
        let mut metrics = self.cubic.metrics();
        metrics.congestion_window = self.window();
        metrics
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        self.cubic.initial_window().max(WINDOW_MIN)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_never_shut_the_window_below_what_a_game_needs() {
        let start = Instant::now();
        let mut controller = Arc::new(Floored).build(start, 1200);
        for n in 1..200 {
            let now = start + Duration::from_millis(n * 50);
            controller.on_congestion_event(now, now - Duration::from_millis(1), n % 3 == 0, 1200);
            assert!(controller.window() >= WINDOW_MIN, "after {n} losses: {}", controller.window());
        }
        assert_eq!(controller.window(), WINDOW_MIN, "and no more than that");
    }

    #[test]
    fn the_floor_follows_the_round_trip_up_to_a_bound() {
        assert_eq!(floor(Duration::from_millis(20)), WINDOW_MIN);
        assert_eq!(floor(Duration::from_millis(200)), 28_672);
        assert_eq!(floor(Duration::from_secs(9)), floor(ROUND_TRIP_MAX));
    }
}
