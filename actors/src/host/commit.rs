//! What a decision leads to: one record, applied at once, told once it is on disk.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use playhouse_domain::bug::{self, Bug};
use playhouse_domain::duty::{DutyId, DutyResult};
use playhouse_domain::refusal::Refusal;
use playhouse_domain::restart::POISONED_AFTER;
use playhouse_domain::room::{Caller, Cx, Reply, Retention, Seed};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::codec;
use playhouse_protocol::ids::CommandKey;

use super::gate::Gated;
use super::kind::{Decided, ToApply};
use super::memory::{self, Recalled};
use super::record::{Cause, Outcome, Record, Remembered};
use super::room::{Live, Phase, Room};
use super::{DeadLetter, Output, Token, Told};
use crate::handle::AskError;
use crate::journal::{Append, Frame, Index};

/// How often time may wake a room in a row. More means that the rules do not move their wake-up
/// time on.
const WAKES_MAX: usize = 64;

/// A command as it is being decided.
struct Deciding<'a> {
    token: Token,
    caller: Caller,
    command: &'a [u8],
    remember: Option<([u8; 32], [u8; 32])>,
}

impl Room {
    pub(super) fn command(
        &mut self,
        token: Token,
        caller: Caller,
        key: Option<&CommandKey>,
        seed: Seed,
        command: &[u8],
    ) {
        let mut deciding = Deciding { token, caller, command, remember: None };
        let mut seed = seed;
        if let Some(key) = key {
            let scope = memory::scope(&deciding.caller, command, key);
            let fingerprint = memory::digest(&[command]);
            if self.recall(token, &scope, &fingerprint) {
                return;
            }
            deciding.remember = Some((scope, fingerprint));
            seed = Seed::derive(&[b"command", self.id.as_str().as_bytes(), &scope]);
        }
        let Phase::Live(live) = &self.phase else { return };
        let cx = Cx {
            now: self.now.max(live.last_at),
            room: &self.id,
            caller: &deciding.caller,
            seed,
            revision: live.seq,
        };
        match catch_unwind(AssertUnwindSafe(|| live.rules.decide(&cx, command))) {
            Ok(Ok(decided)) => self.decided(deciding, decided),
            Ok(Err(refusal)) => {
                let result = Err(AskError::Refused(refusal));
                self.gate_now(Gated::Answer { token, result, writes: false });
            }
            Err(panic) => self.command_panicked(&deciding, &panic_text(&*panic)),
        }
    }

    /// Answers from memory if it knows the command. True if it did.
    fn recall(&mut self, token: Token, scope: &[u8; 32], fingerprint: &[u8; 32]) -> bool {
        let Some(live) = self.live() else { return true };
        let revision = live.seq;
        let result = match live.memory.recall(scope, fingerprint) {
            Recalled::Unknown => return false,
            Recalled::Outcome(Outcome::Open(ticket)) => {
                let ticket = *ticket;
                self.gate_now(Gated::Wait { token, ticket });
                return true;
            }
            Recalled::Outcome(Outcome::Reply(reply)) => {
                Ok(Told { reply: reply.clone(), revision, position: None, repeated: true })
            }
            Recalled::Outcome(Outcome::Refused(refusal)) => Err(AskError::Refused(refusal.clone())),
            Recalled::Other => Err(AskError::KeyReused),
            Recalled::Forgotten => Err(AskError::IdempotencyExpired),
        };
        self.gate_now(Gated::Answer { token, result, writes: false });
        true
    }

