//! A match of four in a row that two people begin and one of them gives up: results within seconds.

use std::time::{Duration, Instant};

use playhouse_domain::games::find;
use playhouse_loadtest::client::Client;
use playhouse_loadtest::play::mind::Choose;
use playhouse_loadtest::play::player::Player;
use playhouse_loadtest::play::{Connection, Way};
use playhouse_protocol::game::Input;
use playhouse_protocol::game::control::{ClientControl, Entry};
use serde_json::{Value, json};

/// How long anything may take. 60 s, on a busy machine; usual are three seconds of countdown and a few ticks.
const WITHIN: Duration = Duration::from_secs(60);

/// How many states the winner sees before the other one gives up: the match has as many ticks at least.
const TICKS: u64 = 10;

async fn enter(who: &Client, path: &str) -> Player<Choose> {
    let joined = who.post(&format!("{path}/join"), json!({})).await.expect("there is a seat");
    let way = Way::read(&joined).expect("it says how to get there");
    let connection = Connection::web(&way).await.expect("there is a connection");
    let schema = find("fourinarow").expect("it is a game").schema();
    let waits: Choose = Box::new(|_, _| Input::NEUTRAL);
    let entry = Entry::Ticket(way.ticket.clone());
    Player::enter(connection, schema, entry, waits).await.expect("one is let in")
}

/// Has both come to the match at `path` (`/api/games/sessions/{id}`), until it is played.
pub(crate) async fn begun(one: &Client, other: &Client, path: &str) -> [Player<Choose>; 2] {
    let mut players = [enter(one, path).await, enter(other, path).await];
    for player in &mut players {
        player.connection.say(&ClientControl::Ready(true)).await.expect("the connection stands");
    }
    let [first, second] = &mut players;
    let (begun, other) = tokio::join!(
        first.play(WITHIN, |player| player.states >= TICKS),
        second.play(WITHIN, |player| player.states >= TICKS),
    );
    assert!(begun.expect("it is played") && other.expect("it is played"), "it does not begin");
    players
}

/// Has both play the match at `path`, and `loser` give up; how the match is then.
pub(crate) async fn duel(winner: &Client, loser: &Client, path: &str) -> Value {
    let _players = begun(winner, loser, path).await;
    loser.post(&format!("{path}/leave"), json!({})).await.expect("one may give up");
    let start = Instant::now();
    loop {
        let info = winner.get(path).await.expect("the match is there");
        if info["phase"] == "concluded" {
            return info;
        }
        assert!(start.elapsed() < WITHIN, "it does not end: {info}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Has both look for a match of four in a row, which counts; the path of the match that they find.
pub(crate) async fn matched(one: &Client, other: &Client) -> String {
    let wish = json!({ "game": "fourinarow" });
    let ticket = one.post("/api/match/tickets", wish.clone()).await.expect("one may look");
    other.post("/api/match/tickets", wish).await.expect("one may look");
    let ticket = format!("/api/match/tickets/{}", ticket["id"].as_str().expect("it has an id"));
    let start = Instant::now();
    loop {
        let seen = one.get(&ticket).await.expect("the ticket is there");
        if seen["state"] == "matched" {
            let id = seen["session"].as_str().expect("it has a match");
            return format!("/api/games/sessions/{id}");
        }
        assert!(start.elapsed() < WITHIN, "nobody is found: {seen}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
