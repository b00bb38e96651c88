//! How a match ended.

use playhouse_protocol::ids::{AccountId, GuestId};
use serde::{Deserialize, Serialize};

use super::player::Player;
use crate::games::Seat;

/// How a match ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// It was played to its end.
    Concluded {
        /// How many ticks were played.
        ticks: u32,
        /// Everybody who played, the best first. Who left before the end stands last, without a place.
        results: Vec<Placing>,
    },
    /// It ended without results.
    Void(Why),
}

impl Ending {
    /// The same as everybody may know it.
    pub(super) fn public(mut self) -> Self {
        if let Self::Concluded { results, .. } = &mut self {
            for placing in results {
                placing.player = placing.player.filter(|id| matches!(id, PlayerId::Account(_)));
            }
        }
        self
    }
}

/// How one player did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placing {
    /// The seat; none for whoever left it before the end.
    pub seat: Option<Seat>,
    /// Who had it; none if it was a bot. Everybody is told accounts alone: a guest's id is the device's.
    pub player: Option<PlayerId>,
    /// True if it was a bot.
    pub bot: bool,
    /// The name that was shown.
    pub name: String,
    /// 1 for the best. Equal scores share a place. None for whoever left before the end.
    pub place: Option<u16>,
    /// The score, as the game counts.
    pub score: i32,
}

/// A player's id in results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlayerId {
    /// An account's.
    Account(AccountId),
    /// A guest's.
    Guest(GuestId),
}

impl From<Player> for PlayerId {
    fn from(player: Player) -> Self {
        match player {
            Player::Account(id) => Self::Account(id),
            Player::Guest(id) => Self::Guest(id),
        }
    }
}

/// Why a match has no results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nobody started it in time.
    NotStarted,
    /// Everybody left.
    Deserted,
    /// The rules panicked three times at the same tick. The replay is kept.
    Faulty,
    /// Nobody played it to its end: it stood still for a day, as where the server was down.
    Overdue,
    /// It could not be gone on with, as after a change of the game's rules, or its end did not fit.
    Unsound,
    /// It had begun, and nobody came to play it in time: as many matches ran as could.
    NoRoom,
}
