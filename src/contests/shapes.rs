//! What is told of contests by REST, as JSON. Rooms encode their own views; most of these describe the same.

use playhouse_domain::contest;
use playhouse_domain::contest::view::{ProblemInfo, SubmissionInfo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A contest in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContestRow {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// What it is called.
    pub title: String,
    /// `icpc` or `points`.
    #[schema(example = "icpc")]
    pub scoring: String,
    /// `scheduled`, `running` or `over`.
    #[schema(example = "scheduled")]
    pub phase: String,
    /// When it begins.
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// When it ends.
    #[schema(format = DateTime)]
    pub ends_at: String,
    /// From when on results are hidden from others.
    #[schema(format = DateTime)]
    pub freeze_at: Option<String>,
    /// How many problems it has.
    pub problems: u16,
    /// How many teams take part.
    pub teams: u16,
}

/// A contest that somebody made or takes part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnContest {
    /// The contest.
    #[schema(format = "uuid")]
    pub id: String,
    /// What it is called.
    pub title: String,
    /// When it begins.
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// When it ends.
    #[schema(format = DateTime)]
    pub ends_at: String,
    /// True for whoever made it.
    pub organizes: bool,
}

/// A contest, as the caller may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contest {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What is said of it, Markdown.
    pub description: String,
    /// `icpc` or `points`.
    #[schema(example = "icpc")]
    pub scoring: String,
    /// `scheduled`, `running` or `over`.
    #[schema(example = "running")]
    pub phase: String,
    /// When it begins.
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// When it ends.
    #[schema(format = DateTime)]
    pub ends_at: String,
    /// From when on results are hidden from others.
    #[schema(format = DateTime)]
    pub freeze_at: Option<String>,
    /// True from the freeze until everything is revealed.
    pub frozen: bool,
    /// True once what the freeze hid is shown.
    pub revealed: bool,
    /// The problem that a step of the reveal showed last.
    pub last_shown: Option<TeamAndProblem>,
    /// The languages that may be used; none named: all.
    pub languages: Vec<String>,
    /// Who made it: an account.
    #[schema(format = "uuid")]
    pub organizer: String,
    /// How many teams take part.
    pub teams: u16,
    /// The problems, by letter; none before it begins, but for those who preside.
    pub problems: Vec<ContestProblem>,
    /// The board as it is shown, the best first.
    pub board: Vec<BoardRow>,
    /// The number of the caller's team, if they take part.
    pub team: Option<u16>,
    /// What the caller's team sent in; for those who preside the 100 that were sent in last. The newest first.
    pub submissions: Vec<ContestSubmission>,
    /// What was asked and said, as far as it is for the caller.
    pub clarifications: Vec<Clarification>,
    /// For those who preside: the board as it truly is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truly: Option<Vec<BoardRow>>,
    /// For those who preside: what of the freeze is left to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<LeftToShow>,
    /// The server's time, to count down by.
    #[schema(format = DateTime)]
    pub server_time: String,
}

/// A team and a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamAndProblem {
    /// The team, by number.
    pub team: u16,
    /// The problem's letter.
    pub problem: String,
}

/// What of the freeze is left to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftToShow {
    /// How many steps.
    pub left: u32,
    /// Whose problem is next, by number.
    pub team: Option<u16>,
    /// The letter of the problem that is next.
    pub problem: Option<String>,
}

/// A problem in a contest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContestProblem {
    /// Its letter.
    #[schema(example = "A")]
    pub letter: String,
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

/// The problems of a contest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContestProblems {
    /// By letter.
    #[schema(value_type = Vec<ContestProblem>)]
    pub problems: Vec<ProblemInfo>,
}

/// A problem with its statement and samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemWhole {
    /// The problem.
    #[serde(flatten)]
    #[schema(value_type = ContestProblem)]
    pub info: ProblemInfo,
    /// What is to be done, Markdown.
    pub statement: String,
    /// Tests that are not hidden.
    pub samples: Vec<Sample>,
}

