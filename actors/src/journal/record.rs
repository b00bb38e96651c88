//! The bytes of a frame and of a snapshot.
//!
//! Little-endian:
//!
//! ```text
//! offset  size  field
//!      0     4  magic: "PHJF" for a frame, "PHJS" for a snapshot
//!      4     1  format version, 1
//!      5     1  shard
//!      6     2  schema version of the payload
//!      8     8  claim epoch (0 in a snapshot)
//!     16     8  sequence number within the room, from 1
//!     24     8  time, milliseconds since 1970
//!     32     2  length of the room's name
//!     34     4  length of the payload
//!     38     …  the room's name, then the payload
//!      …     4  CRC-32C of everything before it
//! ```

use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{RoomId, Shard};

use super::{Frame, Snapshot};

const FRAME: [u8; 4] = *b"PHJF";
const SNAPSHOT: [u8; 4] = *b"PHJS";
const VERSION: u8 = 1;
const HEAD: usize = 38;
const SUM: usize = 4;

/// Bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The bytes end before the record does, or go on after it.
    #[error("record has {len} bytes where {expected} were announced")]
    Length {
        /// How many there are.
        len: usize,
        /// How many there should be.
        expected: usize,
    },
    /// The bytes are something else.
    #[error("record does not start as one")]
    Magic,
    /// Written by a version that this one cannot read.
    #[error("record has format version {0}, this program reads version {VERSION}")]
    Version(u8),
    /// The bytes were changed since they were written.
    #[error("record has checksum {found:08x} where {expected:08x} was written")]
    Checksum {
        /// The checksum of the bytes.
        found: u32,
        /// The checksum in the record.
        expected: u32,
    },
    /// The room's name is not one, or lies on another shard.
    #[error("record names no room of its shard")]
    Room,
}

struct Head<'a> {
    magic: [u8; 4],
    room: &'a RoomId,
    schema: u16,
    claim: u64,
    seq: u64,
    at: Timestamp,
}

fn encode(head: &Head<'_>, payload: &[u8]) -> Vec<u8> {
    let name = head.room.as_str().as_bytes();
    let name_len = u16::try_from(name.len()).expect("a room id has at most 225 bytes");
    let payload_len = u32::try_from(payload.len()).expect("a payload is far below 4 GiB");
    let mut bytes = Vec::with_capacity(HEAD + name.len() + payload.len() + SUM);
    bytes.extend_from_slice(&head.magic);
    bytes.extend_from_slice(&[VERSION, head.room.shard().0]);
    bytes.extend_from_slice(&head.schema.to_le_bytes());
    bytes.extend_from_slice(&head.claim.to_le_bytes());
    bytes.extend_from_slice(&head.seq.to_le_bytes());
    bytes.extend_from_slice(&head.at.ms().to_le_bytes());
    bytes.extend_from_slice(&name_len.to_le_bytes());
    bytes.extend_from_slice(&payload_len.to_le_bytes());
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("the length was checked")
}

/// The time in the head of a record that starts with `bytes`.
pub(super) fn time_of(bytes: &[u8]) -> Option<Timestamp> {
    let at = bytes.get(24..32)?.try_into().ok()?;
    Some(Timestamp::from_ms(u64::from_le_bytes(at)))
}

/// Reads a record whose checksum covers all of `bytes`. Nothing is allocated by a length that the
/// bytes name before they were found to hold as much.
fn decode(magic: [u8; 4], bytes: &[u8]) -> Result<Frame, RecordError> {
    let len = bytes.len();
    if len < HEAD + SUM {
        return Err(RecordError::Length { len, expected: HEAD + SUM });
    }
    if array(bytes, 0) != magic {
        return Err(RecordError::Magic);
    }
    if bytes[4] != VERSION {
        return Err(RecordError::Version(bytes[4]));
    }
    let name_len = usize::from(u16::from_le_bytes(array(bytes, 32)));
    let payload_len = u32::from_le_bytes(array(bytes, 34)) as usize;
    let expected = HEAD + name_len + payload_len + SUM;
    if len != expected {
        return Err(RecordError::Length { len, expected });
    }
    let expected = u32::from_le_bytes(array(bytes, len - SUM));
    let found = crc32c::crc32c(&bytes[..len - SUM]);
    if found != expected {
        return Err(RecordError::Checksum { found, expected });
    }
    let name = std::str::from_utf8(&bytes[HEAD..HEAD + name_len]).map_err(|_| RecordError::Room)?;
    let room: RoomId = name.parse().map_err(|_| RecordError::Room)?;
    if room.shard() != Shard(bytes[5]) {
        return Err(RecordError::Room);
    }
    Ok(Frame {
        room,
        claim: u64::from_le_bytes(array(bytes, 8)),
        seq: u64::from_le_bytes(array(bytes, 16)),
        schema: u16::from_le_bytes(array(bytes, 6)),
        at: Timestamp::from_ms(u64::from_le_bytes(array(bytes, 24))),
        payload: bytes[HEAD + name_len..len - SUM].to_vec(),
    })
}

