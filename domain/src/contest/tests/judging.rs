//! Each program gets one verdict.

use super::*;

fn done(outcome: Outcome) -> DutyResult {
    DutyResult::Done(codec::encode(&outcome))
}

/// Everything that is owed has this outcome.
fn all_judged(stage: &mut Stage, outcome: Outcome) {
    loop {
        let owed = stage.owes();
        if owed.is_empty() {
            return;
        }
        owed.into_iter().for_each(|(duty, _)| stage.end(duty, done(outcome)));
    }
}

#[test]
fn each_program_is_owed_to_the_judge_until_it_is_judged() {
    let mut stage = Stage::new(Scoring::Icpc);
    let (one, two) = (stage.sends(1, 'A'), stage.sends(2, 'B'));
    let owed = stage.owes();
    assert_eq!(owed.iter().map(|(_, it)| it.submission).collect::<Vec<_>>(), [one, two]);
    assert_eq!(owed, stage.owes(), "again after a crash");
    let to_judge = &owed[0].1;
    assert_eq!((to_judge.judging, to_judge.account), (1, account(1)));
    stage.judges(one, outcome(Verdict::Accepted, 10));
    stage.judges(two, outcome(Verdict::Accepted, 10));
    assert_eq!(stage.owes(), vec![]);
    stage.rebuilt();
}

#[test]
fn a_verdict_counts_once_whatever_is_told_after_it() {
    let mut stage = Stage::new(Scoring::Icpc);
    stage.sends(1, 'A');
    let (duty, _) = stage.owes().remove(0);
    for verdict in [Verdict::Accepted, Verdict::WrongAnswer] {
        stage.end(duty, done(outcome(verdict, 10)));
    }
    assert_eq!(stage.board(&Audience::Public), "1 P1 1 0; 2 P2 0 0; 2 P3 0 0");
    stage.rebuilt();
}

#[test]
fn what_the_judge_refuses_is_not_judged_and_costs_nothing() {
    let mut stage = Stage::new(Scoring::Icpc);
    let id = stage.sends(1, 'A');
    let (duty, _) = stage.owes().remove(0);
    stage.end(duty, DutyResult::Refused(Refusal::not_found("language")));
    let seen = stage.seen(&Audience::Own(account(1))).submissions;
    assert_eq!(seen[0].verdict, Some(Verdict::InternalError));
    assert_eq!(stage.board(&Audience::Public), "1 P1 0 0; 1 P2 0 0; 1 P3 0 0");
    stage.ask(&organizer(), Command::Rejudge(Again::Submission(id))).unwrap();
    stage.judges(id, outcome(Verdict::Accepted, 10));
    assert_eq!(stage.board(&Audience::Public), "1 P1 1 0; 2 P2 0 0; 2 P3 0 0");
    stage.rebuilt();
}

#[test]
fn whoever_takes_a_program_back_while_it_is_judged_gains_nothing_by_it() {
    let mut stage = Stage::new(Scoring::Icpc);
    stage.tries(1, 'A', Verdict::Cancelled);
    stage.tries(1, 'A', Verdict::Accepted);
    assert_eq!(stage.board(&Audience::Public), "1 P1 1 20; 2 P2 0 0; 2 P3 0 0");
}

