//! The room of one tournament: from its making to its places.
//!
//! - [`command`], [`event`]: what can be asked and what can become true.
//! - [`draw`]: who meets whom, as pure functions. [`pairing`]: two who meet. [`table`]: points, tie-breaks and
//!   places.
//! - `decide`: making, starting, calling off; `entry`: coming and going; `result`: results, disputes and
//!   rulings; `flow`: what time and everything else leads to. `apply`: taking facts in.
//! - `view`: what is seen. [`rows`]: what lists show.
//!
//! A tournament goes from registration to check-in to running to concluded, or is cancelled. Each pairing is
//! played as a match of its own: the tournament owes the duty to tell the match's room what is arranged, and
//! that room owes the duty to tell how it came out. Both are given exactly once by the host, and the id of a
//! match is derived from the tournament, the pairing and how many matches it had, so a result can neither be
//! lost nor count twice, wherever the server is killed in between: what is told of a match that is not the
//! newest of its pairing changes nothing.
//!
//! Everything ends by itself: a dispute that nobody decides, a match that nobody tells of, a pairing that
//! cannot be played. `docs/tournaments.md` has the promises and bounds.

mod apply;
pub mod command;
mod decide;
pub mod draw;
mod duties;
mod entry;
pub mod event;
mod flow;
pub mod pairing;
mod result;
pub mod rows;
pub mod table;
#[cfg(test)]
mod tests;
pub mod view;

use std::time::Duration;

use playhouse_protocol::ids::{AccountId, RoomId, TournamentId};
use serde::{Deserialize, Serialize};

pub use self::command::{
    Command, Creation, Entry, Format, FormatKind, MatchOutcome, Phase, Reply, Ruling, Seeding,
};
pub use self::event::{Event, Why};
pub use self::pairing::{By, Outcome, Winner};
pub use self::rows::{PlayerRow, TournamentRow};
pub use self::table::Line;
pub use self::view::{Change, TournamentInfo};

use self::pairing::Pairing;
use crate::duty::{Duty, DutyId, DutyResult};
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Recovery, Retention, Rules};
use crate::rows::RowChange;
use crate::time::Timestamp;

/// How many characters a tournament's title has at most. 48: with its round it is a match's title of 60.
pub const TITLE_MAX: usize = 48;

/// How many characters the reason of a dispute has at most. 500: a paragraph.
pub const TEXT_MAX: usize = 500;

/// How many can take part at most. 256: eight rounds of an elimination.
pub const PLAYERS_MAX: u16 = 256;

/// How many can take part in a round robin at most. 64: 2,016 pairings, as many as the largest Swiss has.
pub const ROUND_ROBIN_MAX: u16 = 64;

/// How many rounds a Swiss has at most. 16: twice what it takes to tell 256 apart.
pub const ROUNDS_MAX: u16 = 16;

/// For how many minutes one can check in at most. 1,440: a day.
pub const CHECK_IN_MINUTES_MAX: u16 = 1440;

/// For how many minutes a result can be disputed at most. 1,440: a day.
pub const DISPUTE_MINUTES_MAX: u16 = 1440;

/// How far ahead a tournament can be made at most. 366 days.
pub const AHEAD_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How late check-in may open without moving the beginning. 1 min: more is a server that was stopped, and then
/// check-in lasts as long as was said all the same.
pub const LATE_MAX: Duration = Duration::from_secs(60);

/// How long a disputed result waits for an organizer before it stands. 24 h.
pub const RULING_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a match may take from when it is owed to its result. 26 h: for a day a match may stand still, as while
/// the server is stopped, and it is active for 90 min at most; after it the match counts as one without a result.
pub const PLAYING_TIME: Duration = Duration::from_secs(26 * 60 * 60);

/// How many matches of one tournament are played at once at most. 64: a sixteenth of what a server plays by
/// default, so that others find room beside it. Pairings past it wait for their turn.
pub const AT_ONCE_MAX: usize = 64;

/// How many drawn matches of a pairing are played again in an elimination. 1, with the seats swapped; then
/// the better seed goes on.
pub const DRAWS_MAX: u8 = 1;

