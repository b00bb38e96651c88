//! Unique names: a room named after the unique thing, and the saga that claims it.
//!
//! A name (`unique:username:ann`) has one owner. A claim holds it for a while, a confirmation for
//! ever, a release gives it back. [`Claims`] is the saga, written once: rules that need unique names
//! embed it, list its duties and feed it their ends. All names are confirmed, or none is kept.

use std::time::Duration;

use playhouse_protocol::ids::RoomId;
use serde::{Deserialize, Serialize};

use crate::duty::{Duty, DutyId, DutyResult};
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Audience, Caller, Cx, Effects, Policy, Rules};
use crate::time::Timestamp;

/// How long a claim holds without a confirmation. 10 min: far longer than a saga takes, also over
/// a restart; past it a name that nobody confirmed is free again.
pub const CLAIM: Duration = Duration::from_secs(600);

/// One unique name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UniqueName {
    owner: Option<Owner>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Owner {
    room: RoomId,
    /// When the claim runs out; none once it is confirmed.
    until: Option<Timestamp>,
}

/// What rooms can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Hold the name for a while.
    Claim,
    /// Keep it for ever.
    Confirm,
    /// Give it back.
    Release,
}

/// What can become true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The name is held.
    Claimed {
        /// By whom.
        by: RoomId,
        /// Until when.
        until: Timestamp,
    },
    /// The name is kept.
    Confirmed,
    /// The name is free.
    Freed,
}

/// Who owns a name, once it is confirmed. For the server's own look-ups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The owner.
    pub owner: RoomId,
}

fn taken() -> Refusal {
    Refusal::new(RefusalKind::Conflict, "name_taken", "the name is taken")
}

impl Rules for UniqueName {
    const KIND: &'static str = "unique";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = ();
    type View = View;
    type Change = View;

    fn new(_: &RoomId) -> Self {
        Self::default()
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        let Caller::Room(by) = cx.caller else { return Err(Refusal::not_found("name")) };
        let own = self.owner.as_ref().is_some_and(|owner| owner.room == *by);
        let events = match (command, own) {
            (Command::Claim, true) => vec![],
            (Command::Claim, false) if self.owner.is_some() => return Err(taken()),
            (Command::Claim, false) => {
                vec![Event::Claimed { by: by.clone(), until: cx.now + CLAIM }]
            }
            (Command::Confirm, true) => vec![Event::Confirmed],
            (Command::Confirm, false) => return Err(taken()),
            (Command::Release, true) => vec![Event::Freed],
            (Command::Release, false) => vec![],
        };
        Ok(Effects::reply(events, ()))
    }

    fn apply(&mut self, _: Timestamp, event: &Event) {
        match event {
            Event::Claimed { by, until } => {
                self.owner = Some(Owner { room: by.clone(), until: Some(*until) });
            }
            Event::Confirmed => {
                if let Some(owner) = &mut self.owner {
                    owner.until = None;
                }
            }
            Event::Freed => self.owner = None,
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.owner.as_ref().and_then(|owner| owner.until)
    }

    fn wake(&self, _: &Cx<'_>) -> Effects<Self> {
        Effects::events(vec![Event::Freed])
    }

    fn view(&self, _: Timestamp, _: &Audience) -> Option<View> {
        let owner = self.owner.as_ref().filter(|owner| owner.until.is_none())?;
        Some(View { owner: owner.room.clone() })
    }

    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn policy() -> Policy {
        Policy { outcomes: 100, idle: Duration::from_secs(10), ..Policy::default() }
    }
}

/// The saga: claims names for the room that embeds it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Claims {
    names: Vec<(RoomId, Step)>,
    /// The first name that was refused.
    lost: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    Claiming(DutyId),
    Claimed,
    Confirming(DutyId),
    Confirmed,
    Releasing(DutyId),
    Gone,
}

/// A step of the saga, as a fact for the embedding room's journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The duty that ended.
    pub duty: DutyId,
    /// True if the name's room did as told.
    pub agreed: bool,
}

/// Where the saga stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Under way.
    Pending,
    /// Every name is confirmed.
    Won,
    /// The name at this place was taken; the others are given back.
    Lost(usize),
}

impl Claims {
    /// Begins to claim `names`. `next` gives duty ids.
    #[must_use]
    pub fn begin(names: Vec<RoomId>, mut next: impl FnMut() -> DutyId) -> Self {
        let names = names.into_iter().map(|name| (name, Step::Claiming(next()))).collect();
        Self { names, lost: None }
    }

    /// What is owed now.
    pub fn duties(&self) -> impl Iterator<Item = Duty> {
        self.names.iter().filter_map(|(room, step)| {
            let (id, command) = match step {
                Step::Claiming(id) => (*id, Command::Claim),
                Step::Confirming(id) => (*id, Command::Confirm),
                Step::Releasing(id) => (*id, Command::Release),
                Step::Claimed | Step::Confirmed | Step::Gone => return None,
            };
            Some(Duty::tell::<UniqueName>(id, room.clone(), &command))
        })
    }

    /// The fact that the end of `duty` leads to, if it is one of the saga's.
    #[must_use]
    pub fn on(&self, duty: DutyId, result: &DutyResult) -> Option<Answered> {
        let own = self.names.iter().any(|(_, step)| step.duty() == Some(duty));
        own.then_some(Answered { duty, agreed: matches!(result, DutyResult::Done(_)) })
    }

    /// Takes in a step. `next` gives duty ids.
    pub fn apply(&mut self, answered: &Answered, mut next: impl FnMut() -> DutyId) {
        let place = self.names.iter().position(|(_, s)| s.duty() == Some(answered.duty));
        let Some(place) = place else { return };
        let step = &mut self.names[place].1;
        *step = match (*step, answered.agreed) {
            (Step::Claiming(_), true) => Step::Claimed,
            (Step::Confirming(_), true) => Step::Confirmed,
            (Step::Claiming(_) | Step::Confirming(_), false) => {
                self.lost = self.lost.or(Some(place));
                Step::Gone
            }
            (Step::Releasing(_), _) => Step::Gone,
            (other, _) => other,
        };
        if self.lost.is_some() {
            for (_, step) in &mut self.names {
                if matches!(step, Step::Claimed | Step::Confirmed) {
                    *step = Step::Releasing(next());
                }
            }
        } else if self.names.iter().all(|(_, step)| *step == Step::Claimed) {
            for (_, step) in &mut self.names {
                *step = Step::Confirming(next());
            }
        }
    }

    /// Where the saga stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.lost {
            Some(place) => Standing::Lost(place),
            None if self.names.iter().all(|(_, step)| *step == Step::Confirmed) => Standing::Won,
            None => Standing::Pending,
        }
    }
}

impl Step {
    fn duty(self) -> Option<DutyId> {
        match self {
            Self::Claiming(id) | Self::Confirming(id) | Self::Releasing(id) => Some(id),
            Self::Claimed | Self::Confirmed | Self::Gone => None,
        }
    }
}
