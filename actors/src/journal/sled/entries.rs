//! What the store keeps beside records: one entry a shard, one a room, each with a checksum.

use playhouse_domain::time::Timestamp;

use crate::journal::Index;

/// A shard's owner and how many frames it has. Rows of lists are written in the same batch as
/// their frames, so this is their cursor as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ShardEntry {
    pub(super) claim: u64,
    pub(super) frames: u64,
}

impl ShardEntry {
    pub(super) fn encode(self) -> Vec<u8> {
        seal([self.claim.to_be_bytes(), self.frames.to_be_bytes()].concat())
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (claim, rest) = unseal(bytes)?.split_first_chunk::<8>()?;
        let frames = rest.try_into().ok()?;
        Some(Self { claim: u64::from_be_bytes(*claim), frames: u64::from_be_bytes(frames) })
    }
}

/// What the store knows of a room without reading its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RoomEntry {
    /// The newest record: a lost end is found, and an append that does not follow on is refused.
    pub(super) newest: u64,
    /// Where the indexes have the room.
    pub(super) index: Index,
}

impl RoomEntry {
    pub(super) fn encode(self) -> Vec<u8> {
        let wake_ms = self.index.wake_at.map_or(u64::MAX, Timestamp::ms);
        let mut bytes = [self.newest.to_be_bytes(), wake_ms.to_be_bytes()].concat();
        bytes.push(u8::from(self.index.owes));
        seal(bytes)
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (newest, rest) = unseal(bytes)?.split_first_chunk::<8>()?;
        let (wake, owes) = rest.split_first_chunk::<8>()?;
        let wake_ms = u64::from_be_bytes(*wake);
        let index = Index {
            wake_at: (wake_ms != u64::MAX).then(|| Timestamp::from_ms(wake_ms)),
            owes: *owes == [1],
        };
        Some(Self { newest: u64::from_be_bytes(*newest), index })
    }
}

fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&sum.to_be_bytes());
    bytes
}

fn unseal(bytes: &[u8]) -> Option<&[u8]> {
    let (body, sum) = bytes.split_last_chunk::<4>()?;
    (crc32c::crc32c(body) == u32::from_be_bytes(*sum)).then_some(body)
}

#[cfg(test)]
mod tests {
    use playhouse_protocol::golden::{bytes, hex};

    use super::*;

    #[test]
    fn entries_read_back_and_a_flipped_bit_is_found() {
        let index = Index { wake_at: Some(Timestamp::from_ms(5)), owes: true };
        let room = RoomEntry { newest: 4, index };
        assert_eq!(RoomEntry::decode(&room.encode()), Some(room));
        let shard = ShardEntry { claim: 9, frames: 1 << 40 };
        assert_eq!(ShardEntry::decode(&shard.encode()), Some(shard));
        for bit in 0..shard.encode().len() * 8 {
            let mut bytes = shard.encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(ShardEntry::decode(&bytes), None);
        }
        assert_eq!(RoomEntry::decode(&[]), None);
    }

    #[test]
    fn the_bytes_of_entries_stay_as_they_are() {
        let index = Index { wake_at: Some(Timestamp::from_ms(5)), owes: true };
        let rooms = [
            (RoomEntry { newest: 4, index }, "000000000000000400000000000000050156c3acc6"),
            (
                RoomEntry { newest: 1, index: Index::default() },
                "0000000000000001ffffffffffffffff00ef2cc6da",
            ),
        ];
        for (entry, golden) in rooms {
            assert_eq!(hex(&entry.encode()), golden);
            assert_eq!(RoomEntry::decode(&bytes(golden).unwrap()), Some(entry));
        }
        let shard = ShardEntry { claim: 9, frames: 1 << 40 };
        let golden = "00000000000000090000010000000000e10dd52c";
        assert_eq!(hex(&shard.encode()), golden);
        assert_eq!(ShardEntry::decode(&bytes(golden).unwrap()), Some(shard));
    }
}
