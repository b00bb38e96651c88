//! Matches that another room arranged.

use playhouse_protocol::ids::{AccountId, TournamentId};
use uuid::Uuid;

use super::super::arranged::{RATE, REPORT};
use super::super::*;
use super::stage::{Stage, creation, person, second};
use crate::duty::Work;
use crate::games::league::{self, Change};
use crate::games::skill::Skill;
use crate::games::tournament::{self, MatchOutcome, Tournament};
use crate::matchmaking;

pub(super) fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

pub(super) fn arrangement(people: &[u128]) -> Arrangement {
    let invited = |n: &u128| Invited { account: account(*n), name: format!("player {n}") };
    let creation = Creation { seats: 4, bots: 0, ..creation() };
    Arrangement { creation, rated: true, invited: people.iter().map(invited).collect() }
}

pub(super) fn finder() -> Caller {
    Caller::Room("matchmaking:arena".parse().unwrap())
}

/// A match to which persons 1, 3 and 5 are invited.
pub(super) fn arranged() -> Stage {
    let mut stage = Stage::empty();
    stage.ask(&finder(), Command::Arrange(Box::new(arrangement(&[1, 3, 5])))).unwrap();
    stage
}

pub(super) fn code(refused: Result<Reply, Refusal>) -> String {
    refused.unwrap_err().code.into_owned()
}

#[test]
fn an_arranged_match_keeps_its_seats_and_begins_once_all_are_there() {
    let mut stage = arranged();
    assert_eq!(code(stage.join(7)), "not_invited");
    assert_eq!(code(stage.join(2)), "not_invited");
    for who in [5, 1] {
        stage.come(who).unwrap();
        assert_eq!(stage.rules.phase, Phase::Lobby, "one is still to come");
    }
    stage.come(3).unwrap();
    assert_eq!(stage.rules.phase, Phase::Countdown);
    let seats = stage.rules.seats.people().map(|(_, seated, _)| seated.name.as_str());
    assert_eq!(seats.collect::<Vec<_>>(), ["player 1", "player 3", "player 5"], "as invited");
    stage.pass(COUNTDOWN);
    assert_eq!(stage.rules.phase, Phase::Active);
    assert_eq!(code(stage.join(7)), "not_invited", "though one may come late to an arena");
}

#[test]
fn who_does_not_come_in_time_is_not_waited_for() {
    let mut stage = arranged();
    stage.come(1).unwrap();
    stage.come(3).unwrap();
    stage.pass(INVITED_TIME);
    assert_eq!(stage.rules.phase, Phase::Countdown);
    assert_eq!(code(stage.join(5)), "not_invited", "the seat was given up");

    let mut stage = arranged();
    stage.come(1).unwrap();
    stage.pass(INVITED_TIME);
    assert_eq!(stage.rules.ending, Some(Ending::Void(Why::NotStarted)), "it takes two");

    let mut stage = arranged();
    stage.pass(INVITED_TIME + second(60));
    assert_eq!(stage.rules.ending, Some(Ending::Void(Why::NotStarted)), "nobody came");
    stage.end();
}

#[test]
fn only_rooms_arrange_and_the_same_again_is_the_same_match() {
    let mut stage = Stage::empty();
    let command = |people: &[u128]| Command::Arrange(Box::new(arrangement(people)));
    for caller in [person(1), Caller::System, Caller::Nobody] {
        assert_eq!(code(stage.ask(&caller, command(&[1, 3]))), "forbidden");
    }
    assert_eq!(code(stage.ask(&finder(), command(&[]))), "bad_seats");
    assert_eq!(code(stage.ask(&finder(), command(&[1, 1]))), "bad_seats");
    assert_eq!(code(stage.ask(&finder(), command(&[1, 3, 5, 7, 9]))), "bad_seats");
    stage.ask(&finder(), command(&[1, 3])).unwrap();
    let revision = stage.revision;
    stage.ask(&finder(), command(&[1, 3])).unwrap();
    assert_eq!(stage.revision, revision);
    assert_eq!(code(stage.ask(&finder(), command(&[1, 5]))), "already_exists");
    let other = Caller::Room("tournament:1".parse().unwrap());
    assert_eq!(code(stage.ask(&other, command(&[1, 3]))), "already_exists");
}

