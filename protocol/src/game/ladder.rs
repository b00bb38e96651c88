//! How often one player is sent a datagram: every tick, or every 2nd, 3rd or 6th.
//!
//! A path that is too narrow shows itself by its queue: the round trip grows by the time that datagrams wait.
//! No congestion controller helps, because each datagram is worthless by the time that it would let it go; what
//! helps is to send fewer. So the ladder steps down as soon as eight round trips in a row are more than 40 ms
//! longer than the shortest, and first is silent for as long as the queue is, so that it runs empty at once.
//! What round trip is measured after that silence tells whether the queue was ours: if it is as long as before,
//! the path itself is longer (a phone that left its Wi-Fi), and the ladder steps back up.
//!
//! It steps up after 10 s without a queue; if that was too early, the next time after 20, 40, 60 s.

use super::Micros;
use super::path::RoundTrip;

/// A datagram goes out every so many ticks, by step: 60, 30, 20, 10 Hz at 60 Hz.
const EVERY_TICKS: [u8; 4] = [1, 2, 3, 6];

/// How much longer than the shortest a round trip is when there is a queue. 40 ms: more than Wi-Fi's jitter,
/// and little to a player.
const QUEUE_US: u32 = 40_000;

/// How many round trips in a row tell of a queue. 8.
const SAMPLES: u8 = 8;

/// The longest silence. 500 ms: what a player takes for a bad moment and not yet for the end.
const SILENCE_US_MAX: u32 = 500_000;

/// A steady loss of more than this, of 1,000, means a path too narrow whose queue is too short to be noticed.
/// 350: bad Wi-Fi loses 200, and to send less does not help there.
const LOSS_PERMILLE: u16 = 350;

/// For how long there must be no queue before a step up, at first and at most.
const CLEAN_US: u64 = 10_000_000;
const CLEAN_US_MAX: u64 = 60_000_000;

/// The ladder of one player.
#[derive(Debug, Clone)]
pub(super) struct Ladder {
    step: usize,
    /// How many round trips in a row told of a queue.
    queued: u8,
    /// Since when there was none, and for how long there must be none.
    clean_since: Micros,
    clean_us: u64,
    /// When it stepped up last.
    up_at: Option<Micros>,
    /// The silence: until which tick, since which moment, and how long the queue was.
    silent_until: u32,
    probe: Option<(Micros, u32)>,
}

impl Ladder {
    pub(super) fn new() -> Self {
        Self {
            step: 0,
            queued: 0,
            clean_since: Micros(0),
            clean_us: CLEAN_US,
            up_at: None,
            silent_until: 0,
            probe: None,
        }
    }

    /// A datagram goes out every so many ticks.
    pub(super) fn every_ticks(&self) -> u8 {
        EVERY_TICKS[self.step]
    }

    /// True if one is to be sent at `tick`, the last one having been sent at `sent`.
    pub(super) fn due(&self, tick: u32, sent: u32) -> bool {
        tick >= self.silent_until && tick.saturating_sub(sent) >= self.every_ticks().into()
    }

    /// Takes in the round trip `us` of a datagram that was sent at `sent`; it is in `trip` already.
    /// `tick` is the newest tick, and lasts `tick_us`.
    pub(super) fn sample(
        &mut self,
        now: Micros,
        (sent, us): (Micros, u32),
        trip: &mut RoundTrip,
        (tick, tick_us): (u32, u64),
    ) {
        let more = us - trip.shortest().unwrap_or(us).min(us);
        if let Some((until, queue)) = self.probe {
            if sent < until {
                return;
            }
            self.probe = None;
            if u64::from(more) * 4 > u64::from(queue) * 3 && more > QUEUE_US {
                // Silence did not shorten it: it is the path that is longer.
                trip.restart(us);
                self.step = self.step.saturating_sub(1);
                self.queued = 0;
                return;
            }
        }
        if more <= QUEUE_US {
            self.queued = 0;
            self.clean(now);
            return;
        }
        self.queued += 1;
        self.clean_since = now;
        if self.queued >= SAMPLES {
            self.down(now);
            let silence_us = u64::from(more.min(SILENCE_US_MAX));
            self.silent_until = tick + 1 + silence_us.div_ceil(tick_us) as u32;
            self.probe = Some((now.plus(silence_us), more));
        }
    }

    /// Takes in that the transport is still busy with what was sent, which tells of a queue as well.
    pub(super) fn choked(&mut self, now: Micros) {
        self.queued += 1;
        self.clean_since = now;
        if self.queued >= SAMPLES {
            self.down(now);
        }
    }

