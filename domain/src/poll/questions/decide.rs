//! What a command leads to. Nothing here changes the state.

use std::collections::BTreeMap;

use super::{Asking, Command, Event, Mine, Question, Questions, Reply, Setup, Standing, Voters};
use crate::poll::decide::presiding;
use crate::poll::room as poll_room;
use crate::poll::voter::Voter;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects, Rules};
use crate::text;

/// The longest question, in characters. 200: three lines on a projector.
pub(super) const TEXT_MAX: usize = 200;

/// The longest name, in characters. 40.
pub(super) const NAME_MAX: usize = 40;

/// How many questions there can be until they are cleared. 300: all of them are in the view that
/// newcomers get, and nobody reads more.
pub(super) const QUESTIONS_MAX: usize = 300;

/// How many questions one voter may ask until they are cleared. 10.
pub(super) const QUESTIONS_EACH_MAX: u32 = 10;

/// How many up-votes there can be in all. 100,000, under 2 MiB of state: a third of a thousand people
/// wanting every question.
pub(super) const UPVOTES_MAX: u32 = 100_000;

type Decided = Result<Effects<Questions>, Refusal>;

impl Questions {
    pub(super) fn decide_command(&self, cx: &Cx<'_>, command: Command) -> Decided {
        if let Command::Configure { version, owner, voters, mode } = command {
            return self.configure(cx, Setup { version, owner, voters, mode });
        }
        let setup = self.setup.as_ref().ok_or_else(|| Refusal::not_found("poll"))?;
        match command {
            Command::Configure { .. } => unreachable!("handled above"),
            Command::Ask { voter, text, name } => {
                self.ask(cx, setup, voter, &text, name.as_deref())
            }
            Command::Vote { voter, question, up } => self.vote(cx, setup, voter, question, up),
            Command::Mine { voter } => {
                admit(cx, setup, &voter)?;
                Ok(Effects::reply(vec![], Reply::Mine(self.mine(&voter))))
            }
            Command::Show { question, shown } => {
                presiding(cx, setup.owner)?;
                let standing = if shown { Standing::Shown } else { Standing::Hidden };
                let now = self.question(question)?.standing;
                let moved = Event::Moved { question, standing };
                Ok(self.with_question(cx, question, (now != standing).then_some(moved)))
            }
            Command::Answer { question, answered } => {
                presiding(cx, setup.owner)?;
                let now = self.question(question)?.answered;
                let event = Event::Answered { question, answered };
                Ok(self.with_question(cx, question, (now != answered).then_some(event)))
            }
            Command::Clear => {
                presiding(cx, setup.owner)?;
                let events = if self.questions.is_empty() { vec![] } else { vec![Event::Cleared] };
                Ok(Effects::reply(events, Reply::Done))
            }
        }
    }

    fn configure(&self, cx: &Cx<'_>, setup: Setup) -> Decided {
        let from_poll = match cx.caller {
            Caller::Room(room) => *room == poll_room(self.poll),
            caller => *caller == Caller::System,
        };
        if !from_poll {
            return Err(Refusal::not_found("poll"));
        }
        let newer = self.setup.as_ref().is_none_or(|now| now.version < setup.version);
        let Setup { version, owner, voters, mode } = setup;
        let configured = Event::Configured { version, owner, voters, mode };
        let events = if newer { vec![configured] } else { vec![] };
        Ok(Effects::reply(events, Reply::Done))
    }

