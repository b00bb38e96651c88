//! What is asked of contests, as JSON. Strict: a field that does not exist is an error.

use playhouse_domain::contest::{Creation, Letter, Patch, Reveal, Scoring};
use playhouse_domain::text::lines;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::SubmissionId;
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use super::papers::{Program, Tasks};
use crate::asking::invalid;
use crate::http::error::Problem;
use crate::judge::languages::Languages;
use crate::judge::requests::{
    CheckerRequest, FileRequest, JobRequest, LimitsRequest, TestRequest, find,
};

/// How many characters the statement of a problem has at most. 32,768: ten pages.
pub const STATEMENT_MAX: usize = 32 * 1024;

/// What a problem is worth, where nothing is said. 100: so that a part of it is a percentage.
const POINTS: u32 = 100;

/// A contest to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContestRequest {
    /// What it is called, at most 80 characters.
    #[schema(example = "Autumn finals")]
    pub title: String,
    /// What is said of it, Markdown, at most 4,000 characters.
    #[serde(default)]
    pub description: String,
    /// `icpc` (problems solved, then penalty) or `points`; `icpc`, if absent.
    #[schema(value_type = Option<String>, example = "icpc")]
    pub scoring: Option<Scoring>,
    /// When it begins, within 366 days.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// When it ends, 1 s to 31 days later.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Timestamp,
    /// From when on results are hidden from others until they are revealed; never, if absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub freeze_at: Option<Timestamp>,
    /// The languages that may be used, at most 32 ids of `GET /api/languages`; all, if absent.
    #[serde(default)]
    pub languages: Vec<String>,
}

impl ContestRequest {
    pub(super) fn creation(self) -> Creation {
        Creation {
            title: self.title,
            description: self.description,
            scoring: self.scoring.unwrap_or(Scoring::Icpc),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            freeze_at: self.freeze_at,
            languages: self.languages,
        }
    }
}

/// What is to be different. What is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContestPatch {
    /// What it is called.
    pub title: Option<String>,
    /// What is said of it.
    pub description: Option<String>,
    /// When it begins, if it has not begun.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// When it ends, if it is not over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// When it freezes, if it has not; null: not at all.
    #[serde(deserialize_with = "there")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub freeze_at: Option<Option<Timestamp>>,
    /// The languages that may be used.
    pub languages: Option<Vec<String>>,
}

/// A field that is there, be it null.
fn there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::deserialize(from).map(Some)
}

impl ContestPatch {
    /// The change that is meant.
    #[must_use]
    pub fn patch(self) -> Patch {
        Patch {
            title: self.title,
            description: self.description,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            freeze_at: self.freeze_at,
            languages: self.languages,
        }
    }
}

/// A problem.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProblemRequest {
    /// What it is called, at most 80 characters.
    #[schema(example = "Sums")]
    pub title: String,
    /// What is to be done, Markdown, at most 32,768 characters.
    #[serde(default)]
    pub statement: String,
    /// What it is worth where points are counted, 1 to 10,000; 100, if absent.
    #[serde(default = "points")]
    #[schema(minimum = 1, maximum = 10_000, default = 100)]
    pub points: u32,
    /// What one run may use.
    pub limits: Option<LimitsRequest>,
    /// What programs are held against, 1 to 100. Those that are not hidden are shown as samples; hidden, if nothing is
    /// said. All of the problem has room for 2 MiB.
    #[schema(min_items = 1, max_items = 100)]
    pub tests: Vec<ProblemTest>,
    /// Who says whether an answer is right. Absent: the words must be the same, whatever white space lies between.
    pub checker: Option<CheckerRequest>,
}

/// A test of a problem.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProblemTest {
    /// Its name. Absent: its number.
    #[schema(max_length = 64)]
    pub name: Option<String>,
    /// What the program reads.
    #[serde(default)]
    pub stdin: String,
    /// What is expected of it.
    #[serde(default)]
    pub expected: String,
    /// Which part of the problem's points it brings, by ratio. 1, if absent.
    #[schema(maximum = 1_000_000)]
    pub points: Option<u32>,
    /// False if it is shown as a sample.
    #[serde(default = "hidden")]
    #[schema(default = true)]
    pub hidden: bool,
}

fn points() -> u32 {
    POINTS
}

fn hidden() -> bool {
    true
}

