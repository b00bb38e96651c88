//! Holders that vanish: their seats come back by themselves, not too early and not too late.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use playhouse_loadtest::buyer::Buyer;
use playhouse_loadtest::follow::{Follower, states};
use playhouse_loadtest::live::Live;
use serde_json::json;

use crate::server::{Server, showing};

const HOLDERS: usize = 20;
/// How long after its deadline a seat may still be held, as a follower sees it.
const LATE: Duration = Duration::from_secs(1);

/// Holds two seats for each of 20 people over REST and the live connection in turns, who then are
/// gone; each seat with its deadline.
async fn vanish(server: &Server, showing: &str) -> BTreeMap<String, Timestamp> {
    let mut deadlines = BTreeMap::new();
    let mut people = Vec::new();
    for n in 0..HOLDERS {
        people.push(server.person(&format!("ghost{n}")).await);
    }
    for (n, client) in people.into_iter().enumerate() {
        let mut buyer = match n % 2 {
            0 => Buyer::Rest(client),
            _ => Buyer::live(&client).await.unwrap(),
        };
        let hold = buyer.hold(showing, json!({ "best": 2 })).await.unwrap();
        for seat in hold["seats"].as_array().unwrap() {
            let until = hold["until"].as_str().unwrap().parse().unwrap();
            deadlines.insert(seat.as_str().unwrap().to_owned(), until);
        }
    }
    assert_eq!(deadlines.len(), 2 * HOLDERS);
    deadlines
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_of_holders_who_vanished_come_back_at_their_deadline() {
    let server = Server::with(&[("PLAYHOUSE_CINEMA_HOLD", "4s")]);
    let path = showing(&server.admin().await, 4, 10).await;
    let id = path.rsplit('/').next().unwrap();
    let mut live = Live::connect(&server.base(), None).await.unwrap();
    let mut follower = Follower::of(id);
    follower.subscribe(&mut live).await.unwrap();
    let mut held = vanish(&server, id).await;
    while held.keys().any(|seat| follower.seats().get(seat).is_none_or(|state| state == "free")) {
        follower.watch(&mut live, Duration::from_millis(20)).await.unwrap();
    }
    let mut latest = Duration::ZERO;
    while !held.is_empty() {
        follower.watch(&mut live, Duration::from_millis(20)).await.unwrap();
        let now = Timestamp::now();
        held.retain(|seat, until| {
            let over = now.duration_since(*until);
            let free = follower.seats().get(seat).is_some_and(|state| state == "free");
            assert!(!free || !over.is_negative(), "{seat} came back {over:?} too early");
            assert!(
                free || over.unsigned_abs() < LATE || over.is_negative(),
                "{seat} is {over:?} late"
            );
            if free {
                latest = latest.max(over.unsigned_abs());
            }
            !free
        });
    }
    println!("{} seats came back at most {latest:?} after their deadline", 2 * HOLDERS);
    assert_eq!(follower.totals()["free"], 2 * HOLDERS);
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_passed_while_the_server_was_down_is_kept_at_its_start() {
    let mut server = Server::with(&[("PLAYHOUSE_CINEMA_HOLD", "2s")]);
    let path = showing(&server.admin().await, 4, 10).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let deadlines = vanish(&server, &id).await;
    server.kill();
    // The clock is the one thing that a test of a real process cannot turn.
    let last = *deadlines.values().max().unwrap();
    let pause = last.duration_since(Timestamp::now());
    tokio::time::sleep(pause.try_into().unwrap_or_default()).await;
    tokio::task::block_in_place(|| server.run());
    let started = std::time::Instant::now();
    let map = loop {
        let map = server.client().get(&format!("{path}/seats")).await.unwrap();
        if map["seats"]["free"] == 2 * HOLDERS {
            break map;
        }
        assert!(started.elapsed() < LATE, "still held: {}", map["seats"]);
    };
    assert!(states(&map).values().all(|state| state == "free"));
    server.saw_no_panic();
}
