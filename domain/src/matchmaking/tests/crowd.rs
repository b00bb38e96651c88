//! Who comes: people and parties with skills and regions, drawn from a seed.

use super::stage::near;
use crate::games::skill::Skill;
use crate::matchmaking::{Member, Region};
use playhouse_protocol::ids::AccountId;
use uuid::Uuid;

/// A generator of chance (SplitMix64).
pub(super) struct Lot(pub(super) u64);

impl Lot {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// 0 to 1.
    pub(super) fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Nearly normal, with mean 0 and deviation 1: twelve even draws.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.part()).sum::<f64>() - 6.0
    }
}

/// The regions, and how far each is from the others' people at least.
const REGIONS: [(&str, [u16; 5]); 5] = [
    ("eu-west", [0, 25, 80, 140, 230]),
    ("eu-north", [25, 0, 95, 155, 210]),
    ("us-east", [80, 95, 0, 60, 170]),
    ("us-west", [140, 155, 60, 0, 110]),
    ("asia", [230, 210, 170, 110, 0]),
];

/// How many people of ten live near each region.
const LIVE: [usize; 10] = [0, 0, 0, 1, 1, 2, 2, 3, 3, 4];

/// Those who come together.
pub(super) struct Comers {
    pub(super) members: Vec<Member>,
    pub(super) regions: Vec<Region>,
}

/// One in four comes with a party, of two up to `party_max`.
pub(super) fn comers(lot: &mut Lot, first: u128, party_max: u16) -> Comers {
    let party = party_max > 1 && lot.below(4) == 0;
    let people = if party { 2 + lot.below(u64::from(party_max.min(5)) - 1) } else { 1 };
    // Friends are alike, but not very.
    let around = 25.0 + 6.0 * lot.normal();
    let member = |n: u64, lot: &mut Lot| {
        let mean = around + if people > 1 { 2.0 * lot.normal() } else { 0.0 };
        // One in ten is new.
        let new = lot.below(10) == 0;
        let skill =
            if new { Skill::default() } else { Skill { mean, deviation: 1.5 + 1.5 * lot.part() } };
        let account = AccountId(Uuid::from_u128(first + u128::from(n)));
        Member { account, name: format!("P{n}"), skill }
    };
    let members = (0..people).map(|n| member(n, lot)).collect();
    let home = LIVE[lot.below(10) as usize];
    let own = 8 + lot.below(35) as u16;
    let far = |(n, (name, _)): (usize, &(&str, _))| near(name, own + REGIONS[home].1[n]);
    let regions = REGIONS.iter().enumerate().map(far).collect();
    Comers { members, regions }
}