    fn decided(&mut self, deciding: Deciding<'_>, decided: Decided) {
        let Deciding { token, caller, command, remember } = deciding;
        let outcome = match &decided.reply {
            Reply::None => Outcome::Reply(Vec::new()),
            Reply::Now(reply) => Outcome::Reply(reply.clone()),
            Reply::Later(ticket) => Outcome::Open(*ticket),
        };
        let writes = !decided.events.is_empty() || !decided.settled.is_empty();
        if let Some(error) = self.refusal().filter(|_| writes) {
            return self.out.push_back(Output::Answer(token, Err(error)));
        }
        if writes {
            let remember = remember.map(|(scope, fingerprint)| Remembered {
                scope,
                fingerprint,
                outcome: outcome.clone(),
            });
            let cause = Cause::Command(caller.clone());
            if let Err(panic) = self.commit(cause, decided.events, remember, decided.settled) {
                let deciding = Deciding { token, caller, command, remember: None };
                self.command_panicked(&deciding, &panic);
                return self.fail(format!("a command made it panic while it was applied: {panic}"));
            }
        }
        let revision = self.live().map_or(0, |l| l.seq);
        let gated = match outcome {
            Outcome::Open(ticket) => Gated::Wait { token, ticket },
            Outcome::Reply(reply) => {
                let told = Told { reply, revision, position: None, repeated: false };
                Gated::Answer { token, result: Ok(told), writes }
            }
            Outcome::Refused(refusal) => {
                Gated::Answer { token, result: Err(AskError::Refused(refusal)), writes }
            }
        };
        self.gate_now(gated);
    }

    /// Applies the events and sends their record to the journal.
    ///
    /// # Errors
    ///
    /// What a panic in `apply` said. Nothing was sent then, and the state is spoilt.
    fn commit(
        &mut self,
        cause: Cause,
        events: Vec<Vec<u8>>,
        remember: Option<Remembered>,
        settled: Vec<(playhouse_domain::room::Ticket, Result<Vec<u8>, Refusal>)>,
    ) -> Result<(), String> {
        let audiences: BTreeSet<_> = self.watchers.audiences().cloned().collect();
        let (now, schema) = (self.now, self.kind.schema);
        let (age, count) = (self.kind.policy.outcome_age, self.kind.policy.outcomes);
        let Phase::Live(live) = &mut self.phase else { return Ok(()) };
        let at = if bug::is(Bug::TimeFallsBack) { now } else { now.max(live.last_at) };
        let record = Record { cause, events, remember, settled };
        let seq = live.seq + 1;
        let to_apply = ToApply { seq, at, schema, events: &record.events, rows: true };
        let rows = catch_unwind(AssertUnwindSafe(|| live.rules.apply(&to_apply, &audiences)))
            .map_err(|panic| panic_text(&*panic))??;
        live.took(&record, at, age, count);
        let duties = catch_unwind(AssertUnwindSafe(|| live.rules.duties()))
            .map_err(|panic| panic_text(&*panic))?;
        let after = Index { wake_at: live.rules.wake_at(), owes: !duties.is_empty() };
        let before = std::mem::replace(&mut live.index, after);
        let payload = codec::encode(&record);
        live.snapshot.bytes_since += payload.len();
        self.duties.sync(duties, seq);
        let frame = Frame { room: self.id.clone(), claim: self.claim, seq, schema, at, payload };
        self.gate.sent(seq);
        self.out.push_back(Output::Append(Box::new(Append { frame, before, after, rows })));
        for (ticket, outcome) in record.settled {
            self.gate.push(seq, Gated::Settle { ticket, outcome });
        }
        self.snapshot_if_due();
        Ok(())
    }

    /// Calls the rules for every time that is due.
    pub(super) fn wake_due(&mut self) {
        for round in 0.. {
            let Phase::Live(live) = &self.phase else { return };
            let now = self.now.max(live.last_at);
            let due = live.rules.wake_at().is_some_and(|at| at <= now);
            if !due || self.is_full() || !self.may_write() {
                return;
            }
            let seed =
                Seed::derive(&[b"time", self.id.as_str().as_bytes(), &live.seq.to_le_bytes()]);
            let cx = Cx { now, room: &self.id, caller: &Caller::System, seed, revision: live.seq };
            let decided = catch_unwind(AssertUnwindSafe(|| live.rules.wake(&cx)));
            let outcome = match decided {
                Ok(decided) if decided.events.is_empty() || round >= WAKES_MAX => {
                    Err("the rules do not move their wake-up time on".to_owned())
                }
                Ok(decided) => self.commit(Cause::Time, decided.events, None, decided.settled),
                Err(panic) => Err(panic_text(&*panic)),
            };
            if let Err(reason) = outcome {
                return self.fail(format!("waking it failed: {reason}"));
            }
        }
    }

