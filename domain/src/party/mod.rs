//! A party: people who want to play together.
//!
//! One of them leads: asks others in, sends them away, and looks for a match for all. Others come by an
//! invitation or by the party's code. The ticket is made by the party's room, as a duty to the room of
//! matchmaking, and that room tells when it is over: so a ticket is never of people who are no party any
//! more. Whoever comes, goes or is sent away while it waits takes it back.
//!
//! - [`command`], [`event`]: what can be asked and what can become true.
//! - `decide`, `apply`, `due`: as everywhere. `view`: what is seen, and what lists show.

mod apply;
pub mod command;
mod decide;
mod due;
pub mod event;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_protocol::ids::{AccountId, PartyId, RoomId, TicketId};
use serde::{Deserialize, Serialize};

pub use self::command::{
    Command, Ended, PartyInfo, PartyInvitation, PartyMatch, PartyMember, PartySearch, Reply,
};
pub use self::event::Event;
pub use self::view::PartyRow;
use crate::duty::{Duty, DutyId, DutyResult};
use crate::matchmaking::{Member, Region};
use crate::poll::code::JoinCode;
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Recovery, Retention, Rules, Ticket};
use crate::rows::RowChange;
use crate::time::Timestamp;

/// How many can be in a party. 8: the largest match that is formed.
pub const MEMBERS_MAX: usize = 8;

/// How many invitations are open at once. 16: twice what there is room for.
pub const INVITED_MAX: usize = 16;

/// How long an invitation holds. 10 min: longer nobody stands waiting.
pub const INVITED_FOR: Duration = Duration::from_secs(10 * 60);

/// How many who were sent away are kept out. 64: the oldest may come back by the code.
const REMOVED_MAX: usize = 64;

/// How long a party lasts in which nothing happens. 6 h: an evening.
pub const IDLE_MAX: Duration = Duration::from_secs(6 * 60 * 60);

/// What is true of one party; rebuilt after a restart by applying its events in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Party {
    id: PartyId,
    leader: Option<AccountId>,
    /// Longest first. Nobody once it is over.
    members: Vec<PartyMember>,
    invited: BTreeMap<AccountId, (String, Timestamp)>,
    /// Who was sent away, newest last.
    removed: Vec<AccountId>,
    code: Option<JoinCode>,
    /// The duty to give the code back, once it is over.
    giving_back: Option<DutyId>,
    search: Option<Search>,
    found: Option<PartyMatch>,
    next_duty: u64,
    /// When something last happened.
    at: Timestamp,
    /// Whom the newest event put out: in it they were, or asked in.
    gone: Vec<AccountId>,
}

/// A ticket of a party.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Search {
    ticket: TicketId,
    game: String,
    members: Vec<Member>,
    regions: Vec<Region>,
    since: Timestamp,
    /// The duty to make it, until that is done, and what the command is settled under.
    asking: Option<(DutyId, Ticket)>,
    /// The duty to take it back, until that is done.
    taking_back: Option<DutyId>,
    /// True if it is to be taken back once it is made.
    unwanted: bool,
    /// True once it is over.
    ended: bool,
}

/// The room of party `id`.
#[must_use]
pub fn room(id: PartyId) -> RoomId {
    RoomId::of(Party::KIND, id.0)
}

impl Rules for Party {
    const KIND: &'static str = "party";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = PartyInfo;
    type Change = PartyInfo;

    fn new(id: &RoomId) -> Self {
        Self {
            id: PartyId(id.uuid().unwrap_or_default()),
            leader: None,
            members: Vec::new(),
            invited: BTreeMap::new(),
            removed: Vec::new(),
            code: None,
            giving_back: None,
            search: None,
            found: None,
            next_duty: 1,
            at: Timestamp::ZERO,
            gone: Vec::new(),
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
        self.done(cx, duty, &result)
    }

    fn view(&self, _: Timestamp, audience: &Audience) -> Option<PartyInfo> {
        match audience {
            Audience::Own(account) if self.knows(*account) => self.info(Some(*account)),
            Audience::Presenter => self.info(None),
            Audience::Own(_) | Audience::Public => None,
        }
    }

    /// Those in it and those who were asked in, each for themselves: whoever is sent away sees no more of it.
    fn audience(&self, caller: &Caller) -> Option<Audience> {
        let account = caller.account().filter(|account| self.knows(*account));
        let runs = caller.administers() && self.leader.is_some();
        account.map(Audience::Own).or(runs.then_some(Audience::Presenter))
    }

    fn change(&self, _: &Event, audience: &Audience) -> Option<PartyInfo> {
        match audience {
            Audience::Own(account) if self.knows(*account) || self.gone.contains(account) => {
                self.info(Some(*account))
            }
            Audience::Presenter => self.info(None),
            Audience::Own(_) | Audience::Public => None,
        }
    }

    /// Nobody's: whoever comes back gets the newest view.
    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn row_changes(&self, event: &Event) -> Vec<RowChange> {
        self.rows_of(event)
    }

    fn rows(&self) -> Vec<RowChange> {
        self.all_rows()
    }

    fn policy() -> Policy {
        Policy {
            retention: Retention::Records(256),
            recovery: Recovery::NewestOnly,
            // A few clicks of a few people.
            outcomes: 500,
            ..Policy::default()
        }
    }
}
