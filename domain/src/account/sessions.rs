//! Log-ins and the rotation of their refresh tokens.
//!
//! A refresh token is used once. Using an older one again ends its session with every token of it
//! (RFC 9700, section 4.14.2). The one exception: for a short while after its first use the last
//! token may be exchanged again, as the answer may have been lost, or two pages of one browser may
//! have asked at once. Each repeat draws another token, for tokens are not kept and none can be told
//! twice. Whichever of those is used first is the one that arrived; the others are old from then on.

use std::collections::VecDeque;
use std::time::Duration;

use playhouse_protocol::ids::SessionId;
use serde::{Deserialize, Serialize};

use super::{Account, SessionInfo};
use crate::time::Timestamp;

/// SHA-256 of a refresh token.
pub type TokenHash = [u8; 32];

/// How many tokens may be drawn in exchange for the same one. 8: as many pages of one browser that
/// come back at once; one more makes the oldest of them old.
const DRAWN_MAX: usize = 8;

/// How many sessions an account may have open. 20: a person's devices several times over; one
/// more ends the one that was used least recently.
pub const SESSIONS_MAX: usize = 20;

/// One log-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// The tokens that were never used, oldest first: one, or all that were drawn for `previous`.
    newest: VecDeque<TokenHash>,
    /// The token that was used last, and when it was first exchanged.
    previous: Option<(TokenHash, Timestamp)>,
    opened_at: Timestamp,
    pub(super) used_at: Timestamp,
    pub(super) until: Timestamp,
}

/// What presenting a token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presented {
    /// It was never used: exchange it.
    Newest,
    /// It was used last, so recently that the answer may be lost: exchange it again.
    Repeat,
    /// An old one: somebody else has it.
    Old,
}

impl Session {
    pub(super) fn new(refresh: TokenHash, at: Timestamp, until: Timestamp) -> Self {
        let newest = VecDeque::from([refresh]);
        Self { newest, previous: None, opened_at: at, used_at: at, until }
    }

    /// What it means that `token` is presented now. `repeat` is how long after its first exchange
    /// the last one may be exchanged again.
    pub(super) fn presented(
        &self,
        token: &TokenHash,
        now: Timestamp,
        repeat: Duration,
    ) -> Presented {
        match &self.previous {
            _ if self.newest.contains(token) => Presented::Newest,
            Some((previous, at)) if previous == token && now.since(*at) <= repeat => {
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
        if self.newest.contains(presented) {
            self.previous = Some((*presented, at));
            self.newest.clear();
        } else if self.newest.len() >= DRAWN_MAX {
            self.newest.pop_front();
        }
        // A repeat keeps the time of the first exchange, so that the window does not move.
        self.newest.push_back(next);
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
