//! Quizzes: points by speed, and nothing told too soon.

use serde_json::json;

use super::super::*;
use super::stage::{Stage, asks, device, guest, options, presenter};
use crate::room::{Caller, Reply as Answer};

fn answer(stage: &mut Stage, n: u128, option: u8, name: Option<&str>) -> Receipt {
    let caller = Caller::Guest(guest(n));
    stage.vote_as(&caller, device(n), options(&[option]), name, None).unwrap()
}

fn score(stage: &mut Stage, n: u128) -> Option<Score> {
    let mine = stage.ask(&Caller::Guest(guest(n)), Command::Mine { voter: device(n) });
    let Ok(Answer::Now(Reply::Mine(mine))) = mine else { panic!("{mine:?}") };
    mine.vote.unwrap().score
}

#[test]
fn the_sooner_a_right_answer_the_better_and_nobody_knows_before_the_end() {
    let mut stage = Stage::open(asks(Kind::Quiz { right: 1 }));
    stage.pass(400);
    let ann = answer(&mut stage, 1, 1, Some("Ann"));
    stage.pass(1600);
    let bob = answer(&mut stage, 2, 1, None);
    answer(&mut stage, 3, 0, Some("Eve"));
    let cid = answer(&mut stage, 4, 1, Some("Cid"));
    assert_eq!(score(&mut stage, 1), None);
    stage.pass(8000);
    assert_eq!(stage.rules.phase, Phase::Closed, "a quiz ends by itself");
    let seen = stage.seen(&Audience::Public);
    assert_eq!(seen["poll"]["right"], 1);
    assert_eq!(seen["tally"]["counts"], json!([1, 3, 0]));
    let expected = json!([
        {"place": 1, "ballot": ann.ballot, "name": "Ann", "points": 1000},
        {"place": 2, "ballot": bob.ballot, "name": null, "points": 900},
        {"place": 2, "ballot": cid.ballot, "name": "Cid", "points": 900},
    ]);
    assert_eq!(seen["tally"]["best"], expected);
    assert_eq!(score(&mut stage, 4), Some(Score { points: 900, place: 2 }));
    assert_eq!(score(&mut stage, 3), Some(Score { points: 0, place: 4 }));
    stage.check_replay();
}

#[test]
fn an_answer_stands() {
    let mut stage = Stage::open(asks(Kind::Quiz { right: 1 }));
    let first = answer(&mut stage, 1, 0, Some("Ann"));
    let caller = Caller::Guest(guest(1));
    let second = stage.vote_as(&caller, device(1), options(&[1]), Some("Ann"), None);
    assert_eq!(Stage::code_of(second), "voted_before");
    assert_eq!(answer(&mut stage, 1, 0, Some("Ann")), first);
}

#[test]
fn a_name_can_be_put_out_of_sight_and_back() {
    let mut stage = Stage::open(asks(Kind::Quiz { right: 1 }));
    let ballot = answer(&mut stage, 1, 1, Some("rude")).ballot;
    let nameless = answer(&mut stage, 2, 1, None).ballot;
    stage.run(Command::Close);
    let name = |stage: &Stage| stage.seen(&Audience::Public)["tally"]["best"][0]["name"].clone();
    stage.run(Command::HideName { ballot, hidden: true });
    assert_eq!(name(&stage), json!(null));
    assert_eq!(stage.seen(&Audience::Presenter)["stage"]["hidden_names"], json!([ballot]));
    stage.run(Command::HideName { ballot, hidden: false });
    assert_eq!(name(&stage), "rude");
    for ballot in [nameless, 1, 77] {
        let hidden = stage.ask(&presenter(), Command::HideName { ballot, hidden: true });
        assert_eq!(Stage::code_of(hidden), "not_found");
    }
}
