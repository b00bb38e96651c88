//! Golden datagrams and control messages: `protocol/golden/wire.jsonl` is what is on the wire, for us and for the
//! page's scripts. Its lines never change within a version of the protocol.
//!
//! Where a new version changes them: `PLAYHOUSE_TEST_UPDATE=1 cargo test -p playhouse-protocol golden`.

use std::fmt::Write as _;
use std::path::PathBuf;

use playhouse_protocol::codec;
use playhouse_protocol::game::control::{
    Bounds, ClientControl, Closed, Entry, Hello, Lobby, LobbyPlayer, Refused, Results,
    ServerControl, Standing, Welcome, decode,
};
use playhouse_protocol::game::{
    Cache, ClientPeer, EntityKind, EntitySet, Event, EventKind, Field, Group, Micros, PeerConfig,
    Ring, Schema, ServerPeer, Table,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::reference::Reference;

/// Ships that fly and turn, and beacons that blink.
static SCHEMA: Schema = Schema {
    name: "golden",
    tick_hz: 30,
    entities_max: 200,
    kinds: &[
        EntityKind {
            name: "ship",
            groups: &[
                Group(&[Field::signed("speed", 10).small(3)]),
                Group(&[
                    Field::signed("place", 16).small(3).carried(0, 2),
                    Field::unsigned("depth", 12).small(2),
                ]),
                Group(&[Field::unsigned("turn", 8).small(4).wrapping()]),
                Group(&[Field::unsigned("ammunition", 3).small(1), Field::unsigned("flag", 1)]),
            ],
        },
        EntityKind { name: "beacon", groups: &[Group(&[Field::unsigned("colour", 24)])] },
        EntityKind { name: "mark", groups: &[] },
    ],
    input: &[Field::signed("push", 5), Field::unsigned("turn", 8), Field::unsigned("fire", 1)],
    events: &[
        EventKind { name: "hit", fields: &[Field::unsigned("who", 7), Field::signed("by", 9)] },
        EventKind { name: "over", fields: &[] },
        EventKind { name: "said", fields: &[Field::unsigned("what", 31)] },
    ],
};
const _: () = SCHEMA.prove();

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/wire.jsonl")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn fields(fields: &[Field]) -> Value {
    fields
        .iter()
        .map(|field| {
            let carried = field.carried.map(|carried| json!([carried.by, carried.shift]));
            json!({ "name": field.name, "bits": field.bits, "signed": field.signed,
                "wraps": field.wraps, "small_bits": field.small_bits, "carried": carried })
        })
        .collect()
}

fn schema() -> Value {
    let kind = |kind: &EntityKind| {
        let groups: Value = kind.groups.iter().map(|group| fields(group.0)).collect();
        json!({ "name": kind.name, "groups": groups })
    };
    let event = |event: &EventKind| json!({ "name": event.name, "fields": fields(event.fields) });
    json!({
        "name": SCHEMA.name, "tick_hz": SCHEMA.tick_hz, "entities_max": SCHEMA.entities_max,
        "hash": SCHEMA.hash(),
        "kinds": SCHEMA.kinds.iter().map(kind).collect::<Value>(),
        "input": fields(SCHEMA.input),
        "events": SCHEMA.events.iter().map(event).collect::<Value>(),
    })
}

/// The world of the golden session at `tick`.
fn world(tick: u32, table: &mut Table) {
    let t = tick as i32;
    for (slot, n) in [0, 1, 2, 7, 30, 150].into_iter().zip(0..) {
        let speed = if tick % 8 < 3 { 40 * n - 100 } else { 10 * n };
        let jump = if tick.is_multiple_of(11) { 3_000 } else { 0 };
        let values = [speed, t * (5 - n) + jump, t * t % 4_096, t * 9 * n, t / 2 % 8, t / 7 % 2];
        table.put(slot, 0, (tick / 16) as u8 * u8::from(n == 2), &values);
    }
    if (50..54).contains(&tick) {
        // More than there is room for.
        for slot in 60..100 {
            table.put(slot, 0, 0, &[t, t * i32::from(slot), t, 0, 5, 0]);
        }
    }
    if tick % 9 < 6 {
        table.put(40, 1, (tick / 9) as u8, &[t * 1_000]);
    }
    table.put(199, 2, 0, &[]);
}

