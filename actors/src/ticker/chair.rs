//! The seats of a running match: who plays in them, and through which connection.

use std::collections::VecDeque;
use std::sync::Arc;

use playhouse_domain::games::match_room::Roster;
use playhouse_domain::games::{Bot, Seat, SeatInput, Sight, Suspected, Suspicion, World};
use playhouse_protocol::game::{EntitySet, Input, Micros, Schema, ServerPeer, Table, ViewTick};
use tracing::warn;

use super::figures::PlayerFigures;
use super::inbox::{Came, Inbox};
use super::link::Link;
use super::port::{Door, Hall};

/// Who plays in a seat.
enum Who {
    /// As far as the room has told.
    Nobody,
    Person,
    Bot(Box<dyn Bot>),
}

/// A player's connection.
pub(crate) struct Connected {
    entry: u32,
    pub(crate) link: Arc<dyn Link>,
    inbox: Arc<Inbox>,
    pub(crate) peer: ServerPeer,
    unread: u64,
}

/// One seat.
pub(crate) struct Chair {
    pub(crate) seat: Seat,
    who: Who,
    pub(crate) connected: Option<Connected>,
    suspected: Suspected,
}

/// All seats of a match, by number.
pub(crate) struct Chairs {
    pub(crate) all: Box<[Chair]>,
    /// The version of the connections that is here.
    version: Option<u64>,
    /// Empty but while a connection's datagrams are read.
    came: VecDeque<Came>,
}

impl Chairs {
    pub(crate) fn new(seats: u16) -> Self {
        let chair = |seat| Chair {
            seat: Seat(seat),
            who: Who::Nobody,
            connected: None,
            suspected: Suspected::default(),
        };
        let all = (0..seats).map(chair).collect();
        Self { all, version: None, came: Inbox::queue() }
    }

    /// Takes over who plays. `bot` makes the bot of a seat.
    pub(crate) fn seat(&mut self, roster: &Roster, bot: impl Fn(Seat) -> Option<Box<dyn Bot>>) {
        for chair in &mut self.all {
            let seat = chair.seat;
            let is_bot = matches!(chair.who, Who::Bot(_));
            if roster.people.iter().any(|(taken, _)| *taken == seat) {
                chair.who = Who::Person;
            } else if !roster.bots.contains(&seat) {
                chair.who = Who::Nobody;
            } else if !is_bot {
                chair.who = bot(seat).map_or(Who::Nobody, Who::Bot);
            }
        }
    }

    /// Takes over the connections of `hall` if any came or went.
    pub(crate) fn meet(&mut self, hall: &Hall, schema: &'static Schema, epoch: u32) {
        let version = hall.version();
        if self.version == Some(version) {
            return;
        }
        self.version = Some(version);
        for chair in &mut self.all {
            let door = hall.door(chair.seat);
            let here = chair.connected.as_ref().map(|connected| connected.entry);
            if here != door.as_ref().map(|door| door.entry) {
                chair.connected = door.map(|door| Connected::new(door, schema, epoch));
            }
        }
    }

    /// Reads what came from everybody. What cannot be read is counted by the player's end.
    pub(crate) fn hear(&mut self) {
        for connected in self.all.iter_mut().filter_map(|chair| chair.connected.as_mut()) {
            connected.unread = connected.inbox.take(&mut self.came);
            for (at, datagram) in self.came.drain(..) {
                let _ = connected.peer.receive(at, &datagram);
            }
        }
    }

    /// Closes the inputs of `tick`: what everybody who is in `world` does, by rising seat. `table` is the
    /// state before it, which bots see.
    pub(crate) fn close_inputs(
        &mut self,
        now: Micros,
        tick: u32,
        world: &dyn World,
        table: &Table,
        inputs: &mut Vec<SeatInput>,
    ) {
        inputs.clear();
        for chair in &mut self.all {
            // Asked in any case: a tick that was not asked for would count as missed.
            let told = chair.connected.as_mut().map(|c| c.peer.close_input(now, tick));
            let seat = chair.seat;
            if !world.has(seat) {
                continue;
            }
            // Whoever is not connected does nothing.
            let (input, view) = match (&mut chair.who, told) {
                (Who::Person, Some(told)) => (told.input, told.view),
                (Who::Bot(bot), _) => {
                    let mut seen = EntitySet::EMPTY;
                    world.visible(seat, &mut seen);
                    let input = bot.act(&Sight::new(seat, table.tick(), table, &seen));
                    (input, ViewTick { tick: table.tick(), frac: 0 })
                }
                (Who::Person | Who::Nobody, _) => (Input::NEUTRAL, ViewTick::default()),
            };
            inputs.push(SeatInput { seat, input, view });
        }
    }

    /// Notes what no honest client did in `tick` against the player in `seat`. Whoever goes on with it is named in
    /// the log at every doubling of the count.
    pub(crate) fn suspect(&mut self, room: &str, seat: Seat, of: Suspicion, tick: u32) {
        let Some(chair) = self.all.get_mut(seat.index()) else { return };
        chair.suspected.add(of, tick);
        let times = chair.suspected.times();
        if times.is_power_of_two() {
            warn!(room, %seat, of = of.name(), tick, times, "a player does what no honest client does");
        }
    }

    /// How everybody stands who plays or is connected.
    pub(crate) fn figures(&self, into: &mut Vec<PlayerFigures>) {
        into.clear();
        for chair in &self.all {
            let connected = chair.connected.as_ref();
            if connected.is_some() || !matches!(chair.who, Who::Nobody) {
                into.push(PlayerFigures {
                    seat: chair.seat,
                    bot: matches!(chair.who, Who::Bot(_)),
                    peer: connected.map(|connected| connected.peer.figures()),
                    unread: connected.map_or(0, |connected| connected.unread),
                    suspected: chair.suspected,
                });
            }
        }
    }
}

impl Connected {
    fn new(door: Door, schema: &'static Schema, epoch: u32) -> Self {
        let Door { entry, link, inbox } = door;
        let peer = ServerPeer::new(schema, epoch as u8, link.config());
        Self { entry, link, inbox, peer, unread: 0 }
    }
}
