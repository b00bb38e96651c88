//! Who plays on which side.

use crate::games::Shape;

/// How many steps are taken to find the best way to split. 600: every way there is where ten people come alone
/// to two sides of five, and a tenth of a millisecond.
pub(super) const TRIES_MAX: u32 = 600;

/// Those who come together: how many, and the sum of their skills in thousandths of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) people: u16,
    pub(super) strength: i32,
}

/// True if units of these sizes can fill sides without being split, largest first. It may miss a way where
/// there is one; those who come alone fill every gap.
pub(super) fn fit(sizes: &[u16], sides: u16, size: u16) -> bool {
    let mut sizes: Vec<_> = sizes.to_vec();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let mut room = vec![size; usize::from(sides)];
    sizes.iter().all(|people| {
        let side = room.iter_mut().find(|room| **room >= *people);
        side.map(|room| *room -= people).is_some()
    })
}

/// The side of each unit, so that the strongest side is as little ahead of the weakest as can be. None if
/// they do not fill `sides` sides of the shape's size.
pub(super) fn split(shape: Shape, sides: u16, units: &[Unit]) -> Option<Vec<u16>> {
    let mut order: Vec<_> = (0..units.len()).collect();
    // Large and strong ones first: what comes last can still even it out.
    order.sort_by_key(|n| (std::cmp::Reverse((units[*n].people, units[*n].strength)), *n));
    let sides = vec![Side { room: shape.team_size, strength: 0 }; usize::from(sides)];
    let mut split =
        Split { units, order, sides, chosen: vec![0; units.len()], best: None, tries: 0 };
    split.place(0);
    split.best.map(|(_, chosen)| chosen)
}

#[derive(Debug, Clone, Copy)]
struct Side {
    room: u16,
    strength: i64,
}

struct Split<'a> {
    units: &'a [Unit],
    order: Vec<usize>,
    sides: Vec<Side>,
    chosen: Vec<u16>,
    best: Option<(i64, Vec<u16>)>,
    tries: u32,
}

impl Split<'_> {
    fn place(&mut self, at: usize) {
        self.tries += 1;
        if self.tries > TRIES_MAX && self.best.is_some() || self.tries > 4 * TRIES_MAX {
            return;
        }
        let Some(unit) = self.order.get(at).copied() else { return self.ends() };
        let Unit { people, strength } = self.units[unit];
        // The weakest side first, so that the first way is a good one already; of sides that are empty
        // one stands for all.
        let mut sides: Vec<_> = (0..self.sides.len()).collect();
        sides.sort_by_key(|side| (self.sides[*side].strength, *side));
        let mut tried_empty = false;
        for side in sides {
            let Side { room, .. } = self.sides[side];
            let empty = self.sides[side].strength == 0 && !self.chosen_any(side, at);
            if room < people || empty && std::mem::replace(&mut tried_empty, true) {
                continue;
            }
            self.sides[side].room -= people;
            self.sides[side].strength += i64::from(strength);
            self.chosen[unit] = side as u16;
            self.place(at + 1);
            self.sides[side].room += people;
            self.sides[side].strength -= i64::from(strength);
        }
    }

    fn chosen_any(&self, side: usize, before: usize) -> bool {
        self.order[..before].iter().any(|unit| usize::from(self.chosen[*unit]) == side)
    }

    fn ends(&mut self) {
        if self.sides.iter().any(|side| side.room > 0) {
            return;
        }
        let strengths = self.sides.iter().map(|side| side.strength);
        let ahead = strengths.clone().max().unwrap_or(0) - strengths.min().unwrap_or(0);
        if self.best.as_ref().is_none_or(|(best, _)| ahead < *best) {
            self.best = Some((ahead, self.chosen.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: Shape = Shape { teams: 2, team_size: 5, min_teams: 2 };

    fn units(of: &[(u16, i32)]) -> Vec<Unit> {
        of.iter().map(|(people, strength)| Unit { people: *people, strength: *strength }).collect()
    }

    #[test]
    fn parties_stay_whole_and_sides_are_even() {
        let all = units(&[(3, 90), (1, 10), (1, 20), (2, 40), (1, 30), (2, 50)]);
        let sides = split(FIVE, 2, &all).unwrap();
        let sum = |side: u16| {
            let of = all.iter().zip(&sides).filter(|(_, at)| **at == side);
            of.fold((0, 0), |(n, sum), (unit, _)| (n + unit.people, sum + unit.strength))
        };
        assert_eq!((sum(0).0, sum(1).0), (5, 5));
        assert_eq!((sum(0).1 - sum(1).1).abs(), 0, "{sides:?}");
    }

    #[test]
    fn what_cannot_be_whole_is_not_split() {
        assert_eq!(split(FIVE, 2, &units(&[(4, 0), (4, 0), (2, 0)])), None);
        assert!(!fit(&[4, 4, 2], 2, 5) && fit(&[4, 4, 1, 1], 2, 5) && fit(&[2, 2, 2, 1], 2, 5));
    }
}
