//! Whatever happens, the board is what everything that was sent in makes, counted by somebody else.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Send(u128, char),
    /// The oldest that waits, or one that waits.
    Judge(usize, Verdict, u32),
    Again(usize),
    AgainAll(char),
    Later(u64),
    Reveal,
    Worth(char, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let problem = || prop::sample::select(vec!['A', 'B', 'C']);
    let verdict = prop::sample::select(Verdict::ALL.to_vec());
    let often = prop_oneof![verdict, Just(Verdict::Accepted), Just(Verdict::WrongAnswer)];
    let step = prop_oneof![
        6 => (1..=3_u128, problem()).prop_map(|(n, c)| Step::Send(n, c)),
        6 => (0..4_usize, often, 0..=10_u32).prop_map(|(at, verdict, score)| Step::Judge(at, verdict, score)),
        1 => (0..40_usize).prop_map(Step::Again),
        1 => problem().prop_map(Step::AgainAll),
        4 => (1..20_u64).prop_map(Step::Later),
        1 => Just(Step::Reveal),
        1 => (problem(), 1..500_u32).prop_map(|(c, points)| Step::Worth(c, points)),
    ];
    prop::collection::vec(step, 1..120)
}

/// The board by the letter of the rules, from nothing but the list of what was sent in.
fn anew(rules: &Contest, shown: bool) -> Vec<String> {
    let creation = &rules.setup.as_ref().unwrap().creation;
    let mut rows = Vec::new();
    for team in 1..=rules.teams.len() as u16 {
        let (mut score, mut penalty, mut last) = (0, 0, 0);
        for (&letter, problem) in &rules.problems {
            let known = |one: &&Submission| {
                let open = one.at < creation.freeze_at.unwrap()
                    || rules.revealed
                    || rules.shown.contains(&(team, letter));
                one.team == team
                    && one.letter == letter
                    && one.outcome.is_some()
                    && (open || !shown)
            };
            let known: Vec<_> = rules.submissions.iter().filter(known).collect();
            let at = |one: &Submission| one.at.ms() - creation.starts_at.ms();
            if creation.scoring == Scoring::Icpc {
                let accepted =
                    |one: &&&Submission| one.outcome.unwrap().verdict == Verdict::Accepted;
                let Some(right) = known.iter().find(accepted) else { continue };
                let before = known.iter().take_while(|one| one.id != right.id);
                let free = [Verdict::CompileError, Verdict::InternalError];
                let wrong = before.filter(|one| !free.contains(&one.outcome.unwrap().verdict));
                score += 1;
                penalty += at(right) / 60_000 + 20 * wrong.count() as u64;
                last = last.max(at(right));
            } else {
                let earned = |one: &&Submission| one.outcome.unwrap().earns(problem.points);
                let best = known.iter().map(earned).max().unwrap_or(0);
                let first = known.iter().find(|one| earned(one) == best && best > 0);
                score += best;
                last = first.map_or(last, |one| last.max(at(one)));
            }
        }
        rows.push((std::cmp::Reverse(score), penalty, last, team));
    }
    rows.sort_unstable();
    let place = |key: (std::cmp::Reverse<u32>, u64, u64)| {
        1 + rows.iter().filter(|(score, penalty, last, _)| (*score, *penalty, *last) < key).count()
    };
    let row = |(score, penalty, last, team): &(std::cmp::Reverse<u32>, u64, u64, u16)| {
        format!("{} P{team} {} {penalty}", place((*score, *penalty, *last)), score.0)
    };
    rows.iter().map(row).collect()
}

fn take(stage: &mut Stage, step: Step) {
    match step {
        Step::Send(n, c) => drop(stage.try_to_send(n, c)),
        Step::Judge(at, verdict, score) => {
            let owed = stage.owes();
            let Some((_, one)) = owed.get(at).or(owed.first()) else { return };
            stage.judges(one.submission, outcome(verdict, score));
        }
        Step::Again(at) => {
            let Some(id) = stage.rules.submissions.get(at).map(|one| one.id) else { return };
            stage.ask(&organizer(), Command::Rejudge(Again::Submission(id))).unwrap();
        }
        Step::AgainAll(c) => {
            stage.ask(&organizer(), Command::Rejudge(Again::Problem(letter(c)))).unwrap();
        }
        Step::Later(minutes) => {
            stage.now = stage.now + Duration::from_secs(minutes * 60);
            stage.wake();
        }
        Step::Reveal => drop(stage.ask(&organizer(), Command::Reveal(Reveal::Step))),
        Step::Worth(c, points) => {
            let problem = Box::new(problem(points));
            drop(stage.ask(&organizer(), Command::SetProblem { letter: letter(c), problem }));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_board_is_what_all_submissions_make_counted_anew(
        points in any::<bool>(),
        steps in steps(),
    ) {
        let scoring = if points { Scoring::Points } else { Scoring::Icpc };
        let mut stage = Stage::new(scoring);
        stage.at(180);
        for step in steps {
            take(&mut stage, step);
            for shown in [true, false] {
                let rows = board::told(stage.rules.board(shown));
                prop_assert_eq!(rows, anew(&stage.rules, shown));
            }
        }
        stage.rebuilt();
    }
}