    /// Takes in the steady loss, of 1,000. True if it was acted upon: then it is to be counted anew.
    pub(super) fn lost(&mut self, now: Micros, permille: u16) -> bool {
        let heavy = permille > LOSS_PERMILLE;
        if heavy {
            self.down(now);
        }
        heavy
    }

    fn down(&mut self, now: Micros) {
        if let Some(up_at) = self.up_at.take() {
            let soon = now.since(up_at) < self.clean_us;
            self.clean_us = if soon { (self.clean_us * 2).min(CLEAN_US_MAX) } else { CLEAN_US };
        }
        self.step = (self.step + 1).min(EVERY_TICKS.len() - 1);
        (self.queued, self.clean_since) = (0, now);
    }

    fn clean(&mut self, now: Micros) {
        if self.step > 0 && now.since(self.clean_since) >= self.clean_us {
            self.step -= 1;
            (self.clean_since, self.up_at) = (now, Some(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK_US: u64 = 33_333;

    struct Player {
        ladder: Ladder,
        trip: RoundTrip,
        now: Micros,
        tick: u32,
    }

    impl Player {
        fn new() -> Self {
            let (ladder, trip) = (Ladder::new(), RoundTrip::default());
            Self { ladder, trip, now: Micros(0), tick: 0 }
        }

        /// So many ticks with this round trip, answered at once.
        fn pass(&mut self, ticks: u32, rtt_ms: u64) -> &mut Self {
            for _ in 0..ticks {
                self.tick += 1;
                self.now = self.now.plus(TICK_US);
                if self.ladder.due(self.tick, 0) {
                    let sample = (self.now, rtt_ms as u32 * 1_000);
                    self.trip.add(self.now, sample.1);
                    self.ladder.sample(self.now, sample, &mut self.trip, (self.tick, TICK_US));
                }
            }
            self
        }
    }

    #[test]
    fn a_queue_leads_down_and_ten_clean_seconds_lead_up() {
        let mut player = Player::new();
        assert_eq!(player.pass(100, 100).ladder.every_ticks(), 1);
        assert_eq!(player.pass(7, 150).ladder.every_ticks(), 1);
        assert_eq!(player.pass(1, 150).ladder.every_ticks(), 2);
        // Silent for the 50 ms that the queue was long.
        let tick = player.tick;
        let due: Vec<_> = (1..=4).map(|n| player.ladder.due(tick + n, tick)).collect();
        assert_eq!(due, [false, false, true, true]);
        assert_eq!(player.pass(290, 100).ladder.every_ticks(), 2);
        assert_eq!(player.pass(20, 100).ladder.every_ticks(), 1);
    }

    #[test]
    fn a_step_up_that_was_too_early_is_tried_again_later_each_time() {
        let mut player = Player::new();
        player.pass(30, 100).pass(8, 150);
        let mut waited = Vec::new();
        for _ in 0..5 {
            let from = player.now;
            while player.ladder.every_ticks() == 2 {
                player.pass(1, 100);
            }
            waited.push(player.now.since(from) / 1_000_000);
            player.pass(8, 150);
        }
        assert_eq!(waited, [10, 20, 40, 60, 60]);
    }

    #[test]
    fn a_longer_path_is_no_queue() {
        let mut player = Player::new();
        player.pass(100, 30).pass(8, 130);
        assert_eq!(player.ladder.every_ticks(), 2);
        assert_eq!(player.pass(200, 130).ladder.every_ticks(), 1);
    }

    #[test]
    fn jitter_alone_changes_nothing() {
        let mut player = Player::new();
        player.pass(10, 100);
        for n in 0..2_000 {
            player.pass(1, if n % 5 == 0 { 110 } else { 190 });
        }
        assert_eq!(player.ladder.every_ticks(), 1);
    }

    #[test]
    fn heavy_loss_and_a_busy_transport_lead_down() {
        let mut ladder = Ladder::new();
        assert!(!ladder.lost(Micros(0), 200));
        assert_eq!(ladder.every_ticks(), 1);
        assert!(ladder.lost(Micros(0), 400));
        assert_eq!(ladder.every_ticks(), 2);
        for _ in 0..8 {
            ladder.choked(Micros(0));
        }
        assert_eq!(ladder.every_ticks(), 3);
        for _ in 0..80 {
            ladder.choked(Micros(0));
        }
        assert_eq!(ladder.every_ticks(), 6);
    }
}
