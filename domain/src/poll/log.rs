//! The records of one round, and what an export says of each.

use serde::{Deserialize, Serialize};

use super::chain::{Canonical, Hash, RecordKind, hex, nonce};
use super::choice::Marks;
use super::words::Cloud;

/// The records of one round: where its chain begins, and what follows on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Log {
    /// The number and hash of the record before the first one here.
    start: (u32, Hash),
    entries: Vec<Entry>,
    /// What the nonces of this round follow from.
    salt: [u8; 32],
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) what: What,
    pub(super) hash: Hash,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum What {
    Act(RecordKind, Box<Act>),
    Vote(Vote),
}

/// An act of the presenter, or of time: voting began or ended, or all ballots were dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// JSON on one line.
    pub body: String,
    /// What the hash is made with.
    pub nonce: [u8; 16],
    /// The record's hash.
    pub hash: Hash,
}

/// A ballot, or a change of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Vote {
    /// The number of the ballot's first record.
    pub(super) ballot: u32,
    /// The number of the record that this one takes the place of.
    pub(super) before: Option<u32>,
    pub(super) elapsed_ms: u32,
    pub(super) marks: Marks,
    pub(super) name: Option<Box<str>>,
    /// Half of the hash of the key that the command came with.
    pub(super) key: Option<u64>,
}

/// A record as an export has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its number, without a hole.
    pub number: u32,
    /// What it is.
    pub kind: RecordKind,
    /// Which ballot; 0 if it is none.
    pub ballot: u32,
    /// Milliseconds since the opening; 0 in a secret poll, and if it is no ballot.
    pub elapsed_ms: u32,
    /// JSON on one line.
    pub body: String,
    /// 16 bytes in hexadecimal.
    pub nonce: String,
    /// Its hash.
    pub hash: Hash,
}

impl Log {
    /// The number of the newest record; 0 if there never was one.
    pub(super) fn newest(&self) -> u32 {
        self.start.0 + self.entries.len() as u32
    }

    /// The hash of the newest record.
    pub(super) fn head(&self) -> Hash {
        self.entries.last().map_or(self.start.1, |entry| entry.hash)
    }

    /// What the first record here follows on.
    pub(super) fn start(&self) -> (u32, Hash) {
        self.start
    }

    /// The same log without its records, to which others can be added.
    pub(super) fn tip(&self) -> Self {
        Self { start: (self.newest(), self.head()), entries: Vec::new(), salt: self.salt }
    }

    pub(super) fn entry(&self, number: u32) -> Option<&Entry> {
        let place = number.checked_sub(self.start.0)?.checked_sub(1)?;
        self.entries.get(place as usize)
    }

    /// The ballot's record `number`.
    pub(super) fn vote(&self, number: u32) -> Option<&Vote> {
        match &self.entry(number)?.what {
            What::Vote(vote) => Some(vote),
            What::Act(..) => None,
        }
    }

    /// The record of an act that would follow now.
    pub(super) fn act(&self, kind: RecordKind, body: String, salt: &[u8; 32]) -> Act {
        let number = self.newest() + 1;
        let nonce = nonce(salt, number);
        let canonical = Canonical { number, kind, ballot: 0, elapsed_ms: 0, body: &body, nonce };
        let hash = canonical.hash(&self.head());
        Act { body, nonce, hash }
    }

    /// The hash of the ballot's record that would follow now.
    pub(super) fn vote_hash(&self, changes: Option<u32>, elapsed_ms: u32, body: &str) -> Hash {
        let number = self.newest() + 1;
        let kind = if changes.is_some() { RecordKind::Change } else { RecordKind::Vote };
        let (ballot, nonce) = (changes.unwrap_or(number), nonce(&self.salt, number));
        Canonical { number, kind, ballot, elapsed_ms, body, nonce }.hash(&self.head())
    }

    pub(super) fn salt(&self) -> &[u8; 32] {
        &self.salt
    }

    pub(super) fn set_salt(&mut self, salt: [u8; 32]) {
        self.salt = salt;
    }

    pub(super) fn push(&mut self, what: What, hash: Hash) {
        self.entries.push(Entry { what, hash });
    }

    /// Goes on behind the newest record, and forgets what is there.
    pub(super) fn begin_anew(&mut self) {
        self.start = (self.newest(), self.head());
        self.entries.clear();
        self.entries.shrink_to_fit();
    }

    /// The record `number` as an export has it.
    pub(super) fn row(&self, number: u32, cloud: &Cloud) -> Option<Row> {
        let Entry { what, hash } = self.entry(number)?;
        Some(match what {
            What::Act(kind, act) => Row {
                number,
                kind: *kind,
                ballot: 0,
                elapsed_ms: 0,
                body: act.body.clone(),
                nonce: hex(&act.nonce),
                hash: *hash,
            },
            What::Vote(vote) => Row {
                number,
                kind: if vote.ballot == number { RecordKind::Vote } else { RecordKind::Change },
                ballot: vote.ballot,
                elapsed_ms: vote.elapsed_ms,
                body: vote.marks.choice(cloud).body(vote.name.as_deref()),
                nonce: hex(&nonce(&self.salt, number)),
                hash: *hash,
            },
        })
    }
}
