//! Who decides what a player does.

use playhouse_protocol::game::{ClientPeer, Input, Received, Table, TimedEvent, ViewTick};

/// Who decides what a player does, and hears all that the player is told.
pub trait Mind: Send {
    /// What to do in `tick`, while `view` is what is shown.
    fn choose(&mut self, tick: u32, peer: &ClientPeer, view: ViewTick) -> Input;

    /// A state came, the newest so far.
    fn see(&mut self, _peer: &ClientPeer, _received: Received) {}

    /// Something happened. Told once each, in the order of ticks, and before [`Self::see`] of the state that it
    /// came with.
    fn hear(&mut self, _event: &TimedEvent) {}

    /// The match goes on from `tick` in `epoch`: what came before in another epoch is void.
    fn restart(&mut self, _epoch: u8, _tick: u32) {}
}

/// What a player does in each tick, by the newest state.
pub type Choose = Box<dyn FnMut(u32, &Table) -> Input + Send>;

impl<F: FnMut(u32, &Table) -> Input + Send> Mind for F {
    fn choose(&mut self, tick: u32, peer: &ClientPeer, _: ViewTick) -> Input {
        self(tick, peer.world())
    }
}
