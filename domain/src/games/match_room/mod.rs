//! The room of one match: from its making to its results.
//!
//! - [`command`], [`event`]: what can be asked and what can become true.
//! - [`player`]: who plays, and the hashes of what proves it. `seats`: who has which seat.
//! - `arranged`: matches that other rooms arrange. `conduct`: what people say, and who may not. `fairness`:
//!   verdicts of cheating. `backfill`: seats that are given up and filled again.
//! - `decide`: making and starting; `entry`: coming and going; `run`: while it is played; `due`: what time
//!   and everything else leads to. `apply`: taking facts in.
//! - [`ticks`]: what the ticker tells. `course`: what was played. [`ending`]: how it came out.
//! - `view`, [`beside`]: what is seen. [`rows`]: what lists show.
//!
//! A match goes from lobby to countdown to active to concluded, or ends void. While it is active the room
//! owes the duty [`RUN`]: whoever performs it takes the match up, which begins a match epoch, and tells what
//! was played, which makes it durable. `docs/games.md` has the promises and bounds.

mod apply;
mod arranged;
mod backfill;
pub mod beside;
pub mod command;
mod conduct;
mod course;
mod decide;
mod due;
pub mod ending;
mod entry;
pub mod event;
mod fairness;
pub mod player;
pub mod rows;
mod run;
mod seats;
#[cfg(test)]
mod tests;
pub mod ticks;
mod view;

use std::time::Duration;

use playhouse_protocol::codec;
use playhouse_protocol::ids::{MatchId, RoomId};
use serde::{Deserialize, Serialize};

pub use self::arranged::INVITED_TIME;
pub use self::beside::{Beside, Foul, MatchView, RatingChange, Said};
pub use self::command::{
    Arrangement, Command, Creation, Entered, Invited, Joined, MatchInfo, Phase, PlayerInfo,
    Presence, ReplayPage, Reply, Roster, Run, Ticked,
};
pub use self::conduct::{
    LINES_IN_WINDOW, LINES_KEPT, LISTED_MAX, REMOVED_FOR, SAID_MAX, TALK_WINDOW,
};
pub use self::course::{CHECKPOINT_BYTES_MAX, LOG_BYTES_MAX, PACKED_BYTES_MAX, TICKS_AT_ONCE_MAX};
pub use self::decide::{REPLAY_PAGE_BYTES, TITLE_MAX};
pub use self::ending::{Ending, Placing, PlayerId, Why};
pub use self::entry::NAME_MAX;
pub use self::event::{Event, Reason};
pub use self::player::{Player, TokenHash};
pub use self::run::{NO_ROOM, PLAY_TIME_MAX};
pub use self::ticks::{Finished, RunMatch, Ticks, Verdict};

use self::arranged::Arranged;
use self::backfill::Backfill;
use self::conduct::{Conduct, Removed};
use self::course::Course;
use self::fairness::Fairness;
use self::seats::Seats;
use crate::duty::{Duty, DutyId, DutyResult};
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Recovery, Retention, Rules};
use crate::rows::RowChange;
use crate::time::Timestamp;

/// The name of the duty that a match owes while it is played: to run it.
pub const RUN: &str = "run";

/// How long a ticket can be used. 30 s: a page that was told it connects at once.
pub const TICKET_TIME: Duration = Duration::from_secs(30);

/// How long a seat is kept for a player whose connection ended. 30 s: a tunnel, a reload, a restart of
/// the server.
pub const AWAY_TIME: Duration = Duration::from_secs(30);

/// How long those who are not ready have to say so once the host starts. 15 s.
pub const CHECK_TIME: Duration = Duration::from_secs(15);

/// How long the countdown is. 3 s: everybody's page is drawn by then.
pub const COUNTDOWN: Duration = Duration::from_secs(3);

/// How long a match may wait to be started. 15 min.
pub const LOBBY_TIME: Duration = Duration::from_secs(15 * 60);

/// How long a match may wait again at least, once a start was called off. 1 min.
pub const LOBBY_AGAIN: Duration = Duration::from_secs(60);

/// How long a match may be played by the clock before it is concluded as it stands, counted anew once another run of
/// the server has taken it up. 90 min: twice the longest play, for where ticks take twice as long.
pub const ACTIVE_TIME: Duration = Duration::from_secs(90 * 60);

/// How long after [`ACTIVE_TIME`] a match may stand still, with nobody who plays it: the server is down. A day: whoever
/// mends it in the morning finds the evening's matches.
pub const STILL_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a match may be taken up. 100: one at which its server fails again and again is not tried for ever.
pub const TAKE_UPS_MAX: u32 = 100;

/// What is true of one match; rebuilt after a restart by applying its events in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    id: MatchId,
    setup: Option<Box<Setup>>,
    phase: Phase,
    /// When the phase ends by itself; while it is active, when it is to be concluded.
    until: Option<Timestamp>,
    began_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// Empty once it is over.
    seats: Seats,
    /// The roster's version.
    roster: u32,
    /// How many connections there were.
    entries: u32,
    /// Which run of the server holds the connections.
    via: u64,
    /// How often it was taken up.
    epoch: u32,
    course: Course,
    /// Who left while it was played, at most [`LEFT_MAX`].
    left: Vec<(Player, String)>,
    ending: Option<Ending>,
    // What version 1 did not have stands behind the rest.
    arranged: Option<Box<Arranged>>,
    conduct: Conduct,
    // And what version 2 did not have.
    fairness: Fairness,
    backfill: Backfill,
    removed: Removed,
}

