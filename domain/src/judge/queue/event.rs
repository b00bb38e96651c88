//! What can become true of the queue.

use playhouse_protocol::ids::{AccountId, JobId};
use serde::{Deserialize, Serialize};

use crate::judge::submission::Lane;

/// What can become true of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A job waits.
    Joined {
        /// Which.
        job: JobId,
        /// Whose.
        account: AccountId,
        /// In which lane.
        lane: Lane,
        /// How large it is.
        bytes: u64,
    },
    /// A job has a slot: its room is to be told.
    Started(JobId),
    /// The job's room knows that it has a slot.
    Told(JobId),
    /// A job waits and runs no longer.
    Left(JobId),
    /// So many jobs may run at once.
    Slots(u16),
}
