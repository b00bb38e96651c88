//! What can become true of a job.

use playhouse_protocol::ids::AccountId;
use serde::{Deserialize, Serialize};

use super::outcome::{Case, Compile, End, Stream};
use crate::duty::DutyId;
use crate::judge::blob::Blob;
use crate::judge::submission::Submission;
use crate::room::Ticket;

/// What can become true of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// It was handed in, and asks the queue for a slot.
    Submitted {
        /// Whose it is.
        owner: Option<AccountId>,
        /// What was handed in.
        submission: Box<Submission>,
        /// What its making is settled under.
        settles: Ticket,
    },
    /// The queue has it.
    Joined(DutyId),
    /// The queue has no room for it.
    Refused(DutyId),
    /// It has a slot.
    Started,
    /// The judge began to run it, from its start.
    TakenUp,
    /// The judge stopped in peace before the end.
    LetGo,
    /// The attempt failed.
    Trouble(String),
    /// It is compiled, or needs no compiler.
    Compiled(Option<Box<Compile>>),
    /// It wrote something.
    Printed {
        /// Where.
        stream: Stream,
        /// What.
        bytes: Blob,
    },
    /// A test was run.
    CaseDone(Box<Case>),
    /// It is over.
    Judged(End),
    /// The queue knows that it left.
    LeftQueue(DutyId),
    /// Whoever was to be told was told, or could not be.
    Told(DutyId),
    /// It is forgotten.
    Deleted,
}

impl Event {
    /// What an inspector may see of it: no programs, no tests, nothing that a program wrote.
    pub(super) fn inspected(&self) -> serde_json::Value {
        match self {
            Self::Submitted { owner, submission, .. } => {
                let (files, tests) = (submission.files.len(), submission.tests.len());
                serde_json::json!({"Submitted": {
                    "owner": owner, "language": submission.language, "bytes": submission.bytes(),
                    "files": files, "tests": tests, "lane": submission.lane,
                }})
            }
            Self::Printed { stream, bytes } => {
                serde_json::json!({"Printed": {"stream": stream, "bytes": bytes.len()}})
            }
            Self::CaseDone(case) => serde_json::json!({"CaseDone": case.ran}),
            Self::Compiled(compile) => {
                serde_json::json!({"Compiled": compile.as_ref().map(|compile| &compile.ran)})
            }
            other => serde_json::to_value(other).unwrap_or_else(|e| e.to_string().into()),
        }
    }
}
