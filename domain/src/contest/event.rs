//! What can become true of a contest.

use playhouse_protocol::ids::{AccountId, ClarificationId, SubmissionId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::command::{Creation, Problem};
use super::letter::Letter;
use super::outcome::Outcome;

/// What can become true. Teams and submissions go by their numbers, which count from 1 and from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// It exists.
    Created {
        /// What it is.
        creation: Box<Creation>,
        /// Whose it is.
        organizer: AccountId,
    },
    /// It is another now.
    Changed(Box<Creation>),
    /// A problem is there, or is another now.
    ProblemSet {
        /// Its letter.
        letter: Letter,
        /// The problem.
        problem: Box<Problem>,
    },
    /// A problem is gone.
    ProblemRemoved(Letter),
    /// Somebody takes part, or does so under another name.
    Registered {
        /// Who.
        account: AccountId,
        /// The team's name.
        name: String,
    },
    /// A team takes part no more.
    Left(u16),
    /// It began.
    Began,
    /// Results of what is sent in are hidden from now on.
    Frozen,
    /// Nothing can be sent in any more.
    Ended,
    /// A program was sent in.
    Submitted {
        /// Its id.
        id: SubmissionId,
        /// Whose.
        team: u16,
        /// For which problem.
        letter: Letter,
        /// In which language.
        language: String,
        /// The paper that has it.
        program: Uuid,
        /// How large it is, in bytes.
        bytes: u32,
    },
    /// The judge has judged a program.
    Judged {
        /// Which.
        submission: u32,
        /// What came of it.
        outcome: Outcome,
    },
    /// Everything of a problem is judged again.
    ProblemRejudged(Letter),
    /// A program is judged again.
    Rejudged {
        /// Which.
        submission: u32,
    },
    /// The freeze hides a team's attempts at a problem no more.
    Shown {
        /// Whose.
        team: u16,
        /// Which problem.
        letter: Letter,
    },
    /// The freeze hides nothing more.
    AllShown,
    /// A team asks something.
    Questioned {
        /// The question's id.
        id: ClarificationId,
        /// Who asks.
        team: u16,
        /// About which problem.
        letter: Option<Letter>,
        /// What.
        text: String,
    },
    /// A question is answered.
    Answered {
        /// Which.
        id: ClarificationId,
        /// How.
        text: String,
        /// True if everybody is told.
        to_all: bool,
    },
    /// Something is said to everybody.
    Announced {
        /// Its id.
        id: ClarificationId,
        /// About which problem.
        letter: Option<Letter>,
        /// What.
        text: String,
    },
}
