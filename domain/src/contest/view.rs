//! What is seen of a contest.

use playhouse_protocol::ids::{AccountId, ClarificationId, ContestId, SubmissionId};
use serde::{Deserialize, Serialize};

use super::board::{Row, placed};
use super::command::{Problem, Scoring};
use super::letter::Letter;
use super::{Clarification, Contest, NEWEST, Submission, Team};
use crate::judge::Verdict;
use crate::room::Audience;
use crate::time::Timestamp;

/// Where a contest stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It has not begun.
    Scheduled,
    /// Programs are taken.
    Running,
    /// Its time is over.
    Over,
}

/// A contest as it is seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContestInfo {
    /// What it is and where it stands.
    #[serde(flatten)]
    pub head: Head,
    /// The problems, by letter; none before it begins, but for those who preside.
    pub problems: Vec<ProblemInfo>,
    /// The board as it is shown, the best first.
    pub board: Vec<Row>,
    /// The number of the viewer's team, if they take part.
    pub team: Option<u16>,
    /// What the viewer's team sent in; for those who preside what was sent in last. The newest first.
    pub submissions: Vec<SubmissionInfo>,
    /// What was asked and said, as far as it is for the viewer, in order.
    pub clarifications: Vec<ClarificationInfo>,
    /// For those who preside: the board as it truly is, the best first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truly: Option<Vec<Row>>,
    /// For those who preside: what of the freeze is left to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Hidden>,
}

/// What a contest is and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Its id.
    pub id: ContestId,
    /// What it is called.
    pub title: String,
    /// What is said of it, Markdown.
    pub description: String,
    /// How places are made.
    pub scoring: Scoring,
    /// Where it stands.
    pub phase: Phase,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// When the board freezes.
    pub freeze_at: Option<Timestamp>,
    /// True from the freeze until everything is revealed.
    pub frozen: bool,
    /// True once what the freeze hid is shown.
    pub revealed: bool,
    /// The problem that a step of the reveal showed last.
    pub last_shown: Option<LastShown>,
    /// The languages that may be used; none named: all.
    pub languages: Vec<String>,
    /// Who made it.
    pub organizer: AccountId,
    /// How many teams take part.
    pub teams: u16,
}

/// The problem that a step of the reveal showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LastShown {
    /// Whose, by number.
    pub team: u16,
    /// Which.
    pub problem: Letter,
}

/// A problem; its statement and samples are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemInfo {
    /// Its letter.
    pub letter: Letter,
    /// What it is called.
    pub title: String,
    /// What it is worth where points are counted.
    pub points: u32,
    /// How much of the processor's time a case may take, in milliseconds.
    pub cpu_ms: u32,
    /// How much memory a case may take, in bytes.
    pub memory_bytes: u64,
    /// How many cases it has.
    pub cases: u16,
}

/// A program that was sent in, as whoever sent it in and those who preside see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionInfo {
    /// Its id.
    pub id: SubmissionId,
    /// Its number, from 0, in the order in which everything was sent in.
    pub number: u32,
    /// Whose, by number.
    pub team: u16,
    /// For which problem.
    pub problem: Letter,
    /// In which language.
    pub language: String,
    /// How large it is, in bytes.
    pub bytes: u32,
    /// When it was sent in.
    pub at: Timestamp,
    /// What was found; none: it is not judged yet.
    pub verdict: Option<Verdict>,
    /// The points that it earns, where points are counted.
    pub score: Option<u32>,
    /// How often it was or is judged.
    pub judgings: u16,
    /// True while it is judged, for the first time or again.
    pub judging: bool,
}

/// A question, or what was said to everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClarificationInfo {
    /// Its id.
    pub id: ClarificationId,
    /// Who asked, by number: for them and for those who preside.
    pub team: Option<u16>,
    /// About which problem.
    pub problem: Option<Letter>,
    /// The question; none: nobody asked.
    pub question: Option<String>,
    /// When it was asked or said.
    pub asked_at: Timestamp,
    /// What was said.
    pub answer: Option<String>,
    /// When.
    pub answered_at: Option<Timestamp>,
    /// True if everybody is told.
    pub to_all: bool,
}

/// What of the freeze is left to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hidden {
    /// How many steps.
    pub left: u32,
    /// Whose problem is next, by number.
    pub team: Option<u16>,
    /// Which problem is next.
    pub problem: Option<Letter>,
}

impl Contest {
    pub(super) fn team(&self, number: u16) -> &Team {
        &self.teams[usize::from(number) - 1]
    }

    /// The number of the team of `account`, if it takes part.
    pub(super) fn team_of(&self, account: AccountId) -> Option<u16> {
        let number = *self.by_account.get(&account)?;
        (!self.team(number).gone).then_some(number)
    }

