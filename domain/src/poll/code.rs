//! Join codes: short, unique, drawn by lot. A poll, a series, a party claims its own by the saga of unique
//! names, and draws another if somebody has it.

use playhouse_protocol::ids::{AccountId, RoomId};
use serde::{Deserialize, Serialize};

use crate::duty::{DutyId, DutyResult};
use crate::room::{Audience, Caller, Rules, Seed, Ticket};
use crate::unique::{Answered, Claims, Standing, UniqueName};

/// The characters of a code: digits and letters that nobody takes for another one.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// The length of a code. 6, so there are a billion of them: with 10,000 polls in a house one guess in
/// 100,000 finds any.
const LEN: usize = 6;

/// How many codes are tried before a poll goes without. 16: with a million polls one in a thousand
/// codes is taken, so that never happens.
const TRIES_MAX: u8 = 16;

/// A poll's join code, and how far it is its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JoinCode {
    pub(crate) text: String,
    pub(crate) claims: Claims,
    pub(crate) tried: u8,
    /// Under which the poll's creation is settled.
    pub(crate) ticket: Ticket,
}

/// What the end of a duty leads to for a join code.
pub(crate) struct Ended {
    /// The step of the saga.
    pub(crate) answered: Answered,
    /// The code was somebody's: another is tried.
    pub(crate) drawn: Option<String>,
    /// The code is won, or the poll goes without and is joined by its link.
    pub(crate) settled: bool,
}

impl JoinCode {
    /// Begins to claim `text`. `next` gives duty ids.
    pub(crate) fn begin(text: &str, ticket: Ticket, next: impl FnMut() -> DutyId) -> Self {
        let claims = Claims::begin(room(text).into_iter().collect(), next);
        Self { text: text.to_owned(), claims, tried: 1, ticket }
    }

    pub(crate) fn is_won(&self) -> bool {
        self.claims.standing() == Standing::Won
    }

    /// The code, once it is won.
    pub(crate) fn won(&self) -> Option<String> {
        self.is_won().then(|| self.text.clone())
    }

    /// What the end of `duty` leads to, if the code owes it.
    pub(crate) fn ended(&self, seed: &Seed, duty: DutyId, result: &DutyResult) -> Option<Ended> {
        let answered = self.claims.on(duty, result)?;
        // The outcome is the standing after this step; no duty is started on the copy.
        let mut claims = self.claims.clone();
        claims.apply(&answered, || DutyId(u64::MAX));
        let lost = matches!(claims.standing(), Standing::Lost(_));
        let drawn = (lost && self.tried < TRIES_MAX).then(|| draw(seed));
        let settled = drawn.is_none() && claims.standing() != Standing::Pending;
        Some(Ended { answered, drawn, settled })
    }

    /// Takes in that another code is tried. `next` gives duty ids.
    pub(crate) fn redrawn(&mut self, text: &str, next: impl FnMut() -> DutyId) {
        *self = Self { tried: self.tried + 1, ..Self::begin(text, self.ticket, next) };
    }
}

/// As whom `caller` sees what `owner` made and runs.
pub(crate) fn audience_of(owner: AccountId, caller: &Caller) -> Audience {
    let runs = caller.account() == Some(owner) || caller.administers();
    if runs { Audience::Presenter } else { Audience::Public }
}

/// A code by the lot of `seed`.
pub(crate) fn draw(seed: &Seed) -> String {
    let Seed(lot) = Seed::derive(&[&seed.0, b"join code"]);
    lot[..LEN].iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// The room that keeps the join code `typed` unique, if it can be one: in any case, with or without
/// spaces and hyphens.
///
/// Its view names the room of the poll, the series or the party.
#[must_use]
pub fn room(typed: &str) -> Option<RoomId> {
    if typed.len() > 4 * LEN {
        return None;
    }
    let code: String =
        typed.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_uppercase()).collect();
    let fits = code.len() == LEN && code.bytes().all(|b| ALPHABET.contains(&b));
    let room = || RoomId::new(UniqueName::KIND, format!("code:{code}"));
    fits.then(room)?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = draw(&Seed([7; 32]));
        let expected = room(&code).unwrap();
        assert_eq!(expected.as_str(), format!("unique:code:{code}"));
        let (front, back) = code.split_at(3);
        for typed in [code.to_lowercase(), format!("{front} {back}"), format!(" {front}-{back} ")] {
            assert_eq!(room(&typed), Some(expected.clone()), "{typed}");
        }
        for typed in ["", "ABC", "ABCDE0", "ABCDEFG", "ÄBCDEF", "ABC:DEF", &"-".repeat(60)] {
            assert_eq!(room(typed), None, "{typed}");
        }
    }
}
