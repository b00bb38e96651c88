//! A client over a bad path, written down: each datagram that came, and what the client made of it; each that it
//! sent, and from what.

use std::fmt::Write;

use playhouse_protocol::game::film::Camera;
use playhouse_protocol::game::link::{Link, Path};
use playhouse_protocol::game::random::Random;
use playhouse_protocol::game::{
    Cache, ClientPeer, EntityKind, EntitySet, Event, EventKind, Field, Group, Micros, PeerConfig,
    Ring, Schema, ServerPeer, Table, ViewTick,
};
use serde_json::{Value, json};

use super::{holds, seed};

/// Every form that a field can have, two kinds, events with and without fields.
static SCHEMA: Schema = Schema {
    name: "every form",
    tick_hz: 30,
    entities_max: 90,
    kinds: &[
        EntityKind {
            name: "mover",
            groups: &[
                Group(&[Field::signed("vx", 8).small(3), Field::signed("vy", 8)]),
                Group(&[
                    Field::unsigned("x", 14).small(4).carried(0, 2),
                    Field::signed("y", 31).small(9).carried(1, 0),
                ]),
                Group(&[Field::signed("spin", 5), Field::unsigned("flag", 1)]),
                Group(&[Field::unsigned("turn", 10).small(6).wrapping().carried(4, 1)]),
            ],
        },
        EntityKind {
            name: "thing",
            groups: &[Group(&[Field::signed("odd", 5).small(3).wrapping()])],
        },
        EntityKind { name: "sign", groups: &[Group(&[Field::unsigned("all", 31)])] },
    ],
    input: &[
        Field::signed("run", 2),
        Field::unsigned("aim", 10).wrapping(),
        Field::unsigned("wide", 31),
        Field::unsigned("fire", 1),
    ],
    events: &[
        EventKind { name: "hit", fields: &[Field::signed("by", 9), Field::unsigned("at", 31)] },
        EventKind { name: "over", fields: &[] },
        EventKind { name: "won", fields: &[Field::unsigned("who", 3)] },
    ],
};
const _: () = SCHEMA.prove();

const TICK_US: u64 = SCHEMA.tick_us();

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn of(table: &Table) -> Value {
    let entity = |(slot, entity): (u16, playhouse_protocol::game::table::Entity<'_>)| {
        json!([slot, entity.kind, entity.generation, entity.fields])
    };
    table.iter().map(entity).collect()
}

fn view(view: ViewTick) -> Value {
    json!([view.tick, view.frac])
}

/// A world that moves by chance: much of it as expected, some of it not.
struct World {
    random: Random,
    slots: Vec<Option<(u8, u8, Vec<i32>)>>,
    generation: u8,
}

impl World {
    fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), slots: vec![None; 90], generation: 0 }
    }

    fn any(&mut self, field: &Field) -> i32 {
        let span = (i64::from(field.max()) - i64::from(field.min()) + 1) as u64;
        (i64::from(field.min()) + self.random.below(span) as i64) as i32
    }

    fn step(&mut self) {
        for slot in 0..self.slots.len() {
            let comes = self.random.happens(30_000);
            match self.slots[slot].take() {
                None if comes => self.come(slot),
                None => {}
                Some(_) if self.random.happens(8_000) => {}
                Some((kind, generation, fields)) => {
                    let fields = self.moved(kind, fields);
                    self.slots[slot] = Some((kind, generation, fields));
                }
            }
        }
    }

    fn come(&mut self, slot: usize) {
        let kind = self.random.below(3) as u8;
        let fields: Vec<_> = SCHEMA.kinds[usize::from(kind)].fields().collect();
        let values = fields.into_iter().map(|field| self.any(field)).collect();
        self.generation = self.generation.wrapping_add(1);
        self.slots[slot] = Some((kind, self.generation, values));
    }

    fn moved(&mut self, kind: u8, was: Vec<i32>) -> Vec<i32> {
        let fields: Vec<_> = SCHEMA.kinds[usize::from(kind)].fields().collect();
        let mut now = was.clone();
        for (n, field) in fields.iter().enumerate() {
            if let Some(carried) = field.carried {
                let by = was[usize::from(carried.by)] >> carried.shift;
                now[n] = field.fit(was[n].saturating_add(by));
            }
            match self.random.below(20) {
                0 => now[n] = self.any(field),
                1..=4 => now[n] = field.fit(now[n].saturating_add(self.random.below(9) as i32 - 4)),
                _ => {}
            }
        }
        now
    }

    fn write(&self, table: &mut Table) {
        for (slot, entity) in self.slots.iter().enumerate() {
            if let Some((kind, generation, fields)) = entity {
                table.put(slot as u16, *kind, *generation, fields);
            }
        }
    }
}

