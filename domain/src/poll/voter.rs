//! Who votes, as the edge says.

use playhouse_protocol::ids::{AccountId, GuestId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::chain::hex;

/// Who votes. The edge makes it from what it has checked: a session, a token, a code, a signature.
/// Each has one ballot in a round of a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Voter {
    /// Whoever sent this one vote: its id, chosen by the client or drawn by the edge, makes that a
    /// repeat counts once.
    Anyone(Uuid),
    /// The browser with this voter token.
    Device(GuestId),
    /// Whoever has this personal code.
    Code(Digest16),
    /// This account.
    Account(AccountId),
    /// Whoever has this ballot of a secret poll. Nothing says whose it is.
    Ballot(Digest16),
}

/// The first half of a SHA-256, which is how a personal code, a ballot's token and a request for a
/// ballot are known to a room: nobody finds a second one with the same, and the thing itself is never
/// stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest16(pub [u8; 16]);

impl Digest16 {
    /// The digest of `secret`.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        use sha2::Digest;
        let digest: [u8; 32] = sha2::Sha256::digest(secret).into();
        Self(digest[..16].try_into().expect("32 bytes hold 16"))
    }
}

impl std::fmt::Debug for Digest16 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}
