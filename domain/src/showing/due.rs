//! What the passing of time leads to: holds that run out, payments that took too long, and the wait
//! list being looked at once seats came back.

use super::event::Event;
use super::{Deadline, Showing};
use crate::room::Cx;
use crate::time::Timestamp;

/// How many deadlines one record deals with. 512, so that it stays small after a long pause; the
/// next record goes on, before anything else is decided. A full house of 10,000 single holds and a
/// full wait list take 53 records, and the host allows 64 in a row.
const DUE_MAX: usize = 512;

impl Showing {
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        if self.check_waitlist {
            return Some(Timestamp::ZERO);
        }
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Everything whose deadline has come gives its seats back first; then they are offered.
    pub(super) fn due(&self, cx: &Cx<'_>) -> Vec<Event> {
        let (mut holds, mut charges) = (Vec::new(), Vec::new());
        let due = self.deadlines.iter().take_while(|(at, _)| *at <= cx.now);
        for (_, deadline) in due.take(DUE_MAX) {
            match deadline {
                Deadline::Hold(hold) => holds.push(*hold),
                Deadline::Payment(charge) => charges.push(*charge),
            }
        }
        let mut events = Vec::new();
        if !holds.is_empty() {
            events.push(Event::Expired { holds });
        }
        if !charges.is_empty() {
            events.push(Event::PaymentsTimedOut { charges });
        }
        if events.is_empty() && self.check_waitlist {
            events = self.offers(cx);
        }
        events
    }
}
