//! Words out of sight.

use serde_json::json;

use super::super::*;
use super::stage::{Stage, asks, presenter, words};

#[test]
fn a_word_out_of_sight_counts_on_and_can_come_back() {
    let mut stage = Stage::open(asks(Kind::Words { max: 3 }));
    stage.vote(1, words(&["good", "bad"])).unwrap();
    stage.vote(2, words(&["BAD"])).unwrap();
    let seen = |stage: &Stage| stage.seen(&Audience::Public)["tally"].clone();
    let all = json!([{"word": "bad", "count": 2}, {"word": "good", "count": 1}]);
    assert_eq!(seen(&stage)["words"], all);
    stage.run(Command::HideWord { word: "Bad ".into(), hidden: true });
    assert_eq!(seen(&stage)["words"], json!([{"word": "good", "count": 1}]));
    stage.vote(3, words(&["bad"])).unwrap();
    assert_eq!(seen(&stage)["words"], json!([{"word": "good", "count": 1}]), "said again, too");
    let presented = stage.seen(&Audience::Presenter)["tally"]["words"][0].clone();
    assert_eq!(presented, json!({"word": "bad", "count": 3, "hidden": true}));
    stage.run(Command::HideWord { word: "bad".into(), hidden: false });
    assert_eq!(seen(&stage)["words"][0], json!({"word": "bad", "count": 3}));
    stage.check_replay();
}

#[test]
fn a_word_can_be_put_out_of_sight_before_anybody_says_it_and_over_a_reset() {
    let mut stage = Stage::open(asks(Kind::Words { max: 1 }));
    stage.run(Command::HideWord { word: "bad".into(), hidden: true });
    stage.run(Command::Reset);
    stage.run(Command::Open);
    stage.vote(1, words(&["bad"])).unwrap();
    assert_eq!(stage.seen(&Audience::Public)["tally"]["words"], json!([]));
    let empty = stage.ask(&presenter(), Command::HideWord { word: " ".into(), hidden: true });
    assert_eq!(Stage::code_of(empty), "bad_text");
}
