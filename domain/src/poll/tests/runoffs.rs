//! Instant run-offs, against a second count that is as plain as can be.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::chain::Hash;
use super::super::runoff::{Runoff, Tie, count};
use super::super::*;
use super::stage::{Stage, asks, options};

fn counted(ballots: &[&[u8]], options: usize) -> Runoff {
    count(ballots.iter().map(|ballot| (*ballot, 1)), options, &Hash::default())
}

fn outs(runoff: &Runoff) -> Vec<u8> {
    runoff.rounds.iter().filter_map(|round| round.out).collect()
}

#[test]
fn whoever_has_more_than_all_others_together_wins_at_once() {
    let runoff = counted(&[&[1], &[1], &[0]], 3);
    assert_eq!((runoff.winner, runoff.rounds.len()), (Some(1), 1));
    let half = counted(&[&[1, 0], &[1], &[0], &[2, 0]], 3);
    assert_eq!(half.rounds[0].counts, [Some(1), Some(2), Some(1)], "half is not more");
    assert!(half.rounds.len() > 1);
}

#[test]
fn second_preferences_decide_once_the_first_is_out() {
    let ballots: [&[u8]; 9] = [&[0], &[0], &[0], &[0], &[1], &[1], &[1], &[2, 1], &[2, 1]];
    let runoff = counted(&ballots, 3);
    assert_eq!((runoff.winner, outs(&runoff)), (Some(1), vec![2]));
    assert_eq!(runoff.rounds[1].counts, [Some(4), Some(5), None]);
}

#[test]
fn ballots_that_rank_nobody_who_is_left_are_exhausted() {
    let ballots: [&[u8]; 6] = [&[0], &[0], &[1], &[1], &[1], &[2]];
    let runoff = counted(&ballots, 3);
    assert_eq!((runoff.winner, runoff.rounds[1].exhausted), (Some(1), 1));
}

#[test]
fn a_tie_is_broken_by_the_first_round_in_which_they_differed() {
    // After 3 is out, 1 and 2 have 3 each; in the first round 2 had fewer.
    let ballots: [&[u8]; 11] =
        [&[0], &[0], &[0], &[0], &[1], &[1], &[1], &[2], &[2], &[3, 2], &[0, 1]];
    let runoff = counted(&ballots, 4);
    assert_eq!(outs(&runoff), [3, 2]);
    assert_eq!(runoff.rounds[0].tie, None);
    assert_eq!(runoff.rounds[1].tie, Some(Tie::Earlier));
    assert_eq!(runoff.winner, Some(0));
}

#[test]
fn a_lot_decides_what_no_round_does_and_always_the_same() {
    let ballots: [&[u8]; 2] = [&[0], &[1]];
    let winners: BTreeSet<_> = (0..20_u8)
        .map(|n| {
            let draw = || count(ballots.iter().map(|b| (*b, 1)), 2, &Hash([n; 32]));
            assert_eq!(draw(), draw());
            assert_eq!(draw().rounds[0].tie, Some(Tie::Lot));
            draw().winner
        })
        .collect();
    assert_eq!(winners.len(), 2, "either may win");
}

#[test]
fn without_ballots_nobody_wins() {
    let runoff = counted(&[], 3);
    assert_eq!((runoff.winner, runoff.rounds.len()), (None, 1));
}

#[test]
fn a_ranked_poll_shows_first_places_while_it_is_open_and_the_rounds_then() {
    let mut stage = Stage::open(asks(Kind::Ranked));
    for (n, ranking) in [[0, 1, 2], [0, 2, 1], [1, 2, 0], [2, 1, 0], [1, 0, 2]].iter().enumerate() {
        stage.vote(n as u128, options(ranking)).unwrap();
    }
    assert_eq!(stage.counts(), json!([2, 2, 1]));
    let tally = |stage: &Stage| stage.seen(&Audience::Public)["tally"].clone();
    assert!(tally(&stage)["runoff"].is_null());
    stage.run(Command::Close);
    assert_eq!(tally(&stage)["runoff"]["winner"], 1);
    stage.check_replay();
}

/// The same by the book, in sets and from scratch each time: who wins, and who goes out in order.
fn by_the_book(ballots: &[Vec<u8>], options: u8, head: &Hash) -> (Option<u8>, Vec<u8>) {
    let mut remaining: BTreeSet<u8> = (0..options).collect();
    let (mut gone, mut stages): (Vec<u8>, Vec<Vec<usize>>) = (vec![], vec![]);
    loop {
        let prefers = |b: &Vec<u8>| b.iter().copied().find(|o| remaining.contains(o));
        let votes = |o: u8| ballots.iter().filter(|b| prefers(b) == Some(o)).count();
        let stage: Vec<usize> = (0..options).map(votes).collect();
        let all: usize = stage.iter().sum();
        if all == 0 {
            return (None, gone);
        }
        if let Some(winner) = remaining.iter().find(|o| 2 * stage[usize::from(**o)] > all) {
            return (Some(*winner), gone);
        }
        let lot = |o: u8| -> Vec<u8> {
            Sha256::digest(format!("playhouse poll lot 1\n{head}\n{o}")).to_vec()
        };
        let worst = remaining.iter().copied().min_by_key(|o| {
            let at = |stage: &Vec<usize>| stage[usize::from(*o)];
            (at(&stage), stages.iter().map(at).collect::<Vec<_>>(), lot(*o))
        });
        remaining.remove(&worst.unwrap());
        gone.push(worst.unwrap());
        stages.push(stage);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn a_count_is_as_by_the_book(
        options in 2..6_u8,
        lots in prop::collection::vec((any::<u64>(), 1..6_usize), 0..14),
        head: [u8; 32],
    ) {
        let shuffled = |(mut lot, len): (u64, usize)| {
            let mut left: Vec<u8> = (0..options).collect();
            let mut ballot = Vec::new();
            while ballot.len() < len && !left.is_empty() {
                ballot.push(left.remove((lot % left.len() as u64) as usize));
                lot /= 7;
            }
            ballot
        };
        let ballots: Vec<Vec<u8>> = lots.into_iter().map(shuffled).collect();
        let head = Hash(head);
        let runoff =
            count(ballots.iter().map(|b| (&b[..], 1)), usize::from(options), &head);
        prop_assert_eq!((runoff.winner, outs(&runoff)), by_the_book(&ballots, options, &head));
        for round in &runoff.rounds {
            let counted: u32 = round.counts.iter().flatten().sum();
            prop_assert_eq!(counted + round.exhausted, ballots.len() as u32, "no ballot is lost");
        }
    }
}
