//! The rules, one promise each.

use playhouse_protocol::game::{Input, ViewTick};

use super::super::avatar::{PACE, STEPS};
use super::super::schema::ITEMS;
use super::super::*;
use super::stage::{Stage, fire, go};
use crate::games::game::Happening;

#[test]
fn three_shots_kill_and_the_dead_come_in_again_after_three_seconds() {
    let mut stage = Stage::open(2);
    stage.put(0, 2000, 4000);
    stage.put(1, 2500, 4000);
    let mut hits = 0;
    while stage.player(1).is_alive() {
        stage.step(&[(0, fire(0))]);
        hits += stage.events(schema::HIT).len() / 2;
        assert!(stage.arena.tick < 100, "it dies");
    }
    assert_eq!(hits, 3);
    let tick = stage.arena.tick;
    assert_eq!(stage.events(schema::KILL).len(), 1);
    assert_eq!((stage.player(0).frags, stage.player(1).deaths), (1, 1));
    assert_eq!(stage.table().get(1), None, "the dead are not there");
    stage.wait(89);
    assert!(!stage.player(1).is_alive());
    stage.wait(1);
    assert!(stage.player(1).is_alive());
    assert_eq!((stage.player(1).health, stage.arena.tick), (100, tick + 90));
}

#[test]
fn a_shot_flies_eighteen_metres_and_no_further() {
    for (distance, hit) in [(1800, true), (1840, true), (1841, false)] {
        let mut stage = Stage::open(2);
        stage.put(0, 2000, 4000);
        stage.put(1, 2000 + distance, 4000);
        stage.step(&[(0, fire(0))]);
        stage.wait(20);
        assert_eq!(stage.player(1).health < 100, hit, "{distance} cm");
    }
}

#[test]
fn walls_stop_shots_and_players() {
    let mut stage = Stage::open(2);
    // The block of walls from (8, 7) to (9, 8).
    let (left, right, y) = (ground::middle(7), ground::middle(10), ground::middle(7));
    stage.put(0, left, y);
    stage.put(1, right, y);
    stage.step(&[(0, fire(0))]);
    stage.wait(20);
    assert_eq!(stage.player(1).health, 100);
    for _ in 0..40 {
        stage.step(&[(0, go(1))]);
    }
    assert_eq!(stage.player(0).body.x, 8 * 256 - RADIUS, "it stands at the wall");
    assert_eq!((stage.player(0).body.vx, stage.player(0).body.vy), (0, 0));
}

#[test]
fn nobody_is_faster_than_their_pace_or_fires_before_the_weapon_is_ready() {
    let longest = STEPS.iter().map(|(x, y)| x * x + y * y).max().unwrap();
    assert!(longest <= (PACE + 1) * (PACE + 1), "{longest}");
    let mut stage = Stage::open(1);
    stage.put(0, 4000, 5200);
    let mut fired = Vec::new();
    for _ in 0..60 {
        stage.step(&[(0, fire(300))]);
        let shots = stage.player(0).shots.iter().flatten();
        fired.extend(shots.filter(|shot| shot.born == stage.arena.tick).map(|shot| shot.born));
    }
    assert!(fired.windows(2).all(|two| two[1] - two[0] == RELOAD), "{fired:?}");
    assert_eq!(fired.len(), 5);
}

#[test]
fn an_input_that_no_client_makes_is_to_stand_and_is_noted() {
    let mut stage = Stage::open(1);
    stage.put(0, 4000, 4000);
    for way in 17..32 {
        stage.step(&[(0, go(way))]);
        assert_eq!(stage.happened.suspicions(), [(Seat(0), Suspicion::ImpossibleInput)]);
    }
    assert_eq!((stage.player(0).body.x, stage.player(0).body.y), (4000, 4000));
}

/// A shooter fires at where somebody was who ran away since; `view` is what it says that it saw.
fn hits_where_they_were(back: i64) -> (bool, Vec<(Seat, Suspicion)>) {
    let mut stage = Stage::open(2);
    stage.put(1, 3200, 5900);
    for _ in 0..80 {
        stage.put(0, 4000, 5200);
        stage.step(&[(1, go(1))]);
    }
    let now = i64::from(stage.arena.tick) + 1;
    let then = (now - back).max(0) as u32;
    // Where a shot and the runner meet, if the runner was seen `back` ticks ago.
    let seen = stage.player(1).body.x + PACE * (1 - back as i32) - 4000;
    let (x, y) = (|ticks: i32| seen + ticks * PACE, 700);
    let reach = |ticks: &i32| x(*ticks).pow(2) + y * y <= (shot::PACE * ticks).pow(2);
    let aim = trig::angle(x((1..18).find(reach).unwrap_or(18)), y) as u16;
    let input = Action { aim, fire: true, go: 0 }.input();
    let view = ViewTick { tick: then, frac: 0 };
    let mut noted = Vec::new();
    stage.step_inputs(&[
        SeatInput { seat: Seat(0), input, view },
        SeatInput { seat: Seat(1), input: go(1).input(), view: ViewTick::default() },
    ]);
    noted.extend_from_slice(stage.happened.suspicions());
    for _ in 0..20 {
        stage.step(&[(1, go(1))]);
    }
    (stage.player(1).health < 100, noted)
}

