//! What can be asked of a match, and what it answers.

use playhouse_protocol::ids::{AccountId, MatchId};
use serde::{Deserialize, Serialize};

use super::ending::Ending;
use super::player::TokenHash;
use super::ticks::{Ticks, Verdict};
use crate::games::Seat;
use crate::games::replay::Head;
use crate::time::Timestamp;

/// What can be asked. Those marked S are for the server itself: the edge that holds the connections,
/// and whoever performs the duty `run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Make the match. A person who makes it is its host and takes a seat by [`Command::Join`] like
    /// everybody; made by the server itself it has no host, and goes on with nobody in it.
    Create(Box<Creation>),
    /// Take a seat, or get another ticket for the seat that the caller has. Send it without a key: the
    /// ticket is made anew each time, and the match knows a player who has a seat.
    Join {
        /// The SHA-256 of the id of the ticket that the edge made. It holds for
        /// [`TICKET_TIME`](super::TICKET_TIME) and once.
        ticket: TokenHash,
        /// The name to show, at most 24 characters.
        name: String,
    },
    /// Use a ticket: the caller's connection has its seat from now on. A connection that had it before
    /// has it no more.
    Enter {
        /// The SHA-256 of the ticket's id.
        ticket: TokenHash,
        /// The SHA-256 of the resume token that the connection is told.
        resume: TokenHash,
        /// Which run of the server holds the connection: a number drawn at its start.
        via: u64,
    },
    /// Come back into a seat by its newest resume token, whoever asks.
    Resume {
        /// The seat that the token names.
        seat: Seat,
        /// The SHA-256 of the token.
        token: TokenHash,
        /// The SHA-256 of the token that replaces it.
        next: TokenHash,
        /// As in [`Command::Enter`].
        via: u64,
    },
    /// S. A connection ended. The seat is kept for [`AWAY_TIME`](super::AWAY_TIME).
    Gone {
        /// Whose.
        seat: Seat,
        /// Which: [`Entered::entry`]. An older one changes nothing.
        entry: u32,
    },
    /// The caller is ready to begin, or not any more.
    Ready(bool),
    /// Begin: the host, or the server. Whoever is not ready is asked, and has
    /// [`CHECK_TIME`](super::CHECK_TIME) to say so or loses the seat.
    Start,
    /// Give up the caller's seat.
    Leave,
    /// S. Take up the match: what the duty `run` does first, at each attempt. Begins a new match epoch;
    /// ticks of older ones are refused from then on.
    TakeUp {
        /// As in [`Command::Enter`].
        via: u64,
    },
    /// S. Ticks that were played. The same again changes nothing.
    Ticks(Box<Ticks>),
    /// S. The rules panicked at a tick, so the match goes back to its checkpoint.
    Fault {
        /// The epoch in which it happened.
        epoch: u32,
        /// The tick that could not be stepped.
        tick: u32,
    },
    /// Read what everybody may know.
    Info,
    /// Read a part of the replay, once the match is over; the server at any time.
    Replay {
        /// How many bytes of the log are there already.
        after: u32,
    },
    /// Make the match for those who are invited. For other rooms, as their duty.
    Arrange(Box<Arrangement>),
    /// Keep seats for more people, who come late if it has begun. For the room that arranged it. Refused where
    /// it has no room for all of them, or takes nobody any more.
    Invite(Vec<Invited>),
    /// Say a line to everybody who plays or watches. For whoever has a seat, at most
    /// [`LINES_IN_WINDOW`](super::LINES_IN_WINDOW) in [`TALK_WINDOW`](super::TALK_WINDOW).
    Say {
        /// One line of at most [`SAID_MAX`](super::SAID_MAX) characters.
        text: String,
    },
    /// Let the player in a seat say nothing any more, or speak again. For the host, and for organizers.
    Mute {
        /// Where they are.
        seat: Seat,
        /// True to mute.
        muted: bool,
    },
    /// Take a player's seat away. For the host, and for organizers.
    Remove {
        /// Where they are.
        seat: Seat,
        /// True if they may not come back into this match.
        ban: bool,
    },
    /// S. Delete the match, which has been over for long: its results, its replay, its rows in lists.
    Delete,
    /// Say that a player of a match that is over cheated, or take that back. For administrators.
    Judge {
        /// Who, of those who have results.
        account: AccountId,
        /// The tick that shows it; none to take it back.
        tick: Option<u32>,
    },
}

/// A match that another room arranges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrangement {
    /// What it is to be. Bots take no seat of the invited.
    pub creation: Creation,
    /// True if it counts for the league of its game.
    pub rated: bool,
    /// For whom seats are kept, from seat 0 on.
    pub invited: Vec<Invited>,
}

/// Somebody for whom a seat is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    /// Who.
    pub account: AccountId,
    /// The name to show, at most 24 characters.
    pub name: String,
}

