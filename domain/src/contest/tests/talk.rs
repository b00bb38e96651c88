//! Questions and answers.

use super::*;

fn ask(stage: &mut Stage, n: u128, text: &str) -> ClarificationId {
    let ask = Command::Say { letter: Some(letter('A')), text: text.into() };
    let Ok(Reply::Clarification(info)) = stage.ask(&person(n), ask) else { panic!("it is asked") };
    info.id
}

fn answers(stage: &mut Stage, id: ClarificationId, to_all: bool) {
    let answer = Command::Answer { id, text: "Yes.".into(), to_all };
    stage.ask(&organizer(), answer).unwrap();
}

fn seen(stage: &Stage, audience: &Audience) -> Vec<(Option<u16>, bool)> {
    let told = stage.seen(audience).clarifications;
    told.iter().map(|one| (one.team, one.answer.is_some())).collect()
}

#[test]
fn a_question_is_between_the_team_and_the_organizer_until_it_is_answered_to_all() {
    let mut stage = Stage::new(Scoring::Icpc);
    let (one, two) = (Audience::Own(account(1)), Audience::Own(account(2)));
    let id = ask(&mut stage, 1, "May n be 0?");
    assert_eq!(seen(&stage, &one), [(Some(1), false)]);
    assert_eq!(seen(&stage, &Audience::Presenter), [(Some(1), false)]);
    assert_eq!(seen(&stage, &two), []);
    answers(&mut stage, id, false);
    assert_eq!(seen(&stage, &one), [(Some(1), true)]);
    assert_eq!(seen(&stage, &Audience::Public), []);
    assert!(!stage.told[&Audience::Public].iter().any(|told| told.contains("n be 0")));
    answers(&mut stage, id, true);
    assert_eq!(seen(&stage, &two), [(None, true)], "who asked is not told");
    assert_eq!(seen(&stage, &Audience::Public), [(None, true)]);
    answers(&mut stage, id, false);
    assert_eq!(seen(&stage, &two), [(None, true)], "it stays said");
    stage.rebuilt();
}

#[test]
fn an_announcement_is_for_everybody() {
    let mut stage = Stage::new(Scoring::Icpc);
    let announce = || Command::Say { letter: None, text: "Lunch is here.".into() };
    stage.ask(&organizer(), announce()).unwrap();
    assert_eq!(seen(&stage, &Audience::Public), [(None, true)]);
    stage.ask(&person(1), announce()).unwrap();
    assert_eq!(seen(&stage, &Audience::Public), [(None, true)], "of a team it is a question");
    assert!(stage.told[&Audience::Own(account(3))].last().unwrap().contains("Lunch"));
}

#[test]
fn questions_have_a_bound_and_must_say_something() {
    let mut stage = Stage::new(Scoring::Icpc);
    let empty = Command::Say { letter: None, text: " \n".into() };
    assert_eq!(stage.refused(&person(1), empty), "bad_text");
    let nobody = Command::Say { letter: None, text: "Who am I?".into() };
    assert_eq!(stage.refused(&person(9), nobody), "not_registered");
    let none = Command::Say { letter: Some(letter('Z')), text: "Z?".into() };
    assert_eq!(stage.refused(&person(1), none), "not_found");
    for _ in 0..OWN_QUESTIONS_MAX {
        ask(&mut stage, 1, "Why?");
    }
    let more = Command::Say { letter: None, text: "Why?".into() };
    assert_eq!(stage.refused(&person(1), more), "too_many_questions");
    ask(&mut stage, 2, "Why not?");
}
