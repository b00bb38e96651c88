//! The client's clocks: which tick to give an input for, and which moment to show.
//!
//! Neither jumps while it can help it. A clock that is off runs up to 5 % faster or slower until it is right;
//! one that is off by more than ten ticks is set.

use super::Micros;
use super::input::ViewTick;
use super::path::Smoothed;
use crate::limits::INPUT_AHEAD_MAX;

/// The unit of a clock: 65,536 to a tick.
const UNIT: i64 = 1 << 16;

/// A quarter of a tick, in which the server says depths.
const QUARTER: i64 = UNIT / 4;

/// Off by more than this, a clock is set. 10 ticks: to make up for them at 5 % would take seven seconds.
const SNAP: i64 = 10 * UNIT;

/// So many samples in a row must say so. 3: one that was held up says nothing.
const FAR_OFF_MAX: u8 = 3;

/// How much faster or slower a clock runs for each tick that it is off, and at most, of 1,000. 25 and 50: off by
/// two ticks it runs at full speed, and it stands still again before the answer to its last change is there.
const PERMILLE_PER_TICK: i64 = 25;
const PERMILLE_MAX: i64 = 50;

/// A clock in ticks that can run faster and slower.
#[derive(Debug, Clone)]
struct Clock {
    tick_us: i64,
    at: Micros,
    value: i64,
    permille: i64,
    /// How many samples in a row said that it is off by more than [`SNAP`].
    far_off: u8,
}

/// What became of a sample.
enum Corrected {
    /// The clock runs faster, slower or as before.
    Slewed,
    /// The clock was set.
    Set,
}

impl Clock {
    fn new(tick_us: u64, now: Micros, tick: u32) -> Self {
        let value = i64::from(tick) * UNIT;
        Self { tick_us: tick_us as i64, at: now, value, permille: 0, far_off: 0 }
    }

    fn read(&self, now: Micros) -> i64 {
        let passed = now.since(self.at).min(1 << 40) as i64;
        self.value + passed * (1_000 + self.permille) / 1_000 * UNIT / self.tick_us
    }

    /// Corrects the clock, which `lag` says it should be further on by; `smooth` says the same over some time,
    /// and none that this is the first sample.
    fn correct(&mut self, now: Micros, lag: i64, smooth: Option<i64>) -> Corrected {
        self.value = self.read(now);
        self.at = self.at.max(now);
        self.far_off = if lag.abs() > SNAP { self.far_off + 1 } else { 0 };
        match smooth {
            Some(smooth) if self.far_off < FAR_OFF_MAX => {
                let permille = smooth * PERMILLE_PER_TICK / UNIT;
                self.permille = permille.clamp(-PERMILLE_MAX, PERMILLE_MAX);
                Corrected::Slewed
            }
            _ => {
                self.value += lag;
                (self.permille, self.far_off) = (0, 0);
                Corrected::Set
            }
        }
    }
}

/// The input's clock: so far ahead of the server that inputs come in before their tick closes, by one tick and
/// four times their jitter, and by more where datagrams are lost, so that the repeats come in time too.
#[derive(Debug, Clone)]
pub(super) struct InputClock {
    clock: Clock,
    depth: Smoothed,
    /// What was sent at or before this number says nothing: the clock was set after it.
    set_at: Option<u32>,
    pub snaps: u32,
}

impl InputClock {
    /// A clock that guesses a round trip of 100 ms.
    pub(super) fn new(tick_us: u64, now: Micros, server_tick: u32) -> Self {
        let mut clock = Clock::new(tick_us, now, server_tick);
        clock.value += 100_000 * UNIT / clock.tick_us + 2 * UNIT;
        Self { clock, depth: Smoothed::default(), set_at: None, snaps: 0 }
    }

    /// The tick that it is for inputs.
    pub(super) fn tick(&self, now: Micros) -> u32 {
        u32::try_from(self.clock.read(now) / UNIT).unwrap_or(0)
    }

