//! What can be asked of a contest, and what it answers.

use playhouse_protocol::ids::{AccountId, ClarificationId, ContestId, SubmissionId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::letter::Letter;
use super::rows::ContestRow;
use super::view::{ClarificationInfo, ProblemInfo, SubmissionInfo};
use crate::time::Timestamp;

/// What can be asked. Those marked O are for whoever made the contest, and for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Make it. Organizers.
    Create(Box<Creation>),
    /// O. Change what it is, until it is over.
    Change(Box<Patch>),
    /// O. Whether the caller could prepare it now. Nothing changes.
    MayPrepare,
    /// O. Add a problem, or replace it. What was judged before stands until it is judged again.
    SetProblem {
        /// Its letter.
        letter: Letter,
        /// The problem.
        problem: Box<Problem>,
    },
    /// O. Remove a problem that nobody has sent anything in for.
    RemoveProblem {
        /// Its letter.
        letter: Letter,
    },
    /// Read a problem: everybody once it has begun, O before.
    ReadProblem {
        /// Its letter.
        letter: Letter,
    },
    /// Take part, under a name.
    Register {
        /// The team's name, at most 24 characters.
        name: String,
    },
    /// Take part no more, while nothing was sent in.
    Leave,
    /// Whether the caller could send in a program now. Nothing changes.
    MaySubmit {
        /// For which problem.
        letter: Letter,
        /// In which language.
        language: String,
    },
    /// Send in a program.
    Submit {
        /// For which problem.
        letter: Letter,
        /// In which language, by the judge's id.
        language: String,
        /// The paper that has the program.
        program: Uuid,
        /// How large it is, in bytes.
        bytes: u32,
    },
    /// O. Judge again what was judged; each result stands until the new one is there.
    Rejudge(Again),
    /// O. Show what the freeze hides, once it is over and judged.
    Reveal(Reveal),
    /// Ask something; O say something to everybody.
    Say {
        /// About which problem.
        letter: Option<Letter>,
        /// What, at most [`QUESTION_MAX`](super::QUESTION_MAX) characters.
        text: String,
    },
    /// O. Answer a question; again: another answer.
    Answer {
        /// Which.
        id: ClarificationId,
        /// The answer.
        text: String,
        /// True if everybody is told, and not the team alone that asked.
        to_all: bool,
    },
    /// Read one program's standing: whoever sent it in, O.
    ReadSubmission {
        /// Which.
        submission: SubmissionId,
    },
    /// Read what was sent in, newest first: one's own, or everybody's for O.
    Submissions {
        /// Only what was sent in before this number.
        before: Option<u32>,
        /// How many at most.
        limit: u16,
    },
}

/// How places are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoring {
    /// By problems solved, then by penalty: the minutes of each accepted attempt and 20 for each wrong one before
    /// it; then by the last accepted attempt.
    Icpc,
    /// By the points of the best attempt at each problem, then by when they were reached.
    Points,
}

/// What a contest is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creation {
    /// What it is called, at most [`TITLE_MAX`](super::TITLE_MAX) characters.
    pub title: String,
    /// What is said of it, Markdown, at most [`TEXT_MAX`](super::TEXT_MAX) characters.
    pub description: String,
    /// How places are made.
    pub scoring: Scoring,
    /// When it begins by itself.
    pub starts_at: Timestamp,
    /// When it ends by itself.
    pub ends_at: Timestamp,
    /// From when on results of what is sent in are told to nobody else; none: they never are kept back.
    pub freeze_at: Option<Timestamp>,
    /// The languages that may be used, by the judge's ids; none named: all.
    pub languages: Vec<String>,
}

/// What is to be different. What is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Patch {
    /// What it is called.
    pub title: Option<String>,
    /// What is said of it.
    pub description: Option<String>,
    /// When it begins.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// When it freezes; `Some(None)`: not at all.
    pub freeze_at: Option<Option<Timestamp>>,
    /// The languages that may be used.
    pub languages: Option<Vec<String>>,
}

/// A problem, as far as the contest itself needs it; the rest is on paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What it is called, at most [`TITLE_MAX`](super::TITLE_MAX) characters.
    pub title: String,
    /// What it is worth where points are counted, 1 to [`POINTS_MAX`](super::POINTS_MAX).
    pub points: u32,
    /// How much of the processor's time a case may take, in milliseconds.
    pub cpu_ms: u32,
    /// How much memory a case may take, in bytes.
    pub memory_bytes: u64,
    /// How many cases it has.
    pub cases: u16,
    /// The paper that has its statement, tests and checker.
    pub paper: Uuid,
}

/// What is to be judged again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Again {
    /// Everything that was sent in for a problem.
    Problem(Letter),
    /// One program.
    Submission(SubmissionId),
}

/// How much of what is hidden is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reveal {
    /// The first problem of the lowest team of which something is hidden.
    Step,
    /// Everything.
    All,
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// How the contest stands.
    Contest(Box<ContestRow>),
    /// A problem, and which paper has the rest of it.
    Problem(Box<ProblemInfo>, Uuid),
    /// One program, and which paper has it.
    Submission(Box<SubmissionInfo>, Uuid),
    /// What was sent in.
    Submissions(Vec<SubmissionInfo>),
    /// A question, or what was said.
    Clarification(Box<ClarificationInfo>),
    /// What was shown.
    Revealed(Shown),
    /// How many programs are judged again.
    Rejudging(u32),
    /// To what needs no answer.
    Noted,
}

/// What a step of the reveal showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Whose problem, by number; none once everything is shown.
    pub team: Option<u16>,
    /// Which problem.
    pub problem: Option<Letter>,
    /// The team's place before.
    pub from: Option<u16>,
    /// The team's place now.
    pub to: Option<u16>,
    /// How many steps are left.
    pub left: u32,
}

/// What the performer of [`JUDGE`](super::JUDGE) is given. Its result is an [`Outcome`](super::Outcome).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToJudge {
    /// The contest.
    pub contest: ContestId,
    /// Which program.
    pub submission: SubmissionId,
    /// Which judging of it, from 1.
    pub judging: u16,
    /// Whose it is: the queue is fair by account.
    pub account: AccountId,
    /// In which language.
    pub language: String,
    /// The paper that has the program.
    pub program: Uuid,
    /// The paper that has the tests.
    pub problem: Uuid,
}
