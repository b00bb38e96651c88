//! What can be asked, and what is answered.

use playhouse_protocol::ids::{AccountId, JobId};
use serde::{Deserialize, Serialize};

use crate::judge::submission::Lane;

/// What can be asked. Rooms of jobs and the server alone can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Say whether one more job would be taken; nothing changes.
    Room {
        /// Of whom.
        account: AccountId,
        /// In which lane.
        lane: Lane,
        /// How large it is, in bytes.
        bytes: u64,
    },
    /// Wait for a slot. For a job's own room; again it changes nothing.
    Join {
        /// Whose job it is.
        account: AccountId,
        /// In which lane.
        lane: Lane,
        /// How large it is, in bytes.
        bytes: u64,
    },
    /// A job is over, or called off. For its own room, and the server.
    Left {
        /// Which.
        job: JobId,
    },
    /// So many jobs may run at once. For the server.
    Slots(u16),
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// To `Room`: it would be taken.
    There,
    /// To `Join`.
    Joined {
        /// Its place, from 1; none if it has a slot.
        position: Option<u32>,
        /// How many wait.
        waiting: u32,
    },
    /// To `Left` and `Slots`.
    Noted,
}
