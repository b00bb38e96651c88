//! Matchmaking: the room of one game in which people wait for others to play with.
//!
//! - `ticket`: who waits. [`command`], `event`: what can be asked and what can become true.
//! - `bounds`: how far a ticket reaches, and how that widens. `regions`: where people can be reached.
//! - `line`: those who wait, by time and by skill. `search`: a match for one of them. `sides`: who plays on
//!   which side. `pass`: all of them in turn.
//! - `running`: matches that were arranged from here, for those who come late.
//! - `decide`, `apply`, `due`: as everywhere. `view`: what is seen, and `estimate`: how long it takes.
//!
//! A ticket waits, is placed, and is over. While it is placed the room owes the match's room a duty, which is
//! done once whatever breaks: so a ticket ends in one match or waits on. `docs/matchmaking.md` has the
//! promises, the bounds and where the ideas come from.
//!
//! A pass is sliced, because the room shares a thread with others: a slice looks at so many pairs at most,
//! and the next follows 20 ms later. What it found is one event, so nothing is worked out again on replay,
//! and floating-point numbers decide what is written, never what was.

mod apply;
mod bounds;
pub mod command;
mod decide;
mod due;
mod estimate;
pub mod event;
mod line;
mod pass;
mod regions;
mod running;
mod search;
mod sides;
#[cfg(test)]
mod tests;
pub mod ticket;
mod view;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use playhouse_protocol::ids::{MatchId, RoomId};
use serde::{Deserialize, Serialize};

pub use self::bounds::OVERDUE;
pub use self::command::{Command, Estimate, Reply, Stands, TicketInfo, TicketMember, View, Wish};
use self::due::Telling;
use self::estimate::Waited;
use self::event::No;
pub use self::event::{Event, Formed, Joining};
use self::line::Line;
pub use self::regions::REGIONS_MAX;
use self::regions::Regions;
use self::running::Running;
use self::ticket::Entry;
pub use self::ticket::{LATENCY_MAX, Member, REGIONS_EACH_MAX, Region, Ticket, game_of, ticket_id};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::games::{Shape, find};
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Recovery, Retention, Rules};
use crate::time::Timestamp;

/// How many tickets may wait for one game. 20,000: a pass over them takes a few seconds of slices. One more
/// is refused, `matchmaking_full`.
pub const WAITING_MAX: usize = 20_000;

/// How long a ticket may wait. 15 min: whoever has found nobody by then is told so.
pub const WAIT_MAX: Duration = Duration::from_secs(15 * 60);

/// How long a ticket that is over is kept for whoever asks. 10 min: a page that was away finds its match.
pub const KEPT: Duration = Duration::from_secs(10 * 60);

/// How many tickets that are over are kept. 40,000: the oldest are forgotten first.
pub const KEPT_MAX: usize = 40_000;

/// How often a pass begins, at most. 1 s: bounds widen little in less.
pub const PASS_EVERY: Duration = Duration::from_secs(1);

/// How soon a pass begins once somebody comes while none is due. 100 ms: those who come together are
/// looked at together.
const PASS_SOON: Duration = Duration::from_millis(100);

/// How long the thread is left to others between two slices. 20 ms.
const SLICE_EVERY: Duration = Duration::from_millis(20);

/// How many pairs a slice looks at. 4,000: meant to stay under a millisecond, which
/// `cargo bench -p playhouse-domain --bench matchmaking` measures.
const SLICE_LOOKS_MAX: u32 = 4000;

/// How many matches a slice makes. 32: their record stays within a few KiB.
const SLICE_FORMED_MAX: usize = 32;

/// How many duties are owed at once. 128: as many rooms are told at the same time; the others' turn comes
/// as these end.
const OWED_MAX: usize = 128;

/// How often a ticket's match may fail to be made. 3 times: then the ticket fails.
const REFUSED_MAX: u8 = 3;

/// How much of their wait those keep who look again because too few came. 60 s: they stand in front of
/// whoever came since.
const CREDIT: Duration = Duration::from_secs(60);

/// How long after it was called off. 2 min.
const CREDIT_WITHIN: Duration = Duration::from_secs(120);

/// How long a match is remembered that never says that it is over. 2 h: no match lasts as long.
const RUNNING_MAX: Duration = Duration::from_secs(2 * 60 * 60);

