//! One room's machine: its phases and its inputs.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use playhouse_domain::bug::{self, Bug};
use playhouse_domain::restart::Restarts;
use playhouse_domain::room::{Audience, Ticket};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::RoomId;

use super::duties::Duties;
use super::gate::{Gate, Gated, SnapshotAt};
use super::kind::{Erased, Kind};
use super::memory::Memory;
use super::refusing::Refusing;
use super::rewrite::Rewriting;
use super::watchers::Watchers;
use super::{Input, Output, Status, Token};
use crate::handle::{AskError, Position};
use crate::journal::Index;
use crate::watch::{Viewer, WatchEnd};

/// How many callers may wait for one ticket. 64: repeats of one command by one caller.
const WAITERS_MAX: usize = 64;

/// In which steps it is told how large a room is, in bytes. 1 KiB, several votes: the size is a figure that
/// others see than those who see what is in the room, and one vote's length is not to show in it.
const BYTES_STEP: usize = 1024;

/// One room.
pub struct Room {
    pub(super) id: RoomId,
    pub(super) kind: Kind,
    pub(super) generation: Arc<str>,
    /// The claim under which frames are written.
    pub(super) claim: u64,
    pub(super) phase: Phase,
    /// The newest time that was given; never falls.
    pub(super) now: Timestamp,
    pub(super) out: VecDeque<Output>,
    /// Inputs that wait for the room to be loaded. Bounded by the policy's mailbox.
    pub(super) backlog: VecDeque<Input>,
    pub(super) gate: Gate,
    pub(super) duties: Duties,
    pub(super) watchers: Watchers,
    pub(super) waiters: BTreeMap<Ticket, Vec<Token>>,
    pub(super) restarts: Restarts,
    /// How often in a row the store could not be read.
    pub(super) unreadable: u32,
    /// Panics by sender and command. At most 64; cleared when full.
    pub(super) poison: BTreeMap<[u8; 32], u32>,
    pub(super) last_failure: Option<String>,
    /// Why the frame that failed is surely not on disk, until the journal was read back.
    pub(super) unwritten: Option<String>,
    /// Set while the store takes no writes.
    pub(super) refusing: Option<Refusing>,
    /// The rewrite that is being worked out or written.
    pub(super) rewriting: Option<Rewriting>,
    /// Who waits for a snapshot of which record. Bounded in `snapshots`.
    pub(super) wanted: Vec<(u64, Token)>,
}

/// What a room is doing.
pub(super) enum Phase {
    /// Waits for [`Input::Loaded`].
    Loading,
    /// Works.
    Live(Box<Live>),
    /// Failed; loads again at this time.
    Resting { until: Timestamp, reason: String },
    /// Waits for an administrator.
    Quarantined { reason: String },
}

/// The state of a room that works.
pub(super) struct Live {
    pub(super) rules: Box<dyn Erased>,
    /// The newest record, applied.
    pub(super) seq: u64,
    /// The newest record on disk.
    pub(super) durable: u64,
    /// When the newest record was decided.
    pub(super) last_at: Timestamp,
    pub(super) memory: Memory,
    /// The record of the newest rewrite, 0 if there was none. Part of the stream epoch.
    pub(super) rewritten: u64,
    pub(super) index: Index,
    pub(super) snapshot: SnapshotState,
    /// When somebody last asked for something.
    pub(super) last_used: Timestamp,
    /// The newest view of each audience, at the record it shows.
    views: BTreeMap<Audience, (u64, Vec<u8>)>,
}

/// Where snapshots stand.
#[derive(Debug, Default)]
pub(super) struct SnapshotState {
    pub(super) seq: u64,
    pub(super) bytes: usize,
    pub(super) bytes_since: usize,
    pub(super) under_way: bool,
}

impl Live {
    pub(super) fn new(rules: Box<dyn Erased>, now: Timestamp) -> Self {
        Self {
            rules,
            seq: 0,
            durable: 0,
            last_at: Timestamp::ZERO,
            memory: Memory::default(),
            rewritten: 0,
            index: Index::default(),
            snapshot: SnapshotState::default(),
            last_used: now,
            views: BTreeMap::new(),
        }
    }

    /// What `viewer` sees, and as which audience.
    pub(super) fn seen(&mut self, now: Timestamp, viewer: &Viewer) -> Option<(Audience, Vec<u8>)> {
        let audience = match viewer {
            Viewer::As(audience) => audience.clone(),
            Viewer::Caller(caller) => self.rules.audience(caller)?,
        };
        let view = self.view(now, &audience)?;
        Some((audience, view))
    }

