//! What is refused, and where the bounds are.

use super::super::course::{CHECKPOINT_BYTES_MAX, LOG_BYTES_MAX, PACKED_BYTES_MAX};
use super::super::*;
use super::stage::{Stage, creation, person};
use crate::duty::Work;
use crate::games::Seat;
use crate::refusal::RefusalKind;

fn refused(creation: Creation) -> String {
    let refusal = Stage::empty().ask(&person(1), Command::Create(Box::new(creation)));
    refusal.unwrap_err().code.into_owned()
}

#[test]
fn only_a_match_that_can_be_played_is_made() {
    let game = |name: &str| Creation { game: name.into(), ..creation() };
    assert_eq!(refused(game("chess")), "unknown_game");
    for (seats, bots) in [(0, 0), (1, 0), (101, 0), (4, 4), (4, 5)] {
        assert_eq!(refused(Creation { seats, bots, ..creation() }), "bad_seats", "{seats} {bots}");
    }
    for settings in ["{\"minutes\":99}", "{\"x\":1}", "no"] {
        let settings = Some(settings.to_owned());
        assert_eq!(refused(Creation { settings, ..creation() }), "bad_settings");
    }
    let settings = Some(" ".repeat(3000));
    assert_eq!(refused(Creation { settings, ..creation() }), "bad_settings");
    for title in ["", "a\u{202e}b", &"x".repeat(61)] {
        assert_eq!(refused(Creation { title: Some(title.into()), ..creation() }), "bad_text");
    }
}

#[test]
fn a_match_that_is_not_made_is_not_found() {
    let mut stage = Stage::empty();
    for command in [Command::Info, Command::Start, Command::Leave, Command::Replay { after: 0 }] {
        assert_eq!(stage.ask(&person(1), command).unwrap_err().code, "not_found");
    }
    assert_eq!(stage.rules.view(stage.now, &Audience::Public), None);
    assert_eq!(stage.rules.audience(&Caller::System), None);
}

#[test]
fn making_it_again_finds_it_and_makes_nothing_else() {
    let mut stage = Stage::new(creation());
    let again = |creation| Command::Create(Box::new(creation));
    let revision = stage.revision;
    assert!(matches!(stage.ask(&person(1), again(creation())), Ok(Reply::Match(_))));
    assert_eq!(stage.revision, revision);
    let other = Creation { seats: 5, ..creation() };
    assert_eq!(stage.ask(&person(1), again(other)).unwrap_err().code, "already_exists");
}

#[test]
fn only_people_have_seats_and_only_the_server_runs_matches() {
    let mut stage = Stage::new(creation());
    let (ticket, name) = (stage.draw(), "X".to_owned());
    for caller in [Caller::System, Caller::Nobody, Caller::Room(stage.room.clone())] {
        let join = Command::Join { ticket, name: name.clone() };
        assert_eq!(stage.ask(&caller, join).unwrap_err().code, "not_logged_in");
    }
    stage.begin(&[1]);
    let seat = Seat(0);
    let ticks = Ticks { epoch: 1, from: 0, to: 1, packed: vec![], checkpoint: None, roster: 0 };
    for command in [
        Command::TakeUp { via: 1 },
        Command::Gone { seat, entry: 1 },
        Command::Ticks(Box::new(ticks)),
        Command::Fault { epoch: 1, tick: 1 },
    ] {
        for caller in [person(1), Caller::Nobody, Caller::Room(stage.room.clone())] {
            assert_eq!(stage.ask(&caller, command.clone()).unwrap_err().code, "forbidden");
        }
    }
    assert_eq!(stage.ask(&person(3), Command::Ready(true)).unwrap_err().code, "no_seat");
    stage.end();
}

#[test]
fn names_are_safe_to_show() {
    let mut stage = Stage::new(creation());
    for name in ["", "a\u{202e}b", "x\ny", &"x".repeat(25)] {
        let ticket = stage.draw();
        let join = Command::Join { ticket, name: name.into() };
        assert_eq!(stage.ask(&person(1), join).unwrap_err().code, "bad_text", "{name:?}");
    }
}

