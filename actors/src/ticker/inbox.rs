//! Datagrams on their way from a connection to its match.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use playhouse_protocol::game::Micros;

/// How many datagrams wait for a player's match at most. 32: a client sends one a tick and a match
/// reads them every tick, so this is a second of them; past it the oldest is dropped, because a newer
/// one repeats what matters of it.
pub(crate) const INBOX_MAX: usize = 32;

/// A datagram, and when it came: the round trip is counted from then, not from when it is read.
pub(crate) type Came = (Micros, Bytes);

/// Two queues of the same room: one is filled while the other is read. Neither grows.
pub(crate) struct Inbox {
    waiting: Mutex<Waiting>,
}

struct Waiting {
    came: VecDeque<Came>,
    dropped: u64,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { waiting: Mutex::new(Waiting { came: Self::queue(), dropped: 0 }) }
    }
}

impl Inbox {
    /// A queue for [`Self::take`].
    pub(crate) fn queue() -> VecDeque<Came> {
        VecDeque::with_capacity(INBOX_MAX)
    }

    /// Queues `datagram`, in place of the oldest one where there is no room.
    pub(crate) fn put(&self, at: Micros, datagram: Bytes) {
        let mut waiting = self.waiting.lock();
        if waiting.came.len() >= INBOX_MAX {
            waiting.came.pop_front();
            waiting.dropped += 1;
        }
        waiting.came.push_back((at, datagram));
    }

    /// Exchanges what waits for the empty queue `into`. Returns how many were dropped so far.
    pub(crate) fn take(&self, into: &mut VecDeque<Came>) -> u64 {
        debug_assert!(into.is_empty() && into.capacity() >= INBOX_MAX, "the queues are alike");
        let mut waiting = self.waiting.lock();
        std::mem::swap(&mut waiting.came, into);
        waiting.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_inbox_drops_the_oldest_and_counts_it() {
        let inbox = Inbox::default();
        for n in 0..40_u8 {
            inbox.put(Micros(u64::from(n)), Bytes::copy_from_slice(&[n]));
        }
        let mut taken = Inbox::queue();
        assert_eq!(inbox.take(&mut taken), 8);
        let first: Vec<u8> = taken.iter().map(|(_, datagram)| datagram[0]).collect();
        assert_eq!(first, (8..40).collect::<Vec<u8>>());
        taken.clear();
        assert_eq!(inbox.take(&mut taken), 8, "counted once");
        assert!(taken.is_empty());
    }
}
