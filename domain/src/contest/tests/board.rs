//! Points and places.

use super::*;

/// Each row in words.
pub(super) fn told(rows: Vec<Row>) -> Vec<String> {
    let rows = super::super::board::placed(rows).into_iter();
    rows.map(|(place, row)| format!("{place} {} {} {}", row.name, row.score, row.penalty)).collect()
}

#[test]
fn by_icpc_wrong_attempts_cost_twenty_minutes_once_the_problem_is_solved() {
    let mut stage = Stage::new(Scoring::Icpc);
    stage.at(10);
    stage.tries(1, 'A', Verdict::WrongAnswer);
    stage.tries(2, 'A', Verdict::CompileError);
    stage.tries(2, 'B', Verdict::TimeLimit);
    stage.at(30);
    stage.tries(1, 'A', Verdict::Accepted);
    stage.tries(1, 'A', Verdict::WrongAnswer);
    stage.at(40);
    stage.tries(2, 'A', Verdict::Accepted);
    assert_eq!(stage.board(&Audience::Public), "1 P2 1 40; 2 P1 1 50; 3 P3 0 0");
    let cell = stage.seen(&Audience::Public).board[1].cells[&letter('A')];
    assert_eq!((cell.tries, cell.pending, cell.at_ms), (2, 0, Some(30 * MINUTE)));
    stage.rebuilt();
}

#[test]
fn by_icpc_equals_are_told_apart_by_their_last_accepted_attempt() {
    let mut stage = Stage::new(Scoring::Icpc);
    stage.at(10);
    stage.tries(1, 'A', Verdict::Accepted);
    stage.at(20);
    stage.tries(2, 'B', Verdict::Accepted);
    stage.at(30);
    stage.tries(2, 'A', Verdict::Accepted);
    stage.at(40);
    stage.tries(1, 'B', Verdict::Accepted);
    assert_eq!(stage.board(&Audience::Public), "1 P2 2 50; 2 P1 2 50; 3 P3 0 0");
}

#[test]
fn by_points_the_best_attempt_counts_and_whoever_had_it_first_is_better() {
    let mut stage = Stage::new(Scoring::Points);
    stage.at(10);
    let half = stage.sends(1, 'B');
    stage.judges(half, outcome(Verdict::WrongAnswer, 5));
    stage.at(20);
    stage.tries(2, 'A', Verdict::Accepted);
    stage.tries(1, 'B', Verdict::RuntimeError);
    assert_eq!(stage.board(&Audience::Public), "1 P1 100 0; 2 P2 100 0; 3 P3 0 0");
    let own = stage.seen(&Audience::Own(account(1))).submissions;
    assert_eq!(own.iter().map(|one| one.score).collect::<Vec<_>>(), [Some(80), Some(100)]);
}

#[test]
fn what_a_problem_is_worth_counts_for_those_who_solved_it_before() {
    let mut stage = Stage::new(Scoring::Points);
    stage.tries(1, 'A', Verdict::Accepted);
    let problem = Box::new(problem(150));
    stage.ask(&organizer(), Command::SetProblem { letter: letter('A'), problem }).unwrap();
    assert_eq!(stage.board(&Audience::Public), "1 P1 150 0; 2 P2 0 0; 2 P3 0 0");
    stage.rebuilt();
}
