//! Games, and the matches in which they are played.
//!
//! - [`game`]: what a game is: the trait [`Game`], one tick at a time, integers only.
//! - [`world`]: a game with its type erased, and the registry ([`find`]).
//! - [`arena`], [`snakes`], [`fourinarow`]: the games.
//! - [`by_seat`], [`settings`]: what every game needs, so that none writes it again.
//! - [`Suspected`]: what somebody did that no honest client does, with its ticks.
//! - [`bot`]: players of the server's own, who see what anybody in their seat would see.
//! - [`log`]: the packed input log of a match. [`recording`]: playing a match and logging it at once.
//!   [`replay`]: playing it again, bit for bit.
//! - [`match_room`]: the room of one match, from its making to its results.
//! - [`skill`]: how good a player is thought to be. [`league`]: the room that remembers it, and the leaderboard.
//!   [`friends`]: with whom one compares oneself.
//! - [`tournament`]: the room of one tournament, whose pairings are matches.
//!
//! `docs/games.md` has the promises, units and bounds.

pub mod arena;
pub mod bot;
pub mod by_seat;
#[cfg(feature = "drill")]
pub mod drill;
pub mod fourinarow;
pub mod friends;
pub mod game;
mod hash;
pub mod league;
pub mod log;
pub mod match_room;
pub mod recording;
pub mod replay;
pub mod settings;
mod shape;
pub mod skill;
pub mod snakes;
mod suspected;
pub mod tournament;
pub mod world;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::bot::{Bot, Sight};
pub use self::by_seat::BySeat;
pub use self::game::{
    Game, Happening, Happenings, Hears, NoSettings, Outcome, SeatInput, Standing, Suspicion,
};
pub use self::shape::Shape;
pub use self::suspected::{Mark, Suspected};
pub use self::world::{GameKind, Unreadable, World, find, kinds};

/// A place in a match, from 0. A player has one for as long as they take part.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seat(pub u16);

impl Seat {
    /// As an index.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The most seats that a match of any game may have. 128: what the input log and the wire count with,
/// and more than one datagram can tell of.
pub const SEATS_MAX: u16 = 128;
