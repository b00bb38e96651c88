//! Failure and rebuild: throw the memory away, read the journal back, tell everyone the truth.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use playhouse_domain::bug::{self, Bug};
use playhouse_domain::restart::{self, Verdict};

use super::commit::panic_text;
use super::gate::Gated;
use super::memory;
use super::past::Past;
use super::refusing::DOUBLINGS_MAX;
use super::room::{Live, Phase, Room};
use super::snapshots::being_rebuilt;
use super::{Input, LoadFailed, Output};
use crate::handle::AskError;
use crate::journal::Stored;
use crate::watch::WatchEnd;

/// After so many attempts those who wait are told that the outcome is unknown. 3, about 300 ms: a hiccup
/// of the disk passes unnoticed.
const UNREADABLE_TOLD: u32 = 3;

impl Room {
    /// The room cannot go on with what it has in memory.
    pub(super) fn fail(&mut self, reason: String) {
        match self.restarts.failed(self.now, self.jitter()) {
            Verdict::RebuildAfter(pause) => self.rest(reason, pause),
            Verdict::Quarantine => {
                self.quarantine(format!("it failed too often, at last: {reason}"));
            }
        }
    }

    /// The store could not be read, which is no fault of the room's: it is tried again and again.
    fn store_failed(&mut self, reason: &str) {
        let pause = restart::pause(self.unreadable.min(DOUBLINGS_MAX), self.jitter());
        self.unreadable += 1;
        if self.unreadable == UNREADABLE_TOLD {
            self.resolve_gate(None);
        }
        self.rest(format!("it could not be read: {reason}"), pause);
    }

    fn rest(&mut self, reason: String, pause: Duration) {
        self.out.push_back(Output::Failed { reason: reason.clone(), pause });
        self.let_go();
        self.last_failure = Some(reason.clone());
        self.phase = Phase::Resting { until: self.now + pause, reason };
    }

    /// Any number, another one for each room and moment.
    pub(super) fn jitter(&self) -> u64 {
        let spread = memory::digest(&[self.id.as_str().as_bytes(), &self.now.ms().to_le_bytes()]);
        u64::from_le_bytes(spread[..8].try_into().expect("32 bytes hold 8"))
    }

    /// A frame may not be on disk: nothing after it counts until the journal was read back.
    pub(super) fn append_failed(&mut self, seq: u64, not_written: bool, reason: &str) {
        let Phase::Live(live) = &self.phase else { return };
        if seq <= live.durable {
            return;
        }
        self.last_failure = Some(format!("record {seq} could not be written: {reason}"));
        self.out.push_back(Output::Failed {
            reason: format!("record {seq} could not be written: {reason}"),
            pause: Duration::ZERO,
        });
        self.unwritten = not_written.then(|| reason.to_owned());
        if not_written {
            self.refused(reason, false);
        }
        self.read_back();
    }

    /// Throws the memory away for what the journal has. Watches go on: all that they were told is on the
    /// disk, so what is read leads on from there.
    pub(super) fn read_back(&mut self) {
        self.duties.clear();
        self.refuse_snapshots(&being_rebuilt());
        let rewritten = self.live().map_or(0, |live| live.rewritten);
        self.watchers.set_aside(rewritten);
        self.phase = Phase::Loading;
        self.out.push_back(Output::Load);
    }

    pub(super) fn quarantine(&mut self, reason: String) {
        self.out.push_back(Output::Quarantined { reason: reason.clone() });
        self.let_go();
        self.resolve_gate(None);
        for (_, tokens) in std::mem::take(&mut self.waiters) {
            for token in tokens {
                let error = AskError::Quarantined { reason: reason.clone() };
                self.out.push_back(Output::Answer(token, Err(error)));
            }
        }
        self.last_failure = Some(reason.clone());
        self.phase = Phase::Quarantined { reason };
    }

    pub(super) fn reopen(&mut self) {
        if matches!(self.phase, Phase::Loading) || self.rewriting.is_some() {
            return;
        }
        self.let_go();
        self.restarts = playhouse_domain::restart::Restarts::default();
        self.phase = Phase::Loading;
        self.out.push_back(Output::Load);
    }

    /// Ends watches and duties of the state that is thrown away. What is behind the gate stays
    /// until the journal was read back.
    fn let_go(&mut self) {
        self.duties.clear();
        self.refuse_snapshots(&being_rebuilt());
        for watcher in self.watchers.clear() {
            self.out.push_back(Output::WatchEnded(watcher, WatchEnd::Resubscribe));
        }
    }