#[test]
fn a_shot_meets_whom_its_shooter_saw_up_to_a_quarter_of_a_second_ago() {
    for back in 0..=7 {
        assert_eq!(hits_where_they_were(back), (true, vec![]), "{back} ticks ago");
    }
    for back in 12..40 {
        assert_eq!(hits_where_they_were(back), (false, vec![]), "{back} ticks ago");
    }
}

#[test]
fn who_lies_about_what_they_saw_gains_nothing_and_is_noted() {
    let (hit, noted) = hits_where_they_were(-8);
    assert_eq!((hit, noted), (false, vec![(Seat(0), Suspicion::SawTheFuture)]));
    let (hit, noted) = hits_where_they_were(70);
    assert_eq!((hit, noted), (false, vec![(Seat(0), Suspicion::SawThePast)]));
}

#[test]
fn what_lies_about_is_picked_up_and_comes_again() {
    let mut stage = Stage::open(1);
    let health =
        *stage.arena.ground().items().find(|(_, item)| item.what == What::Health).unwrap().1;
    stage.put(0, health.x, health.y);
    stage.wait(5);
    assert!(stage.table().get(ITEMS).is_some(), "who is whole leaves it");
    stage.player_mut(0).health = 10;
    stage.wait(1);
    assert_eq!((stage.player(0).health, stage.events(schema::PICK).len()), (100, 1));
    assert!(stage.table().get(ITEMS).is_none());
    stage.wait(ITEM_AGAIN - 1);
    assert!(stage.table().get(ITEMS).is_none());
    stage.wait(1);
    assert!(stage.table().get(ITEMS).is_some());
}

#[test]
fn whoever_comes_in_cannot_be_hurt_until_they_fire() {
    for (fires, hurt) in [(false, false), (true, true)] {
        let mut stage = Stage::open(2);
        stage.put(0, 2000, 4000);
        stage.put(1, 2300, 4000);
        stage.player_mut(1).shield = stage.arena.tick + SHIELD;
        if fires {
            stage.step(&[(1, fire(256))]);
        }
        stage.step(&[(0, fire(0))]);
        stage.wait(6);
        assert_eq!(stage.player(1).health < 100, hurt);
    }
}

#[test]
fn it_is_over_when_time_is_or_somebody_has_enough() {
    let short = Settings { minutes: 1, map: Map::Open, ..Settings::default() };
    let mut stage = Stage::new(short, 2);
    while stage.arena.outcome().is_none() {
        stage.step(&[]);
    }
    assert_eq!(stage.arena.tick, 60 * 30);
    let mut stage = Stage::new(Settings { frags: 1, ..short }, 3);
    stage.put(0, 2000, 4000);
    stage.put(1, 2300, 4000);
    stage.player_mut(1).health = 1;
    stage.step(&[(0, fire(0))]);
    stage.wait(5);
    let standings = stage.arena.outcome().unwrap().standings;
    let places: Vec<_> = standings.iter().map(|s| (s.seat.0, s.place, s.score)).collect();
    assert_eq!(places, [(0, 1, 1), (1, 2, 0), (2, 2, 0)]);
}

#[test]
fn who_does_nothing_is_as_who_says_nothing() {
    let mut silent = Stage::open(2);
    let mut neutral = Stage::open(2);
    for _ in 0..50 {
        let nothing =
            |seat| SeatInput { seat: Seat(seat), input: Input::NEUTRAL, view: ViewTick::default() };
        silent.step_inputs(&[]);
        neutral.step_inputs(&[nothing(0), nothing(1)]);
    }
    assert_eq!(silent.arena, neutral.arena);
}

#[test]
fn everybody_hears_of_a_death_and_only_the_two_of_a_hit() {
    let mut stage = Stage::open(3);
    stage.put(0, 2000, 4000);
    stage.put(1, 2300, 4000);
    stage.put(2, 6000, 4000);
    stage.player_mut(1).health = 1;
    stage.step(&[(0, fire(0))]);
    for _ in 0..5 {
        stage.step(&[]);
        if stage.player(1).is_alive() {
            continue;
        }
        let told: Vec<Hears> =
            stage.happened.all().iter().map(|Happening { hears, .. }| *hears).collect();
        assert_eq!(told, [Hears::One(Seat(0)), Hears::One(Seat(1)), Hears::All]);
        return;
    }
    panic!("nobody died");
}

#[test]
fn settings_are_read_strictly() {
    let kind = crate::games::find("arena").unwrap();
    let whole = r#"{"map":"open","minutes":10,"frags":50,"sight":30}"#;
    assert_eq!(kind.settings(Some(r#"{"map":"open"}"#)).as_deref(), Ok(whole));
    for bad in
        [r#"{"minutes":0}"#, r#"{"minutes":31}"#, r#"{"speed":9}"#, r#"{"map":"x"}"#, "7", "[]x"]
    {
        assert_eq!(kind.settings(Some(bad)).unwrap_err().code, "bad_settings", "{bad}");
    }
}