/// Everything of a match with one player.
struct Match {
    world: World,
    random: Random,
    epoch: u8,
    tick: u32,
    ring: Ring,
    cache: Cache,
    server: ServerPeer,
    client: ClientPeer,
    up: Link<Vec<u8>>,
    down: Link<Vec<u8>>,
    record: Vec<Value>,
    partial: usize,
}

impl Match {
    fn new(seed: u64, path: Path, blackout: (Micros, Micros)) -> Self {
        let config = PeerConfig { datagram_bytes: 256, ladder: true };
        let (mut up, mut down) = (Link::new(path, seed ^ 1), Link::new(path, seed ^ 2));
        up.set_blackout(blackout.0, blackout.1);
        down.set_blackout(blackout.0, blackout.1);
        Self {
            world: World::new(seed),
            random: Random::new(seed ^ 3),
            epoch: 254,
            tick: 0,
            ring: Ring::new(&SCHEMA),
            cache: Cache::new(),
            server: ServerPeer::new(&SCHEMA, 254, config),
            client: ClientPeer::new(&SCHEMA, 254, 0, Micros(0)),
            up,
            down,
            record: Vec::new(),
            partial: 0,
        }
    }

    /// One millisecond.
    fn pass(&mut self, now: Micros) {
        while let Some((_, datagram)) = self.up.receive(now) {
            let _ = self.server.receive(now, &datagram);
        }
        if now.0 / TICK_US > u64::from(self.tick) {
            self.tick(now);
        }
        while let Some((_, datagram)) = self.down.receive(now) {
            self.hear(now, &datagram);
        }
        self.act(now);
    }

    fn tick(&mut self, now: Micros) {
        self.tick += 1;
        self.server.close_input(now, self.tick);
        self.world.step();
        self.world.write(self.ring.begin(self.tick));
        for _ in 0..self.random.below(3) {
            let values = [self.random.below(400) as i32 - 200, self.random.below(1 << 30) as i32];
            let kind = self.random.below(3) as u8;
            let values = if kind == 2 { [values[1] & 7, 0] } else { values };
            self.server.push_event(self.tick, &Event::new(kind, &values));
        }
        if !self.server.due(self.tick) {
            return;
        }
        // Some of it is out of sight, for half a second at a time.
        let hidden = u64::from(self.tick / 15) % 7;
        let mut visible = EntitySet::EMPTY;
        (0..90_u16)
            .filter(|slot| u64::from(slot % 7) != hidden)
            .for_each(|slot| visible.insert(slot));
        let (mut frame, mut out) = (self.cache.begin(&self.ring), Vec::new());
        let urgency = |slot: u16| 1 + slot;
        self.server.encode(now, &mut frame, &visible, &urgency, &mut out);
        self.down.send(now, out.len(), out);
    }

    fn hear(&mut self, now: Micros, datagram: &[u8]) {
        let mut said = json!({ "at": now.0, "down": hex(datagram) });
        if let Ok(received) = self.client.receive(now, datagram) {
            let state = self.client.state(received.tick).expect("it came just now");
            said["tick"] = received.tick.into();
            said["newest"] = received.newest.into();
            said["complete"] = received.whole.into();
            said["lost"] = received.events_lost.into();
            said["state"] = of(state);
            self.partial += usize::from(!received.whole);
        }
        self.record.push(said);
    }

    fn act(&mut self, now: Micros) {
        let mut given = false;
        while let Some(tick) = self.client.input_due(now) {
            let values: Vec<_> = SCHEMA.input.iter().map(|field| self.any(field)).collect();
            let (input, seen) = (SCHEMA.pack_input(&values), self.client.view(now));
            self.client.push_input(tick, input, seen);
            let named: serde_json::Map<_, _> = SCHEMA
                .input
                .iter()
                .zip(values)
                .map(|(f, v)| (f.name.to_owned(), v.into()))
                .collect();
            self.record
                .push(json!({ "at": now.0, "input": tick, "values": named, "view": view(seen) }));
            given = true;
        }
        if given {
            let mut out = Vec::new();
            self.client.encode(now, &mut out);
            self.record.push(json!({ "at": now.0, "up": hex(&out), "shown": self.shown(now) }));
            self.up.send(now, out.len(), out);
        }
        let newest = self.client.world().tick();
        while let Some(event) = self.client.next_event(newest) {
            let about = &SCHEMA.events[usize::from(event.event.kind)];
            let values = &event.event.fields[..about.fields.len()];
            self.record.push(json!({ "event": about.name, "tick": event.tick, "values": values }));
        }
    }

