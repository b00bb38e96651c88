//! Why a client is not let in, and why a connection ends.

use serde::{Deserialize, Serialize};

/// Why a client is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
    /// No version in common; these are the server's.
    Version {
        /// The oldest that it speaks.
        oldest: u16,
        /// The newest that it speaks.
        newest: u16,
    },
    /// The client has another schema of the game: it is older or newer than the server.
    Schema,
    /// The ticket or token is not one, was used, or ran out.
    Entry,
    /// No seat is free.
    Full,
    /// The match is over.
    Over,
    /// Too many come at once; try again later.
    Busy,
    /// The first message could not be read.
    Malformed,
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Closed {
    /// The client left.
    Left,
    /// The seat was taken up by a newer connection of the same player.
    Replaced,
    /// The match is over and everything was told.
    Over,
    /// The server stops; the match goes on when it is back.
    Stopping,
    /// The player was away for too long.
    Away,
    /// What came could not be read, too often.
    Malformed,
    /// The host or an administrator put the player out.
    Removed,
}

impl Refused {
    /// Every reason, by number; with versions as an example has them.
    pub const ALL: [Self; 7] = [
        Self::Version { oldest: 1, newest: 2 },
        Self::Schema,
        Self::Entry,
        Self::Full,
        Self::Over,
        Self::Busy,
        Self::Malformed,
    ];
}

impl Closed {
    /// Every reason, by number.
    pub const ALL: [Self; 7] = [
        Self::Left,
        Self::Replaced,
        Self::Over,
        Self::Stopping,
        Self::Away,
        Self::Malformed,
        Self::Removed,
    ];
}