/// What a match is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creation {
    /// The game's name, as in `arena`.
    pub game: String,
    /// What the match is called in lists, at most 60 characters.
    pub title: Option<String>,
    /// The game's settings as a JSON object, at most 2 KiB; what it does not name is as the game has
    /// it.
    pub settings: Option<String>,
    /// How many seats there are, those of bots included.
    pub seats: u16,
    /// How many of them the server's own bots take.
    pub bots: u16,
    /// True if it is in the list that everybody sees. Whoever has its id can join in any case.
    pub listed: bool,
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The match as everybody may know it: to `Create`, `Ready`, `Start`, `Info`.
    Match(Box<MatchInfo>),
    /// To `Join`.
    Joined(Joined),
    /// To `Enter` and `Resume`.
    Entered(Entered),
    /// To `Leave`, `Gone`, `Delete`, `Judge`.
    Noted,
    /// To `TakeUp`.
    Run(Box<Run>),
    /// To `Ticks`.
    Ticked(Ticked),
    /// To `Fault`.
    Fault(Verdict),
    /// To `Replay`.
    Replay(Box<ReplayPage>),
}

/// A seat is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Which.
    pub seat: Seat,
    /// Until when the ticket can be used.
    pub until: Timestamp,
}

/// A connection has a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// Which.
    pub seat: Seat,
    /// The number of the connection within the match: whoever has a lower one for the same seat has it no
    /// more.
    pub entry: u32,
    /// Where the match stands.
    pub phase: Phase,
    /// The match epoch.
    pub epoch: u32,
}

/// Where a match stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// People come, and say that they are ready.
    #[default]
    Lobby,
    /// Those who are not ready are asked.
    Check,
    /// It begins in a moment.
    Countdown,
    /// It is played.
    Active,
    /// It was played to its end; the results are final.
    Concluded,
    /// It ended without results.
    Void,
}

impl Phase {
    /// True once nothing can change any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Concluded | Self::Void)
    }
}

/// A match as everybody may know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchInfo {
    /// Its id.
    pub id: MatchId,
    /// The game's name.
    pub game: String,
    /// What the match is called.
    pub title: Option<String>,
    /// The game's settings, whole, as JSON text.
    pub settings: String,
    /// Where it stands.
    pub phase: Phase,
    /// The host's seat, if the host has one.
    pub host: Option<Seat>,
    /// How many seats there are.
    pub seats: u16,
    /// How many players it takes to begin.
    pub players_min: u16,
    /// True if a seat can be taken now.
    pub open: bool,
    /// Who has a seat, by seat.
    pub players: Vec<PlayerInfo>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the ready check, the countdown or the lobby ends by itself.
    pub until: Option<Timestamp>,
    /// When it began to be played.
    pub began_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The match epoch: how often it was taken up.
    pub epoch: u32,
    /// How it ended.
    pub ending: Option<Ending>,
}

/// Who has a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayerInfo {
    /// The seat.
    pub seat: Seat,
    /// The name to show.
    pub name: String,
    /// How the player stands to it.
    pub state: Presence,
    /// True if the player is ready to begin.
    pub ready: bool,
    /// The number of the newest connection; 0 if there was none.
    pub entry: u32,
}

/// How a player stands to a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// It is one of the server's bots.
    Bot,
    /// The ticket was not used yet.
    Reserved,
    /// There is a connection.
    Here,
    /// There was one; the seat is kept for a while.
    Away,
}

/// What the ticker needs to go on with a match: see [`Recording`](crate::games::recording::Recording).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The match epoch that begins now. Modulo 256 on the wire.
    pub epoch: u32,
    /// What it is.
    pub head: Head,
    /// The newest durable checkpoint, if there is one.
    pub checkpoint: Option<Vec<u8>>,
    /// The packed ticks since then.
    pub ticks: Vec<u8>,
    /// How many ticks are durable: the next is that number plus one.
    pub tick: u32,
    /// A tick whose inputs must be left out, since the rules panicked there twice.
    pub without: Option<u32>,
    /// Who plays.
    pub roster: Roster,
    /// The version of the roster that the world had at the last durable tick.
    pub aligned: u32,
}

/// Who plays: the world is brought to it, by leaves and enters, between two ticks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Roster {
    /// Rises with each change.
    pub version: u32,
    /// The seats of people, with the version that brought each: it tells one player of a seat from the
    /// next.
    pub people: Vec<(Seat, u32)>,
    /// The seats of bots.
    pub bots: Vec<Seat>,
}

/// Ticks are durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticked {
    /// How many ticks are durable.
    pub tick: u32,
    /// Who plays, if that is another version than the world had.
    pub roster: Option<Roster>,
    /// True if it must be concluded as it stands: its log is full, or its time is over.
    pub conclude: bool,
}

/// A part of the log, for a replay. The parts follow on each other; joined they are read by
/// [`Replay`](crate::games::replay::Replay).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayPage {
    /// What it is.
    pub head: Head,
    /// How many ticks the whole log has.
    pub ticks: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many bytes are there with these.
    pub next: u32,
    /// How many there are in all.
    pub total: u32,
    /// Who had a seat at the end, with the name that was shown.
    pub names: Vec<(Seat, String)>,
}
