//! The room of one contest: problems that programs solve, judged while others watch.
//!
//! - [`command`], [`event`]: what can be asked and what can become true. [`letter`], [`outcome`]: parts of them.
//! - `decide`: making and changing it, who takes part; `submit`: what is sent in, and judging it; `reveal`: what the
//!   freeze hides; `clarify`: questions. `apply`: taking facts in. `due`: what time leads to, and what is owed.
//! - [`board`]: points and places, as pure functions. [`view`], `change`: what is seen. [`rows`]: what lists show.
//! - [`paper`]: a kind of its own, for what is too large for the contest's own room.
//!
//! A contest is scheduled, then running, then over, each by itself at its time. Each program that is sent in is
//! judged as a job: the contest owes the duty to have it judged until it knows what came of it. The duty's number, and
//! with it the job's id, is made of the program's and of how often it was judged: so wherever the server is killed,
//! each program gets one verdict, and that of a judging that was overtaken changes nothing.
//!
//! There are two boards: the true one, and the one that is shown. They differ in the attempts that were sent in after
//! the freeze, of which the shown one has the number and nothing else, whatever became of them and when. Nothing of
//! them is told to anybody but whoever sent them in and those who preside, until it is revealed.

mod apply;
pub mod board;
mod change;
mod clarify;
pub mod command;
mod decide;
mod due;
pub mod event;
pub mod letter;
pub mod outcome;
pub mod paper;
mod reveal;
pub mod rows;
mod submit;
#[cfg(test)]
mod tests;
pub mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use playhouse_protocol::ids::{AccountId, ClarificationId, ContestId, RoomId, SubmissionId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::board::{Cell, Row};
pub use self::change::Change;
pub use self::command::{
    Again, Command, Creation, Patch, Problem, Reply, Reveal, Scoring, Shown, ToJudge,
};
pub use self::event::Event;
pub use self::letter::Letter;
pub use self::outcome::Outcome;
pub use self::rows::{ContestRow, OwnContestRow};
pub use self::view::{ContestInfo, Phase};

use crate::duty::{Duty, DutyId, DutyResult};
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Recovery, Retention, Rules};
use crate::rows::RowChange;
use crate::time::Timestamp;

/// The performer of the duty to have a program judged. Its payload is [`ToJudge`], its result an [`Outcome`].
pub const JUDGE: &str = "contest_judge";

/// How many characters a title has at most. 80: one line of a projector.
pub const TITLE_MAX: usize = 80;

/// How many characters the description has at most. 4,000: a page of rules.
pub const TEXT_MAX: usize = 4000;

/// How many characters a question or an answer has at most. 1,000: a paragraph or two.
pub const QUESTION_MAX: usize = 1000;

/// How long a contest lasts at least. 1 s: what is shorter is a mistake.
pub const LASTS_MIN: Duration = Duration::from_secs(1);

/// How long a contest lasts at most. 31 days: homework of a month.
pub const LASTS_MAX: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// How far ahead a contest can be made at most. 366 days.
pub const AHEAD_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How many languages can be named at most. 32: more than the judge has.
pub const LANGUAGES_MAX: usize = 32;

/// The longest id of a language, in bytes. 32, as the judge has them.
pub const LANGUAGE_MAX: usize = 32;

/// What a problem is worth at most. 10,000: 26 of them fit wherever points are added up.
pub const POINTS_MAX: u32 = 10_000;

/// How many teams can take part at most. 1,000: with 26 problems a board of 26,000 cells, a megabyte.
pub const TEAMS_MAX: usize = 1000;

/// How many programs a contest takes at most. 20,000: twenty a team where all are there, and a state of 3 MiB.
pub const SUBMISSIONS_MAX: usize = 20_000;

/// How many programs a team may send in at most. 200: more than anybody wrote in a contest.
pub const OWN_SUBMISSIONS_MAX: usize = 200;

/// How many programs a team may send in within a minute at most. 10: whoever needs more guesses.
pub const PER_MINUTE_MAX: usize = 10;

/// How many programs of a team may wait for their first verdict at most. 10: so nobody fills the judge's queue.
pub const PENDING_MAX: usize = 10;

/// How many questions a team may ask at most. 50.
pub const OWN_QUESTIONS_MAX: usize = 50;

/// How many questions and announcements there are at most. 1,000: a view of 2 MiB for those who answer them.
pub const CLARIFICATIONS_MAX: usize = 1000;

/// How often one program may be judged at most. 100.
pub const JUDGINGS_MAX: u16 = 100;

/// How many programs of a contest are with the judge at once at most. 64: more than a machine has cores, and a
/// sixteenth of the judge's queue, so that others find room beside it. The rest wait for their turn.
pub const AT_ONCE_MAX: usize = 64;

/// How many of these are judged again. 32: half, so that what is sent in meanwhile does not wait for them.
pub const AGAIN_AT_ONCE_MAX: usize = 32;

