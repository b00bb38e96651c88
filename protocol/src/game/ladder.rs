//! How often one player is sent a datagram: every tick, or every 2nd, 3rd or 6th.
//!
//! A path that is too narrow shows itself by its queue: the round trip grows by the time that datagrams wait.
//! No congestion controller helps, because each datagram is worthless by the time that it would let it go; what
//! helps is to send fewer. So the ladder steps down as soon as eight round trips in a row are more than 40 ms
//! longer than the shortest and do not shrink. How fast they grow tells how much is too much, and so how far down.
//! First it is silent for as long as the queue is, so that it runs empty at once. What round trip is measured after
//! that silence tells whether the queue was ours: if it is as long as before, the path itself is longer (a phone
//! that left its Wi-Fi), and the ladder steps back up.
//!
//! After 10 s without a queue it tries the next step with a single datagram too many. If the round trips after it
//! are longer by 5 ms, the path is full already: it stays, and for twice as long the next time (60 s at most). If
//! not, it steps up, and waits half as long for the next step.

use super::Micros;
use super::path::RoundTrip;

/// A datagram goes out every so many ticks, by step: 60, 30, 20, 10 Hz at 60 Hz.
const EVERY_TICKS: [u8; 4] = [1, 2, 3, 6];

/// How much longer than the shortest a round trip is when there is a queue. 40 ms: more than Wi-Fi's jitter,
/// and little to a player.
const QUEUE_US: u32 = 40_000;

/// How many round trips in a row tell of a queue. 8.
const SAMPLES: u8 = 8;

/// How much more rarely than what would just pass. 150 of 100: fewer datagrams are larger ones, and others use the path
/// as well.
const MARGIN_PERCENT: u64 = 150;

/// The longest silence. 500 ms: what a player takes for a bad moment and not yet for the end.
const SILENCE_US_MAX: u32 = 500_000;

/// A steady loss of more than this, of 1,000, means a path too narrow whose queue is too short to be noticed.
/// 350: bad Wi-Fi loses 200, and to send less does not help there.
const LOSS_PERMILLE: u16 = 350;

/// For how long there must be no queue before the next step is tried: at first, at least and at most.
const CLEAN_US: u64 = 10_000_000;
const CLEAN_US_MIN: u64 = 2_500_000;
const CLEAN_US_MAX: u64 = 60_000_000;

/// How many round trips after the datagram too many are looked at, and by how much longer they are on the mean where
/// it had to wait (or by twice their usual deviation). 2 and 5 ms: one of 500 bytes takes 30 ms at 128 kbit/s.
const TRIED: u32 = 2;
const TRIED_LONGER_US: i64 = 5_000;

/// The ladder of one player.
#[derive(Debug, Clone)]
pub(super) struct Ladder {
    step: usize,
    /// How many round trips in a row told of a queue, and the first of them.
    queued: u8,
    first: Sample,
    /// Since when there was none, and for how long there must be none.
    clean_since: Micros,
    clean_us: u64,
    /// Nothing is sent before this tick.
    silent_until: u32,
    waits_for: WaitsFor,
}

/// The round trip of the datagram of `tick`, which was sent at `sent` and took `us`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub tick: u32,
    pub sent: Micros,
    pub us: u32,
}

/// What the next round trips are to tell.
#[derive(Debug, Clone, Copy)]
enum WaitsFor {
    /// Whether there is a queue.
    Queue,
    /// Whether silence until that moment emptied a queue of that length.
    Emptied(Micros, u32),
    /// When to send the datagram too many.
    Trial,
    /// Whether round trips since that moment are longer than that mean; how many there were, and their sum.
    Longer { since: Micros, than_us: i64, count: u32, sum_us: i64 },
}

impl Ladder {
    pub(super) fn new() -> Self {
        Self {
            step: 0,
            queued: 0,
            first: Sample { tick: 0, sent: Micros(0), us: 0 },
            clean_since: Micros(0),
            clean_us: CLEAN_US,
            silent_until: 0,
            waits_for: WaitsFor::Queue,
        }
    }

    /// A datagram goes out every so many ticks.
    pub(super) fn every_ticks(&self) -> u8 {
        EVERY_TICKS[self.step]
    }

    /// True if one is to be sent at `tick`, the last one having been sent at `sent`.
    pub(super) fn due(&self, tick: u32, sent: u32) -> bool {
        let passed = tick.saturating_sub(sent);
        let trial = matches!(self.waits_for, WaitsFor::Trial) && passed == self.trial_after();
        tick >= self.silent_until && (passed >= self.every_ticks().into() || trial)
    }

