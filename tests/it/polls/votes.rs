//! Voting by REST and on the live connection.

use std::time::Duration;

use playhouse_loadtest::live::{Live, LiveError};
use serde_json::{Value, json};

use super::{id_of, open_poll, voter};
use crate::server::Server;

/// The tallies as a channel tells them next: within the whole view, or as what changed.
async fn tally(live: &mut Live) -> Value {
    let mut said = next(live).await;
    let part = if said["view"].is_null() { "change" } else { "view" };
    said[part]["tally"].take()
}

/// What a channel says next.
async fn next(live: &mut Live) -> Value {
    let push = live.push(Duration::from_secs(10)).await.expect("the channel goes on");
    push["pub"]["data"].clone()
}

#[tokio::test]
async fn a_vote_moves_the_bars_of_all_who_watch_and_counts_once_by_either_way() {
    let server = Server::start();
    let presenter = server.admin().await;
    let (poll, path) = open_poll(&presenter, json!({})).await;
    let channel = format!("poll:{}", id_of(&poll));
    let mut hall = Live::connect(&server.base(), None).await.unwrap();
    let start = hall.command("subscribe", json!({ "channel": channel })).await.unwrap();
    assert_eq!(start["data"]["view"]["tally"], json!({ "ballots": 0, "counts": [0, 0] }));

    let ann = voter(&server, &poll).await;
    let vote = json!({ "choice": [1] });
    let receipt = ann.post_as("one", &format!("{path}/votes"), vote.clone()).await.unwrap();
    assert_eq!(tally(&mut hall).await, json!({ "ballots": 1, "counts": [0, 1] }));

    let mut live = Live::connect(&server.base(), ann.token()).await.unwrap();
    let again = json!({ "poll_id": poll["id"], "choice": [1], "key": "one" });
    assert_eq!(live.rpc("poll.vote", again).await.unwrap(), receipt, "the same key, the same vote");
    let other = json!({ "poll_id": poll["id"], "choice": [0], "key": "two" });
    let Err(LiveError::Refused { code, message, .. }) = live.rpc("poll.vote", other).await else {
        panic!("a vote that cannot be changed was changed")
    };
    assert_eq!((code, message.split(':').next()), (1409, Some("voted_before")));

    let bob = voter(&server, &poll).await;
    let mut live = Live::connect(&server.base(), bob.token()).await.unwrap();
    let vote = json!({ "poll_id": poll["id"], "choice": [0], "key": "one" });
    live.rpc("poll.vote", vote).await.unwrap();
    assert_eq!(tally(&mut hall).await, json!({ "ballots": 2, "counts": [1, 1] }));
    let mine = ann.get(&path).await.unwrap()["mine"].clone();
    assert_eq!((&mine["vote"]["choice"], &mine["vote"]["receipt"]), (&json!([1]), &receipt));
}

#[tokio::test]
async fn a_guest_votes_and_does_nothing_else() {
    let server = Server::start();
    let presenter = server.admin().await;
    let (poll, path) = open_poll(&presenter, json!({ "voters": "account" })).await;
    let ann = voter(&server, &poll).await;
    let refused = ann.post(&format!("{path}/votes"), json!({ "choice": [0] })).await.unwrap_err();
    assert_eq!(refused.code(), "wrong_voter", "this poll takes accounts");
    for path in ["close", "reset", "reveal", "codes"].map(|act| format!("{path}/{act}")) {
        let refused = ann.post(&path, json!({ "count": 1 })).await.unwrap_err();
        assert_eq!(refused.code(), "bad_token", "{path}: a voter token is no access token");
    }
    let mut live = Live::connect(&server.base(), ann.token()).await.unwrap();
    let hold = json!({ "showing_id": poll["id"], "best": 1 });
    let Err(LiveError::Refused { code: 1401, .. }) = live.rpc("showing.hold", hold).await else {
        panic!("a guest held a seat")
    };
    // Other organizers run other polls.
    let other = server.person("other").await;
    let refused = other.post(&format!("{path}/close"), json!({})).await.unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    other.post(&format!("{path}/votes"), json!({ "choice": [0] })).await.unwrap();
}

#[tokio::test]
async fn a_personal_code_is_one_vote_whoever_types_it() {
    let server = Server::start();
    let presenter = server.admin().await;
    let (poll, path) = open_poll(&presenter, json!({ "voters": "code" })).await;
    let drawn = presenter.post(&format!("{path}/codes"), json!({ "count": 2 })).await.unwrap();
    let code = drawn["codes"][0].as_str().unwrap().to_lowercase().replace('-', " ");
    let votes = format!("{path}/votes");
    let vote = |choice: u8, code: &str| json!({ "choice": [choice], "code": code });
    let receipt = server.client().post(&votes, vote(0, &code)).await.unwrap();
    let ann = voter(&server, &poll).await;
    assert_eq!(ann.post(&votes, vote(0, &code)).await.unwrap(), receipt);
    assert_eq!(ann.post(&votes, vote(1, &code)).await.unwrap_err().code(), "voted_before");
    assert_eq!(ann.post(&votes, vote(1, "AAAAA-AAAAA")).await.unwrap_err().code(), "unknown_code");
    let mine =
        server.client().post(&format!("{path}/mine"), json!({ "code": code })).await.unwrap();
    assert_eq!(mine["vote"]["receipt"], receipt);
}

#[tokio::test]
async fn questions_reach_everybody_step_by_step_and_moderation_can_be_undone() {
    let server = Server::start();
    let presenter = server.admin().await;
    let (poll, path) = open_poll(&presenter, json!({ "questions": "moderated" })).await;
    let questions = format!("{path}/questions");
    let channel = format!("questions:{}", id_of(&poll));
    // The room of the questions is told of the poll in its own time.
    let mut hall = Live::connect(&server.base(), None).await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while let Err(error) = hall.command("subscribe", json!({ "channel": channel })).await {
        assert!(tokio::time::Instant::now() < deadline, "{error}");
        tokio::task::yield_now().await;
    }
    let ann = voter(&server, &poll).await;
    let asked = ann.post(&questions, json!({ "text": "Why?", "name": "Ann" })).await.unwrap();
    assert_eq!(asked["standing"], "waiting");
    let public = server.client().get(&questions).await.unwrap();
    assert_eq!(public["questions"], json!([]), "the presenter comes first");
    let shown = |shown| json!({ "shown": shown });
    let one = format!("{questions}/1");
    presenter.ask(reqwest::Method::PATCH, &one, None, Some(&shown(true))).await.unwrap();
    assert_eq!(next(&mut hall).await["change"]["questions"]["1"]["text"], "Why?");
    let bob = voter(&server, &poll).await;
    let mut live = Live::connect(&server.base(), bob.token()).await.unwrap();
    let want = json!({ "poll_id": poll["id"], "question": 1, "up": true });
    assert_eq!(live.rpc("poll.want", want.clone()).await.unwrap()["votes"], 1);
    assert_eq!(live.rpc("poll.want", want).await.unwrap()["votes"], 1, "each voter once");
    assert_eq!(next(&mut hall).await["change"]["votes"]["1"], 1);
    presenter.ask(reqwest::Method::PATCH, &one, None, Some(&shown(false))).await.unwrap();
    assert_eq!(next(&mut hall).await["change"]["questions"], json!({ "1": null }));
    presenter.ask(reqwest::Method::PATCH, &one, None, Some(&shown(true))).await.unwrap();
    assert_eq!(next(&mut hall).await["change"]["questions"]["1"]["votes"], 1, "as it was");
}
