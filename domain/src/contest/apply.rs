//! Taking facts in. Nothing here can fail: what could be refused was refused before.

use playhouse_protocol::ids::SubmissionId;
use uuid::Uuid;

use super::board::{self, Attempt, Row};
use super::event::Event;
use super::letter::Letter;
use super::view::Phase;
use super::{Cell, Cells, Clarification, Contest, Outcome, Scoring, Setup, Submission, Team, Told};
use crate::time::Timestamp;

impl Contest {
    pub(super) fn apply_event(&mut self, at: Timestamp, event: &Event) {
        self.moved = None;
        match event {
            Event::Created { creation, organizer } => {
                let creation = (**creation).clone();
                let setup = Setup { creation, organizer: *organizer, created_at: at };
                self.setup = Some(Box::new(setup));
            }
            Event::Changed(creation) => {
                let Some(setup) = &mut self.setup else { return };
                let was = std::mem::replace(&mut setup.creation, (**creation).clone());
                self.moved = Some(was.starts_at).filter(|was| *was != creation.starts_at);
            }
            Event::ProblemSet { letter, problem } => {
                self.problems.insert(*letter, (**problem).clone());
                self.count_again(|(_, of)| of == *letter);
            }
            Event::ProblemRemoved(letter) => drop(self.problems.remove(letter)),
            Event::Registered { account, name } => {
                let new = Team { account: *account, name: name.clone(), gone: false };
                match self.by_account.get(account) {
                    Some(team) => self.teams[usize::from(*team) - 1] = new,
                    None => {
                        self.teams.push(new);
                        self.by_account.insert(*account, self.teams.len() as u16);
                    }
                }
            }
            Event::Left(team) => self.teams[usize::from(*team) - 1].gone = true,
            Event::Began => self.phase = Phase::Running,
            Event::Frozen => self.frozen = true,
            Event::Ended => self.phase = Phase::Over,
            Event::Submitted { id, team, letter, language, program, bytes } => {
                let new = Self::new_submission(at, *id, *team, *letter, language, *program, *bytes);
                self.sent_in(new);
            }
            Event::Judged { submission, outcome } => self.came_of(*submission, *outcome),
            Event::ProblemRejudged(letter) => {
                for number in 0..self.submissions.len() as u32 {
                    if self.submissions[number as usize].letter == *letter {
                        self.judge_again(number);
                    }
                }
            }
            Event::Rejudged { submission } => self.judge_again(*submission),
            Event::Shown { team, letter } => {
                self.shown.insert((*team, *letter));
                self.last_shown = Some((*team, *letter));
                self.count(*team, *letter);
            }
            Event::AllShown => {
                self.revealed = true;
                self.count_again(|_| true);
            }
            Event::Questioned { .. } | Event::Answered { .. } | Event::Announced { .. } => {
                self.talk(at, event);
            }
        }
    }

    pub(super) fn new_submission(
        at: Timestamp,
        id: SubmissionId,
        team: u16,
        letter: Letter,
        language: &str,
        program: Uuid,
        bytes: u32,
    ) -> Submission {
        let language = language.to_owned();
        Submission { id, team, letter, language, program, bytes, at, outcome: None, judgings: 1 }
    }

    fn sent_in(&mut self, new: Submission) {
        let number = self.submissions.len() as u32;
        let (team, letter) = (new.team, new.letter);
        self.by_id.insert(new.id, number);
        self.submissions.push(new);
        self.judging.insert(number);
        self.cells.entry((team, letter)).or_default().attempts.push(number);
        self.count(team, letter);
    }

    fn came_of(&mut self, number: u32, outcome: Outcome) {
        self.judging.remove(&number);
        let Some(one) = self.submissions.get_mut(number as usize) else { return };
        one.outcome = Some(outcome);
        let (team, letter) = (one.team, one.letter);
        self.count(team, letter);
    }

    fn judge_again(&mut self, number: u32) {
        if self.can_be_judged_again(number) {
            self.submissions[number as usize].judgings += 1;
            self.judging.insert(number);
        }
    }

    fn count_again(&mut self, which: impl Fn((u16, Letter)) -> bool) {
        let cells: Vec<_> = self.cells.keys().copied().filter(|at| which(*at)).collect();
        cells.into_iter().for_each(|(team, letter)| self.count(team, letter));
    }

    /// Counts both cells of a team and a problem anew, from everything that was sent in for them: so they are as if
    /// every verdict had always been what it is now.
    fn count(&mut self, team: u16, letter: Letter) {
        let Some(cells) = self.cells.get(&(team, letter)) else { return };
        let truly = self.cell(letter, &cells.attempts, false);
        let shown = self.cell(letter, &cells.attempts, true);
        self.cells.entry((team, letter)).and_modify(|cells| {
            (cells.truly, cells.shown) = (truly, shown);
        });
    }

    fn cell(&self, letter: Letter, attempts: &[u32], shown: bool) -> Cell {
        let points = self.problems.get(&letter).map_or(0, |problem| problem.points);
        let attempts = attempts.iter().map(|number| {
            let one = &self.submissions[*number as usize];
            let outcome = one.outcome.filter(|_| !(shown && self.hides(one)));
            Attempt { at_ms: self.since_start(one.at), outcome }
        });
        board::cell(self.scoring(), points, attempts)
    }

    pub(super) fn scoring(&self) -> Scoring {
        self.setup.as_deref().map_or(Scoring::Icpc, |setup| setup.creation.scoring)
    }

    pub(super) fn since_start(&self, at: Timestamp) -> u64 {
        let start = self.setup.as_deref().map_or(at, |setup| setup.creation.starts_at);
        at.since(start).as_millis() as u64
    }

    /// Every team as it is shown, or as it truly is.
    pub(super) fn board(&self, shown: bool) -> Vec<Row> {
        (1..=self.teams.len() as u16).filter_map(|team| self.board_row(team, shown)).collect()
    }

    pub(super) fn board_row(&self, team: u16, shown: bool) -> Option<Row> {
        let Team { name, gone, .. } = self.team(team);
        let of_team = self.cells.range((team, Letter::FIRST)..=(team, Letter::LAST));
        let cell = |cells: &Cells| if shown { cells.shown } else { cells.truly };
        let cells = of_team.map(|((_, letter), cells)| (*letter, cell(cells))).collect();
        (!gone).then(|| Row::new(self.scoring(), team, name, cells))
    }

    fn talk(&mut self, at: Timestamp, event: &Event) {
        let new = |id, team, letter, question, answer| Clarification {
            id,
            team,
            letter,
            asked_at: at,
            question,
            answer,
        };
        let told = |text: &String, to_all| Some(Told { at, text: text.clone(), to_all });
        match event {
            Event::Questioned { id, team, letter, text } => {
                let one = new(*id, Some(*team), *letter, Some(text.clone()), None);
                self.clarifications.push(one);
            }
            Event::Answered { id, text, to_all } => {
                if let Some(one) = self.clarifications.iter_mut().find(|one| one.id == *id) {
                    one.answer = told(text, *to_all);
                }
            }
            Event::Announced { id, letter, text } => {
                self.clarifications.push(new(*id, None, *letter, None, told(text, true)));
            }
            _ => {}
        }
    }
}
