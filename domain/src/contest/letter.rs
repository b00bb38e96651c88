//! The letter that names a problem.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The letter of a problem: `A` to `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "char", into = "char")]
pub struct Letter(u8);

impl Letter {
    /// The first letter.
    pub const FIRST: Self = Self(b'A');

    /// The last letter.
    pub const LAST: Self = Self(b'Z');
}

/// A text is not a problem's letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a problem is named by one letter from A to Z")]
pub struct BadLetter;

impl TryFrom<char> for Letter {
    type Error = BadLetter;

    fn try_from(c: char) -> Result<Self, BadLetter> {
        let upper = c.to_ascii_uppercase();
        if upper.is_ascii_uppercase() { Ok(Self(upper as u8)) } else { Err(BadLetter) }
    }
}

impl From<Letter> for char {
    fn from(letter: Letter) -> Self {
        char::from(letter.0)
    }
}

impl FromStr for Letter {
    type Err = BadLetter;

    fn from_str(text: &str) -> Result<Self, BadLetter> {
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Self::try_from(c),
            _ => Err(BadLetter),
        }
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        char::from(*self).fmt(f)
    }
}