/// How many of those who left are remembered for the results. 256: the oldest are forgotten.
const LEFT_MAX: usize = 256;

/// A match that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Setup {
    /// With all of the game's settings.
    creation: Creation,
    /// Who may start it. Nobody if the server made it.
    host: Option<Player>,
    /// True if the server made it: it goes on with nobody in it.
    house: bool,
    rules: u16,
    seed: u64,
    created_at: Timestamp,
    /// Until when it may wait to be started.
    lobby_until: Timestamp,
}

impl Setup {
    /// The game's settings, all of them.
    fn settings(&self) -> String {
        self.creation.settings.clone().unwrap_or_default()
    }
}

impl Match {
    /// True once it was deleted: it is over, and nobody knows how it ended.
    fn is_deleted(&self) -> bool {
        self.phase.is_over() && self.ending.is_none()
    }
}

/// The room of match `id`.
#[must_use]
pub fn room(id: MatchId) -> RoomId {
    RoomId::of(Match::KIND, id.0)
}

impl Rules for Match {
    const KIND: &'static str = "game";
    const SCHEMA: u16 = 3;
    const LISTS: u16 = 4;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = MatchView;
    type Change = MatchView;

    fn new(id: &RoomId) -> Self {
        Self {
            id: MatchId(id.uuid().unwrap_or_default()),
            setup: None,
            phase: Phase::Lobby,
            until: None,
            began_at: None,
            ended_at: None,
            seats: Seats::default(),
            roster: 0,
            entries: 0,
            via: 0,
            epoch: 0,
            course: Course::default(),
            left: Vec::new(),
            ending: None,
            arranged: None,
            conduct: Conduct::default(),
            fairness: Fairness::default(),
            backfill: Backfill::default(),
            removed: Removed::default(),
        }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        self.decide_command(cx, command)
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        self.apply_event(at, event);
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.due_at()
    }

    fn wake(&self, cx: &Cx<'_>) -> Effects<Self> {
        Effects::events(self.due(cx.now))
    }

    fn duties(&self) -> Vec<Duty> {
        self.owed()
    }

    fn duty_done(&self, cx: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        self.ran(cx, duty, &result)
    }

    fn view(&self, _: Timestamp, _: &Audience) -> Option<MatchView> {
        self.seen()
    }

    /// Whoever has its id may look at it, and sees what everybody sees.
    fn audience(&self, _: &Caller) -> Option<Audience> {
        (self.setup.is_some() && !self.is_deleted()).then_some(Audience::Public)
    }

    fn change(&self, event: &Event, _: &Audience) -> Option<MatchView> {
        self.shows(event).then(|| self.seen()).flatten()
    }

    /// Nobody's: whoever comes back gets the newest view, so no past changes need be kept.
    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn row_changes(&self, event: &Event) -> Vec<RowChange> {
        self.rows_of(event)
    }

    fn rows(&self) -> Vec<RowChange> {
        self.all_rows()
    }

    /// Versions 1 and 2 had the same events and fewer of them.
    fn upcast_event(from: u16, bytes: &[u8]) -> Result<Event, String> {
        match from {
            1 | 2 | Self::SCHEMA => codec::decode(bytes).map_err(|e| e.to_string()),
            _ => Err(format!("game has no reader for schema version {from}")),
        }
    }

    /// Version 1 ended before `arranged`, version 2 before `fairness`.
    fn upcast_state(from: u16, bytes: &[u8]) -> Result<Self, String> {
        let rest = match from {
            1 => codec::encode(&(
                None::<Box<Arranged>>,
                Conduct::default(),
                Fairness::default(),
                Backfill::default(),
                Removed::default(),
            )),
            2 => codec::encode(&(Fairness::default(), Backfill::default(), Removed::default())),
            Self::SCHEMA => Vec::new(),
            _ => return Err(format!("game has no reader for schema version {from}")),
        };
        codec::decode(&[bytes, &rest].concat()).map_err(|e| e.to_string())
    }

    fn is_spent(&self) -> bool {
        self.is_deleted()
    }

    fn redact(command: &Command) -> String {
        match command {
            Command::Ticks(ticks) => {
                let Ticks { epoch, from, to, packed, .. } = &**ticks;
                format!("Ticks of epoch {epoch}: {from} to {to} in {} bytes", packed.len())
            }
            // Tokens do not show themselves.
            other => format!("{other:?}"),
        }
    }

    fn inspect(event: &Event) -> serde_json::Value {
        view::inspected(event)
    }

    fn policy() -> Policy {
        Policy {
            // What was played is part of the state, so that the replay outlives its records.
            retention: Retention::Records(256),
            recovery: Recovery::NewestOnly,
            // Most commands are known again by what they say; the rest are a few clicks.
            outcomes: 1000,
            publish_every: Duration::from_millis(100),
            ..Policy::default()
        }
    }
}
