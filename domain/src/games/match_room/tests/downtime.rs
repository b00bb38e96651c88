//! What becomes of a match whose server is down, or that nobody plays.

use super::script::check;

#[test]
fn after_a_restart_everybody_is_away_until_they_come_back_and_the_match_goes_on() {
    check(
        "
        0s   ann  come   -> in seat 0 as 1
        0s   bob  come   -> in seat 1 as 2
        0s   ann  ready  -> lobby until 900s
        0s   bob  ready  -> countdown until 3s
        3s   ticker takes up  -> active until 5403s
        4s   ticker plays 8   -> noted
        4s   ticker saves     -> 8 ticks
        5s   ticker plays 8   -> noted
        5s   ticker tells     -> 16 ticks
        6s   ticker plays 8   -> noted
        7s   house restarts   -> noted
        8s   ticker takes up  -> active until 5408s
        8s   wall -> active until 5408s; 0 P1 away ready host; 1 P2 away ready; 3 Bot 1 bot
        9s   ann  resume      -> in seat 0 as 3
        10s  ticker plays 8   -> noted
        10s  ticker tells     -> 24 ticks
        38s  ticker plays 4   -> noted
        38s  ticker tells     -> 28 ticks
        38s  wall -> active until 5408s; 0 P1 here ready host; 3 Bot 1 bot
        39s  ticker plays 4   -> noted
        39s  ticker saves     -> 32 ticks, others play
        40s  ticker ends      -> noted
        40s  wall -> concluded after 32 ticks: 1 P1, 1 Bot 1, - P2
        ",
    )
    .end();
}

#[test]
fn a_restart_in_the_lobby_leaves_nobody_there_who_does_not_come_back() {
    check(
        "
        0s   ann  come       -> in seat 0 as 1
        0s   bob  come       -> in seat 1 as 2
        0s   ann  ready      -> lobby until 900s
        1s   house restarts  -> noted
        2s   bob  resume     -> in seat 1 as 3
        2s   wall            -> lobby until 900s; 0 P1 away host; 1 P2 here; 3 Bot 1 bot
        3s   bob  ready      -> countdown until 6s
        6s   wall            -> active until 5406s; 0 P1 away host; 1 P2 here ready; 3 Bot 1 bot
        6s   ticker takes up -> active until 5406s
        36s  ticker plays 8  -> noted
        36s  ticker tells    -> 8 ticks
        36s  wall            -> active until 5406s; 1 P2 here ready host; 3 Bot 1 bot
        ",
    )
    .end();
}

#[test]
fn after_an_hour_without_a_server_a_match_goes_on_and_everybody_has_the_time_to_come_back() {
    check(
        "
        0s    ann  come   -> in seat 0 as 1
        0s    bob  come   -> in seat 1 as 2
        0s    cid  come   -> in seat 2 as 3
        0s    ann  ready  -> lobby until 900s
        0s    bob  ready  -> lobby until 900s
        0s    cid  ready  -> countdown until 3s
        3s    ticker takes up -> active until 5403s
        4s    ticker plays 8  -> noted
        4s    ticker saves    -> 8 ticks
        5s    ticker plays 8  -> noted
        6s    cid  gone       -> noted
        6s    house restarts  -> noted
        3600s wall -> active until 5403s; 0 P1 here ready host; 1 P2 here ready; 2 P3 away ready; 3 Bot 1 bot
        3600s ticker takes up -> active until 9000s
        3600s wall -> active until 9000s; 0 P1 away ready host; 1 P2 away ready; 2 P3 away ready; 3 Bot 1 bot
        3601s ticker plays 8  -> noted
        3601s ticker tells    -> 16 ticks
        3610s ann  resume     -> in seat 0 as 4
        3629s ticker plays 8  -> noted
        3629s ticker tells    -> 24 ticks
        3629s cid  resume     -> in seat 2 as 5
        3630s ticker plays 8  -> noted
        3630s ticker tells    -> 32 ticks
        3630s wall -> active until 9000s; 0 P1 here ready host; 2 P3 here ready; 3 Bot 1 bot
        3631s ticker plays 8  -> noted
        3631s ticker saves    -> 40 ticks, others play
        3632s ticker ends     -> noted
        3632s wall -> concluded after 40 ticks: 1 P1, 1 P3, 1 Bot 1, - P2
        ",
    )
    .end();
}

#[test]
fn a_match_whose_server_went_down_before_it_was_played_is_played_when_it_is_back() {
    check(
        "
        0s     ann  come       -> in seat 0 as 1
        0s     ann  ready      -> countdown until 3s
        3s     wall            -> active until 5403s; 0 P1 here ready host; 3 Bot 1 bot
        4s     house restarts  -> noted
        80000s ann  resume     -> in seat 0 as 2
        80000s ticker takes up -> active until 85400s
        80001s ticker plays 8  -> noted
        80001s ticker tells    -> 8 ticks
        80001s wall            -> active until 85400s; 0 P1 here ready host; 3 Bot 1 bot
        ",
    )
    .end();
}

#[test]
fn a_match_to_which_nobody_comes_back_once_it_goes_on_is_over() {
    check(
        "
        0s     ann  come       -> in seat 0 as 1
        0s     ann  ready      -> countdown until 3s
        3s     ticker takes up -> active until 5403s
        4s     ticker plays 8  -> noted
        4s     ticker saves    -> 8 ticks
        5s     house restarts  -> noted
        7200s  ticker takes up -> active until 12600s
        7229s  ticker plays 8  -> noted
        7229s  ticker tells    -> 16 ticks
        7230s  ticker plays 8  -> noted
        7230s  ticker tells    -> 24 ticks
        7230s  wall            -> void: Deserted
        ",
    )
    .end();
}

#[test]
fn a_match_that_takes_too_long_is_to_be_concluded_and_one_that_stands_still_for_a_day_is_void() {
    check(
        "
        0s     ann  come         -> in seat 0 as 1
        0s     ann  ready        -> countdown until 3s
        3s     ticker takes up   -> active until 5403s
        5402s  ticker plays 8    -> noted
        5402s  ticker tells      -> 8 ticks
        5403s  ticker plays 8    -> noted
        5403s  ticker tells      -> 16 ticks, conclude
        91802s wall              -> active until 5403s; 0 P1 here ready host; 3 Bot 1 bot
        91803s wall              -> void: Overdue
        ",
    )
    .end();
    check(
        "
        0s     ann  come         -> in seat 0 as 1
        0s     ann  ready        -> countdown until 3s
        4s     ticker gives up   -> noted
        4s     wall              -> void: Unsound
        ",
    )
    .end();
}