#[test]
fn a_house_match_goes_on_with_bots_alone() {
    let mut stage = Stage::empty();
    let bots = Creation { bots: 4, ..creation() };
    stage.system(Command::Create(Box::new(bots))).unwrap();
    stage.system(Command::Start).unwrap();
    stage.pass(COUNTDOWN);
    assert_eq!(stage.rules.phase, Phase::Active);
    stage.take_up().unwrap();
    stage.ticker.as_mut().unwrap().play(60);
    stage.tell(true).unwrap();
    stage.finish();
    assert_eq!(stage.rules.phase, Phase::Concluded);
    stage.end();
}

#[test]
fn a_match_that_finds_no_room_ends_and_says_why_and_one_that_was_played_says_so() {
    let played = |stage: &Stage| {
        let duty = stage.rules.duties().pop().expect("it is to be played");
        let Work::External { payload, .. } = duty.work else { panic!("{duty:?}") };
        playhouse_protocol::codec::decode::<RunMatch>(&payload).unwrap().played
    };
    let no_room = Refusal::new(RefusalKind::TooMany, NO_ROOM, "as many run as can");
    for (taken_up, why) in [(false, Why::NoRoom), (true, Why::Unsound)] {
        let mut stage = Stage::new(creation());
        stage.begin(&[1, 2]);
        if taken_up {
            stage.take_up().unwrap();
        }
        assert_eq!(played(&stage), taken_up);
        stage.duty_ends(DutyResult::Refused(no_room.clone()));
        assert_eq!(stage.rules.ending, Some(Ending::Void(why)));
        stage.end();
    }
}

#[test]
fn a_match_that_brings_its_server_down_again_and_again_is_not_tried_for_ever() {
    let mut stage = Stage::new(creation());
    stage.begin(&[1]);
    for _ in 0..TAKE_UPS_MAX {
        stage.via += 1;
        stage.take_up().unwrap();
    }
    assert_eq!(stage.take_up().unwrap_err().code, "taken_up_too_often");
    stage.end();
}

#[test]
fn an_unlisted_match_is_in_no_list_of_everybodys() {
    let mut stage = Stage::new(Creation { listed: false, ..creation() });
    assert!(stage.rules.rows().is_empty());
    stage.begin(&[1, 3]);
    stage.take_up().unwrap();
    stage.finish();
    let tables: Vec<_> = stage.rules.rows().into_iter().map(|row| row.table).collect();
    assert_eq!(tables, ["matches_ended", "matches_by_player", "matches_by_player"]);
    stage.end();
}

#[test]
fn a_match_in_lists_is_live_and_then_over_and_in_what_its_players_played() {
    let mut stage = Stage::new(creation());
    let tables = |stage: &Stage| -> Vec<String> {
        stage.rules.rows().into_iter().map(|row| row.table).collect()
    };
    assert_eq!(tables(&stage), ["matches"]);
    // A guest has no history.
    stage.begin(&[1, 2]);
    assert_eq!(tables(&stage), ["matches"]);
    stage.take_up().unwrap();
    stage.finish();
    assert_eq!(tables(&stage), ["matches_over", "matches_ended", "matches_by_player"]);
    let seen = serde_json::to_string(&stage.rules.view(stage.now, &Audience::Public)).unwrap();
    let id = |n: u128| uuid::Uuid::from_u128(n).to_string();
    assert!(seen.contains(&id(1)) && !seen.contains(&id(2)), "no guest's id is told: {seen}");
    stage.end();
}

/// How the key starts by which a match is found that is over.
fn kept(stage: &Stage) -> String {
    let rows = stage.rules.rows();
    let row = rows.iter().find(|row| row.table == "matches_ended").expect("it is over");
    row.key.split('/').next().unwrap().to_owned()
}