#[test]
fn judged_again_the_old_result_stands_until_the_new_one_is_there() {
    let mut stage = Stage::new(Scoring::Icpc);
    stage.at(10);
    let first = stage.tries(1, 'A', Verdict::WrongAnswer);
    stage.at(20);
    let second = stage.tries(1, 'A', Verdict::Accepted);
    stage.tries(2, 'B', Verdict::Accepted);
    assert_eq!(stage.board(&Audience::Public), "1 P2 1 20; 2 P1 1 40; 3 P3 0 0");
    let again = Command::Rejudge(Again::Problem(letter('A')));
    assert_eq!(stage.refused(&person(1), again.clone()), "not_the_organizer");
    assert_eq!(stage.ask(&organizer(), again), Ok(Reply::Rejudging(2)));
    assert_eq!(stage.board(&Audience::Public), "1 P2 1 20; 2 P1 1 40; 3 P3 0 0");
    stage.judges(first, outcome(Verdict::Accepted, 10));
    assert_eq!(stage.board(&Audience::Public), "1 P1 1 10; 2 P2 1 20; 3 P3 0 0");
    stage.judges(second, outcome(Verdict::WrongAnswer, 0));
    assert_eq!(stage.board(&Audience::Public), "1 P1 1 10; 2 P2 1 20; 3 P3 0 0");
    assert_eq!(stage.owes(), vec![], "nothing else was asked for");
    stage.rebuilt();
}

#[test]
fn a_judging_that_was_overtaken_changes_nothing() {
    let mut stage = Stage::new(Scoring::Icpc);
    let id = stage.sends(1, 'A');
    let (old, _) = stage.owes().remove(0);
    let again = Command::Rejudge(Again::Submission(id));
    assert_eq!(stage.ask(&organizer(), again), Ok(Reply::Rejudging(1)));
    stage.end(old, done(outcome(Verdict::Accepted, 10)));
    assert_eq!(stage.board(&Audience::Public), "1 P1 0 0; 1 P2 0 0; 1 P3 0 0");
    assert_eq!(stage.owes()[0].1.judging, 2);
    stage.judges(id, outcome(Verdict::WrongAnswer, 0));
    let seen = stage.seen(&Audience::Own(account(1))).submissions;
    assert_eq!((seen[0].verdict, seen[0].judgings), (Some(Verdict::WrongAnswer), 2));
    stage.rebuilt();
}

#[test]
fn nobody_sends_in_more_than_the_judge_can_bear() {
    let mut stage = Stage::new(Scoring::Icpc);
    stage.floods(1, 'A', PENDING_MAX);
    assert_eq!(stage.try_to_send(1, 'A').unwrap_err().code, "too_many_submissions");
    stage.at(1);
    assert_eq!(stage.try_to_send(1, 'A').unwrap_err().code, "too_many_pending");
    stage.sends(2, 'A');
    for round in 1..(OWN_SUBMISSIONS_MAX / PER_MINUTE_MAX) as u64 {
        stage.at(round);
        all_judged(&mut stage, outcome(Verdict::WrongAnswer, 0));
        stage.floods(1, 'A', PER_MINUTE_MAX);
    }
    stage.at(100);
    assert_eq!(stage.try_to_send(1, 'A').unwrap_err().code, "no_more_submissions");
    stage.rebuilt();
}

#[test]
fn what_is_judged_again_leaves_room_for_what_is_sent_in() {
    let mut stage = Stage::new(Scoring::Icpc);
    for round in 0..8 {
        stage.at(round);
        (1..=3).for_each(|n| {
            stage.floods(n, 'A', PER_MINUTE_MAX);
        });
        all_judged(&mut stage, outcome(Verdict::WrongAnswer, 0));
    }
    let again = Command::Rejudge(Again::Problem(letter('A')));
    assert_eq!(stage.ask(&organizer(), again), Ok(Reply::Rejudging(240)));
    assert_eq!(stage.owes().len(), AGAIN_AT_ONCE_MAX);
    stage.at(60);
    let new = stage.sends(1, 'B');
    assert!(stage.owes().iter().any(|(_, one)| one.submission == new));
    (4..=9).for_each(|n| {
        stage.registers(n);
        stage.floods(n, 'B', PER_MINUTE_MAX);
    });
    assert_eq!(stage.owes().len(), AT_ONCE_MAX);
    all_judged(&mut stage, outcome(Verdict::Accepted, 10));
    assert!(stage.seen(&Audience::Presenter).submissions.iter().all(|one| one.verdict.is_some()));
    stage.rebuilt();
}
