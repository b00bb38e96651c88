//! A store in memory, for tests and simulation: fails, stalls, tears, repeats itself and loses
//! answers on demand, and knows what a crash would leave. No clock, no chance but a given seed.

mod fault;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Condvar, Mutex};
use playhouse_domain::bug::{self, Bug};
use playhouse_domain::rows::RowChange;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{RoomId, Shard};

pub use self::fault::Fault;
use self::fault::Trouble;
#[cfg(test)]
pub(crate) use self::fault::draw;
use self::state::{State, damaged};
use super::record::decode_frame;
use super::{
    Append, Frame, FramePage, Index, Journal, JournalError, Keep, Rewrite, Row, RowQuery, Salvage,
    Snapshot, Stored,
};
use crate::handle::Position;

/// A store in memory.
#[derive(Default)]
pub struct MemoryJournal {
    state: Mutex<State>,
    /// Locked before `state` where both are.
    trouble: Mutex<Trouble>,
    stalled: Mutex<bool>,
    resumed: Condvar,
    /// How often what is stored may have changed.
    changes: AtomicU64,
}

impl MemoryJournal {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next appends go wrong so, the last of `faults` first.
    pub fn plan(&self, faults: Vec<Fault>) {
        self.trouble.lock().planned = faults;
    }

    /// Of 1,000 appends about `per_mille` go wrong from now on, the same ones for the same seed.
    pub fn trouble(&self, seed: u64, per_mille: u16) {
        self.trouble.lock().random = Some((per_mille, seed));
    }

    /// Appends block from now on, until [`Self::resume`].
    pub fn stall(&self) {
        *self.stalled.lock() = true;
    }

    /// Ends [`Self::stall`].
    pub fn resume(&self) {
        *self.stalled.lock() = false;
        self.resumed.notify_all();
    }

    /// The machine goes down: what was not synced is gone.
    pub fn crash(&self) {
        self.changed();
        if let Some(synced) = self.trouble.lock().synced.take() {
            *self.state.lock() = synced;
        }
    }

    /// The process goes down and the machine does not: what was written is there for the next one.
    pub fn kill(&self) {
        self.changed();
        self.trouble.lock().synced = None;
    }

    /// True if something can be read that a crash of the machine would forget.
    #[must_use]
    pub fn is_unsynced(&self) -> bool {
        self.trouble.lock().synced.is_some()
    }

    /// The newest record of `room` that a crash of the machine would leave.
    #[must_use]
    pub fn synced(&self, room: &RoomId) -> u64 {
        let (trouble, state) = (self.trouble.lock(), self.state.lock());
        let synced = trouble.synced.as_ref().unwrap_or(&state);
        synced.newest.get(room).copied().unwrap_or_default()
    }

    /// The records of `room` from `from` on that a crash of the machine would leave, up to the first
    /// that cannot be read.
    #[must_use]
    pub fn synced_frames(&self, room: &RoomId, from: u64) -> Vec<Frame> {
        let (trouble, state) = (self.trouble.lock(), self.state.lock());
        let synced = trouble.synced.as_ref().unwrap_or(&state);
        let frames = synced.frames_from(room, from);
        frames.map_while(|(_, bytes)| decode_frame(bytes).ok()).collect()
    }

    /// Reads what a crash of the machine would leave of `room`, with a doubt if more can be read.
    ///
    /// # Errors
    ///
    /// As [`Journal::load`].
    pub fn load_synced(&self, room: &RoomId) -> Result<Stored, JournalError> {
        let (trouble, state) = (self.trouble.lock(), self.state.lock());
        let synced = trouble.synced.as_ref().unwrap_or(&state);
        match synced.stored(room)? {
            (stored, false) => {
                let more = synced.newest.get(room) != state.newest.get(room);
                Ok(Stored { doubt: more.then(|| "a sync failed".to_owned()), ..stored })
            }
            (_, true) => Err(unknown()),
        }
    }

    /// How often what is stored may have changed: while it is the same, so is all that can be read.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// How often each fault befell.
    #[must_use]
    pub fn faults(&self) -> BTreeMap<Fault, u64> {
        self.trouble.lock().counts.clone()
    }

