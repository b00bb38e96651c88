//! Swiss rounds, after the principles of the Swiss rules of chess (FIDE Handbook C.04.1): no two meet twice;
//! of an odd field one has a bye, which counts as won, and nobody has two; otherwise those meet who have the same
//! points, or nearly the same.
//!
//! A round is drawn from the top of the table down, one group of equal points after the other. Whoever was
//! left over above meets the best of the group that they have not met; the rest is cut in two, and its upper
//! half meets its lower half, in order. Who then has nobody is left over to the next group. Where some of a
//! group could be paired otherwise so that fewer are left over, they are; and where some are left over in the
//! end, all pairs may be changed, until everybody has one. So a legal round is found wherever there is one.
//!
//! There is one for certain up to half as many rounds as there are players, who all stay (Dirac: each may meet at
//! least half of the others). Past that there may be none, and the tournament is over then.

use std::collections::BTreeSet;

use super::{Side, Sides, matching};

/// How somebody stands before a round.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Who it is.
    pub no: u16,
    /// Their points.
    pub points: u16,
    /// Whom they met.
    pub met: BTreeSet<u16>,
    /// True if they had a bye.
    pub had_bye: bool,
    /// How often they went first, less how often they went second.
    pub first: i32,
}

/// The next round of those in `table`, the best first: the pairs, and at last who has the bye. None if no
/// round is legal.
#[must_use]
pub fn round(table: &[Standing]) -> Option<Vec<Sides>> {
    if table.len() < 2 {
        return None;
    }
    if table.len().is_multiple_of(2) {
        return pairs(&table.iter().collect::<Vec<_>>());
    }
    // The bye goes to the last who had none, if all others can be paired then.
    table.iter().rev().filter(|one| !one.had_bye).find_map(|bye| {
        let others: Vec<_> = table.iter().filter(|one| one.no != bye.no).collect();
        let mut pairs = pairs(&others)?;
        pairs.push([Side::Player(bye.no), Side::Nobody]);
        Some(pairs)
    })
}

/// Everybody of `table` in pairs.
fn pairs(table: &[&Standing]) -> Option<Vec<Sides>> {
    let legal = |a: usize, b: usize| !table[a].met.contains(&table[b].no);
    let mut mate = vec![None; table.len()];
    let mut left: Vec<usize> = Vec::new();
    for group in groups(table) {
        pair_group(&left, &group, &mut mate, &legal);
        let pool: Vec<usize> = left.iter().copied().chain(group).collect();
        matching::grow(&pool, &mut mate, &legal);
        left = pool.into_iter().filter(|at| mate[*at].is_none()).collect();
    }
    let all: Vec<usize> = (0..table.len()).collect();
    matching::grow(&all, &mut mate, &legal);
    let pair = |at: usize| mate[at].map(|other| seated(table[at], table[other]));
    let first_of_pair = |at: &usize| mate[*at].is_none_or(|other| *at < other);
    all.into_iter().filter(first_of_pair).map(pair).collect()
}

/// The places in the table of those with equal points, the best first.
fn groups(table: &[&Standing]) -> Vec<Vec<usize>> {
    let places: Vec<usize> = (0..table.len()).collect();
    let same = |a: &usize, b: &usize| table[*a].points == table[*b].points;
    places.chunk_by(same).map(<[usize]>::to_vec).collect()
}

/// Pairs `left`, who come from above, with the best of `group`, and its upper half with its lower half, as far as
/// that goes without looking ahead.
fn pair_group(
    left: &[usize],
    group: &[usize],
    mate: &mut [Option<usize>],
    legal: &impl Fn(usize, usize) -> bool,
) {
    let mut take = |at: usize, among: &[usize]| {
        let free = |other: &&usize| mate[**other].is_none() && legal(at, **other);
        let found = among.iter().find(free).copied();
        if let Some(other) = found {
            (mate[at], mate[other]) = (Some(other), Some(at));
        }
        found
    };
    let mut rest = group.to_vec();
    for at in left {
        if let Some(taken) = take(*at, &rest) {
            rest.retain(|one| *one != taken);
        }
    }
    let (upper, lower) = rest.split_at(rest.len() / 2);
    for (place, at) in upper.iter().enumerate() {
        let (before, from) = lower.split_at(place);
        if take(*at, from).is_none() {
            take(*at, before);
        }
    }
}

