//! What is sent in, and judging it.

use std::time::Duration;

use playhouse_protocol::ids::SubmissionId;
use uuid::Uuid;

use super::command::{Again, Reply};
use super::decide::{Decided, is_language, no_problem, too_many};
use super::event::Event;
use super::letter::Letter;
use super::view::Phase;
use super::{
    Contest, JUDGINGS_MAX, OWN_SUBMISSIONS_MAX, PENDING_MAX, PER_MINUTE_MAX, SUBMISSIONS_MAX,
};
use crate::refusal::Refusal;
use crate::room::{Cx, Effects};

fn no_submission() -> Refusal {
    Refusal::not_found("submission")
}

impl Contest {
    /// The number of the caller's team, which could send in a program for `letter` now.
    pub(super) fn may_submit(
        &self,
        cx: &Cx<'_>,
        letter: Letter,
        language: &str,
    ) -> Result<u16, Refusal> {
        let team = self.participant(cx)?;
        match self.phase {
            Phase::Scheduled => {
                return Err(Refusal::conflict("contest_not_begun", "the contest has not begun"));
            }
            Phase::Running => {}
            Phase::Over => return Err(Refusal::conflict("contest_over", "the contest is over")),
        }
        if !self.problems.contains_key(&letter) {
            return Err(no_problem());
        }
        let allowed = &self.made()?.creation.languages;
        let named = allowed.is_empty() || allowed.iter().any(|one| one == language);
        if !named || !is_language(language) {
            let shown: String = language.chars().take(super::LANGUAGE_MAX).collect();
            let message = format!("{shown:?} is no language of the contest");
            return Err(Refusal::invalid("language_not_allowed", message).with("allowed", allowed));
        }
        self.has_room(cx, team)?;
        Ok(team)
    }

    fn has_room(&self, cx: &Cx<'_>, team: u16) -> Result<(), Refusal> {
        let own = || self.submissions.iter().filter(|one| one.team == team);
        if self.submissions.len() >= SUBMISSIONS_MAX || own().count() >= OWN_SUBMISSIONS_MAX {
            let message = format!(
                "a team sends in at most {OWN_SUBMISSIONS_MAX} programs, all at most {SUBMISSIONS_MAX}"
            );
            return Err(Refusal::conflict("no_more_submissions", message));
        }
        let since = cx.now - Duration::from_secs(60);
        if own().rev().take_while(|one| one.at > since).count() >= PER_MINUTE_MAX {
            let message = format!("a team sends in at most {PER_MINUTE_MAX} programs a minute");
            return Err(too_many("too_many_submissions", message, PER_MINUTE_MAX));
        }
        if own().filter(|one| one.outcome.is_none()).count() >= PENDING_MAX {
            let message = format!("{PENDING_MAX} programs of the team wait for their verdict");
            return Err(too_many("too_many_pending", message, PENDING_MAX));
        }
        Ok(())
    }

    pub(super) fn submit(
        &self,
        cx: &Cx<'_>,
        letter: Letter,
        language: String,
        program: Uuid,
        bytes: u32,
    ) -> Decided {
        let id = SubmissionId(cx.seed.uuid(1));
        let events = if self.by_id.contains_key(&id) {
            vec![]
        } else {
            let team = self.may_submit(cx, letter, &language)?;
            vec![Event::Submitted { id, team, letter, language, program, bytes }]
        };
        let after = self.after_submit(cx, &events);
        Ok(Effects::reply(events, after))
    }

    /// What is answered: without a copy of the whole contest, since this is what most commands are.
    fn after_submit(&self, cx: &Cx<'_>, events: &[Event]) -> Reply {
        let [Event::Submitted { id, team, letter, language, program, bytes }] = events else {
            let id = SubmissionId(cx.seed.uuid(1));
            let number = self.by_id.get(&id).copied().unwrap_or_default();
            let paper = self.submissions[number as usize].program;
            return Reply::Submission(Box::new(self.submission_info(number)), paper);
        };
        let number = self.submissions.len() as u32;
        let new = Self::new_submission(cx.now, *id, *team, *letter, language, *program, *bytes);
        Reply::Submission(Box::new(self.shown_submission(number, &new)), *program)
    }

    pub(super) fn rejudge(&self, cx: &Cx<'_>, again: Again) -> Decided {
        self.presided(cx)?;
        let (many, event) = match again {
            Again::Problem(letter) => {
                if !self.problems.contains_key(&letter) {
                    return Err(no_problem());
                }
                let many = (0..).zip(&self.submissions).filter(|(number, one)| {
                    one.letter == letter && self.can_be_judged_again(*number)
                });
                (many.count() as u32, Event::ProblemRejudged(letter))
            }
            Again::Submission(id) => {
                let &number = self.by_id.get(&id).ok_or_else(no_submission)?;
                let many = u32::from(self.can_be_judged_again(number));
                (many, Event::Rejudged { submission: number })
            }
        };
        let events = if many > 0 { vec![event] } else { vec![] };
        Ok(Effects::reply(events, Reply::Rejudging(many)))
    }

    pub(super) fn can_be_judged_again(&self, number: u32) -> bool {
        self.submissions[number as usize].judgings < JUDGINGS_MAX
    }

    pub(super) fn read_submission(&self, cx: &Cx<'_>, id: SubmissionId) -> Decided {
        self.made()?;
        let &number = self.by_id.get(&id).ok_or_else(no_submission)?;
        let one = &self.submissions[number as usize];
        let own = cx.caller.account().and_then(|account| self.team_of(account)) == Some(one.team);
        if !own && !self.presides(cx.caller) {
            return Err(no_submission());
        }
        let info = Box::new(self.submission_info(number));
        Ok(Effects::reply(vec![], Reply::Submission(info, one.program)))
    }

    pub(super) fn list_submissions(&self, cx: &Cx<'_>, before: Option<u32>, limit: u16) -> Decided {
        self.made()?;
        let team = if self.presides(cx.caller) { None } else { Some(self.participant(cx)?) };
        let end = before.map_or(self.submissions.len(), |end| end as usize);
        let numbers = (0..end.min(self.submissions.len()) as u32).rev();
        let theirs =
            |number: &u32| team.is_none_or(|team| self.submissions[*number as usize].team == team);
        let page = numbers.filter(theirs).take(usize::from(limit));
        let page = page.map(|number| self.submission_info(number)).collect();
        Ok(Effects::reply(vec![], Reply::Submissions(page)))
    }
}
