//! From records to a state: the same for a room that is rebuilt, for one whose past is rewritten,
//! and for a snapshot that is made away from the room.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use playhouse_domain::room::Audience;
use playhouse_domain::rows::RowChange;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::codec;
use playhouse_protocol::ids::RoomId;

use super::commit::panic_text;
use super::kind::{Kind, ToApply};
use super::memory::Memory;
use super::record::{Cause, Record};
use super::room::{Live, SnapshotState};
use crate::journal::{Frame, Snapshot, Stored};

/// Whose past is read.
pub(super) struct Past<'a> {
    pub(super) kind: &'a Kind,
    pub(super) id: &'a RoomId,
    /// When the state counts as used last.
    pub(super) now: Timestamp,
}

impl Past<'_> {
    /// The state in `snapshot`, or of a room to which nothing happened yet.
    pub(super) fn restored(&self, snapshot: Option<&Snapshot>) -> Result<Live, String> {
        let Some(Snapshot { seq, schema, at, payload, .. }) = snapshot else {
            return Ok(Live::new((self.kind.make)(self.id), self.now));
        };
        let (state, memory, rewritten): (Vec<u8>, Memory, u64) =
            codec::decode(payload).map_err(|e| e.to_string())?;
        let mut live = Live::new((self.kind.restore)(*schema, &state)?, self.now);
        (live.seq, live.last_at) = (*seq, *at);
        (live.memory, live.rewritten) = (memory, rewritten);
        live.snapshot =
            SnapshotState { seq: *seq, bytes: payload.len(), ..SnapshotState::default() };
        Ok(live)
    }

    /// Applies the record in `frame`, which must be the next; the rows it changed.
    pub(super) fn replay(
        &self,
        live: &mut Live,
        frame: &Frame,
        audiences: &BTreeSet<Audience>,
    ) -> Result<Vec<RowChange>, String> {
        let Frame { seq, at, schema, payload, .. } = frame;
        if *seq != live.seq + 1 {
            return Err(format!("record {seq} follows record {}", live.seq));
        }
        let record: Record = codec::decode(payload).map_err(|e| e.to_string())?;
        if let Cause::Rewrite { state, .. } = record.cause {
            let (room, payload) = (self.id.clone(), state);
            let state = Snapshot { room, seq: *seq, schema: *schema, at: *at, payload };
            *live = self.restored(Some(&state))?;
            return Ok(live.rules.rows());
        }
        let to_apply = ToApply { seq: *seq, at: *at, schema: *schema, events: &record.events };
        let rows = live.rules.apply(&to_apply, audiences)?;
        let policy = &self.kind.policy;
        live.took(&record, *at, policy.outcome_age, policy.outcomes);
        live.snapshot.bytes_since += payload.len();
        Ok(rows)
    }
}

impl Live {
    /// The state as a snapshot's payload.
    pub(super) fn save(&self) -> Vec<u8> {
        codec::encode(&(self.rules.save(), &self.memory, self.rewritten))
    }
}

/// A snapshot of room `id` at the last record of `stored`.
///
/// # Errors
///
/// What the records or the rules have against it.
pub fn snapshot_of(kind: &Kind, id: &RoomId, stored: &Stored) -> Result<Snapshot, String> {
    rebuilt(kind, id, stored, |live| {
        let (seq, schema, at) = (live.seq, kind.schema, live.last_at);
        Snapshot { room: id.clone(), seq, schema, at, payload: live.save() }
    })
}

/// Every row that room `id` contributes to lists at the last record of `stored`.
///
/// # Errors
///
/// As [`snapshot_of`].
pub fn rows_of(kind: &Kind, id: &RoomId, stored: &Stored) -> Result<Vec<RowChange>, String> {
    rebuilt(kind, id, stored, |live| live.rules.rows())
}

fn rebuilt<T>(
    kind: &Kind,
    id: &RoomId,
    stored: &Stored,
    then: impl FnOnce(&Live) -> T,
) -> Result<T, String> {
    let past = Past { kind, id, now: Timestamp::ZERO };
    let work = || {
        let mut live = past.restored(stored.snapshot.as_ref())?;
        for frame in &stored.frames {
            past.replay(&mut live, frame, &BTreeSet::new())?;
        }
        Ok(then(&live))
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panic_text(&*panic)))
}
