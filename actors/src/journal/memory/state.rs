//! What a store in memory holds.

use std::collections::BTreeMap;

use playhouse_domain::rows::RowChange;
use playhouse_protocol::ids::RoomId;

use crate::handle::Position;
use crate::journal::record::{RecordError, decode_frame, encode_frame};
use crate::journal::{Append, Frame, Index, JournalError, Snapshot, Stored};

#[derive(Default, Clone)]
pub(super) struct State {
    pub(super) claims: BTreeMap<u8, (u64, u64)>,
    pub(super) frames: BTreeMap<(RoomId, u64), Vec<u8>>,
    pub(super) snapshots: BTreeMap<(RoomId, u64), Snapshot>,
    pub(super) index: BTreeMap<RoomId, Index>,
    pub(super) newest: BTreeMap<RoomId, u64>,
    pub(super) rows: BTreeMap<(String, String), String>,
    pub(super) lists: Option<String>,
}

impl State {
    /// All of `batch` can be written, or none of it is.
    pub(super) fn check(&self, batch: &[Append]) -> Result<(), JournalError> {
        let mut next: BTreeMap<&RoomId, u64> = BTreeMap::new();
        for Append { frame, .. } in batch {
            let shard = frame.room.shard();
            let (newer, _) = self.claims.get(&shard.0).copied().unwrap_or_default();
            if frame.claim != newer {
                return Err(JournalError::Fenced { shard, newer, own: frame.claim });
            }
            let stored = || self.newest.get(&frame.room).map_or(1, |newest| newest + 1);
            let next = next.entry(&frame.room).or_insert_with(stored);
            if frame.seq != *next {
                let what = format!("the append does not follow on, record {next} is next");
                return Err(damaged(&frame.room, frame.seq, what));
            }
            *next += 1;
        }
        Ok(())
    }

    pub(super) fn take(&mut self, append: &Append) -> Position {
        let Append { frame, after, rows, .. } = append;
        let shard = frame.room.shard();
        let (_, head) = self.claims.entry(shard.0).or_default();
        self.newest.insert(frame.room.clone(), frame.seq);
        *head += 1;
        let seq = *head;
        self.frames.insert((frame.room.clone(), frame.seq), encode_frame(frame));
        self.index.insert(frame.room.clone(), *after);
        self.put(rows);
        Position { shard, seq }
    }

    pub(super) fn put(&mut self, rows: &[RowChange]) {
        for row in rows {
            let key = (row.table.clone(), row.key.clone());
            match &row.value {
                Some(value) => drop(self.rows.insert(key, value.clone())),
                None => drop(self.rows.remove(&key)),
            }
        }
    }

    pub(super) fn frames_from(
        &self,
        room: &RoomId,
        from: u64,
    ) -> impl Iterator<Item = (u64, &Vec<u8>)> {
        let (start, end) = ((room.clone(), from), (room.clone(), u64::MAX));
        self.frames.range(start..=end).map(|((_, seq), bytes)| (*seq, bytes))
    }

    /// What `room` is rebuilt from, without its last record if that is torn, and whether it is.
    pub(super) fn stored(&self, room: &RoomId) -> Result<(Stored, bool), JournalError> {
        let newest = self.newest.get(room).copied().unwrap_or_default();
        let snapshot = self.snapshots_of(room).iter().rev().take(2).next_back().copied().cloned();
        let mut next = snapshot.as_ref().map_or(1, |s| s.seq + 1);
        let mut frames: Vec<Frame> = Vec::new();
        let mut torn = false;
        while next <= newest {
            let Some(bytes) = self.frames.get(&(room.clone(), next)) else {
                return Err(damaged(room, next, "missing"));
            };
            match decode_frame(bytes) {
                Ok(frame) => frames.push(frame),
                Err(RecordError::Length { len, expected }) if len < expected && next == newest => {
                    torn = true;
                }
                Err(error) => return Err(damaged(room, next, error)),
            }
            next += 1;
        }
        let index = self.index.get(room).copied().unwrap_or_default();
        Ok((Stored { snapshot, frames, index, doubt: None }, torn))
    }

    pub(super) fn snapshots_of(&self, room: &RoomId) -> Vec<&Snapshot> {
        let (start, end) = ((room.clone(), 0), (room.clone(), u64::MAX));
        self.snapshots.range(start..=end).map(|(_, snapshot)| snapshot).collect()
    }
}

pub(super) fn damaged(room: &RoomId, seq: u64, what: impl ToString) -> JournalError {
    JournalError::Damaged { room: room.clone(), seq, what: what.to_string() }
}
