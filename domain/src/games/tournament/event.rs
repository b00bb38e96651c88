//! What can become true of a tournament.

use playhouse_protocol::ids::AccountId;
use serde::{Deserialize, Serialize};

use super::command::{Creation, Entry};
use super::draw::Sides;
use super::pairing::{Again, Outcome};
use crate::time::Timestamp;

/// What can become true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// It exists.
    Created {
        /// What it is, with all of the game's settings.
        creation: Box<Creation>,
        /// Whose it is.
        organizer: AccountId,
    },
    /// Somebody takes part, or does so under another name.
    Registered {
        /// Who.
        account: AccountId,
        /// As what.
        entry: Entry,
    },
    /// Somebody takes part no more.
    Withdrew {
        /// Who.
        account: AccountId,
    },
    /// One can check in, and it begins then.
    CheckInOpened {
        /// When it begins.
        starts_at: Timestamp,
    },
    /// Somebody is there.
    CheckedIn {
        /// Who.
        account: AccountId,
    },
    /// It is played from now on.
    Started {
        /// By whom, the best first. Nobody else takes part.
        field: Vec<AccountId>,
    },
    /// Rounds are drawn: of an elimination the first, of a round robin all.
    Drawn {
        /// Each with its pairings.
        rounds: Vec<Vec<Sides>>,
    },
    /// A match of the pairing is owed.
    Began {
        /// Which.
        pairing: u16,
    },
    /// The match is there.
    Arranged {
        /// Of which pairing.
        pairing: u16,
    },
    /// The pairing must be played again.
    Again {
        /// Which.
        pairing: u16,
        /// Why.
        why: Again,
    },
    /// There is a result, which can be disputed.
    Reported {
        /// Of which pairing.
        pairing: u16,
        /// The result.
        outcome: Outcome,
        /// Until when.
        until: Timestamp,
    },
    /// One side says that the result is right.
    Accepted {
        /// Of which pairing.
        pairing: u16,
        /// Which side: 0 or 1.
        side: u8,
    },
    /// One side says that the result is wrong.
    Disputed {
        /// Of which pairing.
        pairing: u16,
        /// Who.
        by: AccountId,
        /// Why.
        text: String,
        /// Until when it waits for a decision.
        until: Timestamp,
    },
    /// The pairing is over.
    Settled {
        /// Which.
        pairing: u16,
        /// The result.
        outcome: Outcome,
    },
    /// It was played to its end.
    Concluded {
        /// The place of each, by number.
        places: Vec<u16>,
    },
    /// It was called off.
    Cancelled(Why),
}

/// Why a tournament was called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its organizer did.
    Organizer,
    /// Fewer than two were there when it should have begun.
    TooFew,
}