/// Persons 1, 3 and 5 play; person 5 leaves before the end.
pub(super) fn played() -> Stage {
    let mut stage = arranged();
    [1, 3, 5].iter().for_each(|who| drop(stage.come(*who).unwrap()));
    stage.pass(COUNTDOWN);
    stage.take_up().unwrap();
    stage.ticker.as_mut().unwrap().play(60);
    stage.tell(true).unwrap();
    stage.ask(&person(5), Command::Leave).unwrap();
    while stage.ticker.as_ref().unwrap().recording.world().outcome().is_none() {
        stage.ticker.as_mut().unwrap().play(60);
        stage.tell(true).unwrap();
    }
    stage.finish();
    assert_eq!(stage.rules.phase, Phase::Concluded);
    stage
}

#[test]
fn the_league_is_told_who_came_in_which_place_and_whoever_left_came_last() {
    let stage = played();
    let Some(Ending::Concluded { results, .. }) = &stage.rules.ending else { panic!("no results") };
    let duties = stage.rules.duties();
    let rate = duties.iter().find(|duty| duty.id == RATE).expect("it owes the league its result");
    let Work::Tell { room, command } = &rate.work else { panic!("{rate:?}") };
    assert_eq!(room.as_str(), "league:arena");
    let league::Command::Rate { match_id, played } = codec::decode(command).unwrap() else {
        panic!("another command")
    };
    assert_eq!(match_id, stage.rules.id);
    let places: Vec<_> = played.iter().map(|one| (one.account, one.place)).collect();
    let stayed = results.iter().filter(|placing| placing.place.is_some()).count();
    assert_eq!((places.len(), stayed), (3, 2));
    assert_eq!(places[2].0, account(5));
    assert!(places[2].1 > places[1].1 && places[1].1 >= places[0].1, "{places:?}");
}

