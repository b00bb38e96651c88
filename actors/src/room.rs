//! The actor of one room: carries inputs and outputs between callers, the committer and the host.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::prelude::{Actor, ActorContext, AsyncContext, Context, Handler, Message, SpawnHandle};
use playhouse_domain::room::{Caller, Seed};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{CommandKey, RoomId};
use tokio::sync::oneshot;
use tracing::{error, warn};

use crate::duties;
use crate::handle::{AskError, Seen, TicketCell};
use crate::host::{
    Crash, Input, LoadFailed, Output, Room, Started, Status, Token, Told, snapshot_of,
};
use crate::journal::committer::{CommitError, chain};
use crate::journal::{Append, Journal, JournalError, Keep, Rewrite, Snapshot};
use crate::kill;
use crate::lane::{Lane, Mailbox, Turn};
use crate::shard::{ShardActor, Sleeping};
use crate::shared::{Share, Shared};
use crate::watch::{
    Publication, Sink, StreamPosition, Viewer, WatchEnd, WatchGuard, WatcherId, Watching,
};

/// How long a rule's decision may take before it is reported. 1 ms: a thousand times a usual one.
const DECISION_BUDGET: Duration = Duration::from_millis(1);

/// What a caller asks of a room.
pub(crate) enum Request {
    Command {
        caller: Caller,
        key: Option<CommandKey>,
        seed: Seed,
        command: Vec<u8>,
        reply: oneshot::Sender<Result<Told, AskError>>,
        ticket: TicketCell,
    },
    View {
        viewer: Viewer,
        reply: oneshot::Sender<Result<Seen, AskError>>,
    },
    Watch {
        viewer: Viewer,
        recover: Option<StreamPosition>,
        sink: Arc<dyn Sink>,
        reply: oneshot::Sender<Result<Watching, AskError>>,
    },
    Status {
        reply: oneshot::Sender<Status>,
    },
    Quarantine(String),
    Reopen,
    Snapshot {
        reply: oneshot::Sender<Result<Told, AskError>>,
    },
    Rewrite {
        by: Caller,
        rewrite: Rewrite,
        reply: oneshot::Sender<Result<Told, AskError>>,
    },
    /// Be loaded: something is due or owed.
    Touch,
}

impl Request {
    /// Answers that the request cannot be served.
    pub(crate) fn refuse(self, error: AskError) {
        match self {
            Self::Command { reply, .. }
            | Self::Rewrite { reply, .. }
            | Self::Snapshot { reply } => {
                drop(reply.send(Err(error)));
            }
            Self::View { reply, .. } => drop(reply.send(Err(error))),
            Self::Watch { reply, .. } => drop(reply.send(Err(error))),
            Self::Status { .. } | Self::Quarantine(_) | Self::Reopen | Self::Touch => {}
        }
    }
}

/// A request that waits in the room's mailbox.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) turn: Turn,
}

impl Message for Asked {
    type Result = ();
}

/// There is something in the inner lane.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Wake;

/// Nobody knows the room any more: be gone.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Stop;

enum Waiting {
    Told(oneshot::Sender<Result<Told, AskError>>, TicketCell),
    Seen(oneshot::Sender<Result<Seen, AskError>>),
    Watching(oneshot::Sender<Result<Watching, AskError>>, Arc<dyn Sink>),
}

/// The actor of one room.
pub(crate) struct RoomActor {
    id: RoomId,
    host: Room,
    shared: Arc<Shared>,
    shard: Mailbox<ShardActor>,
    lane: Arc<Lane>,
    waiting: HashMap<Token, Waiting>,
    sinks: HashMap<WatcherId, Arc<dyn Sink>>,
    /// Requests taken so far; the shard compares it with what it sent before it lets the room go.
    taken: u64,
    /// True if frames of an earlier actor of this room may still be on their way.
    barrier: bool,
    timer: Option<(Timestamp, SpawnHandle)>,
    inbox: Inbox,
    /// What the room adds to the figures of its kind.
    share: Share,
}

/// What is known of a room's mailbox.
pub(crate) struct Inbox {
    /// How many requests wait in it.
    pub(crate) waiting: Arc<AtomicUsize>,
    /// How many requests it takes.
    pub(crate) bound: usize,
}

