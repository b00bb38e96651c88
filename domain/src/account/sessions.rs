//! Log-ins and the rotation of their refresh tokens.
//!
//! A refresh token is used once. Using an older one again ends its session with every token of it
//! (RFC 9700, section 4.14.2), except within [`REPEAT_WINDOW`], when the answer may just have been
//! lost: then the newest token that was never used gives way to another.

use std::time::Duration;

use playhouse_protocol::ids::SessionId;
use serde::{Deserialize, Serialize};

use super::{Account, SessionInfo};
use crate::time::Timestamp;

/// SHA-256 of a refresh token.
pub type TokenHash = [u8; 32];

/// How long a refresh whose answer was lost may be repeated. 30 s.
pub const REPEAT_WINDOW: Duration = Duration::from_secs(30);

/// How many sessions an account may have open. 20: a person's devices several times over; one
/// more ends the one that was used least recently.
pub const SESSIONS_MAX: usize = 20;

/// One log-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// The newest token.
    refresh: TokenHash,
    /// The token before it, and when it was first exchanged.
    previous: Option<(TokenHash, Timestamp)>,
    opened_at: Timestamp,
    pub(super) used_at: Timestamp,
    pub(super) until: Timestamp,
}

/// What presenting a token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presented {
    /// The newest: exchange it.
    Newest,
    /// The one before, so recently that its answer may be lost: exchange it again.
    Repeat,
    /// An old one: somebody else has it.
    Old,
}

impl Session {
    pub(super) fn new(refresh: TokenHash, at: Timestamp, until: Timestamp) -> Self {
        Self { refresh, previous: None, opened_at: at, used_at: at, until }
    }

    pub(super) fn presented(&self, token: &TokenHash, now: Timestamp) -> Presented {
        match &self.previous {
            _ if self.refresh == *token => Presented::Newest,
            Some((previous, at)) if previous == token && now.since(*at) <= REPEAT_WINDOW => {
                Presented::Repeat
            }
            _ => Presented::Old,
        }
    }

    pub(super) fn rotate(
        &mut self,
        presented: &TokenHash,
        next: TokenHash,
        at: Timestamp,
        until: Timestamp,
    ) {
        if self.refresh == *presented {
            self.previous = Some((self.refresh, at));
        }
        // A repeat keeps the time of the first exchange, so that the window does not move.
        self.refresh = next;
        self.used_at = at;
        self.until = until;
    }
}

impl Account {
    pub(super) fn session_infos(&self) -> Vec<SessionInfo> {
        let info = |(id, session): (&SessionId, &Session)| SessionInfo {
            id: *id,
            opened_at: session.opened_at,
            used_at: session.used_at,
            until: session.until,
        };
        self.sessions.iter().map(info).collect()
    }
}
