//! The entities of a datagram from the server.
//!
//! What can be said of a slot is settled for each by itself: the entity as the difference to the newest state that
//! the player acknowledged, or to an older one where the newest did not tell of it, or whole; or that the slot is
//! empty. Where there is room for all, an entity that is as its baseline leads to expect needs no word.
//!
//! The section is a bit that is set where there was *no* room for all, a count (10 bits) and that many slots, lowest
//! first: the gap to the one before, a [`Mark`] and what follows from it.

use super::bits::BitWriter;
use super::cache::Cache;
use super::knowledge::{Covered, Knowledge};
use super::packet::{COUNT_BITS, Mark, write_gap};
use super::pick::{Candidate, What};
use super::set::EntitySet;
use super::table::{Ring, Table};

/// How many bits come before the entities: whether there was room for all, and how many there are.
pub(super) const HEAD_BITS: u32 = 1 + COUNT_BITS;

/// What one player sees of a tick, and knows.
pub(super) struct Sight<'a> {
    pub ring: &'a Ring,
    /// The tick.
    pub table: &'a Table,
    /// The newest tick that the player acknowledged, if the ring holds it.
    pub base: Option<u32>,
    pub visible: &'a EntitySet,
    pub known: &'a Knowledge,
    /// For how many ticks an acknowledgement may be on its way.
    pub wait: u32,
}

impl Sight<'_> {
    /// What could be said of each slot that the player sees or may still have, lowest first.
    pub(super) fn collect(&self, cache: &mut Cache, candidates: &mut Vec<Candidate>) {
        candidates.clear();
        let shown = self.visible.intersection(self.table.present());
        for slot in shown.union(self.known.held()).iter() {
            let what = if shown.contains(slot) { self.tell(cache, slot) } else { Some(What::Gone) };
            candidates.extend(what.map(|what| Candidate::new(slot, what)));
        }
    }

    fn tell(&self, cache: &mut Cache, slot: u16) -> Option<What> {
        let own = self.known.base(slot);
        let base = self.ring.get(own).filter(|_| own > 0);
        match base.and_then(|base| cache.against(self.table, base, slot)) {
            Some(encoded) if self.base == Some(own) => Some(What::Delta(encoded)),
            Some(encoded) => Some(What::OwnDelta(encoded, (self.table.tick() - own) as u8)),
            None if self.is_awaited(slot) => Some(What::Untold),
            None => cache.whole(self.table, slot).map(What::New),
        }
    }

    /// True if the entity was told whole just now and its acknowledgement may still come. Where nothing is
    /// acknowledged nothing is waited for.
    fn is_awaited(&self, slot: u16) -> bool {
        let generation = self.table.get(slot).map_or(0, |entity| entity.generation);
        let tick = self.table.tick();
        self.base.is_some() && self.known.is_awaited(slot, generation, tick, self.wait)
    }
}

/// Writes what is said of each slot that is `told`.
pub(super) fn write(
    writer: &mut BitWriter<'_>,
    cache: &Cache,
    candidates: &[Candidate],
    (partial, told): (bool, &EntitySet),
) {
    writer.flag(partial);
    writer.write(told.len() as u64, COUNT_BITS);
    let mut next = 0;
    for candidate in candidates.iter().filter(|candidate| told.contains(candidate.slot)) {
        write_gap(writer, candidate.slot - next);
        next = candidate.slot + 1;
        let (mark, encoded) = match candidate.what {
            What::Delta(encoded) => (Mark::Delta, Some(encoded)),
            What::OwnDelta(encoded, age) => (Mark::OwnDelta(age), Some(encoded)),
            What::New(encoded) => (Mark::New, Some(encoded)),
            What::Gone => (Mark::Gone, None),
            What::Untold => (Mark::Untold, None),
        };
        mark.write(writer);
        if let Some(encoded) = encoded {
            writer.copy(cache.bytes(encoded), encoded.bits.into());
        }
    }
}

/// The slots whose state a datagram tells, of which `told` are mentioned.
pub(super) fn covered(candidates: &[Candidate], partial: bool, told: &EntitySet) -> Covered {
    let mut covered = Covered::default();
    for candidate in candidates {
        let (slot, told) = (candidate.slot, told.contains(candidate.slot));
        match candidate.what {
            What::Gone if told => covered.gone.insert(slot),
            What::Gone | What::Untold => {}
            _ if partial && !told => {}
            What::New(_) => {
                covered.shown.insert(slot);
                covered.whole.insert(slot);
            }
            // What is not mentioned where there was room for all is as expected, and thereby told.
            What::Delta(_) | What::OwnDelta(..) => covered.shown.insert(slot),
        }
    }
    covered
}