    /// How deep inputs should arrive, in quarter ticks, at this loss of 1,000.
    pub(super) fn wanted(&self, loss_permille: u16) -> i64 {
        let repeats = match loss_permille {
            0..10 => 0,
            10..120 => 2,
            _ => 3,
        };
        let ticks = 1 + repeats;
        (ticks * 4 + 4 * self.depth.deviation / QUARTER).min(i64::from(INPUT_AHEAD_MAX) * 3)
    }

    /// Takes in how deep the newest input of datagram `number` arrived; `sent` is the newest datagram.
    pub(super) fn sample(
        &mut self,
        now: Micros,
        (number, sent): (u32, u32),
        quarters: i8,
        loss_permille: u16,
    ) {
        if self.set_at.is_some_and(|set_at| number <= set_at) {
            return;
        }
        let depth = i64::from(quarters) * QUARTER;
        let first = !self.depth.is_some();
        let wanted = |clock: &Self| clock.wanted(loss_permille) * QUARTER;
        if first || (wanted(self) - depth).abs() <= SNAP {
            self.depth.add(depth);
        }
        let wanted = wanted(self);
        let smooth = (!first).then_some(wanted - self.depth.mean);
        if let Corrected::Set = self.clock.correct(now, wanted - depth, smooth) {
            self.depth = Smoothed::at(wanted, QUARTER);
            self.set_at = Some(sent);
            self.snaps += u32::from(!first);
        }
    }
}

/// The clock of what is shown: behind the newest state by two states and their jitter, so that there nearly
/// always is one after it.
#[derive(Debug, Clone)]
pub(super) struct ViewClock {
    clock: Clock,
    /// How far the newest state is ahead of the clock when it comes.
    lead: Smoothed,
    /// How many ticks are between states.
    step: Smoothed,
}

impl ViewClock {
    pub(super) fn new(tick_us: u64, now: Micros, server_tick: u32) -> Self {
        let clock = Clock::new(tick_us, now, server_tick);
        Self { clock, lead: Smoothed::default(), step: Smoothed::default() }
    }

    /// Takes in that the state of `tick` came, the newest; the one before it was `before`.
    pub(super) fn sample(&mut self, now: Micros, tick: u32, before: Option<u32>) {
        if let Some(before) = before {
            self.step.add(i64::from(tick - before) * UNIT);
        }
        let lead = i64::from(tick) * UNIT - self.clock.read(now);
        let first = !self.lead.is_some();
        if first || (lead - self.delay()).abs() <= SNAP {
            self.lead.add(lead);
        }
        let delay = self.delay();
        let smooth = (!first).then_some(self.lead.mean - delay);
        if let Corrected::Set = self.clock.correct(now, lead - delay, smooth) {
            self.lead = Smoothed::at(delay, QUARTER);
        }
    }

    fn delay(&self) -> i64 {
        2 * self.step.mean.max(UNIT) + 2 * self.lead.deviation
    }

    /// How many ticks what is shown should be behind the newest state.
    pub(super) fn delay_ticks(&self) -> u8 {
        u8::try_from((self.delay() + UNIT / 2) / UNIT).unwrap_or(u8::MAX)
    }

    /// How much the lead of states changes, in microseconds.
    pub(super) fn jitter_us(&self) -> u32 {
        u32::try_from(self.lead.deviation * self.clock.tick_us / UNIT).unwrap_or(u32::MAX)
    }

