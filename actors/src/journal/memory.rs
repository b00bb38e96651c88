//! A store in memory, for tests and simulation: fails, tears and loses answers on demand.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{RoomId, Shard};

use super::record::{RecordError, decode_frame, encode_frame};
use super::{
    Append, Frame, FramePage, Index, Journal, JournalError, Row, RowQuery, Snapshot, Stored,
};
use crate::handle::Position;

/// What goes wrong with one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written, and the store says so.
    Full,
    /// Nothing is written, and the store does not know.
    Lost,
    /// Everything is written, and the store does not know.
    AnswerLost,
    /// The last frame of the batch is written in part, and the store does not know.
    Torn,
}

#[derive(Default)]
struct State {
    claims: BTreeMap<u8, (u64, u64)>,
    frames: BTreeMap<(RoomId, u64), Vec<u8>>,
    snapshots: BTreeMap<(RoomId, u64), Snapshot>,
    index: BTreeMap<RoomId, Index>,
    rows: BTreeMap<(String, String), String>,
    faults: Vec<Fault>,
    appends: u64,
}

/// A store in memory.
#[derive(Default)]
pub struct MemoryJournal {
    state: Mutex<State>,
}

impl MemoryJournal {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next appends go wrong so, the last of `faults` first.
    pub fn plan(&self, faults: Vec<Fault>) {
        self.state.lock().faults = faults;
    }

    /// How many batches were asked for.
    #[must_use]
    pub fn appends(&self) -> u64 {
        self.state.lock().appends
    }

    /// Changes the stored bytes of a frame.
    pub fn damage(&self, room: &RoomId, seq: u64, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(bytes) = self.state.lock().frames.get_mut(&(room.clone(), seq)) {
            change(bytes);
        }
    }
}

impl State {
    fn take(&mut self, append: &Append) -> Position {
        let Append { frame, after, rows, .. } = append;
        let shard = frame.room.shard();
        let (_, head) = self.claims.entry(shard.0).or_default();
        *head += 1;
        let seq = *head;
        self.frames.insert((frame.room.clone(), frame.seq), encode_frame(frame));
        self.index.insert(frame.room.clone(), *after);
        for row in rows {
            let key = (row.table.clone(), row.key.clone());
            match &row.value {
                Some(value) => drop(self.rows.insert(key, value.clone())),
                None => drop(self.rows.remove(&key)),
            }
        }
        Position { shard, seq }
    }

    fn frames_from(&self, room: &RoomId, from: u64) -> impl Iterator<Item = (u64, &Vec<u8>)> {
        let (start, end) = ((room.clone(), from), (room.clone(), u64::MAX));
        self.frames.range(start..=end).map(|((_, seq), bytes)| (*seq, bytes))
    }

    fn snapshots_of(&self, room: &RoomId) -> Vec<&Snapshot> {
        let (start, end) = ((room.clone(), 0), (room.clone(), u64::MAX));
        self.snapshots.range(start..=end).map(|(_, snapshot)| snapshot).collect()
    }
}

fn unknown() -> JournalError {
    JournalError::Store { doing: "write a batch", source: "as planned".into() }
}

fn damaged(room: &RoomId, seq: u64, what: impl ToString) -> JournalError {
    JournalError::Damaged { room: room.clone(), seq, what: what.to_string() }
}

impl Journal for MemoryJournal {
    fn claim(&self, shard: Shard) -> Result<u64, JournalError> {
        let mut state = self.state.lock();
        let (claim, _) = state.claims.entry(shard.0).or_default();
        *claim += 1;
        Ok(*claim)
    }

    fn append(&self, batch: &[Append]) -> Result<Vec<Position>, JournalError> {
        let mut state = self.state.lock();
        state.appends += 1;
        for append in batch {
            let shard = append.frame.room.shard();
            let (newer, _) = state.claims.get(&shard.0).copied().unwrap_or_default();
            if append.frame.claim != newer {
                return Err(JournalError::Fenced { shard, newer, own: append.frame.claim });
            }
        }
        let fault = state.faults.pop();
        match fault {
            Some(Fault::Full) => {
                return Err(JournalError::DiskFull { free_bytes: 0, min_bytes: 1 });
            }
            Some(Fault::Lost) => return Err(unknown()),
            None | Some(Fault::AnswerLost | Fault::Torn) => {}
        }
        let positions = batch.iter().map(|append| state.take(append)).collect();
        if fault == Some(Fault::Torn)
            && let Some(Append { frame, .. }) = batch.last()
            && let Some(bytes) = state.frames.get_mut(&(frame.room.clone(), frame.seq))
        {
            bytes.truncate(bytes.len() / 2);
        }
        if fault.is_some() { Err(unknown()) } else { Ok(positions) }
    }

