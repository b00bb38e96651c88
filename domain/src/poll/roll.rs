//! The voter roll of a secret poll: who was given a ballot.
//!
//! A kind of room of its own, `roll:` and the poll's id, so that no room has a name beside a vote: the
//! poll knows ballots and no voters, the roll knows voters and no ballots, and a blind signature is
//! all that leads from one to the other.
//!
//! The state is a set: nothing in it says who came first, or when. The journal has both for a while,
//! since each voter is a record there, with whoever asked. **What is promised**: each snapshot of the
//! roll takes the place of every record before it ([`Retention::Nothing`]), and a roll that nobody has
//! asked for a minute falls asleep behind a snapshot of its last record; order and time are then gone
//! from the journal. **What is not**: a server that is stopped within that minute keeps the newest
//! records until the roll is used again, which closing the poll does. Nor are
//! copies forgotten: a backup made meanwhile, and the store's free space until it is used again.
//! `docs/polls.md` says what follows for a voter.

use std::collections::BTreeMap;

use playhouse_protocol::ids::{PollId, RoomId};
use serde::{Deserialize, Serialize};

use super::voter::{Digest16, Voter};
use super::votes::BALLOTS_MAX;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Audience, Caller, Cx, Effects, Policy, Retention, Rules};
use crate::time::Timestamp;

/// How many records lie between snapshots at least. 64: of an audience that asks all evening little
/// lies in the journal at once, and a full roll of 50,000 is still written only about 15 times, since
/// each snapshot waits until the records behind it weigh as much as the one before.
pub const SNAPSHOT_EVERY: u64 = 64;

/// Who was given a ballot of one poll, and for which request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Roll {
    /// Invariant: nothing of order or time.
    issued: BTreeMap<Voter, Digest16>,
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Put a voter on the roll. The edge asked the poll before ([`super::Command::Admit`]) whether
    /// they may have a ballot, and sends this without a key: the roll itself knows a repeat, and the
    /// host's memory of outcomes would have an order.
    Issue {
        /// Whom.
        voter: Voter,
        /// The digest of the blinded message that is to be signed.
        request: Digest16,
    },
}

/// What the caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The ballot may be signed. The same request may be signed again.
    Issued,
}

/// What can become true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A voter is on the roll.
    Issued {
        /// Who.
        voter: Voter,
        /// For which request.
        request: Digest16,
    },
}

/// The room of the roll of poll `id`.
#[must_use]
pub fn room(id: PollId) -> RoomId {
    RoomId::of(Roll::KIND, id.0)
}

/// Refuses whoever is not the voter.
fn identify(caller: &Caller, voter: &Voter) -> Result<(), Refusal> {
    let is_caller = match voter {
        Voter::Device(guest) => *caller == Caller::Guest(*guest),
        Voter::Account(account) => caller.account() == Some(*account),
        // Whoever has the code is the voter, and which codes there are the edge asked the poll.
        Voter::Code(_) => true,
        Voter::Anyone(_) | Voter::Ballot(_) => false,
    };
    if is_caller {
        return Ok(());
    }
    let message = "a ballot is given to its voter alone";
    Err(Refusal::new(RefusalKind::Forbidden, "wrong_voter", message))
}

impl Rules for Roll {
    const KIND: &'static str = "roll";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = ();
    type Change = ();

    fn new(_: &RoomId) -> Self {
        Self::default()
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        let Command::Issue { voter, request } = command;
        identify(cx.caller, &voter)?;
        let events = match self.issued.get(&voter) {
            Some(earlier) if *earlier == request => vec![],
            Some(_) => {
                let message = "you were given a ballot before; each voter gets one";
                return Err(Refusal::conflict("ballot_issued_before", message));
            }
            None if self.issued.len() >= BALLOTS_MAX => {
                return Err(Refusal::conflict(
                    "poll_full",
                    "the poll has as many voters as it can keep",
                ));
            }
            None => vec![Event::Issued { voter, request }],
        };
        Ok(Effects::reply(events, Reply::Issued))
    }

    fn apply(&mut self, _: Timestamp, event: &Event) {
        let Event::Issued { voter, request } = event;
        self.issued.insert(*voter, *request);
    }

    /// Nobody's: there is no audience to whom the roll is told.
    fn view(&self, _: Timestamp, _: &Audience) -> Option<()> {
        None
    }

    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn redact(_: &Command) -> String {
        "Issue (not shown)".to_owned()
    }

    fn inspect(_: &Event) -> serde_json::Value {
        serde_json::json!({ "Issued": "(not shown)" })
    }

    fn policy() -> Policy {
        Policy {
            retention: Retention::Nothing,
            snapshot_every: SNAPSHOT_EVERY,
            // An audience asks at once, as it votes at once.
            mailbox: 2048,
            ..Policy::default()
        }
    }
}