    pub(super) fn duty_done(&mut self, id: DutyId, attempt: u64, result: DutyResult) {
        if !self.duties.is_current(id, attempt) {
            return;
        }
        if let Some(error) = self.refusal() {
            // It runs again later, to the same effect because of its key.
            return self.duty_failed(id, attempt, &error.to_string());
        }
        self.wake_due();
        let Phase::Live(live) = &self.phase else { return };
        let seed = Seed::derive(&[b"duty", self.id.as_str().as_bytes(), &live.seq.to_le_bytes()]);
        let now = self.now.max(live.last_at);
        let cx = Cx { now, room: &self.id, caller: &Caller::System, seed, revision: live.seq };
        let decided = catch_unwind(AssertUnwindSafe(|| live.rules.duty_done(&cx, id, result)));
        let outcome = match decided {
            // Rules that took no note of the result still owe the duty: it rests and runs again,
            // to the same effect because of its key.
            Ok(decided) if decided.events.is_empty() => {
                self.duty_failed(id, attempt, "the room took no note of the result");
                return;
            }
            Ok(decided) => self.commit(Cause::Duty(id), decided.events, None, decided.settled),
            Err(panic) => Err(panic_text(&*panic)),
        };
        if let Err(reason) = outcome {
            self.fail(format!("the end of a duty made it fail: {reason}"));
        }
    }

    pub(super) fn duty_failed(&mut self, id: DutyId, attempt: u64, reason: &str) {
        if !self.duties.is_current(id, attempt) {
            return;
        }
        self.last_failure = Some(format!("duty {} failed: {reason}", id.0));
        // The pauses of different rooms spread by their names; chance itself is not for this layer.
        let spread = memory::digest(&[self.id.as_str().as_bytes(), &attempt.to_le_bytes()]);
        let chance = u64::from_le_bytes(spread[..8].try_into().expect("32 bytes hold 8"));
        self.duties.rest(id, self.now, chance);
    }

    fn command_panicked(&mut self, deciding: &Deciding<'_>, panic: &str) {
        let caller = memory::caller_bytes(&deciding.caller);
        let culprit = memory::digest(&[&caller, deciding.command]);
        if self.poison.len() >= 64 && !self.poison.contains_key(&culprit) {
            self.poison.clear();
        }
        let attempts = self.poison.entry(culprit).or_default();
        *attempts += 1;
        let attempts = *attempts;
        let error = if attempts < POISONED_AFTER {
            AskError::Failed
        } else {
            AskError::Poisoned { attempts }
        };
        if attempts == POISONED_AFTER {
            let told = self.kind.policy.retention != Retention::Nothing;
            self.out.push_back(Output::DeadLetter(DeadLetter {
                at: told.then_some(self.now),
                caller: told.then(|| deciding.caller.clone()),
                command: (self.kind.redact)(deciding.command),
                panic: panic.to_owned(),
            }));
        }
        self.last_failure = Some(format!("a command made it panic: {panic}"));
        self.out.push_back(Output::Answer(deciding.token, Err(error)));
    }
}

impl Live {
    /// Takes note of a record that was just applied: the same live and in replay.
    pub(super) fn took(
        &mut self,
        record: &Record,
        at: Timestamp,
        age: std::time::Duration,
        count: usize,
    ) {
        self.seq += 1;
        self.last_at = at;
        if let Some(remembered) = &record.remember {
            self.memory.remember(at, remembered);
        }
        for (ticket, outcome) in &record.settled {
            let outcome = match outcome {
                Ok(reply) => Outcome::Reply(reply.clone()),
                Err(refusal) => Outcome::Refused(refusal.clone()),
            };
            self.memory.settle(*ticket, outcome);
        }
        self.memory.forget(at, age, count);
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