    fn ask(
        &self,
        cx: &Cx<'_>,
        setup: &Setup,
        voter: Voter,
        text: &str,
        name: Option<&str>,
    ) -> Decided {
        admit(cx, setup, &voter)?;
        let text = text::lines("question", text, TEXT_MAX)?;
        if text.is_empty() {
            let message = "a question must not be empty";
            return Err(Refusal::new(RefusalKind::Invalid, "bad_text", message));
        }
        let name = name.map(|name| text::line("name", name, NAME_MAX)).transpose()?;
        let same = |(_, q): &(&u32, &Question)| q.voter == voter && q.text == text;
        if let Some((id, _)) = self.questions.iter().find(same) {
            return Ok(self.with_question(cx, *id, None));
        }
        let standing = match setup.mode {
            Asking::Off => return Err(off()),
            Asking::Open => Standing::Shown,
            Asking::Moderated => Standing::Waiting,
        };
        if self.by_voter.get(&voter).is_some_and(|asked| *asked >= QUESTIONS_EACH_MAX) {
            let message = format!("one person may ask {QUESTIONS_EACH_MAX} questions");
            return Err(Refusal::new(RefusalKind::TooMany, "asked_too_often", message));
        }
        if self.questions.len() >= QUESTIONS_MAX {
            let message = "there are as many questions as can be kept";
            return Err(Refusal::conflict("too_many_questions", message));
        }
        let id = self.asked + 1;
        Ok(self.with_question(cx, id, Some(Event::Asked { voter, text, name, standing })))
    }

    fn vote(&self, cx: &Cx<'_>, setup: &Setup, voter: Voter, question: u32, up: bool) -> Decided {
        admit(cx, setup, &voter)?;
        let wanted = self.question(question)?;
        if wanted.standing != Standing::Shown {
            return Err(Refusal::not_found("question"));
        }
        if wanted.votes.contains(&voter) == up {
            return Ok(self.with_question(cx, question, None));
        }
        if setup.mode == Asking::Off {
            return Err(off());
        }
        if up && self.upvotes >= UPVOTES_MAX {
            let message = "there are as many up-votes as can be kept";
            return Err(Refusal::conflict("too_many_upvotes", message));
        }
        Ok(self.with_question(cx, question, Some(Event::Voted { voter, question, up })))
    }

    fn question(&self, id: u32) -> Result<&Question, Refusal> {
        self.questions.get(&id).ok_or_else(|| Refusal::not_found("question"))
    }

    /// Answers with question `id` as it is after `event`.
    fn with_question(&self, cx: &Cx<'_>, id: u32, event: Option<Event>) -> Effects<Self> {
        // The one question is all that the event changes.
        let mut after = Self {
            questions: self.questions.get(&id).map(|q| (id, q.clone())).into_iter().collect(),
            by_voter: BTreeMap::new(),
            ..*self
        };
        if let Some(event) = &event {
            after.apply(cx.now, event);
        }
        let view = after.questions.get(&id).map(|question| question.view(id, true));
        let reply = view.map_or(Reply::Done, Reply::Question);
        Effects::reply(event.into_iter().collect(), reply)
    }

    fn mine(&self, voter: &Voter) -> Mine {
        let ids = |wanted: &dyn Fn(&Question) -> bool| {
            let found = self.questions.iter().filter(|(_, question)| wanted(question));
            found.map(|(id, _)| *id).collect()
        };
        Mine { asked: ids(&|q| q.voter == *voter), wanted: ids(&|q| q.votes.contains(voter)) }
    }
}

fn off() -> Refusal {
    Refusal::conflict("questions_off", "the presenter takes no questions")
}

/// Refuses a voter of another sort than the poll's, or that the caller is not. Where anyone may vote
/// a browser must have joined to ask: a question has one asker, and one up-vote of each.
fn admit(cx: &Cx<'_>, setup: &Setup, voter: &Voter) -> Result<(), Refusal> {
    let fits = match (setup.voters, voter) {
        (Voters::Anyone | Voters::Device, Voter::Device(guest)) => {
            *cx.caller == Caller::Guest(*guest)
        }
        (Voters::Account, Voter::Account(account)) => cx.caller.account() == Some(*account),
        // The edge asked the poll whether it knows the code.
        (Voters::Code, Voter::Code(_)) => true,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let message = "questions are asked by those who joined the poll as its voters";
    Err(Refusal::forbidden("wrong_voter", message).with("voters", [setup.voters.name()]))
}