    /// After how many ticks the datagram too many follows another: soon enough to have to wait where the path is full.
    fn trial_after(&self) -> u32 {
        u32::from(self.every_ticks()).div_ceil(3)
    }

    /// Takes in that one is sent `now`, so many ticks after the last.
    pub(super) fn sent(&mut self, now: Micros, ticks: u32, trip: &RoundTrip) {
        if matches!(self.waits_for, WaitsFor::Trial) && ticks == self.trial_after() {
            let than_us = trip.smoothed.mean + (2 * trip.smoothed.deviation).max(TRIED_LONGER_US);
            self.waits_for = WaitsFor::Longer { since: now, than_us, count: 0, sum_us: 0 };
        }
    }

    /// Takes in a round trip, which is in `trip` already. `tick` is the newest tick, and lasts `tick_us`.
    pub(super) fn sample(
        &mut self,
        now: Micros,
        sample: Sample,
        trip: &mut RoundTrip,
        (tick, tick_us): (u32, u64),
    ) {
        let Sample { sent, us, .. } = sample;
        let more = us - trip.shortest().unwrap_or(us).min(us);
        match &mut self.waits_for {
            WaitsFor::Emptied(until, _) if sent < *until => return,
            WaitsFor::Emptied(_, queue) => {
                let as_before = u64::from(more) * 4 > u64::from(*queue) * 3 && more > QUEUE_US;
                self.waits_for = WaitsFor::Queue;
                if as_before {
                    // Silence did not shorten it: it is the path that is longer.
                    trip.restart(us);
                    self.step = self.step.saturating_sub(1);
                    self.queued = 0;
                    return;
                }
            }
            WaitsFor::Longer { since, than_us, count, sum_us } if sent >= *since => {
                (*count, *sum_us) = (*count + 1, *sum_us + i64::from(us));
                if *count == TRIED {
                    let longer = *sum_us > *than_us * i64::from(TRIED);
                    self.tried(now, longer);
                }
            }
            _ => {}
        }
        if more <= QUEUE_US {
            self.queued = 0;
            let waits = matches!(self.waits_for, WaitsFor::Queue);
            if waits && self.step > 0 && now.since(self.clean_since) >= self.clean_us {
                self.waits_for = WaitsFor::Trial;
            }
            return;
        }
        self.clean_since = now;
        if self.queued == 0 {
            self.first = sample;
        }
        self.queued += 1;
        if self.queued >= SAMPLES {
            self.queued = 0;
            self.relieve(now, sample, more, (tick, tick_us));
        }
    }

    /// Steps down as far as is needed and falls silent, if the queue does not shrink by itself.
    fn relieve(&mut self, now: Micros, last: Sample, more: u32, (tick, tick_us): (u32, u64)) {
        // While this much was sent, that much passed, and so many of these came through.
        let passed_us = last.sent.since(self.first.sent).max(1);
        let grown_us = i64::from(last.us) - i64::from(self.first.us);
        if grown_us * 10 < -(passed_us as i64) {
            return;
        }
        let grown_us = (grown_us.max(0) as u64).min(4 * passed_us);
        let every = u64::from(self.every_ticks());
        let sent = u64::from(last.tick - self.first.tick) / every + 1;
        let of = passed_us * u64::from(SAMPLES) * 100;
        let wanted = every * (passed_us + grown_us) * sent * MARGIN_PERCENT;
        let enough = |step: &usize| u64::from(EVERY_TICKS[*step]) * of >= wanted;
        let steps = self.step + 1..EVERY_TICKS.len();
        self.down(now, steps.clone().find(enough).or(steps.last()));
        // It went on growing while this round trip passed.
        let queue_us = u64::from(more) + u64::from(last.us) * grown_us / passed_us;
        let silence_us = queue_us.min(SILENCE_US_MAX.into());
        self.silent_until = tick + 1 + silence_us.div_ceil(tick_us) as u32;
        self.waits_for = WaitsFor::Emptied(now.plus(silence_us), more);
    }

    /// Takes in what the datagram too many told.
    fn tried(&mut self, now: Micros, longer: bool) {
        (self.waits_for, self.clean_since) = (WaitsFor::Queue, now);
        if longer {
            self.clean_us = (self.clean_us * 2).min(CLEAN_US_MAX);
        } else {
            self.clean_us = (self.clean_us / 2).max(CLEAN_US_MIN);
            self.step = self.step.saturating_sub(1);
        }
    }

    /// Takes in that the transport is still busy with what was sent, which tells of a queue as well.
    pub(super) fn choked(&mut self, now: Micros) {
        self.queued += 1;
        self.clean_since = now;
        if self.queued >= SAMPLES {
            self.down(now, None);
        }
    }

