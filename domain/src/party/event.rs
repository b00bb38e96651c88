//! What can become true of a party.

use playhouse_protocol::ids::{AccountId, TicketId};
use serde::{Deserialize, Serialize};

use super::command::Ended;
use crate::duty::DutyId;
use crate::matchmaking::{Member, Region};
use crate::room::Ticket;
use crate::time::Timestamp;
use crate::unique::Answered;

/// What can become true of a party.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// It exists.
    Created {
        /// Who leads it.
        leader: AccountId,
        /// Their name.
        name: String,
        /// The code that it claims.
        code: String,
        /// What its making is settled under.
        ticket: Ticket,
    },
    /// The code's room answered.
    CodeAnswered(Answered),
    /// Somebody has that code; another is claimed.
    CodeDrawn(String),
    /// The code of a party that is over is free again.
    CodeGivenBack(DutyId),
    /// Somebody was asked in.
    Invited {
        /// Who.
        account: AccountId,
        /// Their name.
        name: String,
        /// Until when they can come.
        until: Timestamp,
    },
    /// An invitation ran out, was taken back, or was answered with no.
    Uninvited(AccountId),
    /// Somebody came in.
    Joined {
        /// Who.
        account: AccountId,
        /// Their name.
        name: String,
    },
    /// Somebody went.
    Left(AccountId),
    /// Somebody was sent away.
    Removed(AccountId),
    /// Another leads.
    Leads(AccountId),
    /// They look for a match: the room of matchmaking is told.
    Searches {
        /// The ticket that it is to have.
        ticket: TicketId,
        /// The game.
        game: String,
        /// Who looks.
        members: Vec<Member>,
        /// How far it is to which region.
        regions: Vec<Region>,
        /// What the command is settled under.
        settles: Ticket,
    },
    /// The room of matchmaking has the ticket, or refused it.
    Asked {
        /// The duty.
        duty: DutyId,
        /// False if it refused.
        taken: bool,
    },
    /// The room of matchmaking knows that the ticket is taken back.
    TakenBack(DutyId),
    /// The ticket is over.
    Ended {
        /// How.
        ended: Ended,
    },
    /// Nothing happened in it for long: everybody is out.
    Over,
}
