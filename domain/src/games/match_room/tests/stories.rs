//! What players live through, each story named after what is promised.

use super::super::*;
use super::script::{check, check_in};
use super::stage::creation;

/// Four seats for people, none for bots.
fn people() -> Creation {
    Creation { bots: 0, ..creation() }
}

#[test]
fn a_match_goes_from_lobby_to_results() {
    check_in(
        people(),
        "
        0s   ann  join      -> seat 0 until 30s
        1s   ann  enter     -> in seat 0 as 1
        2s   bob  come      -> in seat 1 as 2
        3s   ann  ready     -> lobby until 900s
        3s   wall           -> lobby until 900s; 0 P1 here ready host; 1 P2 here
        4s   bob  ready     -> countdown until 7s
        6s   wall           -> countdown until 7s; 0 P1 here ready host; 1 P2 here ready
        7s   wall           -> active until 5407s; 0 P1 here ready host; 1 P2 here ready
        7s   ticker takes up   -> active until 5407s
        7s   ticker plays 1799 -> noted
        20s  ticker tells      -> refused: ticks_too_large
        ",
    )
    .end();
    let stage = check_in(
        Creation { settings: Some(r#"{"map":"open","minutes":1,"frags":1}"#.into()), ..people() },
        "
        0s   ann  come      -> in seat 0 as 1
        0s   bob  come      -> in seat 1 as 2
        1s   ann  ready     -> lobby until 900s
        1s   bob  ready     -> countdown until 4s
        4s   ticker takes up   -> active until 5404s
        5s   ticker plays 30   -> noted
        5s   ticker tells      -> 30 ticks
        6s   ticker plays 20   -> noted
        6s   ticker saves      -> 50 ticks
        7s   ticker ends       -> noted
        ",
    );
    let ending = stage.rules.ending.clone().unwrap();
    let Ending::Concluded { ticks: 50, results } = ending else { panic!("{ending:?}") };
    let names: Vec<_> = results.iter().map(|one| (one.place, one.name.as_str())).collect();
    assert_eq!(names, [(Some(1), "P1"), (Some(1), "P2")], "nobody hit anybody yet");
    stage.end();
}

#[test]
fn the_host_starts_and_those_who_are_not_ready_are_asked_and_lose_their_seats() {
    check_in(
        people(),
        "
        0s   ann  come   -> in seat 0 as 1
        0s   ann  start  -> refused: too_few_players
        1s   bob  come   -> in seat 1 as 2
        1s   cid  come   -> in seat 2 as 3
        2s   bob  start  -> refused: not_the_host
        3s   bob  ready  -> lobby until 900s
        4s   ann  start  -> check until 19s
        5s   ann  start  -> check until 19s
        18s  wall        -> check until 19s; 0 P1 here ready host; 1 P2 here ready; 2 P3 here
        19s  wall        -> countdown until 22s; 0 P1 here ready host; 1 P2 here ready
        22s  wall        -> active until 5422s; 0 P1 here ready host; 1 P2 here ready
        ",
    )
    .end();
}

#[test]
fn a_check_that_everybody_answers_begins_at_once() {
    check_in(
        people(),
        "
        0s   ann  come   -> in seat 0 as 1
        1s   bob  come   -> in seat 1 as 2
        4s   ann  start  -> check until 19s
        6s   bob  ready  -> countdown until 9s
        7s   bob  unready -> lobby until 900s
        8s   bob  ready  -> countdown until 11s
        9s   bob  leave  -> noted
        9s   wall        -> lobby until 900s; 0 P1 here ready host
        ",
    )
    .end();
}

#[test]
fn a_check_that_leaves_too_few_goes_back_to_the_lobby() {
    check_in(
        people(),
        "
        0s   ann  come   -> in seat 0 as 1
        1s   bob  come   -> in seat 1 as 2
        4s   ann  start  -> check until 19s
        19s  wall        -> lobby until 900s; 0 P1 here ready host
        ",
    )
    .end();
}

#[test]
fn a_ticket_is_used_once_and_in_time_and_by_whom_it_is_for() {
    check(
        "
        0s   ann  join     -> seat 0 until 30s
        1s   ann  enter    -> in seat 0 as 1
        1s   ann  reenter  -> refused: ticket_refused
        2s   bob  enter    -> refused: ticket_refused
        3s   bob  join     -> seat 1 until 33s
        33s  bob  enter    -> refused: ticket_refused
        33s  wall          -> lobby until 900s; 0 P1 here host; 3 Bot 1 bot
        40s  ann  join     -> seat 0 until 70s
        70s  ann  enter    -> refused: ticket_expired
        ",
    )
    .end();
}

#[test]
fn who_joins_again_has_the_same_seat_and_the_newest_connection_has_it() {
    check(
        "
        0s   ann  come   -> in seat 0 as 1
        5s   ann  come   -> in seat 0 as 2
        6s   wall        -> lobby until 900s; 0 P1 here host; 3 Bot 1 bot
        7s   ann  gone   -> noted
        7s   wall        -> lobby until 900s; 0 P1 away host; 3 Bot 1 bot
        ",
    )
    .end();
}

#[test]
fn the_end_of_an_older_connection_changes_nothing() {
    let mut stage = check("0s ann come -> in seat 0 as 1");
    stage.come(1).unwrap();
    let revision = stage.revision;
    let gone = Command::Gone { seat: crate::games::Seat(0), entry: 1 };
    assert_eq!(stage.system(gone), Ok(Reply::Noted));
    assert_eq!(stage.revision, revision);
    stage.end();
}

#[test]
fn a_resume_token_brings_back_once_and_the_next_one_replaces_it() {
    check(
        "
        0s   ann  come    -> in seat 0 as 1
        5s   ann  gone    -> noted
        20s  ann  resume  -> in seat 0 as 2
        21s  ann  rewind  -> refused: resume_refused
        22s  ann  resume  -> in seat 0 as 3
        23s  bob  resume  -> refused: resume_refused
        24s  ann  leave   -> noted
        25s  ann  resume  -> refused: match_over
        ",
    )
    .end();
}

#[test]
fn a_seat_is_kept_for_thirty_seconds_and_then_free() {
    check_in(
        people(),
        "
        0s    ann  come    -> in seat 0 as 1
        0s    bob  come    -> in seat 1 as 2
        0s    ann  ready   -> lobby until 900s
        0s    bob  ready   -> countdown until 3s
        3s    ticker takes up -> active until 5403s
        3s    wall         -> active until 5403s; 0 P1 here ready host; 1 P2 here ready
        10s   ann  gone    -> noted
        39s   ticker plays 8 -> noted
        39s   ticker tells -> 8 ticks
        39s   wall         -> active until 5403s; 0 P1 away ready host; 1 P2 here ready
        40s   ticker plays 8 -> noted
        40s   ticker tells -> 16 ticks
        40s   wall         -> active until 5403s; 1 P2 here ready host
        41s   ann  resume  -> refused: resume_refused
        42s   ann  come    -> in seat 0 as 3
        ",
    )
    .end();
}

#[test]
fn when_the_host_leaves_whoever_is_there_for_longest_is_the_host() {
    check(
        "
        0s  bob  come   -> in seat 0 as 1
        1s  cid  come   -> in seat 1 as 2
        2s  ann  come   -> in seat 2 as 3
        3s  bob  gone   -> noted
        4s  ann  leave  -> noted
        5s  wall        -> lobby until 900s; 0 P2 away; 1 P3 here host; 3 Bot 1 bot
        6s  cid  leave  -> noted
        7s  wall        -> lobby until 900s; 0 P2 away host; 3 Bot 1 bot
        33s wall        -> void: Deserted
        ",
    )
    .end();
}

#[test]
fn a_lobby_that_nobody_starts_ends() {
    check(
        "
        0s    ann  come  -> in seat 0 as 1
        899s  wall       -> lobby until 900s; 0 P1 here host; 3 Bot 1 bot
        900s  wall       -> void: NotStarted
        901s  bob  join  -> refused: match_over
        901s  ann  ready -> refused: match_over
        901s  ann  start -> refused: match_over
        901s  ann  leave -> noted
        ",
    )
    .end();
}

#[test]
fn a_full_match_takes_nobody_in_and_a_free_seat_somebody_even_late() {
    check(
        "
        0s   ann  come   -> in seat 0 as 1
        0s   bob  come   -> in seat 1 as 2
        0s   cid  come   -> in seat 2 as 3
        1s   dora join   -> refused: match_full
        2s   ann  start  -> check until 17s
        3s   bob  ready  -> check until 17s
        3s   cid  ready  -> countdown until 6s
        6s   wall -> active until 5406s; 0 P1 here ready host; 1 P2 here ready; 2 P3 here ready; 3 Bot 1 bot
        7s   ticker takes up  -> active until 5406s
        8s   ticker plays 8   -> noted
        8s   ticker tells     -> 8 ticks
        9s   cid  leave  -> noted
        9s   dora come   -> in seat 2 as 4
        10s  ticker plays 8   -> noted
        10s  ticker tells     -> 16 ticks, others play
        11s  ticker plays 8   -> noted
        11s  ticker saves     -> 24 ticks
        12s  ticker ends      -> noted
        12s  wall -> concluded after 24 ticks: 1 P1, 1 P2, 1 P4, 1 Bot 1, - P3
        ",
    )
    .end();
}

#[test]
fn a_match_that_everybody_left_is_over_without_results() {
    check(
        "
        0s   ann  come   -> in seat 0 as 1
        0s   ann  ready  -> countdown until 3s
        4s   ann  leave  -> noted
        4s   wall        -> void: Deserted
        5s   ticker takes up -> refused: match_over
        ",
    )
    .end();
}

#[test]
fn what_fails_twice_at_a_tick_goes_on_without_its_inputs_and_at_the_third_time_is_void() {
    check(
        "
        0s   ann  come         -> in seat 0 as 1
        0s   ann  ready        -> countdown until 3s
        3s   ticker takes up   -> active until 5403s
        3s   ticker plays 8    -> noted
        3s   ticker tells      -> 8 ticks
        4s   ticker fails at 12 -> again
        4s   ticker takes up   -> active until 5403s
        4s   ticker fails at 12 -> withoutinputs
        4s   ticker takes up   -> active until 5403s
        5s   ticker plays 8    -> noted
        5s   ticker tells      -> 16 ticks
        6s   ticker fails at 60 -> again
        6s   ticker takes up   -> active until 5403s
        6s   ticker fails at 61 -> withoutinputs
        6s   ticker takes up   -> active until 5403s
        6s   ticker fails at 61 -> void
        7s   wall              -> void: Faulty
        ",
    )
    .end();
}
