//! What can be asked of a poll, and what it answers.

use playhouse_protocol::ids::{CommandKey, PollId};
use serde::{Deserialize, Serialize};

use super::chain::Hash;
use super::choice::Choice;
use super::definition::{Asking, Definition, Results, Voters};
use super::export::Page;
use super::voter::{Digest16, Voter};
use crate::time::Timestamp;

/// What can be asked. Those marked P are for whoever created the poll, and for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Make the poll. Organizers. It is the caller's from then on.
    Create(Box<Definition>),
    /// P. Ask something else, before it opens.
    Update {
        /// What is asked now.
        definition: Box<Definition>,
        /// The revision the caller saw.
        expect: Option<u64>,
    },
    /// P. Let people vote. A poll that is open stays so.
    Open,
    /// P. End the voting. A poll that is closed stays so.
    Close,
    /// P. Drop all ballots and go back to before the opening.
    Reset,
    /// P. Show everybody the results, or hide them, whatever the poll says.
    Show(bool),
    /// P. Let so many more personal codes vote, at most 1,000 at a time.
    AddCodes(Vec<Digest16>),
    /// P. Put a word out of sight, or back.
    HideWord {
        /// As it was typed, or as it is shown.
        word: String,
        /// Out of sight, or back.
        hidden: bool,
    },
    /// P. Put the name on a ballot of a quiz out of sight, or back.
    HideName {
        /// The ballot's number.
        ballot: u32,
        /// Out of sight, or back.
        hidden: bool,
    },
    /// Vote, or change a vote.
    Vote {
        /// Who.
        voter: Voter,
        /// What.
        choice: Choice,
        /// The name to show, in a quiz.
        name: Option<String>,
        /// What makes it exactly once: the same key again is the same vote, for as long as the
        /// round lasts. It is part of the command, and the command itself is sent without one,
        /// since the room remembers every vote and the host only the newest outcomes.
        key: Option<CommandKey>,
    },
    /// Ask whether a voter may be given a ballot of a secret poll now. Who was given one is on the
    /// [roll](super::roll).
    Admit {
        /// Whom.
        voter: Voter,
    },
    /// Read what the room has of one voter.
    Mine {
        /// Which.
        voter: Voter,
    },
    /// Read a page of the log: P, and everybody once the poll is closed and its results are shown.
    Export {
        /// The round that the pages before were of.
        round: Option<u32>,
        /// Where the page before said that the next goes on.
        after: Option<u32>,
    },
    /// P. Read that the caller runs the poll; others are refused.
    Preside,
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The poll as its presenter sees it.
    Poll(Box<PollInfo>),
    /// The vote counts.
    Voted(Receipt),
    /// The voter may be given a ballot.
    Admitted,
    /// How many personal codes may vote.
    Codes(u32),
    /// What the room has of a voter.
    Mine(Mine),
    /// A page of the log.
    Page(Box<Page>),
    /// The caller runs the poll.
    Presides,
}

/// The proof of one vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The round.
    pub round: u32,
    /// The record's number in the poll's log.
    pub number: u32,
    /// The ballot's number: that of its first record, which stays when the vote is changed.
    pub ballot: u32,
    /// The record's hash.
    pub hash: Hash,
}

/// What a poll has of one voter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mine {
    /// The newest vote, if there is one.
    pub vote: Option<MyVote>,
}

/// A voter's own vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// 0 to 1,000.
    pub points: u16,
    /// 1 for the best. Equal points share a place.
    pub place: u32,
}

/// Where a poll stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Being prepared. Nobody but its presenter sees what it asks.
    #[default]
    Draft,
    /// People vote.
    Open,
    /// The tallies are final.
    Closed,
}

/// A poll without its tallies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollInfo {
    /// Its id.
    pub id: PollId,
    /// `single`, `multiple`, `rating`, `ranked`, `words` or `quiz`.
    pub kind: String,
    /// The question; for the presenter alone before it opens.
    pub title: Option<String>,
    /// The options; for the presenter alone before it opens.
    pub options: Vec<String>,
    /// How many options or words one ballot may have.
    pub max: u32,
    /// Who may vote.
    pub voters: Voters,
    /// Who sees results, and when.
    pub results: Results,
    /// True if a vote can be changed.
    pub change: bool,
    /// True if who voted is kept apart from what was voted.
    pub secret: bool,
    /// The public key of a secret poll's ballots.
    pub ballot_key: Option<String>,
    /// Whether the audience may ask questions.
    pub questions: Asking,
    /// How long it is open, in seconds.
    pub seconds: Option<u32>,
    /// Where it stands.
    pub phase: Phase,
    /// How often it was opened.
    pub round: u32,
    /// When it was opened last.
    pub opened_at: Option<Timestamp>,
    /// When it closes by itself.
    pub closes_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// True if everybody sees the results now.
    pub shown: bool,
    /// The right option of a quiz, once it may be known; for the presenter always.
    pub right: Option<u8>,
    /// The short code by which people join; none while it is being claimed.
    pub join_code: Option<String>,
    /// The hash of the closing record: who has it can tell whether a log is whole.
    pub closing: Option<Hash>,
}
