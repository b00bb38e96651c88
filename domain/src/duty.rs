//! What a room owes to the world outside it.
//!
//! Work that leaves a room is never fire and forget: the room lists what it owes as a function of
//! its state, the shell performs it and feeds the result back. After a crash the list is the same,
//! so nothing owed is forgotten, and the idempotency key is the same, so nothing is done twice.

use playhouse_protocol::codec;
use playhouse_protocol::ids::RoomId;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::room::Rules;

/// A duty's number, given by the room that owes it and never given twice by that room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DutyId(pub u64);

/// One thing owed. Its idempotency key is the room's name with [`DutyId`], for all attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Which of the room's duties this is.
    pub id: DutyId,
    /// What must be done.
    pub work: Work,
}

/// What must be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Give another room a command, exactly once. The answer is that room's reply, encoded, or its
    /// refusal.
    Tell {
        /// Who is told.
        room: RoomId,
        /// The command, encoded as that room's [`Rules::Command`].
        command: Vec<u8>,
    },
    /// Work for the performer registered under `kind` (`charge`, `refund`, …).
    External {
        /// The performer's name.
        kind: &'static str,
        /// What it needs, encoded as it expects.
        payload: Vec<u8>,
    },
}

impl Duty {
    /// The duty to give `command` to `room`.
    #[must_use]
    pub fn tell<R: Rules>(id: DutyId, room: RoomId, command: &R::Command) -> Self {
        Self { id, work: Work::Tell { room, command: codec::encode(command) } }
    }

    /// The duty of `kind`, with a payload for its performer.
    #[must_use]
    pub fn external(id: DutyId, kind: &'static str, payload: &impl Serialize) -> Self {
        Self { id, work: Work::External { kind, payload: codec::encode(payload) } }
    }
}

/// How a duty ended. A failure that may pass is no end: the shell tries again, with back-off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DutyResult {
    /// Done; the answer, encoded as the work says.
    Done(Vec<u8>),
    /// Refused for good.
    Refused(Refusal),
}
