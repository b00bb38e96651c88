//! What the host writes into a frame's and a snapshot's payload.

use playhouse_domain::duty::DutyId;
use playhouse_domain::refusal::Refusal;
use playhouse_domain::room::{Caller, Ticket};
use serde::{Deserialize, Serialize};

use crate::journal::Rewrite;

/// Everything that one input led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What led here.
    pub cause: Cause,
    /// The rules' events, each encoded.
    pub events: Vec<Vec<u8>>,
    /// The outcome to remember, if the command had a key.
    pub remember: Option<Remembered>,
    /// Outcomes that earlier callers waited for.
    pub settled: Vec<(Ticket, Result<Vec<u8>, Refusal>)>,
}

/// What led to a record; kept so that an inspector can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// A caller's command.
    Command(Caller),
    /// The passing of time.
    Time,
    /// The end of a duty.
    Duty(DutyId),
    /// An administrator's act: the room goes on from this state, whatever the records before say.
    Rewrite {
        /// Who.
        by: Caller,
        /// What was done.
        rewrite: Rewrite,
        /// The state, as in a snapshot's payload.
        state: Vec<u8>,
    },
}

/// One command's outcome, under its scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// SHA-256 of caller, kind of command and key.
    pub scope: [u8; 32],
    /// SHA-256 of the command: the same key with another command is refused.
    pub fingerprint: [u8; 32],
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The reply, encoded.
    Reply(Vec<u8>),
    /// A refusal that was settled later. (A refusal at once changes nothing and is not kept.)
    Refused(Refusal),
    /// Still open; whoever asks again waits too.
    Open(Ticket),
}