/// A session that meets everything that a datagram can say: each line of it, and what was met.
fn session() -> (Vec<Value>, Reference) {
    let config = PeerConfig { datagram_bytes: 256, ladder: false };
    let mut server = ServerPeer::new(&SCHEMA, 7, config);
    let mut client = ClientPeer::new(&SCHEMA, 7, 0, Micros(0));
    let (mut ring, mut cache) = (Ring::new(&SCHEMA), Cache::new());
    let (mut reference, mut lines) = (Reference::new(&SCHEMA), Vec::new());
    let (mut down, mut up) = (Vec::new(), Vec::new());
    for tick in 1..=80_u32 {
        let now = Micros(u64::from(tick) * SCHEMA.tick_us());
        server.close_input(now, tick);
        world(tick, ring.begin(tick));
        match tick {
            // More than can wait.
            33 => (0..300).for_each(|n| server.push_event(tick, &Event::new(2, &[n]))),
            _ if tick % 5 == 0 => {
                server.push_event(tick, &Event::new(0, &[tick as i32, -7]));
                server.push_event(tick, &Event::new(1, &[]));
            }
            _ => {}
        }
        let mut seen = EntitySet::below(if tick % 13 < 4 { 30 } else { 200 });
        if tick % 6 == 1 {
            seen.remove(1);
        }
        server.encode(now, &mut cache.begin(&ring), &seen, &|slot| slot + 1, &mut down);
        if tick % 6 != 2 {
            lines.push(json!({ "down": hex(&down), "is": reference.down(&down) }));
            client.receive(now, &down).unwrap();
            agree(&client, &reference, tick);
            while client.next_event(tick).is_some() {}
        }
        let now = now.plus(10_000);
        while let Some(due) = client.input_due(now) {
            let input = SCHEMA.pack_input(&[due as i32 / 4 % 16, due as i32 / 2, 1]);
            client.push_input(due, input, client.view(now));
        }
        client.encode(now, &mut up);
        if tick % 4 == 0 || tick < 4 {
            lines.push(json!({ "up": hex(&up), "is": reference.up(&up) }));
        }
        // A new beacon at tick 63 is told twice and then waited for.
        if tick % 7 != 3 && !(60..67).contains(&tick) {
            server.receive(now, &up).unwrap();
        }
    }
    (lines, reference)
}

/// Holds that the client knows just what the reference knows.
fn agree(client: &ClientPeer, reference: &Reference, tick: u32) {
    let (told, state) = (client.state(tick).unwrap(), reference.state(tick));
    for slot in 0..SCHEMA.entities_max {
        assert_eq!(client.knows(tick, slot), state.contains_key(&slot), "slot {slot}, tick {tick}");
        if let Some(known) = state.get(&slot) {
            let is = told.get(slot).map(|is| (is.kind, is.generation, is.fields.to_vec()));
            assert_eq!(&is, known, "slot {slot}, tick {tick}");
        }
    }
}

fn control<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    whose: &str,
    message: &T,
) -> Value {
    let bytes = codec::encode(message);
    assert_eq!(&decode::<T>(&bytes).unwrap(), message);
    json!({ whose: hex(&bytes), "is": message })
}

