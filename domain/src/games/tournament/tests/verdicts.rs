//! What becomes of a pairing that does not simply come out: no-shows, draws, disputes, rulings.

use super::super::*;
use super::script::check;
use super::stage::{ELIMINATION, Stage, creation, minutes, organizer, person};

/// Two in an elimination, with 5 minutes to dispute.
fn final_of_two() -> Stage {
    Stage::begun(creation(ELIMINATION), 2)
}

fn outcome(stage: &Stage, pairing: usize) -> Option<(Winner, By)> {
    stage.rules.pairings[pairing].stage.outcome().map(|outcome| (outcome.winner, outcome.by))
}

#[test]
fn who_does_not_come_loses_and_of_two_the_better_seed_goes_on() {
    for (how, expected) in [
        ("a only", (Winner::A, By::NoShow)),
        ("b only", (Winner::B, By::NoShow)),
        ("none", (Winner::A, By::NoShow)),
        ("a left", (Winner::B, By::Play)),
    ] {
        let mut stage = final_of_two();
        stage.plays(0, how).unwrap();
        assert_eq!(outcome(&stage, 0), Some(expected), "{how}");
        stage.end();
    }
    let mut stage = Stage::begun(creation(Format::RoundRobin), 2);
    stage.plays(0, "none").unwrap();
    assert_eq!(outcome(&stage, 0), Some((Winner::Nobody, By::NoShow)), "both lose where they can");
}

#[test]
fn a_draw_is_played_again_once_with_seats_swapped_and_then_the_better_seed_goes_on() {
    let mut stage = final_of_two();
    stage.plays(0, "draw").unwrap();
    let names = |at: usize| -> Vec<String> {
        stage.matches[&0][at].1.invited.iter().map(|one| one.name.clone()).collect()
    };
    assert_eq!(
        (names(0), names(1)),
        (vec!["P1".into(), "P2".into()], vec!["P2".into(), "P1".into()])
    );
    stage.plays(0, "draw").unwrap();
    assert_eq!(outcome(&stage, 0), Some((Winner::A, By::Seed)));
    stage.end();
}

#[test]
fn a_match_without_a_result_is_played_again_twice() {
    let mut stage = final_of_two();
    stage.plays(0, "void").unwrap();
    stage.plays(0, "void").unwrap();
    assert_eq!((outcome(&stage, 0), stage.matches[&0].len()), (None, 3));
    stage.plays(0, "void").unwrap();
    assert_eq!(outcome(&stage, 0), Some((Winner::A, By::Seed)));
    let mut stage = Stage::begun(creation(Format::RoundRobin), 2);
    (0..3).for_each(|_| drop(stage.plays(0, "void").unwrap()));
    assert_eq!(outcome(&stage, 0), Some((Winner::Draw, By::Seed)), "each has half of it");
}

#[test]
fn a_match_that_nobody_tells_of_is_given_up() {
    let mut stage = final_of_two();
    for _ in 0..3 {
        stage.pass(PLAYING_TIME);
    }
    assert_eq!(outcome(&stage, 0), Some((Winner::A, By::Seed)));
    stage.pass(minutes(5));
    assert_eq!(stage.rules.phase, Phase::Concluded);
    stage.end();
}

#[test]
fn a_match_that_cannot_be_arranged_is_one_without_a_result() {
    let mut stage = Stage::new(creation(ELIMINATION));
    stage.arranges = false;
    for who in 1..=2 {
        let entry = super::stage::entry(who);
        stage.ask(&person(who), Command::Register(entry)).unwrap();
    }
    stage.ask(&organizer(), Command::Start).unwrap();
    for _ in 0..3 {
        stage.refuse_duty();
    }
    assert_eq!(outcome(&stage, 0), Some((Winner::A, By::Seed)));
    stage.end();
}

#[test]
fn a_dispute_holds_its_branch_up_until_the_organizer_decides() {
    let stage = check(
        creation(Format::Elimination { third_place: false }),
        "
        0m  ann  register   -> registration until 60m, 1 there
        0m  bob  register   -> registration until 60m, 2 there
        0m  cid  register   -> registration until 60m, 3 there
        0m  org  starts     -> running, 3 there
        1m  bob  disputes 1 -> refused: no_result
        2m  match 1 b       -> noted
        3m  ann  disputes 1 -> refused: not_your_pairing
        3m  bob  disputes 1 -> running, 3 there
        4m  cid  disputes 1 -> running, 3 there
        9m  wall  -> running, 3 there; ann-nobody over: a by bye; bob-cid disputed: b by play; ann-? waits
        9m  org rules 1 draw -> refused: bad_ruling
        9m  org rules 2 a   -> refused: pairing_not_open
        9m  org rules 1 a   -> running, 3 there
        9m  wall  -> running, 3 there; ann-nobody over: a by bye; bob-cid over: a by ruling; ann-bob playing
        10m org rules 1 b   -> refused: pairing_over
        10m cid disputes 1  -> refused: pairing_over
        ",
    );
    stage.end();
}

