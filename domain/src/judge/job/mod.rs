//! A job: a program that was handed in, from then until it is judged and forgotten.
//!
//! - [`command`], [`event`]: what can be asked and what can become true. [`outcome`]: what a run did.
//! - `decide`, `apply`, `due`: as everywhere. [`view`]: what is seen, and what lists show.
//!
//! A job asks the queue for a slot (the duty `join`), is told by the queue that it has one, owes the duty
//! `run` to the judge outside until it is judged, and then owes the queue its slot (the duty `leave`). The
//! judge *takes it up* before it runs anything, which raises the attempt: what an older attempt says is
//! refused, and a job that was taken up three times without an end is judged `internal_error`.

mod apply;
pub mod command;
mod decide;
mod due;
pub mod event;
pub mod outcome;
#[cfg(test)]
mod tests;
pub mod view;

use std::time::Duration;

use playhouse_protocol::ids::{AccountId, JobId, RoomId};
use serde::{Deserialize, Serialize};

pub use self::command::{Accepted, Command, Reply, Source, Work};
pub use self::event::Event;
pub use self::outcome::{Case, Compile, End, Ran, Stream, Told};
pub use self::view::{Change, JobRow, View};
use super::submission::{self, Submission};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Recovery, Retention, Rules, Ticket};
use crate::rows::RowChange;
use crate::time::Timestamp;

/// The performer of the duty to run a job. Its payload is [`RunJob`], its result [`End`].
pub const RUN: &str = "judge_run";

/// The performer of the duty to tell somebody outside. Its payload is [`Told`].
pub const WEBHOOK: &str = "judge_webhook";

/// How often a job is taken up. 3 times: what fails thrice fails because of itself.
pub const ATTEMPTS_MAX: u8 = 3;

/// Bytes of output that are kept of a run without tests, of each stream. 64 KiB: more nobody reads.
pub const SHOWN_BYTES_MAX: usize = 64 * 1024;

/// Bytes that are kept of a test's output, of each stream. 1 KiB: enough to see what is wrong.
pub const CASE_SHOWN_BYTES_MAX: usize = 1024;

/// Bytes that are kept of the compiler's messages. 16 KiB: the first errors, which are the ones that matter.
pub const COMPILE_SHOWN_BYTES_MAX: usize = 16 * 1024;

/// The longest reason or message, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 512;

/// What is true of one job; rebuilt after a restart by applying its events in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    id: JobId,
    owner: Option<AccountId>,
    /// What was handed in; without tests and input once it is judged. None before, and once it is forgotten.
    submission: Option<Box<Submission>>,
    phase: Phase,
    /// The duty to join the queue, until that is done, and what its making is settled under.
    joining: Option<(DutyId, Ticket)>,
    /// The duty to run it, until it is judged.
    running: Option<DutyId>,
    /// The duty to leave the queue, until that is done.
    leaving: Option<DutyId>,
    /// The duty to tell somebody outside, until that is done.
    telling: Option<DutyId>,
    /// Raised whenever it is taken up; never falls.
    attempt: u32,
    /// How often it was taken up and not let go in peace.
    tries: u8,
    /// Why the last attempt failed, if it said so.
    trouble: Option<String>,
    made: Made,
    end: Option<End>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    next_duty: u64,
}

/// What the newest attempt has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    compile: Option<Compile>,
    cases: Vec<Case>,
    stdout: super::Blob,
    stderr: super::Blob,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// There is none: nobody made it, the queue refused it, or it was forgotten.
    Nothing,
    /// It waits for a slot.
    Queued,
    /// It has a slot, and is being compiled.
    Compiling,
    /// It runs.
    Running,
    /// It is over.
    Judged,
}

/// What the performer of [`RUN`] is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunJob {
    /// Which job.
    pub job: JobId,
}

/// The room of job `id`.
#[must_use]
pub fn room(id: JobId) -> RoomId {
    RoomId::of(Job::KIND, id.0)
}

impl Rules for Job {
    const KIND: &'static str = "job";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = View;
    type Change = Change;

    fn new(id: &RoomId) -> Self {
        Self {
            id: JobId(id.uuid().unwrap_or_default()),
            owner: None,
            submission: None,
            phase: Phase::Nothing,
            joining: None,
            running: None,
            leaving: None,
            telling: None,
            attempt: 0,
            tries: 0,
            trouble: None,
            made: Made::default(),
            end: None,
            created_at: Timestamp::ZERO,
            started_at: None,
            ended_at: None,
            next_duty: 1,
        }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        self.decide_command(cx, command)
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        self.apply_event(at, event);
    }

    fn is_spent(&self) -> bool {
        self.phase == Phase::Nothing && self.next_duty > 1
    }

    fn duties(&self) -> Vec<Duty> {
        self.owed()
    }

    fn duty_done(&self, _: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        self.done(duty, &result)
    }

    fn view(&self, _: Timestamp, audience: &Audience) -> Option<View> {
        self.is_for(audience).then(|| self.seen()).flatten()
    }

    /// Its owner, and those who run the place.
    fn audience(&self, caller: &Caller) -> Option<Audience> {
        let account = caller.account().filter(|account| self.owner == Some(*account));
        let runs = caller.administers().then_some(Audience::Presenter);
        account.map(Audience::Own).or(runs)
    }

    fn change(&self, event: &Event, audience: &Audience) -> Option<Change> {
        self.is_for(audience).then(|| self.changed(event)).flatten()
    }

    /// Nobody's: whoever comes back after a restart gets the whole view.
    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn merge(into: &mut Change, next: Change) {
        into.merge(next);
    }

    fn row_changes(&self, event: &Event) -> Vec<RowChange> {
        self.rows_of(event)
    }

    fn rows(&self) -> Vec<RowChange> {
        self.all_rows()
    }

    fn redact(command: &Command) -> String {
        command.redacted()
    }

    fn inspect(event: &Event) -> serde_json::Value {
        event.inspected()
    }

    fn policy() -> Policy {
        Policy {
            // A job holds megabytes of tests until it is judged, and then little: what it is now says it all.
            retention: Retention::Nothing,
            recovery: Recovery::EveryStep,
            // A click or two, and what three attempts say.
            outcomes: 100,
            command_bytes: submission::COMMAND_BYTES_MAX,
            // Output comes every 50 ms anyway, and tests are at most a hundred: that a job began keeps nobody from hearing
            // at once how it ended.
            publish_every: Duration::from_millis(2),
            ..Policy::default()
        }
    }
}
