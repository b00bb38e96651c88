//! Following a room live: positions, publications, and where they go.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use playhouse_domain::room::{Audience, Caller};
use playhouse_protocol::ids::RoomId;

/// A place in a room's stream. The offset is the room's record sequence number; it is only
/// meaningful within its stream epoch, which changes when history was rewritten (a restore, a
/// rewind, a skipped record) and never by a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPosition {
    /// The stream epoch: 1 to 40 visible ASCII characters, opaque.
    pub epoch: Arc<str>,
    /// The newest record that was seen.
    pub offset: u64,
}

/// For whom a room is looked at.
#[derive(Debug, Clone)]
pub enum Viewer {
    /// For one audience: the edge knows which.
    As(Audience),
    /// For whatever audience the room's rules say the caller is.
    Caller(Caller),
}

impl From<Audience> for Viewer {
    fn from(audience: Audience) -> Self {
        Self::As(audience)
    }
}

impl From<Caller> for Viewer {
    fn from(caller: Caller) -> Self {
        Self::Caller(caller)
    }
}

/// What one audience of a room is told, encoded once for all its watchers.
#[derive(Debug)]
pub struct Publication {
    /// The room that speaks.
    pub room: RoomId,
    /// To whom.
    pub audience: Audience,
    /// The position that this publication leads to.
    pub offset: u64,
    /// JSON: `{"from":7,"to":9,"change":{…}}` for what records 8 to 9 changed, or
    /// `{"to":9,"view":{…}}` for the whole view at record 9.
    pub json: Bytes,
    wire: OnceLock<Bytes>,
}

impl Publication {
    /// A publication that nobody has put on a wire yet.
    #[must_use]
    pub fn new(room: RoomId, audience: Audience, offset: u64, json: Bytes) -> Self {
        Self { room, audience, offset, json, wire: OnceLock::new() }
    }

    /// The bytes for the wire, made by `encode` the first time and shared afterwards.
    pub fn wire(&self, encode: impl FnOnce(&Self) -> Bytes) -> Bytes {
        self.wire.get_or_init(|| encode(self)).clone()
    }
}

/// A sink has no room for another publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkFull;

/// Why a watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchEnd {
    /// The watcher's sink stayed full past the second bound.
    Slow,
    /// The room failed and is being rebuilt, or its history was rewritten: subscribe again from the
    /// last position.
    Resubscribe,
    /// The server is shutting down.
    Shutdown,
}

/// Where a watcher's publications go. Called on the room's thread: must not block.
pub trait Sink: Send + Sync + 'static {
    /// Takes the next publication, in order.
    ///
    /// # Errors
    ///
    /// [`SinkFull`] if its bound is reached. The watcher then gets the newest view instead as soon
    /// as it has room again, and after 10 s without room it is cut off.
    fn publish(&self, publication: &Arc<Publication>) -> Result<(), SinkFull>;

    /// The watch is over; nothing follows.
    fn ended(&self, reason: WatchEnd);
}

/// Names one watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatcherId(pub u64);

/// The start of a watch: one consistent answer made inside the room.
#[derive(Debug)]
pub struct Watching {
    /// Where the stream stands; what follows comes through the sink.
    pub position: StreamPosition,
    /// The whole view, `{"to":9,"view":{…}}`. Absent only if everything since the watcher's own
    /// position could be recovered.
    pub view: Option<Bytes>,
    /// True if `publications` lead from the watcher's own position to `position` without a gap.
    pub recovered: bool,
    /// What the watcher missed, oldest first.
    pub publications: Vec<Arc<Publication>>,
    /// Ends the watch when dropped.
    pub guard: WatchGuard,
}

/// Ends a watch when dropped.
pub struct WatchGuard {
    end: Option<Box<dyn FnOnce() + Send>>,
}

impl WatchGuard {
    /// A guard that calls `end` when dropped.
    pub fn new(end: impl FnOnce() + Send + 'static) -> Self {
        Self { end: Some(Box::new(end)) }
    }
}

impl std::fmt::Debug for WatchGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WatchGuard")
    }
}

impl Drop for WatchGuard {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end();
        }
    }
}
