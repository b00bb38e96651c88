//! The arena's page against the arena's rules: its step of an avatar, and a whole match in which it plays its own
//! avatar ahead. And the page of a tournament against the rules of a table.

mod node;

use std::collections::VecDeque;
use std::fmt::Write;

use playhouse_domain::games::{Bot, Happenings, Hears, Seat, SeatInput, Sight, World, find};
use playhouse_protocol::game::{
    Cache, ClientPeer, EntitySet, Input, Micros, PeerConfig, Ring, ServerPeer, ViewTick,
};
use serde_json::{Value, json};

/// How long a datagram takes, either way: a round trip of 120 ms.
const DELAY_US: u64 = 60_000;

/// Who plays through the page; the others are bots.
const SEAT: Seat = Seat(2);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Datagrams on their way, each with when it arrives.
#[derive(Default)]
struct Way(VecDeque<(u64, Vec<u8>)>);

impl Way {
    fn send(&mut self, now: Micros, datagram: Vec<u8>) {
        self.0.push_back((now.0 + DELAY_US, datagram));
    }

    fn arrived(&mut self, now: Micros) -> Option<Vec<u8>> {
        let (at, _) = self.0.front()?;
        if *at > now.0 {
            return None;
        }
        self.0.pop_front().map(|(_, datagram)| datagram)
    }
}

/// A match of five bots, one of which is played as a page would be: through both ends of the protocol.
struct Match {
    world: Box<dyn World>,
    bots: Vec<(Seat, Box<dyn Bot>)>,
    player: Box<dyn Bot>,
    ring: Ring,
    cache: Cache,
    server: ServerPeer,
    client: ClientPeer,
    up: Way,
    down: Way,
    happened: Happenings,
    record: Vec<Value>,
}

impl Match {
    fn new(settings: &str) -> Self {
        let kind = find("arena").expect("there is an arena");
        let settings = kind.settings(Some(settings)).expect("they are settings");
        let mut world = kind.open(&settings, 11).expect("they are settings");
        (0..5).for_each(|seat| world.enter(Seat(seat)));
        let bot = |seat| kind.bot(&settings, seat, 5).expect("they are settings");
        let others = [0, 1, 3, 4].map(Seat);
        let schema = kind.schema();
        Self {
            world,
            bots: others.into_iter().map(|seat| (seat, bot(seat))).collect(),
            player: bot(SEAT),
            ring: Ring::new(schema),
            cache: Cache::new(),
            server: ServerPeer::new(schema, 1, PeerConfig::default()),
            client: ClientPeer::new(schema, 1, 0, Micros(0)),
            up: Way::default(),
            down: Way::default(),
            happened: Happenings::new(),
            record: Vec::new(),
        }
    }

    fn tick(&mut self, now: Micros) {
        let tick = self.world.tick() + 1;
        let input = self.server.close_input(now, tick);
        let mut inputs = vec![SeatInput { seat: SEAT, input: input.input, view: input.view }];
        if let Some(newest) = self.ring.newest() {
            for (seat, bot) in &mut self.bots {
                let mut seen = EntitySet::EMPTY;
                self.world.visible(*seat, &mut seen);
                let input = bot.act(&Sight::new(*seat, tick - 1, newest, &seen));
                inputs.push(SeatInput { seat: *seat, input, view: ViewTick { tick, frac: 0 } });
            }
        }
        inputs.sort_by_key(|input| input.seat);
        self.happened.clear();
        self.world.step(&inputs, &mut self.happened);
        self.world.write(self.ring.begin(tick));
        for happening in self.happened.all() {
            if matches!(happening.hears, Hears::All | Hears::One(SEAT)) {
                self.server.push_event(tick, &happening.event);
            }
        }
        self.tell(now);
    }

    fn tell(&mut self, now: Micros) {
        let (mut seen, mut out) = (EntitySet::EMPTY, Vec::new());
        self.world.visible(SEAT, &mut seen);
        let world = &self.world;
        let urgency = |slot| world.priority(SEAT, slot);
        let mut frame = self.cache.begin(&self.ring);
        self.server.encode(now, &mut frame, &seen, &urgency, &mut out);
        self.down.send(now, out);
    }

    /// One millisecond.
    fn pass(&mut self, now: Micros) {
        while let Some(datagram) = self.up.arrived(now) {
            self.server.receive(now, &datagram).expect("it is as it was sent");
        }
        if now.0 / self.world.kind().schema().tick_us() > u64::from(self.world.tick()) {
            self.tick(now);
        }
        while let Some(datagram) = self.down.arrived(now) {
            self.client.receive(now, &datagram).expect("it is as it was sent");
            self.record.push(json!({ "at": now.0, "down": hex(&datagram) }));
        }
        let mut given = false;
        while let Some(tick) = self.client.input_due(now) {
            let (input, view) = (self.choose(tick), self.client.view(now));
            self.client.push_input(tick, input, view);
            let schema = self.world.kind().schema();
            let values = [0, 1, 2].map(|at| schema.input_value(input, at));
            self.record.push(json!({ "at": now.0, "input": tick, "action": values }));
            given = true;
        }
        if given {
            let mut out = Vec::new();
            self.client.encode(now, &mut out);
            self.record.push(json!({ "at": now.0, "up": hex(&out) }));
            self.up.send(now, out);
        }
    }

    /// What a bot would do that sees what the page has.
    fn choose(&mut self, tick: u32) -> Input {
        let seen = *self.client.world().present();
        self.player.act(&Sight::new(SEAT, tick, self.client.world(), &seen))
    }
}

#[test]
fn the_page_moves_an_avatar_as_the_rules_do() {
    node::holds("arena.test.mjs", &Value::Null);
}

#[test]
fn the_page_of_a_tournament_takes_changes_in_and_sorts_its_table_as_the_rules_do() {
    node::holds("bracket.test.mjs", &Value::Null);
}

#[test]
fn the_page_plays_its_own_avatar_ahead_and_is_never_wrong_where_nothing_is_lost() {
    let mut game = Match::new(r#"{"map":"yard"}"#);
    for ms in 0..60_000 {
        game.pass(Micros::from_ms(ms));
    }
    let kind = game.world.kind();
    let vectors = json!({ "kind": { "schema": kind.schema(), "scenery": kind.scenery(),
            "rules": kind.rules(), "players_max": kind.players_max() },
        "seat": SEAT, "map": "yard", "record": game.record });
    node::holds("own.test.mjs", &vectors);
}
