//! The server is killed while tickets wait, are placed and are matched: each ends in one match, or waits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use playhouse_loadtest::client::Client;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::{TICKETS, WITHIN, people, text, ticket, until};
use crate::server::{Server, is_long, seed};

/// How often the server is killed; `./test long` does it five times as often.
const KILLS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_leaves_each_ticket_in_one_match_or_waiting() {
    let mut server = Server::start();
    let everybody = people(&server, 12).await;
    let mut chance = StdRng::seed_from_u64(seed());
    for round in 0..if is_long() { 5 * KILLS } else { KILLS } {
        // Eight make a match at once, four wait on.
        let look = everybody.iter().enumerate().map(|(n, who)| async move {
            let key = format!("round-{round}-{n}");
            who.post_as(&key, TICKETS, json!({ "game": "arena" })).await.unwrap()
        });
        let tickets = join_all(look).await;
        // Somewhere between the first pass and the last seat.
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..400))).await;
        tokio::task::block_in_place(|| {
            server.kill();
            server.run();
        });
        let back = Instant::now();
        let mut seats: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut waiting = Vec::new();
        for (who, made) in everybody.iter().zip(&tickets) {
            let id = text(made, "id");
            let seen = settled(who, id, back).await;
            match text(&seen, "state") {
                "matched" => {
                    let of = text(&seen, "session").to_owned();
                    seats.entry(of).or_default().push(text(&seen["members"][0], "name").to_owned());
                }
                "waiting" => waiting.push((who, id.to_owned())),
                other => panic!("a ticket is {other}: {seen}"),
            }
        }
        println!("round {round}: {} matches, {} wait", seats.len(), waiting.len());
        for (session, names) in &seats {
            let info = everybody[0].get(&format!("/api/games/sessions/{session}")).await.unwrap();
            let seated = info["players"].as_array().unwrap();
            let has = |name: &String| seated.iter().filter(|p| p["name"] == **name).count();
            assert!(
                names.iter().all(|name| has(name) == 1),
                "{names:?} have one seat each: {info}"
            );
            assert_eq!(seated.len(), names.len(), "and nobody else has");
        }
        for (who, id) in waiting {
            who.delete(&format!("{TICKETS}/{id}")).await.unwrap();
            until(who, &id, "cancelled").await;
        }
    }
    server.saw_no_panic();
}

/// The ticket once nothing is under way: it waits for company, or has it.
async fn settled(who: &Client, id: &str, back: Instant) -> Value {
    loop {
        let seen = ticket(who, id).await;
        // Those who can be matched at once are within a few passes.
        let placed = seen["state"] != "placing";
        if placed && (seen["state"] == "matched" || back.elapsed() > Duration::from_secs(3)) {
            return seen;
        }
        assert!(back.elapsed() < WITHIN, "it stays {seen}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