fn controls() -> Vec<Value> {
    let client = [
        ClientControl::Hello(Hello {
            oldest: 1,
            newest: 1,
            schema_hash: 0x1234_5678,
            entry: Entry::Ticket("ticket".to_owned()),
        }),
        ClientControl::Hello(Hello {
            oldest: 1,
            newest: 300,
            schema_hash: 9,
            entry: Entry::Resume("token".to_owned()),
        }),
        ClientControl::Ready(true),
        ClientControl::Start,
        ClientControl::Leave,
    ];
    let limits = Bounds { datagram_bytes: 1_100, input_ahead_ticks: 16, reconnect_ms: 30_000 };
    let player = LobbyPlayer { seat: 3, name: "Ann".to_owned(), ready: true, present: false };
    let standing = Standing { seat: 3, name: "Ann".to_owned(), place: 1, score: -5 };
    let welcome = Welcome {
        version: 1,
        seat: 3,
        tick_hz: 30,
        epoch: 7,
        server_tick: 70_000,
        schema_hash: 0x1234_5678,
        resume: "token".to_owned(),
        limits,
    };
    let server = [
        ServerControl::Welcome(welcome),
        ServerControl::Lobby(Lobby { host: Some(3), players: vec![player] }),
        ServerControl::Lobby(Lobby { host: None, players: Vec::new() }),
        ServerControl::Countdown(Some(3_000)),
        ServerControl::Countdown(None),
        ServerControl::Begun { tick: 1 },
        ServerControl::Epoch { epoch: 8, tick: 70_100 },
        ServerControl::Concluded(Results { void: false, tick: 9_000, standings: vec![standing] }),
    ];
    let server = server
        .into_iter()
        .chain(Refused::ALL.map(ServerControl::Refused))
        .chain(Closed::ALL.map(ServerControl::Closed));
    let client = client.iter().map(|message| control("client", message));
    client.chain(server.map(|message| control("server", &message))).collect()
}

#[test]
fn the_lists_of_reasons_are_whole() {
    for (n, why) in (0..).zip(Refused::ALL) {
        assert_eq!(codec::encode(&why)[0], n, "{why:?}");
    }
    for (n, why) in (0..).zip(Closed::ALL) {
        assert_eq!(codec::encode(&why), [n], "{why:?}");
    }
    // Behind the last there is none, whatever fields it had.
    let next = |count: usize| [&[count as u8][..], &[0; 8]].concat();
    assert!(codec::decode_start::<Refused, 64>(&next(Refused::ALL.len())).is_err());
    assert!(codec::decode_start::<Closed, 64>(&next(Closed::ALL.len())).is_err());
}

#[test]
fn what_is_on_the_wire_is_as_the_golden_lines_say() {
    let (lines, reference) = session();
    let all = [
        "ack",
        "delta",
        "event",
        "gap 0",
        "gap 1",
        "gap 73",
        "gap 9",
        "gone",
        "large",
        "middle",
        "new",
        "other input",
        "own delta",
        "partial",
        "resync",
        "same input",
        "small",
        "untold",
        "value",
        "whole input",
    ];
    assert_eq!(reference.met.iter().copied().collect::<Vec<_>>(), all);
    let lines = [json!({ "schema": schema() })].into_iter().chain(lines).chain(controls());
    let text = lines.fold(String::new(), |text, line| text + &line.to_string() + "\n");
    if std::env::var_os("PLAYHOUSE_TEST_UPDATE").is_some() {
        std::fs::write(file(), &text).unwrap();
    }
    let golden = std::fs::read_to_string(file()).unwrap();
    for (is, golden) in text.lines().zip(golden.lines()) {
        assert_eq!(is, golden);
    }
    assert_eq!(text.lines().count(), golden.lines().count());
}

#[test]
fn the_golden_datagrams_are_read_as_they_say() {
    let golden = std::fs::read_to_string(file()).unwrap();
    let mut reference = Reference::new(&SCHEMA);
    let mut client = ClientPeer::new(&SCHEMA, 7, 0, Micros(0));
    let mut out = Vec::new();
    let mut read = 0;
    for line in golden.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if let Some(down) = line["down"].as_str() {
            assert_eq!(reference.down(&bytes(down)), line["is"]);
            // The client must have sent what is acknowledged.
            for _ in 0..100 {
                client.encode(Micros(0), &mut out);
            }
            let received = client.receive(Micros(0), &bytes(down)).unwrap();
            agree(&client, &reference, received.tick);
            read += 1;
        }
        if let Some(client) = line["client"].as_str() {
            decode::<ClientControl>(&bytes(client)).unwrap();
            read += 1;
        }
        if let Some(server) = line["server"].as_str() {
            decode::<ServerControl>(&bytes(server)).unwrap();
            read += 1;
        }
    }
    assert!(read > 80, "{read}");
}
