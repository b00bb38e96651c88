//! From records to a state: the same for a room that is rebuilt, for one whose past is rewritten,
//! and for a snapshot that is made away from the room.

use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use playhouse_domain::bug::{self, Bug};
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
use crate::journal::{Frame, Salvage, Snapshot, Stored};

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

    /// Applies the record in `frame`, which must be the next.
    pub(super) fn replay(
        &self,
        live: &mut Live,
        frame: &Frame,
        audiences: &BTreeSet<Audience>,
    ) -> Result<(), String> {
        self.apply(live, frame, audiences, false).map(drop)
    }

    /// As [`Self::replay`]; the rows that the record changed.
    pub(super) fn replay_rows(
        &self,
        live: &mut Live,
        frame: &Frame,
    ) -> Result<Vec<RowChange>, String> {
        self.apply(live, frame, &BTreeSet::new(), true)
    }

    fn apply(
        &self,
        live: &mut Live,
        frame: &Frame,
        audiences: &BTreeSet<Audience>,
        rows: bool,
    ) -> Result<Vec<RowChange>, String> {
        let Frame { seq, at, schema, payload, .. } = frame;
        if *seq != live.seq + 1 {
            return Err(format!("record {seq} follows record {}", live.seq));
        }
        let mut record: Record = codec::decode(payload).map_err(|e| e.to_string())?;
        if bug::is(Bug::OutcomesForgotten) {
            record.remember = None;
        }
        if let Cause::Rewrite { state, .. } = record.cause {
            let (room, payload) = (self.id.clone(), state);
            let state = Snapshot { room, seq: *seq, schema: *schema, at: *at, payload };
            *live = self.restored(Some(&state))?;
            return Ok(if rows { live.rules.rows() } else { Vec::new() });
        }
        let (seq, at, schema) = (*seq, *at, *schema);
        let to_apply = ToApply { seq, at, schema, events: &record.events, rows };
        let rows = live.rules.apply(&to_apply, audiences)?;
        let policy = &self.kind.policy;
        live.took(&record, at, policy.outcome_age, policy.outcomes);
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

/// What those who run a room saw with one of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewAt {
    /// When the record was decided.
    pub at: Timestamp,
    /// The view as JSON; none if there was nothing to be seen.
    pub view: Option<Vec<u8>>,
}

/// What those who run room `id` saw with the last record of `stored`.
///
/// # Errors
///
/// As [`snapshot_of`].
pub fn view_at(kind: &Kind, id: &RoomId, stored: &Stored) -> Result<ViewAt, String> {
    rebuilt(kind, id, stored, |live| {
        let view = live.rules.view(live.last_at, &Audience::Presenter);
        ViewAt { at: live.last_at, view }
    })
}

/// How one part of a room became what it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Biography {
    /// What it became, oldest first.
    pub steps: Vec<Step>,
    /// True if nothing is left out: every record could be read, and there were not too many.
    pub complete: bool,
}

/// A part became something else.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// With this record.
    pub record: u64,
    /// When that was decided.
    pub at: Timestamp,
    /// What led to it.
    pub cause: Cause,
    /// What the part was from then on.
    pub state: serde_json::Value,
}

/// How `part` of room `id` became what it is: what it was after each record that `salvage` left out,
/// which stands on those that were kept. At most the newest `most` steps. None if there never was
/// such a part.
///
/// # Errors
///
/// As [`snapshot_of`].
pub fn biography(
    kind: &Kind,
    id: &RoomId,
    salvage: &Salvage,
    part: &str,
    most: usize,
) -> Result<Option<Biography>, String> {
    let past = Past { kind, id, now: Timestamp::ZERO };
    let work = || {
        let mut live = past.restored(salvage.kept.snapshot.as_ref())?;
        for frame in &salvage.kept.frames {
            past.replay(&mut live, frame, &BTreeSet::new())?;
        }
        let mut complete = live.seq == 0;
        let (mut before, mut steps) = (live.rules.part(part), VecDeque::new());
        for frame in &salvage.left_out {
            let Ok(Record { cause, .. }) = codec::decode::<Record>(&frame.payload) else {
                complete = false;
                continue;
            };
            if matches!(cause, Cause::Rewrite { .. }) {
                // It says what is, whatever came before it, which may not be readable.
                complete &= live.seq + 1 == frame.seq;
                live.seq = frame.seq - 1;
            }
            if past.replay(&mut live, frame, &BTreeSet::new()).is_err() {
                complete = false;
                continue;
            }
            let state = live.rules.part(part);
            if let Some(state) = state.clone().filter(|_| state != before) {
                if steps.len() >= most {
                    steps.pop_front();
                    complete = false;
                }
                steps.push_back(Step { record: frame.seq, at: frame.at, cause, state });
            }
            before = state;
        }
        complete &= live.seq == salvage.newest;
        let known = before.is_some() || !steps.is_empty();
        Ok(known.then(|| Biography { steps: steps.into(), complete }))
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panic_text(&*panic)))
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
