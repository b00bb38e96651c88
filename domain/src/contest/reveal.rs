//! What the freeze hides, and showing it.

use std::collections::BTreeMap;

use super::board::{Row, placed};
use super::command::{Reply, Reveal, Shown};
use super::decide::Decided;
use super::event::Event;
use super::letter::Letter;
use super::view::Phase;
use super::{Contest, Submission};
use crate::refusal::Refusal;
use crate::room::{Cx, Effects};

impl Contest {
    /// True if what came of `one` is not shown: it was sent in after the freeze and is not revealed.
    pub(super) fn hides(&self, one: &Submission) -> bool {
        let freeze = self.setup.as_deref().and_then(|setup| setup.creation.freeze_at);
        let after = freeze.is_some_and(|freeze| one.at >= freeze);
        after && !self.revealed && !self.shown.contains(&(one.team, one.letter))
    }

    /// What a step would show next: the first problem of the lowest team of which something is hidden.
    pub(super) fn next_shown(&self) -> Option<(u16, Letter)> {
        let steps = self.steps();
        let hidden = |row: &Row| {
            let team = row.team;
            let first = |letter: &Letter| steps.contains_key(&(team, *letter));
            row.cells.keys().copied().find(first).map(|letter| (team, letter))
        };
        placed(self.board(true)).iter().rev().find_map(|(_, row)| hidden(row))
    }

    /// What steps would show, in no order: where something is hidden that could still count.
    fn steps(&self) -> BTreeMap<(u16, Letter), ()> {
        let hidden = |attempts: &[u32]| {
            attempts.last().is_some_and(|number| self.hides(&self.submissions[*number as usize]))
        };
        let steps =
            self.cells.iter().filter(|(_, one)| one.shown.pending > 0 && hidden(&one.attempts));
        steps.map(|(at, _)| (*at, ())).collect()
    }

    pub(super) fn steps_left(&self) -> u32 {
        self.steps().len() as u32
    }

    fn place(&self, team: u16) -> Option<u16> {
        placed(self.board(true)).iter().find(|(_, row)| row.team == team).map(|(place, _)| *place)
    }

    pub(super) fn reveal(&self, cx: &Cx<'_>, reveal: Reveal) -> Decided {
        self.presided(cx)?;
        if self.phase != Phase::Over {
            return Err(Refusal::conflict("contest_not_over", "the contest is not over"));
        }
        if self.revealed || !self.frozen {
            return Err(Refusal::conflict("nothing_hidden", "nothing is hidden"));
        }
        let waits = |one: &&Submission| self.hides(one) && one.outcome.is_none();
        let waiting = self.submissions.iter().filter(waits).count();
        if waiting > 0 {
            let message = format!("{waiting} programs wait for their verdict");
            return Err(Refusal::conflict("not_judged_yet", message).with("waiting", [waiting]));
        }
        let next = self.next_shown().filter(|_| reveal == Reveal::Step);
        let Some((team, letter)) = next else {
            let shown = Shown { team: None, problem: None, from: None, to: None, left: 0 };
            return Ok(Effects::reply(vec![Event::AllShown], Reply::Revealed(shown)));
        };
        let events = vec![Event::Shown { team, letter }];
        let after = self.after(cx.now, &events);
        let shown = Shown {
            team: Some(team),
            problem: Some(letter),
            from: self.place(team),
            to: after.place(team),
            left: after.steps_left(),
        };
        Ok(Effects::reply(events, Reply::Revealed(shown)))
    }
}
