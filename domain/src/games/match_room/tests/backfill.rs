//! Seats that are given up while it is played are told to the matchmaking, which fills them again.

use super::super::*;
use super::arranged::{account, arrangement, finder};
use super::stage::{Stage, person};
use crate::duty::Work;
use crate::games::Seat;
use crate::matchmaking;
use crate::room::Role;

/// What the matchmaking is told: how many seats are free, and how many people were invited.
fn told(stage: &Stage) -> Option<(DutyId, u16, u16)> {
    let duty = stage.rules.duties().into_iter().find(|duty| duty.id.0 > 1 << 32)?;
    let Work::Tell { room, command } = duty.work else { panic!("it is told") };
    assert_eq!(room.as_str(), "matchmaking:arena");
    let Ok(matchmaking::Command::Seats { match_id, free, invited }) = codec::decode(&command)
    else {
        panic!("another command")
    };
    assert_eq!(match_id, stage.rules.id);
    Some((duty.id, free, invited))
}

fn heard(stage: &mut Stage) {
    let (duty, ..) = told(stage).expect("something is told");
    stage.duty_of(duty, DutyResult::Done(codec::encode(&matchmaking::Reply::Noted)));
}

/// Persons 1, 3 and 5 play in four seats.
fn begun() -> Stage {
    let mut stage = super::arranged::arranged();
    [1, 3, 5].iter().for_each(|who| drop(stage.come(*who).unwrap()));
    stage.pass(COUNTDOWN);
    stage.take_up().unwrap();
    assert_eq!(told(&stage), None, "that one seat was never taken is known");
    stage
}

#[test]
fn a_seat_that_is_given_up_is_offered_and_whoever_comes_plays_on_in_it() {
    let mut stage = begun();
    stage.ask(&person(5), Command::Leave).unwrap();
    let (_, free, invited) = told(&stage).unwrap();
    assert_eq!((free, invited), (2, 3));
    // Another one leaves before that was heard: one thing is told after the other.
    let admin = Caller::Account { id: account(99), role: Role::Admin };
    stage.ask(&admin, Command::Remove { seat: Seat(1), ban: true }).unwrap();
    assert_eq!(told(&stage).map(|(_, free, _)| free), Some(2));
    let late = |n| Command::Invite(arrangement(&[n]).invited);
    stage.ask(&finder(), late(7)).unwrap();
    heard(&mut stage);
    assert_eq!(told(&stage).map(|(_, free, invited)| (free, invited)), Some((2, 4)));
    heard(&mut stage);
    assert_eq!(told(&stage), None);
    stage.come(7).unwrap();
    stage.ask(&finder(), late(9)).unwrap();
    assert_eq!(told(&stage), None, "who comes late takes a seat that was offered");
    // Person 9 never comes.
    stage.pass(INVITED_TIME);
    stage.ticker.as_mut().unwrap().play(30);
    stage.tell(true).unwrap();
    assert_eq!(told(&stage).map(|(_, free, invited)| (free, invited)), Some((2, 5)));
    stage.end();
}

#[test]
fn nothing_is_offered_before_it_is_played_or_once_it_is_over_or_by_a_match_of_two() {
    let mut stage = super::arranged::arranged();
    stage.come(1).unwrap();
    stage.come(3).unwrap();
    stage.ask(&person(5), Command::Leave).unwrap();
    assert_eq!(told(&stage), None, "it is not played yet");
    stage.pass(COUNTDOWN);
    assert_eq!(stage.rules.phase, Phase::Active);
    assert_eq!(
        told(&stage).map(|(_, free, _)| free),
        Some(2),
        "the matchmaking knows of it by now"
    );
    [1, 3].iter().for_each(|who| drop(stage.ask(&person(*who), Command::Leave).unwrap()));
    assert!(stage.rules.phase.is_over());
    assert_eq!(told(&stage), None);

    // Four in a row takes nobody who comes late; a tournament's pairing is for those two.
    let tournament =
        Caller::Room("tournament:01900000-0000-7000-8000-000000000009".parse().unwrap());
    for (by, game) in [(finder(), "fourinarow"), (tournament, "arena")] {
        let mut stage = Stage::empty();
        let mut two = arrangement(&[1, 3]);
        (two.creation.game, two.creation.settings) = (game.to_owned(), None);
        (two.creation.title, two.creation.seats) = (None, 2);
        stage.ask(&by, Command::Arrange(Box::new(two))).unwrap();
        [1, 3].iter().for_each(|who| drop(stage.come(*who).unwrap()));
        stage.pass(COUNTDOWN);
        assert_eq!(stage.rules.phase, Phase::Active);
        stage.ask(&person(3), Command::Leave).unwrap();
        assert_eq!(told(&stage), None, "{game}");
    }
}