    /// How many batches were asked for.
    #[must_use]
    pub fn appends(&self) -> u64 {
        self.trouble.lock().appends
    }

    /// Loses a frame, which leaves a hole.
    pub fn lose(&self, room: &RoomId, seq: u64) {
        self.state.lock().frames.remove(&(room.clone(), seq));
    }

    /// Changes the stored bytes of a frame.
    pub fn damage(&self, room: &RoomId, seq: u64, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(bytes) = self.state.lock().frames.get_mut(&(room.clone(), seq)) {
            change(bytes);
        }
    }
}

fn unknown() -> JournalError {
    JournalError::Store { doing: "write a batch", source: "as planned".into() }
}

impl Journal for MemoryJournal {
    fn claim(&self, shard: Shard) -> Result<u64, JournalError> {
        let mut state = self.state.lock();
        let (claim, _) = state.claims.entry(shard.0).or_default();
        if !bug::is(Bug::ClaimNotRaised) {
            *claim += 1;
        }
        Ok(*claim)
    }

    fn append(&self, batch: &[Append]) -> Result<Vec<Position>, JournalError> {
        let mut stalled = self.stalled.lock();
        while *stalled {
            self.resumed.wait(&mut stalled);
        }
        drop(stalled);
        let mut trouble = self.trouble.lock();
        let mut state = self.state.lock();
        self.changed();
        let fault = trouble.next();
        match fault {
            Some(Fault::Full) => {
                return Err(JournalError::DiskFull { free_bytes: 0, min_bytes: 1 });
            }
            Some(Fault::Lost) => return Err(unknown()),
            _ => {}
        }
        state.check(batch)?;
        match fault {
            Some(Fault::Unsynced) => {
                let before = state.clone();
                trouble.synced.get_or_insert(before);
            }
            _ => trouble.synced = None,
        }
        let positions = batch.iter().map(|append| state.take(append)).collect();
        if fault == Some(Fault::Torn)
            && let Some(Append { frame, .. }) = batch.last()
            && let Some(bytes) = state.frames.get_mut(&(frame.room.clone(), frame.seq))
        {
            bytes.truncate(bytes.len() / 2);
        }
        if fault == Some(Fault::Twice) {
            let again = state.check(batch);
            debug_assert!(batch.is_empty() || again.is_err(), "what was written follows on twice");
        }
        if matches!(fault, None | Some(Fault::Twice)) { Ok(positions) } else { Err(unknown()) }
    }

    fn load(&self, room: &RoomId) -> Result<Stored, JournalError> {
        let mut state = self.state.lock();
        let (stored, torn) = state.stored(room)?;
        if !torn {
            return Ok(stored);
        }
        self.changed();
        let newest = state.newest.get(room).copied().unwrap_or_default();
        let last = stored.frames.last().map(|f| f.at).or(stored.snapshot.as_ref().map(|s| s.at));
        state.frames.remove(&(room.clone(), newest));
        state.newest.insert(room.clone(), newest - 1);
        let index = Index { wake_at: Some(last.unwrap_or_default()), owes: true };
        state.index.insert(room.clone(), index);
        Ok(Stored { index, ..stored })
    }

    fn snapshot(&self, snapshot: &Snapshot, keep: Keep) -> Result<(), JournalError> {
        let mut state = self.state.lock();
        let room = &snapshot.room;
        let newest = state.newest.get(room).copied().unwrap_or_default();
        if snapshot.seq > newest {
            let what = format!("a snapshot of it was given, and {newest} is the newest");
            return Err(damaged(room, snapshot.seq, what));
        }
        if state.snapshots.keys().any(|(r, seq)| r == room && *seq > snapshot.seq) {
            let what = "a snapshot of it was given, and there is a newer one".to_owned();
            return Err(damaged(room, snapshot.seq, what));
        }
        state.snapshots.insert((room.clone(), snapshot.seq), snapshot.clone());
        let seqs: Vec<u64> = state.snapshots_of(room).iter().map(|s| s.seq).collect();
        let older = match (seqs.as_slice(), keep) {
            (_, Keep::Nothing) => snapshot.seq,
            ([.., older, _], _) => *older,
            _ => return Ok(()),
        };
        state.snapshots.retain(|(r, seq), _| r != room || *seq >= older);
        let goes = |(seq, bytes): &(u64, &Vec<u8>)| {
            *seq <= older && !decode_frame(bytes).is_ok_and(|frame| keep.keeps(*seq, frame.at))
        };
        let kept = state.frames_from(room, 0).find(|frame| !goes(frame)).map(|(seq, _)| seq);
        let kept = kept.unwrap_or(u64::MAX);
        state.frames.retain(|(r, seq), _| r != room || *seq >= kept);
        Ok(())
    }