/// How many matches of a pairing are played again since they had no result. 2: a server that was full, or a
/// game that failed; then neither has won, or the better seed goes on.
pub const VOIDS_MAX: u8 = 2;

/// How many matches a pairing has at most before an organizer must decide it otherwise. 12.
pub const MATCHES_MAX: u8 = 12;

/// What a player counts as of whom no rating is known. 0: where a leaderboard begins
/// ([`Skill::points`](super::skill::Skill::points)).
pub const RATING_DEFAULT: i32 = 0;

/// What is true of one tournament; rebuilt after a restart by applying its events in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tournament {
    id: TournamentId,
    setup: Option<Box<Setup>>,
    phase: Phase,
    /// When it begins, or was to begin.
    starts_at: Timestamp,
    began_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// Why it was called off.
    why: Option<Why>,
    /// In the order in which they registered; once it has begun those who take part come first, the best
    /// first, so that a player's number is a place here.
    entrants: Vec<Entrant>,
    /// How many take part.
    field: u16,
    /// By number.
    pairings: Vec<Pairing>,
}

/// A tournament that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Setup {
    creation: Creation,
    organizer: AccountId,
    created_at: Timestamp,
}

/// Somebody who registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entrant {
    account: AccountId,
    entry: Entry,
    checked_in: bool,
    /// True if they withdrew after it had begun.
    out: bool,
    /// Once it is concluded.
    place: Option<u16>,
}

/// The room of tournament `id`.
#[must_use]
pub fn room(id: TournamentId) -> RoomId {
    RoomId::of(Tournament::KIND, id.0)
}

impl Setup {
    /// When check-in opens; none if nobody needs to check in.
    fn check_in_at(&self) -> Option<Timestamp> {
        let lasts = Duration::from_secs(u64::from(self.creation.check_in_minutes) * 60);
        let opens = (self.creation.starts_at - lasts).max(self.created_at);
        (!lasts.is_zero()).then_some(opens)
    }

    fn dispute_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.creation.dispute_minutes) * 60)
    }

    fn is_elimination(&self) -> bool {
        self.creation.format.kind() == FormatKind::Elimination
    }
}

impl Rules for Tournament {
    const KIND: &'static str = "tournament";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = TournamentInfo;
    type Change = Change;

    fn new(id: &RoomId) -> Self {
        Self {
            id: TournamentId(id.uuid().unwrap_or_default()),
            setup: None,
            phase: Phase::Registration,
            starts_at: Timestamp::ZERO,
            began_at: None,
            ended_at: None,
            why: None,
            entrants: Vec::new(),
            field: 0,
            pairings: Vec::new(),
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

    fn duty_done(&self, cx: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        Effects::events(self.arranged(cx.now, duty, &result))
    }

    fn view(&self, _: Timestamp, audience: &Audience) -> Option<TournamentInfo> {
        self.info(*audience == Audience::Presenter)
    }

    /// Whoever has its id may look at it; what is said in disputes is for those who decide them.
    fn audience(&self, caller: &Caller) -> Option<Audience> {
        let setup = self.setup.as_deref()?;
        let presides = caller.administers() || caller.account() == Some(setup.organizer);
        Some(if presides { Audience::Presenter } else { Audience::Public })
    }

    /// Both, so that whoever decides goes on from their own offset too.
    fn audiences(&self) -> Vec<Audience> {
        vec![Audience::Public, Audience::Presenter]
    }

    fn change(&self, event: &Event, audience: &Audience) -> Option<Change> {
        self.changed(event, *audience == Audience::Presenter)
    }

    fn merge(into: &mut Change, next: Change) {
        into.merge(next);
    }

    fn row_changes(&self, event: &Event) -> Vec<RowChange> {
        self.rows_of(event)
    }

    fn rows(&self) -> Vec<RowChange> {
        self.all_rows()
    }

    fn policy() -> Policy {
        Policy {
            // The state holds every result; records tell how it came about, for a dispute.
            retention: Retention::Records(4096),
            recovery: Recovery::EveryStep,
            // Most commands are known again by what they say.
            outcomes: 2000,
            // Results come in waves, and nobody reads a bracket faster.
            publish_every: Duration::from_millis(200),
            ..Policy::default()
        }
    }
}
