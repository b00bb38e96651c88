//! How a match reaches one player: the edge's half of the boundary.

use bytes::Bytes;
use playhouse_protocol::game::PeerConfig;
use playhouse_protocol::game::control::{Closed, ServerControl};

/// A connection to one player, as the match sees it.
///
/// Called on the match's thread, between the ticks of other matches: whatever a call does must take
/// microseconds and never wait. What has no room is dropped, within the link's own bound.
pub trait Link: Send + Sync + 'static {
    /// How datagrams to this player are made. Asked once, before the first.
    fn config(&self) -> PeerConfig {
        PeerConfig::default()
    }

    /// True if the transport has not yet sent what it was given before: the match leaves this player's
    /// datagram out and counts it, since the next one holds what matters of it.
    fn is_busy(&self) -> bool {
        false
    }

    /// Sends `datagram`, or drops it.
    fn send(&self, datagram: Bytes);

    /// Sends `message` on the reliable stream. A link without room for it closes itself: a player who
    /// misses one cannot go on.
    fn control(&self, message: &ServerControl);

    /// Nothing follows.
    fn close(&self, why: Closed);
}
