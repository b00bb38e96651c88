//! Verdicts of cheating: who may give them, when, and what they change.

use playhouse_protocol::ids::AccountId;
use uuid::Uuid;

use super::super::arranged::{RATE, REPORT};
use super::super::*;
use super::arranged::{account, code, played};
use super::stage::{Stage, person};
use crate::duty::Work;
use crate::games::league::{self, Change, Correction};
use crate::games::skill::Skill;
use crate::room::Role;

fn admin() -> Caller {
    Caller::Account { id: AccountId(Uuid::from_u128(99)), role: Role::Admin }
}

fn judge(n: u128, tick: impl Into<Option<u32>>) -> Command {
    Command::Judge { account: account(n), tick: tick.into() }
}

/// What the league is owed: of whom how many points, and how many won matches.
type Owed = (DutyId, Vec<(u128, i32, i32)>);

fn owed(stage: &Stage) -> Option<Owed> {
    let duty = stage.rules.duties().into_iter().find(|duty| duty.id.0 > REPORT.0)?;
    let Work::Tell { room, command } = duty.work else { panic!("it is told") };
    assert_eq!(room.as_str(), "league:arena");
    let league::Command::Correct { match_id, rated_at, corrections } =
        codec::decode(&command).unwrap()
    else {
        panic!("another command")
    };
    assert!(match_id == stage.rules.id && Some(rated_at) >= stage.rules.ended_at);
    let one = |of: &Correction| (of.account.0.as_u128(), of.points, of.won);
    let mut all: Vec<_> = corrections.iter().map(one).collect();
    all.sort_unstable();
    Some((duty.id, all))
}

fn corrected(stage: &mut Stage) {
    let (duty, _) = owed(stage).expect("the league is owed something");
    stage.duty_of(duty, DutyResult::Done(codec::encode(&league::Reply::Noted)));
    assert_eq!(owed(stage), None, "it is told once");
}

/// A match that was played and counted: who won it, who came second, and person 5, who left. They got 300, lost 100
/// and lost 200 points.
fn rated() -> (Stage, u128, u128) {
    let mut stage = played();
    assert_eq!(code(stage.ask(&admin(), judge(1, 5))), "match_not_told", "the league is owed");
    let place = |n: u128| {
        let Some(Ending::Concluded { results, .. }) = &stage.rules.ending else { panic!("void") };
        let own = |one: &&Placing| one.player == Some(PlayerId::Account(account(n)));
        results.iter().find(own).and_then(|one| one.place)
    };
    let (first, second) = if place(1) <= place(3) { (1, 3) } else { (3, 1) };
    assert_eq!((place(first), place(5)), (Some(1), None));
    let change = |n: u128, mean: f64| Change {
        account: account(n),
        name: format!("player {n}"),
        place: 1,
        before: Skill::default(),
        after: Skill { mean, ..Skill::default() },
    };
    let changes = vec![change(first, 28.0), change(second, 24.0), change(5, 23.0)];
    stage.duty_of(RATE, DutyResult::Done(codec::encode(&league::Reply::Rated(changes))));
    stage.duty_of(REPORT, DutyResult::Done(Vec::new()));
    assert_eq!(stage.rules.duties(), []);
    (stage, first, second)
}

fn after(stage: &Stage, n: u128) -> i32 {
    stage.rules.rating(account(n)).expect("it counted").after
}

#[test]
fn whoever_cheated_keeps_nothing_and_those_behind_get_back_what_they_lost() {
    let (mut stage, first, second) = rated();
    stage.ask(&admin(), judge(first, 7)).unwrap();
    let mut all = vec![(first, -300, -1), (second, 100, 0), (5, 200, 0)];
    all.sort_unstable();
    assert_eq!(owed(&stage).unwrap().1, all);
    assert_eq!([first, second, 5].map(|n| after(&stage, n)), [0, 0, 0]);
    let fouls = stage.rules.beside().verdicts;
    assert_eq!(
        fouls.iter().map(|of| (of.account, of.tick)).collect::<Vec<_>>(),
        [(account(first), 7)]
    );
    let row = stage.row("matches_by_player", &account(first).to_string());
    assert!(row.contains(r#""cheated_at":7"#) && row.contains(r#""after":0"#), "{row}");
    let row = stage.row("matches_by_player", &account(second).to_string());
    assert!(row.contains(r#""cheated_at":null"#), "{row}");

    // While the league is told, nothing else is said.
    assert_eq!(code(stage.ask(&admin(), judge(second, 7))), "match_not_told");
    assert_eq!(code(stage.ask(&Caller::System, Command::Delete)), "match_not_told");
    corrected(&mut stage);
    stage.ask(&admin(), judge(first, 9)).unwrap();
    assert_eq!(owed(&stage), None, "another tick changes no points");
    assert_eq!(stage.rules.beside().verdicts[0].tick, 9);
    stage.end();
}

#[test]
fn a_verdict_that_is_taken_back_undoes_what_it_did_and_nothing_else() {
    let (mut stage, first, second) = rated();
    stage.ask(&admin(), judge(second, 7)).unwrap();
    assert_eq!(owed(&stage).unwrap().1, [(5, 200, 0)], "who lost gets nothing back by cheating");
    corrected(&mut stage);
    stage.ask(&admin(), judge(first, 8)).unwrap();
    assert_eq!(owed(&stage).unwrap().1, [(first, -300, -1)], "the other one cheated too");
    corrected(&mut stage);
    stage.ask(&admin(), judge(second, None)).unwrap();
    assert_eq!(owed(&stage).unwrap().1, [(second, 100, 0)]);
    corrected(&mut stage);
    stage.ask(&admin(), judge(first, None)).unwrap();
    corrected(&mut stage);
    assert_eq!([first, second, 5].map(|n| after(&stage, n)), [300, -100, -200]);
    assert_eq!(stage.rules.beside().verdicts, []);
    let revision = stage.revision;
    stage.ask(&admin(), judge(first, None)).unwrap();
    assert_eq!((stage.revision, owed(&stage)), (revision, None), "the same again changes nothing");
    stage.end();
}

#[test]
fn only_administrators_judge_and_only_those_who_played_to_the_end_by_a_tick_that_there_is() {
    let (mut stage, first, _) = rated();
    let organizer = Caller::Account { id: account(50), role: Role::Organizer };
    for caller in [person(1), organizer, Caller::Nobody] {
        assert_eq!(code(stage.ask(&caller, judge(first, 1))), "forbidden");
    }
    assert_eq!(code(stage.ask(&admin(), judge(50, 1))), "not_in_results");
    let last = stage.rules.course.tick;
    for tick in [0, last + 1, u32::MAX] {
        assert_eq!(code(stage.ask(&admin(), judge(first, tick))), "bad_tick");
    }
    stage.ask(&admin(), judge(first, last)).unwrap();
    corrected(&mut stage);
    stage.ask(&Caller::System, Command::Delete).unwrap();
    assert_eq!(code(stage.ask(&admin(), judge(first, 1))), "match_deleted");

    let mut stage = Stage::empty();
    assert_eq!(code(stage.ask(&admin(), judge(1, 1))), "not_found");
    let mut stage = super::arranged::arranged();
    assert_eq!(code(stage.ask(&admin(), judge(1, 1))), "match_not_over");
}
