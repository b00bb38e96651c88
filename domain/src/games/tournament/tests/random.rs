//! Random lives of a tournament: whatever happens in whatever order, what must hold holds (`Stage::check`), and
//! every field comes to its end.

use proptest::prelude::*;

use super::super::pairing::Pairing;
use super::super::*;
use super::stage::{Stage, account, creation, entry, minutes, organizer, person};

const HOW: [&str; 9] = ["a", "b", "draw", "a only", "b only", "none", "void", "left", "a left"];

fn format() -> impl Strategy<Value = Format> {
    prop_oneof![
        any::<bool>().prop_map(|third_place| Format::Elimination { third_place }),
        Just(Format::RoundRobin),
        prop::option::of(1..ROUNDS_MAX).prop_map(|rounds| Format::Swiss { rounds }),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Register(u128),
    Withdraw(u128),
    CheckIn(u128),
    Start,
    Play(usize, usize),
    Dispute(u128, u16),
    Accept(u128, u16),
    Rule(u16, Ruling),
    Pass(u64),
    RefuseDuty,
    Arranges(bool),
}

fn ruling() -> impl Strategy<Value = Ruling> {
    use Ruling::{A, B, Draw, Replay, Stands, Void};
    prop::sample::select(vec![A, B, Draw, Replay, Stands, Void])
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 1..12_u128;
    prop_oneof![
        6 => who().prop_map(Step::Register),
        1 => who().prop_map(Step::Withdraw),
        6 => who().prop_map(Step::CheckIn),
        1 => Just(Step::Start),
        20 => (0..8_usize, 0..HOW.len()).prop_map(|(at, how)| Step::Play(at, how)),
        2 => (who(), 0..12_u16).prop_map(|(who, no)| Step::Dispute(who, no)),
        3 => (who(), 0..12_u16).prop_map(|(who, no)| Step::Accept(who, no)),
        2 => (0..12_u16, ruling()).prop_map(|(no, ruling)| Step::Rule(no, ruling)),
        8 => (0..20_u64).prop_map(Step::Pass),
        1 => (0..2000_u64).prop_map(Step::Pass),
        1 => Just(Step::RefuseDuty),
        1 => any::<bool>().prop_map(Step::Arranges),
    ]
}

impl Stage {
    fn live(&mut self, step: Step) {
        // A refusal is part of life; what must hold is checked after whatever happened.
        match step {
            Step::Register(who) => drop(self.ask(&person(who), Command::Register(entry(who)))),
            Step::Withdraw(who) => drop(self.ask(&person(who), Command::Withdraw)),
            Step::CheckIn(who) => drop(self.ask(&person(who), Command::CheckIn)),
            Step::Start => drop(self.ask(&organizer(), Command::Start)),
            Step::Play(at, how) => {
                let playing = self.playing();
                if let Some(pairing) = playing.get(at % playing.len().max(1)) {
                    self.plays(*pairing, HOW[how]).unwrap();
                }
            }
            Step::Dispute(who, pairing) => {
                let text = "no".into();
                drop(self.ask(&person(who), Command::Dispute { pairing, text }));
            }
            Step::Accept(who, pairing) => drop(self.ask(&person(who), Command::Accept { pairing })),
            Step::Rule(pairing, ruling) => {
                drop(self.ask(&organizer(), Command::Decide { pairing, ruling }));
            }
            Step::Pass(n) => self.pass(minutes(n)),
            Step::RefuseDuty => self.refuse_duty(),
            Step::Arranges(does) => {
                self.arranges = does;
                self.arrange();
            }
        }
    }

    /// Everything that began comes to an end, though nobody does anything any more.
    fn run_out(&mut self) {
        for _ in 0..4000 {
            let Some(at) = self.rules.wake_at() else { break };
            self.now = self.now.max(at);
            self.wake();
        }
        assert!(self.rules.phase.is_over());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_life_keeps_what_must_hold(
        format in format(),
        dispute_minutes in prop::sample::select(vec![0, 5]),
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut stage = Stage::new(Creation { dispute_minutes, ..creation(format) });
        for step in steps {
            stage.live(step);
            if stage.rules.phase.is_over() {
                break;
            }
        }
        stage.run_out();
        stage.end();
    }
}

/// What holds at the end of a tournament of `n` that was played.
fn is_sound(stage: &Stage, n: u16, format: Format) {
    let rules = &stage.rules;
    assert_eq!(rules.phase, Phase::Concluded);
    let mut places = rules.places();
    assert_eq!(places.iter().filter(|place| **place == 1).count(), 1, "one champion");
    let mut met: Vec<_> = rules.pairings.iter().filter_map(Pairing::players).collect();
    met.iter_mut().for_each(|pair| pair.sort_unstable());
    let meetings = met.len();
    met.sort_unstable();
    met.dedup();
    match format {
        Format::Elimination { third_place } => {
            let third = usize::from(third_place && n >= 4);
            let both = rules.pairings.iter().filter(|one| one.players().is_some()).count();
            assert!(both <= usize::from(n) - 1 + third && both >= usize::from(n) - 1);
        }
        Format::RoundRobin => {
            assert_eq!(met.len(), usize::from(n) * usize::from(n - 1) / 2, "a full table");
            assert_eq!(meetings, met.len());
        }
        Format::Swiss { .. } => {
            assert_eq!(meetings, met.len(), "nobody meets twice");
            let byes: Vec<_> =
                rules.pairings.iter().filter(|one| one.players().is_none()).collect();
            let distinct: std::collections::BTreeSet<_> =
                byes.iter().map(|one| one.sides).collect();
            assert_eq!(distinct.len(), byes.len(), "nobody has two byes");
            assert_eq!(byes.len() * 2 + meetings * 2, rules.pairings.len() * 2);
        }
    }
    if !matches!(format, Format::Elimination { .. }) {
        places.sort_unstable();
        assert!(places.into_iter().eq(1..=n), "a place for everybody");
        let lines = rules.lines();
        let played = |line: &Line| line.won + line.drawn + line.lost;
        let points: u16 = lines.iter().map(|line| line.points).sum();
        assert!(points <= rules.pairings.len() as u16 * 2);
        assert!(lines.iter().all(|line| line.points == 2 * line.won + line.drawn));
        assert!(
            lines.iter().all(|line| played(line) <= rules.rounds(rules.setup.as_deref().unwrap()))
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn every_field_and_every_result_comes_to_a_champion_or_a_full_table(
        n in 2..=64_u16,
        third_place in any::<bool>(),
        results in prop::collection::vec(0..HOW.len(), 101),
    ) {
        for format in [Format::Elimination { third_place }, Format::RoundRobin, Format::Swiss { rounds: None }] {
            let mut stage = Stage::begun_quietly(Creation { dispute_minutes: 0, ..creation(format) }, n);
            let mut results = results.iter().cycle();
            while let Some(next) = stage.playing().first() {
                stage.plays(*next, HOW[*results.next().unwrap()]).unwrap();
            }
            is_sound(&stage, n, format);
            stage.end();
        }
    }

    #[test]
    fn whoever_drops_out_the_others_come_to_an_end(
        n in 2..=20_u16,
        format in format(),
        drops in prop::collection::vec((0..20_usize, 1..20_u128), 1..12),
    ) {
        let mut stage = Stage::begun(Creation { dispute_minutes: 0, ..creation(format) }, n);
        for (plays, who) in drops {
            for _ in 0..plays {
                if let Some(next) = stage.playing().first() {
                    stage.plays(*next, HOW[plays % HOW.len()]).unwrap();
                }
            }
            drop(stage.ask(&organizer(), Command::Drop { account: account(who) }));
        }
        stage.run_out();
        prop_assert_eq!(stage.rules.phase, Phase::Concluded);
        stage.end();
    }
}
