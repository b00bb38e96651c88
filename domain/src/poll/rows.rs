//! What lists show of a poll. Its tallies are in none, so a vote changes no row.
//!
//! | table | key | row |
//! |---|---|---|
//! | `polls_by_owner` | owner / creation / id | the poll as its presenter sees it, and when it was made |

use serde::Serialize;

use super::Poll;
use super::command::PollInfo;
use super::event::Event;
use crate::rows::RowChange;
use crate::time::Timestamp;

/// A poll in its owner's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct PollRow {
    /// When it was made.
    pub(super) created_at: Timestamp,
    /// The poll as its presenter sees it.
    #[serde(flatten)]
    pub(super) poll: PollInfo,
}

impl Poll {
    pub(super) fn rows_of(&self, event: &Event) -> Vec<RowChange> {
        match event {
            Event::Created { .. }
            | Event::Updated(_)
            | Event::CodeAnswered(_)
            | Event::CodeDrawn(_)
            | Event::Opened { .. }
            | Event::Closed { .. }
            | Event::Reset { .. }
            | Event::Shown(_) => self.all_rows(),
            Event::QuestionsTold(_)
            | Event::CodesAdded(_)
            | Event::Voted { .. }
            | Event::WordHidden { .. }
            | Event::NameHidden { .. } => Vec::new(),
        }
    }

    pub(super) fn all_rows(&self) -> Vec<RowChange> {
        let (Some(setup), Some(poll)) = (self.setup.as_deref(), self.info(true)) else {
            return Vec::new();
        };
        let (owner, created_at) = (setup.owner, setup.created_at);
        let key = format!("{owner}/{created_at}/{}", self.id);
        vec![RowChange::put("polls_by_owner", key, &PollRow { created_at, poll })]
    }
}
