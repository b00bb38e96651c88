//! The audit trail: who administered what, when, and what came of it.
//!
//! One room, [`room()`], takes every administrative act down twice: before it is done, and with its
//! outcome afterwards. An act whose outcome is missing was begun, and a crash came between; what became
//! of it the room that it was about can tell.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use playhouse_protocol::ids::{AccountId, RoomId};
use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Audience, Cx, Effects, Policy, Retention, Rules};
use crate::rows::RowChange;
use crate::time::Timestamp;

/// How many acts are kept: the newest 100,000, ten a day for 27 years. Behind them rows are dropped,
/// because the list is a function of the room's state, which lies in memory: 30 MiB at most.
pub const KEPT_MAX: u64 = 100_000;

/// The longest detail, in characters. 300: a sentence and its values.
const DETAIL_MAX: usize = 300;

/// The longest name of who acts and of what it is about, in characters. 200, as for a room's key.
const NAME_MAX: usize = 200;

/// The table of the list, newest last.
pub const TABLE: &str = "acts";

/// The one room of this kind.
///
/// # Panics
///
/// Never: the name is a good one.
#[must_use]
pub fn room() -> RoomId {
    RoomId::new(Audit::KIND, "house").expect("a constant name of a room")
}

/// What is done. The order is part of every record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A room is closed.
    #[serde(rename = "room.quarantine")]
    RoomQuarantine,
    /// A room is rebuilt and opened.
    #[serde(rename = "room.reopen")]
    RoomReopen,
    /// A room is rebuilt.
    #[serde(rename = "room.restart")]
    RoomRestart,
    /// A room goes back to a record.
    #[serde(rename = "room.rewind")]
    RoomRewind,
    /// A room goes on without a record.
    #[serde(rename = "room.skip")]
    RoomSkip,
    /// A snapshot of a room is stored.
    #[serde(rename = "room.snapshot")]
    RoomSnapshot,
    /// What an account may do changes.
    #[serde(rename = "account.change")]
    AccountChange,
    /// An administrator is made.
    #[serde(rename = "admin.create")]
    AdminCreate,
    /// A new key signs tokens.
    #[serde(rename = "keys.rotate")]
    KeysRotate,
    /// Everything is copied.
    #[serde(rename = "backup")]
    Backup,
    /// A copy is deleted.
    #[serde(rename = "backup.delete")]
    BackupDelete,
    /// The season of a game's leaderboard ends.
    #[serde(rename = "season.begin")]
    SeasonBegin,
    /// A player of a match is said to have cheated, or not any more.
    #[serde(rename = "match.verdict")]
    MatchVerdict,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The account; none for the command line.
    pub account: Option<AccountId>,
    /// Its user name, or `command line`.
    pub name: String,
}

/// What is about to be done. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// Who acts.
    pub by: By,
    /// What is done.
    pub act: What,
    /// To which room, account or file.
    pub about: Option<String>,
    /// With which values.
    pub detail: String,
}

/// How an act stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was about to be done.
    Begun,
    /// It was done.
    Done,
    /// It was not done.
    Refused,
}

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// When it was about to be done.
    pub at: Timestamp,
    /// What was about to be done.
    pub deed: Deed,
    /// What came of it.
    pub outcome: Outcome,
    /// The problem's code, if it was refused.
    pub code: Option<String>,
}

/// One act, as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its number, from 1.
    pub id: u64,
    /// When it was about to be done.
    pub at: Timestamp,
    /// Who acted.
    pub by: By,
    /// What was done.
    pub act: What,
    /// To which room, account or file.
    pub about: Option<String>,
    /// With which values.
    pub detail: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The problem's code, if it was refused.
    pub code: Option<String>,
}

/// The trail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// The newest acts by number, without a hole; at most [`KEPT_MAX`].
    acts: BTreeMap<u64, Act>,
}

/// What can be asked; by the server itself alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// This is about to be done.
    Begin(Deed),
    /// The act of that number was done, or refused with a code.
    End {
        /// Which.
        id: u64,
        /// The problem's code; none if it was done.
        refused: Option<String>,
    },
}

