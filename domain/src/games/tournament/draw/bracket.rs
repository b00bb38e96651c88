//! Single elimination: a tree of pairings, drawn so that the best two can meet in the final alone, the best
//! four in the semifinals at the earliest, and so on. Where the field is no power of two, the best have a bye
//! in the first round.
//!
//! Pairings are numbered by round, from the first round's top down; the pairing for the third place is last.

use super::{Side, Sides};

/// How many leaves the tree of `field` players has: the next power of two, 2 at least.
#[must_use]
pub fn size(field: u16) -> u16 {
    field.max(2).next_power_of_two()
}

/// How many rounds it takes.
#[must_use]
pub fn rounds(field: u16) -> u16 {
    size(field).trailing_zeros() as u16
}

/// The players by their place in the tree, from the top down: 1 8 4 5 2 7 3 6 of eight, but from 0. Each
/// round of the tree pairs the best with the last of those who are left if the better always win.
#[must_use]
pub fn order(size: u16) -> Vec<u16> {
    let mut order = vec![0];
    while order.len() < usize::from(size) {
        let last = order.len() as u16 * 2 - 1;
        order = order.into_iter().flat_map(|no| [no, last - no]).collect();
    }
    order
}

/// The first round of `field` players.
#[must_use]
pub fn first_round(field: u16) -> Vec<Sides> {
    let side = |no: &u16| if *no < field { Side::Player(*no) } else { Side::Nobody };
    order(size(field)).chunks(2).map(|pair| [side(&pair[0]), side(&pair[1])]).collect()
}

/// The number of the first pairing of `round`, from 1.
#[must_use]
pub fn first_of(size: u16, round: u16) -> u16 {
    size - (size >> (round - 1))
}

/// Where whoever wins pairing `no` of `round` goes: the pairing and the side there. None from the final.
#[must_use]
pub fn winner_goes(size: u16, round: u16, no: u16) -> Option<(u16, usize)> {
    if size >> round < 1 || round >= size.trailing_zeros() as u16 {
        return None;
    }
    let place = no - first_of(size, round);
    Some((first_of(size, round + 1) + place / 2, usize::from(place % 2)))
}

/// Where whoever loses pairing `no` of `round` goes, if the third place is played for. None but from the
/// semifinals.
#[must_use]
pub fn loser_goes(size: u16, round: u16, no: u16) -> Option<(u16, usize)> {
    let is_semifinal = size >= 4 && round + 1 == size.trailing_zeros() as u16;
    is_semifinal.then(|| (size - 1, usize::from(no - first_of(size, round))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bracket_is_drawn_as_everybody_knows_it() {
        assert_eq!(order(2), [0, 1]);
        assert_eq!(order(4), [0, 3, 1, 2]);
        assert_eq!(order(8), [0, 7, 3, 4, 1, 6, 2, 5]);
        let seeds: Vec<u16> = order(16).into_iter().map(|no| no + 1).collect();
        assert_eq!(seeds, [1, 16, 8, 9, 4, 13, 5, 12, 2, 15, 7, 10, 3, 14, 6, 11]);
    }

    #[test]
    fn byes_go_to_the_best_and_nobody_meets_nobody() {
        for field in 2..=256 {
            let round = first_round(field);
            assert_eq!(round.len(), usize::from(size(field) / 2));
            let mut players: Vec<u16> = round.iter().flatten().filter_map(|s| s.player()).collect();
            players.sort_unstable();
            assert!(players.into_iter().eq(0..field), "everybody once, of {field}");
            let mut byes: Vec<u16> = round
                .iter()
                .filter(|sides| sides.contains(&Side::Nobody))
                .map(|sides| sides[0].player().expect("the better of a pair plays"))
                .collect();
            byes.sort_unstable();
            assert!(byes.into_iter().eq(0..size(field) - field), "byes of {field}");
        }
    }

    #[test]
    fn if_the_better_always_win_the_best_meet_as_late_as_can_be() {
        for field in 2..=256 {
            let mut round = order(size(field));
            while round.len() > 1 {
                let left = round.len() as u16;
                round = round.chunks(2).map(|pair| pair[0].min(pair[1])).collect();
                let mut sorted = round.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..left / 2), "the better half of {left} goes on");
            }
        }
    }

    #[test]
    fn every_pairing_but_the_final_leads_to_one_side_of_another() {
        for size in [2_u16, 4, 8, 64, 256] {
            let mut filled = std::collections::BTreeSet::new();
            for round in 1..=size.trailing_zeros() as u16 {
                for no in first_of(size, round)..first_of(size, round) + (size >> round) {
                    let goes = winner_goes(size, round, no);
                    assert_eq!(goes.is_none(), no == size - 2, "{no} of {size}");
                    assert!(goes.is_none_or(|side| filled.insert(side)), "{no} of {size}");
                    let loses = loser_goes(size, round, no);
                    assert!(loses.is_none_or(|side| filled.insert(side)), "{no} of {size}");
                }
            }
            let third = if size >= 4 { 2 } else { 0 };
            assert_eq!(filled.len(), usize::from(size - 2 + third));
        }
    }
}
