//! The server's buffer of one player's inputs.

use super::input::{Input, Origin, Resolved, ViewTick};
use crate::limits::{INPUT_AHEAD_MAX, INPUT_HELD_TICKS};

/// Room for every tick ahead, and more.
const SLOTS: usize = 32;

/// Inputs by tick, from the next one that closes to 16 ticks ahead. What came first for a tick stands.
#[derive(Debug)]
pub(super) struct Inputs {
    waiting: [Option<(u32, Input, ViewTick)>; SLOTS],
    /// The newest tick that closed; 0 for none.
    closed: u32,
    /// Which of the last 64 closed ticks had a real input, the newest in the lowest bit.
    real: u64,
    /// The newest real input, and its tick.
    last: Option<(u32, Input, ViewTick)>,
}

/// What became of an input that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It waits for its tick.
    Taken,
    /// It is there, or was in time.
    Known,
    /// Its tick closed without it.
    Late,
    /// Its tick is too far ahead.
    Early,
}

impl Inputs {
    pub(super) fn new() -> Self {
        Self { waiting: [None; SLOTS], closed: 0, real: 0, last: None }
    }

    /// The newest tick that closed; 0 for none.
    pub(super) fn closed(&self) -> u32 {
        self.closed
    }

    /// Takes in an input.
    pub(super) fn offer(&mut self, tick: u32, input: Input, view: ViewTick) -> Fate {
        if tick <= self.closed {
            let ago = self.closed - tick;
            return if ago < 64 && self.real >> ago & 1 == 1 { Fate::Known } else { Fate::Late };
        }
        if tick - self.closed > INPUT_AHEAD_MAX {
            return Fate::Early;
        }
        let slot = &mut self.waiting[tick as usize % SLOTS];
        if slot.is_some_and(|(at, ..)| at == tick) {
            return Fate::Known;
        }
        *slot = Some((tick, input, view));
        Fate::Taken
    }

    /// Closes `tick`, which is later than all before: what the player does in it.
    pub(super) fn close(&mut self, tick: u32) -> Resolved {
        debug_assert!(tick > self.closed, "tick {tick} closes after {}", self.closed);
        let passed = tick.saturating_sub(self.closed);
        self.real = self.real.checked_shl(passed).unwrap_or(0);
        self.closed = tick;
        let found = self.waiting[tick as usize % SLOTS].filter(|(at, ..)| *at == tick);
        if let Some((_, input, view)) = found {
            self.real |= 1;
            self.last = found;
            return Resolved { input, view, origin: Origin::Real };
        }
        let Some((at, input, view)) = self.last else {
            let (input, view) = (Input::NEUTRAL, ViewTick::default());
            return Resolved { input, view, origin: Origin::Neutral };
        };
        let ago = tick - at;
        let view =
            ViewTick { tick: view.tick + ago, frac: view.frac }.min(ViewTick { tick, frac: 0 });
        if ago <= INPUT_HELD_TICKS {
            Resolved { input, view, origin: Origin::Held }
        } else {
            Resolved { input: Input::NEUTRAL, view, origin: Origin::Neutral }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(bits: u64) -> Input {
        Input { bits }
    }

    fn view(tick: u32) -> ViewTick {
        ViewTick { tick, frac: 9 }
    }

    #[test]
    fn a_missing_input_is_held_for_three_ticks_and_then_neutral() {
        let mut inputs = Inputs::new();
        assert_eq!(inputs.close(7).origin, Origin::Neutral);
        assert_eq!(inputs.offer(8, input(5), view(2)), Fate::Taken);
        let origins: Vec<_> = (8..14).map(|tick| inputs.close(tick)).collect();
        let expected = |ago: u32, origin| {
            let bits = if origin == Origin::Neutral { 0 } else { 5 };
            Resolved { input: input(bits), view: view(2 + ago), origin }
        };
        use Origin::{Held, Neutral, Real};
        let all = [Real, Held, Held, Held, Neutral, Neutral];
        assert_eq!(
            origins,
            (0_u32..).zip(all).map(|(ago, origin)| expected(ago, origin)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_late_input_is_dropped_and_never_moved_to_a_later_tick() {
        let mut inputs = Inputs::new();
        inputs.close(10);
        inputs.close(11);
        assert_eq!(inputs.offer(11, input(5), view(2)), Fate::Late);
        assert_eq!(inputs.close(12).input, Input::NEUTRAL);
    }

    #[test]
    fn a_repeat_is_no_late_input_and_changes_nothing() {
        let mut inputs = Inputs::new();
        assert_eq!(inputs.offer(1, input(5), view(0)), Fate::Taken);
        assert_eq!(inputs.offer(1, input(6), view(0)), Fate::Known);
        assert_eq!(inputs.close(1).input, input(5));
        assert_eq!(inputs.offer(1, input(6), view(0)), Fate::Known);
        inputs.close(2);
        assert_eq!(inputs.offer(1, input(6), view(0)), Fate::Known);
        assert_eq!(inputs.offer(2, input(6), view(0)), Fate::Late);
        inputs.close(300);
        assert_eq!(inputs.offer(1, input(6), view(0)), Fate::Late);
    }

    #[test]
    fn an_input_may_be_sixteen_ticks_ahead_and_no_more() {
        let mut inputs = Inputs::new();
        inputs.close(100);
        assert_eq!(inputs.offer(116, input(5), view(90)), Fate::Taken);
        assert_eq!(inputs.offer(117, input(5), view(90)), Fate::Early);
        assert_eq!(inputs.offer(u32::MAX, input(5), view(90)), Fate::Early);
        let real = (101..=140).filter(|tick| inputs.close(*tick).origin == Origin::Real);
        assert_eq!(real.collect::<Vec<_>>(), [116]);
    }
}
