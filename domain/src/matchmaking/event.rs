//! What can become true.

use playhouse_protocol::ids::MatchId;
use serde::{Deserialize, Serialize};

use super::ticket::Ticket;
use crate::duty::DutyId;
use crate::time::Timestamp;

/// A ticket's number: given by the room, by rising time.
pub(super) type No = u64;

/// A ticket's place in the line: who waits longest stands first.
pub(super) type Place = (Timestamp, No);

/// What can become true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Somebody waits.
    Queued(Box<Ticket>),
    /// A ticket was taken back.
    Cancelled(u64),
    /// These waited for as long as one may.
    Expired(Vec<u64>),
    /// A slice of a pass is done.
    Passed {
        /// The last ticket that was looked at; none if the pass is at its end.
        to: Option<(Timestamp, u64)>,
        /// The matches that are to be made.
        formed: Vec<Formed>,
        /// Who is to come late into which match.
        joining: Vec<Joining>,
    },
    /// A match's room did as it was told: its tickets have seats.
    Placed(DutyId),
    /// A match's room refused: its tickets wait as before.
    Returned(DutyId),
    /// A party's room knows what became of its ticket.
    Told(DutyId),
    /// A match has so many seats for those who come late.
    Seats {
        /// Which.
        match_id: MatchId,
        /// How many.
        free: u16,
    },
    /// A match is over.
    MatchOver {
        /// Which.
        match_id: MatchId,
        /// False if too few came for it to begin.
        played: bool,
    },
}

/// A match that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formed {
    /// Its id.
    pub match_id: MatchId,
    /// How many seats it has.
    pub seats: u16,
    /// Which tickets are in it, by rising side, each with its side. Where everybody plays for themselves
    /// the side is 0.
    pub tickets: Vec<(u64, u16)>,
    /// The region in which everybody can be reached, where they named any.
    pub region: Option<String>,
}

/// A ticket that is to come late into a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// The match.
    pub match_id: MatchId,
    /// The ticket.
    pub ticket: u64,
}
