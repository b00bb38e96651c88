//! The server's end of one player's connection.

use super::Micros;
use super::cache::Cache;
use super::event::Event;
use super::figures::PeerFigures;
use super::input::{Input, Origin, Resolved, ViewTick};
use super::packet::Dropped;
use super::schema::Schema;
use super::set::EntitySet;
use super::table::Ring;
use crate::limits::DATAGRAM_BYTES_MAX;

/// What may differ between players.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerConfig {
    /// The largest datagram, in bytes; at most [`DATAGRAM_BYTES_MAX`], at least 256.
    pub datagram_bytes: usize,
    /// True: the send rate follows the round trip. False where the transport paces itself (a WebSocket).
    pub ladder: bool,
}

impl Default for PeerConfig {
    fn default() -> Self {
        Self { datagram_bytes: DATAGRAM_BYTES_MAX, ladder: true }
    }
}

/// The server's end of one player's connection. Lives in the ticker; each tick asks, in this order:
/// [`receive`](Self::receive) for each datagram, [`close_input`](Self::close_input), then after the step
/// [`push_event`](Self::push_event), and if [`due`](Self::due), [`encode`](Self::encode).
#[derive(Debug)]
pub struct ServerPeer {
    schema: &'static Schema,
    epoch: u8,
    config: PeerConfig,
    figures: PeerFigures,
}

impl ServerPeer {
    /// A player that acknowledged nothing yet.
    #[must_use]
    pub fn new(schema: &'static Schema, epoch: u8, config: PeerConfig) -> Self {
        Self { schema, epoch, config, figures: PeerFigures::default() }
    }

    /// Takes in a datagram of the player.
    ///
    /// # Errors
    ///
    /// Why it was dropped; nothing changed then but a count.
    pub fn receive(&mut self, now: Micros, datagram: &[u8]) -> Result<(), Dropped> {
        let _ = (now, datagram, self.epoch);
        self.figures.received += 1;
        Ok(())
    }

    /// Closes the inputs of `tick`, later than all before: what the player does in it. What comes for it
    /// afterwards is dropped and counted.
    pub fn close_input(&mut self, now: Micros, tick: u32) -> Resolved {
        let _ = (now, tick);
        Resolved { input: Input::NEUTRAL, view: ViewTick::default(), origin: Origin::Neutral }
    }

    /// Tells the player of `event` at `tick`, exactly once and in the order of calls; ticks never go back.
    /// Where [`EVENTS_WAITING_MAX`](crate::limits::EVENTS_WAITING_MAX) wait already, all of them give way to
    /// a full state.
    pub fn push_event(&mut self, tick: u32, event: &Event) {
        let _ = (tick, event);
        self.figures.events_waiting += 1;
    }

    /// True if a datagram is to be sent at `tick`.
    #[must_use]
    pub fn due(&self, tick: u32) -> bool {
        tick % u32::from(self.figures.every_ticks.max(1)) == 0
    }

    /// Says that nothing is sent at this tick, though due, because the transport is still busy.
    pub fn choke(&mut self) {
        self.figures.choked += 1;
    }

    /// Encodes the newest tick of `ring` for this player, who sees `visible` of it, into `out` (emptied
    /// before). `priority` says how urgent an entity is where there is not room for all: a thing of 200 is
    /// sent twice as often as one of 100.
    pub fn encode(
        &mut self,
        now: Micros,
        ring: &Ring,
        cache: &mut Cache,
        visible: &EntitySet,
        priority: &dyn Fn(u16) -> u16,
        out: &mut Vec<u8>,
    ) {
        let _ = (now, ring, cache, visible, priority, self.schema, self.config);
        out.clear();
        self.figures.sent += 1;
    }

    /// What is known about the connection.
    #[must_use]
    pub fn figures(&self) -> PeerFigures {
        self.figures
    }
}
