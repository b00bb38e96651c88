//! What is seen of the questions, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Asking, Event, Question, Questions, Standing};
use crate::room::Audience;
use crate::time::Timestamp;

/// What an audience sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// Whether questions are taken.
    pub mode: Asking,
    /// The questions in sight, oldest first; for the presenter all of them.
    pub questions: Vec<QuestionView>,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionView {
    /// Its number.
    pub id: u32,
    /// What was asked.
    pub text: String,
    /// By whom, if they said.
    pub name: Option<String>,
    /// When.
    pub at: Timestamp,
    /// How many want it answered.
    pub votes: u32,
    /// True if it was answered.
    pub answered: bool,
    /// Whether it is in sight, for its asker and the presenter.
    pub standing: Option<Standing>,
}

/// What changed. To fold it into a view: drop all questions if `cleared`; then put, replace or (none)
/// drop each of `questions`; then set the number of each of `votes`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Change {
    /// Whether questions are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Asking>,
    /// True if all questions were dropped first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cleared: bool,
    /// Questions that came or changed; none for those that are out of sight now.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub questions: BTreeMap<u32, Option<QuestionView>>,
    /// How many want these answered.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub votes: BTreeMap<u32, u32>,
}

impl Change {
    /// Takes in `next`, which follows.
    pub fn merge(&mut self, next: Self) {
        let Self { mode, cleared, questions, votes } = next;
        self.mode = mode.or(self.mode);
        if cleared {
            self.cleared = true;
            self.questions.clear();
            self.votes.clear();
        }
        for (id, question) in questions {
            self.votes.remove(&id);
            self.questions.insert(id, question);
        }
        for (id, count) in votes {
            match self.questions.get_mut(&id) {
                Some(Some(question)) => question.votes = count,
                _ => drop(self.votes.insert(id, count)),
            }
        }
    }
}

impl Question {
    pub(super) fn view(&self, id: u32, standing: bool) -> QuestionView {
        QuestionView {
            id,
            text: self.text.clone(),
            name: self.name.clone(),
            at: self.at,
            votes: self.votes.len() as u32,
            answered: self.answered,
            standing: standing.then_some(self.standing),
        }
    }

    /// The question as everybody, or the presenter, sees it; none if it is out of sight.
    fn seen(&self, id: u32, presenter: bool) -> Option<QuestionView> {
        let sees = presenter || self.standing == Standing::Shown;
        sees.then(|| self.view(id, presenter))
    }
}

impl Questions {
    pub(super) fn view_for(&self, audience: &Audience) -> Option<View> {
        let mode = self.setup.as_ref()?.mode;
        let presenter = *audience == Audience::Presenter;
        let questions = self.questions.iter();
        let questions = questions.filter_map(|(id, question)| question.seen(*id, presenter));
        Some(View { mode, questions: questions.collect() })
    }

    pub(super) fn change_of(&self, event: &Event, audience: &Audience) -> Option<Change> {
        let presenter = match audience {
            Audience::Public => false,
            Audience::Presenter => true,
            Audience::Own(_) => return None,
        };
        let mut change = Change::default();
        match event {
            Event::Configured { mode, .. } => change.mode = Some(*mode),
            Event::Cleared => change.cleared = true,
            Event::Asked { .. } => {
                let seen = self.questions.get(&self.asked)?.seen(self.asked, presenter)?;
                change.questions.insert(self.asked, Some(seen));
            }
            Event::Voted { question, .. } => {
                let seen = self.questions.get(question)?.seen(*question, presenter)?;
                change.votes.insert(*question, seen.votes);
            }
            Event::Moved { question, .. } => {
                let seen = self.questions.get(question)?.seen(*question, presenter);
                change.questions.insert(*question, seen);
            }
            Event::Answered { question, .. } => {
                let seen = self.questions.get(question)?.seen(*question, presenter)?;
                change.questions.insert(*question, Some(seen));
            }
        }
        Some(change)
    }
}
