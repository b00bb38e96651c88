//! What administrators see and do, over the real binary: what was done is known after a crash, what was
//! seen can be seen again, and who is slow can be found.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use playhouse_loadtest::client::Client;
use playhouse_loadtest::live::Live;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::server::{Server, seed, showing};

/// How long a test waits for what must come.
const SOON: Duration = Duration::from_secs(30);

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// The trail, oldest first: what was done, to what, and what came of it.
async fn acts(admin: &Client) -> Vec<[String; 3]> {
    let mut all = Vec::new();
    let mut path = "/api/admin/acts?limit=3".to_owned();
    loop {
        let page = admin.get(&path).await.unwrap();
        for act in page["items"].as_array().unwrap() {
            let about = act["about"].as_str().unwrap_or("-").to_owned();
            all.push([text(act, "act"), about, text(act, "outcome")]);
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/admin/acts?limit=3&cursor={next}");
    }
    all.reverse();
    all
}

/// Runs a command of the binary on the server's data; what it said.
fn playhouse(data: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_playhouse"));
    let out = command.args(args).arg("--data").arg(data).output().expect("the binary starts");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_administered_is_known_after_a_kill_and_by_whichever_way_it_came() {
    let mut server = Server::start();
    let admin = server.admin().await;
    let path = showing(&admin, 1, 4).await;
    let room = path.replace("/api/showings/", "showing:");
    let uri = format!("/api/admin/rooms/{room}");
    let body = json!({ "reason": "a look" });
    admin.post(&format!("{uri}/quarantine"), body).await.unwrap();
    admin.post(&format!("{uri}/rewind"), json!({ "to": 1 })).await.unwrap();
    admin.post(&format!("{uri}/restart"), json!({})).await.unwrap();
    admin.post(&format!("{uri}/skip"), json!({ "record": 1 })).await.unwrap_err();
    tokio::task::block_in_place(|| playhouse(&server.data(), &["keys", "rotate"]));
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let to = |path: &Path| path.to_string_lossy().into_owned();
    tokio::task::block_in_place(|| {
        server.kill();
        playhouse(&server.data(), &["backup", "--to", &to(&first)]);
        playhouse(&server.data(), &["keys", "rotate"]);
        server.run();
        playhouse(&server.data(), &["backup", "--to", &to(&second)]);
    });
    let about = |act: &str, about: &str, outcome: &str| [act, about, outcome].map(str::to_owned);
    let expected = [
        about("admin.create", "admin", "done"),
        about("room.quarantine", &room, "done"),
        about("room.rewind", &room, "done"),
        about("room.restart", &room, "done"),
        about("room.skip", &room, "refused"),
        about("keys.rotate", "-", "done"),
        about("backup", "-", "done"),
        about("keys.rotate", "-", "done"),
        about("backup", "-", "done"),
    ];
    let admin = server.admin().await;
    assert_eq!(acts(&admin).await, expected);
    server.saw_no_panic();
}

/// The room with nothing under way: `{status, view}`.
async fn at_rest(admin: &Client, uri: &str) -> Value {
    let deadline = Instant::now() + SOON;
    let mut before = Value::Null;
    loop {
        let room = admin.get(uri).await.unwrap();
        let revision = room["status"]["revision"].clone();
        if room["status"]["duties"] == 0 && revision == before {
            return room;
        }
        assert!(Instant::now() < deadline, "it does not come to rest: {room}");
        before = revision;
    }
}

/// Does something by chance: holds, releases, extends, buys, passes on, blocks, unblocks.
async fn something(path: &str, admin: &Client, people: &[Client], chance: &mut StdRng) {
    let who = people.choose(chance).expect("there are people");
    let mine = who.get(&format!("{path}/seats")).await.unwrap()["mine"].take();
    let first = |name: &str| mine[name].as_array().and_then(|all| all.last()).cloned();
    let holds = format!("{path}/holds");
    let seat = json!({ "seats": [format!("A{}", chance.random_range(1..=8))] });
    // Refusals are part of it: they leave no record.
    let _ = match (chance.random_range(0..8), first("holds"), first("bookings")) {
        (0, Some(hold), _) => who.delete(&format!("{holds}/{}", text(&hold, "hold_id"))).await,
        (1, Some(hold), _) => {
            who.post(&format!("{holds}/{}/extend", text(&hold, "hold_id")), json!({})).await
        }
        (2 | 3, Some(hold), _) => {
            let buy = format!("{holds}/{}/purchase", text(&hold, "hold_id"));
            who.post(&buy, json!({ "payment_token": "ok" })).await
        }
        (4, _, Some(booking)) => {
            let give = format!("/api/bookings/{}/transfer", text(&booking, "id"));
            who.post(&give, json!({ "name": "Bob", "username": "bob" })).await
        }
        (5, ..) => {
            let block = json!({ "seats": seat["seats"], "reason": "press" });
            admin.post(&format!("{path}/blocks"), block).await
        }
        (6, ..) => {
            admin.ask(reqwest::Method::DELETE, &format!("{path}/blocks"), None, Some(&seat)).await
        }
        _ => who.post(&holds, seat).await,
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_with_any_record_is_seen_again_byte_for_byte() {
    let seed = seed();
    let mut chance = StdRng::seed_from_u64(seed);
    let mut server = Server::with(&[("PLAYHOUSE_CINEMA_HOLD", "10m")]);
    let admin = server.admin().await;
    let path = showing(&admin, 1, 8).await;
    let uri = path.replace("/api/showings/", "/api/admin/rooms/showing:");
    let people = [server.person("ann").await, server.person("bob").await];
    let mut seen = BTreeMap::new();
    for n in 0..60 {
        let room = at_rest(&admin, &uri).await;
        seen.insert(room["status"]["revision"].as_u64().unwrap(), room["view"].to_string());
        something(&path, &admin, &people, &mut chance).await;
        match n {
            20 => drop(admin.post(&format!("{uri}/snapshot"), json!({})).await.unwrap()),
            40 => drop(admin.post(&format!("{uri}/restart"), json!({})).await.unwrap()),
            _ => {}
        }
    }
    tokio::task::block_in_place(|| {
        server.kill();
        server.run();
    });
    let newest = *seen.keys().next_back().expect("something was seen");
    let mut then = String::new();
    for record in 1..=newest {
        let told = admin.get(&format!("{uri}/at/{record}")).await.unwrap();
        let view = told["view"].to_string();
        if let Some(seen) = seen.get(&record) {
            assert_eq!(view, *seen, "record {record}");
        } else {
            // A record that came and went between two looks shows what was before it or after it.
            let next = seen.range(record..).next().expect("the newest was seen").1;
            assert!(view == then || view == *next, "record {record}: {view}");
        }
        then = view;
    }
    println!("{newest} records, {} of them seen live", seen.len());
    assert!(seen.len() > 20, "too little happened");
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seats_biography_names_each_owner() {
    let server = Server::start();
    let admin = server.admin().await;
    let path = showing(&admin, 1, 4).await;
    let uri = path.replace("/api/showings/", "/api/admin/rooms/showing:");
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let id = async |who: &Client| who.get("/api/accounts/me").await.unwrap()["id"].clone();
    let (ann_id, bob_id) = (id(&ann).await, id(&bob).await);
    let seat = json!({ "seats": ["A1"] });
    let holds = format!("{path}/holds");
    let hold = ann.post(&holds, seat.clone()).await.unwrap();
    ann.delete(&format!("{holds}/{}", text(&hold, "hold_id"))).await.unwrap();
    let block = json!({ "seats": ["A1"], "reason": "press" });
    admin.post(&format!("{path}/blocks"), block).await.unwrap();
    let unblock = format!("{path}/blocks");
    admin.ask(reqwest::Method::DELETE, &unblock, None, Some(&seat)).await.unwrap();
    let hold = ann.post(&holds, seat).await.unwrap();
    let buy = format!("{holds}/{}/purchase", text(&hold, "hold_id"));
    let booking = ann.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();
    let of_booking = format!("/api/bookings/{}", text(&booking, "id"));
    let to_bob = json!({ "name": "Bob", "username": "bob" });
    ann.post(&format!("{of_booking}/transfer"), to_bob).await.unwrap();
    bob.post(&format!("{of_booking}/cancel"), json!({})).await.unwrap();
    let lived = admin.get(&format!("{uri}/parts/A1")).await.unwrap();
    let steps: Vec<Value> = lived["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let state = &step["state"];
            json!([state["state"], state["by"], state["reason"]])
        })
        .collect();
    let nobody = Value::Null;
    let expected = [
        json!(["free", nobody, nobody]),
        json!(["held", ann_id, nobody]),
        json!(["free", nobody, nobody]),
        json!(["blocked", nobody, "press"]),
        json!(["free", nobody, nobody]),
        json!(["held", ann_id, nobody]),
        json!(["sold", ann_id, nobody]),
        json!(["sold", bob_id, nobody]),
        json!(["free", nobody, nobody]),
    ];
    assert_eq!((steps.as_slice(), &lived["complete"]), (expected.as_slice(), &json!(true)));
    assert_eq!(lived["steps"][6]["state"]["booking"], booking["id"]);
    let missing = admin.get(&format!("{uri}/parts/Z9")).await.unwrap_err();
    assert_eq!(missing.code(), "not_found");
    server.saw_no_panic();
}

/// Connects to the live connection as one who never reads: what is sent to it stays where it is.
async fn deaf(server: &Server) -> WebSocketStream<TcpStream> {
    let base = server.base();
    let place = base.trim_start_matches("http://").parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(place).await.unwrap();
    let url = format!("{}/connection/websocket", base.replacen("http", "ws", 1));
    client_async(url, stream).await.unwrap().0
}

/// Lets somebody who reads nothing fall behind: their connection, how it is told, and what it follows.
pub(crate) async fn one_falls_behind(
    server: &Server,
    admin: &Client,
) -> (WebSocketStream<TcpStream>, Value, Value) {
    let (small, large) = (showing(admin, 1, 4).await, showing(admin, 20, 60).await);
    let channel = |path: &str| json!({ "channel": path.replace("/api/showings/", "showing:") });
    let (follows, fills) = (channel(&small), channel(&large));
    let mut deaf = deaf(server).await;
    let first = json!({ "id": 1, "connect": {} });
    let second = json!({ "id": 2, "subscribe": follows });
    deaf.send(Message::text(format!("{first}\n{second}"))).await.unwrap();
    // The small one is followed before the socket is full: rooms answer in any order.
    while !deaf.next().await.unwrap().unwrap().to_text().unwrap().contains("\"id\":2,") {}
    // Each look at the large hall fills the socket by 100 KB, until the server can write no more.
    let away = json!({ "id": 3, "unsubscribe": fills });
    let again = json!({ "id": 4, "subscribe": fills });
    let look = format!("{away}\n{again}");
    let (blocks, seat) = (format!("{small}/blocks"), json!({ "seats": ["A1"] }));
    let deadline = Instant::now() + SOON;
    loop {
        deaf.send(Message::text(look.clone())).await.unwrap();
        let block = json!({ "seats": ["A1"], "reason": "x" });
        admin.post(&blocks, block).await.unwrap();
        admin.ask(reqwest::Method::DELETE, &blocks, None, Some(&seat)).await.unwrap();
        let told = admin.get("/api/admin/connections?limit=1").await.unwrap();
        let first = told["items"][0].clone();
        if first["pending_bytes"].as_u64() > Some(0) && first["behind_s"].as_f64() > Some(1.0) {
            return (deaf, first, follows["channel"].clone());
        }
        assert!(Instant::now() < deadline, "nobody is slow: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_who_reads_nothing_stands_at_the_top_of_the_slow_ones() {
    let server = Server::start();
    let admin = server.admin().await;
    let me = admin.get("/api/accounts/me").await.unwrap();
    let mut figures = Live::connect(&server.base(), admin.token()).await.unwrap();
    let feed = figures.command("subscribe", json!({ "channel": "admin:rooms" })).await.unwrap();
    assert!(feed["data"]["kinds"]["showing"]["watchers"].is_u64(), "{feed}");
    let (_deaf, slow, follows) = one_falls_behind(&server, &admin).await;
    assert_eq!((&slow["who"], &slow["username"]), (&json!("nobody"), &Value::Null), "{slow}");
    assert!(slow["channels"].as_array().unwrap().contains(&follows), "{slow}");
    let all = admin.get("/api/admin/connections").await.unwrap();
    let mut named = all["items"].as_array().unwrap().iter();
    let whose = named.find(|one| one["username"] == "admin").map(|one| one["who"].clone());
    assert_eq!(whose, Some(json!(format!("account:{}", text(&me, "id")))), "{all}");
    let told = figures.push(SOON).await.unwrap();
    let data = &told["pub"]["data"];
    assert!(data["rates"]["frames"].is_f64() && data["connections"] == 2, "{told}");
    assert!(data.get("dead_letters").is_none() && data["journal"]["sync_ms"].is_object());
    server.saw_no_panic();
}