    /// What is shown of the world, half-way between two states as it may be.
    fn shown(&self, now: Micros) -> Value {
        let seen = self.client.view(now);
        let Some(between) = self.client.between(seen) else { return Value::Null };
        let mut all = Vec::new();
        for (slot, entity) in between.older.iter() {
            let mut fields = [0; playhouse_protocol::limits::FIELDS_MAX];
            between.fields(slot, &mut fields);
            let count = SCHEMA.kinds[usize::from(entity.kind)].fields_len();
            all.push(json!([slot, &fields[..count]]));
        }
        json!({ "view": view(seen), "all": all })
    }

    fn any(&mut self, field: &Field) -> i32 {
        // Now and then another one: an input that stays the same is the usual.
        if self.random.below(4) > 0 {
            return field.max();
        }
        let span = (i64::from(field.max()) - i64::from(field.min()) + 1) as u64;
        (i64::from(field.min()) + self.random.below(span) as i64) as i32
    }

    /// The match goes on from an earlier tick.
    fn restart(&mut self, now: Micros) {
        self.epoch = self.epoch.wrapping_add(3);
        let config = PeerConfig { datagram_bytes: 256, ladder: true };
        self.server = ServerPeer::new(&SCHEMA, self.epoch, config);
        self.client.restart(self.epoch, self.tick, now);
        self.record.push(json!({ "at": now.0, "restart": self.epoch, "tick": self.tick }));
    }
}

#[test]
fn the_page_shows_a_film_as_it_was_made_wherever_it_is_entered() {
    let seed = seed();
    let (mut world, mut random) = (World::new(seed), Random::new(seed ^ 5));
    let (mut camera, mut film) = (Camera::new(&SCHEMA, 40), Vec::new());
    let mut frames = Vec::new();
    for tick in 1..=200 {
        world.step();
        let mut table = Table::new(&SCHEMA);
        table.begin(tick + u32::from(tick > 150) * 7);
        world.write(&mut table);
        let events: Vec<_> =
            (0..random.below(4)).map(|by| Event::new(0, &[by as i32, 7])).collect();
        camera.frame(&table, &events, &mut film);
        let values = events.iter().map(|event| json!([event.fields[0], event.fields[1]]));
        frames.push(json!({ "tick": table.tick(), "state": of(&table), "hits": values.collect::<Vec<_>>() }));
    }
    let vectors =
        json!({ "schema": SCHEMA, "seed": seed.to_string(), "film": hex(&film), "frames": frames });
    holds("film.test.mjs", &vectors);
}

#[test]
fn the_page_makes_of_every_datagram_what_this_client_makes_and_sends_the_same_bytes() {
    let seed = seed();
    let path = Path {
        delay_us: 40_000,
        jitter_us: 15_000,
        loss_ppm: 80_000,
        reorder_ppm: 20_000,
        reorder_us: 90_000,
        duplicate_ppm: 20_000,
        ..Path::PERFECT
    };
    let blackout = (Micros::from_ms(4_000), Micros::from_ms(5_200));
    let mut game = Match::new(seed, path, blackout);
    for ms in 0..9_000 {
        game.pass(Micros::from_ms(ms));
        if ms == 7_000 {
            game.restart(Micros::from_ms(ms));
        }
    }
    let came = game.record.iter().filter(|one| one["tick"].is_number() && one["down"].is_string());
    let (came, figures) = (came.count(), game.client.figures());
    assert!(came > 200 && game.partial > 10, "{came} came, {} in part: {figures:?}", game.partial);
    let figures = json!({
        "received": figures.received,
        "receivedBytes": figures.received_bytes,
        "dropped": figures.dropped,
        "resyncs": figures.resyncs,
        "lossDownPermille": figures.loss_down_permille,
        "lossUpPermille": figures.loss_up_permille,
        "rttUs": figures.rtt_us,
        "jitterUs": figures.jitter_us,
    });
    let vectors = json!({ "schema": SCHEMA, "hash": SCHEMA.hash(), "seed": seed.to_string(),
        "record": game.record, "figures": figures });
    holds("client.test.mjs", &vectors);
}
