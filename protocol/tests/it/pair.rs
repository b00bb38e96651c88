//! A match of a small game in which datagrams arrive at once, unless a test takes them away.

use playhouse_protocol::game::{
    Cache, ClientPeer, Dropped, EntityKind, EntitySet, EventKind, Field, Group, Input, Micros,
    PeerConfig, Received, Resolved, Ring, Schema, ServerPeer, Table,
};

/// Balls with a place, and boxes with a colour.
pub(crate) static SCHEMA: Schema = Schema {
    name: "balls",
    tick_hz: 30,
    entities_max: 64,
    kinds: &[
        EntityKind {
            name: "ball",
            groups: &[
                Group(&[Field::signed("speed", 8).small(3)]),
                Group(&[Field::signed("place", 16).small(3).carried(0, 0)]),
            ],
        },
        EntityKind { name: "box", groups: &[Group(&[Field::unsigned("colour", 20)])] },
    ],
    input: &[Field::signed("push", 4), Field::unsigned("jump", 1)],
    events: &[EventKind { name: "bang", fields: &[Field::unsigned("what", 16)] }],
};
const _: () = SCHEMA.prove();

pub(crate) const TICK_US: u64 = SCHEMA.tick_us();
pub(crate) const BALL: u8 = 0;
pub(crate) const BOX: u8 = 1;

/// One player and its server.
pub(crate) struct Pair {
    pub(crate) server: ServerPeer,
    pub(crate) client: ClientPeer,
    pub(crate) ring: Ring,
    pub(crate) cache: Cache,
    pub(crate) visible: EntitySet,
    pub(crate) tick: u32,
    /// The newest datagrams.
    pub(crate) up: Vec<u8>,
    pub(crate) down: Vec<u8>,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::with(PeerConfig::default())
    }

    pub(crate) fn with(config: PeerConfig) -> Self {
        Self {
            server: ServerPeer::new(&SCHEMA, 3, config),
            client: ClientPeer::new(&SCHEMA, 3, 0, Micros(0)),
            ring: Ring::new(&SCHEMA),
            cache: Cache::new(),
            visible: EntitySet::below(64),
            tick: 0,
            up: Vec::with_capacity(1_100),
            down: Vec::with_capacity(1_100),
        }
    }

    pub(crate) fn now(&self) -> Micros {
        Micros(u64::from(self.tick) * TICK_US)
    }

    /// The player's datagram, with every input that is due.
    pub(crate) fn client_sends(&mut self) -> &[u8] {
        let now = self.now().plus(TICK_US / 2);
        while let Some(tick) = self.client.input_due(now) {
            let view = self.client.view(now);
            self.client.push_input(tick, Input { bits: u64::from(tick % 16) }, view);
        }
        self.client.encode(now, &mut self.up);
        &self.up
    }

    /// Takes the newest datagram of the player in.
    pub(crate) fn server_receives(&mut self) -> Result<(), Dropped> {
        let now = self.now().plus(TICK_US / 2);
        self.server.receive(now, &self.up)
    }

    /// The next tick, whose state `write` writes, and its datagram.
    pub(crate) fn server_ticks(&mut self, write: impl FnOnce(u32, &mut Table)) -> Resolved {
        self.tick += 1;
        let (now, tick) = (self.now(), self.tick);
        let resolved = self.server.close_input(now, tick);
        write(tick, self.ring.begin(tick));
        let Self { server, ring, cache, visible, down, .. } = self;
        server.encode(now, &mut cache.begin(ring), visible, &|_| 1, down);
        resolved
    }

    /// Takes the newest datagram of the server in.
    pub(crate) fn client_receives(&mut self) -> Result<Received, Dropped> {
        let now = self.now();
        self.client.receive(now, &self.down)
    }

    /// A tick in which everything arrives; the player then knows what it sees of it.
    pub(crate) fn passes(&mut self, write: impl FnOnce(u32, &mut Table)) -> Received {
        self.client_sends();
        self.server_receives().unwrap();
        self.server_ticks(write);
        let received = self.client_receives().unwrap();
        self.agrees();
        received
    }

    /// Holds that what the player knows of the newest tick is the server's word, within its sight.
    pub(crate) fn agrees(&self) {
        let (truth, told) = (self.ring.get(self.tick).unwrap(), self.client.world());
        assert_eq!(told.tick(), self.tick);
        for slot in (0..64).filter(|slot| self.client.knows(self.tick, *slot)) {
            let is = truth.get(slot).filter(|_| self.visible.contains(slot));
            assert_eq!(told.get(slot), is, "slot {slot}");
        }
    }
}

/// A world of eight balls that roll.
pub(crate) fn roll(tick: u32, table: &mut Table) {
    for slot in 0..8 {
        let speed = i32::from(slot) - 4;
        table.put(slot, BALL, 0, &[speed, speed * tick as i32 % 30_000]);
    }
}