    pub(super) fn view(&mut self, now: Timestamp, audience: &Audience) -> Option<Vec<u8>> {
        match self.views.get(audience) {
            Some((seq, json)) if *seq == self.seq => Some(json.clone()),
            _ => {
                let json = self.rules.view(now, audience)?;
                // One audience of each sort is kept at most, so that many accounts' own views
                // cannot pile up.
                self.views.retain(|kept, _| {
                    std::mem::discriminant(kept) != std::mem::discriminant(audience)
                });
                self.views.insert(audience.clone(), (self.seq, json.clone()));
                Some(json)
            }
        }
    }
}

impl Room {
    /// A room that is not loaded yet: its first output is [`Output::Load`].
    ///
    /// `generation` is the store's, `claim` the shard's.
    #[must_use]
    pub fn new(id: RoomId, kind: Kind, generation: Arc<str>, claim: u64) -> Self {
        Self {
            id,
            kind,
            generation,
            claim,
            phase: Phase::Loading,
            now: Timestamp::ZERO,
            out: VecDeque::from([Output::Load]),
            backlog: VecDeque::new(),
            gate: Gate::default(),
            duties: Duties::default(),
            watchers: Watchers::default(),
            waiters: BTreeMap::new(),
            restarts: Restarts::default(),
            unreadable: 0,
            poison: BTreeMap::new(),
            last_failure: None,
            unwritten: None,
            refusing: None,
            rewriting: None,
            wanted: Vec::new(),
        }
    }