    pub(super) fn loaded(&mut self, loaded: Result<Stored, LoadFailed>) {
        if !matches!(self.phase, Phase::Loading) {
            return;
        }
        let stored = match loaded {
            Ok(stored) => {
                self.unreadable = 0;
                stored
            }
            Err(LoadFailed { reason, damaged: true }) => return self.quarantine(reason),
            Err(LoadFailed { reason, damaged: false }) => {
                return self.store_failed(&reason);
            }
        };
        match catch_unwind(AssertUnwindSafe(|| self.rebuild(&stored))) {
            Ok(Ok(live)) => {
                let (durable, rewritten) = (live.durable, live.rewritten);
                let duties = live.rules.duties();
                self.phase = Phase::Live(Box::new(live));
                self.resolve_gate(Some(self.own_tail(&stored, durable)));
                self.duties.sync(duties, durable);
                match &stored.doubt {
                    Some(reason) => self.refused(reason, true),
                    None => self.resolved(),
                }
                for watcher in self.watchers.take_back(rewritten, self.now) {
                    self.out.push_back(Output::WatchEnded(watcher, WatchEnd::Resubscribe));
                }
            }
            Ok(Err(reason)) => self.quarantine(format!("replay failed: {reason}")),
            Err(panic) => {
                self.quarantine(format!("replay panicked: {}", panic_text(&*panic)));
            }
        }
    }

    /// The newest record that is on disk as this owner wrote it: where another one has claimed the
    /// shard, the records that follow are not those that callers wait for, whatever their numbers.
    fn own_tail(&self, stored: &Stored, durable: u64) -> u64 {
        let is_own = |seq: u64| {
            let foreign = bug::is(Bug::ForeignRecords);
            let mut frames = stored.frames.iter();
            frames.any(|frame| frame.seq == seq && (frame.claim == self.claim || foreign))
        };
        let foreign = self.gate.records().find(|seq| *seq > durable || !is_own(*seq));
        foreign.map_or(durable, |seq| seq - 1)
    }

    /// Gives what is behind the gate its true answer, now that `tail` is known to be the newest
    /// record on disk that is this owner's. Who only looks is shown what there is now.
    fn resolve_gate(&mut self, tail: Option<u64>) {
        let mut left = Vec::new();
        for gated in tail.map(|tail| self.gate.open(tail, None)).unwrap_or_default() {
            match gated {
                // Belongs to the state that is gone.
                Gated::Watch(_) => left.push(gated),
                Gated::Snapshot(..) => {}
                other => self.let_through(other),
            }
        }
        left.extend(self.gate.fail());
        let error = match self.unwritten.take() {
            Some(reason) => AskError::StoreUnavailable { reason },
            None => AskError::OutcomeUnknown,
        };
        for gated in left {
            let looks = match gated {
                Gated::Answer { token, .. } | Gated::Wait { token, .. } => {
                    self.out.push_back(Output::Answer(token, Err(error.clone())));
                    continue;
                }
                Gated::Seen { token, viewer, .. } => Input::View { token, viewer },
                Gated::Watch(watch) => watch.again(),
                Gated::Settle { .. } | Gated::Snapshot(..) => continue,
            };
            if tail.is_some() {
                self.backlog.push_back(looks);
            } else {
                self.answer_error(&looks, error.clone());
            }
        }
    }

    pub(super) fn past(&self) -> Past<'_> {
        Past { kind: &self.kind, id: &self.id, now: self.now }
    }

    /// Rebuilds the state from what is stored.
    fn rebuild(&mut self, stored: &Stored) -> Result<Live, String> {
        let mut live = self.past().restored(stored.snapshot.as_ref())?;
        let watched = self.watchers.set_aside_audiences();
        let audiences = live.rules.audiences().into_iter().chain(watched).collect();
        for audience in &audiences {
            self.watchers.track(audience, live.seq);
        }
        let left_out = usize::from(bug::is(Bug::ReplayOneShort));
        for frame in &stored.frames[..stored.frames.len().saturating_sub(left_out)] {
            self.past().replay(&mut live, frame, &audiences)?;
            for change in live.rules.release(frame.seq) {
                self.watchers.changed(&change.audience, change.seq, change.json);
            }
        }
        for audience in &audiences {
            live.rules.take_pending(audience);
        }
        live.durable = live.seq;
        live.index = stored.index;
        self.watchers.settle(live.rewritten);
        Ok(live)
    }
}
