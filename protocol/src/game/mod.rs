//! A match over datagrams: what each end keeps and says, without socket, clock or chance.
//!
//! The server owns the world. Each tick it closes the players' inputs, steps the world, writes its
//! quantised state into a [`Table`] of the [`Ring`] and encodes one datagram for each player: every
//! entity that the player sees, as the difference to the newest state that this player acknowledged.
//! The player's end sends one datagram a tick: its newest inputs, and what it received. Nothing is sent
//! again because it was lost; the next datagram simply holds what is still missing.
//!
//! A game says with a [`Schema`] what its entities, inputs and events consist of, to the bit. Both ends
//! are state machines: time comes in as [`Micros`], datagrams come in and go out as bytes.
//!
//! - [`schema`], [`table`], [`set`]: what there is, and its state at one tick.
//! - [`input`], [`event`]: what a player does, and what happened.
//! - [`server`] and [`client`]: the two halves.
//! - [`predict`]: a player's own part of the world, ahead of the server's word.
//! - [`film`]: every state of a match, to be watched later.
//! - [`control`]: the messages on the reliable stream.
//! - [`link`]: a network path in numbers; `scenario` plays whole matches over it.
//!
//! `docs/wire.md` explains every byte.

pub mod bits;
pub mod cache;
pub mod client;
mod clock;
pub mod control;
mod delta;
mod down;
pub mod event;
pub mod figures;
pub mod film;
pub mod frames;
pub mod input;
mod inputs;
mod knowledge;
mod ladder;
pub mod link;
pub mod packet;
mod path;
mod pick;
pub mod predict;
pub mod random;
mod reasons;
#[cfg(feature = "scenario")]
pub mod scenario;
pub mod schema;
pub mod server;
pub mod set;
mod snapshot;
mod states;
pub mod table;
mod up;

pub use self::cache::{Cache, Frame};
pub use self::client::{ClientPeer, Received};
pub use self::event::{Event, TimedEvent};
pub use self::figures::{ClientFigures, PeerFigures};
pub use self::input::{Input, Origin, Resolved, ViewTick};
pub use self::packet::{Dropped, Malformed};
pub use self::predict::{Predicted, Prediction, Reconciled};
pub use self::schema::{EntityKind, EventKind, Field, Group, Schema};
pub use self::server::{PeerConfig, ServerPeer};
pub use self::set::EntitySet;
pub use self::states::Between;
pub use self::table::{Ring, Table};

/// A moment, in microseconds since any start that the caller keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// So many milliseconds.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * 1_000)
    }

    /// How many microseconds passed since `earlier`; 0 if it is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment `micros` later.
    #[must_use]
    pub const fn plus(self, micros: u64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}
