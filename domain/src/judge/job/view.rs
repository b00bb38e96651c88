//! What is seen, and what lists show.

use playhouse_protocol::ids::{AccountId, JobId};
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::outcome::{Case, Compile, Ran, Stream};
use super::{Job, Phase};
use crate::judge::verdict::Verdict;
use crate::room::Audience;
use crate::rows::RowChange;
use crate::time::Timestamp;

/// A job as its owner sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Its id.
    pub id: JobId,
    /// Whose it is.
    pub owner: Option<AccountId>,
    /// The id of its language.
    pub language: String,
    /// Where it stands.
    pub phase: Phase,
    /// How often it was begun.
    pub attempt: u32,
    /// How it ended.
    pub verdict: Option<Verdict>,
    /// What there is to say of that.
    pub message: Option<String>,
    /// Points so far.
    pub score: u32,
    /// Every point that can be had.
    pub max_score: u32,
    /// How many tests it has; 0 if it is only run.
    pub tests: u32,
    /// What the compiler did.
    pub compile: Option<CompileView>,
    /// What the tests that were run came to, in order; of a run without tests the one run.
    pub cases: Vec<CaseView>,
    /// What a run without tests has written so far.
    pub stdout: String,
    /// What it has written to standard error.
    pub stderr: String,
    /// How strong the walls were.
    pub tier: Option<String>,
    /// When it was handed in.
    pub created_at: Timestamp,
    /// When it got its slot.
    pub started_at: Option<Timestamp>,
    /// When it was judged.
    pub ended_at: Option<Timestamp>,
}

/// What the compiler did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompileView {
    /// True if the compiler did not run, because it had compiled the same before.
    pub cached: bool,
    /// `accepted` if it worked.
    pub verdict: Verdict,
    /// Its processor time, in ms.
    pub cpu_ms: f64,
    /// Its time on the clock, in ms.
    pub wall_ms: f64,
    /// Its memory, in bytes.
    pub peak_memory_bytes: u64,
    /// Its exit status.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why it failed, in one sentence.
    pub message: Option<String>,
    /// What it said.
    pub output: String,
}

/// What a test came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseView {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Points that it brought.
    pub points: u32,
    /// Processor time, in ms.
    pub cpu_ms: f64,
    /// Time on the clock, in ms.
    pub wall_ms: f64,
    /// Memory, in bytes.
    pub peak_memory_bytes: u64,
    /// Its exit status.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What there is to say of it.
    pub message: Option<String>,
    /// The beginning of what it wrote; none where that is hidden.
    pub stdout: Option<String>,
    /// The beginning of what it wrote to standard error.
    pub stderr: Option<String>,
}

/// What changed. What is absent did not; lists and texts go on behind what was there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Change {
    /// True if it was begun anew: what the earlier attempt did is void.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub restarted: bool,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// How often it was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// What the compiler did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile: Option<CompileView>,
    /// Tests that were run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseView>,
    /// What was written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stdout: String,
    /// What was written to standard error.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What there is to say of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Points so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<u32>,
    /// How strong the walls were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// When it got its slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

impl Change {
    pub(super) fn merge(&mut self, next: Self) {
        if next.restarted {
            *self = Self { restarted: true, started_at: self.started_at, ..Self::default() };
        }
        self.phase = next.phase.or(self.phase);
        self.attempt = next.attempt.or(self.attempt);
        self.compile = next.compile.or(self.compile.take());
        self.cases.extend(next.cases);
        self.stdout.push_str(&next.stdout);
        self.stderr.push_str(&next.stderr);
        self.verdict = next.verdict.or(self.verdict);
        self.message = next.message.or(self.message.take());
        self.score = next.score.or(self.score);
        self.tier = next.tier.or(self.tier.take());
        self.started_at = next.started_at.or(self.started_at);
        self.ended_at = next.ended_at.or(self.ended_at);
    }
}

/// A job in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// The id of its language.
    pub language: String,
    /// Where it stands.
    pub phase: Phase,
    /// How it ended.
    pub verdict: Option<Verdict>,
    /// Points so far.
    pub score: u32,
    /// Every point that can be had.
    pub max_score: u32,
    /// When it was handed in.
    pub created_at: Timestamp,
    /// When it was judged.
    pub ended_at: Option<Timestamp>,
}

fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

impl From<&Compile> for CompileView {
    fn from(compile: &Compile) -> Self {
        let Ran { verdict, exit_code, signal, cpu_us, wall_us, peak_memory_bytes, message } =
            compile.ran.clone();
        Self {
            cached: compile.cached,
            verdict,
            cpu_ms: ms(cpu_us),
            wall_ms: ms(wall_us),
            peak_memory_bytes,
            exit_code,
            signal,
            message,
            output: compile.output.clone(),
        }
    }
}

