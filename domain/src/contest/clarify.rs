//! Questions, answers, and what is said to everybody.

use playhouse_protocol::ids::ClarificationId;

use super::command::Reply;
use super::decide::{Decided, no_problem, too_many};
use super::event::Event;
use super::letter::Letter;
use super::view::Phase;
use super::{CLARIFICATIONS_MAX, Contest, OWN_QUESTIONS_MAX, QUESTION_MAX};
use crate::refusal::Refusal;
use crate::room::{Cx, Effects};
use crate::text::lines;

/// Text that says something.
fn said(what: &str, text: &str) -> Result<String, Refusal> {
    let text = lines(what, text, QUESTION_MAX)?;
    if text.is_empty() {
        return Err(Refusal::invalid("bad_text", format!("{what} must not be empty")));
    }
    Ok(text)
}

impl Contest {
    fn with_clarification(&self, cx: &Cx<'_>, id: ClarificationId, events: Vec<Event>) -> Decided {
        let after = self.after(cx.now, &events);
        let one = after.clarifications.iter().find(|one| one.id == id);
        let info = after.clarification_info(one.ok_or_else(no_question)?);
        Ok(Effects::reply(events, Reply::Clarification(Box::new(info))))
    }

    fn is_new(&self, id: ClarificationId) -> bool {
        !self.clarifications.iter().any(|one| one.id == id)
    }

    fn may_ask(&self, letter: Option<Letter>) -> Result<(), Refusal> {
        if letter.is_some_and(|letter| !self.problems.contains_key(&letter)) {
            return Err(no_problem());
        }
        if self.clarifications.len() >= CLARIFICATIONS_MAX {
            let message = format!("{CLARIFICATIONS_MAX} questions were asked, which is the most");
            return Err(
                Refusal::conflict("no_more_questions", message).with("max", [CLARIFICATIONS_MAX])
            );
        }
        Ok(())
    }

    pub(super) fn question(&self, cx: &Cx<'_>, letter: Option<Letter>, text: &str) -> Decided {
        let team = self.participant(cx)?;
        let id = ClarificationId(cx.seed.uuid(1));
        if !self.is_new(id) {
            return self.with_clarification(cx, id, vec![]);
        }
        let text = said("a question", text)?;
        // That there is a problem is no secret; which there are is one before it begins.
        if self.phase == Phase::Scheduled && letter.is_some() {
            return Err(no_problem());
        }
        self.may_ask(letter)?;
        let own = self.clarifications.iter().filter(|one| one.team == Some(team)).count();
        if own >= OWN_QUESTIONS_MAX {
            let message = format!("a team asks at most {OWN_QUESTIONS_MAX} questions");
            return Err(too_many("too_many_questions", message, OWN_QUESTIONS_MAX));
        }
        self.with_clarification(cx, id, vec![Event::Questioned { id, team, letter, text }])
    }

    pub(super) fn answer(
        &self,
        cx: &Cx<'_>,
        id: ClarificationId,
        text: &str,
        to_all: bool,
    ) -> Decided {
        self.presided(cx)?;
        let text = said("an answer", text)?;
        let one = self.clarifications.iter().find(|one| one.id == id).ok_or_else(no_question)?;
        // What was said to everybody stays said to everybody.
        let to_all = to_all || one.answer.as_ref().is_some_and(|told| told.to_all);
        let same = one.answer.as_ref();
        let same = same.is_some_and(|told| told.text == text && told.to_all == to_all);
        let events = if same { vec![] } else { vec![Event::Answered { id, text, to_all }] };
        self.with_clarification(cx, id, events)
    }

    pub(super) fn announce(&self, cx: &Cx<'_>, letter: Option<Letter>, text: &str) -> Decided {
        self.presided(cx)?;
        let id = ClarificationId(cx.seed.uuid(1));
        if !self.is_new(id) {
            return self.with_clarification(cx, id, vec![]);
        }
        let text = said("an announcement", text)?;
        self.may_ask(letter)?;
        self.with_clarification(cx, id, vec![Event::Announced { id, letter, text }])
    }
}

fn no_question() -> Refusal {
    Refusal::not_found("question")
}
