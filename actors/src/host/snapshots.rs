//! Snapshots: when they are taken, of what, and who waits for one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use playhouse_domain::room::Retention;
use playhouse_domain::time::Timestamp;

use super::gate::{Gated, SnapshotAt};
use super::room::{Live, Phase, Room};
use super::{Output, Token, Told};
use crate::handle::AskError;
use crate::journal::{Keep, Snapshot};

/// A snapshot is due at the latest after so many records, however large it is.
const SNAPSHOT_RECORDS_MAX: u64 = 8192;

/// How large a state may be, about, to be encoded on the room's thread. 128 KiB takes 0.12 ms, an
/// eighth of a decision's budget (`benches/snapshot.rs`); a snapshot of a larger one is made of the
/// journal on a thread of its own.
const SNAPSHOT_HERE_BYTES: usize = 128 * 1024;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// How many may wait for a snapshot of one room. 16: administrators are few; one more is answered
/// `overloaded`.
const WANTED_MAX: usize = 16;

impl Room {
    pub(super) fn snapshot_if_due(&mut self) {
        let every = self.kind.policy.snapshot_every;
        let Some(live) = self.live() else { return };
        let since = live.seq - live.snapshot.seq;
        let worth = live.snapshot.bytes_since >= live.snapshot.bytes;
        // What led to the end of a room that is spent goes at once.
        let spent = since > 0 && live.rules.is_spent();
        let due = since >= every && worth || since >= SNAPSHOT_RECORDS_MAX || spent;
        if due && !live.snapshot.under_way {
            self.snapshot();
        }
    }

    /// What is to be kept of the journal now.
    pub(super) fn retention(&self, live: &Live) -> Retention {
        if live.rules.is_spent() { Retention::Nothing } else { self.kind.policy.retention }
    }

    /// Takes a snapshot of what is applied now; it is stored once all of it is durable.
    pub(super) fn snapshot(&mut self) {
        let (room, schema) = (self.id.clone(), self.kind.schema);
        let Some(retention) = self.live().map(|live| self.retention(live)) else { return };
        let Some(live) = self.live_mut() else { return };
        let keep = match retention {
            Retention::Nothing => Keep::Nothing,
            Retention::Forever => Keep::All,
            Retention::Records(n) => Keep::From(live.seq.saturating_sub(n)),
            Retention::Days(days) => {
                let age_ms = u64::from(days) * DAY_MS;
                Keep::Since(Timestamp::from_ms(live.last_at.ms().saturating_sub(age_ms)))
            }
        };
        let about = live.snapshot.bytes + live.snapshot.bytes_since;
        let at = if about > SNAPSHOT_HERE_BYTES {
            live.snapshot.bytes = about;
            SnapshotAt::Journal(live.seq)
        } else {
            let Ok(payload) = catch_unwind(AssertUnwindSafe(|| live.save())) else {
                return self.fail("its state could not be saved".to_owned());
            };
            live.snapshot.bytes = payload.len();
            let (seq, at) = (live.seq, live.last_at);
            SnapshotAt::Taken(Box::new(Snapshot { room, seq, schema, at, payload }))
        };
        live.snapshot.under_way = true;
        live.snapshot.seq = live.seq;
        live.snapshot.bytes_since = 0;
        self.gate_now(Gated::Snapshot(at, keep));
    }

    /// The snapshot under way is stored, with so many bytes, or could not be.
    pub(super) fn snapshot_done(&mut self, result: Result<usize, String>) {
        let Some(live) = self.live_mut() else { return };
        live.snapshot.under_way = false;
        match result {
            Ok(bytes) => {
                live.snapshot.bytes = bytes;
                self.answer_stored();
            }
            Err(reason) => {
                self.last_failure = Some(format!("a snapshot could not be stored: {reason}"));
                self.refuse_snapshots(&AskError::StoreUnavailable { reason });
            }
        }
    }

    /// An administrator wants a snapshot of the newest record, and an answer once it is stored.
    pub(super) fn snapshot_now(&mut self, token: Token) {
        let error = match &self.phase {
            Phase::Live(live) if live.seq == 0 => AskError::NoSuchRoom,
            Phase::Live(_) if self.wanted.len() >= WANTED_MAX => {
                AskError::Overloaded { retry_after: Duration::from_secs(1) }
            }
            Phase::Live(live) => {
                self.wanted.push((live.seq, token));
                return self.snapshot_wanted();
            }
            Phase::Quarantined { reason } => AskError::Quarantined { reason: reason.clone() },
            Phase::Loading | Phase::Resting { .. } => being_rebuilt(),
        };
        self.out.push_back(Output::Answer(token, Err(error)));
    }

    /// Takes the snapshot that somebody waits for, unless one is under way: then it is taken after it.
    fn snapshot_wanted(&mut self) {
        let Some(live) = self.live() else { return };
        if !self.wanted.is_empty() && !live.snapshot.under_way {
            self.snapshot();
        }
    }

    /// Answers those whose record is in the snapshot that was stored.
    fn answer_stored(&mut self) {
        let Some(stored) = self.live().map(|live| live.snapshot.seq) else { return };
        let (done, wanted) = self.wanted.drain(..).partition(|(seq, _)| *seq <= stored);
        self.wanted = wanted;
        let done: Vec<(u64, Token)> = done;
        for (_, token) in done {
            let told = Told { reply: vec![], revision: stored, position: None, repeated: false };
            self.out.push_back(Output::Answer(token, Ok(told)));
        }
        self.snapshot_wanted();
    }

    /// Nobody who waits for a snapshot gets one.
    pub(super) fn refuse_snapshots(&mut self, error: &AskError) {
        for (_, token) in self.wanted.drain(..) {
            self.out.push_back(Output::Answer(token, Err(error.clone())));
        }
    }
}

/// What those are told who wait for a room that lets go of its memory.
pub(super) fn being_rebuilt() -> AskError {
    AskError::Rebuilding { retry_after: Duration::from_millis(50) }
}
