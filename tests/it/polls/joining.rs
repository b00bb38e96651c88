//! Joining by a code or a link.

use std::time::Duration;

use playhouse_loadtest::live::Live;
use serde_json::{Value, json};

use super::{id_of, open_poll, voter};
use crate::server::Server;

async fn join(
    server: &Server,
    body: Value,
    cookie: Option<&str>,
) -> (reqwest::StatusCode, Option<String>, Value) {
    let http = reqwest::Client::new();
    let mut asked = http.post(format!("{}/api/polls/join", server.base())).json(&body);
    if let Some(cookie) = cookie {
        asked = asked.header("cookie", cookie);
    }
    let answer = asked.send().await.unwrap();
    let cookie = answer.headers().get("set-cookie").map(|c| c.to_str().unwrap().to_owned());
    (answer.status(), cookie, answer.json().await.unwrap())
}

#[tokio::test]
async fn one_browser_is_one_voter_however_often_it_joins() {
    let server = Server::start();
    let presenter = server.admin().await;
    let (poll, path) = open_poll(&presenter, json!({})).await;
    let code = poll["join_code"].as_str().unwrap();
    let (front, back) = code.split_at(3);
    let typed = format!("{} {}", front.to_lowercase(), back);
    let (_, cookie, first) = join(&server, json!({ "code": typed }), None).await;
    assert_eq!(first["poll_id"], poll["id"]);
    let cookie = cookie.unwrap();
    for guard in ["HttpOnly", "SameSite=Strict", "Path=/api/polls/join"] {
        assert!(cookie.contains(guard), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap();
    let (_, again, second) = join(&server, json!({ "poll_id": poll["id"] }), Some(cookie)).await;
    assert!(again.unwrap().starts_with(cookie), "the same cookie");
    let votes = format!("{path}/votes");
    let as_voter =
        |joined: &Value| server.client().with_token(joined["voter_token"].as_str().unwrap());
    let receipt = as_voter(&first).post(&votes, json!({ "choice": [0] })).await.unwrap();
    let refused = as_voter(&second).post(&votes, json!({ "choice": [1] })).await.unwrap_err();
    assert_eq!(refused.code(), "voted_before");
    assert_eq!(as_voter(&second).get(&path).await.unwrap()["mine"]["vote"]["receipt"], receipt);
}

#[tokio::test]
async fn codes_cannot_be_guessed_at_speed_and_those_who_know_one_are_not_slowed() {
    let server = Server::with(&[("PLAYHOUSE_LIMITS_WRONG_CODES", "5")]);
    let presenter = server.admin().await;
    let (poll, _) = open_poll(&presenter, json!({})).await;
    let code = poll["join_code"].as_str().unwrap();
    let wrong = if code == "222222" { "333333" } else { "222222" };
    for _ in 0..20 {
        assert_eq!(join(&server, json!({ "code": code }), None).await.0, 200);
    }
    for guess in [wrong, "no code", "", wrong, wrong] {
        let (status, _, problem) = join(&server, json!({ "code": guess }), None).await;
        assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("unknown_code")));
    }
    let (status, _, problem) = join(&server, json!({ "code": wrong }), None).await;
    assert_eq!((status.as_u16(), &problem["code"]), (429, &json!("too_many_requests")));
    assert!(problem["retry_after_s"].as_u64().is_some_and(|s| s > 60), "{problem}");
    assert_eq!(join(&server, json!({ "poll_id": poll["id"] }), None).await.0, 200, "links go on");
}

#[tokio::test]
async fn devices_are_not_made_without_end_from_one_address() {
    let server = Server::with(&[("PLAYHOUSE_LIMITS_JOINS", "3")]);
    let presenter = server.admin().await;
    let (poll, _) = open_poll(&presenter, json!({})).await;
    let link = json!({ "poll_id": poll["id"] });
    let (_, cookie, _) = join(&server, link.clone(), None).await;
    join(&server, link.clone(), None).await;
    join(&server, link.clone(), None).await;
    assert_eq!(join(&server, link.clone(), None).await.0, 429);
    let known = cookie.unwrap();
    let known = known.split(';').next().unwrap();
    assert_eq!(join(&server, link, Some(known)).await.0, 200, "who came before comes back");
}

#[tokio::test]
async fn a_series_leads_those_who_joined_it_from_poll_to_poll() {
    let server = Server::start();
    let presenter = server.admin().await;
    let (first, _) = open_poll(&presenter, json!({})).await;
    let (second, _) = open_poll(&presenter, json!({ "title": "And then?" })).await;
    let polls = json!({ "title": "Evening", "polls": [first["id"], second["id"]] });
    let series = presenter.post("/api/series", polls).await.unwrap();
    let path = format!("/api/series/{}", id_of(&series));
    let go = |poll: &Value| json!({ "poll_id": poll["id"] });
    presenter.post(&format!("{path}/go"), go(&first)).await.unwrap();
    let (_, _, joined) = join(&server, json!({ "code": series["join_code"] }), None).await;
    assert_eq!((&joined["series_id"], &joined["poll_id"]), (&series["id"], &first["id"]));

    let token = joined["voter_token"].as_str().unwrap();
    let mut phone = Live::connect(&server.base(), Some(token)).await.unwrap();
    let channel = format!("series:{}", id_of(&series));
    let start = phone.command("subscribe", json!({ "channel": channel })).await.unwrap();
    let view = &start["data"]["view"];
    assert_eq!((&view["current"], &view["polls"]), (&first["id"], &json!([])), "not what comes");
    presenter.post(&format!("{path}/go"), go(&second)).await.unwrap();
    let push = phone.push(Duration::from_secs(10)).await.unwrap();
    assert_eq!(push["pub"]["data"]["view"]["current"], second["id"]);

    let other = voter(&server, &first).await;
    assert_eq!(other.get(&path).await.unwrap()["current"], second["id"], "with a voter token, too");
    assert_eq!(
        other.post(&format!("{path}/go"), go(&first)).await.unwrap_err().code(),
        "bad_token"
    );
}
