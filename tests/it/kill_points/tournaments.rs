//! Tournaments.

use std::time::{Duration, Instant};

use playhouse_loadtest::client::Client;
use serde_json::{Value, json};

use super::case::{Again, Case, Seen};
use super::house::{House, id};
use crate::duel::duel;

/// How soon check-in opens that opens in a second. 20 s, on a busy machine.
const OPENS_WITHIN: Duration = Duration::from_secs(20);

/// How soon a match is arranged, and its result is there. 60 s, on a busy machine.
const PLAYED_WITHIN: Duration = Duration::from_secs(60);

/// What the administrator makes, so many seconds before it begins.
fn cup(seconds: u64, check_in_minutes: u16) -> Value {
    let starts_at = jiff::Timestamp::now() + Duration::from_secs(seconds);
    json!({ "title": "Cup", "game": "arena", "format": "round_robin", "dispute_minutes": 60,
        "starts_at": starts_at.to_string(), "check_in_minutes": check_in_minutes })
}

/// A tournament: its path and its room.
async fn made(house: &House, cup: Value) -> (String, String) {
    let made = house.admin.post("/api/tournaments", cup).await.unwrap();
    (format!("/api/tournaments/{}", id(&made)), format!("tournament:{}", id(&made)))
}

async fn enter(who: &Client, path: &str) {
    who.post(&format!("{path}/register"), json!({})).await.unwrap();
}

/// One whose check-in is open, for which the buyer had registered before.
async fn opened(house: &House) -> (String, String) {
    let (path, room) = made(house, cup(302, 5)).await;
    enter(&house.buyer, &path).await;
    let start = Instant::now();
    while house.admin.get(&path).await.unwrap()["phase"] != "check_in" {
        assert!(start.elapsed() < OPENS_WITHIN, "check-in does not open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (path, room)
}

/// One in which the administrator won against the buyer, whose result waits to be accepted.
async fn played(house: &House) -> (String, String) {
    let (admin, buyer) = (&house.admin, &house.buyer);
    let mut cup = cup(3600, 0);
    (cup["game"], cup["seeding"]) = ("fourinarow".into(), "as_entered".into());
    let (path, room) = made(house, cup).await;
    enter(buyer, &path).await;
    enter(admin, &path).await;
    admin.post(&format!("{path}/start"), json!({})).await.unwrap();
    let playing = until(house, &path, "playing").await;
    let session = playing["match_id"].as_str().expect("it has a match");
    duel(admin, buyer, &format!("/api/games/sessions/{session}")).await;
    until(house, &path, "reported").await;
    (path, room)
}

/// The first pairing, once it is `state`.
async fn until(house: &House, path: &str, state: &str) -> Value {
    let start = Instant::now();
    loop {
        let pairing = house.admin.get(path).await.unwrap()["pairings"][0].clone();
        if pairing["state"] == state {
            return pairing;
        }
        assert!(start.elapsed() < PLAYED_WITHIN, "it is not {state}: {pairing}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The case of an operation about a tournament.
pub(super) async fn of_tournaments(house: &House, operation: &str) -> Case {
    let (admin, buyer) = (&house.admin, &house.buyer);
    let at = |place, value: Value| Seen::At(place, value);
    if operation == "POST /api/tournaments" {
        let case = Case::post(admin, "/api/tournaments", cup(3600, 0));
        let there = at("/title", json!("Cup"));
        return case.makes("tournament").sees(admin, "/api/tournaments/{id}", there);
    }
    let (_, verb) = operation.rsplit_once('/').expect("operations have paths");
    let (path, room) = match verb {
        "check-in" => opened(house).await,
        "accept" | "disputes" => played(house).await,
        _ => made(house, cup(3600, 0)).await,
    };
    let players = |many| Seen::Counted("/players", many, many);
    let post = |by, body: Value| Case::post(by, format!("{path}/{verb}"), body).told_by(&room);
    match verb {
        "register" => post(buyer, json!({})).sees(admin, &path, players(1)),
        "add" => post(admin, json!({ "username": "buyer" })).sees(admin, &path, players(1)),
        "withdraw" => {
            enter(buyer, &path).await;
            post(buyer, Value::Null).sees(admin, &path, players(0))
        }
        "drop" => {
            enter(buyer, &path).await;
            let account = buyer.get("/api/accounts/me").await.unwrap()["id"].clone();
            post(admin, json!({ "account": account })).sees(admin, &path, players(0))
        }
        "check-in" => {
            let there = at("/players/0/checked_in", json!(true));
            post(buyer, Value::Null).again(Again::Well).sees(admin, &path, there)
        }
        "accept" => {
            let body = json!({ "pairing": 0 });
            // Whoever lost agrees: it stands.
            let over = at("/pairings/0/state", json!("over"));
            post(buyer, body).again(Again::Well).sees(admin, &path, over)
        }
        "disputes" => {
            let body = json!({ "pairing": 0, "text": "the light was bad" });
            let said = at("/pairings/0/dispute/text", json!("the light was bad"));
            post(buyer, body).sees(admin, &path, said)
        }
        "cancel" => {
            let off = at("/phase", json!("cancelled"));
            post(admin, Value::Null).sees(admin, &path, off)
        }
        "start" | "decide" => {
            enter(buyer, &path).await;
            enter(admin, &path).await;
            if verb == "start" {
                let on = at("/phase", json!("running"));
                return post(admin, Value::Null).sees(admin, &path, on);
            }
            admin.post(&format!("{path}/start"), json!({})).await.unwrap();
            let ruling = json!({ "pairing": 0, "ruling": "a" });
            post(admin, ruling).sees(admin, &path, at("/table/0/points", json!(2)))
        }
        other => panic!("nobody tries {other}"),
    }
}
