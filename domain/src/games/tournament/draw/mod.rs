//! Who meets whom: pure functions of the field and of what was played.
//!
//! - [`bracket`]: single elimination, the best apart for as long as can be.
//! - [`circle`]: round robin, everybody against everybody else once.
//! - [`swiss`]: those who have done equally well meet, and no two meet twice. `matching` finds a legal round
//!   where there is one.
//!
//! A player is a number: the place in the seeding, from 0. What was drawn is an event, so that a later version
//! of these functions changes no tournament that has begun.

pub mod bracket;
pub mod circle;
mod matching;
pub mod swiss;

use serde::{Deserialize, Serialize};

/// One side of a pairing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// It will be known when an earlier pairing is over.
    Unknown,
    /// Nobody, and nobody will come: whoever is on the other side has a bye.
    Nobody,
    /// The player of this number.
    Player(u16),
}

impl Side {
    /// The player, if it is one.
    #[must_use]
    pub fn player(self) -> Option<u16> {
        match self {
            Self::Player(no) => Some(no),
            Self::Unknown | Self::Nobody => None,
        }
    }
}

/// Both sides of a pairing. In its first match the first side has the first seat.
pub type Sides = [Side; 2];
