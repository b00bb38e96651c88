//! A seat that is given up while it is played is filled again from those who look for a match, once.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::{WITHIN, look, people, text, ticket, until};
use crate::games::{By, player, seat};
use crate::server::Server;

/// For how long nobody else may be matched. 3 s: three passes.
const NOBODY_FOR: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_is_given_up_is_filled_from_the_queue_once_though_the_server_is_killed() {
    let mut server = Server::start();
    let mut people = people(&server, 10).await;
    let tickets = join_all(people[..8].iter().map(look)).await;
    let found = until(&people[0], text(&tickets[0], "id"), "matched").await;
    let session = text(&found, "session").to_owned();
    let path = format!("/api/games/sessions/{session}");
    let mut players = Vec::new();
    for who in &people[..8] {
        players.push(player(By::Web, &seat(who, &path).await).await);
    }
    assert!(players[0].play(WITHIN, |player| player.states > 0).await.unwrap(), "it is played");
    // One leaves, and the server dies before or after the matchmaking has heard of it.
    people[7].post(&format!("{path}/leave"), json!({})).await.unwrap();
    tokio::task::block_in_place(|| {
        server.kill();
        server.run();
    });
    let again = server.client();
    people.iter_mut().for_each(|who| *who = again.with_token(who.token().unwrap()));
    let ninth = look(&people[8]).await;
    let came = until(&people[8], text(&ninth, "id"), "matched").await;
    assert_eq!(came["session"], json!(session), "into the seat that was given up");
    let info = people[0].get(&path).await.unwrap();
    let seated = info["players"].as_array().unwrap();
    assert_eq!(seated.len(), 8, "{info}");
    assert_eq!(seated.iter().filter(|one| one["name"] == "person8").count(), 1, "{info}");
    seat(&people[8], &path).await;
    // It was one seat.
    let tenth = look(&people[9]).await;
    let began = Instant::now();
    while began.elapsed() < NOBODY_FOR {
        assert_eq!(ticket(&people[9], text(&tenth, "id")).await["state"], "waiting");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server.saw_no_panic();
}
