//! Which entities a datagram has room for.
//!
//! Where there is room for all, all are told. Where there is not, each entity that was left out gains its
//! priority, the ones that gained most come first, and what is told starts again from nothing. So an entity of
//! twice the priority is told twice as often, and none is left out for ever.
//!
//! A new entity is told whole, which takes many bits, and cannot be told as a difference before it is acknowledged.
//! So it is told whole in two datagrams, and then not until their acknowledgement is overdue.

use super::cache::Encoded;
use super::packet::gap_bits;
use super::set::EntitySet;

/// What may be said of one slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub slot: u16,
    pub what: What,
    /// How urgent it is.
    gained: u32,
}

/// What is said of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The difference to the datagram's baseline.
    Delta(Encoded),
    /// The difference to another tick, so many ticks ago.
    OwnDelta(Encoded, u8),
    /// All of it.
    New(Encoded),
    /// That it is empty.
    Gone,
    /// That it is not told: it was told whole before, and the acknowledgement may be on its way.
    Untold,
}

impl What {
    /// How many bits say it, without the gap before it.
    pub(super) fn bits(&self) -> u32 {
        match self {
            Self::Delta(encoded) => 1 + u32::from(encoded.bits),
            Self::OwnDelta(encoded, _) => 8 + u32::from(encoded.bits),
            Self::New(encoded) => 3 + u32::from(encoded.bits),
            Self::Gone | Self::Untold => 4,
        }
    }

    /// True if nothing needs to be said where everything else is.
    pub(super) fn is_quiet(&self) -> bool {
        matches!(self, Self::Delta(encoded) if encoded.same)
    }
}

impl Candidate {
    pub(super) fn new(slot: u16, what: What) -> Self {
        Self { slot, what, gained: 0 }
    }
}

/// How much each entity gained since it was last told, for one player.
#[derive(Debug)]
pub(super) struct Gained {
    by_slot: Box<[u32]>,
    /// True if all is 0.
    clear: bool,
}

/// The most entities that one datagram tells of: what its count can say.
pub(super) const TOLD_MAX: usize = 1_023;

impl Gained {
    pub(super) fn new(entities_max: u16) -> Self {
        Self { by_slot: vec![0; entities_max.into()].into(), clear: true }
    }

    /// The slots of all `candidates` (lowest slot first) that something needs to be said of, if that fits
    /// into `room` bits.
    pub(super) fn all(&mut self, candidates: &[Candidate], room: u32) -> Option<EntitySet> {
        let (mut bits, mut next, mut told) = (0, 0, EntitySet::EMPTY);
        for candidate in candidates.iter().filter(|candidate| !candidate.what.is_quiet()) {
            bits += gap_bits(candidate.slot - next) + candidate.what.bits();
            next = candidate.slot + 1;
            told.insert(candidate.slot);
            if bits > room {
                return None;
            }
        }
        if told.len() > TOLD_MAX {
            return None;
        }
        if !self.clear {
            self.by_slot.fill(0);
            self.clear = true;
        }
        Some(told)
    }

    /// The slots of the most urgent `candidates` that fit into `room` bits. Leaves `candidates` in order of
    /// their slots again.
    pub(super) fn some(
        &mut self,
        candidates: &mut [Candidate],
        mut room: u32,
        priority: &dyn Fn(u16) -> u16,
    ) -> EntitySet {
        self.clear = false;
        // What is not mentioned is not told, as it is.
        let is_told = |candidate: &Candidate| candidate.what != What::Untold;
        for candidate in candidates.iter_mut().filter(|candidate| is_told(candidate)) {
            let gained = &mut self.by_slot[usize::from(candidate.slot)];
            let more = match candidate.what {
                What::Gone => u16::MAX,
                _ => priority(candidate.slot).max(1),
            };
            *gained = gained.saturating_add(more.into());
            candidate.gained = *gained;
        }
        candidates.sort_unstable_by_key(|candidate| (u32::MAX - candidate.gained, candidate.slot));
        let (mut told, mut count) = (EntitySet::EMPTY, 0);
        for candidate in candidates.iter().filter(|candidate| is_told(candidate)) {
            let bits = candidate.what.bits() + gap_cost(&told, candidate.slot);
            if bits <= room && count < TOLD_MAX {
                room -= bits;
                count += 1;
                told.insert(candidate.slot);
                self.by_slot[usize::from(candidate.slot)] = 0;
            }
        }
        candidates.sort_unstable_by_key(|candidate| candidate.slot);
        told
    }
}

/// How many bits more the gaps take once `slot` is among `told`; may count a bit too many, never too few.
fn gap_cost(told: &EntitySet, slot: u16) -> u32 {
    let from = told.before(slot).map_or(0, |before| before + 1);
    let before = gap_bits(slot - from);
    match told.after(slot) {
        None => before,
        Some(after) => (before + gap_bits(after - slot - 1)).saturating_sub(gap_bits(after - from)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gaps(told: &EntitySet) -> u32 {
        let (mut bits, mut next) = (0, 0);
        for slot in told.iter() {
            bits += gap_bits(slot - next);
            next = slot + 1;
        }
        bits
    }

    fn gone(slots: impl Iterator<Item = u16>) -> Vec<Candidate> {
        slots.map(|slot| Candidate::new(slot, What::Gone)).collect()
    }

    proptest! {
        #[test]
        fn what_was_picked_fits(
            slots in proptest::collection::btree_set(0_u16..1024, 0..300), room in 0_u32..2_000,
        ) {
            let mut candidates = gone(slots.iter().copied());
            let mut gained = Gained::new(1024);
            let told = gained.some(&mut candidates, room, &|_| 1);
            prop_assert!(gaps(&told) + 4 * told.len() as u32 <= room);
            prop_assert!(candidates.is_sorted_by_key(|candidate| candidate.slot));
            if let Some(all) = gained.all(&candidates, room) {
                prop_assert_eq!(all.len(), slots.len());
                prop_assert!(gaps(&all) + 4 * all.len() as u32 <= room);
            }
        }
    }

    #[test]
    fn twice_the_priority_is_told_twice_as_often_and_none_is_forgotten() {
        let mut gained = Gained::new(100);
        let mut told = [0_u32; 100];
        let encoded = |slot| What::Delta(super::super::cache::Encoded::of_bits(40 + slot % 3));
        for _ in 0..1_000 {
            let mut candidates: Vec<_> =
                (0..100).map(|slot| Candidate::new(slot, encoded(slot))).collect();
            let priority = |slot| if slot < 50 { 200 } else { 100 };
            for slot in gained.some(&mut candidates, 1_000, &priority).iter() {
                told[usize::from(slot)] += 1;
            }
        }
        let (urgent, other) = told.split_at(50);
        let mean = |of: &[u32]| f64::from(of.iter().sum::<u32>()) / 50.0;
        let times = mean(urgent) / mean(other);
        assert!((1.8..2.2).contains(&times), "{times}");
        assert!(told.iter().all(|told| *told > 90), "{told:?}");
    }
}