impl RoomActor {
    pub(crate) fn new(
        id: RoomId,
        host: Room,
        shared: Arc<Shared>,
        shard: Mailbox<ShardActor>,
        barrier: bool,
        inbox: Inbox,
    ) -> Self {
        let share = shared.share(&id);
        Self {
            share,
            id,
            host,
            shared,
            shard,
            lane: Arc::default(),
            waiting: HashMap::new(),
            sinks: HashMap::new(),
            taken: 0,
            barrier,
            timer: None,
            inbox,
        }
    }

    fn input(&mut self, input: Input) {
        let now = self.shared.clock.now();
        let watchdog = matches!(input, Input::Command { .. }).then(std::time::Instant::now);
        self.host.handle(now, input);
        if let Some(took) = watchdog.map(|since| since.elapsed())
            && took > DECISION_BUDGET
        {
            metrics::counter!("playhouse_room_slow_decisions_total", "kind" => self.id.kind().to_owned())
                .increment(1);
            warn!(room = %self.id, took_us = took.as_micros() as u64, "slow decision");
        }
    }

    /// Serves the inner lane, then carries out what the host wants.
    fn drive(&mut self, ctx: &mut Context<Self>) {
        for input in self.lane.take() {
            if let Input::Unwatch(watcher) = &input {
                self.sinks.remove(watcher);
            }
            self.input(input);
        }
        while let Some(output) = self.host.poll() {
            self.carry_out(output);
        }
        self.share.is(self.host.watcher_count(), self.host.bytes());
        self.set_timer(ctx);
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Load => self.load(),
            Output::Append(append) => self.append(*append),
            Output::Snapshot { snapshot, keep } => {
                store(&self.shared, &self.lane, *snapshot, keep);
            }
            Output::SnapshotElsewhere { seq, keep } => self.snapshot_elsewhere(seq, keep),
            Output::Salvage(rewrite) => {
                let room = self.id.clone();
                self.on_journal(move |journal| journal.salvage(&room, rewrite), Input::Salvaged);
            }
            Output::Rewrite(append, snapshot) => {
                let rewrite = move |journal: &dyn Journal| journal.rewrite(&append, &snapshot);
                self.on_journal(rewrite, Input::Rewritten);
            }
            Output::Answer(token, result) => {
                if let Some(Waiting::Told(reply, ticket)) = self.waiting.remove(&token) {
                    let position = result.as_ref().ok().and_then(|told| told.position);
                    let wrote = position.is_some() || ticket.get().is_some();
                    kill::answer(&self.id, wrote, move || drop(reply.send(result)));
                }
            }
            Output::Accepted(token, ticket) => {
                if let Some(Waiting::Told(_, cell)) = self.waiting.get(&token) {
                    let _ = cell.set(ticket);
                }
            }
            Output::Seen(token, result) => {
                if let Some(Waiting::Seen(reply)) = self.waiting.remove(&token) {
                    let _ = reply.send(result);
                }
            }
            Output::Watching(token, result) => self.watching(token, result),
            Output::Publish(publication, to) => self.publish(&publication, &to),
            Output::Refresh(publication, to) => self.refresh(&publication, &to),
            Output::WatchEnded(watcher, reason) => {
                if let Some(sink) = self.sinks.remove(&watcher) {
                    sink.ended(reason);
                }
            }
            Output::StartDuty { id, attempt, work } => {
                let key = duties::key(&self.id, id, &work);
                duties::start(
                    &self.shared,
                    &self.id,
                    &self.lane,
                    duties::Task { id, attempt, key, work },
                );
            }
            Output::Sleep(wake_at) => {
                let sleeping = Sleeping { room: self.id.clone(), taken: self.taken, wake_at };
                let _ = self.shard.try_send(sleeping);
            }
            Output::DeadLetter(letter) => {
                error!(room = %self.id, caller = ?letter.caller, panic = letter.panic, "command set aside");
                self.shared.stats.dead_letter(&self.id, letter);
            }
            Output::Failed { reason, pause } => {
                warn!(room = %self.id, reason, pause_ms = pause.as_millis() as u64, "room failed");
                let crash = Crash { at: self.shared.clock.now(), reason };
                self.shared.stats.failed(&self.id, crash);
            }
            Output::Quarantined { reason } => {
                error!(room = %self.id, reason, "room quarantined");
                self.shared.stats.quarantined(&self.id, reason);
            }
        }
    }

    fn load(&mut self) {
        let barrier = std::mem::replace(&mut self.barrier, true);
        let (shared, lane, room) = (self.shared.clone(), self.lane.clone(), self.id.clone());
        actix::spawn(async move {
            let Ok(_permit) = shared.rebuilds.acquire().await else { return };
            let loaded = if barrier {
                let (tx, rx) = oneshot::channel();
                shared.committer.load(room.clone(), Box::new(move |r| drop(tx.send(r))));
                rx.await.unwrap_or_else(|_| Err(stopped()))
            } else {
                let journal = shared.journal.clone();
                let read = tokio::task::spawn_blocking({
                    let room = room.clone();
                    move || journal.load(&room)
                });
                read.await.unwrap_or_else(|_| Err(stopped()))
            };
            shared.stats.reopened(&room);
            lane.post(Input::Loaded(loaded.map_err(|e| load_failed(&e))));
        });
    }

    fn append(&self, append: Append) {
        let seq = append.frame.seq;
        let lane = self.lane.clone();
        let done = Box::new(move |result: Result<_, CommitError>| {
            lane.post(match result {
                Ok(position) => Input::Durable { seq, position },
                Err(CommitError::NotWritten { reason }) => {
                    Input::AppendFailed { seq, not_written: true, reason }
                }
                Err(CommitError::Unknown { reason }) => {
                    Input::AppendFailed { seq, not_written: false, reason }
                }
            });
        });
        if self.shared.committer.append(append, done).is_err() {
            let reason = "the journal's queue is full".to_owned();
            self.lane.post(Input::AppendFailed { seq, not_written: true, reason });
        }
    }

    /// Runs `work` behind every append before it and gives its result to the host.
    fn on_journal<T: 'static>(
        &self,
        work: impl FnOnce(&dyn Journal) -> Result<T, JournalError> + Send + 'static,
        input: fn(Result<T, String>) -> Input,
    ) {
        let lane = self.lane.clone();
        self.shared.committer.run(move |journal| {
            lane.post(input(work(journal).map_err(|e| chain(&e))));
        });
    }

    /// Makes a snapshot of the journal on a thread of its own; the room goes on meanwhile.
    fn snapshot_elsewhere(&self, seq: u64, keep: Keep) {
        let (shared, lane, room) = (self.shared.clone(), self.lane.clone(), self.id.clone());
        actix::spawn(async move {
            let Ok(_turn) = shared.snapshots.acquire().await else { return };
            let (journal, kind) = (shared.journal.clone(), shared.kinds.get(room.kind()).cloned());
            let make = move || {
                let kind = kind.ok_or("its kind is not registered")?;
                let salvage =
                    journal.salvage(&room, Rewrite::Rewind(seq)).map_err(|e| chain(&e))?;
                snapshot_of(&kind, &room, &salvage.kept)
            };
            let made = tokio::task::spawn_blocking(make).await;
            match made.unwrap_or_else(|e| Err(e.to_string())) {
                Ok(snapshot) => store(&shared, &lane, snapshot, keep),
                Err(reason) => lane.post(Input::SnapshotDone(Err(reason))),
            }
        });
    }

    fn watching(&mut self, token: Token, result: Result<Started, AskError>) {
        let Some(Waiting::Watching(reply, sink)) = self.waiting.remove(&token) else { return };
        let started = match result {
            Ok(started) => started,
            Err(error) => return drop(reply.send(Err(error))),
        };
        let (watcher, lane) = (started.watcher, self.lane.clone());
        self.sinks.insert(watcher, sink);
        let guard = WatchGuard::new(move || lane.post(Input::Unwatch(watcher)));
        // If nobody takes the answer any more, the guard comes back and ends the watch.
        let _ = reply.send(Ok(Watching {
            position: started.position,
            view: started.view,
            recovered: started.recovered,
            publications: started.missed,
            guard,
        }));
    }

    fn publish(&mut self, publication: &Arc<Publication>, to: &[WatcherId]) {
        for watcher in to {
            let Some(sink) = self.sinks.get(watcher) else { continue };
            if sink.publish(publication).is_err() {
                self.input(Input::Lagging(*watcher));
            }
            if kill::told_one(&self.id) {
                break;
            }
        }
    }

    fn refresh(&mut self, publication: &Arc<Publication>, to: &[WatcherId]) {
        for watcher in to {
            let Some(sink) = self.sinks.get(watcher) else { continue };
            let took = sink.publish(publication).is_ok();
            self.input(if took { Input::CaughtUp(*watcher) } else { Input::Lagging(*watcher) });
        }
    }

    fn set_timer(&mut self, ctx: &mut Context<Self>) {
        let Some(at) = self.host.next_timeout() else { return };
        if self.timer.as_ref().is_some_and(|(set, _)| *set <= at) {
            return;
        }
        if let Some((_, handle)) = self.timer.take() {
            ctx.cancel_future(handle);
        }
        // A far time is cut into hours, and a time that has come waits a little, so that a room
        // that cannot act on it yet does not spin.
        let wait = at.since(self.shared.clock.now());
        let wait = wait.clamp(Duration::from_millis(1), Duration::from_secs(3600));
        let handle = ctx.run_later(wait, |actor, ctx| {
            actor.timer = None;
            actor.input(Input::Tick);
            actor.drive(ctx);
        });
        self.timer = Some((at, handle));
    }

    fn wait(&mut self, waiting: Waiting) -> Token {
        let token = Token(self.shared.next_id());
        self.waiting.insert(token, waiting);
        token
    }
}

