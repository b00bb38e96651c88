//! A player in this process: the client's half of the protocol behind a link.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;
use playhouse_actors::ticker::{Link, Port, Standing};
use playhouse_domain::games::Seat;
use playhouse_protocol::game::control::{Closed, ServerControl};
use playhouse_protocol::game::{ClientPeer, Input, Micros, Schema, Table};

/// How many datagrams wait for the player at most; past it the oldest is lost.
const WAITING_MAX: usize = 64;

/// What the match sends, until the player reads it.
pub(crate) struct Wire {
    datagrams: Mutex<VecDeque<Bytes>>,
    control: Mutex<Vec<ServerControl>>,
    pub(crate) closed: Mutex<Vec<Closed>>,
    /// Called on the match's thread with each datagram.
    sent: fn(),
}

impl Wire {
    pub(crate) fn new(sent: fn()) -> Self {
        let datagrams = Mutex::new(VecDeque::with_capacity(WAITING_MAX));
        Self { datagrams, control: Mutex::default(), closed: Mutex::default(), sent }
    }
}

impl Link for Wire {
    fn send(&self, datagram: Bytes) {
        let mut datagrams = self.datagrams.lock();
        if datagrams.len() == WAITING_MAX {
            datagrams.pop_front();
        }
        datagrams.push_back(datagram);
        (self.sent)();
    }

    fn control(&self, message: &ServerControl) {
        self.control.lock().push(message.clone());
    }

    fn close(&self, why: Closed) {
        self.closed.lock().push(why);
    }
}

/// A player who is connected.
pub(crate) struct Player {
    pub(crate) seat: Seat,
    pub(crate) wire: Arc<Wire>,
    port: Port,
    pub(crate) peer: ClientPeer,
    began: Instant,
    /// Every epoch that it was told of.
    pub(crate) epochs: Vec<u8>,
    out: Vec<u8>,
}

impl Player {
    pub(crate) fn new(
        seat: Seat,
        schema: &'static Schema,
        (port, standing): (Port, Option<Standing>),
        wire: Arc<Wire>,
    ) -> Self {
        let Standing { epoch, tick } = standing.unwrap_or(Standing { epoch: 0, tick: 0 });
        let peer = ClientPeer::new(schema, epoch as u8, tick, Micros(0));
        Self { seat, wire, port, peer, began: Instant::now(), epochs: vec![], out: vec![] }
    }

    /// Takes in what came, and sends what is due: what `act` says to the newest state.
    pub(crate) fn play(&mut self, mut act: impl FnMut(&Table) -> Input) {
        let now = Micros(self.began.elapsed().as_micros() as u64);
        for message in std::mem::take(&mut *self.wire.control.lock()) {
            if let ServerControl::Epoch { epoch, tick } = message {
                self.epochs.push(epoch);
                self.peer.restart(epoch, tick, now);
            }
        }
        while let Some(datagram) = { self.wire.datagrams.lock().pop_front() } {
            let _ = self.peer.receive(now, &datagram);
        }
        while let Some(tick) = self.peer.input_due(now) {
            let input = act(self.peer.world());
            self.peer.push_input(tick, input, self.peer.view(now));
            self.peer.encode(now, &mut self.out);
            self.port.deliver(Bytes::copy_from_slice(&self.out));
        }
    }
}