/// The bytes of `frame`.
#[must_use]
pub fn encode_frame(frame: &Frame) -> Vec<u8> {
    let Frame { room, claim, seq, schema, at, payload } = frame;
    let head = Head { magic: FRAME, room, schema: *schema, claim: *claim, seq: *seq, at: *at };
    encode(&head, payload)
}

/// Reads a frame.
///
/// # Errors
///
/// [`RecordError`].
pub fn decode_frame(bytes: &[u8]) -> Result<Frame, RecordError> {
    decode(FRAME, bytes)
}

/// The bytes of `snapshot`.
#[must_use]
pub fn encode_snapshot(snapshot: &Snapshot) -> Vec<u8> {
    let Snapshot { room, seq, schema, at, payload } = snapshot;
    let head = Head { magic: SNAPSHOT, room, schema: *schema, claim: 0, seq: *seq, at: *at };
    encode(&head, payload)
}

/// Reads a snapshot.
///
/// # Errors
///
/// [`RecordError`].
pub fn decode_snapshot(bytes: &[u8]) -> Result<Snapshot, RecordError> {
    let Frame { room, seq, schema, at, payload, .. } = decode(SNAPSHOT, bytes)?;
    Ok(Snapshot { room, seq, schema, at, payload })
}

#[cfg(test)]
mod tests {
    use playhouse_protocol::golden::{bytes, hex};
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Frame {
        Frame {
            room: "showing:a".parse().unwrap(),
            claim: 3,
            seq: 7,
            schema: 1,
            at: Timestamp::from_ms(0x0102_0304),
            payload: vec![0xaa, 0xbb],
        }
    }

    /// Stored data depends on these bytes: they never change for format version 1.
    #[test]
    fn the_bytes_of_a_frame_and_of_a_snapshot_stay_as_they_are() {
        let golden = "50484a4601090100030000000000000007000000000000000403020100000000\
                      09000200000073686f77696e673a61aabb08899416";
        assert_eq!(hex(&encode_frame(&sample())), golden);
        assert_eq!(decode_frame(&bytes(golden).unwrap()), Ok(sample()));
        let Frame { room, seq, schema, at, payload, .. } = sample();
        let snapshot = Snapshot { room, seq, schema, at, payload };
        let golden = "50484a5301090100000000000000000007000000000000000403020100000000\
                      09000200000073686f77696e673a61aabb6a84488a";
        assert_eq!(hex(&encode_snapshot(&snapshot)), golden);
        assert_eq!(decode_snapshot(&bytes(golden).unwrap()), Ok(snapshot));
    }

    #[test]
    fn a_record_of_another_version_or_sort_is_named_as_such() {
        let mut bytes = encode_frame(&sample());
        assert_eq!(decode_snapshot(&bytes), Err(RecordError::Magic));
        bytes[4] = 2;
        assert_eq!(decode_frame(&bytes), Err(RecordError::Version(2)));
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_found(bit in 0_usize..(38 + 9 + 2 + 4) * 8) {
            let mut bytes = encode_frame(&sample());
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(decode_frame(&bytes).is_err());
        }

        #[test]
        fn any_cut_is_found(len in 0_usize..38 + 9 + 2 + 4) {
            prop_assert!(decode_frame(&encode_frame(&sample())[..len]).is_err());
        }

        #[test]
        fn bytes_from_outside_never_panic(bytes: Vec<u8>) {
            let _ = decode_frame(&bytes);
            let mut framed = b"PHJF\x01".to_vec();
            framed.extend(bytes);
            let _ = decode_frame(&framed);
        }

        #[test]
        fn what_was_written_is_read_back(frame in frame()) {
            let bytes = encode_frame(&frame);
            prop_assert_eq!(decode_snapshot(&bytes), Err(RecordError::Magic));
            prop_assert_eq!(decode_frame(&bytes), Ok(frame.clone()));
            let Frame { room, seq, schema, at, payload, .. } = frame;
            let snapshot = Snapshot { room, seq, schema, at, payload };
            prop_assert_eq!(decode_snapshot(&encode_snapshot(&snapshot)), Ok(snapshot));
        }

        #[test]
        fn damage_of_any_kind_is_found(
            frame in frame(),
            other in frame(),
            damages in prop::collection::vec(damage(), 1..4),
        ) {
            let whole = encode_frame(&frame);
            let mut bytes = whole.clone();
            damages.iter().for_each(|damage| damage.strike(&mut bytes, &encode_frame(&other)));
            prop_assume!(bytes != whole && bytes != encode_frame(&other));
            prop_assert!(decode_frame(&bytes).is_err(), "{:?} was taken for a frame", damages);
        }

        /// The checksum turns away all that is not meant; this is what stands behind it.
        #[test]
        fn damage_under_a_right_checksum_is_refused_or_a_frame_of_exactly_these_bytes(
            frame in frame(),
            other in frame(),
            damages in prop::collection::vec(damage(), 1..4),
        ) {
            let mut bytes = encode_frame(&frame);
            bytes.truncate(bytes.len() - SUM);
            damages.iter().for_each(|damage| damage.strike(&mut bytes, &encode_frame(&other)));
            bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
            match decode_frame(&bytes) {
                Ok(frame) => {
                    // A time past the last one is read as the last one.
                    bytes[24..32].copy_from_slice(&frame.at.ms().to_le_bytes());
                    let body = bytes.len() - SUM;
                    prop_assert_eq!(&encode_frame(&frame)[..body], &bytes[..body]);
                }
                Err(error) => {
                    let by_the_sum = matches!(error, RecordError::Checksum { .. });
                    prop_assert!(!by_the_sum, "the checksum is right");
                }
            }
        }
    }