    /// Takes `input` in at `now`. Poll until there is no more output afterwards.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Loaded(loaded) => {
                self.loaded(loaded);
                self.serve_backlog();
            }
            Input::Durable { seq, position } => self.durable(seq, Some(position)),
            Input::AppendFailed { seq, not_written, reason } => {
                self.append_failed(seq, not_written, &reason);
            }
            Input::SnapshotDone(result) => self.snapshot_done(result),
            Input::Unwatch(watcher) => self.watchers.remove(watcher),
            Input::Lagging(watcher) => {
                if self.watchers.lagging(watcher, self.now) {
                    self.out.push_back(Output::WatchEnded(watcher, WatchEnd::Slow));
                }
            }
            Input::CaughtUp(watcher) => self.watchers.caught_up(watcher),
            Input::DutyFailed { id, attempt, reason } => self.duty_failed(id, attempt, &reason),
            Input::DutyDone { id, attempt, result } => self.duty_done(id, attempt, result),
            Input::Quarantine(reason) => self.quarantine(reason),
            Input::Reopen => self.reopen(),
            Input::Snapshot(token) => self.snapshot_now(token),
            Input::Rewrite { token, by, rewrite } => self.rewrite(token, by, rewrite),
            Input::Salvaged(salvaged) => self.salvaged(salvaged),
            Input::Rewritten(written) => self.rewritten(written),
            Input::Tick => {}
            Input::Command { .. } | Input::View { .. } | Input::Watch { .. } => self.ask(input),
        }
        self.pass_time();
    }

    /// The next thing the room wants done, if any.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// How the room stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let (phase, reason) = match &self.phase {
            Phase::Loading => ("loading", None),
            Phase::Live(_) => ("live", None),
            Phase::Resting { reason, .. } => ("rebuilding", Some(reason.clone())),
            Phase::Quarantined { reason } => ("quarantined", Some(reason.clone())),
        };
        let live = self.live();
        Status {
            phase,
            reason,
            revision: live.map_or(0, |l| l.seq),
            durable: live.map_or(0, |l| l.durable),
            waiting: 0,
            watchers: self.watchers.count(),
            bytes: self.bytes(),
            duties: self.duties.len(),
            wake_at: live.and_then(|l| l.rules.wake_at()),
            last_failure: self.last_failure.clone(),
            last_crash: None,
        }
    }

    /// How many watch.
    #[must_use]
    pub fn watcher_count(&self) -> usize {
        self.watchers.count()
    }

    /// Bytes that its newest snapshots and what followed them take, encoded; a whole number of
    /// 1 KiB.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let bytes = self.live().map_or(0, |live| live.snapshot.bytes + live.snapshot.bytes_since);
        bytes.next_multiple_of(BYTES_STEP)
    }

    pub(super) fn live(&self) -> Option<&Live> {
        match &self.phase {
            Phase::Live(live) => Some(live),
            _ => None,
        }
    }

    pub(super) fn live_mut(&mut self) -> Option<&mut Live> {
        match &mut self.phase {
            Phase::Live(live) => Some(live),
            _ => None,
        }
    }

    pub(super) fn epoch(&self, live: &Live) -> Arc<str> {
        format!("{}-{}", self.generation, live.rewritten).into()
    }

    /// True if as many frames are on their way to the disk as may be.
    pub(super) fn is_full(&self) -> bool {
        self.gate.in_flight() >= self.kind.policy.in_flight
    }

    fn ask(&mut self, input: Input) {
        match &self.phase {
            Phase::Live(_) => self.ask_live(input),
            Phase::Loading if self.backlog.len() < self.kind.policy.mailbox => {
                self.backlog.push_back(input);
            }
            Phase::Loading => self
                .answer_error(&input, AskError::Overloaded { retry_after: Duration::from_secs(1) }),
            Phase::Resting { reason, .. } if self.unreadable > 0 => {
                let error = AskError::StoreUnavailable { reason: reason.clone() };
                self.answer_error(&input, error);
            }
            Phase::Resting { until, .. } => {
                let retry_after = until.since(self.now).max(Duration::from_millis(50));
                self.answer_error(&input, AskError::Rebuilding { retry_after });
            }
            Phase::Quarantined { reason } => {
                let error = AskError::Quarantined { reason: reason.clone() };
                self.answer_error(&input, error);
            }
        }
    }

    fn serve_backlog(&mut self) {
        for input in std::mem::take(&mut self.backlog) {
            self.ask(input);
        }
    }

    pub(super) fn answer_error(&mut self, input: &Input, error: AskError) {
        self.out.push_back(match input {
            Input::View { token, .. } => Output::Seen(*token, Err(error)),
            Input::Watch { token, .. } => Output::Watching(*token, Err(error)),
            Input::Command { token, .. } => Output::Answer(*token, Err(error)),
            _ => return,
        });
    }

    fn ask_live(&mut self, input: Input) {
        if self.is_full() && !matches!(input, Input::View { .. }) {
            let retry_after = Duration::from_millis(100);
            return self.answer_error(&input, AskError::Overloaded { retry_after });
        }
        let now = self.now;
        if let Some(live) = self.live_mut() {
            live.last_used = now;
        }
        self.wake_due();
        match input {
            Input::Command { token, caller, key, seed, command } => {
                self.command(token, caller, key.as_ref(), seed, &command);
            }
            Input::View { token, viewer } => self.view(token, viewer),
            Input::Watch { token, watcher, viewer, recover } => {
                self.watch(token, watcher, viewer, recover);
            }
            _ => {}
        }
    }

    /// Lets `gated` through once everything that is applied now is on disk.
    pub(super) fn gate_now(&mut self, gated: Gated) {
        let Some(live) = self.live() else { return };
        if live.durable >= live.seq || bug::is(Bug::AnswerBeforeSync) {
            self.let_through(gated);
        } else {
            let seq = live.seq;
            self.gate.push(seq, gated);
        }
    }

    /// Record `seq` is on disk.
    pub(super) fn durable(&mut self, seq: u64, position: Option<Position>) {
        let Phase::Live(live) = &mut self.phase else { return };
        live.durable = live.durable.max(seq);
        self.refusing = None;
        for change in live.rules.release(seq) {
            self.watchers.changed(&change.audience, change.seq, change.json);
        }
        for gated in self.gate.open(seq, position) {
            self.let_through(gated);
        }
    }

    pub(super) fn let_through(&mut self, gated: Gated) {
        match gated {
            Gated::Answer { token, result, .. } => {
                self.out.push_back(Output::Answer(token, result));
            }
            Gated::Wait { token, ticket } => {
                let waiters = self.waiters.entry(ticket).or_default();
                if waiters.len() < WAITERS_MAX {
                    waiters.push(token);
                    self.out.push_back(Output::Accepted(token, ticket));
                } else {
                    let retry_after = Duration::from_secs(10);
                    self.out.push_back(Output::Answer(
                        token,
                        Err(AskError::Overloaded { retry_after }),
                    ));
                }
            }
            Gated::Settle { ticket, outcome } => self.settle(ticket, outcome),
            Gated::Seen { token, result, .. } => self.out.push_back(Output::Seen(token, result)),
            Gated::Watch(watch) => self.start_watch(*watch),
            Gated::Snapshot(SnapshotAt::Taken(snapshot), keep) => {
                self.out.push_back(Output::Snapshot { snapshot, keep });
            }
            Gated::Snapshot(SnapshotAt::Journal(seq), keep) => {
                self.out.push_back(Output::SnapshotElsewhere { seq, keep });
            }
        }
    }

    fn settle(
        &mut self,
        ticket: Ticket,
        outcome: Result<Vec<u8>, playhouse_domain::refusal::Refusal>,
    ) {
        let revision = self.live().map_or(0, |l| l.durable);
        let result = outcome
            .map(|reply| super::Told { reply, revision, position: None, repeated: false })
            .map_err(AskError::Refused);
        for token in self.waiters.remove(&ticket).unwrap_or_default() {
            self.out.push_back(Output::Answer(token, result.clone()));
        }
    }
}
