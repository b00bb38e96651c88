//! Matches on virtual time: a game, its players and the paths between them, all from one seed. Only for tests and
//! benches (feature `scenario`).
//!
//! A game stands on a [`Stage`]; [`play`] runs the server's ends and the players' over [links](super::link), and
//! the [`Report`] says what everyone noticed. [`Shooter`] is the reference: everyone moves, turns and fires, all in
//! view of each other.

mod play;
mod report;
mod shooter;

pub use self::play::{Play, play};
pub use self::report::Report;
pub use self::shooter::Shooter;

use super::{EntitySet, Event, Input, Resolved, Schema, Table};

/// A game on stage.
pub trait Stage {
    /// What it consists of.
    fn schema(&self) -> &'static Schema;

    /// One tick, with every seat's input. What happened goes into `happened`, with the seat that is to be told.
    fn step(&mut self, inputs: &[Resolved], happened: &mut Vec<(u16, Event)>);

    /// Its state.
    fn write(&self, table: &mut Table);

    /// What the player of `seat` sees.
    fn visible(&self, seat: u16, seen: &mut EntitySet);

    /// How urgent `slot` is to the player of `seat`.
    fn priority(&self, _seat: u16, _slot: u16) -> u16 {
        1
    }

    /// What the player of `seat` does at `tick`, seeing `world`.
    fn act(&self, seat: u16, tick: u32, world: &Table) -> Input;
}
