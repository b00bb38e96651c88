//! A store that takes no writes for now, as on a full disk.
//!
//! The room goes on with what is on the disk: views, watches, refusals and outcomes that it remembers are
//! answered as ever. What would need a record is refused, time wakes nobody and duties rest, until a
//! record is tried again after a pause.

use playhouse_domain::restart;
use playhouse_domain::time::Timestamp;

use super::room::Room;
use crate::handle::AskError;

/// How often the pause doubles. 5: it ends at 1.6 s, so that a room takes writes soon after the disk does.
pub(super) const DOUBLINGS_MAX: u32 = 5;

/// The store refused a record, and none was written since.
#[derive(Debug)]
pub(super) struct Refusing {
    /// Why.
    reason: String,
    /// How often in a row.
    times: u32,
    /// When the next record may be tried.
    until: Timestamp,
    /// True if the journal must be read back before that, because there may be more on the disk.
    doubt: bool,
}

impl Refusing {
    /// When the journal is to be read back.
    pub(super) fn read_back_at(&self) -> Option<Timestamp> {
        self.doubt.then_some(self.until)
    }

    /// `at`, or when the store may be asked again if that is later.
    pub(super) fn put_off(&self, at: Timestamp) -> Timestamp {
        at.max(self.until)
    }
}

impl Room {
    /// The store takes no record now; with `doubt` there may be more on the disk than was read.
    pub(super) fn refused(&mut self, reason: &str, doubt: bool) {
        let times = self.refusing.as_ref().map_or(0, |refusing| refusing.times);
        let pause = restart::pause(times.min(DOUBLINGS_MAX), self.jitter());
        let (reason, until) = (reason.to_owned(), self.now + pause);
        self.refusing = Some(Refusing { reason, times: times.saturating_add(1), until, doubt });
    }

    /// All that is on the disk was read: nothing is doubtful any more.
    pub(super) fn resolved(&mut self) {
        self.refusing.take_if(|refusing| refusing.doubt);
    }

    /// Why no record may be tried now, if so.
    pub(super) fn refusal(&self) -> Option<AskError> {
        let refusing = self.refusing.as_ref().filter(|r| r.doubt || self.now < r.until)?;
        Some(AskError::StoreUnavailable { reason: refusing.reason.clone() })
    }

    pub(super) fn may_write(&self) -> bool {
        self.refusing.as_ref().is_none_or(|r| !r.doubt && r.until <= self.now)
    }
}
