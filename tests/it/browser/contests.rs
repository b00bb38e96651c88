//! The pages of contests. What is judged is tested elsewhere: here no program is sent in.

use std::time::Duration;

use serde_json::json;

use crate::server::Server;

/// The pages of contests: the list, one that runs, and its board for the projector.
pub(super) async fn contests(server: &Server) -> Vec<String> {
    let admin = server.admin().await;
    let at = |after: u64| (jiff::Timestamp::now() + Duration::from_secs(after)).to_string();
    let contest = json!({ "title": "Autumn finals", "description": "Be **nice**.\n\n| n | m |\n|---|---|\n| 1 | 2 |",
        "starts_at": at(1), "ends_at": at(3600), "freeze_at": at(1) });
    let made = admin.post("/api/contests", contest).await.unwrap();
    let id = made["id"].as_str().unwrap();
    for name in ["team-one", "team-two"] {
        let team = server.person(name).await;
        team.post(&format!("/api/contests/{id}/registration"), json!({})).await.unwrap();
        let asks = json!({ "text": "May n be 0?" });
        team.post(&format!("/api/contests/{id}/clarifications"), asks).await.unwrap();
    }
    vec!["/contests".into(), format!("/contests/{id}"), format!("/contests/{id}/board")]
}
