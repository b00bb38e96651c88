//! Random lives of a poll: whatever is asked in whatever order, the invariants hold.

use proptest::prelude::*;

use super::super::*;
use super::secrets::{ballot, secret};
use super::stage::{Stage, asks, device, guest, presenter};
use crate::refusal::RefusalKind;
use crate::room::Caller;

/// One step of a life. Voters are 0 to 4.
#[derive(Debug, Clone)]
enum Step {
    Vote(u8, Vec<u8>, Option<u8>),
    Issue(u8, u8),
    Open,
    Close,
    Reset,
    Show(bool),
    Hide(u8, bool),
    HideName(u32, bool),
    Update(bool),
    Pass(u64),
    DutyDone(bool),
    Export,
    Mine(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..5_u8;
    let marks = || prop::collection::vec(0..4_u8, 0..4);
    prop_oneof![
        12 => (who(), marks(), prop::option::of(0..6_u8)).prop_map(|(w, m, k)| Step::Vote(w, m, k)),
        4 => (who(), 0..2_u8).prop_map(|(w, r)| Step::Issue(w, r)),
        4 => Just(Step::Open),
        2 => Just(Step::Close),
        1 => Just(Step::Reset),
        2 => any::<bool>().prop_map(Step::Show),
        1 => (0..4_u8, any::<bool>()).prop_map(|(w, h)| Step::Hide(w, h)),
        1 => (0..20_u32, any::<bool>()).prop_map(|(b, h)| Step::HideName(b, h)),
        1 => any::<bool>().prop_map(Step::Update),
        3 => (0..4000_u64).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::DutyDone),
        1 => Just(Step::Export),
        1 => who().prop_map(Step::Mine),
    ]
}

fn definition() -> impl Strategy<Value = Definition> {
    let kinds = prop::sample::select(vec![
        Kind::Single,
        Kind::Multiple { max: 2 },
        Kind::Rating,
        Kind::Ranked,
        Kind::Words { max: 3 },
        Kind::Quiz { right: 1 },
    ]);
    let results =
        prop::sample::select(vec![Results::Live, Results::AfterClose, Results::Presenter]);
    let seconds = prop::option::weighted(0.3, 5..20_u32);
    (kinds, results, any::<[bool; 2]>(), seconds).prop_map(|(kind, results, flags, seconds)| {
        let quiz = matches!(kind, Kind::Quiz { .. });
        let [change, is_secret] = flags;
        let base = if is_secret && !quiz { secret(kind) } else { asks(kind) };
        let results = match results {
            Results::Live if base.secret => Results::AfterClose,
            other => other,
        };
        let seconds = seconds.or(base.seconds);
        Definition { results, seconds, change: change && !quiz, ..base }
    })
}

impl Stage {
    fn live(&mut self, step: Step) {
        let asks = self.rules.asks().unwrap().clone();
        // A refusal is part of life; what must hold is checked after whatever happened.
        let _ = match step {
            Step::Vote(who, marks, by) => {
                let choice = match asks.kind {
                    Kind::Words { .. } => Choice::Words(
                        marks
                            .iter()
                            .map(|m| ["a", "B", "b ", "c"][usize::from(*m)].to_owned())
                            .collect(),
                    ),
                    Kind::Rating => Choice::Options(marks.iter().map(|m| m + 1).collect()),
                    _ => Choice::Options(marks),
                };
                let by = by.map(|by| by.to_string());
                let name = matches!(asks.kind, Kind::Quiz { .. }).then_some("Ann");
                let (caller, voter) = match asks.secret {
                    true => (Caller::Nobody, ballot(who)),
                    false => (Caller::Guest(guest(who.into())), device(who.into())),
                };
                let _ = self.vote_as(&caller, voter, choice, name, by.as_deref());
                return;
            }
            Step::Issue(who, request) => return drop(self.issue(who.into(), request)),
            Step::Open => self.ask(&presenter(), Command::Open),
            Step::Close => self.ask(&presenter(), Command::Close),
            Step::Reset => {
                let reset = self.ask(&presenter(), Command::Reset);
                self.receipts.clear();
                reset
            }
            Step::Show(shown) => self.ask(&presenter(), Command::Show(shown)),
            Step::Hide(word, hidden) => {
                let word = ["a", "b", "c", "d"][usize::from(word)].to_owned();
                self.ask(&presenter(), Command::HideWord { word, hidden })
            }
            Step::HideName(ballot, hidden) => {
                self.ask(&presenter(), Command::HideName { ballot, hidden })
            }
            Step::Update(questions) => {
                let questions = if questions { Asking::Open } else { Asking::Off };
                let definition = Box::new(Definition { questions, ..asks });
                self.ask(&presenter(), Command::Update { definition, expect: None })
            }
            Step::Pass(ms) => return self.pass(ms),
            Step::DutyDone(well) => {
                let refusal = Refusal::new(RefusalKind::Conflict, "name_taken", "no");
                let end = DutyResult::Done(vec![]);
                self.end(if well { end } else { DutyResult::Refused(refusal) });
                return;
            }
            Step::Export => return drop(self.csv(&presenter())),
            Step::Mine(who) => {
                let caller = Caller::Guest(guest(who.into()));
                self.ask(&caller, Command::Mine { voter: device(who.into()) })
            }
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_life_keeps_what_must_hold(
        definition in definition(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut stage = Stage::empty();
        stage.ask(&presenter(), Command::Create(Box::new(definition))).unwrap();
        for step in steps {
            stage.live(step);
        }
        stage.check_replay();
    }

    /// Where results are hidden, two polls in which as many people voted look the same to
    /// everybody, whatever they voted.
    #[test]
    fn hidden_results_leak_nothing_into_what_everybody_sees(
        definition in definition(),
        votes in prop::collection::vec((0..5_u8, 0..3_u8, 0..3_u8), 1..30),
    ) {
        let definition = Definition {
            results: Results::Presenter,
            ..definition
        };
        let told = |which: fn(&(u8, u8, u8)) -> u8| {
            let mut stage = Stage::new(definition.clone());
            stage.run(Command::Open);
            let mut told = Vec::new();
            for vote in &votes {
                // Later votes change earlier ones, so that changes of mind are told alike, too.
                stage.live(Step::Vote(vote.0, vec![which(vote)], None));
                told.push(serde_json::to_string(&stage.seen(&Audience::Public)).unwrap());
            }
            told
        };
        prop_assert_eq!(told(|vote| vote.1), told(|vote| vote.2));
    }
}
