//! Random lives of a match: whatever is asked in whatever order, what must hold holds (`Stage::check`).

use proptest::prelude::*;

use super::super::*;
use super::stage::{Stage, creation, person, second};
use crate::games::Seat;

#[derive(Debug, Clone)]
enum Step {
    Join(u128),
    /// With one of all tickets that there ever were, by whomever.
    Enter(u128, usize),
    Resume(u128, usize),
    Gone(u128),
    Ready(u128, bool),
    Start(u128),
    Leave(u128),
    TakeUp,
    Play(u32),
    Tell(bool),
    Fault(u32),
    Finish,
    /// The server stops and starts.
    Restart,
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 1..6_u128;
    prop_oneof![
        6 => who().prop_map(Step::Join),
        8 => (who(), 0..4_usize).prop_map(|(w, n)| Step::Enter(w, n)),
        3 => (who(), 0..3_usize).prop_map(|(w, n)| Step::Resume(w, n)),
        2 => who().prop_map(Step::Gone),
        6 => (who(), prop::bool::weighted(0.8)).prop_map(|(w, r)| Step::Ready(w, r)),
        2 => who().prop_map(Step::Start),
        1 => who().prop_map(Step::Leave),
        4 => Just(Step::TakeUp),
        6 => (1..20_u32).prop_map(Step::Play),
        6 => any::<bool>().prop_map(Step::Tell),
        1 => (0..60_u32).prop_map(Step::Fault),
        1 => Just(Step::Finish),
        1 => Just(Step::Restart),
        5 => (0..12_u64).prop_map(Step::Pass),
        1 => (0..1000_u64).prop_map(Step::Pass),
    ]
}

impl Stage {
    fn live(&mut self, step: Step) {
        let nth = |all: Option<&Vec<TokenHash>>, n: usize| {
            all.and_then(|all| all.iter().rev().nth(n).copied()).unwrap_or(TokenHash([1; 32]))
        };
        // A refusal is part of life; what must hold is checked after whatever happened.
        match step {
            Step::Join(who) => drop(self.join(who)),
            Step::Enter(who, n) => {
                // Now and then somebody tries another's ticket.
                let of = if n == 3 { who % 5 + 1 } else { who };
                let ticket = nth(self.tickets.get(&of), n % 3);
                let entered = self.enter(who, ticket);
                assert!(of == who || entered.is_err(), "a ticket is for one person");
            }
            Step::Resume(who, n) => {
                let token = nth(self.tokens.get(&who), n);
                let resumed = self.resume(who, token);
                assert!(n == 0 || resumed.is_err(), "an old token is of no use");
            }
            Step::Gone(who) => {
                let entered = self.entries.get(&who).copied();
                let (seat, entry) = entered.map_or((Seat(0), 0), |one| (one.seat, one.entry));
                self.system(Command::Gone { seat, entry }).unwrap();
            }
            Step::Ready(who, ready) => drop(self.ask(&person(who), Command::Ready(ready))),
            Step::Start(who) => drop(self.ask(&person(who), Command::Start)),
            Step::Leave(who) => drop(self.ask(&person(who), Command::Leave).unwrap()),
            Step::TakeUp => {
                let active = self.rules.phase == Phase::Active;
                assert_eq!(self.take_up().is_ok(), active && self.rules.phase == Phase::Active);
            }
            Step::Play(ticks) => {
                if let Some(ticker) = &mut self.ticker
                    && ticker.recording.waiting() + ticks < 60
                    && ticker.untold.is_none()
                {
                    ticker.play(ticks);
                }
            }
            Step::Tell(checkpoint) => {
                if self.ticker.is_some() && self.tell(checkpoint).is_err() {
                    // It is over, or another ticker has it: nothing is left to do.
                    self.ticker = None;
                }
            }
            Step::Fault(tick) => {
                let epoch = self.rules.epoch;
                if self.system(Command::Fault { epoch, tick }).is_ok() {
                    self.ticker = None;
                }
            }
            Step::Finish => {
                if self.ticker.is_some() && self.tell(false).is_ok() {
                    self.finish();
                }
                self.ticker = None;
            }
            Step::Restart => {
                self.via += 1;
                self.ticker = None;
            }
            Step::Pass(n) => self.pass(second(n)),
        }
    }
}

proptest! {
    #[test]
    fn any_life_keeps_what_must_hold(
        steps in prop::collection::vec(step(), 1..120),
        bots in 0..3_u16,
    ) {
        let mut stage = Stage::new(Creation { bots, ..creation() });
        for step in steps {
            stage.live(step);
        }
        stage.end();
    }
}
