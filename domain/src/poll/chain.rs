//! The log of a poll: records chained by hashes, so that none can be altered, removed, added or moved
//! without it showing.
//!
//! The hash of a record is the SHA-256 of eight lines of UTF-8 with a line feed between them and none
//! at the end:
//!
//! ```text
//! playhouse poll record 1
//! hash of the record before, in hexadecimal
//! number
//! kind: opened, vote, change, closed or reset
//! ballot: the number of the vote that this one is or changes, 0 for the other kinds
//! elapsed: milliseconds since the opening, 0 in a secret poll and for the other kinds
//! body: JSON on one line
//! nonce: 16 bytes in hexadecimal
//! ```
//!
//! These bytes never change for records of version 1: exports that people keep depend on them. The
//! hash before a poll's first record is 32 zeros. The nonce is what keeps receipts from telling:
//! without it whoever has the receipts before and after a vote could try all choices and see which
//! one fits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// A hash of the chain. In JSON 64 hexadecimal digits, in records 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

/// A text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a hash has 64 hexadecimal digits in lower case")]
pub struct BadHash;

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
        text
    })
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl FromStr for Hash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<Self, BadHash> {
        let digit = |b: u8| match b {
            b'0'..=b'9' => Ok(b - b'0'),
            b'a'..=b'f' => Ok(b - b'a' + 10),
            _ => Err(BadHash),
        };
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(BadHash);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => serializer.collect_str(self),
            false => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; 32]>::deserialize(deserializer).map(Self);
        }
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// Voting began; the body says on what.
    Opened,
    /// A ballot.
    Vote,
    /// Another choice on a ballot that was cast before.
    Change,
    /// Voting ended; the body has the tallies.
    Closed,
    /// All ballots count no longer.
    Reset,
}

impl RecordKind {
    /// The word that stands in the record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Vote => "vote",
            Self::Change => "change",
            Self::Closed => "closed",
            Self::Reset => "reset",
        }
    }
}

/// What is hashed of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Canonical<'a> {
    pub(super) number: u32,
    pub(super) kind: RecordKind,
    pub(super) ballot: u32,
    pub(super) elapsed_ms: u32,
    pub(super) body: &'a str,
    pub(super) nonce: [u8; 16],
}

impl Canonical<'_> {
    /// The record's hash, if the one before it has `previous`.
    pub(super) fn hash(&self, previous: &Hash) -> Hash {
        let Self { number, kind, ballot, elapsed_ms, body, nonce } = self;
        let (kind, nonce) = (kind.name(), hex(nonce));
        let lines = format!(
            "playhouse poll record 1\n{previous}\n{number}\n{kind}\n{ballot}\n{elapsed_ms}\n{body}\n{nonce}"
        );
        Hash(Sha256::digest(lines).into())
    }
}

/// The nonce of record `number`, which nobody knows who does not know the round's `salt`.
pub(super) fn nonce(salt: &[u8; 32], number: u32) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(b"playhouse poll nonce 1\n");
    hash.update(salt);
    hash.update(number.to_le_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    digest[..16].try_into().expect("32 bytes hold 16")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exports that people keep depend on this: it never changes for version 1.
    #[test]
    fn the_hash_of_a_record_stays_as_it_is() {
        let body = r#"{"choice":[1]}"#;
        let record = Canonical {
            number: 2,
            kind: RecordKind::Vote,
            ballot: 2,
            elapsed_ms: 1500,
            body,
            nonce: [0xab; 16],
        };
        let golden = "e227a8ddc7d031efa987d9bfa0d1c78baa86c5299ac2ac1b5fc9e69041d342dd";
        assert_eq!(record.hash(&Hash::default()).to_string(), golden);
        assert_eq!(golden.parse(), Ok(record.hash(&Hash::default())));
    }

    #[test]
    fn what_is_no_hash_is_not_read_as_one() {
        for text in [String::new(), "A".repeat(64), "é".repeat(32), "0".repeat(63)] {
            assert_eq!(text.parse::<Hash>(), Err(BadHash), "{text}");
        }
    }
}
