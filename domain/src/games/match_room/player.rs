//! Who plays, and the hashes of what proves it.

use std::fmt;

use playhouse_protocol::ids::{AccountId, GuestId};
use serde::{Deserialize, Serialize};

use crate::room::Caller;

/// A person who plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Player {
    /// Somebody who is logged in.
    Account(AccountId),
    /// Somebody without an account, known by a signed token.
    Guest(GuestId),
}

impl Player {
    /// The player that `caller` is, if it is a person.
    #[must_use]
    pub fn of(caller: &Caller) -> Option<Self> {
        match caller {
            Caller::Account { id, .. } => Some(Self::Account(*id)),
            Caller::Guest(id) => Some(Self::Guest(*id)),
            Caller::Nobody | Caller::Room(_) | Caller::System => None,
        }
    }
}

/// The SHA-256 of a ticket's id or of a resume token: the thing itself is never stored.
///
/// Two are compared in constant time. Neither shows itself in a log.
#[derive(Clone, Copy, Eq, Serialize, Deserialize)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of `secret`.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        use sha2::Digest;
        Self(sha2::Sha256::digest(secret).into())
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        let differs = self.0.iter().zip(&other.0).fold(0, |all, (a, b)| all | (a ^ b));
        std::hint::black_box(differs) == 0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}
