//! What every store promises, and what the committer and the embedded store add to it.

mod agree;
mod backup;
mod committer;
mod conformance;
mod crash;
mod prefix;
mod reserve;
mod rewrite;
mod sled;

use playhouse_domain::rows::RowChange;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::RoomId;

use super::{Append, Frame, Index, Journal, Keep, Snapshot};

fn room(name: &str) -> RoomId {
    name.parse().unwrap()
}

/// A frame of 20 bytes under `claim`, with nothing beside it.
fn append(room: &RoomId, claim: u64, seq: u64) -> Append {
    let frame = Frame {
        room: room.clone(),
        claim,
        seq,
        schema: 1,
        at: Timestamp::from_ms(1000 + seq),
        payload: format!("{room} {seq:08}").into_bytes(),
    };
    Append { frame, before: Index::default(), after: Index::default(), rows: Vec::new() }
}

fn snapshot(room: &RoomId, seq: u64) -> Snapshot {
    Snapshot {
        room: room.clone(),
        seq,
        schema: 1,
        at: Timestamp::from_ms(1000 + seq),
        payload: format!("state of {room} at {seq}").into_bytes(),
    }
}

/// Claims the room's shard and writes its records `seqs`, each in a batch of its own.
fn fill(journal: &dyn Journal, room: &RoomId, seqs: std::ops::RangeInclusive<u64>) -> u64 {
    let claim = journal.claim(room.shard()).unwrap();
    for seq in seqs {
        journal.append(&[append(room, claim, seq)]).unwrap();
    }
    claim
}

fn row(table: &str, key: &str, value: &str) -> RowChange {
    RowChange { table: table.into(), key: key.into(), value: Some(value.into()) }
}

/// The sequences of what is rebuilt: the snapshot's, then the frames'.
fn rebuilt(journal: &dyn Journal, room: &RoomId) -> (Option<u64>, Vec<u64>) {
    let stored = journal.load(room).unwrap();
    let frames = stored.frames.iter().map(|frame| frame.seq).collect();
    (stored.snapshot.map(|snapshot| snapshot.seq), frames)
}