/// A test that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    /// Its name.
    pub name: String,
    /// What the program reads.
    pub stdin: String,
    /// What is expected of it.
    pub expected: String,
}

/// How a team stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoardRow {
    /// The team's number, from 1, in the order in which they registered.
    pub team: u16,
    /// Its name.
    pub name: String,
    /// By ICPC how many problems it solved; else its points.
    pub score: u32,
    /// By ICPC the penalty in minutes; else 0.
    pub penalty: u32,
    /// When what is counted was reached, in milliseconds since the beginning.
    pub last_ms: u64,
    /// By letter, how it stands with each problem that it tried.
    pub cells: std::collections::BTreeMap<String, BoardCell>,
}

/// How a team stands with a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoardCell {
    /// Attempts that count: by ICPC up to the accepted one.
    pub tries: u16,
    /// Attempts of which the result is not known here: not judged yet, or hidden by the freeze.
    pub pending: u16,
    /// By ICPC 1 once it is solved; else the points of the best attempt.
    pub score: u32,
    /// When the attempt that this is of was sent in, in milliseconds since the beginning.
    pub at_ms: Option<u64>,
}

/// A row with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlacedRow {
    /// The place, from 1; equals share one.
    pub place: u16,
    /// The row.
    #[serde(flatten)]
    #[schema(value_type = BoardRow)]
    pub row: contest::Row,
}

/// A board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Scoreboard {
    /// `icpc` or `points`.
    #[schema(value_type = String, example = "icpc")]
    pub scoring: contest::Scoring,
    /// True from the freeze until everything is revealed.
    pub frozen: bool,
    /// True once what the freeze hid is shown.
    pub revealed: bool,
    /// The teams, the best first.
    pub rows: Vec<PlacedRow>,
}

/// A program that was sent in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContestSubmission {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Its number, from 0, in the order in which everything was sent in.
    pub number: u32,
    /// Whose, by number.
    pub team: u16,
    /// For which problem: its letter.
    pub problem: String,
    /// In which language.
    pub language: String,
    /// How large it is, in bytes.
    pub bytes: u32,
    /// When it was sent in.
    #[schema(format = DateTime)]
    pub at: String,
    /// What was found, as of a job; none: it is not judged yet.
    #[schema(example = "accepted")]
    pub verdict: Option<String>,
    /// The points that it earns, where points are counted.
    pub score: Option<u32>,
    /// How often it was or is judged.
    pub judgings: u16,
    /// True while it is judged, for the first time or again.
    pub judging: bool,
}

/// A program that was sent in, with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubmissionWhole {
    /// What came of it.
    #[serde(flatten)]
    #[schema(value_type = ContestSubmission)]
    pub info: SubmissionInfo,
    /// Its files.
    pub files: Vec<ShownFile>,
    /// What the compiler said, where it did not compile and its job is still kept.
    pub compiler: Option<String>,
}

/// A file of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShownFile {
    /// Its name.
    pub name: String,
    /// What it holds, as text.
    pub content: String,
}

/// A question, or what was said to everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Clarification {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Who asked, by number: for them and for those who preside.
    pub team: Option<u16>,
    /// About which problem: its letter.
    pub problem: Option<String>,
    /// The question; none: nobody asked.
    pub question: Option<String>,
    /// When it was asked or said.
    #[schema(format = DateTime)]
    pub asked_at: String,
    /// What was said.
    pub answer: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub answered_at: Option<String>,
    /// True if everybody is told.
    pub to_all: bool,
}

/// What was asked and said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Clarifications {
    /// In order.
    #[schema(value_type = Vec<Clarification>)]
    pub clarifications: Vec<playhouse_domain::contest::view::ClarificationInfo>,
}

/// What a step of the reveal showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevealStep {
    /// Whose problem, by number; none once everything is shown.
    pub team: Option<u16>,
    /// The problem's letter.
    pub problem: Option<String>,
    /// The team's place before.
    pub from: Option<u16>,
    /// The team's place now.
    pub to: Option<u16>,
    /// How many steps are left.
    pub left: u32,
}
