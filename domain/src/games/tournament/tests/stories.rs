//! What players live through, each story named after what is promised.

use super::super::*;
use super::script::check;
use super::stage::{ELIMINATION, Stage, account, creation, entry, organizer, person};

/// Without a check-in, and results stand at once.
fn quick(format: Format) -> Creation {
    Creation { check_in_minutes: 0, dispute_minutes: 0, ..creation(format) }
}

#[test]
fn an_elimination_goes_from_registration_to_a_champion() {
    check(
        creation(ELIMINATION),
        "
        0m   ann  register  -> registration until 60m, 1 there
        1m   bob  register  -> registration until 60m, 2 there
        1m   cid  register  -> registration until 60m, 3 there
        2m   dora register  -> registration until 60m, 4 there
        3m   ann  checks in -> refused: check_in_closed
        45m  ann  checks in -> checkin until 60m, 4 there
        46m  bob  checks in -> checkin until 60m, 4 there
        46m  cid  checks in -> checkin until 60m, 4 there
        47m  dora checks in -> checkin until 60m, 4 there
        59m  wall           -> checkin until 60m, 4 there
        60m  wall  -> running, 4 there; ann-dora playing; bob-cid playing; ?-? waits; ?-? waits
        65m  match 0 a      -> noted
        66m  wall  -> running, 4 there; ann-dora reported: a by play; bob-cid playing; ?-? waits; ?-? waits
        68m  match 1 b      -> noted
        70m  wall  -> running, 4 there; ann-dora over: a by play; bob-cid reported: b by play; ann-? waits; dora-? waits
        73m  wall  -> running, 4 there; ann-dora over: a by play; bob-cid over: b by play; ann-cid playing; dora-bob playing
        80m  match 2 b      -> noted
        80m  match 3 a      -> noted
        85m  wall  -> concluded, 4 there, won by cid; ann-dora over: a by play; bob-cid over: b by play; ann-cid over: b by play; dora-bob over: a by play
        86m  eve  register  -> refused: tournament_over
        ",
    )
    .end();
}

#[test]
fn whoever_does_not_check_in_is_out_and_the_best_have_byes() {
    let stage = check(
        creation(ELIMINATION),
        "
        0m   ann  register  -> registration until 60m, 1 there
        0m   bob  register  -> registration until 60m, 2 there
        0m   cid  register  -> registration until 60m, 3 there
        0m   dora register  -> registration until 60m, 4 there
        50m  bob  checks in -> checkin until 60m, 4 there
        50m  cid  checks in -> checkin until 60m, 4 there
        50m  dora checks in -> checkin until 60m, 4 there
        50m  dora checks in -> checkin until 60m, 4 there
        60m  wall  -> running, 3 there; bob-nobody over: a by bye; cid-dora playing; bob-? waits; nobody-? waits
        61m  match 1 b      -> noted
        66m  wall  -> running, 3 there; bob-nobody over: a by bye; cid-dora over: b by play; bob-dora playing; nobody-cid over: b by bye
        ",
    );
    let info = stage.rules.info(false).unwrap();
    let ann = info.players.last().unwrap();
    assert_eq!((ann.name.as_str(), ann.seed, ann.checked_in), ("P1", None, false));
    stage.end();
}

#[test]
fn to_register_while_check_in_is_open_is_to_be_there() {
    check(
        creation(ELIMINATION),
        "
        0m   ann  register -> registration until 60m, 1 there
        46m  ann  register -> checkin until 60m, 1 there
        47m  bob  register -> checkin until 60m, 2 there
        48m  org  adds cid -> checkin until 60m, 3 there
        49m  cid  withdraw -> checkin until 60m, 2 there
        50m  cid  withdraw -> refused: not_registered
        60m  wall          -> running, 2 there; ann-bob playing
        61m  cid  register -> refused: tournament_begun
        ",
    )
    .end();
}

