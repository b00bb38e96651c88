//! The one writer of a store: a thread that writes many rooms' frames with one sync.
//!
//! Group commit: while one batch is being synced the next one gathers, so a busy server pays one
//! sync for up to [`BATCH_MAX`] frames and an idle one pays it at once.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use playhouse_protocol::ids::RoomId;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tracing::{error, warn};

use super::figures::{Counts, JournalFigures};
use super::{Append, Journal, JournalError, Keep, Snapshot, Stored};
use crate::handle::Position;
use crate::kill::{self, Step};

/// How many writes may wait. 8,192: sixteen full batches, about 100 ms of a fast disk. Past it a
/// frame is answered as not written.
pub const QUEUE_MAX: usize = 8192;

/// How many frames one sync may carry. 512: beyond it the figures no longer rise, and an early
/// frame waits longer for the later ones.
pub const BATCH_MAX: usize = 512;

/// How many bytes of frames one sync may carry, about. 4 MiB: large frames do not make the others
/// wait for long.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A frame did not become durable, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// It is surely not on disk.
    #[error("not written: {reason}")]
    NotWritten {
        /// Why.
        reason: String,
    },
    /// It may be on disk.
    #[error("unknown whether written: {reason}")]
    Unknown {
        /// Why.
        reason: String,
    },
}

/// The queue to the committer is full, or it has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the journal takes no more writes now")]
pub struct NotTaken;

/// What is called on the committer's thread when something is done. Must not block.
pub type Done<T> = Box<dyn FnOnce(T) + Send>;

type Loaded = Result<Stored, JournalError>;
type Work = Box<dyn FnOnce(&dyn Journal) + Send>;
type Appended = Done<Result<Position, CommitError>>;

enum Job {
    Append(Box<Append>, Appended),
    Load(RoomId, Done<Loaded>),
    Snapshot(Box<Snapshot>, Keep, Done<Result<(), JournalError>>),
    Run(Work),
    Stop,
}

type Thread = Option<JoinHandle<()>>;

