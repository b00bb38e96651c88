//! A room's records as an inspector sees them.

use playhouse_domain::room::Retention;
use playhouse_protocol::codec;
use playhouse_protocol::ids::RoomId;
use serde_json::{Value, json};

use crate::handle::AskError;
use crate::host::kind::Kind;
use crate::host::record::{Cause, Record};
use crate::host::{self, Step};
use crate::journal::committer::chain;
use crate::journal::{Frame, FramePage, Journal, JournalError, Rewrite, Salvage};

/// How many of a room's newest records a biography looks at. 20,000: a house of 8,000 seats sold
/// twice over, some tenths of a second.
const BIOGRAPHY_RECORDS_MAX: u64 = 20_000;

/// How many steps of a biography are told: the newest 1,000, about 300 KiB.
const BIOGRAPHY_STEPS_MAX: usize = 1000;

/// A page of records: `{"oldest","newest","records":[{"seq","at","cause","events":[…]}]}`, and
/// `{"seq","damaged"}` for a record that cannot be read. Of a kind whose past is not kept `at` and
/// `cause` are null: who asked and when is nobody's business. `bytes` is null where the size of what is not
/// shown would tell something of it.
pub(crate) fn page(kind: &Kind, page: &FramePage) -> Value {
    let mut records: Vec<Value> = page.frames.iter().map(|frame| record(kind, frame)).collect();
    records.extend(page.unreadable.iter().map(|(seq, why)| json!({ "seq": seq, "damaged": why })));
    records.sort_by_key(|record| record["seq"].as_u64());
    json!({ "oldest": page.oldest, "newest": page.newest, "records": records })
}

fn record(kind: &Kind, frame: &Frame) -> Value {
    let told = kind.policy.retention != Retention::Nothing;
    let head = |cause: Value, events: Value, sized: bool| {
        json!({
            "seq": frame.seq,
            "at": told.then_some(frame.at),
            "claim": frame.claim,
            "schema": frame.schema,
            "bytes": sized.then_some(frame.payload.len()),
            "cause": told.then_some(cause),
            "events": events,
        })
    };
    match codec::decode::<Record>(&frame.payload) {
        Ok(record) => {
            let event = |bytes: &Vec<u8>| {
                (kind.inspect)(frame.schema, bytes).unwrap_or_else(|e| json!({ "unreadable": e }))
            };
            let sized = !record.events.iter().any(|bytes| (kind.hides_size)(frame.schema, bytes));
            head(cause(&record.cause), record.events.iter().map(event).collect(), sized)
        }
        Err(e) => head(Value::Null, json!({ "unreadable": e.to_string() }), true),
    }
}

/// What led to a record, without the state that a rewrite holds.
fn cause(cause: &Cause) -> Value {
    match cause {
        Cause::Rewrite { by, rewrite, .. } => json!({ "rewrite": rewrite, "by": by }),
        other => serde_json::to_value(other).unwrap_or(Value::Null),
    }
}

fn unavailable(error: &JournalError) -> AskError {
    AskError::StoreUnavailable { reason: chain(error) }
}

/// The oldest record that is kept and the newest there is.
fn reach(journal: &dyn Journal, room: &RoomId) -> Result<(Option<u64>, u64), AskError> {
    let page = journal.frames(room, 1, 0).map_err(|e| unavailable(&e))?;
    Ok((page.oldest, page.newest))
}

/// What `room` was with `record`, and what came after it.
fn back_to(
    journal: &dyn Journal,
    room: &RoomId,
    record: u64,
    oldest: Option<u64>,
) -> Result<Salvage, AskError> {
    journal.salvage(room, Rewrite::Rewind(record)).map_err(|error| match &error {
        JournalError::Damaged { seq, .. } if oldest.is_none_or(|oldest| *seq < oldest) => {
            AskError::RecordGone
        }
        JournalError::Damaged { .. } => AskError::Unrepairable { reason: chain(&error) },
        _ => unavailable(&error),
    })
}

/// See [`crate::Rooms::view_at`].
pub(crate) fn view_at(
    kind: &Kind,
    room: &RoomId,
    record: u64,
    journal: &dyn Journal,
) -> Result<Value, AskError> {
    let (oldest, newest) = reach(journal, room)?;
    if newest == 0 || record > newest {
        return Err(AskError::NoSuchRoom);
    }
    let (mut at, mut view) = (None, None);
    if record > 0 {
        let stored = back_to(journal, room, record, oldest)?.kept;
        let seen = host::view_at(kind, room, &stored);
        let seen = seen.map_err(|reason| AskError::Unrepairable { reason })?;
        at = (kind.policy.retention != Retention::Nothing).then_some(seen.at);
        view = seen.view.and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    }
    Ok(
        json!({ "room": room, "record": record, "at": at, "oldest": oldest, "newest": newest, "view": view }),
    )
}

/// See [`crate::Rooms::biography`].
pub(crate) fn biography(
    kind: &Kind,
    room: &RoomId,
    part: &str,
    journal: &dyn Journal,
) -> Result<Value, AskError> {
    let (oldest, newest) = reach(journal, room)?;
    if newest == 0 {
        return Err(AskError::NoSuchRoom);
    }
    let base = newest.saturating_sub(BIOGRAPHY_RECORDS_MAX);
    let far = back_to(journal, room, base, oldest);
    let whole = far.as_ref().is_ok_and(|salvage| {
        let seq = |frame: Option<&Frame>| frame.map_or(base, |frame| frame.seq);
        seq(salvage.left_out.first()) == newest.min(base + 1)
            && seq(salvage.left_out.last()) == newest
    });
    // Where the first records are gone, or one cannot be read: what the room is rebuilt from.
    let near = if whole { None } else { journal.load(room).ok() };
    let salvage = match near {
        Some(mut kept) => {
            let left_out = std::mem::take(&mut kept.frames);
            Salvage { kept, left_out, newest }
        }
        None => far?,
    };
    let lived = host::biography(kind, room, &salvage, part, BIOGRAPHY_STEPS_MAX);
    let lived = lived.map_err(|reason| AskError::Unrepairable { reason })?;
    let lived = lived.ok_or(AskError::NoSuchRoom)?;
    let told = kind.policy.retention != Retention::Nothing;
    let step = |step: &Step| {
        json!({
            "record": step.record,
            "at": told.then_some(step.at),
            "cause": told.then(|| cause(&step.cause)),
            "state": step.state,
        })
    };
    let steps: Vec<Value> = lived.steps.iter().map(step).collect();
    Ok(json!({ "room": room, "part": part, "complete": lived.complete, "steps": steps }))
}