#[test]
fn the_reason_of_a_dispute_is_for_those_who_decide() {
    let mut stage = final_of_two();
    stage.plays(0, "b").unwrap();
    let dispute = Command::Dispute { pairing: 0, text: "they cheated".into() };
    stage.ask(&person(1), dispute).unwrap();
    let text =
        |presides| stage.rules.info(presides).unwrap().pairings[0].dispute.clone().unwrap().text;
    assert_eq!((text(false), text(true)), (None, Some("they cheated".into())));
    let audience = |caller| stage.rules.audience(&caller).unwrap();
    assert_eq!(audience(person(1)), Audience::Public);
    assert_eq!(audience(organizer()), Audience::Presenter);
}

#[test]
fn a_dispute_that_nobody_decides_ends_with_the_result() {
    let mut stage = final_of_two();
    stage.plays(0, "b").unwrap();
    stage.ask(&person(1), Command::Dispute { pairing: 0, text: String::new() }).unwrap();
    stage.pass(RULING_TIME - minutes(1));
    assert_eq!(stage.rules.phase, Phase::Running);
    stage.pass(minutes(1));
    assert_eq!((stage.rules.phase, stage.rules.places()), (Phase::Concluded, vec![2, 1]));
    stage.end();
}

#[test]
fn a_result_that_the_loser_accepts_stands_at_once() {
    let mut stage = final_of_two();
    stage.plays(0, "b").unwrap();
    stage.ask(&person(2), Command::Accept { pairing: 0 }).unwrap();
    assert_eq!(stage.rules.phase, Phase::Running, "the winner alone does not decide it");
    stage.ask(&person(1), Command::Accept { pairing: 0 }).unwrap();
    assert_eq!(stage.rules.phase, Phase::Concluded);
    let mut stage = Stage::begun(creation(Format::RoundRobin), 2);
    stage.plays(0, "draw").unwrap();
    stage.ask(&person(2), Command::Accept { pairing: 0 }).unwrap();
    assert_eq!(stage.rules.phase, Phase::Running, "of a draw both must");
    stage.ask(&person(1), Command::Accept { pairing: 0 }).unwrap();
    assert_eq!(stage.rules.phase, Phase::Concluded);
    stage.end();
}

#[test]
fn an_organizer_may_have_a_pairing_played_again_or_void_it() {
    let mut stage = final_of_two();
    let rule = |ruling| Command::Decide { pairing: 0, ruling };
    assert_eq!(stage.ask(&organizer(), rule(Ruling::Stands)).unwrap_err().code, "no_result");
    for matches in 2..=MATCHES_MAX {
        stage.ask(&organizer(), rule(Ruling::Replay)).unwrap();
        assert_eq!(stage.matches[&0].len(), usize::from(matches));
    }
    let refused = stage.ask(&organizer(), rule(Ruling::Replay)).unwrap_err();
    assert_eq!(refused.code, "too_many_matches");
    stage.ask(&organizer(), rule(Ruling::Void)).unwrap();
    assert_eq!((stage.rules.phase, stage.rules.places()), (Phase::Concluded, vec![2, 2]));
    assert_eq!(stage.rules.row().unwrap().winner, None);
    stage.end();
}

#[test]
fn who_withdraws_loses_what_is_left_to_play() {
    let stage = check(
        creation(Format::Elimination { third_place: false }),
        "
        0m  ann  register  -> registration until 60m, 1 there
        0m  bob  register  -> registration until 60m, 2 there
        0m  cid  register  -> registration until 60m, 3 there
        0m  org  starts    -> running, 3 there
        1m  ann  withdraw  -> running, 3 there
        2m  ann  withdraw  -> running, 3 there
        3m  match 1 a      -> noted
        8m  wall  -> concluded, 3 there, won by bob; ann-nobody over: a by bye; bob-cid over: a by play; ann-bob over: b by withdrawal
        ",
    );
    assert_eq!(stage.rules.places(), [2, 1, 3]);
    stage.end();
}

#[test]
fn check_in_lasts_as_long_as_was_said_though_the_server_was_stopped() {
    let mut stage = Stage::new(creation(ELIMINATION));
    stage.pass(minutes(70));
    assert_eq!(
        (stage.rules.phase, stage.rules.starts_at),
        (Phase::CheckIn, stage.now + minutes(15) - minutes(0))
    );
    stage.pass(minutes(15));
    assert_eq!(stage.rules.phase, Phase::Cancelled);
    stage.end();
}
