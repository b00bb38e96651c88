//! What is refused, and what the largest tournaments come to.

use playhouse_protocol::codec;

use super::super::*;
use super::stage::{ELIMINATION, Stage, creation, entry, minutes, organizer, person, start};

fn made(creation: Creation) -> Result<Reply, Refusal> {
    Stage::empty().ask(&organizer(), Command::Create(Box::new(creation)))
}

#[test]
fn a_tournament_that_cannot_be_is_refused() {
    let swiss = |rounds| Format::Swiss { rounds: Some(rounds) };
    let base = || creation(ELIMINATION);
    for (creation, code) in [
        (Creation { game: "chess".into(), ..base() }, "unknown_game"),
        (Creation { title: "x".repeat(TITLE_MAX + 1), ..base() }, "bad_text"),
        (Creation { settings: Some("{\"no\":1}".into()), ..base() }, "bad_settings"),
        (Creation { players_max: 1, ..base() }, "bad_tournament"),
        (Creation { players_max: PLAYERS_MAX + 1, ..base() }, "bad_tournament"),
        (Creation { players_max: 65, ..creation(Format::RoundRobin) }, "bad_tournament"),
        (creation(swiss(0)), "bad_tournament"),
        (creation(swiss(ROUNDS_MAX + 1)), "bad_tournament"),
        (Creation { check_in_minutes: CHECK_IN_MINUTES_MAX + 1, ..base() }, "bad_tournament"),
        (Creation { dispute_minutes: DISPUTE_MINUTES_MAX + 1, ..base() }, "bad_tournament"),
        (Creation { starts_at: start(), ..base() }, "bad_tournament"),
        (Creation { starts_at: start() + AHEAD_MAX + minutes(1), ..base() }, "bad_tournament"),
    ] {
        assert_eq!(made(creation.clone()).unwrap_err().code, code, "{creation:?}");
    }
    assert!(made(Creation { players_max: PLAYERS_MAX, ..creation(swiss(ROUNDS_MAX)) }).is_ok());
}

#[test]
fn to_make_the_same_again_finds_it_also_later() {
    let mut stage = Stage::new(creation(ELIMINATION));
    stage.now = start() + minutes(90);
    let again = |creation| Command::Create(Box::new(creation));
    assert!(stage.ask(&organizer(), again(creation(ELIMINATION))).is_ok());
    let refused = stage.ask(&organizer(), again(creation(Format::RoundRobin))).unwrap_err();
    assert_eq!(refused.code, "already_exists");
}

#[test]
fn a_full_tournament_takes_nobody_more() {
    let mut stage = Stage::new(Creation { players_max: 2, ..creation(ELIMINATION) });
    for who in 1..=2 {
        stage.ask(&person(who), Command::Register(entry(who))).unwrap();
    }
    let refused = stage.ask(&person(3), Command::Register(entry(3))).unwrap_err();
    assert_eq!(refused.code, "tournament_full");
    let renamed = Entry { name: "Ann".into(), rating: None };
    stage.ask(&person(1), Command::Register(renamed)).unwrap();
    assert_eq!(stage.rules.entrants[0].entry.name, "Ann");
}

#[test]
fn matches_past_the_bound_wait_for_their_turn() {
    let quick = Creation { players_max: PLAYERS_MAX, dispute_minutes: 0, ..creation(ELIMINATION) };
    let mut stage = Stage::begun_quietly(quick, PLAYERS_MAX);
    assert_eq!(stage.playing().len(), AT_ONCE_MAX);
    stage.plays(0, "a").unwrap();
    assert_eq!(stage.playing().len(), AT_ONCE_MAX);
    assert!(!stage.playing().contains(&0) && stage.playing().contains(&(AT_ONCE_MAX as u16)));
}

/// The largest of each kind, played to its end, in bytes: of the state and of what is told of it.
#[test]
fn the_largest_tournaments_fit() {
    for (format, players) in [
        (ELIMINATION, PLAYERS_MAX),
        (Format::RoundRobin, ROUND_ROBIN_MAX),
        (Format::Swiss { rounds: Some(ROUNDS_MAX) }, PLAYERS_MAX),
    ] {
        let quick = Creation { players_max: players, dispute_minutes: 0, ..creation(format) };
        let mut stage = Stage::begun_quietly(quick, players);
        while let Some(next) = stage.playing().first() {
            stage.plays(*next, "a").unwrap();
        }
        assert_eq!(stage.rules.phase, Phase::Concluded);
        let state = codec::encode(&stage.rules).len();
        let view = serde_json::to_vec(&stage.rules.info(false).unwrap()).unwrap().len();
        assert!(state < 256 * 1024 && view < 640 * 1024, "{format:?}: {state} and {view} bytes");
        stage.end();
    }
}