    pub(super) fn info(&self, audience: &Audience) -> Option<ContestInfo> {
        let head = self.head()?;
        let presides = *audience == Audience::Presenter;
        let team = match audience {
            Audience::Own(account) => self.team_of(*account),
            Audience::Public | Audience::Presenter => None,
        };
        let of_viewer = |team: u16| {
            let own = move |one: &Submission| one.team == team;
            let all = (0..self.submissions.len() as u32).rev();
            let all = all.filter(|number| own(&self.submissions[*number as usize]));
            all.map(|number| self.submission_info(number)).collect()
        };
        let submissions = match team {
            _ if presides => self.newest(),
            Some(team) => of_viewer(team),
            None => Vec::new(),
        };
        let clarifications = self.clarifications.iter();
        let clarifications = clarifications.filter_map(|one| self.told(one, presides, team));
        Some(ContestInfo {
            problems: self.problems_for(presides),
            board: sorted(self.board(true)),
            team,
            submissions,
            clarifications: clarifications.collect(),
            truly: presides.then(|| sorted(self.board(false))),
            hidden: presides.then(|| self.hidden()),
            head,
        })
    }

    fn newest(&self) -> Vec<SubmissionInfo> {
        let all = (0..self.submissions.len() as u32).rev().take(NEWEST);
        all.map(|number| self.submission_info(number)).collect()
    }

    pub(super) fn hidden(&self) -> Hidden {
        let over = self.phase == Phase::Over;
        let (team, problem) = over.then(|| self.next_shown()).flatten().unzip();
        Hidden { left: self.steps_left(), team, problem }
    }

    pub(super) fn problems_for(&self, presides: bool) -> Vec<ProblemInfo> {
        let open = presides || self.phase != Phase::Scheduled;
        let problems = self.problems.iter().filter(|_| open);
        problems.map(|(letter, problem)| self.problem_info(*letter, problem)).collect()
    }

    pub(super) fn head(&self) -> Option<Head> {
        let setup = self.setup.as_deref()?;
        let creation = &setup.creation;
        Some(Head {
            id: self.id,
            title: creation.title.clone(),
            description: creation.description.clone(),
            scoring: creation.scoring,
            phase: self.phase,
            starts_at: creation.starts_at,
            ends_at: creation.ends_at,
            freeze_at: creation.freeze_at,
            frozen: self.frozen && !self.revealed,
            revealed: self.revealed,
            last_shown: self.last_shown.map(|(team, problem)| LastShown { team, problem }),
            languages: creation.languages.clone(),
            organizer: setup.organizer,
            teams: self.taking_part(),
        })
    }

    pub(super) fn taking_part(&self) -> u16 {
        self.teams.iter().filter(|team| !team.gone).count() as u16
    }

    pub(super) fn problem_info(&self, letter: Letter, problem: &Problem) -> ProblemInfo {
        ProblemInfo {
            letter,
            title: problem.title.clone(),
            points: problem.points,
            cpu_ms: problem.cpu_ms,
            memory_bytes: problem.memory_bytes,
            cases: problem.cases,
        }
    }

    pub(super) fn submission_info(&self, number: u32) -> SubmissionInfo {
        let judging = self.judging.contains(&number);
        SubmissionInfo {
            judging,
            ..self.shown_submission(number, &self.submissions[number as usize])
        }
    }

    /// As [`Self::submission_info`] of one that is judged.
    pub(super) fn shown_submission(&self, number: u32, one: &Submission) -> SubmissionInfo {
        let points = self.problems.get(&one.letter).map_or(0, |problem| problem.points);
        let counted = one.outcome.filter(|_| self.scoring() == Scoring::Points);
        SubmissionInfo {
            id: one.id,
            number,
            team: one.team,
            problem: one.letter,
            language: one.language.clone(),
            bytes: one.bytes,
            at: one.at,
            verdict: one.outcome.map(|outcome| outcome.verdict),
            score: counted.map(|outcome| outcome.earns(points)),
            judgings: one.judgings,
            judging: true,
        }
    }

    pub(super) fn clarification_info(&self, one: &Clarification) -> ClarificationInfo {
        let told = one.answer.as_ref();
        ClarificationInfo {
            id: one.id,
            team: one.team,
            problem: one.letter,
            question: one.question.clone(),
            asked_at: one.asked_at,
            answer: told.map(|told| told.text.clone()),
            answered_at: told.map(|told| told.at),
            to_all: told.is_some_and(|told| told.to_all),
        }
    }

    /// A question or what was said, as it is for those who preside or for a team; none if it is not for them.
    pub(super) fn told(
        &self,
        one: &Clarification,
        presides: bool,
        team: Option<u16>,
    ) -> Option<ClarificationInfo> {
        let asked = presides || (one.team.is_some() && one.team == team);
        let to_all = one.answer.as_ref().is_some_and(|told| told.to_all);
        if !asked && !to_all {
            return None;
        }
        let info = self.clarification_info(one);
        Some(if asked { info } else { ClarificationInfo { team: None, ..info } })
    }
}

fn sorted(rows: Vec<Row>) -> Vec<Row> {
    placed(rows).into_iter().map(|(_, row)| row).collect()
}

/// A row with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlacedRow {
    /// The place, from 1; equals share one.
    pub place: u16,
    /// The row.
    #[serde(flatten)]
    pub row: Row,
}
