//! The exactly-once memory of one room: which commands had which outcome.
//!
//! Bounded by age and number. What falls out leaves eight bytes behind for a while, so that a very
//! late repeat is told `idempotency_expired` instead of taking effect twice.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use playhouse_domain::room::{Caller, Ticket};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::CommandKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::record::{Outcome, Remembered};

/// How many forgotten scopes leave a mark. 20,000: twice the outcomes, 160 KiB at most.
const MARKS_MAX: usize = 20_000;

/// What the memory knows of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Recalled<'a> {
    /// Never seen, as far as the memory reaches.
    Unknown,
    /// Seen, with this outcome.
    Outcome(&'a Outcome),
    /// Seen with another command.
    Other,
    /// Seen, but the outcome is gone.
    Forgotten,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    fingerprint: [u8; 32],
    outcome: Outcome,
}

/// The exactly-once memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    entries: BTreeMap<[u8; 32], Entry>,
    /// The scopes in `entries` by time of writing, oldest first.
    order: VecDeque<(Timestamp, [u8; 32])>,
    /// The scopes whose outcome is open.
    open: BTreeMap<Ticket, [u8; 32]>,
    /// The first bytes of forgotten scopes, oldest first, and the same as a set.
    marks: VecDeque<u64>,
    marked: BTreeSet<u64>,
}

impl Memory {
    pub(crate) fn recall(&self, scope: &[u8; 32], fingerprint: &[u8; 32]) -> Recalled<'_> {
        match self.entries.get(scope) {
            Some(entry) if entry.fingerprint == *fingerprint => Recalled::Outcome(&entry.outcome),
            Some(_) => Recalled::Other,
            None if self.marked.contains(&mark(scope)) => Recalled::Forgotten,
            None => Recalled::Unknown,
        }
    }

    pub(crate) fn remember(&mut self, at: Timestamp, remembered: &Remembered) {
        let Remembered { scope, fingerprint, outcome } = remembered.clone();
        if let Outcome::Open(ticket) = &outcome {
            self.open.insert(*ticket, scope);
        }
        if self.entries.insert(scope, Entry { fingerprint, outcome }).is_none() {
            self.order.push_back((at, scope));
        }
    }

    /// Replaces the open outcome under `ticket`, if it is remembered.
    pub(crate) fn settle(&mut self, ticket: Ticket, outcome: Outcome) {
        if let Some(scope) = self.open.remove(&ticket)
            && let Some(entry) = self.entries.get_mut(&scope)
        {
            entry.outcome = outcome;
        }
    }

    /// Drops what is older than `age` or beyond `count`. Called with each record's own time, live
    /// and in replay alike, so that a rebuilt memory equals the one that was lost.
    pub(crate) fn forget(&mut self, now: Timestamp, age: Duration, count: usize) {
        while let Some((at, scope)) = self.order.front().copied() {
            if self.order.len() <= count && now.since(at) <= age {
                break;
            }
            self.order.pop_front();
            if let Some(Entry { outcome: Outcome::Open(ticket), .. }) = self.entries.remove(&scope)
            {
                self.open.remove(&ticket);
            }
            self.leave_mark(mark(&scope));
        }
    }

    fn leave_mark(&mut self, mark: u64) {
        if self.marked.insert(mark) {
            self.marks.push_back(mark);
        }
        if self.marks.len() > MARKS_MAX
            && let Some(oldest) = self.marks.pop_front()
        {
            self.marked.remove(&oldest);
        }
    }
}

fn mark(scope: &[u8; 32]) -> u64 {
    u64::from_le_bytes(scope[..8].try_into().expect("32 bytes hold 8"))
}

/// The scope of a command: its caller (whatever the role), its kind (the encoded variant) and key.
pub(crate) fn scope(caller: &Caller, command: &[u8], key: &CommandKey) -> [u8; 32] {
    let variant = command.first().copied().unwrap_or_default();
    digest(&[&caller_bytes(caller), &[variant], key.as_str().as_bytes()])
}

/// The bytes that tell callers apart. A role may change between a command and its repeat.
pub(crate) fn caller_bytes(caller: &Caller) -> Vec<u8> {
    let (sort, name): (u8, &[u8]) = match caller {
        Caller::Account { id, .. } => (0, id.0.as_bytes()),
        Caller::Guest(id) => (1, id.0.as_bytes()),
        Caller::Nobody => (2, &[]),
        Caller::Room(room) => (3, room.as_str().as_bytes()),
        Caller::System => (4, &[]),
    };
    [&[sort], name].concat()
}

/// SHA-256 of the parts, each told apart by its length.
pub(crate) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use playhouse_domain::room::Role;
    use playhouse_protocol::ids::AccountId;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn remembered(n: u8) -> Remembered {
        Remembered { scope: [n; 32], fingerprint: [n; 32], outcome: Outcome::Reply(vec![n]) }
    }

    #[test]
    fn an_outcome_is_recalled_and_another_command_under_its_key_is_told_apart() {
        let mut memory = Memory::default();
        memory.remember(Timestamp::ZERO, &remembered(1));
        assert_eq!(memory.recall(&[1; 32], &[1; 32]), Recalled::Outcome(&Outcome::Reply(vec![1])));
        assert_eq!(memory.recall(&[1; 32], &[2; 32]), Recalled::Other);
        assert_eq!(memory.recall(&[2; 32], &[2; 32]), Recalled::Unknown);
    }

    #[test]
    fn what_is_too_old_or_too_many_is_forgotten_and_leaves_a_mark() {
        let mut memory = Memory::default();
        for n in 1..=3 {
            memory.remember(Timestamp::from_ms(u64::from(n)), &remembered(n));
        }
        memory.forget(Timestamp::from_ms(10), DAY, 2);
        assert_eq!(memory.recall(&[1; 32], &[1; 32]), Recalled::Forgotten);
        memory.forget(Timestamp::from_ms(3) + DAY, DAY, 2);
        assert_eq!(memory.recall(&[2; 32], &[2; 32]), Recalled::Forgotten);
        assert!(matches!(memory.recall(&[3; 32], &[3; 32]), Recalled::Outcome(_)));
    }

    #[test]
    fn an_open_outcome_is_replaced_when_it_settles() {
        let mut memory = Memory::default();
        let ticket = Ticket(uuid::Uuid::from_u128(7));
        let open = Remembered { outcome: Outcome::Open(ticket), ..remembered(1) };
        memory.remember(Timestamp::ZERO, &open);
        memory.settle(ticket, Outcome::Reply(vec![9]));
        assert_eq!(memory.recall(&[1; 32], &[1; 32]), Recalled::Outcome(&Outcome::Reply(vec![9])));
    }

    #[test]
    fn a_changed_role_is_the_same_caller() {
        let id = AccountId(uuid::Uuid::from_u128(1));
        let of = |role| caller_bytes(&Caller::Account { id, role });
        assert_eq!(of(Role::User), of(Role::Admin));
        assert_ne!(of(Role::User), caller_bytes(&Caller::System));
    }
}
