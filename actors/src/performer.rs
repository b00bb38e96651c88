//! Who does the work that rooms owe to the world outside (`Work::External`).

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use playhouse_domain::duty::DutyResult;
use uuid::Uuid;

/// One attempt at a duty.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The idempotency key: the same for every attempt at one duty, also after a restart.
    pub key: Uuid,
    /// Which attempt this is within one run of the server, from 1.
    pub number: u32,
    /// What the room gave along, as its rules encoded it.
    pub payload: Vec<u8>,
}

/// The attempt failed in a way that may pass; it is tried again with back-off.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct TryAgain {
    /// What went wrong.
    pub reason: String,
}

/// The future of one attempt.
pub type Performing = Pin<Box<dyn Future<Output = Result<DutyResult, TryAgain>> + Send>>;

/// Performs duties of one kind.
pub trait Performer: Send + Sync + 'static {
    /// How many may run at once; more wait their turn. 64 by default.
    fn parallel(&self) -> usize {
        64
    }

    /// How long one attempt may take before it is given up and tried again. 30 s by default.
    fn attempt_timeout(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// Makes one attempt. Must lead to one effect however often it is called with one key.
    fn perform(&self, attempt: Attempt) -> Performing;
}