    fn load(&self, room: &RoomId) -> Result<Stored, JournalError> {
        let mut state = self.state.lock();
        let snapshots = state.snapshots_of(room);
        let snapshot = snapshots.iter().rev().take(2).next_back().map(|s| (*s).clone());
        let first = snapshot.as_ref().map_or(1, |s| s.seq + 1);
        let mut frames: Vec<Frame> = Vec::new();
        let mut torn = None;
        let last = state.frames_from(room, 0).last().map(|(seq, _)| seq);
        for (next, (seq, bytes)) in (first..).zip(state.frames_from(room, first)) {
            match decode_frame(bytes) {
                Ok(frame) if frame.seq == next => frames.push(frame),
                Ok(frame) => {
                    return Err(damaged(room, next, format!("found record {}", frame.seq)));
                }
                Err(RecordError::Length { len, expected })
                    if len < expected && Some(seq) == last =>
                {
                    torn = Some(seq);
                    break;
                }
                Err(error) => return Err(damaged(room, seq, error)),
            }
        }
        if let Some(seq) = torn {
            state.frames.remove(&(room.clone(), seq));
        }
        let index = state.index.get(room).copied().unwrap_or_default();
        Ok(Stored { snapshot, frames, index })
    }

    fn snapshot(&self, snapshot: &Snapshot, keep_from: u64) -> Result<(), JournalError> {
        let mut state = self.state.lock();
        let room = &snapshot.room;
        state.snapshots.insert((room.clone(), snapshot.seq), snapshot.clone());
        let seqs: Vec<u64> = state.snapshots_of(room).iter().map(|s| s.seq).collect();
        let [.., older, _] = seqs.as_slice() else { return Ok(()) };
        state.snapshots.retain(|(r, seq), _| r != room || seq >= older);
        state.frames.retain(|(r, seq), _| r != room || seq > older || *seq >= keep_from);
        Ok(())
    }

    fn due(&self) -> Result<Vec<(Timestamp, RoomId)>, JournalError> {
        let state = self.state.lock();
        let due: BTreeSet<_> =
            state.index.iter().filter_map(|(room, i)| Some((i.wake_at?, room.clone()))).collect();
        Ok(due.into_iter().collect())
    }

    fn owing(&self) -> Result<Vec<RoomId>, JournalError> {
        let state = self.state.lock();
        Ok(state.index.iter().filter(|(_, i)| i.owes).map(|(room, _)| room.clone()).collect())
    }

    fn rows(&self, query: &RowQuery) -> Result<Vec<Row>, JournalError> {
        let state = self.state.lock();
        let within = |key: &str| {
            let past = match &query.after {
                Some(after) if query.descending => key < after.as_str(),
                Some(after) => key > after.as_str(),
                None => true,
            };
            past && query.before.as_deref().is_none_or(|before| key < before)
        };
        let rows = state
            .rows
            .iter()
            .filter(|((table, key), _)| {
                *table == query.table && key.starts_with(&query.prefix) && within(key)
            })
            .map(|((_, key), value)| Row { key: key.clone(), value: value.clone() });
        Ok(if query.descending {
            rows.rev().take(query.limit).collect()
        } else {
            rows.take(query.limit).collect()
        })
    }

    fn frames(&self, room: &RoomId, from: u64, limit: usize) -> Result<FramePage, JournalError> {
        let state = self.state.lock();
        let mut all = state.frames_from(room, 0).map(|(seq, _)| seq);
        let oldest = all.next();
        let newest = all.last().or(oldest).unwrap_or_default();
        let read =
            |(seq, bytes): (u64, &Vec<u8>)| decode_frame(bytes).map_err(|e| damaged(room, seq, e));
        let frames = state.frames_from(room, from).take(limit).map(read);
        Ok(FramePage { frames: frames.collect::<Result<_, _>>()?, oldest, newest })
    }

    fn rooms(
        &self,
        kind: Option<&str>,
        after: Option<&RoomId>,
        limit: usize,
    ) -> Result<Vec<RoomId>, JournalError> {
        let state = self.state.lock();
        let rooms = state.index.keys().filter(|room| {
            kind.is_none_or(|kind| room.kind() == kind) && after.is_none_or(|after| *room > after)
        });
        Ok(rooms.take(limit).cloned().collect())
    }

    fn generation(&self) -> String {
        "memory".to_owned()
    }
}