    fn frame() -> impl Strategy<Value = Frame> {
        let room =
            ("[a-z]{1,10}", "[a-z0-9-]{1,36}").prop_map(|(kind, key)| format!("{kind}:{key}"));
        let payload = prop::collection::vec(any::<u8>(), 0..300);
        let numbers = (any::<u64>(), any::<u64>(), any::<u16>(), any::<u64>());
        (room, numbers, payload).prop_map(|(room, (claim, seq, schema, at), payload)| {
            let (room, at) = (room.parse().unwrap(), Timestamp::from_ms(at));
            Frame { room, claim, seq, schema, at, payload }
        })
    }

    /// What a disk, or a program with a fault, may do to a record.
    #[derive(Debug, Clone)]
    enum Damage {
        /// A field of the head at an offset becomes another: its length in bytes and its value.
        Field(usize, usize, u64),
        /// A byte becomes another.
        Byte(prop::sample::Index, u8),
        /// The end is missing.
        Cut(prop::sample::Index),
        /// More follows.
        More(Vec<u8>),
        /// A piece is missing from the middle, and the rest moved up.
        Gone(prop::sample::Index, usize),
        /// The rest is another record's, as where two writes meet.
        Splice(prop::sample::Index),
        /// A block was never written.
        Zeroes(prop::sample::Index, usize),
    }

    fn damage() -> impl Strategy<Value = Damage> {
        use Damage::{Byte, Cut, Field, Gone, More, Splice, Zeroes};
        let at = any::<prop::sample::Index>;
        let fields =
            vec![(0, 4), (4, 1), (5, 1), (6, 2), (8, 8), (16, 8), (24, 8), (32, 2), (34, 4)];
        let small = 0..400_u64;
        let value = prop_oneof![small, Just(u64::MAX), Just(u64::MAX - 41), any::<u64>()];
        prop_oneof![
            4 => (prop::sample::select(fields), value).prop_map(|((at, len), v)| Field(at, len, v)),
            2 => (at(), any::<u8>()).prop_map(|(at, byte)| Byte(at, byte)),
            1 => at().prop_map(Cut),
            1 => prop::collection::vec(any::<u8>(), 1..50).prop_map(More),
            1 => (at(), 1..20_usize).prop_map(|(at, n)| Gone(at, n)),
            1 => at().prop_map(Splice),
            1 => (at(), 1..64_usize).prop_map(|(at, n)| Zeroes(at, n)),
        ]
    }

    impl Damage {
        fn strike(&self, bytes: &mut Vec<u8>, other: &[u8]) {
            let len = bytes.len();
            let within = |at: &prop::sample::Index| at.index(len.max(1)).min(len);
            match self {
                Self::Field(at, n, value) if at + n <= len => {
                    bytes[*at..at + n].copy_from_slice(&value.to_le_bytes()[..*n]);
                }
                Self::Byte(at, byte) if len > 0 => bytes[at.index(len)] = *byte,
                Self::Cut(at) => bytes.truncate(within(at)),
                Self::More(more) => bytes.extend(more),
                Self::Gone(at, n) => drop(bytes.drain(within(at)..(within(at) + n).min(len))),
                Self::Splice(at) => {
                    bytes.truncate(within(at));
                    bytes.extend(other.iter().skip(within(at)));
                }
                Self::Zeroes(at, n) => bytes[within(at)..].iter_mut().take(*n).for_each(|b| *b = 0),
                Self::Field(..) | Self::Byte(..) => {}
            }
        }
    }
}
