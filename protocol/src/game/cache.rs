//! Each entity is encoded once for each baseline, however many players are sent it.

use super::bits::BitWriter;
use super::delta;
use super::pick::Candidate;
use super::table::{Ring, Table};
use crate::limits::{ENTITIES_MAX, RING_TICKS};

/// Room for this many encoded bytes is taken at the start. 64 KiB: a hundred players against eight
/// baselines; more is taken if it is ever needed, and kept.
const BYTES_AT_START: usize = 64 * 1024;

/// Memory for the encoded entities of one match at one tick. One for each thread that encodes is enough, whatever the
/// games: [`Cache::begin`] empties it. Its bound is 1,024 entities against 64 baselines.
#[derive(Debug)]
pub struct Cache {
    /// By baseline age (0: nothing is the baseline) and slot.
    entries: Box<[Entry]>,
    /// What `entries` must carry to be of this tick.
    stamp: u32,
    bytes: Vec<u8>,
    /// What one player's datagram might hold; here because it is needed by one player at a time.
    pub(super) candidates: Vec<Candidate>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    stamp: u32,
    encoded: Option<Encoded>,
}

/// One match at its newest tick, which is encoded for one player after the other.
#[derive(Debug)]
pub struct Frame<'a> {
    pub(super) ring: &'a Ring,
    pub(super) cache: &'a mut Cache,
}

/// Where an encoded entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encoded {
    at: u32,
    pub bits: u16,
    /// True if the entity is just as its baseline leads to expect.
    pub same: bool,
}

#[cfg(test)]
impl Encoded {
    /// One of so many bits.
    pub(super) fn of_bits(bits: u16) -> Self {
        Self { at: 0, bits, same: false }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self::new()
    }
}

impl Cache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self {
            entries: vec![Entry::default(); RING_TICKS * ENTITIES_MAX].into(),
            stamp: 0,
            bytes: Vec::with_capacity(BYTES_AT_START),
            candidates: Vec::with_capacity(ENTITIES_MAX),
        }
    }

    /// Empties it, for the newest tick of `ring`.
    pub fn begin<'a>(&'a mut self, ring: &'a Ring) -> Frame<'a> {
        self.bytes.clear();
        self.stamp = self.stamp.wrapping_add(1);
        if self.stamp == 0 {
            self.entries.fill(Entry::default());
            self.stamp = 1;
        }
        Frame { ring, cache: self }
    }

    /// The entity in `slot` of `now` against the one in `base`; none if that is another entity, or none.
    pub(super) fn against(&mut self, now: &Table, base: &Table, slot: u16) -> Option<Encoded> {
        self.look(now, Some(base), slot)
    }

    /// The whole entity in `slot` of `now`; none if there is none.
    pub(super) fn whole(&mut self, now: &Table, slot: u16) -> Option<Encoded> {
        self.look(now, None, slot)
    }

    fn look(&mut self, now: &Table, base: Option<&Table>, slot: u16) -> Option<Encoded> {
        let age = base.map_or(0, |base| now.tick() - base.tick());
        let at = age as usize % RING_TICKS * ENTITIES_MAX + usize::from(slot);
        if self.entries[at].stamp != self.stamp {
            let encoded = self.encode(now, base, slot);
            self.entries[at] = Entry { stamp: self.stamp, encoded };
        }
        self.entries[at].encoded
    }

    fn encode(&mut self, now: &Table, base: Option<&Table>, slot: u16) -> Option<Encoded> {
        let entity = now.get(slot)?;
        let kind = &now.schema().kinds[usize::from(entity.kind)];
        let at = self.bytes.len();
        let mut writer = BitWriter::new(&mut self.bytes);
        let same = match base {
            None => {
                writer.write(entity.kind.into(), now.schema().kind_bits());
                writer.write(entity.generation.into(), 8);
                delta::write_whole(&mut writer, kind, entity.fields);
                false
            }
            Some(base) => {
                let ticks = now.tick() - base.tick();
                let was = base.get(slot).filter(|was| was.is_same(&entity))?;
                delta::write(&mut writer, kind, (was.fields, ticks), entity.fields)
            }
        };
        let bits = writer.bits_since(at) as u16;
        writer.finish();
        Some(Encoded { at: at as u32, bits, same })
    }

    /// The bytes of an entity that was encoded at this tick.
    pub(super) fn bytes(&self, encoded: Encoded) -> &[u8] {
        &self.bytes[encoded.at as usize..]
    }
}
