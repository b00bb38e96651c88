//! What each event changes of what is seen.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::ids::ClarificationId;
use serde::{Serialize, Serializer};

use super::Contest;
use super::board::Row;
use super::event::Event;
use super::letter::Letter;
use super::view::{ClarificationInfo, Head, Hidden, ProblemInfo, SubmissionInfo};
use crate::room::Audience;

/// What changed. What is named replaces what was there; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Change {
    /// What the contest is and where it stands.
    #[serde(flatten)]
    pub head: Option<Head>,
    /// All of its problems.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problems: Option<Vec<ProblemInfo>>,
    /// Rows of the board that are new or changed, in no order: the board is sorted anew.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", serialize_with = "values")]
    pub board: BTreeMap<u16, Row>,
    /// Teams that are gone, by number.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub gone: BTreeSet<u16>,
    /// The number of the viewer's team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<u16>,
    /// Programs that are new or changed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", serialize_with = "values")]
    pub submissions: BTreeMap<u32, SubmissionInfo>,
    /// Questions and what was said, new or changed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", serialize_with = "values")]
    pub clarifications: BTreeMap<ClarificationId, ClarificationInfo>,
    /// For those who preside: rows of the true board that are new or changed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", serialize_with = "values")]
    pub truly: BTreeMap<u16, Row>,
    /// For those who preside: what of the freeze is left to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Hidden>,
}

fn values<K, V: Serialize, S: Serializer>(
    map: &BTreeMap<K, V>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(map.values())
}

impl Change {
    /// Takes in `next`, which follows.
    pub(super) fn merge(&mut self, next: Self) {
        self.head = next.head.or(self.head.take());
        self.problems = next.problems.or(self.problems.take());
        self.gone.retain(|team| !next.board.contains_key(team));
        self.board.retain(|team, _| !next.gone.contains(team));
        self.truly.retain(|team, _| !next.gone.contains(team));
        self.board.extend(next.board);
        self.gone.extend(next.gone);
        self.team = next.team.or(self.team);
        self.submissions.extend(next.submissions);
        self.clarifications.extend(next.clarifications);
        self.truly.extend(next.truly);
        self.hidden = next.hidden.or(self.hidden);
    }

    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Who looks.
struct Viewer {
    presides: bool,
    team: Option<u16>,
}

impl Contest {
    /// What `event`, just applied, changed for `audience`. What the freeze hides changes nothing for anybody else: not
    /// even that something changed is told.
    pub(super) fn changed(&self, event: &Event, audience: &Audience) -> Option<Change> {
        let team = match audience {
            Audience::Own(account) => self.team_of(*account),
            Audience::Public | Audience::Presenter => None,
        };
        let viewer = Viewer { presides: *audience == Audience::Presenter, team };
        let change = self.change_for(event, &viewer);
        (!change.is_none()).then_some(change)
    }

    fn change_for(&self, event: &Event, viewer: &Viewer) -> Change {
        let mut change = Change::default();
        match event {
            Event::Created { .. } | Event::Changed(_) | Event::Frozen | Event::Ended => {
                change.head = self.head();
            }
            Event::Began => {
                change.head = self.head();
                change.problems = Some(self.problems_for(viewer.presides));
            }
            Event::ProblemSet { letter, .. } => self.problem_changed(*letter, viewer, &mut change),
            Event::ProblemRemoved(_) => change.problems = self.problems_changed(viewer),
            Event::Registered { account, .. } => {
                change.head = self.head();
                let team = self.team_of(*account);
                change.team = viewer.team.filter(|own| team == Some(*own));
                team.into_iter().for_each(|team| self.row_changed(team, viewer, &mut change));
            }
            Event::Left(team) => {
                change.head = self.head();
                change.gone.insert(*team);
            }
            Event::Submitted { team, .. } => {
                self.row_changed(*team, viewer, &mut change);
                self.program_changed(self.submissions.len() as u32 - 1, viewer, &mut change);
            }
            Event::Judged { submission, .. } => {
                self.judged_change(*submission, viewer, &mut change);
            }
            Event::Rejudged { submission } => {
                self.program_changed(*submission, viewer, &mut change);
            }
            Event::ProblemRejudged(letter) => {
                for number in 0..self.submissions.len() as u32 {
                    if self.submissions[number as usize].letter == *letter {
                        self.program_changed(number, viewer, &mut change);
                    }
                }
            }
            Event::Shown { team, .. } => {
                change.head = self.head();
                self.row_changed(*team, viewer, &mut change);
            }
            Event::AllShown => {
                change.head = self.head();
                let rows = self.board(true).into_iter();
                change.board = rows.map(|row| (row.team, row)).collect();
            }
            Event::Questioned { id, .. }
            | Event::Answered { id, .. }
            | Event::Announced { id, .. } => self.talk_changed(*id, viewer, &mut change),
        }
        let moves = matches!(event, Event::Frozen | Event::Ended | Event::Shown { .. });
        let counted = matches!(event, Event::Judged { .. } | Event::ProblemSet { .. });
        if viewer.presides && (moves || *event == Event::AllShown || counted && self.frozen) {
            change.hidden = Some(self.hidden());
        }
        change
    }

    /// Whoever presides is told of problems before the contest begins.
    fn problems_changed(&self, viewer: &Viewer) -> Option<Vec<ProblemInfo>> {
        let open = viewer.presides || self.phase != super::Phase::Scheduled;
        open.then(|| self.problems_for(viewer.presides))
    }

    /// Its points may be others now: so are the rows of whoever tried it.
    fn problem_changed(&self, letter: Letter, viewer: &Viewer, change: &mut Change) {
        change.problems = self.problems_changed(viewer);
        for (team, _) in self.cells.keys().filter(|(_, of)| *of == letter) {
            self.row_changed(*team, viewer, change);
        }
        let tried = (0..).zip(&self.submissions).filter(|(_, one)| one.letter == letter);
        tried.for_each(|(number, _)| self.program_changed(number, viewer, change));
    }

    fn judged_change(&self, number: u32, viewer: &Viewer, change: &mut Change) {
        let one = &self.submissions[number as usize];
        self.program_changed(number, viewer, change);
        if self.hides(one) {
            let row = self.board_row(one.team, false).filter(|_| viewer.presides);
            change.truly.extend(row.map(|row| (row.team, row)));
        } else {
            self.row_changed(one.team, viewer, change);
        }
    }

    fn row_changed(&self, team: u16, viewer: &Viewer, change: &mut Change) {
        change.board.extend(self.board_row(team, true).map(|row| (team, row)));
        let truly = self.board_row(team, false).filter(|_| viewer.presides);
        change.truly.extend(truly.map(|row| (team, row)));
    }

    fn program_changed(&self, number: u32, viewer: &Viewer, change: &mut Change) {
        let own = viewer.team == Some(self.submissions[number as usize].team);
        if viewer.presides || own {
            change.submissions.insert(number, self.submission_info(number));
        }
    }

    fn talk_changed(&self, id: ClarificationId, viewer: &Viewer, change: &mut Change) {
        let one = self.clarifications.iter().find(|one| one.id == id);
        let told = one.and_then(|one| self.told(one, viewer.presides, viewer.team));
        change.clarifications.extend(told.map(|told| (id, told)));
    }
}
