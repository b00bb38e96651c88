//! Questions from the audience of a poll, with up-votes and moderation.
//!
//! A kind of room of its own, `questions:` and the poll's id, because its watchers need every step
//! while a poll's need the newest tallies alone, and a kind of room has one way to recover. The poll
//! tells it, as a duty, whose it is and who may ask.
//!
//! - `decide`: what a command leads to. [`view`]: what is seen.

mod decide;
#[cfg(test)]
mod tests;
pub mod view;

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::ids::{AccountId, PollId, RoomId};
use serde::{Deserialize, Serialize};

use self::view::{Change, QuestionView, View};
use super::code::audience_of;
use super::definition::{Asking, Voters};
use super::voter::Voter;
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Rules};
use crate::time::Timestamp;

/// The questions of one poll's audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Questions {
    poll: PollId,
    setup: Option<Setup>,
    questions: BTreeMap<u32, Question>,
    /// How many were asked, cleared ones too: ids are never given twice.
    asked: u32,
    /// How many each voter asked since they were cleared.
    by_voter: BTreeMap<Voter, u32>,
    /// How many up-votes there are in all.
    upvotes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Setup {
    version: u64,
    owner: AccountId,
    voters: Voters,
    mode: Asking,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Question {
    voter: Voter,
    text: String,
    name: Option<String>,
    at: Timestamp,
    standing: Standing,
    answered: bool,
    /// Who wants it answered.
    votes: BTreeSet<Voter>,
}

/// Whether a question is in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It waits for the presenter.
    Waiting,
    /// Everybody sees it.
    Shown,
    /// The presenter put it out of sight.
    Hidden,
}

/// What can be asked. Those marked P are for whoever made the poll, and for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Whose poll it is and who may ask. From the poll alone.
    Configure {
        /// An older one than the newest that came is ignored.
        version: u64,
        /// Whose poll it is.
        owner: AccountId,
        /// Who may ask.
        voters: Voters,
        /// Whether.
        mode: Asking,
    },
    /// Ask a question.
    Ask {
        /// Who.
        voter: Voter,
        /// What.
        text: String,
        /// The name to show.
        name: Option<String>,
    },
    /// Want a question answered, or no longer.
    Vote {
        /// Who.
        voter: Voter,
        /// Which.
        question: u32,
        /// Want it, or no longer.
        up: bool,
    },
    /// P. Put a question in sight or out of it.
    Show {
        /// Which.
        question: u32,
        /// In sight, or out of it.
        shown: bool,
    },
    /// P. Say that a question was answered, or not.
    Answer {
        /// Which.
        question: u32,
        /// It was, or not.
        answered: bool,
    },
    /// P. Drop all questions.
    Clear,
    /// Read what a voter asked and wants answered.
    Mine {
        /// Which voter.
        voter: Voter,
    },
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// It is done.
    Done,
    /// A question as it is now.
    Question(QuestionView),
    /// What a voter has here.
    Mine(Mine),
}

/// What a voter asked and wants answered, by ids.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mine {
    /// Asked.
    pub asked: Vec<u32>,
    /// Wants answered.
    pub wanted: Vec<u32>,
}

/// What can become true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The poll said whose it is and who may ask.
    Configured {
        /// Which time.
        version: u64,
        /// Whose poll it is.
        owner: AccountId,
        /// Who may ask.
        voters: Voters,
        /// Whether.
        mode: Asking,
    },
    /// A question was asked.
    Asked {
        /// Who.
        voter: Voter,
        /// What.
        text: String,
        /// The name to show.
        name: Option<String>,
        /// Whether it is in sight.
        standing: Standing,
    },
    /// Somebody wants a question answered, or no longer.
    Voted {
        /// Who.
        voter: Voter,
        /// Which.
        question: u32,
        /// Wants it, or no longer.
        up: bool,
    },
    /// A question was put in sight or out of it.
    Moved {
        /// Which.
        question: u32,
        /// Where.
        standing: Standing,
    },
    /// A question was answered, or not.
    Answered {
        /// Which.
        question: u32,
        /// It was, or not.
        answered: bool,
    },
    /// All questions were dropped.
    Cleared,
}

/// The room of the questions of poll `id`.
#[must_use]
pub fn room(id: PollId) -> RoomId {
    RoomId::of(Questions::KIND, id.0)
}

impl Rules for Questions {
    const KIND: &'static str = "questions";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = View;
    type Change = Change;

    fn new(id: &RoomId) -> Self {
        Self {
            poll: PollId(id.uuid().unwrap_or_default()),
            setup: None,
            questions: BTreeMap::new(),
            asked: 0,
            by_voter: BTreeMap::new(),
            upvotes: 0,
        }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        self.decide_command(cx, command)
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Configured { version, owner, voters, mode } => {
                let (version, owner, voters, mode) = (*version, *owner, *voters, *mode);
                self.setup = Some(Setup { version, owner, voters, mode });
            }
            Event::Asked { voter, text, name, standing } => {
                self.asked += 1;
                *self.by_voter.entry(*voter).or_default() += 1;
                let question = Question {
                    voter: *voter,
                    text: text.clone(),
                    name: name.clone(),
                    at,
                    standing: *standing,
                    answered: false,
                    votes: BTreeSet::new(),
                };
                self.questions.insert(self.asked, question);
            }
            Event::Voted { voter, question, up } => {
                let Some(question) = self.questions.get_mut(question) else { return };
                match up {
                    true if question.votes.insert(*voter) => self.upvotes += 1,
                    false if question.votes.remove(voter) => self.upvotes -= 1,
                    _ => {}
                }
            }
            Event::Moved { question, standing } => {
                if let Some(question) = self.questions.get_mut(question) {
                    question.standing = *standing;
                }
            }
            Event::Answered { question, answered } => {
                if let Some(question) = self.questions.get_mut(question) {
                    question.answered = *answered;
                }
            }
            Event::Cleared => {
                self.questions.clear();
                self.by_voter.clear();
                self.upvotes = 0;
            }
        }
    }

    fn audience(&self, caller: &Caller) -> Option<Audience> {
        self.setup.as_ref().map(|setup| audience_of(setup.owner, caller))
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

    fn audiences(&self) -> Vec<Audience> {
        vec![Audience::Public, Audience::Presenter]
    }
}
