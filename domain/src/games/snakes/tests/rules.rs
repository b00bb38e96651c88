//! The rules, as stories.

use playhouse_protocol::game::Input;

use super::super::*;
use super::stage::{DOWN, LEFT, RIGHT, Stage, UP};

#[test]
fn a_snake_goes_a_cell_every_other_tick() {
    let mut stage = Stage::open(1);
    stage.put(0, (10, 10), RIGHT, 3);
    assert_eq!(stage.cells(0), [(10, 10), (9, 10), (8, 10)]);
    (0..20).for_each(|_| stage.tick(&[]));
    assert_eq!(stage.cells(0), [(20, 10), (19, 10), (18, 10)]);
}

#[test]
fn what_it_eats_it_grows_by() {
    let mut stage = Stage::open(1);
    stage.put(0, (10, 10), RIGHT, 3);
    stage.lay((11, 10));
    stage.go(&[]);
    assert_eq!((stage.player(0).snake.length, stage.food().len()), (3, 0));
    stage.moves(5);
    assert_eq!(stage.player(0).snake.length, 3 + GROWS);
    assert_eq!(stage.player(0).best, 3 + GROWS);
}

#[test]
fn two_quick_keys_are_two_bends() {
    let mut stage = Stage::open(1);
    stage.put(0, (10, 10), RIGHT, 3);
    stage.go(&[]);
    // Both within one move, and the second would be a turn on the spot.
    stage.tick(&[(0, schema::go(UP))]);
    stage.tick(&[(0, schema::go(LEFT))]);
    stage.go(&[]);
    assert!(stage.lives(0));
    assert_eq!(stage.cells(0), [(10, 9), (11, 9), (11, 10)]);
}

#[test]
fn nobody_turns_back_on_the_spot() {
    let mut stage = Stage::open(1);
    stage.put(0, (10, 10), RIGHT, 3);
    stage.go(&[(0, LEFT)]);
    assert_eq!(stage.cells(0)[0], (11, 10));
    stage.go(&[(0, LEFT)]);
    stage.go(&[(0, DOWN)]);
    assert_eq!(stage.cells(0)[..2], [(12, 11), (12, 10)]);
}

#[test]
fn who_runs_into_a_wall_dies_and_without_walls_comes_in_on_the_other_side() {
    let mut stage = Stage::new(Settings { size: 24, ..Settings::default() }, 1);
    stage.put(0, (22, 3), RIGHT, 3);
    stage.go(&[]);
    assert!(stage.lives(0));
    stage.go(&[]);
    assert_eq!((stage.lives(0), stage.deaths()), (false, vec![(0, 0)]));
    let mut stage = Stage::new(Settings { size: 24, walls: false, ..Settings::default() }, 1);
    stage.put(0, (22, 3), RIGHT, 3);
    stage.moves(3);
    assert_eq!(stage.cells(0), [(1, 3), (0, 3), (23, 3)]);
}

#[test]
fn who_runs_into_another_dies_of_it_and_who_was_run_into_does_not() {
    let mut stage = Stage::open(2);
    stage.put(0, (10, 10), RIGHT, 8);
    stage.put(1, (8, 12), UP, 3);
    stage.go(&[]);
    assert!(stage.lives(0) && stage.lives(1));
    stage.go(&[]);
    assert_eq!((stage.lives(0), stage.lives(1)), (true, false));
    assert_eq!(stage.deaths(), [(1, 1)]);
    assert_eq!((stage.player(0).kills, stage.player(1).deaths), (1, 1));
}

#[test]
fn who_runs_into_itself_dies_and_nobody_has_killed_it() {
    let mut stage = Stage::open(1);
    stage.put(0, (10, 10), RIGHT, 6);
    for way in [DOWN, LEFT, UP] {
        stage.go(&[(0, way)]);
    }
    assert_eq!((stage.lives(0), stage.deaths()), (false, vec![(0, 0)]));
    assert_eq!(stage.player(0).kills, 0);
}

#[test]
fn the_cell_that_a_tail_leaves_is_free() {
    let mut stage = Stage::open(1);
    stage.put(0, (10, 10), RIGHT, 4);
    for way in [DOWN, LEFT, UP, RIGHT, DOWN, LEFT] {
        stage.go(&[(0, way)]);
        assert!(stage.lives(0), "{way}");
    }
}

