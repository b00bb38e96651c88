//! What polls answer, as JSON: the shapes of REST, RPC and pages alike.
//!
//! Rooms encode their own views; these types describe the same JSON for the API's description and
//! for clients in Rust. The tests of the API read every answer strictly as one of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A poll without its tallies. `title`, `options` and `max` are told to everybody once it opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Poll {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// `single`, `multiple`, `rating`, `ranked`, `words` or `quiz`.
    #[schema(example = "single")]
    pub kind: String,
    /// The question.
    pub title: Option<String>,
    /// The options, in order.
    pub options: Vec<String>,
    /// How many options or words one ballot may have.
    pub max: u32,
    /// `anyone`, `device`, `code` or `account`.
    pub voters: String,
    /// `live`, `after_close` or `presenter`.
    pub results: String,
    /// True if a vote can be changed.
    pub change: bool,
    /// True if who voted is kept apart from what was voted.
    pub secret: bool,
    /// The public key of a secret poll's ballots: DER of its `SubjectPublicKeyInfo` in base64url.
    pub ballot_key: Option<String>,
    /// `off`, `open` or `moderated`.
    pub questions: String,
    /// How long it is open, in seconds.
    pub seconds: Option<u32>,
    /// `draft`, `open` or `closed`.
    pub phase: String,
    /// How often it was opened.
    pub round: u32,
    /// When it was opened last.
    #[schema(format = DateTime)]
    pub opened_at: Option<String>,
    /// When it closes by itself.
    #[schema(format = DateTime)]
    pub closes_at: Option<String>,
    /// When it was closed.
    #[schema(format = DateTime)]
    pub closed_at: Option<String>,
    /// True if everybody sees the results now.
    pub shown: bool,
    /// The right option of a quiz, once it may be known; for its presenter always.
    pub right: Option<u8>,
    /// The short code by which people join; none while it is being claimed.
    #[schema(example = "7QK4MX")]
    pub join_code: Option<String>,
    /// The hash of the closing record, once it is closed.
    pub closing: Option<String>,
}

/// A poll in the list of its maker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnPoll {
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The poll.
    #[serde(flatten)]
    pub poll: Poll,
}

/// A poll with what is seen of its votes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The poll.
    pub poll: Poll,
    /// The tallies.
    pub tally: Tally,
    /// For its presenter.
    pub stage: Option<Stage>,
    /// What the poll has of the caller, where the caller is a voter of its sort.
    pub mine: Option<Mine>,
    /// The poll's revision, for `If-Match`.
    pub revision: u64,
    /// The server's time.
    #[schema(format = DateTime)]
    pub server_time: String,
}

/// Tallies. Where the results are hidden there is how many voted and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// How many ballots count.
    pub ballots: u32,
    /// How many for each option; for a rating, each of 1 to 5; of rankings, the first places.
    pub counts: Option<Vec<u32>>,
    /// The words that were said most often.
    pub words: Option<Vec<Word>>,
    /// How many different words were said.
    pub distinct: Option<u32>,
    /// How a ranked poll came out, once it is closed.
    pub runoff: Option<Runoff>,
    /// The best of a quiz, once it is closed.
    pub best: Option<Vec<Place>>,
}

/// A word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// As it counts: case folded, with single spaces.
    pub word: String,
    /// How often it was said.
    pub count: u32,
    /// True if the presenter took it out of sight; told to the presenter alone.
    #[serde(default)]
    pub hidden: bool,
}

/// How a ranked poll came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Runoff {
    /// The rounds, in order.
    pub rounds: Vec<Round>,
    /// The option that won; none if no ballot was cast.
    pub winner: Option<u8>,
}

/// One round of a run-off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// The ballots of each option; none for those that are out.
    pub counts: Vec<Option<u32>>,
    /// How many ballots rank no option that is still in.
    pub exhausted: u32,
    /// The option that went out; none in the last round.
    pub out: Option<u8>,
    /// How a tie for going out was broken: `earlier` round or `lot`.
    pub tie: Option<String>,
}

/// A place in a quiz.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// 1 for the best; equal points share a place.
    pub place: u32,
    /// The ballot's number.
    pub ballot: u32,
    /// The name, if there is one and it is in sight.
    pub name: Option<String>,
    /// 0 to 1,000.
    pub points: u16,
}

/// What the presenter sees beside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// How many records the log has.
    pub records: u32,
    /// The hash of the newest one.
    pub head: String,
    /// How many personal codes may vote.
    pub codes: u32,
    /// How many words are out of sight.
    pub hidden_words: u32,
    /// Ballots whose names are out of sight, at most 100.
    pub hidden_names: Vec<u32>,
}

/// What a poll has of one voter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PollMine)]
pub struct Mine {
    /// The newest vote, if there is one.
    pub vote: Option<MyVote>,
}

/// A voter's own vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MyVote {
    /// Its receipt.
    pub receipt: Receipt,
    /// The options, if the poll asks for such.
    pub choice: Option<Vec<u8>>,
    /// The words, if the poll asks for such.
    pub words: Option<Vec<String>>,
    /// The name, in a quiz.
    pub name: Option<String>,
    /// The points and the place, in a quiz whose right answer is told.
    pub score: Option<Score>,
}

/// How somebody did in a quiz.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// 0 to 1,000.
    pub points: u16,
    /// 1 for the best; equal points share a place.
    pub place: u32,
}

/// The proof of one vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The round.
    pub round: u32,
    /// The record's number in the poll's log.
    pub number: u32,
    /// The ballot's number, which stays when the vote is changed.
    pub ballot: u32,
    /// The record's hash: 64 hexadecimal digits.
    pub hash: String,
}

/// A browser that joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Joined {
    /// The poll; of a series the one that it is at, if it is at one.
    #[schema(format = "uuid")]
    pub poll_id: Option<String>,
    /// The series, if it is one.
    #[schema(format = "uuid")]
    pub series_id: Option<String>,
    /// What the browser votes and connects with.
    pub voter_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// How long the token lasts, in seconds.
    pub expires_in: u64,
}

/// A ballot that was signed blindly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlindSignature {
    /// In base64url without padding, to be unblinded.
    pub signature: String,
}

/// Personal codes, told this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// Those that were drawn.
    pub codes: Vec<String>,
    /// How many codes may vote in all.
    pub total: u32,
}

/// The audience's questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Questions {
    /// `off`, `open` or `moderated`.
    pub mode: String,
    /// Those in sight, oldest first; for the presenter all of them.
    pub questions: Vec<Question>,
    /// What the caller asked and wants answered.
    pub mine: Option<MyQuestions>,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its number.
    pub id: u32,
    /// What was asked.
    pub text: String,
    /// By whom, if they said.
    pub name: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// How many want it answered.
    pub votes: u32,
    /// True if it was answered.
    pub answered: bool,
    /// `waiting`, `shown` or `hidden`; for its asker and the presenter.
    pub standing: Option<String>,
}

/// What a voter asked and wants answered, by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MyQuestions {
    /// Asked.
    pub asked: Vec<u32>,
    /// Wants answered.
    pub wanted: Vec<u32>,
}

/// Polls in order, under one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its polls, in order; for its presenter.
    #[serde(default)]
    pub polls: Vec<String>,
    /// The poll that it is at.
    #[schema(format = "uuid")]
    pub current: Option<String>,
    /// Which one that is, from 1.
    pub position: Option<u32>,
    /// How many polls it has.
    pub count: u32,
    /// The short code by which people join; none while it is being claimed.
    #[schema(example = "7QK4MX")]
    pub join_code: Option<String>,
}
