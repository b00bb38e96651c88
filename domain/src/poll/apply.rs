//! Taking facts in. Nothing here can fail: what could be refused was refused before.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::RecordKind;
use super::choice::Marks;
use super::code::JoinCode;
use super::command::Phase;
use super::definition::{Asking, Definition};
use super::event::Event;
use super::log::{Act, Vote, What};
use super::tally::Tally;
use super::votes::points;
use super::{Poll, Setup};
use crate::duty::DutyId;
use crate::time::Timestamp;

impl Poll {
    pub(super) fn apply_event(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Created { .. } => self.created(at, event),
            Event::Updated(definition) => {
                let before = self.asks().map_or(Asking::Off, |asks| asks.questions);
                if let Some(setup) = &mut self.setup {
                    (**definition).clone_into(&mut setup.definition);
                }
                self.defined(definition, before);
            }
            Event::CodeAnswered(answered) => {
                self.with_code(|code, next| code.claims.apply(answered, next));
            }
            Event::CodeDrawn(text) => self.with_code(|code, next| code.redrawn(text, next)),
            Event::QuestionsTold(_) => self.telling = None,
            Event::CodesAdded(codes) => self.codes.extend(codes),
            Event::Opened { closes_at, salt, act } => {
                self.phase = Phase::Open;
                self.round += 1;
                (self.opened_at, self.closes_at) = (Some(at), *closes_at);
                self.log.set_salt(*salt);
                self.act(RecordKind::Opened, act);
            }
            Event::Voted { .. } => self.voted(event),
            Event::Closed { act, runoff } => {
                self.phase = Phase::Closed;
                self.closed_at = Some(at);
                self.runoff.clone_from(runoff);
                self.act(RecordKind::Closed, act);
            }
            Event::Reset { act } => self.reset_to_draft(act),
            Event::Shown(shown) => self.shown = Some(*shown),
            Event::WordHidden { word, hidden } => self.tally.cloud.hide(word, *hidden),
            Event::NameHidden { ballot, hidden: true } => drop(self.hidden_names.insert(*ballot)),
            Event::NameHidden { ballot, hidden: false } => drop(self.hidden_names.remove(ballot)),
        }
    }

    fn created(&mut self, at: Timestamp, event: &Event) {
        let Event::Created { definition, owner, ticket, code } = event else { return };
        let code = JoinCode::begin(code, *ticket, || self.next_duty());
        let definition = (**definition).clone();
        let setup = Setup { definition: definition.clone(), owner: *owner, created_at: at, code };
        self.setup = Some(Box::new(setup));
        self.defined(&definition, Asking::Off);
    }

    /// The poll asks `definition` now. The room of questions hears of it, if there ever was a reason
    /// to make one.
    fn defined(&mut self, definition: &Definition, questions_before: Asking) {
        self.tally.clear(definition);
        if definition.questions != Asking::Off || questions_before != Asking::Off {
            self.telling = Some(self.next_duty());
        }
    }

    fn with_code(&mut self, change: impl FnOnce(&mut JoinCode, &mut dyn FnMut() -> DutyId)) {
        let given = &mut self.duties_given;
        let mut next = || {
            *given += 1;
            DutyId(*given)
        };
        if let Some(setup) = &mut self.setup {
            change(&mut setup.code, &mut next);
        }
    }

    fn act(&mut self, kind: RecordKind, act: &Act) {
        self.log.push(What::Act(kind, Box::new(act.clone())), act.hash);
    }

    fn voted(&mut self, event: &Event) {
        let Event::Voted { voter, choice, name, key, elapsed_ms, hash } = event else { return };
        let Some(setup) = self.setup.as_deref() else { return };
        let number = self.log.newest() + 1;
        let marks = Marks::of(choice, &mut self.tally.cloud);
        let before = self.ballots.insert(*voter, number);
        let earlier = before.and_then(|number| self.log.vote(number));
        let ballot = earlier.map_or(number, |vote| vote.ballot);
        match earlier {
            Some(earlier) => {
                self.tally.change(&setup.definition, &earlier.marks, &marks);
                self.changes += 1;
            }
            None => self.tally.add(&setup.definition, &marks),
        }
        let name = name.as_deref().map(Box::from);
        let (elapsed_ms, key) = (*elapsed_ms, *key);
        let vote = Vote { ballot, before, elapsed_ms, marks, name, key };
        if let Some(points) = points(setup, &vote) {
            self.tally.scores.add(ballot, points);
        }
        self.log.push(What::Vote(vote), *hash);
    }

    fn reset_to_draft(&mut self, act: &Act) {
        self.phase = Phase::Draft;
        (self.opened_at, self.closes_at, self.closed_at) = (None, None, None);
        self.shown = None;
        self.ballots.clear();
        self.changes = 0;
        self.hidden_names.clear();
        self.runoff = None;
        if let Some(setup) = self.setup.as_deref() {
            self.tally.clear(&setup.definition);
        }
        self.log.begin_anew();
        self.act(RecordKind::Reset, act);
    }

    /// The poll as it is but for its voters and their ballots, which are many: what an answer to a
    /// presenter is made from.
    pub(super) fn without_ballots(&self) -> Self {
        Self {
            id: self.id,
            setup: self.setup.clone(),
            phase: self.phase,
            round: self.round,
            opened_at: self.opened_at,
            closes_at: self.closes_at,
            closed_at: self.closed_at,
            shown: self.shown,
            log: self.log.tip(),
            ballots: BTreeMap::new(),
            changes: 0,
            codes: BTreeSet::new(),
            tally: Tally::default(),
            hidden_names: BTreeSet::new(),
            runoff: None,
            duties_given: self.duties_given,
            telling: self.telling,
        }
    }
}
