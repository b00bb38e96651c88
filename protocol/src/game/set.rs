//! A set of entities.

use crate::limits::ENTITIES_MAX;

const WORDS: usize = ENTITIES_MAX / 64;

/// A set of slots below [`ENTITIES_MAX`], one bit each. What lies beyond is never in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntitySet {
    words: [u64; WORDS],
}

impl Default for EntitySet {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl EntitySet {
    /// No entity.
    pub const EMPTY: Self = Self { words: [0; WORDS] };

    /// Every slot below `slots`.
    #[must_use]
    pub fn below(slots: u16) -> Self {
        let mut set = Self::EMPTY;
        for (at, word) in set.words.iter_mut().enumerate() {
            let bits = usize::from(slots).saturating_sub(at * 64);
            *word = if bits >= 64 { u64::MAX } else { (1 << bits) - 1 };
        }
        set
    }

    /// Puts `slot` in.
    pub fn insert(&mut self, slot: u16) {
        if let Some(word) = self.words.get_mut(usize::from(slot / 64)) {
            *word |= 1 << (slot % 64);
        }
    }

    /// Takes `slot` out.
    pub fn remove(&mut self, slot: u16) {
        if let Some(word) = self.words.get_mut(usize::from(slot / 64)) {
            *word &= !(1 << (slot % 64));
        }
    }

    /// True if `slot` is in it.
    #[must_use]
    pub fn contains(&self, slot: u16) -> bool {
        self.words.get(usize::from(slot / 64)).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.words = [0; WORDS];
    }

    /// How many are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// True if none is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// What is in this, in `other`, or in both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.with(other, |a, b| a | b)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & b)
    }

    /// What is in this and not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & !b)
    }

    fn with(&self, other: &Self, of: impl Fn(u64, u64) -> u64) -> Self {
        let mut words = self.words;
        for (word, other) in words.iter_mut().zip(&other.words) {
            *word = of(*word, *other);
        }
        Self { words }
    }

    /// Every slot in it, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| Bits { rest: *word, base: at * 64 })
    }

    /// The next slot in it above `slot`.
    #[must_use]
    pub fn after(&self, slot: u16) -> Option<u16> {
        let from = usize::from(slot) + 1;
        let mut at = from / 64;
        let mut word = self.words.get(at)? & (u64::MAX << (from % 64));
        while word == 0 {
            at += 1;
            word = *self.words.get(at)?;
        }
        Some(at as u16 * 64 + word.trailing_zeros() as u16)
    }

    /// The next slot in it below `slot`.
    #[must_use]
    pub fn before(&self, slot: u16) -> Option<u16> {
        let slot = usize::from(slot).min(ENTITIES_MAX);
        let mut at = slot / 64;
        let mut word = self.words.get(at).map_or(0, |word| word & ((1 << (slot % 64)) - 1));
        while word == 0 {
            at = at.checked_sub(1)?;
            word = self.words[at];
        }
        Some(at as u16 * 64 + 63 - word.leading_zeros() as u16)
    }
}

/// The bits of one word.
struct Bits {
    rest: u64,
    base: usize,
}

impl Iterator for Bits {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.rest == 0 {
            return None;
        }
        let bit = self.rest.trailing_zeros();
        self.rest &= self.rest - 1;
        Some((self.base + bit as usize) as u16)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_was_put_in_and_knows_the_neighbours(
            slots in proptest::collection::btree_set(0..ENTITIES_MAX as u16, 0..40),
            at in 0..ENTITIES_MAX as u16,
        ) {
            let mut set = EntitySet::EMPTY;
            for slot in &slots {
                set.insert(*slot);
            }
            prop_assert_eq!(set.iter().collect::<BTreeSet<_>>(), slots.clone());
            prop_assert_eq!(set.len(), slots.len());
            prop_assert_eq!(set.after(at), slots.range(at + 1..).next().copied());
            prop_assert_eq!(set.before(at), slots.range(..at).next_back().copied());
        }
    }

    #[test]
    fn every_slot_below_a_number_is_just_that() {
        for slots in [0, 1, 63, 64, 65, 1023, 1024] {
            assert!(EntitySet::below(slots).iter().eq(0..slots), "{slots}");
        }
    }

    #[test]
    fn a_slot_past_the_end_is_never_in_it() {
        let mut set = EntitySet::below(u16::MAX);
        set.insert(u16::MAX);
        assert_eq!(set.len(), ENTITIES_MAX);
        assert!(!set.contains(u16::MAX));
        assert_eq!(set.after(u16::MAX), None);
        assert_eq!(set.before(u16::MAX), Some(ENTITIES_MAX as u16 - 1));
    }
}
