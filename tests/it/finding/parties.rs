//! Parties, and looking for a match with one.

use playhouse_loadtest::live::Live;
use serde_json::json;

use super::{TICKETS, WITHIN, account, people, text, until};
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_party_comes_together_and_into_one_match() {
    let server = Server::start();
    let people = people(&server, 8).await;
    let made = people[0].post("/api/parties", json!({})).await.unwrap();
    let path = format!("/api/parties/{}", text(&made, "id"));
    let invite = json!({ "username": "person1" });
    people[0].post(&format!("{path}/invitations"), invite).await.unwrap();
    let asked = people[1].get("/api/parties").await.unwrap();
    assert_eq!(asked["items"][0]["id"], made["id"], "{asked}");
    people[1].post(&format!("{path}/accept"), json!({})).await.unwrap();
    for person in &people[2..] {
        person.post("/api/parties/join", json!({ "code": made["code"] })).await.unwrap();
    }
    let refused = people[1].post(TICKETS, json!({ "game": "arena", "party": made["id"] })).await;
    assert_eq!(refused.unwrap_err().code(), "not_the_leader");
    let wish = json!({ "game": "arena", "party": made["id"] });
    let ticket = people[0].post(TICKETS, wish).await.unwrap();
    let found = until(&people[7], text(&ticket, "id"), "matched").await;
    let session = people[7].get(&format!("/api/games/sessions/{}", text(&found, "session"))).await;
    assert_eq!(session.unwrap()["players"].as_array().unwrap().len(), 8);
    let party = people[3].get(&path).await.unwrap();
    assert_eq!(party["search"], json!(null));
    assert_eq!(party["found"]["session"], found["session"]);
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_takes_the_ticket_back_and_sees_no_more() {
    let server = Server::start();
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let made = ann.post("/api/parties", json!({})).await.unwrap();
    let path = format!("/api/parties/{}", text(&made, "id"));
    bob.post("/api/parties/join", json!({ "code": made["code"] })).await.unwrap();
    let mut live = Live::connect(&server.base(), bob.token()).await.unwrap();
    let channel = format!("party:{}", text(&made, "id"));
    live.command("subscribe", json!({ "channel": channel })).await.unwrap();
    let wish = json!({ "game": "arena", "party": made["id"] });
    let ticket = ann.post(TICKETS, wish).await.unwrap();
    let gone = format!("{path}/members/{}", account(&bob).await);
    ann.delete(&gone).await.unwrap();
    until(&ann, text(&ticket, "id"), "cancelled").await;
    loop {
        let told = live.push(WITHIN).await.expect("something is published").to_string();
        if told.contains(r#""open":false"#) {
            assert!(!told.contains(text(&made, "code")), "{told}");
            break;
        }
    }
    assert_eq!(bob.get(&path).await.unwrap_err().code(), "not_found");
    let back = bob.post("/api/parties/join", json!({ "code": made["code"] })).await;
    assert_eq!(back.unwrap_err().code(), "removed_from_party");
    let nobody = json!({ "code": "222222" });
    assert_eq!(bob.post("/api/parties/join", nobody).await.unwrap_err().code(), "unknown_code");
    // A poll's page is told nothing of a party's code.
    let poll = server.client().post("/api/polls/join", json!({ "code": made["code"] })).await;
    assert_eq!(poll.unwrap_err().code(), "unknown_code");
    server.saw_no_panic();
}
