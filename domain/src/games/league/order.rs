//! An ordered list that knows ranks: who is at rank N, and at which rank is who.
//!
//! Keys lie in order in chunks of at most [`CHUNK`]. A rank is the lengths of the chunks before it and a
//! binary search: with a million keys some 1,500 additions, which is microseconds. (The idea of sorted
//! lists of lists is that of Grant Jenks, "SortedContainers", 2014.)

/// How many keys a chunk has at most; twice the square root of half a million.
const CHUNK: usize = 1024;

/// Keys in order, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order<K> {
    /// Invariant: none is empty, and both they and the keys in them rise.
    chunks: Vec<Vec<K>>,
    len: usize,
}

impl<K> Default for Order<K> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<K: Ord + Copy> Order<K> {
    /// The keys, which need be in no order.
    pub(super) fn of(mut keys: Vec<K>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        let len = keys.len();
        Self { chunks: keys.chunks(CHUNK / 2).map(<[K]>::to_vec).collect(), len }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds `key`, unless it is there.
    pub(super) fn insert(&mut self, key: K) {
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
        }
        let at = self.chunk_of(&key).min(self.chunks.len() - 1);
        let chunk = &mut self.chunks[at];
        let Err(place) = chunk.binary_search(&key) else { return };
        chunk.insert(place, key);
        self.len += 1;
        if chunk.len() > CHUNK {
            let upper = chunk.split_off(CHUNK / 2);
            self.chunks.insert(at + 1, upper);
        }
    }

    /// Takes `key` out, if it is there.
    pub(super) fn remove(&mut self, key: &K) {
        let at = self.chunk_of(key);
        let Some(chunk) = self.chunks.get_mut(at) else { return };
        let Ok(place) = chunk.binary_search(key) else { return };
        chunk.remove(place);
        self.len -= 1;
        if chunk.is_empty() {
            self.chunks.remove(at);
        }
    }

    /// How many keys are before `key`; none if it is not there.
    pub(super) fn rank(&self, key: &K) -> Option<usize> {
        let is_there = self.chunks.get(self.chunk_of(key))?.binary_search(key).is_ok();
        is_there.then(|| self.before(key))
    }

    /// How many keys are before `key`, whether it is there or not.
    pub(super) fn before(&self, key: &K) -> usize {
        let at = self.chunk_of(key);
        let within = self.chunks.get(at).map_or(0, |chunk| chunk.partition_point(|one| one < key));
        self.chunks[..at].iter().map(Vec::len).sum::<usize>() + within
    }

    /// The keys from rank `from` on.
    pub(super) fn from(&self, from: usize) -> impl Iterator<Item = &K> {
        let mut before = from;
        let mut at = 0;
        while let Some(chunk) = self.chunks.get(at).filter(|chunk| chunk.len() <= before) {
            before -= chunk.len();
            at += 1;
        }
        self.chunks[at..].iter().flatten().skip(before)
    }

    /// The first chunk that ends with `key` or after it.
    fn chunk_of(&self, key: &K) -> usize {
        self.chunks.partition_point(|chunk| chunk.last().is_none_or(|last| last < key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_has_the_order_and_the_ranks_of_a_sorted_set(
            first in proptest::collection::vec(0_u16..4000, 0..3000),
            steps in proptest::collection::vec((any::<bool>(), 0_u16..4000), 0..3000),
        ) {
            let mut set: BTreeSet<u16> = first.iter().copied().collect();
            let mut order = Order::of(first);
            for (adds, key) in steps {
                if adds {
                    set.insert(key);
                    order.insert(key);
                } else {
                    set.remove(&key);
                    order.remove(&key);
                }
            }
            prop_assert_eq!(order.len(), set.len());
            prop_assert!(order.from(0).eq(set.iter()));
            prop_assert!(order.chunks.iter().all(|chunk| (1..=CHUNK).contains(&chunk.len())));
            for (rank, key) in set.iter().enumerate().step_by(7) {
                prop_assert_eq!(order.rank(key), Some(rank));
                prop_assert_eq!(order.from(rank).next(), Some(key));
            }
            prop_assert_eq!(order.rank(&4000), None);
            prop_assert_eq!(order.from(set.len()).next(), None);
        }
    }
}
