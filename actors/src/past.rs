//! A room's records as an inspector sees them.

use playhouse_protocol::codec;
use serde_json::{Value, json};

use crate::host::kind::Kind;
use crate::host::record::{Cause, Record};
use crate::journal::{Frame, FramePage};

/// A page of records: `{"oldest","newest","records":[{"seq","at","cause","events":[…]}]}`, and
/// `{"seq","damaged"}` for a record that cannot be read.
pub(crate) fn page(kind: &Kind, page: &FramePage) -> Value {
    let mut records: Vec<Value> = page.frames.iter().map(|frame| record(kind, frame)).collect();
    records.extend(page.unreadable.iter().map(|(seq, why)| json!({ "seq": seq, "damaged": why })));
    records.sort_by_key(|record| record["seq"].as_u64());
    json!({ "oldest": page.oldest, "newest": page.newest, "records": records })
}

fn record(kind: &Kind, frame: &Frame) -> Value {
    let head = |cause: Value, events: Value| {
        json!({
            "seq": frame.seq,
            "at": frame.at,
            "claim": frame.claim,
            "schema": frame.schema,
            "bytes": frame.payload.len(),
            "cause": cause,
            "events": events,
        })
    };
    match codec::decode::<Record>(&frame.payload) {
        Ok(record) => {
            let event = |bytes: &Vec<u8>| {
                (kind.inspect)(frame.schema, bytes).unwrap_or_else(|e| json!({ "unreadable": e }))
            };
            let cause = match &record.cause {
                Cause::Rewrite { by, rewrite, .. } => json!({ "rewrite": rewrite, "by": by }),
                other => serde_json::to_value(other).unwrap_or(Value::Null),
            };
            head(cause, record.events.iter().map(event).collect())
        }
        Err(e) => head(Value::Null, json!({ "unreadable": e.to_string() })),
    }
}