#[test]
fn a_match_that_is_deleted_leaves_no_row_no_result_and_no_replay_and_its_id_names_no_other() {
    let mut stage = Stage::new(creation());
    assert_eq!(stage.system(Command::Delete).unwrap_err().code, "match_not_over");
    stage.begin(&[1, 2]);
    stage.take_up().unwrap();
    stage.ticker.as_mut().unwrap().play(30);
    stage.tell(true).unwrap();
    stage.finish();
    assert_eq!((kept(&stage).as_str(), stage.rules.is_spent()), ("played", false));
    assert_eq!(stage.ask(&person(1), Command::Delete).unwrap_err().code, "forbidden");
    stage.system(Command::Delete).unwrap();
    assert!(stage.rules.is_spent() && stage.rules.rows().is_empty());
    let left = playhouse_protocol::codec::encode(&stage.rules).len();
    assert!(left < 150, "{left} bytes are left of it");
    let revision = stage.revision;
    stage.system(Command::Delete).unwrap();
    assert_eq!(stage.revision, revision, "once is enough");
    let create = Command::Create(Box::new(creation()));
    for command in [create, Command::Info, Command::Replay { after: 0 }, Command::Leave] {
        assert_eq!(stage.ask(&person(1), command).unwrap_err().code, "match_deleted");
    }
    assert_eq!(stage.rules.view(stage.now, &Audience::Public), None);
    assert_eq!(stage.rules.audience(&Caller::System), None);
    stage.end();
}

#[test]
fn a_match_without_results_or_with_bots_alone_is_kept_apart_from_what_people_played() {
    let mut void = Stage::new(creation());
    void.pass(LOBBY_TIME);
    assert_eq!((void.rules.phase, kept(&void).as_str()), (Phase::Void, "unplayed"));
    void.end();
    let mut bots = Stage::empty();
    bots.system(Command::Create(Box::new(Creation { bots: 4, ..creation() }))).unwrap();
    bots.system(Command::Start).unwrap();
    bots.pass(COUNTDOWN);
    bots.take_up().unwrap();
    bots.finish();
    assert_eq!((bots.rules.phase, kept(&bots).as_str()), (Phase::Concluded, "unplayed"));
    bots.end();
}

#[test]
fn ticks_follow_on_each_other_and_the_same_again_changes_nothing() {
    let mut stage = Stage::new(creation());
    stage.begin(&[1]);
    stage.take_up().unwrap();
    stage.ticker.as_mut().unwrap().play(8);
    let ticks = stage.ticker.as_mut().unwrap().recording.take(false);
    let tell = |ticks: &Ticks| Command::Ticks(Box::new(ticks.clone()));
    stage.system(tell(&ticks)).unwrap();
    let revision = stage.revision;
    stage.system(tell(&ticks)).unwrap();
    assert_eq!((stage.revision, stage.rules.course.tick), (revision, 8));
    let apart = Ticks { from: 9, to: 12, ..ticks.clone() };
    assert_eq!(stage.system(tell(&apart)).unwrap_err().code, "ticks_apart");
    let old = Ticks { epoch: 0, from: 8, to: 12, ..ticks.clone() };
    assert_eq!(stage.system(tell(&old)).unwrap_err().code, "old_epoch");
    let fault = Command::Fault { epoch: 0, tick: 9 };
    assert_eq!(stage.system(fault).unwrap_err().code, "old_epoch");
    for (to, packed, checkpoint) in [
        (8 + 65, 0, None),
        (9, PACKED_BYTES_MAX + 1, None),
        (9, 0, Some(vec![0; CHECKPOINT_BYTES_MAX + 1])),
    ] {
        let large = Ticks { from: 8, to, packed: vec![0; packed], checkpoint, ..ticks.clone() };
        assert_eq!(stage.system(tell(&large)).unwrap_err().code, "ticks_too_large");
    }
    stage.end();
}

