//! Round robin by the circle method, in the order and with the sides of the Berger tables: one player keeps
//! their place, the others turn by half of the circle from round to round. Who goes first changes as evenly as
//! can be.

use super::{Side, Sides};

/// The rounds of `field` players, everybody against everybody else once. Of an odd number one rests in each
/// round.
#[must_use]
pub fn rounds(field: u16) -> Vec<Vec<Sides>> {
    let even = field.max(2).next_multiple_of(2);
    (0..even - 1).map(|round| pairs(round, even, field)).collect()
}

/// The pairs of `round`, from 0, of `even` places of which `field` are taken.
fn pairs(round: u16, even: u16, field: u16) -> Vec<Sides> {
    let turning = even - 1;
    // The last place stays; opposite of it is where the circle has been turned to.
    let (last, opposite) = (even - 1, (round * (even / 2)) % turning);
    let fixed = if round.is_multiple_of(2) { [opposite, last] } else { [last, opposite] };
    let others = (1..even / 2).map(|step| {
        let (ahead, behind) = (opposite + step, opposite + turning - step);
        [ahead % turning, behind % turning]
    });
    let present = |pair: &[u16; 2]| pair.iter().all(|no| *no < field);
    let all = std::iter::once(fixed).chain(others).filter(present);
    all.map(|pair| pair.map(Side::Player)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn numbers(field: u16) -> Vec<Vec<(u16, u16)>> {
        let pair = |sides: Sides| (sides[0].player().unwrap() + 1, sides[1].player().unwrap() + 1);
        rounds(field).into_iter().map(|round| round.into_iter().map(pair).collect()).collect()
    }

    #[test]
    fn the_tables_are_bergers() {
        assert_eq!(numbers(4), [[(1, 4), (2, 3)], [(4, 3), (1, 2)], [(2, 4), (3, 1)]]);
        let six = numbers(6);
        assert_eq!(six[0], [(1, 6), (2, 5), (3, 4)]);
        assert_eq!(six[1], [(6, 4), (5, 3), (1, 2)]);
        assert_eq!(six[2], [(2, 6), (3, 1), (4, 5)]);
        assert_eq!(six[3], [(6, 5), (1, 4), (2, 3)]);
        assert_eq!(six[4], [(3, 6), (4, 2), (5, 1)]);
    }

    #[test]
    fn everybody_meets_everybody_once_and_nobody_plays_twice_in_a_round() {
        for field in 2..=64 {
            let rounds = numbers(field);
            assert_eq!(rounds.len(), usize::from(field - 1 + field % 2));
            let mut met = BTreeSet::new();
            for round in &rounds {
                let busy: BTreeSet<u16> = round.iter().flat_map(|(a, b)| [*a, *b]).collect();
                assert_eq!(busy.len(), round.len() * 2, "of {field}");
                assert!(round.iter().all(|(a, b)| met.insert((*a.min(b), *a.max(b)))));
            }
            assert_eq!(met.len(), usize::from(field) * usize::from(field - 1) / 2);
        }
    }

    #[test]
    fn nobody_goes_first_more_than_once_more_often_than_second() {
        for field in 2..=64_u16 {
            for no in 1..=field {
                let sides = || numbers(field).into_iter().flatten();
                let first = sides().filter(|(a, _)| *a == no).count();
                let second = sides().filter(|(_, b)| *b == no).count();
                assert!(first.abs_diff(second) <= 1, "{no} of {field}: {first} and {second}");
            }
        }
    }
}
