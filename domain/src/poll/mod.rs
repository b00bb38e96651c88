//! A poll: one question to an audience, its ballots, and what they add up to.
//!
//! - [`definition`]: what is asked, of whom, how. [`voter`]: who votes. [`choice`]: what was voted.
//! - [`command`], [`event`]: what can be asked and what can become true.
//! - `decide`: what a command leads to; `votes`: ballots; `due`: what time and duties lead to.
//! - `apply`: taking facts in. `tally`: what the ballots add up to. [`words`], [`runoff`], [`quiz`]:
//!   what is special about word clouds, ranked polls and quizzes.
//! - [`chain`], `log`, [`export`]: the records of a round, chained by hashes, and how they are told.
//! - [`view`]: what is seen. `rows`: what lists show. [`code`]: join codes.
//! - [`questions`]: questions from the audience; [`roll`]: who was given a ballot of a secret poll;
//!   [`series`]: polls in order, under one code. Each is a kind of room of its own.
//!
//! A room has one poll. It goes from draft to open to closed, and by a reset back to draft; each
//! opening begins a round. `docs/polls.md` has the promises and bounds.

mod apply;
pub mod chain;
pub mod choice;
pub mod code;
pub mod command;
mod decide;
pub mod definition;
mod due;
pub mod event;
pub mod export;
mod log;
pub mod questions;
pub mod quiz;
pub mod roll;
mod rows;
pub mod runoff;
pub mod series;
mod tally;
#[cfg(test)]
mod tests;
pub mod view;
pub mod voter;
mod votes;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use playhouse_protocol::ids::{AccountId, PollId, RoomId};
use serde::{Deserialize, Serialize};

pub use self::choice::Choice;
pub use self::command::{Command, Mine, MyVote, Phase, PollInfo, Receipt, Reply, Score};
pub use self::definition::{Asking, Definition, Kind, Results, Voters};
pub use self::event::Event;
pub use self::log::{Act, Row};
pub use self::view::{Change, View};
pub use self::voter::{Digest16, Voter};

use self::code::JoinCode;
use self::log::Log;
use self::runoff::Runoff;
use self::tally::Tally;
use crate::duty::{Duty, DutyId, DutyResult};
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Recovery, Retention, Rules};
use crate::rows::RowChange;
use crate::time::Timestamp;

/// What is true of one poll; rebuilt after a restart by applying its events in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    id: PollId,
    setup: Option<Box<Setup>>,
    phase: Phase,
    /// How often it was opened.
    round: u32,
    opened_at: Option<Timestamp>,
    closes_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    /// What the presenter says about the results, against what the poll says.
    shown: Option<bool>,
    log: Log,
    /// Each voter's newest record. A voter is here once, so nobody counts twice.
    ballots: BTreeMap<Voter, u32>,
    /// How many records of the round change an earlier one.
    changes: u32,
    /// The personal codes that may vote.
    codes: BTreeSet<Digest16>,
    /// Always what the ballots add up to.
    tally: Tally,
    /// Ballots whose name is out of sight.
    hidden_names: BTreeSet<u32>,
    runoff: Option<Box<Runoff>>,
    duties_given: u64,
    /// The duty to tell the room of the audience's questions, while it is owed.
    telling: Option<DutyId>,
}

/// A poll that was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Setup {
    definition: Definition,
    owner: AccountId,
    created_at: Timestamp,
    code: JoinCode,
}

impl Poll {
    fn asks(&self) -> Option<&Definition> {
        self.setup.as_deref().map(|setup| &setup.definition)
    }

    fn next_duty(&mut self) -> DutyId {
        self.duties_given += 1;
        DutyId(self.duties_given)
    }
}

/// The room of poll `id`.
#[must_use]
pub fn room(id: PollId) -> RoomId {
    RoomId::of(Poll::KIND, id.0)
}

impl Rules for Poll {
    const KIND: &'static str = "poll";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = View;
    type Change = Change;

    fn new(id: &RoomId) -> Self {
        Self {
            id: PollId(id.uuid().unwrap_or_default()),
            setup: None,
            phase: Phase::Draft,
            round: 0,
            opened_at: None,
            closes_at: None,
            closed_at: None,
            shown: None,
            log: Log::default(),
            ballots: BTreeMap::new(),
            changes: 0,
            codes: BTreeSet::new(),
            tally: Tally::default(),
            hidden_names: BTreeSet::new(),
            runoff: None,
            duties_given: 0,
            telling: None,
        }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        self.decide_command(cx, command)
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        self.apply_event(at, event);
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.closes_at.filter(|_| self.phase == Phase::Open)
    }

    fn wake(&self, _: &Cx<'_>) -> Effects<Self> {
        Effects::events(self.closing())
    }

    fn duties(&self) -> Vec<Duty> {
        self.owed()
    }

    fn duty_done(&self, cx: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        self.ended(cx, duty, &result)
    }

    /// Its maker and administrators see what is hidden from everybody else.
    fn audience(&self, caller: &Caller) -> Option<Audience> {
        let owner = self.setup.as_deref()?.owner;
        Some(code::audience_of(owner, caller))
    }

    fn view(&self, _: Timestamp, audience: &Audience) -> Option<View> {
        self.view_for(audience)
    }

    fn change(&self, event: &Event, audience: &Audience) -> Option<Change> {
        self.change_of(event, audience)
    }

    fn merge(into: &mut Change, next: Change) {
        into.merge(next);
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

    fn redact(command: &Command) -> String {
        match command {
            Command::Vote { voter: Voter::Ballot(_), .. } => "Vote (not shown)".to_owned(),
            Command::Admit { .. } => "Admit (not shown)".to_owned(),
            other => format!("{other:?}"),
        }
    }

    /// The salt is not shown: with it the receipts of a poll under way would tell what was voted. Nor is
    /// a secret ballot: nobody sees how such a poll stands while it is open, and its log is told
    /// afterwards.
    fn inspect(event: &Event) -> serde_json::Value {
        if Self::hides_size(event) {
            return serde_json::json!({ "Voted": "(not shown)" });
        }
        let mut shown = serde_json::to_value(event).unwrap_or_else(|e| e.to_string().into());
        if let Some(salt) = shown.pointer_mut("/Opened/salt") {
            *salt = "(not shown)".into();
        }
        shown
    }

    fn hides_size(event: &Event) -> bool {
        matches!(event, Event::Voted { voter: Voter::Ballot(_), .. })
    }

    fn policy() -> Policy {
        Policy {
            // Every ballot, for the poll's life.
            retention: Retention::Forever,
            recovery: Recovery::NewestOnly,
            // An audience votes at once: so many wait for 100 ms at most.
            mailbox: 2048,
            // Votes carry their key inside; what is left is a presenter's clicks.
            outcomes: 1000,
            // 10 a second move a bar smoothly, at half the cost of 20.
            publish_every: Duration::from_millis(100),
            ..Policy::default()
        }
    }
}