/// Gives `snapshot` to the committer, and the room behind `lane` the outcome.
fn store(shared: &Shared, lane: &Arc<Lane>, snapshot: Snapshot, keep: Keep) {
    let (lane, bytes) = (lane.clone(), snapshot.payload.len());
    let done = Box::new(move |result: Result<(), JournalError>| {
        lane.post(Input::SnapshotDone(result.map(|()| bytes).map_err(|e| chain(&e))));
    });
    shared.committer.snapshot(snapshot, keep, done);
}

fn stopped() -> JournalError {
    JournalError::Store { doing: "read a room", source: "the journal is stopped".into() }
}

fn load_failed(error: &JournalError) -> LoadFailed {
    let damaged = matches!(error, JournalError::Damaged { .. });
    LoadFailed { reason: chain(error), damaged }
}

impl Actor for RoomActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(self.inbox.bound);
        self.lane.belongs_to(Mailbox::new(ctx.address()));
        self.shared.stats.loaded(&self.id);
        self.drive(ctx);
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.shared.stats.unloaded(&self.id);
        for (_, sink) in self.sinks.drain() {
            sink.ended(WatchEnd::Resubscribe);
        }
    }
}

impl Handler<Asked> for RoomActor {
    type Result = ();

    fn handle(&mut self, Asked { request, turn }: Asked, ctx: &mut Context<Self>) {
        self.taken += 1;
        drop(turn);
        self.drive(ctx);
        let input = match request {
            Request::Command { caller, key, seed, command, reply, ticket } => {
                let token = self.wait(Waiting::Told(reply, ticket));
                Input::Command { token, caller, key, seed, command }
            }
            Request::View { viewer, reply } => {
                Input::View { token: self.wait(Waiting::Seen(reply)), viewer }
            }
            Request::Watch { viewer, recover, sink, reply } => {
                let token = self.wait(Waiting::Watching(reply, sink));
                Input::Watch { token, watcher: WatcherId(self.shared.next_id()), viewer, recover }
            }
            Request::Status { reply } => {
                let waiting = self.inbox.waiting.load(Ordering::Relaxed);
                let last_crash = self.shared.stats.last_crash(&self.id);
                let _ = reply.send(Status { waiting, last_crash, ..self.host.status() });
                Input::Tick
            }
            Request::Quarantine(reason) => Input::Quarantine(reason),
            Request::Reopen => Input::Reopen,
            Request::Snapshot { reply } => {
                Input::Snapshot(self.wait(Waiting::Told(reply, TicketCell::default())))
            }
            Request::Rewrite { by, rewrite, reply } => {
                let token = self.wait(Waiting::Told(reply, TicketCell::default()));
                Input::Rewrite { token, by, rewrite }
            }
            Request::Touch => Input::Tick,
        };
        self.input(input);
        self.drive(ctx);
    }
}

impl Handler<Wake> for RoomActor {
    type Result = ();

    fn handle(&mut self, _: Wake, ctx: &mut Context<Self>) {
        self.drive(ctx);
    }
}

impl Handler<Stop> for RoomActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}