/// What is true of the matchmaking of one game; rebuilt after a restart by applying its events in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Matchmaking {
    game: String,
    tickets: BTreeMap<No, Entry>,
    regions: Regions,
    /// Matches whose rooms are to be told of tickets.
    placing: BTreeMap<DutyId, Placing>,
    /// Parties whose rooms are to be told what became of their ticket.
    telling: BTreeMap<DutyId, Telling>,
    running: BTreeMap<MatchId, Running>,
    /// How long those waited who were matched lately.
    waited: VecDeque<Waited>,
    pass: Pass,
    next_ticket: No,
    next_duty: u64,
    /// When the newest event was.
    now: Timestamp,
    #[serde(skip)]
    line: Line,
}

/// [`Matchmaking`] as it is stored: without the line, which is made of the tickets.
#[derive(Deserialize)]
struct Stored {
    game: String,
    tickets: BTreeMap<No, Entry>,
    regions: Regions,
    placing: BTreeMap<DutyId, Placing>,
    telling: BTreeMap<DutyId, Telling>,
    running: BTreeMap<MatchId, Running>,
    waited: VecDeque<Waited>,
    pass: Pass,
    next_ticket: No,
    next_duty: u64,
    now: Timestamp,
}

impl From<Stored> for Matchmaking {
    fn from(stored: Stored) -> Self {
        let line = Line::of(&stored.tickets, &stored.regions, &stored.running);
        Self {
            game: stored.game,
            tickets: stored.tickets,
            regions: stored.regions,
            placing: stored.placing,
            telling: stored.telling,
            running: stored.running,
            waited: stored.waited,
            pass: stored.pass,
            next_ticket: stored.next_ticket,
            next_duty: stored.next_duty,
            now: stored.now,
            line,
        }
    }
}

/// Tickets that are being put into a match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Placing {
    match_id: MatchId,
    /// How many seats the match is to have; none if it runs already.
    seats: Option<u16>,
    /// By rising side.
    tickets: Vec<No>,
    region: Option<String>,
    /// Since when.
    at: Timestamp,
}

/// Where the pass over the line stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Pass {
    /// When the newest one began.
    began: Timestamp,
    /// When the last one before it began.
    before: Timestamp,
    /// When the next slice is due.
    next: Timestamp,
    /// The last ticket that was looked at; none between two passes.
    cursor: Option<(Timestamp, No)>,
}

/// What matchmaking needs to know of a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Plays {
    shape: Shape,
    join_late: bool,
}

/// What is known of the game called `name`, if there is one. Tests have games of every shape.
fn plays(name: &str) -> Option<Plays> {
    #[cfg(test)]
    if let Some(plays) = tests::plays(name) {
        return Some(plays);
    }
    find(name).map(|kind| Plays { shape: kind.shape(), join_late: kind.join_late() })
}

/// The room of the matchmaking of `game`, if that can be a game's name.
#[must_use]
pub fn room(game: &str) -> Option<RoomId> {
    RoomId::new(Matchmaking::KIND, game).ok()
}

impl Rules for Matchmaking {
    const KIND: &'static str = "matchmaking";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = View;
    type Change = View;

    fn new(id: &RoomId) -> Self {
        Self {
            game: id.key().to_owned(),
            tickets: BTreeMap::new(),
            regions: Regions::default(),
            placing: BTreeMap::new(),
            telling: BTreeMap::new(),
            running: BTreeMap::new(),
            waited: VecDeque::new(),
            pass: Pass::default(),
            next_ticket: 1,
            next_duty: 1,
            now: Timestamp::ZERO,
            line: Line::default(),
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
        Effects::events(self.due(cx))
    }

    fn duties(&self) -> Vec<Duty> {
        self.owed()
    }

    fn duty_done(&self, _: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        Effects::events(self.done(duty, &result))
    }

    fn view(&self, now: Timestamp, audience: &Audience) -> Option<View> {
        self.seen(now, audience)
    }

    /// Everybody who is logged in sees their own ticket.
    fn audience(&self, caller: &Caller) -> Option<Audience> {
        caller.account().map(Audience::Own)
    }

    fn change(&self, event: &Event, audience: &Audience) -> Option<View> {
        self.shows(event, audience).then(|| self.seen(self.now, audience)).flatten()
    }

    /// Nobody's: whoever comes back gets the newest view.
    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn policy() -> Policy {
        Policy {
            retention: Retention::Records(4096),
            recovery: Recovery::NewestOnly,
            // A ticket that was made twice is known by its people; so many repeats are a minute's.
            outcomes: 2000,
            publish_every: Duration::from_millis(100),
            ..Policy::default()
        }
    }
}
