//! Matches of one thread: when they tick, when they wait, how they end.

use std::time::Duration;

use playhouse_domain::games::drill::Settings;

use super::stage::{Stage, ms, new_run};
use crate::ticker::play::End;

#[test]
fn every_tick_is_on_time_and_matches_tick_apart() {
    let mut stage = Stage::default();
    for _ in 0..4 {
        stage.add(new_run(&Settings::default(), 0, 2));
    }
    stage.run_until(ms(10_000));
    assert_eq!(stage.figures().lateness.max(), Duration::ZERO);
    // The first is due at once, the others within the first period.
    assert_eq!(stage.figures().lateness.count(), 4 * 500 + 1);
    assert_eq!(stage.figures().skipped + stage.figures().waited, 0);
}

#[test]
fn a_thread_that_was_held_up_makes_up_for_three_ticks_and_skips_the_rest() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings::default(), 0, 1));
    stage.run_until(ms(990));
    assert_eq!(stage.tapes[0].hall.tick(), 50);
    stage.hold_up_until(ms(1_210));
    stage.run_until(ms(1_210));
    // Those due at 1,000, 1,020, .. 1,200 are late: the last four are played and seven are not.
    assert_eq!(stage.figures().skipped, 7);
    assert_eq!(stage.tapes[0].hall.tick(), 54);
    stage.run_until(ms(1_990));
    assert_eq!(stage.tapes[0].hall.tick(), 93, "and the schedule is the same as before");
    assert_eq!(stage.tapes[0].verify().ticks, 84, "no tick of the world is left out");
}

#[test]
fn a_match_waits_half_a_second_ahead_of_the_disk_and_nothing_is_lost() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings::default(), 0, 3));
    stage.run_until(ms(990));
    assert_eq!(stage.tapes[0].tick, 48, "four times a second, so every twelfth tick");
    stage.tapes[0].stalled = true;
    stage.run_until(ms(5_990));
    assert_eq!(stage.tapes[0].hall.tick(), 48 + 25);
    assert_eq!(stage.figures().waited, 300 - 48 - 25, "each tick that it waited with is counted");
    stage.tapes[0].stalled = false;
    stage.tapes[0].serve();
    stage.run_until(ms(6_990));
    assert_eq!(stage.tapes[0].hall.tick(), 48 + 25 + 50);
    let tick = stage.tapes[0].tick;
    assert!(tick >= 48 + 25 + 36, "{tick}");
    assert_eq!(stage.tapes[0].verify().ticks, tick);
    assert_eq!(stage.figures().skipped, 0, "a match that waits does not fall behind");
}

/// Plays for 8 s on a disk that takes `sync_ms` for each part. Returns how often the match waited.
fn waited_on_a_disk_of(sync_ms: u64) -> u64 {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings::default(), 0, 1));
    let syncs = 8_000 / sync_ms;
    for sync in 1..=syncs {
        stage.tapes[0].stalled = true;
        stage.run_until(ms(sync * sync_ms));
        stage.tapes[0].stalled = false;
        stage.tapes[0].serve();
    }
    let (tick, waited) = (stage.tapes[0].hall.tick(), stage.figures().waited);
    assert_eq!(u64::from(tick) + waited, syncs * sync_ms / 20 + 1, "nothing was skipped");
    assert_eq!(stage.tapes[0].verify().ticks, stage.tapes[0].tick, "nothing was lost");
    assert!(stage.tapes[0].tick >= tick - 25);
    waited
}

#[test]
fn a_disk_that_takes_a_quarter_of_a_second_costs_no_tick_and_a_slower_one_costs_time_alone() {
    assert_eq!(waited_on_a_disk_of(250), 0);
    let slower = waited_on_a_disk_of(400);
    assert!((1..=150).contains(&slower), "it waited with {slower} of 400 ticks");
}

#[test]
fn what_was_played_plays_again_to_the_same_world() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings::default(), 2, 6));
    stage.run_until(ms(20_000));
    let verified = stage.tapes[0].verify();
    assert!(verified.ticks >= 988, "{}", verified.ticks);
    assert_eq!(verified.compared, 4, "the world is kept every four seconds, with its hash");
    assert_eq!(stage.tapes[0].world().hash(), verified.hash, "and goes on from there as well");
}

#[test]
fn a_panic_ends_its_match_and_no_other_misses_a_tick() {
    let mut stage = Stage::default();
    let healthy = stage.add(new_run(&Settings::default(), 0, 2));
    let failing = stage.add(new_run(&Settings { fails_at: 30, ..Settings::default() }, 0, 2));
    stage.run_until(ms(1_990));
    assert!(matches!(stage.tapes[failing].end, Some(End::Fault { tick: 30, .. })));
    assert_eq!(stage.tapes[failing].verify().ticks, 29, "what came before it is kept");
    assert_eq!(stage.tapes[healthy].hall.tick(), 100);
    assert_eq!(stage.figures().lateness.max(), Duration::ZERO);
    assert_eq!((stage.figures().faults, stage.figures().matches), (1, 1));
}

#[test]
fn a_panic_while_players_are_told_takes_back_what_is_not_durable() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings { untold_from: 30, ..Settings::default() }, 1, 0));
    let (_port, _heard) = stage.tapes[0].attach(0, 1);
    stage.run_until(ms(1_990));
    assert!(matches!(stage.tapes[0].end, Some(End::Fault { tick: 30, .. })));
    assert_eq!(stage.tapes[0].verify().ticks, 24);
}

#[test]
fn a_match_goes_on_in_the_world_that_is_on_the_disk() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings { fails_at: 333, ..Settings::default() }, 1, 3));
    stage.run_until(ms(10_000));
    let (hash, next) = (stage.tapes[0].verify().hash, stage.tapes[0].next_run());
    assert_eq!((next.tick, next.checkpoint.is_some()), (332, true));
    let again = stage.add(next);
    assert_eq!(stage.tapes[again].world().hash(), hash);
    stage.run_until(ms(20_000));
    assert!(matches!(stage.tapes[again].end, Some(End::Fault { tick: 333, .. })));
    assert_eq!(stage.tapes[again].tick, 332, "at the same tick it is at the same tick");
}

#[test]
fn a_match_that_is_over_hands_over_every_tick_and_its_outcome() {
    let mut stage = Stage::default();
    stage.add(new_run(&Settings { ends_at: 77, ..Settings::default() }, 0, 2));
    stage.run_until(ms(10_000));
    let Some(End::Over(finished)) = &stage.tapes[0].end else { panic!("it is not over") };
    assert_eq!((finished.ticks, finished.outcome.standings.len()), (77, 2));
    assert_eq!(stage.tapes[0].verify().ticks, 77);
    assert_eq!(stage.worker.due(), None);
}

#[test]
fn a_match_that_is_told_to_ends_as_it_stands() {
    let mut stage = Stage::default();
    let concluded = stage.add(new_run(&Settings::default(), 0, 2));
    let stopped = stage.add(new_run(&Settings::default(), 0, 2));
    stage.run_until(ms(500));
    stage.tapes[concluded].reins.conclude();
    stage.tapes[stopped].reins.stop();
    stage.run_until(ms(1_000));
    assert!(matches!(&stage.tapes[concluded].end, Some(End::Over(f)) if f.ticks == 27));
    assert!(matches!(&stage.tapes[stopped].end, Some(End::Stopped)));
    for tape in &stage.tapes {
        assert_eq!(tape.verify().ticks, tape.hall.tick(), "nothing that was played is lost");
    }
}
