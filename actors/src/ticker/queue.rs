//! Matches that have begun and find no room: how long each has waited for its turn.

use std::collections::HashMap;
use std::time::Duration;

use playhouse_domain::restart;
use playhouse_protocol::ids::RoomId;
use tokio::time::Instant;

/// How long a match that was never played waits for its turn. 1 min: where as many matches run as can, one of them may
/// end; longer nobody looks at a match that does not begin. Counted while the server runs, and looked at with each
/// attempt at the duty, so that it may be half a minute more.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(60);

/// A match that was not asked about for so long waits no more: it has ended otherwise. Twice the longest pause between
/// two attempts.
const FORGET_AFTER: Duration = Duration::from_secs(60);
const _: () = assert!(FORGET_AFTER.as_secs() >= 2 * restart::PAUSE_MAX.as_secs());

/// The matches that wait, each for as long as it goes on asking.
#[derive(Default)]
pub(super) struct Queue(HashMap<RoomId, Waits>);

struct Waits {
    since: Instant,
    asked: Instant,
}

impl Queue {
    /// How long the match in `room`, which asks in vain at `now`, has waited.
    pub(super) fn ask(&mut self, room: &RoomId, now: Instant) -> Duration {
        self.0.retain(|_, waits| now - waits.asked < FORGET_AFTER);
        let waits = self.0.entry(room.clone()).or_insert(Waits { since: now, asked: now });
        waits.asked = now;
        now - waits.since
    }

    /// The match in `room` waits no more.
    pub(super) fn leave(&mut self, room: &RoomId) {
        self.0.remove(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(n: u128) -> RoomId {
        RoomId::of("game", uuid::Uuid::from_u128(n))
    }

    #[test]
    fn a_match_waits_from_its_first_attempt_and_one_that_asks_no_more_is_forgotten() {
        let (mut queue, start) = (Queue::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(queue.ask(&room(1), at(0)), Duration::ZERO);
        assert_eq!(queue.ask(&room(2), at(10)), Duration::ZERO);
        assert_eq!(queue.ask(&room(1), at(40)), Duration::from_secs(40));
        // The second was not heard of for a minute.
        assert_eq!(queue.ask(&room(1), at(75)), Duration::from_secs(75));
        assert_eq!(queue.0.len(), 1);
        queue.leave(&room(1));
        assert_eq!(queue.ask(&room(1), at(80)), Duration::ZERO);
    }
}