/// Where processors are short, everybody waits for this thread: it goes before ordinary ones, and never waits for a time
/// slice of theirs to end (`SCHED_FIFO`, the lowest real-time priority; docs/adr/0013). What it does is bounded by
/// what others give it, so it starves none of them.
fn goes_first() {
    use thread_priority::{
        RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let set = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
    if let Err(error) = set {
        // Root may, and whoever has a limit for it; without it all works as well on a machine with time to spare.
        tracing::debug!(?error, "the committer has no real-time priority");
    }
}

/// A handle to the committer. Cheap to clone.
#[derive(Clone)]
pub struct Committer {
    jobs: Sender<Job>,
    thread: Arc<Mutex<Thread>>,
    counts: Arc<Counts>,
}

impl Committer {
    /// Starts the thread that writes to `journal`.
    ///
    /// # Panics
    ///
    /// If the system has no more threads.
    #[must_use]
    pub fn start(journal: Arc<dyn Journal>) -> Self {
        let (committer, worker) = Self::by_hand(journal);
        let thread = std::thread::Builder::new()
            .name("committer".into())
            .spawn(move || {
                goes_first();
                worker.run();
            })
            .expect("a thread can be started");
        *committer.thread.lock() = Some(thread);
        committer
    }

    /// A committer without a thread: whoever has the worker says when it works.
    pub(crate) fn by_hand(journal: Arc<dyn Journal>) -> (Self, Worker) {
        let (jobs, inbox) = channel(QUEUE_MAX);
        let counts: Arc<Counts> = Arc::default();
        let worker = Worker { journal, inbox, halted: BTreeSet::new(), counts: counts.clone() };
        (Self { jobs, thread: Arc::default(), counts }, worker)
    }

    /// Writes `append` with the next sync, then calls `done`.
    ///
    /// Once a frame of a room failed, every later one of that room is refused as not written until
    /// [`Self::load`] has read it back: a room's records never have a hole.
    ///
    /// # Errors
    ///
    /// [`NotTaken`] if [`QUEUE_MAX`] jobs wait; `done` is not called.
    pub fn append(
        &self,
        append: Append,
        done: Done<Result<Position, CommitError>>,
    ) -> Result<(), NotTaken> {
        self.jobs.try_send(Job::Append(Box::new(append), done)).map_err(|_| NotTaken)
    }

    /// Reads `room` behind every write before this call.
    pub fn load(&self, room: RoomId, done: Done<Result<Stored, JournalError>>) {
        self.ordered(Job::Load(room, done));
    }

    /// Stores `snapshot` behind every write before this call; see [`Journal::snapshot`].
    pub fn snapshot(&self, snapshot: Snapshot, keep: Keep, done: Done<Result<(), JournalError>>) {
        self.ordered(Job::Snapshot(Box::new(snapshot), keep, done));
    }

    /// Runs `work` on the journal between two batches: nothing is written meanwhile.
    pub fn run(&self, work: impl FnOnce(&dyn Journal) + Send + 'static) {
        self.ordered(Job::Run(Box::new(work)));
    }

    /// How the journal does; its newest syncs took `syncs`.
    pub(crate) fn figures(&self, syncs: Vec<Duration>) -> JournalFigures {
        self.counts.figures(syncs)
    }

    /// Finishes what was taken, then ends the thread. Blocks until it has ended.
    pub fn stop(&self) {
        let Some(thread) = self.thread.lock().take() else { return };
        while self.jobs.try_send(Job::Stop).is_err() && !thread.is_finished() {
            std::thread::yield_now();
        }
        if thread.join().is_err() {
            error!("the committer ended with a panic");
        }
    }

    /// Jobs that answer something a room waits for go in even if the queue is full: from a task of
    /// their own that waits for a place. If the committer has stopped, `done` is dropped.
    fn ordered(&self, job: Job) {
        use tokio::sync::mpsc::error::TrySendError;
        match self.jobs.try_send(job) {
            Ok(()) | Err(TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(job)) => {
                let jobs = self.jobs.clone();
                std::thread::spawn(move || drop(jobs.blocking_send(job)));
            }
        }
    }
}

/// What the committer's thread does.
pub(crate) struct Worker {
    journal: Arc<dyn Journal>,
    inbox: Receiver<Job>,
    /// Rooms of which a frame failed and that were not read back since.
    halted: BTreeSet<RoomId>,
    counts: Arc<Counts>,
}

impl Worker {
    fn run(mut self) {
        while let Some(first) = self.inbox.blocking_recv() {
            if !self.work(first) {
                return;
            }
        }
    }

    /// Does what waits now, if anything does.
    #[cfg(test)]
    pub(crate) fn turn(&mut self) {
        if let Ok(first) = self.inbox.try_recv() {
            self.work(first);
        }
    }

    /// Does `first` and what waits behind it, up to a full batch. False if it was the last.
    fn work(&mut self, first: Job) -> bool {
        let most = kill::gather(|| 1 + self.inbox.len());
        let mut batch = Vec::new();
        let mut next = Some(first);
        let (mut bytes, mut taken) = (0, 0);
        while let Some(job) = next.take() {
            taken += 1;
            match job {
                Job::Append(append, done) => {
                    bytes += append.frame.payload.len();
                    batch.push((append, done));
                }
                other => {
                    self.commit(&mut batch);
                    if !self.other(other) {
                        return false;
                    }
                }
            }
            if batch.len() < BATCH_MAX && bytes < BATCH_BYTES_MAX && taken < most {
                next = self.inbox.try_recv().ok();
            }
        }
        self.commit(&mut batch);
        true
    }

    /// Does a job that is no append. False if it was the last.
    fn other(&mut self, job: Job) -> bool {
        match job {
            Job::Load(room, done) => {
                self.halted.remove(&room);
                done(guarded("read a room", || self.journal.load(&room)));
            }
            Job::Snapshot(snapshot, keep, done) => {
                let store = || self.journal.snapshot(&snapshot, keep);
                done(guarded("store a snapshot", store));
            }
            Job::Run(work) => {
                kill::here(Step::BeforeAppend);
                if catch_unwind(AssertUnwindSafe(|| work(&*self.journal))).is_err() {
                    error!("work between two batches ended in a panic");
                }
                kill::here(Step::AfterSync);
            }
            Job::Stop => return false,
            Job::Append(..) => unreachable!("appends are batched"),
        }
        true
    }

    fn commit(&mut self, batch: &mut Vec<(Box<Append>, Appended)>) {
        if batch.is_empty() {
            return;
        }
        let mut appends = Vec::with_capacity(batch.len());
        let mut waiting = Vec::with_capacity(batch.len());
        for (append, done) in batch.drain(..) {
            if self.halted.contains(&append.frame.room) {
                let reason = "an earlier record of the room failed".to_owned();
                done(Err(CommitError::NotWritten { reason }));
            } else {
                appends.push(*append);
                waiting.push(done);
            }
        }
        if appends.is_empty() {
            return;
        }
        self.write(appends, waiting);
    }

    /// Writes `appends` and tells each. One that cannot be written (its shard was claimed by
    /// another, it does not follow on) does not take those of other rooms with it.
    fn write(&mut self, mut appends: Vec<Append>, mut waiting: Vec<Appended>) {
        while !appends.is_empty() {
            let started = Instant::now();
            kill::batch(appends.iter().map(|append| &append.frame.room));
            kill::here(Step::BeforeAppend);
            let result = guarded("write a batch", || self.journal.append(&appends));
            kill::here(Step::AfterSync);
            let took = started.elapsed();
            metrics::histogram!("playhouse_journal_commit_seconds").record(took);
            self.counts.commits.note(took);
            let error = match result {
                Ok(positions) => {
                    self.counts.frames.fetch_add(positions.len() as u64, Ordering::Relaxed);
                    return tell(&positions, waiting);
                }
                Err(error) => error,
            };
            metrics::counter!("playhouse_journal_errors_total").increment(1);
            self.counts.errors.fetch_add(1, Ordering::Relaxed);
            warn!(frames = appends.len(), error = %chain(&error), "a batch could not be written");
            let outcome = commit_error(&error);
            let of_some = appends.iter().any(|append| concerns(&error, append));
            let mut rest = (Vec::new(), Vec::new());
            for (append, done) in appends.into_iter().zip(waiting) {
                if !of_some || concerns(&error, &append) {
                    self.halted.insert(append.frame.room);
                    done(Err(outcome.clone()));
                } else {
                    rest.0.push(append);
                    rest.1.push(done);
                }
            }
            (appends, waiting) = rest;
        }
    }
}

fn tell(positions: &[Position], waiting: Vec<Appended>) {
    metrics::histogram!("playhouse_journal_batch_frames").record(waiting.len() as f64);
    metrics::counter!("playhouse_journal_frames_total").increment(waiting.len() as u64);
    for (done, position) in waiting.into_iter().zip(positions) {
        done(Ok(*position));
    }
}

/// True if `error` is about `append`; the rest of its batch is tried again without it.
fn concerns(error: &JournalError, append: &Append) -> bool {
    match error {
        JournalError::Fenced { shard, .. } => append.frame.room.shard() == *shard,
        JournalError::Damaged { room, .. } => append.frame.room == *room,
        JournalError::DiskFull { .. }
        | JournalError::Failing { .. }
        | JournalError::Store { .. } => true,
    }
}

/// A store that panics has failed; the thread lives on, or nobody would ever be told.
fn guarded<T>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(JournalError::Store { doing, source: "the store panicked, see the log".into() })
    })
}

fn commit_error(error: &JournalError) -> CommitError {
    let reason = chain(error);
    match error {
        JournalError::DiskFull { .. }
        | JournalError::Failing { .. }
        | JournalError::Fenced { .. }
        | JournalError::Damaged { .. } => CommitError::NotWritten { reason },
        JournalError::Store { .. } => CommitError::Unknown { reason },
    }
}

/// An error with its causes, for logs and reasons.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
