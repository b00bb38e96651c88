//! Who looks for a match.

use playhouse_protocol::ids::{AccountId, MatchId, PartyId, TicketId};
use serde::{Deserialize, Serialize};

use crate::duty::DutyId;
use crate::games::skill::Skill;
use crate::room::Seed;
use crate::time::Timestamp;

/// How many regions a ticket may name. 8: whoever measures more picks the nearest.
pub const REGIONS_EACH_MAX: usize = 8;

/// The longest way to a region that is told, in milliseconds. 10,000: nothing is played over more.
pub const LATENCY_MAX: u16 = 10_000;

/// A wish to play.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// Who wants to play, together: one person, or the whole party.
    pub members: Vec<Member>,
    /// The party, if it is one.
    pub party: Option<PartyId>,
    /// Where they can be reached. None: anywhere is as good.
    pub regions: Vec<Region>,
    /// Since when they wait.
    pub since: Timestamp,
}

/// Somebody who wants to play.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub account: AccountId,
    /// The name to show, at most 24 characters.
    pub name: String,
    /// How well they play, as the game's league has it.
    pub skill: Skill,
}

/// A region, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Its name: 1 to 24 lower-case letters, digits and hyphens.
    pub name: String,
    /// How long the way there and back takes, as the client measured it: 0 to 10,000 ms.
    pub ms: u16,
}

/// A ticket, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) ticket: Ticket,
    pub(super) state: State,
    /// How often a match that it was put into could not be made.
    pub(super) refused: u8,
}

/// Where a ticket stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// It waits.
    Waiting,
    /// It is put into a match, whose room is being told.
    Placing {
        /// The duty that tells it.
        duty: DutyId,
        /// True if it was taken back meanwhile: it does not wait again if the match is not made.
        cancelled: bool,
    },
    /// It is over; kept for whoever asks.
    Over {
        /// How.
        how: How,
        /// When.
        at: Timestamp,
    },
}

/// How a ticket ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum How {
    /// They have seats in a match.
    Matched { match_id: MatchId, region: Option<String> },
    /// They had, and too few came for it to begin.
    CalledOff {
        match_id: MatchId,
        /// When that was known. They were matched before, and since then the ticket is over: so whoever has
        /// several, the older ones are forgotten first.
        at: Timestamp,
    },
    /// They took it back.
    Cancelled,
    /// Nobody came whom they could play with.
    Expired,
    /// Matches that they were put into could not be made.
    Failed,
}

impl Entry {
    pub(super) fn is_live(&self) -> bool {
        !matches!(self.state, State::Over { .. })
    }
}

/// How long the part of an id is that says which game it is of: 4 bytes.
const GAME_BYTES: usize = 4;

/// A hash of a game's name.
fn game_part(game: &str) -> [u8; GAME_BYTES] {
    let Seed(hash) = Seed::derive(&[b"ticket", game.as_bytes()]);
    [hash[0], hash[1], hash[2], hash[3]]
}

/// A ticket's id for `game`, by the lot of `seed`. It says of itself which game it is of, so that the room
/// that has it is found without a look-up.
#[must_use]
pub fn ticket_id(game: &str, seed: &Seed) -> TicketId {
    let mut bytes = seed.uuid(0).into_bytes();
    bytes[..GAME_BYTES].copy_from_slice(&game_part(game));
    TicketId(uuid::Uuid::from_bytes(bytes))
}

/// The game of `ticket`, if it can be one of ours.
#[must_use]
pub fn game_of(ticket: TicketId) -> Option<&'static str> {
    let of = |name: &&str| ticket.0.as_bytes().starts_with(&game_part(name));
    crate::games::kinds().iter().map(|kind| kind.name()).find(of)
}
