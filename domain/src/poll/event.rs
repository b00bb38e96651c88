//! What can become true of a poll.

use playhouse_protocol::ids::AccountId;
use serde::{Deserialize, Serialize};

use super::chain::Hash;
use super::choice::Choice;
use super::definition::Definition;
use super::log::Act;
use super::runoff::Runoff;
use super::voter::{Digest16, Voter};
use crate::duty::DutyId;
use crate::room::Ticket;
use crate::time::Timestamp;
use crate::unique::Answered;

/// What can become true of a poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// It exists.
    Created {
        /// What it asks.
        definition: Box<Definition>,
        /// Whose it is.
        owner: AccountId,
        /// Under which its creation is settled.
        ticket: Ticket,
        /// The join code that it tries to get.
        code: String,
    },
    /// It asks something else.
    Updated(Box<Definition>),
    /// The room that keeps a join code answered.
    CodeAnswered(Answered),
    /// The join code was somebody's: it tries another.
    CodeDrawn(String),
    /// The room of the audience's questions knows of the poll.
    QuestionsTold(DutyId),
    /// More personal codes may vote.
    CodesAdded(Vec<Digest16>),
    /// Voting began.
    Opened {
        /// When it ends by itself.
        closes_at: Option<Timestamp>,
        /// What the nonces of the round follow from.
        salt: [u8; 32],
        /// Its record.
        act: Box<Act>,
    },
    /// A vote, or a changed one.
    Voted {
        /// Who; of a secret poll, with which ballot.
        voter: Voter,
        /// What.
        choice: Choice,
        /// The name to show.
        name: Option<String>,
        /// Half of the hash of its key.
        key: Option<u64>,
        /// How long after the opening; 0 in a secret poll.
        elapsed_ms: u32,
        /// Its record's hash.
        hash: Hash,
    },
    /// Voting ended.
    Closed {
        /// Its record.
        act: Box<Act>,
        /// How a ranked poll came out.
        runoff: Option<Box<Runoff>>,
    },
    /// All ballots were dropped.
    Reset {
        /// Its record.
        act: Box<Act>,
    },
    /// The presenter shows the results to everybody, or hides them.
    Shown(bool),
    /// A word was put out of sight, or back.
    WordHidden {
        /// Which.
        word: String,
        /// Out of sight, or back.
        hidden: bool,
    },
    /// A name was put out of sight, or back.
    NameHidden {
        /// On which ballot.
        ballot: u32,
        /// Out of sight, or back.
        hidden: bool,
    },
}
