//! Hidden results leak on no way out: two polls in which as many voted look the same to everybody,
//! byte for byte, whatever was voted.

use std::time::Duration;

use playhouse_loadtest::live::Live;
use serde_json::json;

use super::{id_of, open_poll, voter};
use crate::server::Server;

/// The most bytes that a live connection is heard for after the last vote.
const QUIET: Duration = Duration::from_millis(300);

/// Everything that a voter, a watcher and a passer-by are told of a poll in which everybody votes for
/// `choice`, without what tells any two polls apart.
async fn told(
    server: &Server,
    kind: &serde_json::Value,
    choice: &serde_json::Value,
) -> Vec<String> {
    let presenter = server.admin().await;
    let (poll, path) = open_poll(&presenter, kind.clone()).await;
    let mut hall = Live::connect(&server.base(), None).await.unwrap();
    let channel = format!("poll:{}", id_of(&poll));
    let start = hall.command("subscribe", json!({ "channel": channel })).await.unwrap();
    let mut told = vec![start["data"].to_string()];
    for _ in 0..3 {
        let ann = voter(server, &poll).await;
        ann.post(&format!("{path}/votes"), choice.clone()).await.unwrap();
        let push = hall.push(Duration::from_secs(10)).await.unwrap();
        told.push(push["pub"]["data"].to_string());
        let seen = server.client().get(&path).await.unwrap();
        told.push(json!([seen["tally"], seen["stage"], seen["mine"]]).to_string());
    }
    hall.linger(QUIET).await.unwrap();
    told.extend(hall.pushes().iter().map(ToString::to_string));
    let export = server.client().get(&format!("{path}/export.csv")).await.unwrap_err();
    told.push(export.code().to_owned());
    let metrics = reqwest::get(format!("{}/metrics", server.base())).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(!metrics.contains(id_of(&poll)), "metrics name no poll");
    let apart = |text: String| {
        let text = text.replace(id_of(&poll), "ID");
        let text = text.replace(poll["join_code"].as_str().unwrap(), "CODE");
        text.replace(poll["opened_at"].as_str().unwrap(), "TIME")
    };
    told.into_iter().map(apart).collect()
}

#[tokio::test]
async fn hidden_results_leak_on_no_way_out() {
    let server = Server::start();
    let words = json!({ "kind": "words", "options": [], "max": 2, "results": "presenter" });
    for (kind, one, other) in [
        (json!({ "results": "presenter" }), json!({ "choice": [0] }), json!({ "choice": [1] })),
        (json!({ "results": "after_close" }), json!({ "choice": [0] }), json!({ "choice": [1] })),
        (words, json!({ "words": ["a"] }), json!({ "words": ["a much longer word", "b"] })),
    ] {
        let (one, other) = (told(&server, &kind, &one).await, told(&server, &kind, &other).await);
        assert_eq!(one, other);
        assert!(one.iter().all(|text| !text.contains("counts") && !text.contains("words\":[")));
    }
}