    /// Takes in the steady loss, of 1,000. True if it was acted upon: then it is to be counted anew.
    pub(super) fn lost(&mut self, now: Micros, permille: u16) -> bool {
        let heavy = permille > LOSS_PERMILLE;
        if heavy {
            self.down(now, None);
        }
        heavy
    }

    /// Steps down to a step, or by one.
    fn down(&mut self, now: Micros, step: Option<usize>) {
        self.clean_us = self.clean_us.max(CLEAN_US);
        self.step = step.unwrap_or(self.step + 1).min(EVERY_TICKS.len() - 1);
        (self.queued, self.clean_since, self.waits_for) = (0, now, WaitsFor::Queue);
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
        sent: u32,
    }

    impl Player {
        fn new() -> Self {
            let (ladder, trip) = (Ladder::new(), RoundTrip::default());
            Self { ladder, trip, now: Micros(0), tick: 0, sent: 0 }
        }

        /// So many ticks with a round trip, answered at once, that depends on how many ticks passed since the one
        /// before.
        fn pass(&mut self, ticks: u32, rtt_ms: impl Fn(u32) -> u64) -> &mut Self {
            for _ in 0..ticks {
                self.tick += 1;
                self.now = self.now.plus(TICK_US);
                if self.ladder.due(self.tick, self.sent) {
                    let passed = self.tick - self.sent;
                    self.ladder.sent(self.now, passed, &self.trip);
                    self.sent = self.tick;
                    let us = rtt_ms(passed) as u32 * 1_000;
                    let sample = Sample { tick: self.tick, sent: self.now, us };
                    self.trip.add(self.now, us);
                    self.ladder.sample(self.now, sample, &mut self.trip, (self.tick, TICK_US));
                }
            }
            self
        }

        fn every(&self) -> u8 {
            self.ladder.every_ticks()
        }
    }

    #[test]
    fn a_queue_leads_down_and_ten_clean_seconds_lead_up() {
        let mut player = Player::new();
        assert_eq!(player.pass(100, |_| 100).every(), 1);
        assert_eq!(player.pass(7, |_| 150).every(), 1);
        assert_eq!(player.pass(1, |_| 150).every(), 2);
        // Silent for the 50 ms that the queue was long.
        let tick = player.tick;
        let due: Vec<_> = (1..=4).map(|n| player.ladder.due(tick + n, tick)).collect();
        assert_eq!(due, [false, false, true, true]);
        assert_eq!(player.pass(290, |_| 100).every(), 2);
        assert_eq!(player.pass(30, |_| 100).every(), 1);
    }

    #[test]
    fn a_full_path_is_noticed_by_one_datagram_too_many_and_tried_later_each_time() {
        let mut player = Player::new();
        player.pass(30, |_| 100).pass(8, |_| 150);
        let (mut tried, mut last) = (Vec::new(), player.now);
        for _ in 0..8_000 {
            let before = player.sent;
            // The one too many waits, and those after it for a while.
            let waits = player.now.since(last) < 300_000 && !tried.is_empty();
            player.pass(1, |ticks| if ticks == 1 || waits { 115 } else { 100 });
            if player.sent == before + 1 {
                tried.push(player.now.since(last) / 1_000_000);
                last = player.now;
            }
            assert_eq!(player.every(), 2);
        }
        assert_eq!(tried[..5], [10, 20, 40, 60, 60]);
    }

    #[test]
    fn a_longer_path_is_no_queue() {
        let mut player = Player::new();
        player.pass(100, |_| 30).pass(8, |_| 130);
        assert_eq!(player.every(), 2);
        assert_eq!(player.pass(200, |_| 130).every(), 1);
    }

    #[test]
    fn what_grows_faster_leads_further_down() {
        for (grows_ms, every) in [(0, 2), (8, 2), (20, 3), (40, 6), (100, 6)] {
            let mut player = Player::new();
            let rtts = (0..9).map(|n| 150 + n * grows_ms);
            player.pass(100, |_| 100);
            for rtt in rtts.take(8) {
                player.pass(1, |_| rtt);
            }
            assert_eq!(player.every(), every, "{grows_ms} ms a datagram");
        }
    }

    #[test]
    fn a_queue_that_shrinks_by_itself_is_left_alone() {
        let mut player = Player::new();
        player.pass(100, |_| 100);
        for rtt in (105..600).rev().step_by(15) {
            player.pass(1, |_| rtt);
        }
        assert_eq!(player.every(), 1);
    }

    #[test]
    fn jitter_alone_changes_nothing() {
        let mut player = Player::new();
        player.pass(10, |_| 100);
        for n in 0..2_000 {
            player.pass(1, |_| if n % 5 == 0 { 110 } else { 190 });
        }
        assert_eq!(player.every(), 1);
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