#[test]
fn head_to_head_both_die_in_the_same_cell_as_in_passing() {
    // The cell between them is the same for both.
    let mut stage = Stage::open(2);
    stage.put(0, (10, 10), RIGHT, 3);
    stage.put(1, (12, 10), LEFT, 3);
    stage.go(&[]);
    assert_eq!((stage.lives(0), stage.lives(1)), (false, false));
    assert_eq!(stage.deaths(), [(0, 2), (1, 1)]);
    // There is no cell between them: each runs into the other's neck.
    let mut stage = Stage::open(2);
    stage.put(0, (10, 10), RIGHT, 3);
    stage.put(1, (11, 10), LEFT, 3);
    stage.go(&[]);
    assert_eq!((stage.lives(0), stage.lives(1)), (false, false));
}

#[test]
fn what_is_left_of_the_dead_is_food() {
    let mut stage = Stage::new(Settings { size: 24, ..Settings::default() }, 1);
    stage.put(0, (23, 3), RIGHT, 10);
    stage.go(&[]);
    assert_eq!(stage.food(), [(22, 3), (18, 3), (14, 3)]);
}

#[test]
fn the_dead_come_in_again_after_three_seconds_where_nothing_is_in_their_way() {
    let mut stage = Stage::new(Settings { size: 24, ..Settings::default() }, 1);
    stage.put(0, (23, 3), RIGHT, 3);
    stage.go(&[]);
    let died = stage.game.tick;
    while !stage.lives(0) {
        stage.tick(&[]);
        assert!(stage.game.tick - died <= RESPAWN + 2, "it does not come in");
    }
    assert!(stage.game.tick - died >= RESPAWN);
    assert_eq!((stage.player(0).snake.length, stage.player(0).wish), (1, None));
    stage.moves(4);
    assert!(stage.lives(0));
    assert_eq!(stage.player(0).snake.length, 4);
}

#[test]
fn it_ends_once_somebody_is_as_long_as_it_takes_and_the_longest_have_won() {
    let mut stage = Stage::new(Settings { length: 10, walls: false, ..Settings::default() }, 3);
    stage.put(0, (10, 10), RIGHT, 9);
    stage.put(1, (10, 20), RIGHT, 5);
    stage.put(2, (10, 30), RIGHT, 5);
    stage.go(&[]);
    assert_eq!(stage.game.outcome(), None);
    stage.lay((13, 10));
    stage.moves(3);
    let outcome = stage.game.outcome().expect("it is over");
    let places: Vec<_> = outcome.standings.iter().map(|s| (s.seat.0, s.place, s.score)).collect();
    assert_eq!(places, [(0, 1, 10), (1, 2, 5), (2, 2, 5)]);
    let before = stage.game.clone();
    stage.go(&[(0, UP)]);
    assert_eq!(stage.game.players, before.players, "nothing moves any more");
}

#[test]
fn it_ends_after_its_time() {
    let mut stage = Stage::new(Settings { minutes: 1, walls: false, ..Settings::default() }, 1);
    (0..1199).for_each(|_| stage.tick(&[]));
    assert_eq!(stage.game.outcome(), None);
    stage.tick(&[]);
    assert!(stage.game.outcome().is_some());
}

#[test]
fn a_way_that_there_is_not_is_suspected_and_changes_nothing() {
    let mut stage = Stage::open(1);
    stage.put(0, (10, 10), RIGHT, 3);
    for bits in [5, 6, 7] {
        stage.tick(&[(0, Input { bits })]);
        assert_eq!(stage.happened.suspicions(), [(Seat(0), Suspicion::ImpossibleInput)]);
    }
    assert_eq!(stage.player(0).next, [None; 2]);
    // Of somebody who is not there nothing is heard.
    stage.tick(&[(9, Input { bits: 7 }), (300, Input { bits: u64::MAX })]);
    assert_eq!(stage.happened.suspicions(), []);
}

#[test]
fn settings_are_held_to_their_bounds() {
    let kind = crate::games::find("snakes").unwrap();
    for bad in [
        r#"{"size":23}"#,
        r#"{"size":65}"#,
        r#"{"food":0}"#,
        r#"{"minutes":31}"#,
        r#"{"length":97}"#,
    ] {
        assert_eq!(kind.settings(Some(bad)).unwrap_err().code, "bad_settings", "{bad}");
    }
    assert!(kind.settings(Some(r#"{"size":64,"walls":false,"food":96,"length":96}"#)).is_ok());
}
