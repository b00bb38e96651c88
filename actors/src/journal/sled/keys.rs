//! The keys of the one tree. Numbers are big-endian, so that keys sort as they count; names end
//! with a zero byte, which no name holds, so that none is a prefix of another.
//!
//! ```text
//! g                                    the store's generation
//! m <shard>                            claim epoch, frames so far, CRC-32C
//! i <room>                             newest record, wake-up time, whether it owes, CRC-32C
//! j <shard> <room> 0 <seq> <chunk>     a frame
//! s <shard> <room> 0 <seq> <chunk>     a snapshot
//! t <due> <room>                       index of due times
//! o <room>                             index of rooms that owe
//! l                                    the name under which all rows were made
//! p <table> 0 <key>                    a row of a list
//! ```

use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{RoomId, Shard};

pub(super) const GENERATION: &[u8] = b"g";

pub(super) const LISTS: &[u8] = b"l";

/// What the keys of all rows start with.
pub(super) const ROWS: &[u8] = b"p";

pub(super) fn shard(shard: Shard) -> Vec<u8> {
    vec![b'm', shard.0]
}

pub(super) fn index(room: &RoomId) -> Vec<u8> {
    [b"i", room.as_str().as_bytes()].concat()
}

pub(super) fn due(at: Timestamp, room: &RoomId) -> Vec<u8> {
    [b"t".as_slice(), &at.ms().to_be_bytes(), room.as_str().as_bytes()].concat()
}

pub(super) fn owes(room: &RoomId) -> Vec<u8> {
    [b"o", room.as_str().as_bytes()].concat()
}

pub(super) fn table(table: &str) -> Vec<u8> {
    [b"p", table.as_bytes(), b"\0"].concat()
}

pub(super) fn row(table_name: &str, key: &str) -> Vec<u8> {
    [table(table_name).as_slice(), key.as_bytes()].concat()
}

/// Which of a room's two series of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Series {
    Frames,
    Snapshots,
}

/// What all records of a series start with.
pub(super) fn records(series: Series, room: &RoomId) -> Vec<u8> {
    let letter = match series {
        Series::Frames => b'j',
        Series::Snapshots => b's',
    };
    [&[letter, room.shard().0], room.as_str().as_bytes(), b"\0"].concat()
}

/// A chunk of a record.
pub(super) fn record(series: Series, room: &RoomId, seq: u64, chunk: u16) -> Vec<u8> {
    [records(series, room).as_slice(), &seq.to_be_bytes(), &chunk.to_be_bytes()].concat()
}

/// The sequence number in a record's key.
pub(super) fn seq(key: &[u8]) -> Option<u64> {
    let tail = key.len().checked_sub(10)?;
    Some(u64::from_be_bytes(key[tail..tail + 8].try_into().ok()?))
}