#[test]
fn a_log_that_is_nearly_full_asks_for_the_end_and_never_grows_past_its_bound() {
    let mut stage = Stage::new(creation());
    stage.begin(&[1]);
    stage.take_up().unwrap();
    let mut asked = None;
    let refused = loop {
        let tick = stage.rules.course.tick;
        let packed = vec![0; PACKED_BYTES_MAX];
        let ticks =
            Ticks { epoch: 1, from: tick, to: tick + 1, packed, checkpoint: None, roster: 0 };
        match stage.system(Command::Ticks(Box::new(ticks))) {
            Ok(Reply::Ticked(ticked)) if ticked.conclude => {
                asked = asked.or(Some(stage.rules.course.log.len()));
            }
            Ok(_) => assert_eq!(asked, None),
            Err(refusal) => break refusal,
        }
    };
    assert_eq!(refused.code, "ticks_too_large");
    let asked = asked.unwrap();
    assert!(asked + PACKED_BYTES_MAX < LOG_BYTES_MAX, "there is room for what is under way");
    assert!(stage.rules.course.log.len() <= LOG_BYTES_MAX);
}

#[test]
fn a_replay_is_for_everybody_once_the_match_is_over_and_for_nobody_before() {
    let mut stage = Stage::new(creation());
    stage.begin(&[1]);
    stage.take_up().unwrap();
    stage.ticker.as_mut().unwrap().play(30);
    stage.tell(true).unwrap();
    let replay = Command::Replay { after: 0 };
    for who in [person(1), Caller::Nobody] {
        assert_eq!(stage.ask(&who, replay.clone()).unwrap_err().code, "match_not_over");
    }
    stage.finish();
    let Ok(Reply::Replay(page)) = stage.ask(&Caller::Nobody, replay) else { panic!("no replay") };
    let names: Vec<_> = page.names.iter().map(|(seat, name)| (seat.0, name.as_str())).collect();
    assert_eq!((page.ticks, names), (30, vec![(0, "P1"), (3, "Bot 1")]));
    let Ok(Reply::Replay(past)) = stage.ask(&Caller::Nobody, Command::Replay { after: u32::MAX })
    else {
        panic!("no replay")
    };
    assert_eq!((past.bytes.len(), past.next), (0, past.total));
    assert_eq!(stage.verified().compared, 1);
    stage.end();
}

#[test]
fn tokens_and_chance_are_shown_to_nobody() {
    let token = TokenHash::of(b"secret");
    let name = || "A".to_owned();
    let player = Player::of(&person(1)).unwrap();
    let events = [
        Event::Created {
            creation: Box::new(creation()),
            host: Some(player),
            rules: 1,
            seed: 77_123_456,
        },
        Event::Reserved {
            seat: Seat(0),
            player,
            name: name(),
            ticket: token,
            until: Timestamp::ZERO,
        },
        Event::Entered { seat: Seat(0), resume: token, via: 3 },
        Event::Resumed { seat: Seat(0), next: token, via: 3 },
    ];
    let bytes = serde_json::to_string(&token.0).unwrap();
    for event in events {
        let shown = Match::inspect(&event).to_string();
        assert!(shown.contains("(not shown)"), "{shown}");
        assert!(!shown.contains(&bytes) && !shown.contains("77123456"), "{shown}");
    }
    let commands = [
        Command::Join { ticket: token, name: name() },
        Command::Enter { ticket: token, resume: token, via: 3 },
        Command::Resume { seat: Seat(0), token, next: token, via: 3 },
    ];
    for command in commands {
        let shown = Match::redact(&command);
        assert!(shown.contains("(not shown)"), "{shown}");
        assert!(!shown.contains(&format!("{:?}", token.0)), "{shown}");
    }
    let stage = Stage::new(creation());
    let seen = serde_json::to_string(&stage.rules.view(stage.now, &Audience::Public)).unwrap();
    assert!(
        !seen.contains("seed") && !seen.contains("ticket") && !seen.contains("resume"),
        "{seen}"
    );
}
