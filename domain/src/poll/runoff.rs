//! Ranked polls: one winner by instant run-off.
//!
//! The rules are those that the United Kingdom's Parliamentary Voting System and Constituencies Act
//! 2011 wrote for the alternative vote (section 9; schedule 10, paragraph 7 for ties). In short:
//!
//! 1. Each ballot counts for the option that it ranks highest among those still in; a ballot that
//!    ranks none of them is exhausted.
//! 2. An option with more ballots than all others together wins.
//! 3. Otherwise the one with the fewest goes out, and the count begins anew.
//! 4. Of several with the fewest, that one goes out which had the fewest in the first round in which
//!    they differed; if they never did, a lot decides.
//!
//! The Act has a returning officer draw the lot; here it follows from the hash of the last vote, so
//! that anybody can draw it again and nobody could know it before.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::chain::Hash;

/// How a ranked poll came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runoff {
    /// The rounds, in order.
    pub rounds: Vec<Round>,
    /// The option that won; none if no ballot was cast.
    pub winner: Option<u8>,
}

/// One round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// The ballots of each option; none for those that are out.
    pub counts: Vec<Option<u32>>,
    /// How many ballots rank no option that is still in.
    pub exhausted: u32,
    /// The option that went out; none in the last round.
    pub out: Option<u8>,
    /// How a tie for going out was broken; none if there was none.
    pub tie: Option<Tie>,
}

/// How a tie was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tie {
    /// By an earlier round.
    Earlier,
    /// By lot.
    Lot,
}

/// Equal rankings, and which of their places counts now.
struct Pile<'a> {
    ranking: &'a [u8],
    ballots: u32,
    place: usize,
}

/// Counts `rankings`, each with how many ballots say so, over options 0 to `options`. `head` is the
/// hash of the last record before the count.
pub fn count<'a>(
    rankings: impl Iterator<Item = (&'a [u8], u32)>,
    options: usize,
    head: &Hash,
) -> Runoff {
    let mut piles: Vec<_> =
        rankings.map(|(ranking, ballots)| Pile { ranking, ballots, place: 0 }).collect();
    let mut still_in = vec![true; options];
    let mut rounds: Vec<Round> = Vec::new();
    let mut winner = None;
    while winner.is_none() && still_in.contains(&true) {
        let mut round = counted(&mut piles, &still_in);
        let total: u32 = round.counts.iter().flatten().sum();
        winner = winner_of(&round, total);
        if winner.is_none() && total > 0 {
            let (out, tie) = loser(&rounds, &round, head);
            still_in[usize::from(out)] = false;
            (round.out, round.tie) = (Some(out), tie);
        }
        rounds.push(round);
        if total == 0 {
            break;
        }
    }
    Runoff { rounds, winner }
}

fn counted(piles: &mut [Pile<'_>], still_in: &[bool]) -> Round {
    let mut counts: Vec<Option<u32>> = still_in.iter().map(|still| still.then_some(0)).collect();
    let mut exhausted = 0;
    for pile in piles {
        let out = |option: &u8| !still_in.get(usize::from(*option)).copied().unwrap_or(false);
        while pile.ranking.get(pile.place).is_some_and(out) {
            pile.place += 1;
        }
        match pile.ranking.get(pile.place).and_then(|o| counts[usize::from(*o)].as_mut()) {
            Some(count) => *count += pile.ballots,
            None => exhausted += pile.ballots,
        }
    }
    Round { counts, exhausted, out: None, tie: None }
}

fn winner_of(round: &Round, total: u32) -> Option<u8> {
    let wins = |count: &Option<u32>| count.is_some_and(|count| count > total - count);
    round.counts.iter().position(wins).map(|option| option as u8)
}

/// Who goes out of `round`, and how a tie was broken.
fn loser(earlier: &[Round], round: &Round, head: &Hash) -> (u8, Option<Tie>) {
    let fewest = round.counts.iter().flatten().min().copied();
    let options = (0_u8..).zip(&round.counts);
    let tied = options.filter(|(_, c)| c.is_some() && **c == fewest).map(|(option, _)| option);
    let mut tied: Vec<u8> = tied.collect();
    let many = tied.len() > 1;
    for past in earlier {
        let had = |option: &u8| past.counts[usize::from(*option)];
        let fewest = tied.iter().map(had).min().flatten();
        tied.retain(|option| had(option) == fewest);
    }
    let tie = match (many, tied.len().cmp(&1)) {
        (false, _) => None,
        (true, Ordering::Greater) => Some(Tie::Lot),
        (true, _) => Some(Tie::Earlier),
    };
    let out = tied.into_iter().min_by_key(|option| lot(head, *option));
    (out.expect("a round that goes on has two options at least"), tie)
}

/// What `option` draws; the smallest goes out. SHA-256 of a line each: `playhouse poll lot 1`, the
/// hash before the count in hexadecimal, the option's number from 0.
fn lot(head: &Hash, option: u8) -> [u8; 32] {
    Sha256::digest(format!("playhouse poll lot 1\n{head}\n{option}")).into()
}