impl From<&Case> for CaseView {
    fn from(case: &Case) -> Self {
        let Ran { verdict, exit_code, signal, cpu_us, wall_us, peak_memory_bytes, message } =
            case.ran.clone();
        Self {
            name: case.name.clone(),
            verdict,
            points: case.points,
            cpu_ms: ms(cpu_us),
            wall_ms: ms(wall_us),
            peak_memory_bytes,
            exit_code,
            signal,
            message,
            stdout: case.stdout.clone(),
            stderr: case.stderr.clone(),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Job {
    pub(super) fn is_for(&self, audience: &Audience) -> bool {
        match audience {
            Audience::Own(account) => self.owner == Some(*account),
            Audience::Presenter => true,
            Audience::Public => false,
        }
    }

    pub(super) fn seen(&self) -> Option<View> {
        let submission = self.submission.as_ref().filter(|_| self.phase != Phase::Nothing)?;
        let end = self.end.as_ref();
        Some(View {
            id: self.id,
            owner: self.owner,
            language: submission.language.clone(),
            phase: self.phase,
            attempt: self.attempt,
            verdict: end.map(|end| end.verdict),
            message: end.and_then(|end| end.message.clone()),
            score: end.map_or_else(|| self.score(), |end| end.score),
            max_score: submission.points(),
            tests: submission.tests.len() as u32,
            compile: self.made.compile.as_ref().map(CompileView::from),
            cases: self.made.cases.iter().map(CaseView::from).collect(),
            stdout: text(&self.made.stdout.0),
            stderr: text(&self.made.stderr.0),
            tier: end.and_then(|end| end.tier.clone()),
            created_at: self.created_at,
            started_at: self.started_at,
            ended_at: self.ended_at,
        })
    }

    pub(super) fn changed(&self, event: &Event) -> Option<Change> {
        let phase = Change { phase: Some(self.phase), ..Change::default() };
        Some(match event {
            Event::Started => Change { started_at: self.started_at, ..phase },
            Event::TakenUp => {
                let (attempt, restarted) = (Some(self.attempt), self.attempt > 1);
                Change { attempt, restarted, ..phase }
            }
            Event::Compiled(compile) => {
                let compile = compile.as_deref().map(CompileView::from);
                Change { compile, ..phase }
            }
            Event::Printed { stream: Stream::Stdout, bytes } => {
                Change { stdout: text(&bytes.0), ..Change::default() }
            }
            Event::Printed { stream: Stream::Stderr, bytes } => {
                Change { stderr: text(&bytes.0), ..Change::default() }
            }
            Event::CaseDone(case) => {
                let score = Some(self.score());
                Change { cases: vec![CaseView::from(&**case)], score, ..Change::default() }
            }
            Event::Judged(end) => Change {
                verdict: Some(end.verdict),
                message: end.message.clone(),
                score: Some(end.score),
                tier: end.tier.clone(),
                ended_at: self.ended_at,
                ..phase
            },
            Event::Submitted { .. } | Event::Refused(_) | Event::Deleted => phase,
            Event::Joined(_)
            | Event::LetGo
            | Event::Trouble(_)
            | Event::LeftQueue(_)
            | Event::Told(_) => return None,
        })
    }

    pub(super) fn row(&self) -> Option<JobRow> {
        let view = self.seen()?;
        Some(JobRow {
            id: view.id,
            language: view.language,
            phase: view.phase,
            verdict: view.verdict,
            score: view.score,
            max_score: view.max_score,
            created_at: view.created_at,
            ended_at: view.ended_at,
        })
    }

    fn key(&self) -> Option<String> {
        self.owner.map(|owner| format!("{owner}/{}/{}", self.created_at, self.id))
    }

    pub(super) fn all_rows(&self) -> Vec<RowChange> {
        let Some(row) = self.row() else { return Vec::new() };
        let own = self.key().map(|key| RowChange::put("jobs_by_account", key, &row));
        let over = row
            .ended_at
            .map(|at| RowChange::put("jobs_ended", format!("{at}/{}", self.id), &self.id));
        own.into_iter().chain(over).collect()
    }

    pub(super) fn rows_of(&self, event: &Event) -> Vec<RowChange> {
        match event {
            Event::Submitted { .. }
            | Event::Started
            | Event::TakenUp
            | Event::Compiled(_)
            | Event::Judged(_) => self.all_rows(),
            // The score is part of it.
            Event::CaseDone(case) if case.points > 0 => self.all_rows(),
            Event::Refused(_) | Event::Deleted => {
                let own = self.key().map(|key| RowChange::delete("jobs_by_account", key));
                let over = self
                    .ended_at
                    .map(|at| RowChange::delete("jobs_ended", format!("{at}/{}", self.id)));
                own.into_iter().chain(over).collect()
            }
            _ => Vec::new(),
        }
    }
}
