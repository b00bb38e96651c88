//! Who does the work that rooms owe to the world outside (`Work::External`).

use std::future::Future;
use std::pin::Pin;
use std::sync::Weak;
use std::time::Duration;

use playhouse_domain::duty::DutyResult;
use uuid::Uuid;

use crate::handle::{Inner, Rooms};

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

/// The rooms, as long as they are there. What a performer keeps: a [`Rooms`] that it kept would keep
/// the rooms, which keep their performers.
#[derive(Clone, Default)]
pub struct WeakRooms(Weak<Inner>);

impl WeakRooms {
    pub(crate) fn new(inner: Weak<Inner>) -> Self {
        Self(inner)
    }

    /// The rooms, unless they are gone.
    #[must_use]
    pub fn get(&self) -> Option<Rooms> {
        self.0.upgrade().map(Rooms::from_inner)
    }
}

/// The future of a performer that comes to rest: true once everything is at rest.
pub type Resting = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Performs duties of one kind.
///
/// A duty may last for minutes, as a match does. The attempt at one may be given up at any time, by its
/// timeout or because its room was rebuilt, and then another follows while what the first one began may
/// still go on: such a performer joins the new attempt to what goes on.
pub trait Performer: Send + Sync + 'static {
    /// How many may run at once; more wait their turn. 64 by default.
    fn parallel(&self) -> usize {
        64
    }

    /// How long one attempt may take before it is given up and tried again. 30 s by default.
    fn attempt_timeout(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// The rooms have started; called once, before the first attempt.
    fn opened(&self, rooms: WeakRooms) {
        let _ = rooms;
    }

    /// The server stops: nothing new is begun, and what lasts longer than `within` is brought to where it
    /// can be taken up after the restart. The rooms still take commands meanwhile. Does nothing by default.
    fn rest(&self, within: Duration) -> Resting {
        let _ = within;
        Box::pin(std::future::ready(true))
    }

    /// Makes one attempt. Must lead to one effect however often it is called with one key.
    fn perform(&self, attempt: Attempt) -> Performing;
}
