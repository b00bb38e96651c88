//! Control messages: what this crate writes the page reads, and the other way round.

use std::fmt::Write;

use playhouse_protocol::codec;
use playhouse_protocol::game::control::{
    Bounds, ClientControl, Closed, Entry, Hello, Lobby, LobbyPlayer, Refused, Results,
    ServerControl, Standing, Watched, Welcome, framed,
};
use serde_json::{Value, json};

use super::holds;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `{ "is": name, … }`, as the page has it, of what serde makes of an enum.
fn page(value: Value) -> Value {
    match value {
        Value::String(name) => json!({ "is": name }),
        Value::Object(map) if map.len() == 1 => {
            let (name, inner) = map.into_iter().next().expect("it has one");
            match inner {
                Value::Object(mut parts) => {
                    parts.insert("is".to_owned(), name.into());
                    parts.into()
                }
                other => json!({ "is": name, "value": other }),
            }
        }
        other => other,
    }
}

fn welcome() -> Welcome {
    Welcome {
        version: 1,
        seat: 300,
        tick_hz: 30,
        epoch: 251,
        server_tick: 70_000,
        schema_hash: u32::MAX,
        resume: "tökën".to_owned(),
        limits: Bounds { datagram_bytes: 1_100, input_ahead_ticks: 16, reconnect_ms: 30_000 },
    }
}

fn told() -> Vec<ServerControl> {
    let player = |seat, name: &str, ready, present| LobbyPlayer {
        seat,
        name: name.to_owned(),
        ready,
        present,
    };
    let players = vec![
        player(0, "Ann", true, false),
        player(250, "", false, true),
        player(251, "é", true, true),
    ];
    let standing =
        |seat, place, score| Standing { seat, name: format!("player {seat}"), place, score };
    let standings = vec![
        standing(1, 1, 500),
        standing(2, 1, 125),
        standing(65_535, 3, -126),
        standing(4, 4, i64::from(i32::MIN)),
    ];
    let mut all = vec![
        ServerControl::Welcome(welcome()),
        ServerControl::Lobby(Lobby { host: Some(251), players }),
        ServerControl::Lobby(Lobby { host: None, players: Vec::new() }),
        ServerControl::Countdown(Some(3_000)),
        ServerControl::Countdown(None),
        ServerControl::Begun { tick: 1 },
        ServerControl::Epoch { epoch: 255, tick: 4_000_000_000 },
        ServerControl::Watching(Watched { version: 1, tick_hz: 30, delay_ms: 3_000 }),
        ServerControl::Concluded(Results { void: false, tick: 18_000, standings }),
    ];
    let far = Refused::Version { oldest: 2, newest: 700 };
    all.extend([far].into_iter().chain(Refused::ALL).map(ServerControl::Refused));
    all.extend(Closed::ALL.map(ServerControl::Closed));
    all
}

/// As the page has it: an enum within is one of its own.
fn as_page(message: &ServerControl) -> Value {
    match message {
        ServerControl::Refused(why) => {
            json!({ "is": "Refused", "value": page(serde_json::to_value(why).unwrap()) })
        }
        ServerControl::Closed(why) => {
            json!({ "is": "Closed", "value": page(serde_json::to_value(why).unwrap()) })
        }
        other => page(serde_json::to_value(other).unwrap()),
    }
}

fn said() -> Vec<(ClientControl, Value)> {
    let hello = |entry: Entry, page: Value| {
        let hello = Hello::new(0xdead_beef, entry);
        let value = json!({ "is": "Hello", "oldest": hello.oldest, "newest": hello.newest,
            "schema_hash": hello.schema_hash, "entry": page });
        (ClientControl::Hello(hello), value)
    };
    let long = "x".repeat(1_000);
    vec![
        hello(Entry::Ticket("eyJ".to_owned()), json!({ "is": "Ticket", "value": "eyJ" })),
        hello(Entry::Resume(long.clone()), json!({ "is": "Resume", "value": long })),
        hello(Entry::Watch("a-match".to_owned()), json!({ "is": "Watch", "value": "a-match" })),
        (ClientControl::Ready(true), json!({ "is": "Ready", "value": true })),
        (ClientControl::Ready(false), json!({ "is": "Ready", "value": false })),
        (ClientControl::Start, json!({ "is": "Start" })),
        (ClientControl::Leave, json!({ "is": "Leave" })),
    ]
}

#[test]
fn the_page_reads_and_writes_the_golden_lines() {
    holds("wire.test.mjs", &Value::Null);
}

#[test]
fn the_page_reads_and_writes_every_control_message_as_this_crate_does() {
    let told = told().into_iter().map(|message| {
        json!({ "hex": hex(&codec::encode(&message)), "framed": hex(&framed(&message)), "value": as_page(&message) })
    });
    let said = said().into_iter().map(|(message, value)| {
        json!({ "hex": hex(&codec::encode(&message)), "framed": hex(&framed(&message)), "value": value })
    });
    let vectors = json!({ "told": told.collect::<Vec<_>>(), "said": said.collect::<Vec<_>>() });
    holds("words.test.mjs", &vectors);
}
