//! Regions by number, so that many tickets are compared at once.

use serde::{Deserialize, Serialize};

use super::bounds::LATENCY_SPARE;
use super::ticket::Region;

/// How many regions the waiting tickets of one game may name. 15: a set of them is a 16-bit word, whose last
/// bit stands for anywhere; no house has more.
pub const REGIONS_MAX: usize = 15;

/// No way there is known.
const NONE: u16 = u16::MAX;

/// The regions that waiting tickets name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Regions(Vec<Named>);

/// A region, and how many waiting tickets name it. One that nobody names makes room for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    name: String,
    used: u32,
}

/// How far a ticket is from each region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ways {
    ms: [u16; REGIONS_MAX],
    nearest: u16,
}

impl Ways {
    /// The regions that are near enough where the way may take `limit` ms, as bits. A ticket that named
    /// none can be reached anywhere.
    pub(super) fn within(&self, limit: u16) -> u16 {
        if self.nearest == NONE {
            return u16::MAX;
        }
        let limit = limit.max(self.nearest.saturating_add(LATENCY_SPARE).min(NONE - 1));
        self.ms.iter().enumerate().fold(0, |bits, (n, ms)| bits | (u16::from(*ms <= limit) << n))
    }
}

impl Regions {
    fn number(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|named| named.used > 0 && named.name == name)
    }

    /// True if there is room for all of `regions`.
    pub(super) fn have_room_for(&self, regions: &[Region]) -> bool {
        let new = regions.iter().filter(|region| self.number(&region.name).is_none()).count();
        self.0.iter().filter(|named| named.used > 0).count() + new <= REGIONS_MAX
    }

    /// A ticket that names `regions` waits.
    pub(super) fn take(&mut self, regions: &[Region]) {
        for Region { name, .. } in regions {
            let free = || self.0.iter().position(|named| named.used == 0);
            match self.number(name).or_else(free) {
                Some(n) if self.0[n].used > 0 => self.0[n].used += 1,
                Some(n) => self.0[n] = Named { name: name.clone(), used: 1 },
                None => self.0.push(Named { name: name.clone(), used: 1 }),
            }
        }
    }

    /// A ticket that names `regions` waits no more.
    pub(super) fn give_back(&mut self, regions: &[Region]) {
        for region in regions {
            if let Some(n) = self.number(&region.name) {
                self.0[n].used -= 1;
            }
        }
    }

    pub(super) fn ways(&self, regions: &[Region]) -> Ways {
        let mut ways = Ways { ms: [NONE; REGIONS_MAX], nearest: NONE };
        for Region { name, ms } in regions {
            let Some(n) = self.number(name).filter(|n| *n < REGIONS_MAX) else { continue };
            ways.ms[n] = *ms;
            ways.nearest = ways.nearest.min(*ms);
        }
        ways
    }

    /// The bit of `name`; every bit if there is no name.
    pub(super) fn bits(&self, name: Option<&str>) -> u16 {
        name.map_or(u16::MAX, |name| self.number(name).map_or(0, |n| 1 << n))
    }

    /// Of the regions `bits` the one whose longest way is the shortest for all of `ways`. None if nobody
    /// named any.
    pub(super) fn nearest<'a>(
        &self,
        bits: u16,
        ways: impl Iterator<Item = &'a Ways> + Clone,
    ) -> Option<String> {
        let named = ways.filter(|ways| ways.nearest != NONE);
        let longest = |n: &usize| named.clone().map(|ways| ways.ms[*n]).max();
        let all = (0..self.0.len()).filter(|n| bits & (1 << n) != 0);
        let best = all.filter_map(|n| Some((longest(&n)?, n))).min()?;
        self.0.get(best.1).map(|named| named.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(name: &str, ms: u16) -> Region {
        Region { name: name.into(), ms }
    }

    #[test]
    fn a_region_that_nobody_names_makes_room() {
        let mut regions = Regions::default();
        let one = |n: usize| [near(&format!("r{n}"), 10)];
        (0..REGIONS_MAX).for_each(|n| regions.take(&one(n)));
        assert!(!regions.have_room_for(&one(99)) && regions.have_room_for(&one(3)));
        regions.give_back(&one(3));
        assert!(regions.have_room_for(&one(99)));
        regions.take(&one(99));
        assert_eq!(regions.bits(Some("r99")), 1 << 3);
        assert_eq!(regions.bits(Some("r3")), 0);
    }

    #[test]
    fn the_nearest_region_is_always_near_enough() {
        let mut regions = Regions::default();
        let far = [near("a", 300), near("b", 310), near("c", 400)];
        regions.take(&far);
        assert_eq!(regions.ways(&far).within(60), 0b011);
        assert_eq!(regions.ways(&far).within(400), 0b111);
        assert_eq!(regions.ways(&[]).within(60), u16::MAX, "anywhere");
    }

    #[test]
    fn a_match_is_where_the_longest_way_is_the_shortest() {
        let mut regions = Regions::default();
        let (ann, bob) = ([near("a", 10), near("b", 40)], [near("a", 90), near("b", 50)]);
        regions.take(&ann);
        let all = [regions.ways(&ann), regions.ways(&bob), regions.ways(&[])];
        assert_eq!(regions.nearest(0b11, all.iter()).as_deref(), Some("b"));
        assert_eq!(regions.nearest(0b01, all.iter()).as_deref(), Some("a"));
        assert_eq!(regions.nearest(u16::MAX, all[2..].iter()), None);
    }
}