impl ProblemRequest {
    /// The problem that is meant, but for its title and what it is worth.
    ///
    /// # Errors
    ///
    /// `bad_text`, `bad_problem`, `bad_submission`, `unknown_language`.
    pub(super) fn tasks(self, languages: &Languages) -> Result<Tasks, Problem> {
        let statement = lines("a statement", &self.statement, STATEMENT_MAX)?;
        if self.tests.is_empty() {
            return Err(invalid("bad_problem", "a problem has at least one test"));
        }
        let test = |test: ProblemTest| TestRequest {
            name: test.name,
            stdin: test.stdin,
            expected: test.expected,
            points: test.points,
            hidden: test.hidden,
        };
        // A program that is there only so that the rest is looked at as the judge will.
        let any = languages.there.first().map(|language| language.block.id.clone());
        let job = JobRequest {
            language: any.unwrap_or_default(),
            source: Some(String::from(" ")),
            files: None,
            stdin: None,
            interactive: false,
            args: Vec::new(),
            tests: self.tests.into_iter().map(test).collect(),
            checker: self.checker,
            limits: self.limits,
            stop_at_first_failure: false,
            webhook: None,
        };
        let submission = job.submission(languages)?;
        submission.check()?;
        let (tests, checker, run) = (submission.tests, submission.checker, submission.run);
        Ok(Tasks { statement, tests, checker, run })
    }
}

/// Somebody who wants to take part.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegistrationRequest {
    /// The name to show, at most 24 characters; the user name, if absent.
    #[schema(example = "The bits")]
    pub name: Option<String>,
}

/// A program that is sent in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmissionRequest {
    /// For which problem: its letter.
    #[schema(value_type = String, example = "A")]
    pub problem: Letter,
    /// The language: an id of `GET /api/languages`, or another name that it is known by.
    #[schema(example = "python")]
    pub language: String,
    /// The program, if it is one file. This or `files`.
    #[schema(example = "print(sum(map(int, input().split())))")]
    pub source: Option<String>,
    /// The program, if it is more files, or none of text.
    #[schema(max_items = 32)]
    pub files: Option<Vec<FileRequest>>,
}

impl SubmissionRequest {
    /// The language's id, and the program.
    ///
    /// # Errors
    ///
    /// `unknown_language`, `bad_submission`, `submission_too_large`.
    pub(super) fn program(self, languages: &Languages) -> Result<(String, Program), Problem> {
        let language = find(languages, &self.language)?.block.id.clone();
        let job = JobRequest {
            language: self.language,
            source: self.source,
            files: self.files,
            stdin: None,
            interactive: false,
            args: Vec::new(),
            tests: Vec::new(),
            checker: None,
            limits: None,
            stop_at_first_failure: false,
            webhook: None,
        };
        let submission = job.submission(languages)?;
        submission.check()?;
        Ok((language, Program { files: submission.files }))
    }
}

/// What is to be shown of what the freeze hides.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevealRequest {
    /// `step` (the first problem of the lowest team of which something is hidden) or `all`.
    #[schema(value_type = String, example = "step")]
    pub what: Reveal,
}

/// Something that is asked; of those who preside, something that is said to everybody.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClarificationRequest {
    /// About which problem: its letter; the contest, if absent.
    #[schema(value_type = Option<String>, example = "A")]
    pub problem: Option<Letter>,
    /// What, at most 1,000 characters.
    #[schema(example = "May n be 0?")]
    pub text: String,
}

/// An answer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// What, at most 1,000 characters.
    #[schema(example = "Yes.")]
    pub text: String,
    /// True if everybody is told, and not the team alone that asked.
    #[serde(default)]
    pub to_all: bool,
}

/// What is to be judged again: one of the two.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejudgeRequest {
    /// Everything that was sent in for a problem: its letter.
    #[schema(value_type = Option<String>, example = "A")]
    pub problem: Option<Letter>,
    /// One program.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub submission: Option<SubmissionId>,
}

impl RejudgeRequest {
    /// What is meant.
    ///
    /// # Errors
    ///
    /// `bad_rejudge` unless one of the two is named.
    pub fn again(self) -> Result<playhouse_domain::contest::Again, Problem> {
        use playhouse_domain::contest::Again;
        match (self.problem, self.submission) {
            (Some(letter), None) => Ok(Again::Problem(letter)),
            (None, Some(id)) => Ok(Again::Submission(id)),
            _ => Err(invalid("bad_rejudge", "give either problem or submission")),
        }
    }
}

/// Which contests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Those that have not begun.
    #[default]
    Upcoming,
    /// Those that run.
    Running,
    /// Those that are over.
    Over,
}

/// Which contests.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContestsQuery {
    /// `upcoming` (those that have not begun; the default), `running` or `over`.
    #[serde(default)]
    #[param(value_type = String, required = false)]
    pub state: State,
    /// 1 to 200 of them, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// What the page before gave as `next`.
    pub cursor: Option<String>,
}

/// Which page.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SubmissionsQuery {
    /// 1 to 200 of them, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// What the page before gave as `next`.
    pub cursor: Option<String>,
}

/// Which board.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScoreboardQuery {
    /// True for the board as it truly is, for those who preside; the one that is shown, if absent.
    #[serde(default)]
    pub truly: bool,
}
