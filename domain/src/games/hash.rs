//! Hashes by which two worlds are told apart: FNV-1a (64 bits) of what the codec writes.

use std::io;

use playhouse_protocol::codec;
use playhouse_protocol::game::{EntitySet, Table};
use serde::Serialize;

struct Fnv(u64);

impl Fnv {
    const START: Self = Self(0xcbf2_9ce4_8422_2325);

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl io::Write for Fnv {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The hash of `value`, as it is stored.
#[must_use]
pub(super) fn of(value: &impl Serialize) -> u64 {
    let mut hash = Fnv::START;
    codec::encode_to(value, &mut hash);
    hash.0
}

/// The hash of what of `table` is in `seen`.
#[must_use]
pub(super) fn of_seen(table: &Table, seen: &EntitySet) -> u64 {
    let mut hash = Fnv::START;
    for (slot, entity) in seen.iter().filter_map(|slot| Some((slot, table.get(slot)?))) {
        hash.bytes(&slot.to_le_bytes());
        hash.bytes(&[entity.kind, entity.generation]);
        entity.fields.iter().for_each(|field| hash.bytes(&field.to_le_bytes()));
    }
    hash.0
}
