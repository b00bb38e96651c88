//! A kind of room with its types erased, so that one host drives them all.
//!
//! Commands, replies and events cross as encoded bytes: what is applied live is exactly what a
//! rebuild will read back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use playhouse_domain::duty::{Duty, DutyId, DutyResult};
use playhouse_domain::refusal::{Refusal, RefusalKind};
use playhouse_domain::room::{Audience, Caller, Cx, Effects, Policy, Reply, Rules, Ticket};
use playhouse_domain::rows::RowChange;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::codec;
use playhouse_protocol::ids::RoomId;

/// A decision with its types erased.
pub(crate) struct Decided {
    pub(crate) events: Vec<Vec<u8>>,
    pub(crate) reply: Reply<Vec<u8>>,
    pub(crate) settled: Vec<(Ticket, Result<Vec<u8>, Refusal>)>,
}

/// The change of one record for one audience, as JSON.
pub(crate) struct RecordChange {
    pub(crate) seq: u64,
    pub(crate) audience: Audience,
    pub(crate) json: Vec<u8>,
}

/// A room's rules and state, whatever the kind.
pub(crate) trait Erased: Send {
    fn decide(&self, cx: &Cx<'_>, command: &[u8]) -> Result<Decided, Refusal>;
    fn wake(&self, cx: &Cx<'_>) -> Decided;
    fn duty_done(&self, cx: &Cx<'_>, duty: DutyId, result: DutyResult) -> Decided;
    /// Applies one record's events. The changes for `audiences` wait for [`Self::release`].
    fn apply(
        &mut self,
        record: &ToApply<'_>,
        audiences: &BTreeSet<Audience>,
    ) -> Result<Vec<RowChange>, String>;
    /// Records up to `seq` are durable: their changes may be told. They also join what is pending
    /// for each audience.
    fn release(&mut self, seq: u64) -> Vec<RecordChange>;
    /// What is pending for `audience`, merged, as JSON.
    fn take_pending(&mut self, audience: &Audience) -> Option<Vec<u8>>;
    fn wake_at(&self) -> Option<Timestamp>;
    fn is_spent(&self) -> bool;
    fn duties(&self) -> Vec<Duty>;
    fn audiences(&self) -> Vec<Audience>;
    fn audience(&self, caller: &Caller) -> Option<Audience>;
    fn view(&self, now: Timestamp, audience: &Audience) -> Option<Vec<u8>>;
    fn save(&self) -> Vec<u8>;
    /// Every row the room contributes now.
    fn rows(&self) -> Vec<RowChange>;
    fn part(&self, name: &str) -> Option<serde_json::Value>;
}

/// One record's events, to be applied.
pub(crate) struct ToApply<'a> {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) schema: u16,
    pub(crate) events: &'a [Vec<u8>],
    /// True if the rows that change are wanted: a replay makes none, they are in their lists.
    pub(crate) rows: bool,
}

type Restore = fn(u16, &[u8]) -> Result<Box<dyn Erased>, String>;

/// One kind of room, as it was registered.
#[derive(Clone)]
pub struct Kind {
    /// The kind's name.
    pub name: &'static str,
    /// The schema version that is written now.
    pub schema: u16,
    /// The version of the rows.
    pub lists: u16,
    /// The kind's bounds.
    pub policy: Policy,
    pub(crate) make: fn(&RoomId) -> Box<dyn Erased>,
    pub(crate) restore: Restore,
    pub(crate) inspect: fn(u16, &[u8]) -> Result<serde_json::Value, String>,
    pub(crate) hides_size: fn(u16, &[u8]) -> bool,
    pub(crate) redact: fn(&[u8]) -> String,
}

impl Kind {
    /// The kind whose rules are `R`.
    #[must_use]
    pub fn of<R: Rules>() -> Self {
        Self {
            name: R::KIND,
            schema: R::SCHEMA,
            lists: R::LISTS,
            policy: R::policy(),
            make: |id| Box::new(Hosted::new(R::new(id))),
            restore: |from, bytes| Ok(Box::new(Hosted::new(R::upcast_state(from, bytes)?))),
            inspect: |from, bytes| Ok(R::inspect(&R::upcast_event(from, bytes)?)),
            hides_size: |from, bytes| {
                R::upcast_event(from, bytes).is_ok_and(|event| R::hides_size(&event))
            },
            redact: |bytes| match codec::decode::<R::Command>(bytes) {
                Ok(command) => R::redact(&command),
                Err(e) => e.to_string(),
            },
        }
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).field("schema", &self.schema).finish()
    }
}

struct Hosted<R: Rules> {
    rules: R,
    /// Changes of records that are applied but not yet durable, oldest first.
    gated: VecDeque<(u64, Audience, R::Change)>,
    /// Changes that may be told and are not yet, merged.
    pending: BTreeMap<Audience, R::Change>,
}

impl<R: Rules> Hosted<R> {
    fn new(rules: R) -> Self {
        Self { rules, gated: VecDeque::new(), pending: BTreeMap::new() }
    }
}

fn erase<R: Rules>(effects: Effects<R>) -> Decided {
    Decided {
        events: effects.events.iter().map(codec::encode).collect(),
        reply: match effects.reply {
            Reply::None => Reply::None,
            Reply::Now(reply) => Reply::Now(codec::encode(&reply)),
            Reply::Later(ticket) => Reply::Later(ticket),
        },
        settled: effects
            .settled
            .into_iter()
            .map(|(ticket, outcome)| (ticket, outcome.map(|reply| codec::encode(&reply))))
            .collect(),
    }
}

fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("a view or change of ours has a JSON form")
}