/// What can become true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// An act is about to be done; it has the next number.
    Begun(Deed),
    /// An act has ended.
    Ended {
        /// Which.
        id: u64,
        /// The problem's code; none if it was done.
        refused: Option<String>,
    },
}

/// What an administrator sees of the trail as a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// How many acts are kept.
    pub kept: usize,
    /// The number of the oldest one.
    pub oldest: Option<u64>,
    /// The number of the newest one.
    pub newest: Option<u64>,
}

/// `text` without control characters, cut after `max`: what was about to be done is taken down
/// whatever it is called.
fn cut(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}

impl Deed {
    fn within_bounds(self) -> Self {
        let Self { by: By { account, name }, act, about, detail } = self;
        Self {
            by: By { account, name: cut(&name, NAME_MAX) },
            act,
            about: about.map(|about| cut(&about, NAME_MAX)),
            detail: cut(&detail, DETAIL_MAX),
        }
    }
}

impl Audit {
    fn newest(&self) -> u64 {
        self.acts.last_key_value().map_or(0, |(id, _)| *id)
    }

    fn row(id: u64, act: &Act) -> RowChange {
        let Act { at, deed, outcome, code } = act.clone();
        let Deed { by, act, about, detail } = deed;
        RowChange::put(TABLE, key(id), &Item { id, at, by, act, about, detail, outcome, code })
    }
}

/// The key of an act's row: sorts as the numbers do.
fn key(id: u64) -> String {
    format!("{id:020}")
}

impl Rules for Audit {
    const KIND: &'static str = "audit";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = u64;
    type View = View;
    type Change = View;

    fn new(_: &RoomId) -> Self {
        Self::default()
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        if *cx.caller != crate::room::Caller::System || *cx.room != room() {
            let message = "the server itself writes the audit trail";
            return Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message));
        }
        match command {
            Command::Begin(deed) => {
                let event = Event::Begun(deed.within_bounds());
                Ok(Effects::reply(vec![event], self.newest() + 1))
            }
            Command::End { id, refused } => match self.acts.get(&id) {
                Some(act) if act.outcome == Outcome::Begun => {
                    let refused = refused.map(|code| cut(&code, NAME_MAX));
                    Ok(Effects::reply(vec![Event::Ended { id, refused }], id))
                }
                Some(_) => Ok(Effects::reply(vec![], id)),
                None => Err(Refusal::not_found("act")),
            },
        }
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Begun(deed) => {
                let id = self.newest() + 1;
                let act = Act { at, deed: deed.clone(), outcome: Outcome::Begun, code: None };
                self.acts.insert(id, act);
                if id > KEPT_MAX {
                    self.acts.remove(&(id - KEPT_MAX));
                }
            }
            Event::Ended { id, refused } => {
                if let Some(act) = self.acts.get_mut(id) {
                    act.outcome = if refused.is_some() { Outcome::Refused } else { Outcome::Done };
                    act.code.clone_from(refused);
                }
            }
        }
    }

    /// For those who run the house; the acts themselves are a list.
    fn view(&self, _: Timestamp, audience: &Audience) -> Option<View> {
        let oldest = self.acts.first_key_value().map(|(id, _)| *id);
        let newest = oldest.map(|_| self.newest());
        let view = View { kept: self.acts.len(), oldest, newest };
        (*audience == Audience::Presenter).then_some(view)
    }

    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn row_changes(&self, event: &Event) -> Vec<RowChange> {
        let (id, dropped) = match event {
            Event::Begun(_) => (self.newest(), self.newest().checked_sub(KEPT_MAX)),
            Event::Ended { id, .. } => (*id, None),
        };
        let dropped = dropped.filter(|id| *id > 0).map(|id| RowChange::delete(TABLE, key(id)));
        let row = self.acts.get(&id).map(|act| Self::row(id, act));
        dropped.into_iter().chain(row).collect()
    }

    fn rows(&self) -> Vec<RowChange> {
        self.acts.iter().map(|(id, act)| Self::row(*id, act)).collect()
    }

    fn policy() -> Policy {
        // Two records an act, so that the journal goes as far back as the list.
        Policy { retention: Retention::Records(2 * KEPT_MAX), ..Policy::default() }
    }
}