#[test]
fn a_tournament_that_nobody_comes_to_is_called_off() {
    check(
        creation(ELIMINATION),
        "
        0m   ann  register  -> registration until 60m, 1 there
        0m   org  starts    -> refused: too_few_players
        0m   bob  register  -> registration until 60m, 2 there
        50m  bob  checks in -> checkin until 60m, 2 there
        60m  wall           -> cancelled, 2 there: TooFew
        61m  org  starts    -> refused: tournament_over
        ",
    )
    .end();
}

#[test]
fn its_organizer_starts_by_hand_adds_drops_and_calls_off() {
    check(
        creation(Format::RoundRobin),
        "
        0m  ann  register   -> registration until 60m, 1 there
        0m  org  adds bob   -> registration until 60m, 2 there
        0m  org  adds cid   -> registration until 60m, 3 there
        1m  org  starts     -> running, 3 there
        1m  wall            -> running, 3 there; bob-cid playing; ann-bob waits; cid-ann waits
        2m  org  starts     -> refused: tournament_begun
        3m  org  drops cid  -> running, 3 there
        3m  wall  -> running, 3 there; bob-cid over: a by withdrawal; ann-bob playing; cid-ann waits
        4m  match 0 b       -> noted
        5m  org  cancels    -> cancelled, 3 there: Organizer
        6m  match 1 a       -> noted
        6m  wall  -> cancelled, 3 there: Organizer; bob-cid over: a by withdrawal; ann-bob playing; cid-ann waits
        ",
    )
    .end();
}

#[test]
fn only_its_organizer_presides_and_only_organizers_make_one() {
    let mut stage = Stage::new(creation(ELIMINATION));
    let other = Caller::Account { id: account(1001), role: crate::room::Role::Organizer };
    for command in [Command::Start, Command::Cancel, Command::Drop { account: account(1) }] {
        for caller in [person(1), other.clone(), Caller::Nobody] {
            assert_eq!(stage.ask(&caller, command.clone()).unwrap_err().code, "forbidden");
        }
    }
    let admin = Caller::Account { id: account(1002), role: crate::room::Role::Admin };
    assert!(stage.ask(&admin, Command::Cancel).is_ok());
    let create = Command::Create(Box::new(creation(ELIMINATION)));
    assert_eq!(Stage::empty().ask(&person(1), create).unwrap_err().code, "forbidden");
    let guest = Caller::Guest(playhouse_protocol::ids::GuestId(uuid::Uuid::from_u128(1)));
    let mut stage = Stage::new(creation(ELIMINATION));
    let refused = stage.ask(&guest, Command::Register(entry(1))).unwrap_err();
    assert_eq!(refused.code, "not_logged_in");
}

#[test]
fn seeds_are_by_rating_as_entered_or_by_lot() {
    let field = |seeding| {
        let mut stage = Stage::new(Creation { seeding, ..creation(ELIMINATION) });
        for (who, rating) in [(1, Some(-40)), (2, None), (3, Some(160)), (4, Some(0))] {
            let entry = Entry { rating, ..entry(who) };
            stage.ask(&person(who), Command::Register(entry)).unwrap();
        }
        stage.ask(&organizer(), Command::Start).unwrap();
        let names = stage.rules.entrants.iter().map(|one| one.entry.name.clone());
        let names = names.collect::<Vec<_>>().join(" ");
        stage.end();
        names
    };
    assert_eq!(field(Seeding::ByRating), "P3 P2 P4 P1", "who is not known counts as 0");
    assert_eq!(field(Seeding::AsEntered), "P1 P2 P3 P4");
    assert_eq!(field(Seeding::Random), "P3 P1 P4 P2", "by the chance that is given");
}

