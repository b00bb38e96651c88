//! Looking for a match alone.

use futures_util::future::join_all;
use playhouse_loadtest::live::Live;
use serde_json::json;

use super::{TICKETS, WITHIN, look, people, text, ticket, until};
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn eight_who_look_find_each_other_and_have_seats() {
    let server = Server::start();
    let people = people(&server, 8).await;
    let tickets = join_all(people.iter().map(look)).await;
    let mut sessions = Vec::new();
    let mut seats = Vec::new();
    for (who, waiting) in people.iter().zip(&tickets) {
        let found = until(who, text(waiting, "id"), "matched").await;
        let join = format!("/api/games/sessions/{}/join", text(&found, "session"));
        seats.push(who.post(&join, json!({})).await.unwrap()["seat"].as_u64().unwrap());
        sessions.push(text(&found, "session").to_owned());
    }
    sessions.dedup();
    assert_eq!(sessions.len(), 1, "all of them in one match");
    seats.sort_unstable();
    assert_eq!(seats, (0..8).collect::<Vec<_>>(), "each a seat of their own");
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_follows_is_told_of_its_match_without_asking() {
    let server = Server::start();
    let people = people(&server, 8).await;
    let mut live = Live::connect(&server.base(), people[0].token()).await.unwrap();
    let channel = json!({ "channel": "matchmaking:arena" });
    let seen = live.command("subscribe", channel).await.unwrap();
    assert_eq!(seen["data"]["view"]["ticket"], json!(null), "{seen}");
    join_all(people.iter().map(look)).await;
    loop {
        let pushed = live.push(WITHIN).await.expect("something is published");
        let told = pushed.to_string();
        if told.contains(r#""state":"matched""#) {
            assert!(told.contains(r#""session":""#), "{told}");
            break;
        }
    }
    let mut nobody = Live::connect(&server.base(), None).await.unwrap();
    let refused = nobody.command("subscribe", json!({ "channel": "matchmaking:arena" })).await;
    assert!(refused.is_err(), "a ticket is its owner's: {refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_its_owners_and_can_be_taken_back() {
    let server = Server::start();
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let waiting = look(&ann).await;
    let path = format!("{TICKETS}/{}", text(&waiting, "id"));
    assert_eq!((&waiting["state"], &waiting["waiting"]), (&json!("waiting"), &json!(1)));
    assert_eq!(waiting["estimate"], json!(null), "nobody knows yet");
    let again = ann.post(TICKETS, json!({ "game": "arena" })).await.unwrap_err();
    assert_eq!(again.code(), "already_waiting");
    assert_eq!(bob.get(&path).await.unwrap_err().code(), "not_found");
    assert_eq!(bob.delete(&path).await.unwrap_err().code(), "not_found");
    ann.delete(&path).await.unwrap();
    assert_eq!(ticket(&ann, text(&waiting, "id")).await["state"], "cancelled");
    let none = ann.post(TICKETS, json!({ "game": "chess" })).await.unwrap_err();
    assert_eq!(none.code(), "not_found");
    let skilled = json!({ "game": "arena", "skill": 99 });
    assert_eq!(ann.post(TICKETS, skilled).await.unwrap_err().code(), "invalid_body");
    let region = |name: &str| json!({ "game": "arena", "regions": [{ "region": name, "ms": 10 }] });
    assert_eq!(ann.post(TICKETS, region("EU")).await.unwrap_err().code(), "bad_regions");
    ann.post(TICKETS, region("eu-west")).await.unwrap();
}