/// Who went first less often goes first; else the better one.
fn seated(better: &Standing, worse: &Standing) -> Sides {
    let sides = [Side::Player(better.no), Side::Player(worse.no)];
    if worse.first < better.first { [sides[1], sides[0]] } else { sides }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn field(n: u16) -> Vec<Standing> {
        (0..n).map(|no| Standing { no, ..Standing::default() }).collect()
    }

    /// Takes in a round, in which `result` says how each pair came out.
    fn play(table: &mut [Standing], round: &[Sides], mut result: impl FnMut() -> u8) {
        for sides in round {
            let [Side::Player(a), b] = *sides else { panic!("{sides:?}") };
            let find = |no: u16| table.iter().position(|one| one.no == no).unwrap();
            let a = find(a);
            let Side::Player(b) = b else {
                table[a].had_bye = true;
                table[a].points += 2;
                continue;
            };
            let b = find(b);
            let (a_no, b_no) = (table[a].no, table[b].no);
            assert!(table[a].met.insert(b_no) && table[b].met.insert(a_no), "nobody meets twice");
            table[a].first += 1;
            table[b].first -= 1;
            let (to_a, to_b) = [(2, 0), (0, 2), (1, 1), (0, 0)][usize::from(result() % 4)];
            table[a].points += to_a;
            table[b].points += to_b;
        }
        table.sort_by_key(|one| (std::cmp::Reverse(one.points), one.no));
    }

    fn check(table: &[Standing], round: &[Sides]) {
        let mut busy: Vec<u16> = round.iter().flatten().filter_map(|side| side.player()).collect();
        busy.sort_unstable();
        assert!(busy.into_iter().eq(0..table.len() as u16), "everybody once");
        let byes: Vec<_> = round.iter().filter(|sides| sides[1] == Side::Nobody).collect();
        assert_eq!(byes.len(), table.len() % 2);
        for bye in byes {
            let had = table.iter().find(|one| Some(one.no) == bye[0].player()).unwrap().had_bye;
            assert!(!had, "nobody has two byes");
        }
    }

    #[test]
    fn the_upper_half_meets_the_lower_half_and_the_last_has_the_bye() {
        let numbers = |round: Vec<Sides>| -> Vec<_> {
            round.into_iter().map(|sides| sides.map(Side::player)).collect()
        };
        let first = numbers(round(&field(7)).unwrap());
        assert_eq!(
            first,
            [[Some(0), Some(3)], [Some(1), Some(4)], [Some(2), Some(5)], [Some(6), None]]
        );
        let mut table = field(4);
        let drawn = round(&table).unwrap();
        play(&mut table, &drawn, || 0);
        let second = numbers(round(&table).unwrap());
        assert_eq!(second, [[Some(0), Some(1)], [Some(2), Some(3)]], "winners meet, and losers");
    }

    #[test]
    fn who_went_second_goes_first() {
        let mut table = field(4);
        let drawn = round(&table).unwrap();
        // 0 beats 2, then 3 beats 1: the winners are 0, who went first, and 3, who went second.
        let mut results = [0, 1].into_iter();
        play(&mut table, &drawn, || results.next().unwrap());
        let second = round(&table).unwrap();
        assert_eq!(second[0], [Side::Player(3), Side::Player(0)]);
    }

    /// True if some pairing of `left` is legal, found by trying everything.
    fn exists(left: &[&Standing]) -> bool {
        let Some((first, rest)) = left.split_first() else { return true };
        if left.len() % 2 == 1 {
            return left.iter().filter(|one| !one.had_bye).any(|bye| {
                let others: Vec<_> = left.iter().copied().filter(|one| one.no != bye.no).collect();
                exists(&others)
            });
        }
        rest.iter().filter(|other| !first.met.contains(&other.no)).any(|other| {
            let others: Vec<_> = rest.iter().copied().filter(|one| one.no != other.no).collect();
            exists(&others)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn half_as_many_rounds_as_players_are_always_legal(n in 2..=64_u16, results in prop::collection::vec(0..4_u8, 97)) {
            let mut table = field(n);
            let mut next = results.into_iter().cycle();
            for no in 0..n.div_ceil(2) {
                let drawn = round(&table);
                prop_assert!(drawn.is_some(), "round {} of {}", no + 1, n);
                let drawn = drawn.unwrap();
                check(&table, &drawn);
                play(&mut table, &drawn, || next.next().unwrap());
            }
        }

        #[test]
        fn a_legal_round_is_found_wherever_there_is_one(n in 2..=8_u16, results in prop::collection::vec(0..4_u8, 61)) {
            let mut table = field(n);
            let mut next = results.into_iter().cycle();
            for _ in 0..n + 1 {
                let drawn = round(&table);
                prop_assert_eq!(drawn.is_some(), exists(&table.iter().collect::<Vec<_>>()));
                let Some(drawn) = drawn else { break };
                check(&table, &drawn);
                play(&mut table, &drawn, || next.next().unwrap());
            }
        }

        #[test]
        fn nobody_meets_somebody_far_off_while_others_are_nearer(n in 4..=40_u16, results in prop::collection::vec(0..2_u8, 41)) {
            // Three rounds without a draw or a rest: groups are large enough to be paired within, but for
            // one who floats.
            let n = n.next_multiple_of(8);
            let mut table = field(n);
            let mut next = results.into_iter().cycle();
            for _ in 0..3 {
                let drawn = round(&table).unwrap();
                let points = |side: Side| table.iter().find(|one| Some(one.no) == side.player()).unwrap().points;
                let gaps = drawn.iter().filter(|sides| points(sides[0]) != points(sides[1])).count();
                prop_assert!(n < 16 || gaps == 0, "{gaps} of {n}");
                play(&mut table, &drawn, || next.next().unwrap());
            }
        }
    }
}