    /// The moment to show.
    pub(super) fn view(&self, now: Micros) -> ViewTick {
        let parts = u64::try_from(self.clock.read(now) / (UNIT / 256)).unwrap_or(0);
        ViewTick::of_parts(parts.min(u64::from(u32::MAX) << 8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK_US: u64 = 33_333;

    /// Runs the input's clock against a server whose tick is `now / TICK_US`, with a one-way delay that changes
    /// over time, and gives each depth in quarters.
    fn run(seconds: u64, delay_us: impl Fn(u64) -> u64, loss: u16) -> (Vec<i64>, InputClock) {
        let mut clock = InputClock::new(TICK_US, Micros(0), 0);
        let (mut last, mut flying, mut depths) = (0, Vec::new(), Vec::new());
        for ms in 0..seconds * 1_000 {
            let now = Micros::from_ms(ms);
            if clock.tick(now) > last {
                last = clock.tick(now);
                let arrives = now.0 + delay_us(ms);
                let depth_us = (u64::from(last) * TICK_US) as i64 - arrives as i64;
                let quarters = (depth_us * 4).div_euclid(TICK_US as i64);
                flying.push((arrives + delay_us(ms), last, quarters));
            }
            while flying.first().is_some_and(|(at, ..)| *at <= now.0) {
                let (_, number, quarters) = flying.remove(0);
                clock.sample(now, (number, last), quarters.clamp(-127, 127) as i8, loss);
                depths.push(quarters);
            }
        }
        (depths, clock)
    }

    #[test]
    fn inputs_come_a_tick_early_whatever_the_round_trip() {
        for delay_ms in [0, 10, 50, 100, 300] {
            let (depths, clock) = run(5, |_| delay_ms * 1_000, 0);
            let settled = &depths[depths.len() / 2..];
            assert!(settled.iter().all(|depth| (3..=7).contains(depth)), "{delay_ms}: {settled:?}");
            assert_eq!(clock.snaps, 0);
        }
    }

    #[test]
    fn where_datagrams_are_lost_they_come_early_enough_for_the_repeats() {
        let (depths, _) = run(5, |_| 50_000, 200);
        let settled = &depths[depths.len() / 2..];
        assert!(settled.iter().all(|depth| (15..=20).contains(depth)), "{settled:?}");
    }

    #[test]
    fn a_longer_path_is_made_up_for_by_running_faster() {
        let (depths, clock) = run(20, |ms| if ms < 5_000 { 30_000 } else { 130_000 }, 0);
        assert!(depths.iter().any(|depth| *depth < 0));
        let settled = &depths[depths.len() - 100..];
        assert!(settled.iter().all(|depth| (3..=7).contains(depth)), "{settled:?}");
        assert_eq!(clock.snaps, 0);
    }

    #[test]
    fn off_by_more_than_ten_ticks_it_is_set() {
        let (depths, clock) = run(10, |ms| if ms < 5_000 { 30_000 } else { 830_000 }, 0);
        assert!(clock.snaps >= 1);
        let settled = &depths[depths.len() - 10..];
        assert!(settled.iter().all(|depth| (3..=8).contains(depth)), "{settled:?}");
    }

    #[test]
    fn what_is_shown_runs_on_steadily_behind_the_newest_state() {
        let mut clock = ViewClock::new(TICK_US, Micros(0), 0);
        let (mut shown, mut before) = (Vec::new(), None);
        for ms in 0..10_000_u64 {
            let now = Micros::from_ms(ms);
            // Every third state is lost; they come 50 to 60 ms late.
            let tick = (ms * 1_000).saturating_sub(50_000 + ms % 3 * 5_000) / TICK_US;
            let tick = tick as u32 - u32::from(tick % 3 == 2);
            if tick > 0 && before.is_none_or(|before| before < tick) {
                clock.sample(now, tick, before);
                before = Some(tick);
            }
            if ms >= 2_000 {
                shown.push((clock.view(now).parts(), before.unwrap()));
            }
        }
        for pair in shown.windows(2) {
            let step = pair[1].0 - pair[0].0;
            assert!((6..=9).contains(&step), "{step} parts in a ms");
        }
        let ahead = shown.iter().filter(|(parts, newest)| *parts > u64::from(*newest) << 8);
        assert_eq!(ahead.count(), 0);
        assert!((3..=4).contains(&clock.delay_ticks()), "{}", clock.delay_ticks());
    }
}
