//! The player's end of the connection.

use super::Micros;
use super::event::TimedEvent;
use super::figures::ClientFigures;
use super::input::{Input, ViewTick};
use super::packet::Dropped;
use super::schema::Schema;
use super::table::Table;

/// What a datagram brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The tick whose state it held.
    pub tick: u32,
    /// True if it is the newest so far.
    pub newest: bool,
}

/// The two states around a moment that is shown, to be mixed with [`Field::between`](super::Field::between).
#[derive(Debug, Clone, Copy)]
pub struct Between<'a> {
    /// The state before it.
    pub older: &'a Table,
    /// The state after it; the same as `older` where none came yet.
    pub newer: &'a Table,
    /// How far from the older to the newer, in 256ths.
    pub part: u8,
}

/// The player's end of the connection. Whenever [`input_due`](Self::input_due) names a tick:
/// [`push_input`](Self::push_input), then [`encode`](Self::encode) and send.
#[derive(Debug)]
pub struct ClientPeer {
    world: Table,
    epoch: u8,
    figures: ClientFigures,
}

impl ClientPeer {
    /// The end of a client that was welcomed `now` with `epoch` and `server_tick`.
    #[must_use]
    pub fn new(schema: &'static Schema, epoch: u8, server_tick: u32, now: Micros) -> Self {
        let _ = (server_tick, now);
        Self { world: Table::new(schema), epoch, figures: ClientFigures::default() }
    }

    /// Starts anew in another epoch, from `tick`: states, events and inputs of the old one are void.
    pub fn restart(&mut self, epoch: u8, tick: u32, now: Micros) {
        let _ = (tick, now);
        self.epoch = epoch;
    }

    /// Takes in a datagram of the server.
    ///
    /// # Errors
    ///
    /// Why it was dropped; nothing changed then but a count.
    pub fn receive(&mut self, now: Micros, datagram: &[u8]) -> Result<Received, Dropped> {
        let _ = (now, datagram);
        Ok(Received { tick: 0, newest: true })
    }

    /// The newest state. Where a datagram had no room for an entity, it is here as it was last known.
    #[must_use]
    pub fn world(&self) -> &Table {
        &self.world
    }

    /// The moment that is to be shown `now`: so far behind the newest state that there are two to mix.
    #[must_use]
    pub fn view(&self, now: Micros) -> ViewTick {
        let _ = now;
        ViewTick::default()
    }

    /// The states around a moment, if any came.
    #[must_use]
    pub fn between(&self, view: ViewTick) -> Option<Between<'_>> {
        let _ = view;
        None
    }

    /// The next event, in the order of ticks, of `until` or before.
    pub fn next_event(&mut self, until: u32) -> Option<TimedEvent> {
        let _ = until;
        None
    }

    /// The tick whose input is to be given now, if one is.
    #[must_use]
    pub fn input_due(&self, now: Micros) -> Option<u32> {
        let _ = now;
        None
    }

    /// Gives the input of `tick`, chosen while `view` was shown.
    pub fn push_input(&mut self, tick: u32, input: Input, view: ViewTick) {
        let _ = (tick, input, view);
    }

    /// Encodes the newest inputs and what was received into `out` (emptied before).
    pub fn encode(&mut self, now: Micros, out: &mut Vec<u8>) {
        let _ = now;
        out.clear();
    }

    /// What is known about the connection.
    #[must_use]
    pub fn figures(&self) -> ClientFigures {
        self.figures
    }
}
