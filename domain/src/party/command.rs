//! What can be asked, and what is answered.

use playhouse_protocol::ids::{AccountId, MatchId, PartyId, TicketId};
use serde::{Deserialize, Serialize};

use crate::matchmaking::{Member, Region, TicketInfo};
use crate::time::Timestamp;

/// What can be asked. Accounts alone can.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Make the party: the caller leads it.
    Create {
        /// The caller's name, at most 24 characters.
        name: String,
    },
    /// Ask somebody in. For the leader.
    Invite {
        /// Whom.
        account: AccountId,
        /// Their name.
        name: String,
    },
    /// Come in, having been asked; or by the party's code.
    Join {
        /// The caller's name, at most 24 characters.
        name: String,
        /// The code as it was typed.
        code: Option<String>,
    },
    /// Go; or say no to an invitation.
    Leave,
    /// Send somebody away, or take back an invitation. For the leader. They do not come back by the code.
    Remove {
        /// Whom.
        account: AccountId,
    },
    /// Let another member lead. For the leader.
    HandOver {
        /// Whom.
        account: AccountId,
    },
    /// Look for a match, all together. For the leader.
    Search {
        /// The game.
        game: String,
        /// Who is in the party, as the server has just read it, with their skills.
        members: Vec<Member>,
        /// How far it is to which region.
        regions: Vec<Region>,
    },
    /// A ticket of the party is over. For the room of matchmaking.
    Ended {
        /// Which.
        ticket: TicketId,
        /// The game.
        game: String,
        /// How.
        ended: Ended,
    },
    /// Read the party. For those in it, and those who were asked in.
    Info,
}

/// How a ticket of a party ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// They have seats in a match.
    Matched(MatchId),
    /// It was taken back.
    Cancelled,
    /// Nobody came whom they could play with.
    Expired,
    /// Matches that they were put into could not be made.
    Failed,
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The party.
    Party(Box<PartyInfo>),
    /// To `Search`.
    Ticket(Box<TicketInfo>),
    /// To `Leave` and `Ended`.
    Noted,
}

/// A party as those in it see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyInfo {
    /// Its id.
    pub id: PartyId,
    /// Who leads it.
    pub leader: AccountId,
    /// Who is in it, longest first. Nobody once it is over.
    pub members: Vec<PartyMember>,
    /// Who was asked in and has not answered, by account.
    pub invited: Vec<PartyInvitation>,
    /// What brings others in. Whoever was only asked in does not see it.
    pub code: Option<String>,
    /// What they look for.
    pub search: Option<PartySearch>,
    /// The newest match that was found for them.
    pub found: Option<PartyMatch>,
    /// False once the viewer is neither in it nor asked in.
    pub open: bool,
}

/// Somebody in a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyMember {
    /// Who.
    pub account: AccountId,
    /// The name that is shown.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
}

/// Somebody who was asked in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyInvitation {
    /// Who.
    pub account: AccountId,
    /// Their name.
    pub name: String,
    /// Until when they can come.
    pub until: Timestamp,
}

/// What a party looks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartySearch {
    /// The game.
    pub game: String,
    /// The ticket.
    pub ticket: TicketId,
    /// Since when.
    pub since: Timestamp,
}

/// A match that was found for a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyMatch {
    /// The game.
    pub game: String,
    /// The match in which everybody of the party has a seat.
    pub session: MatchId,
    /// When it was found.
    pub at: Timestamp,
}
