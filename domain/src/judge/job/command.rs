//! What can be asked, and what is answered.

use playhouse_protocol::ids::AccountId;
use serde::{Deserialize, Serialize};

use super::outcome::{Case, Compile, Stream};
use crate::judge::blob::Blob;
use crate::judge::submission::{File, Submission};

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Hand a program in. An account hands in for itself; rooms and the server for whomever they name.
    Submit {
        /// Whose it is; nobody's in particular if it came in without a name.
        owner: Option<AccountId>,
        /// What is handed in.
        submission: Box<Submission>,
    },
    /// It has a slot. For the queue.
    Start,
    /// The judge begins to run it. For the server.
    TakeUp,
    /// The judge stops before the end, because the server does. For the server.
    LetGo {
        /// Of which attempt.
        attempt: u32,
    },
    /// The attempt failed for a reason that is not the program's. For the server.
    Trouble {
        /// Which attempt.
        attempt: u32,
        /// What went wrong.
        reason: String,
    },
    /// It is compiled. For the server.
    Compiled {
        /// In which attempt.
        attempt: u32,
        /// What the compiler did; none where there is nothing to compile.
        compile: Option<Box<Compile>>,
    },
    /// It wrote something. For the server.
    Printed {
        /// In which attempt.
        attempt: u32,
        /// Where.
        stream: Stream,
        /// Behind so many bytes that were told of before: told again, it is known.
        at: u32,
        /// What.
        bytes: Blob,
    },
    /// A test was run. For the server.
    CaseDone {
        /// In which attempt.
        attempt: u32,
        /// Behind so many tests that were told of before: told again, it is known.
        number: u32,
        /// What it came to.
        case: Box<Case>,
    },
    /// Call it off. For its owner.
    Cancel,
    /// Forget it, once it is judged. For the server.
    Delete,
    /// What was handed in. For its owner.
    Read,
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// To `Submit`.
    Accepted(Accepted),
    /// To `Start`: whether it wants the slot.
    Started(bool),
    /// To `TakeUp`: what is to be run; none if nothing is.
    Work(Option<Box<Work>>),
    /// To all else.
    Noted,
    /// To `Read`.
    Source(Box<Source>),
}

/// A program, as it was handed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The id of its language.
    pub language: String,
    /// Its files; the first is the one that is compiled or run.
    pub files: Vec<File>,
}

/// A job that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Its place in the queue, from 1; none if it has a slot already.
    pub position: Option<u32>,
    /// How many wait.
    pub waiting: u32,
}

/// What is to be run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// The attempt that this is.
    pub attempt: u32,
    /// Whose it is.
    pub owner: Option<AccountId>,
    /// What was handed in.
    pub submission: Submission,
}

impl Command {
    /// What may be shown of it: no programs, no tests.
    pub(super) fn redacted(&self) -> String {
        match self {
            Self::Submit { owner, submission } => {
                let (language, bytes) = (&submission.language, submission.bytes());
                format!("Submit of {owner:?}: {bytes} bytes in {language}")
            }
            Self::CaseDone { attempt, number, case } => {
                format!("CaseDone {{ attempt: {attempt}, number: {number}, {:?} }}", case.ran)
            }
            Self::Compiled { attempt, compile } => {
                let ran = compile.as_ref().map(|compile| &compile.ran);
                format!("Compiled {{ attempt: {attempt}, {ran:?} }}")
            }
            other => format!("{other:?}"),
        }
    }
}
