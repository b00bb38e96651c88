//! Bots: players of the server's own, and of anybody's.
//!
//! A bot is given what a client in its seat would have: the entities that the seat may see, and what
//! everybody knows of the game. [`Sight`] is all of it, so a bot cannot look through walls by mistake,
//! and the same bot plays in a server and at the end of a connection.

use playhouse_protocol::game::table::Entity;
use playhouse_protocol::game::{EntitySet, Input, Table};

use super::Seat;

/// Plays in one seat.
pub trait Bot: Send {
    /// What to do, having seen `sight`: the newest state that reached the bot.
    fn act(&mut self, sight: &Sight<'_>) -> Input;
}

/// A bot that is no more than what it does.
impl<F: FnMut(&Sight<'_>) -> Input + Send> Bot for F {
    fn act(&mut self, sight: &Sight<'_>) -> Input {
        self(sight)
    }
}

/// What a player sees at one tick.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    seat: Seat,
    tick: u32,
    table: &'a Table,
    seen: &'a EntitySet,
}

impl<'a> Sight<'a> {
    /// What of `table`, the state after `tick`, the player in `seat` sees.
    #[must_use]
    pub fn new(seat: Seat, tick: u32, table: &'a Table, seen: &'a EntitySet) -> Self {
        Self { seat, tick, table, seen }
    }

    /// Who sees.
    #[must_use]
    pub fn seat(&self) -> Seat {
        self.seat
    }

    /// After which tick.
    #[must_use]
    pub fn tick(&self) -> u32 {
        self.tick
    }

    /// The entity in `slot`, if it is seen.
    #[must_use]
    pub fn get(&self, slot: u16) -> Option<Entity<'a>> {
        if self.seen.contains(slot) { self.table.get(slot) } else { None }
    }

    /// Every entity that is seen, with its slot, by rising slot.
    pub fn entities(&self) -> impl Iterator<Item = (u16, Entity<'a>)> {
        let table = self.table;
        self.seen.iter().filter_map(move |slot| Some((slot, table.get(slot)?)))
    }
}