/// How many of the programs that were sent in last are part of what is seen by those who preside. 100: more than they
/// read at once; older ones are asked for.
pub const NEWEST: usize = 100;

/// What is true of one contest; rebuilt after a restart by applying its events in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contest {
    id: ContestId,
    setup: Option<Box<Setup>>,
    phase: Phase,
    /// True from the freeze on.
    frozen: bool,
    /// True once the freeze hides nothing more.
    revealed: bool,
    problems: BTreeMap<Letter, Problem>,
    /// By number, from 1.
    teams: Vec<Team>,
    by_account: BTreeMap<AccountId, u16>,
    /// By number, from 0, in the order in which they were sent in.
    submissions: Vec<Submission>,
    by_id: BTreeMap<SubmissionId, u32>,
    /// What is being judged, by number.
    judging: BTreeSet<u32>,
    /// What the boards are made of.
    cells: BTreeMap<(u16, Letter), Cells>,
    /// What a step of the reveal showed.
    shown: BTreeSet<(u16, Letter)>,
    /// The newest step of the reveal.
    last_shown: Option<(u16, Letter)>,
    /// In the order in which they were asked or said.
    clarifications: Vec<Clarification>,
    /// When it began by the row of lists that the newest event took away.
    moved: Option<Timestamp>,
}

/// A contest that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Setup {
    creation: Creation,
    organizer: AccountId,
    created_at: Timestamp,
}

/// Somebody who takes part, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Team {
    account: AccountId,
    name: String,
    gone: bool,
}

/// A program that was sent in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Submission {
    id: SubmissionId,
    team: u16,
    letter: Letter,
    language: String,
    program: Uuid,
    bytes: u32,
    at: Timestamp,
    /// What came of the newest judging that came to an end.
    outcome: Option<Outcome>,
    /// How often it was or is judged.
    judgings: u16,
}

/// A team and a problem.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Cells {
    /// As it is shown.
    shown: Cell,
    /// As it is.
    truly: Cell,
    /// What was sent in, by number.
    attempts: Vec<u32>,
}

/// A question, or what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Clarification {
    id: ClarificationId,
    /// Who asked; none: nobody did.
    team: Option<u16>,
    letter: Option<Letter>,
    asked_at: Timestamp,
    question: Option<String>,
    answer: Option<Told>,
}

/// What an organizer said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    at: Timestamp,
    text: String,
    to_all: bool,
}

/// The room of contest `id`.
#[must_use]
pub fn room(id: ContestId) -> RoomId {
    RoomId::of(Contest::KIND, id.0)
}

impl Rules for Contest {
    const KIND: &'static str = "contest";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = ContestInfo;
    type Change = Change;

    fn new(id: &RoomId) -> Self {
        Self {
            id: ContestId(id.uuid().unwrap_or_default()),
            setup: None,
            phase: Phase::Scheduled,
            frozen: false,
            revealed: false,
            problems: BTreeMap::new(),
            teams: Vec::new(),
            by_account: BTreeMap::new(),
            submissions: Vec::new(),
            by_id: BTreeMap::new(),
            judging: BTreeSet::new(),
            cells: BTreeMap::new(),
            shown: BTreeSet::new(),
            last_shown: None,
            clarifications: Vec::new(),
            moved: None,
        }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        self.decide_command(cx, command)
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        self.apply_event(at, event);
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.due_at()
    }

    fn wake(&self, cx: &Cx<'_>) -> Effects<Self> {
        Effects::events(self.due(cx.now))
    }

    fn duties(&self) -> Vec<Duty> {
        self.owed()
    }

    fn duty_done(&self, _: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        Effects::events(self.judged(duty, &result))
    }

    fn view(&self, _: Timestamp, audience: &Audience) -> Option<ContestInfo> {
        self.info(audience)
    }

    /// Whoever has its id may look at it. Those who preside see everything, those who take part what is theirs too.
    fn audience(&self, caller: &Caller) -> Option<Audience> {
        self.setup.as_deref()?;
        if self.presides(caller) {
            return Some(Audience::Presenter);
        }
        let own = caller.account().filter(|account| self.team_of(*account).is_some());
        Some(own.map_or(Audience::Public, Audience::Own))
    }

    /// Both, so that whoever presides goes on from their own offset too.
    fn audiences(&self) -> Vec<Audience> {
        vec![Audience::Public, Audience::Presenter]
    }

    fn change(&self, event: &Event, audience: &Audience) -> Option<Change> {
        self.changed(event, audience)
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

    fn policy() -> Policy {
        Policy {
            // The state holds what counts; records tell how it came about, for a dispute.
            retention: Retention::Records(4096),
            recovery: Recovery::EveryStep,
            // Verdicts come in waves, and nobody reads a board faster.
            publish_every: Duration::from_millis(200),
            ..Policy::default()
        }
    }
}