#[test]
fn a_round_robin_is_played_round_by_round_to_a_full_table() {
    let stage = check(
        quick(Format::RoundRobin),
        "
        0m  ann  register  -> registration until 60m, 1 there
        0m  bob  register  -> registration until 60m, 2 there
        0m  cid  register  -> registration until 60m, 3 there
        0m  dora register  -> registration until 60m, 4 there
        60m wall      -> running, 4 there; ann-dora playing; bob-cid playing; dora-cid waits; ann-bob waits; bob-dora waits; cid-ann waits
        61m match 0 a -> noted
        62m match 1 draw -> noted
        63m match 2 b -> noted
        64m match 3 a -> noted
        65m match 4 draw -> noted
        66m match 5 none -> noted
        67m wall      -> concluded, 4 there, won by ann; ann-dora over: a by play; bob-cid over: draw by play; dora-cid over: b by play; ann-bob over: a by play; bob-dora over: draw by play; cid-ann over: nobody by noshow
        ",
    );
    let table = stage.rules.table().unwrap();
    let line = |line: &Line| (line.seed, line.points, line.sonneborn_berger);
    assert_eq!(
        table.iter().map(line).collect::<Vec<_>>(),
        [(1, 4, 6), (3, 3, 4), (2, 2, 4), (4, 1, 2)]
    );
    stage.end();
}

#[test]
fn in_a_swiss_winners_meet_winners_and_nobody_has_two_byes() {
    let stage = check(
        quick(Format::Swiss { rounds: Some(3) }),
        "
        0m  ann  register  -> registration until 60m, 1 there
        0m  bob  register  -> registration until 60m, 2 there
        0m  cid  register  -> registration until 60m, 3 there
        0m  dora register  -> registration until 60m, 4 there
        0m  eve  register  -> registration until 60m, 5 there
        60m wall      -> running, 5 there; ann-cid playing; bob-dora playing; eve-nobody over: a by bye
        61m match 0 a -> noted
        61m match 1 a -> noted
        61m wall      -> running, 5 there; ann-cid over: a by play; bob-dora over: a by play; eve-nobody over: a by bye; eve-ann playing; cid-bob playing; dora-nobody over: a by bye
        62m match 3 a -> noted
        62m match 4 b -> noted
        62m wall      -> running, 5 there; ann-cid over: a by play; bob-dora over: a by play; eve-nobody over: a by bye; eve-ann over: a by play; cid-bob over: b by play; dora-nobody over: a by bye; bob-eve playing; dora-ann playing; cid-nobody over: a by bye
        ",
    );
    stage.end();
}

#[test]
fn what_is_told_of_a_match_twice_or_late_counts_once() {
    let mut stage = Stage::begun(quick(ELIMINATION), 4);
    let (first, sides) = (stage.rules.pairings[0].match_id.unwrap(), stage.sides(0));
    stage.plays(0, "draw").unwrap();
    assert_eq!(stage.rules.pairings[0].matches, 2, "it is played again");
    let before = stage.rules.clone();
    stage.tell(first, super::stage::outcome(sides, "a")).unwrap();
    assert_eq!(stage.rules, before, "the match before counts no more");
    stage.plays(0, "b").unwrap();
    let before = stage.rules.clone();
    stage.plays(0, "b").unwrap();
    assert_eq!(stage.rules, before);
    // Nobody else tells of it.
    let id = stage.rules.pairings[1].match_id.unwrap();
    let outcome = super::stage::outcome(stage.sides(1), "a");
    for caller in [person(1), Caller::System, Caller::Room(stage.room.clone())] {
        let command = Command::Result { match_id: id, outcome: outcome.clone() };
        assert_eq!(stage.ask(&caller, command).unwrap_err().code, "forbidden");
    }
    stage.end();
}

#[test]
fn a_result_may_be_told_before_the_duty_to_arrange_is_known_to_be_done() {
    let mut stage = Stage::new(quick(ELIMINATION));
    stage.arranges = false;
    for who in 1..=2 {
        stage.ask(&person(who), Command::Register(entry(who))).unwrap();
    }
    stage.ask(&organizer(), Command::Start).unwrap();
    let owed = stage.rules.duties();
    assert_eq!(owed.len(), 1);
    stage.plays(0, "a").unwrap();
    assert_eq!(stage.rules.phase, Phase::Concluded);
    assert!(stage.rules.duties().is_empty());
    stage.end();
}
