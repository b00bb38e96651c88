//! What is asked of polls, as JSON.

use playhouse_domain::poll::definition::{Asking, Definition, Kind, Results, Voters};
use playhouse_domain::poll::{Choice, Voter};
use playhouse_protocol::ids::{PollId, SeriesId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::votes;
use crate::asking::invalid;
use crate::http::error::Problem;

/// A poll to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PollRequest {
    /// The question, at most 200 characters.
    #[schema(example = "Which film shall we show?")]
    pub title: String,
    /// `single`, `multiple`, `rating`, `ranked`, `words` or `quiz`.
    #[schema(example = "single")]
    pub kind: String,
    /// The options, in order: 2 to 50 of at most 100 characters, 2 to 20 to be ranked; none for a
    /// rating and for words.
    #[serde(default)]
    pub options: Vec<String>,
    /// How many options (`multiple`) or words (`words`, at most 5) one ballot may have.
    pub max: Option<u8>,
    /// The right option of a quiz, from 0.
    pub right: Option<u8>,
    /// Who may vote: `anyone`, `device`, `code` or `account`.
    #[serde(default = "device")]
    #[schema(value_type = String, default = "device")]
    pub voters: Voters,
    /// Who sees results: `live`, `after_close` or `presenter`.
    #[serde(default)]
    #[schema(value_type = String, default = "live")]
    pub results: Results,
    /// True if a vote can be changed while the poll is open.
    #[serde(default)]
    pub change: bool,
    /// True if who voted is kept apart from what was voted.
    #[serde(default)]
    pub secret: bool,
    /// How long it is open, 5 to 86,400 s; until it is closed by hand, if absent.
    pub seconds: Option<u32>,
    /// Whether the audience may ask questions: `off`, `open` or `moderated`.
    #[serde(default)]
    #[schema(value_type = String, default = "off")]
    pub questions: Asking,
}

fn device() -> Voters {
    Voters::Device
}

impl PollRequest {
    /// The poll that is meant, with `ballot_key` if it is secret.
    ///
    /// # Errors
    ///
    /// `bad_poll` if the kind does not exist, or lacks its number or has another's.
    pub fn definition(self, ballot_key: Option<String>) -> Result<Definition, Problem> {
        let bad = |detail: String| Err(invalid("bad_poll", detail));
        let Self { title, kind, options, max, right, voters, results, .. } = self;
        let (change, secret, seconds, questions) =
            (self.change, self.secret, self.seconds, self.questions);
        let kind = match (kind.as_str(), max, right) {
            ("single", None, None) => Kind::Single,
            ("multiple", Some(max), None) => Kind::Multiple { max },
            ("rating", None, None) => Kind::Rating,
            ("ranked", None, None) => Kind::Ranked,
            ("words", Some(max), None) => Kind::Words { max },
            ("quiz", None, Some(right)) => Kind::Quiz { right },
            ("multiple" | "words", None, None) => {
                return bad(format!("a poll of kind {kind} needs max, how many one may give"));
            }
            ("quiz", None, None) => return bad("a quiz needs right, the right option".into()),
            ("single" | "multiple" | "rating" | "ranked" | "words" | "quiz", ..) => {
                return bad("only multiple and words have max, and only a quiz has right".into());
            }
            (other, ..) => {
                let kinds = "single, multiple, rating, ranked, words or quiz";
                return bad(format!("kind must be {kinds}, not '{other:.20}'"));
            }
        };
        Ok(Definition {
            title,
            kind,
            options,
            voters,
            results,
            change,
            secret,
            seconds,
            questions,
            ballot_key,
        })
    }
}

/// A browser that wants to join: by a code, or by a link to a poll or a series.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// The code, as people type it.
    #[schema(example = "ABC 234")]
    pub code: Option<String>,
    /// A poll.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub poll_id: Option<PollId>,
    /// A series of polls.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub series_id: Option<SeriesId>,
}

/// A vote. `choice` or `words`, as the poll asks.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoteRequest {
    /// Options by number from 0; for a rating one number from 1 to 5; to be ranked, by preference.
    #[schema(example = json!([0]))]
    pub choice: Option<Vec<u8>>,
    /// Words of one's own, at most 25 characters each.
    pub words: Option<Vec<String>>,
    /// The name to show in a quiz, at most 24 characters.
    pub name: Option<String>,
    /// The personal code, where the poll asks for one.
    pub code: Option<String>,
    /// The ballot, in a secret poll.
    pub ballot: Option<SignedBallot>,
}

impl VoteRequest {
    /// What is voted.
    ///
    /// # Errors
    ///
    /// `bad_choice` if it is not one of both.
    pub fn choice(&mut self) -> Result<Choice, Problem> {
        match (self.choice.take(), self.words.take()) {
            (Some(options), None) => Ok(Choice::Options(options)),
            (None, Some(words)) => Ok(Choice::Words(words)),
            _ => Err(invalid("bad_choice", "a vote has a choice, or words, and not both")),
        }
    }
}

/// A ballot of a secret poll whose signature was unblinded.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedBallot {
    /// The prepared message, in base64url without padding: 32 bytes of randomizer and 32 of chance.
    pub token: String,
    /// Its signature, in base64url without padding.
    pub signature: String,
}

/// A ballot to be signed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BallotRequest {
    /// The blinded message, in base64url without padding.
    pub blinded: String,
    /// The personal code, where the poll asks for one.
    pub code: Option<String>,
}

/// Whose part is asked for.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MineRequest {
    /// The personal code, where the poll asks for one.
    pub code: Option<String>,
}

/// How many personal codes to draw.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodesRequest {
    /// 1 to 1,000.
    #[schema(example = 50)]
    pub count: u16,
}

/// A word to be put out of sight, or back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WordRequest {
    /// The word.
    pub word: String,
    /// True for out of sight.
    pub hidden: bool,
}

/// A name to be put out of sight, or back.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameRequest {
    /// The ballot's number.
    pub ballot: u32,
    /// True for out of sight.
    pub hidden: bool,
}

/// A question from the audience.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionRequest {
    /// The question, at most 200 characters.
    pub text: String,
    /// The name to show, at most 40 characters.
    pub name: Option<String>,
    /// The personal code, where the poll asks for one.
    pub code: Option<String>,
}

/// An up-vote for a question, or its end.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantRequest {
    /// True to want it answered.
    pub up: bool,
    /// The personal code, where the poll asks for one.
    pub code: Option<String>,
}

/// What the presenter says of a question: one of both, or both.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModerateRequest {
    /// In sight, or out of it.
    pub shown: Option<bool>,
    /// Answered, or not.
    pub answered: Option<bool>,
}

/// A series to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesRequest {
    /// Its title, at most 200 characters.
    pub title: String,
    /// Its polls in order, 1 to 100, each once.
    #[schema(value_type = Vec<String>)]
    pub polls: Vec<PollId>,
}

/// Where a series goes.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GoRequest {
    /// To this poll; to none, if absent.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub poll_id: Option<PollId>,
}

/// A page of one's own.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OwnQuery {
    /// 1 to 200 of them, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// What the page before gave as `next`.
    pub cursor: Option<String>,
}

/// Who a personal code makes its holder, in `poll`.
///
/// # Errors
///
/// `unknown_code` if it cannot be one.
pub(super) fn code_voter(poll: PollId, code: &str) -> Result<Voter, Problem> {
    votes::code_digest(poll, code).map(Voter::Code).ok_or_else(|| {
        let status = actix_web::http::StatusCode::FORBIDDEN;
        Problem::new(status, "unknown_code", "this is no code of the poll")
    })
}
