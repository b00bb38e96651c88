//! Prediction with reconciliation: a player's own part of the world, ahead of what the server says.

use super::input::{Input, Origin};
use crate::limits::{INPUT_HELD_TICKS, RING_TICKS};

/// What a game predicts: the part of its state that only this player's inputs change.
pub trait Predicted: Clone + PartialEq {
    /// Moves it on by one tick, by the same rules as the server's.
    fn step(&mut self, input: Input, origin: Origin);
}

/// One tick that was predicted.
#[derive(Debug, Clone)]
struct Step<S> {
    tick: u32,
    input: Input,
    origin: Origin,
    after: S,
}

/// The predicted state, and the last 64 ticks of how it came to be.
#[derive(Debug, Clone)]
pub struct Prediction<S> {
    steps: Vec<Option<Step<S>>>,
    tick: u32,
    state: S,
    /// The newest real input, and its tick.
    last: Option<(u32, Input)>,
}

/// What the server's word on a tick did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconciled {
    /// It was predicted.
    Agreed,
    /// It was not: everything since was stepped again from it.
    Corrected,
    /// It is newer or much older than what was predicted: the prediction starts from it.
    Started,
}

impl<S: Predicted> Prediction<S> {
    /// A prediction that starts from the `state` after `tick`.
    #[must_use]
    pub fn new(tick: u32, state: S) -> Self {
        let mut steps = Vec::new();
        steps.resize_with(RING_TICKS, || None);
        Self { steps, tick, state, last: None }
    }

    /// The newest tick that was predicted.
    #[must_use]
    pub fn tick(&self) -> u32 {
        self.tick
    }

    /// The state after it.
    #[must_use]
    pub fn state(&self) -> &S {
        &self.state
    }

    /// Predicts `tick` with its input. Ticks without one in between (at most 64 of them) are taken as the
    /// server takes them: the input before them goes on for three ticks, then there is none.
    pub fn advance(&mut self, tick: u32, input: Input) -> &S {
        let from = self.tick.max(tick.saturating_sub(RING_TICKS as u32));
        for missing in (from..tick).skip(1) {
            let (input, origin) = match self.last {
                Some((at, input)) if missing - at <= INPUT_HELD_TICKS => (input, Origin::Held),
                _ => (Input::NEUTRAL, Origin::Neutral),
            };
            self.step(missing, input, origin);
        }
        if tick > self.tick {
            self.step(tick, input, Origin::Real);
            self.last = Some((tick, input));
        }
        &self.state
    }

    fn step(&mut self, tick: u32, input: Input, origin: Origin) {
        self.state.step(input, origin);
        self.tick = tick;
        let after = self.state.clone();
        self.steps[tick as usize % RING_TICKS] = Some(Step { tick, input, origin, after });
    }

    /// Takes in the server's `state` after `tick`.
    pub fn reconcile(&mut self, tick: u32, state: S) -> Reconciled {
        let found = self.steps[tick as usize % RING_TICKS].as_mut();
        match found.filter(|step| step.tick == tick && tick <= self.tick) {
            Some(step) if step.after == state => return Reconciled::Agreed,
            Some(step) => step.after = state.clone(),
            None => {
                *self = Self { last: self.last, ..Self::new(tick, state) };
                return Reconciled::Started;
            }
        }
        self.state = state;
        for again in tick + 1..=self.tick {
            let at = again as usize % RING_TICKS;
            if let Some(step) = self.steps[at].as_mut().filter(|step| step.tick == again) {
                self.state.step(step.input, step.origin);
                step.after = self.state.clone();
            }
        }
        Reconciled::Corrected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moves by its input, and stops at 100.
    #[derive(Debug, Clone, PartialEq)]
    struct Walker(u64);

    impl Predicted for Walker {
        fn step(&mut self, input: Input, _: Origin) {
            self.0 = (self.0 + input.bits).min(100);
        }
    }

    fn walked(ticks: u32) -> Prediction<Walker> {
        let mut walker = Prediction::new(10, Walker(0));
        for tick in 11..=10 + ticks {
            walker.advance(tick, Input { bits: 2 });
        }
        walker
    }

    #[test]
    fn what_the_server_agrees_with_stands() {
        let mut walker = walked(6);
        assert_eq!(walker.reconcile(13, Walker(6)), Reconciled::Agreed);
        assert_eq!((walker.tick(), walker.state()), (16, &Walker(12)));
    }

    #[test]
    fn what_it_corrects_is_stepped_again_with_the_same_inputs() {
        let mut walker = walked(6);
        assert_eq!(walker.reconcile(13, Walker(50)), Reconciled::Corrected);
        assert_eq!(walker.state(), &Walker(56));
        // The correction is remembered.
        assert_eq!(walker.reconcile(15, Walker(54)), Reconciled::Agreed);
    }

    #[test]
    fn ticks_without_an_input_are_taken_as_the_server_takes_them() {
        let mut walker = walked(1);
        walker.advance(20, Input { bits: 1 });
        // 11 real, 12 to 14 held, 15 to 19 neutral, 20 real.
        assert_eq!(walker.state(), &Walker(2 + 3 * 2 + 1));
        assert_eq!(walker.reconcile(14, Walker(8)), Reconciled::Agreed);
        assert_eq!(walker.reconcile(19, Walker(8)), Reconciled::Agreed);
    }

    #[test]
    fn a_word_on_what_was_not_predicted_starts_anew() {
        let mut walker = walked(100);
        assert_eq!(walker.reconcile(20, Walker(1)), Reconciled::Started);
        assert_eq!((walker.tick(), walker.state()), (20, &Walker(1)));
        assert_eq!(walker.reconcile(900, Walker(7)), Reconciled::Started);
        assert_eq!(walker.advance(901, Input { bits: 1 }), &Walker(8));
    }
}