#[test]
fn a_result_is_owed_until_the_league_has_it_and_then_shown_with_the_match() {
    let mut stage = played();
    let change = |n: u128, mean: f64| Change {
        account: account(n),
        name: format!("player {n}"),
        place: 1,
        before: Skill::default(),
        after: Skill { mean, ..Skill::default() },
    };
    let reply = league::Reply::Rated(vec![change(1, 26.0), change(3, 24.0)]);
    stage.duty_of(RATE, DutyResult::Done(codec::encode(&reply)));
    assert!(!stage.rules.duties().iter().any(|duty| duty.id == RATE));
    let beside = stage.rules.beside();
    let ratings: Vec<_> = beside.ratings.iter().map(|one| (one.before, one.after)).collect();
    assert_eq!((beside.rated, ratings), (true, vec![(0, 100), (0, -100)]));
    let row = stage.row("matches_by_player", &account(1).to_string());
    assert!(row.contains(r#""rating":{"account""#) && row.contains(r#""after":100"#), "{row}");

    // The same again, and the end of a duty that was none, change nothing.
    let before = stage.rules.clone();
    stage.duty_of(RATE, DutyResult::Done(codec::encode(&reply)));
    assert_eq!(stage.rules, before);
    stage.duty_of(REPORT, DutyResult::Done(Vec::new()));
    stage.end();
}

#[test]
fn a_match_that_does_not_count_or_has_no_results_tells_the_league_nothing() {
    let mut stage = Stage::empty();
    let friendly = Arrangement { rated: false, ..arrangement(&[1, 3]) };
    stage.ask(&finder(), Command::Arrange(Box::new(friendly))).unwrap();
    stage.pass(INVITED_TIME);
    assert!(stage.rules.phase.is_over());
    assert!(!stage.rules.duties().iter().any(|duty| duty.id == RATE));

    let mut stage = arranged();
    stage.pass(INVITED_TIME);
    assert!(!stage.rules.duties().iter().any(|duty| duty.id == RATE), "it was void");
}

/// What whoever arranged the match is told.
fn report(stage: &Stage) -> Option<matchmaking::Command> {
    let duty = stage.rules.duties().into_iter().find(|duty| duty.id == REPORT)?;
    let Work::Tell { room, command } = duty.work else { panic!("it is told") };
    assert_eq!(room.as_str(), "matchmaking:arena");
    Some(codec::decode(&command).unwrap())
}

#[test]
fn whoever_arranged_it_is_told_whether_it_was_played() {
    let mut stage = played();
    let match_id = stage.rules.id;
    assert_eq!(report(&stage), Some(matchmaking::Command::Over { match_id, played: true }));
    stage.duty_of(REPORT, DutyResult::Done(Vec::new()));
    assert_eq!(report(&stage), None, "once");

    let mut stage = arranged();
    assert_eq!(report(&stage), None, "it is not over");
    stage.pass(INVITED_TIME);
    assert_eq!(report(&stage), Some(matchmaking::Command::Over { match_id, played: false }));
}

#[test]
fn more_can_be_invited_while_there_is_room_also_late() {
    let invite = |people: &[u128]| Command::Invite(arrangement(people).invited);
    let mut stage = arranged();
    for caller in [person(1), Caller::System, Caller::Room("tournament:1".parse().unwrap())] {
        assert_eq!(code(stage.ask(&caller, invite(&[7]))), "forbidden");
    }
    assert_eq!(code(stage.ask(&finder(), invite(&[7, 9]))), "match_full");
    stage.come(1).unwrap();
    stage.come(3).unwrap();
    stage.pass(INVITED_TIME - second(10));
    stage.ask(&finder(), invite(&[7])).unwrap();
    let revision = stage.revision;
    stage.ask(&finder(), invite(&[7])).unwrap();
    assert_eq!(stage.revision, revision, "the same again changes nothing");
    // The lobby is over; who was invited just now has as long as everybody had.
    stage.pass(second(10));
    stage.pass(COUNTDOWN);
    assert_eq!(stage.rules.phase, Phase::Active);
    stage.take_up().unwrap();
    stage.come(7).unwrap();
    stage.ask(&finder(), invite(&[9])).unwrap();
    assert_eq!(code(stage.ask(&finder(), invite(&[11]))), "match_full");
    stage.pass(INVITED_TIME);
    stage.ticker.as_mut().unwrap().play(60);
    stage.tell(true).unwrap();
    assert_eq!(code(stage.join(9)), "not_invited", "the seat was given up");
    stage.ask(&finder(), invite(&[11])).unwrap();
    stage.come(11).unwrap();
}

/// What the tournament that arranged a match is told, if it is owed.
fn told(stage: &Stage) -> Option<MatchOutcome> {
    let report = stage.rules.duties().into_iter().find(|duty| duty.id == REPORT)?;
    let Work::Tell { room, command } = &report.work else { panic!("{report:?}") };
    assert_eq!(room.kind(), Tournament::KIND);
    match codec::decode(command).unwrap() {
        tournament::Command::Result { match_id, outcome } if match_id == stage.rules.id => {
            Some(outcome)
        }
        other => panic!("{other:?}"),
    }
}

/// A pairing of persons 1 and 3 in a tournament.
fn pairing() -> Stage {
    let mut stage = Stage::empty();
    let by = Caller::Room(tournament::room(TournamentId(Uuid::from_u128(9))));
    stage.ask(&by, Command::Arrange(Box::new(arrangement(&[1, 3])))).unwrap();
    stage
}

#[test]
fn a_tournament_is_told_who_came_and_in_which_place() {
    let mut stage = pairing();
    [1, 3].iter().for_each(|who| drop(stage.come(*who).unwrap()));
    stage.pass(COUNTDOWN);
    stage.take_up().unwrap();
    assert_eq!(told(&stage), None, "it is not over");
    while stage.ticker.as_ref().unwrap().recording.world().outcome().is_none() {
        stage.ticker.as_mut().unwrap().play(60);
        stage.tell(true).unwrap();
    }
    stage.finish();
    let outcome = told(&stage).expect("it is owed");
    assert_eq!((outcome.came, outcome.void), (vec![account(1), account(3)], false));
    assert!(outcome.placings.iter().any(|(_, place)| *place == Some(1)));
    stage.duty_of(REPORT, DutyResult::Done(Vec::new()));
    assert_eq!(told(&stage), None, "it is told once");
    stage.end();
}

#[test]
fn a_tournament_is_told_who_did_not_come() {
    for (comes, came) in [(None, vec![]), (Some(3), vec![account(3)])] {
        let mut stage = pairing();
        if let Some(who) = comes {
            stage.come(who).unwrap();
        }
        stage.pass(INVITED_TIME);
        let outcome = told(&stage).expect("it is owed");
        assert_eq!((outcome.came, outcome.placings, outcome.void), (came, vec![], true));
    }
}