    fn salvage(&self, room: &RoomId, rewrite: Rewrite) -> Result<Salvage, JournalError> {
        let state = self.state.lock();
        let newest = state.newest.get(room).copied().unwrap_or_default();
        let (to, without) = match rewrite {
            Rewrite::Rewind(to) => (to, None),
            Rewrite::Skip(seq) => (newest, Some(seq)),
        };
        if to > newest || without.is_some_and(|seq| seq == 0 || seq > newest) {
            let what = format!("there is no such record, {newest} is the newest");
            return Err(damaged(room, without.unwrap_or(to), what));
        }
        let snapshots = state.snapshots_of(room);
        let snapshot = snapshots.into_iter().rfind(|s| s.seq <= rewrite.base()).cloned();
        let read = |seq: u64| {
            let bytes = state.frames.get(&(room.clone(), seq));
            let bytes = bytes.ok_or_else(|| damaged(room, seq, "missing"))?;
            decode_frame(bytes).map_err(|e| damaged(room, seq, e))
        };
        let wanted = snapshot.as_ref().map_or(1, |s| s.seq + 1)..=to;
        let frames =
            wanted.filter(|seq| Some(*seq) != without).map(read).collect::<Result<_, _>>()?;
        let left_out = without.unwrap_or(to + 1)..=without.unwrap_or(newest);
        let left_out = left_out.map_while(|seq| read(seq).ok()).collect();
        let index = state.index.get(room).copied().unwrap_or_default();
        let kept = Stored { snapshot, frames, index, doubt: None };
        Ok(Salvage { kept, left_out, newest })
    }

    fn rewrite(&self, append: &Append, snapshot: &Snapshot) -> Result<Position, JournalError> {
        let mut state = self.state.lock();
        self.changed();
        state.check(std::slice::from_ref(append))?;
        let position = state.take(append);
        let room = &snapshot.room;
        state.snapshots.retain(|(r, _), _| r != room);
        state.snapshots.insert((room.clone(), snapshot.seq), snapshot.clone());
        Ok(position)
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

    fn lists(&self) -> Result<Option<String>, JournalError> {
        Ok(self.state.lock().lists.clone())
    }

    fn clear_lists(&self) -> Result<(), JournalError> {
        let mut state = self.state.lock();
        state.lists = None;
        state.rows.clear();
        Ok(())
    }

    fn put_rows(&self, rows: &[RowChange]) -> Result<(), JournalError> {
        self.state.lock().put(rows);
        Ok(())
    }

    fn name_lists(&self, name: &str) -> Result<(), JournalError> {
        self.state.lock().lists = Some(name.to_owned());
        Ok(())
    }

    fn frames(&self, room: &RoomId, from: u64, limit: usize) -> Result<FramePage, JournalError> {
        let state = self.state.lock();
        let newest = state.newest.get(room).copied().unwrap_or_default();
        let oldest = state.frames_from(room, 0).map(|(seq, _)| seq).next();
        let first = from.max(oldest.unwrap_or(1));
        let (mut frames, mut unreadable) = (Vec::new(), Vec::new());
        let mut next = first;
        for (seq, bytes) in state.frames_from(room, first).take(limit) {
            if seq > next {
                unreadable.push((next, format!("missing, record {seq} is the next there is")));
            }
            match decode_frame(bytes) {
                Ok(frame) => frames.push(frame),
                Err(error) => unreadable.push((seq, error.to_string())),
            }
            next = seq + 1;
        }
        Ok(FramePage { frames, unreadable, oldest, newest })
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
