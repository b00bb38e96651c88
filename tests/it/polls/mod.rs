//! Polls over real sockets: joining, voting by either way, secret ballots, what is hidden, and kills.

use playhouse_loadtest::client::Client;
use playhouse_loadtest::voter::{Door, Voter};
use serde_json::{Value, json};

use crate::server::Server;

mod crash;
mod hidden;
mod joining;
mod kinds;
pub(crate) mod secret;
mod votes;

/// A poll of options `A` and `B` with what `with` says, open, and its path.
pub(crate) async fn open_poll(presenter: &Client, with: Value) -> (Value, String) {
    let mut asks = json!({ "title": "Which?", "kind": "single", "options": ["A", "B"] });
    for (name, value) in with.as_object().expect("an object of settings") {
        asks[name] = value.clone();
    }
    let poll = presenter.post("/api/polls", asks).await.expect("a poll is made");
    let path = format!("/api/polls/{}", id_of(&poll));
    let poll = presenter.post(&format!("{path}/open"), json!({})).await.expect("it opens");
    (poll, path)
}

pub(crate) fn id_of(thing: &Value) -> &str {
    thing["id"].as_str().expect("it has an id")
}

/// A browser that nobody has seen joins.
pub(crate) async fn voter(server: &Server, poll: &Value) -> Client {
    let joined = Voter::join(&server.client(), Door::Poll(id_of(poll))).await;
    joined.expect("a browser joins").client().clone()
}
