//! What can become true of a match.

use playhouse_protocol::ids::{AccountId, RoomId};
use serde::{Deserialize, Serialize};

use super::beside::RatingChange;
use super::command::{Creation, Invited};
use super::ending::Ending;
use super::player::{Player, TokenHash};
use crate::games::Seat;
use crate::games::league::Correction;
use crate::time::Timestamp;

/// What can become true of a match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// It exists.
    Created {
        /// What it is.
        creation: Box<Creation>,
        /// Who runs it; nobody if the server made it.
        host: Option<Player>,
        /// The version of the game's rules.
        rules: u16,
        /// The chance it is given.
        seed: u64,
    },
    /// A player may enter a seat by a ticket.
    Reserved {
        /// Which.
        seat: Seat,
        /// Who.
        player: Player,
        /// The name to show.
        name: String,
        /// The ticket.
        ticket: TokenHash,
        /// Until when.
        until: Timestamp,
    },
    /// A ticket was used: a connection has the seat.
    Entered {
        /// Which.
        seat: Seat,
        /// What brings it back.
        resume: TokenHash,
        /// Which run of the server holds it.
        via: u64,
    },
    /// A resume token was used: a connection has the seat.
    Resumed {
        /// Which.
        seat: Seat,
        /// What brings it back from now on.
        next: TokenHash,
        /// Which run of the server holds it.
        via: u64,
    },
    /// The connection of a seat ended.
    Gone {
        /// Which.
        seat: Seat,
    },
    /// A player is ready, or not any more.
    Ready {
        /// Where.
        seat: Seat,
        /// Ready.
        ready: bool,
    },
    /// Those who are not ready are asked.
    CheckBegan {
        /// How long.
        until: Timestamp,
    },
    /// It begins in a moment.
    CountdownBegan {
        /// When.
        until: Timestamp,
    },
    /// Too few are left to begin: people come and get ready as before.
    CalledOff,
    /// It is played from now on.
    Began,
    /// A ticker took it up.
    TakenUp {
        /// Which run of the server holds the connections.
        via: u64,
    },
    /// Ticks were played.
    Ticked {
        /// How many there are with them.
        to: u32,
        /// Their inputs, enters and leaves.
        packed: Vec<u8>,
        /// The world after the last of them.
        checkpoint: Option<Vec<u8>>,
        /// The version of the roster that the world has.
        roster: u32,
    },
    /// The rules panicked.
    Faulted {
        /// At which tick.
        tick: u32,
    },
    /// A seat is free again.
    Freed {
        /// Which.
        seat: Seat,
        /// Why.
        why: Reason,
    },
    /// It is over.
    Ended(Ending),
    /// Another room arranged it: seats are kept for the invited.
    Arranged {
        /// Which room.
        by: RoomId,
        /// True if it counts.
        rated: bool,
        /// From seat 0 on.
        invited: Vec<Invited>,
        /// Until when they may come.
        until: Timestamp,
    },
    /// The league was told, and this is what it changed.
    Rated(Vec<RatingChange>),
    /// Whoever arranged it was told.
    Reported,
    /// Somebody said something.
    Said {
        /// Who has this seat.
        seat: Seat,
        /// What.
        text: String,
    },
    /// A player is muted, or not any more.
    Muted {
        /// Who.
        player: Player,
        /// Muted.
        muted: bool,
    },
    /// A player may not come back.
    Banned {
        /// Who.
        player: Player,
    },
    /// It was over for long: its results and its replay are deleted.
    Deleted {
        /// The accounts that had it in what they have played.
        accounts: Vec<AccountId>,
    },
    /// Seats are kept for more people.
    Invited {
        /// Who, and where.
        seats: Vec<(Seat, Invited)>,
        /// Until when they may come.
        until: Timestamp,
    },
    /// A player was found to have cheated, or that was taken back.
    Judged {
        /// Who.
        account: AccountId,
        /// The tick that shows it; none if it was taken back.
        tick: Option<u32>,
        /// What that changes in the league.
        corrections: Vec<Correction>,
    },
    /// The league was told what a verdict changes.
    Corrected,
    /// Whoever arranged it was told of seats that are free.
    Offered,
}

/// Why a player lost a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// They left.
    Left,
    /// Their ticket was not used in time.
    NeverCame,
    /// They did not come back in time.
    StayedAway,
    /// They were asked whether they are ready and did not say so.
    NotReady,
    /// Whoever runs the match removed them.
    Removed,
}
