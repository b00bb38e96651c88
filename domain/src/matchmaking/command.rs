//! What can be asked, and what is answered.

use playhouse_protocol::ids::{AccountId, MatchId, PartyId, TicketId};
use serde::{Deserialize, Serialize};

use super::ticket::{Member, Region};
use crate::time::Timestamp;

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Look for a match: somebody for themselves, or a party's room for all of the party.
    Queue(Box<Wish>),
    /// Take a ticket back: one of its members, or their party's room.
    Cancel {
        /// Which.
        ticket: TicketId,
    },
    /// Read a ticket: one of its members, or the server.
    Look {
        /// Which.
        ticket: TicketId,
    },
    /// A match that was arranged from here has so many seats for those who come late. For its room.
    Seats {
        /// Which.
        match_id: MatchId,
        /// How many, as the match counts.
        free: u16,
        /// How many people had been invited to it by then, those that it was arranged for among them.
        invited: u16,
    },
    /// A match that was arranged from here is over. For its room.
    Over {
        /// Which.
        match_id: MatchId,
        /// False if too few came for it to begin.
        played: bool,
    },
}

/// A ticket to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// The ticket's id, given by the party's room; none if somebody looks for themselves.
    pub id: Option<TicketId>,
    /// The party.
    pub party: Option<PartyId>,
    /// Who wants to play. The server looks their skills up; nobody says their own.
    pub members: Vec<Member>,
    /// How far it is to which region, at most 8. None: anywhere is as good.
    pub regions: Vec<Region>,
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The ticket as it is: to `Queue`, `Cancel`, `Look`.
    Ticket(Box<TicketInfo>),
    /// To `Seats` and `Over`.
    Noted,
}

/// A ticket as its members see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketInfo {
    /// Its id.
    pub id: TicketId,
    /// The game's name.
    pub game: String,
    /// Where it stands.
    pub state: Stands,
    /// Since when they wait.
    pub since: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// Who wants to play.
    pub members: Vec<TicketMember>,
    /// The party, if it is one.
    pub party: Option<PartyId>,
    /// The match in which they have seats.
    pub session: Option<MatchId>,
    /// The region in which everybody of that match can be reached, where they named any.
    pub region: Option<String>,
    /// How much longer it takes. None: it does not wait, or too few were matched lately to say.
    pub estimate: Option<Estimate>,
    /// How many people wait, these among them.
    pub waiting: u32,
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// It waits.
    Waiting,
    /// It is put into a match that is being made. If that cannot be made it waits again, as if it had never
    /// been put there.
    Placing,
    /// They have seats in a match.
    Matched,
    /// They had, and too few came for it to begin.
    CalledOff,
    /// They took it back.
    Cancelled,
    /// Nobody came whom they could play with.
    Expired,
    /// Matches that they were put into could not be made.
    Failed,
}

/// Somebody on a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketMember {
    /// Who.
    pub account: AccountId,
    /// The name that is shown.
    pub name: String,
}

/// How much longer a ticket waits, as those waited who were matched lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Half of them waited no longer than so many seconds more.
    pub expected_seconds: u32,
    /// Nine of ten of them did.
    pub likely_within_seconds: u32,
}

/// What somebody sees of the matchmaking of a game.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The game's name.
    pub game: String,
    /// How many people wait.
    pub waiting: u32,
    /// How long somebody waits who comes now. None: too few were matched lately to say.
    pub estimate: Option<Estimate>,
    /// Their newest ticket.
    pub ticket: Option<TicketInfo>,
}
