//! From looking for a match to a seat in one, over real sockets: alone and with a party, on the live
//! connection, and through kills.

mod backfill;
mod kill;
mod parties;
mod tickets;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use playhouse_loadtest::client::Client;
use serde_json::{Value, json};

use crate::server::Server;

/// How long anything may take. 40 s: a match of two is formed after 20, on a busy machine.
const WITHIN: Duration = Duration::from_secs(40);

const TICKETS: &str = "/api/match/tickets";

/// So many people, by name `p0` and on.
async fn people(server: &Server, many: usize) -> Vec<Client> {
    let names: Vec<_> = (0..many).map(|n| format!("person{n}")).collect();
    join_all(names.iter().map(|name| server.person(name))).await
}

async fn look(who: &Client) -> Value {
    who.post(TICKETS, json!({ "game": "arena" })).await.unwrap()
}

fn text<'a>(thing: &'a Value, name: &str) -> &'a str {
    thing[name].as_str().unwrap_or_else(|| panic!("no {name} in {thing}"))
}

/// The ticket as its owner sees it.
async fn ticket(who: &Client, id: &str) -> Value {
    who.get(&format!("{TICKETS}/{id}")).await.unwrap()
}

/// The ticket, once it is `state`.
async fn until(who: &Client, id: &str, state: &str) -> Value {
    let began = Instant::now();
    loop {
        let seen = ticket(who, id).await;
        if seen["state"] == state {
            return seen;
        }
        assert!(began.elapsed() < WITHIN, "it is not {state}: {seen}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The account of `who`.
async fn account(who: &Client) -> String {
    text(&who.get("/api/accounts/me").await.unwrap(), "id").to_owned()
}