impl<R: Rules> Erased for Hosted<R> {
    fn decide(&self, cx: &Cx<'_>, command: &[u8]) -> Result<Decided, Refusal> {
        let command = codec::decode::<R::Command>(command)
            .map_err(|e| Refusal::new(RefusalKind::Invalid, "bad_command", e.to_string()))?;
        self.rules.decide(cx, command).map(erase)
    }

    fn wake(&self, cx: &Cx<'_>) -> Decided {
        erase(self.rules.wake(cx))
    }

    fn duty_done(&self, cx: &Cx<'_>, duty: DutyId, result: DutyResult) -> Decided {
        erase(self.rules.duty_done(cx, duty, result))
    }

    fn apply(
        &mut self,
        record: &ToApply<'_>,
        audiences: &BTreeSet<Audience>,
    ) -> Result<Vec<RowChange>, String> {
        let mut rows = Vec::new();
        let mut changes: BTreeMap<&Audience, R::Change> = BTreeMap::new();
        for bytes in record.events {
            let event = R::upcast_event(record.schema, bytes)?;
            self.rules.apply(record.at, &event);
            if record.rows {
                rows.append(&mut self.rules.row_changes(&event));
            }
            for audience in audiences {
                if let Some(change) = self.rules.change(&event, audience) {
                    merge::<R, _>(&mut changes, audience, change);
                }
            }
        }
        let changes = changes.into_iter().map(|(to, change)| (record.seq, to.clone(), change));
        self.gated.extend(changes);
        Ok(rows)
    }

    fn release(&mut self, seq: u64) -> Vec<RecordChange> {
        let count = self.gated.partition_point(|(at, ..)| *at <= seq);
        let mut told = Vec::with_capacity(count);
        for (seq, audience, change) in self.gated.drain(..count) {
            told.push(RecordChange { seq, audience: audience.clone(), json: json(&change) });
            merge::<R, _>(&mut self.pending, audience, change);
        }
        told
    }

    fn take_pending(&mut self, audience: &Audience) -> Option<Vec<u8>> {
        self.pending.remove(audience).map(|change| json(&change))
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.rules.wake_at()
    }

    fn is_spent(&self) -> bool {
        self.rules.is_spent()
    }

    fn duties(&self) -> Vec<Duty> {
        self.rules.duties()
    }

    fn audiences(&self) -> Vec<Audience> {
        self.rules.audiences()
    }

    fn audience(&self, caller: &Caller) -> Option<Audience> {
        self.rules.audience(caller)
    }

    fn view(&self, now: Timestamp, audience: &Audience) -> Option<Vec<u8>> {
        self.rules.view(now, audience).map(|view| json(&view))
    }

    fn save(&self) -> Vec<u8> {
        codec::encode(&self.rules)
    }

    fn rows(&self) -> Vec<RowChange> {
        self.rules.rows()
    }

    fn part(&self, name: &str) -> Option<serde_json::Value> {
        self.rules.part(name)
    }
}

fn merge<R: Rules, A: Ord>(into: &mut BTreeMap<A, R::Change>, audience: A, change: R::Change) {
    match into.get_mut(&audience) {
        Some(earlier) => R::merge(earlier, change),
        None => {
            into.insert(audience, change);
        }
    }
}
