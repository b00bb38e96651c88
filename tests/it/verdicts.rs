//! Verdicts of cheating over real sockets: what shows it, what they change, and who sees them.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::duel::{duel, matched};
use crate::server::Server;

/// How soon the league has been told. 20 s; usual are milliseconds.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_voids_what_the_match_gave_and_links_to_its_tick_until_it_is_taken_back() {
    let mut server = Server::start();
    let (admin, ann, bob) =
        (server.admin().await, server.person("ann").await, server.person("bob").await);
    let path = matched(&ann, &bob).await;
    duel(&ann, &bob, &path).await;
    let session = path.rsplit('/').next().unwrap().to_owned();
    let me = ann.get("/api/accounts/me").await.unwrap()["id"].as_str().unwrap().to_owned();
    let (history, at) =
        (format!("/api/players/{me}/matches"), format!("/api/admin/matches/{session}"));
    let gained = async |is: &dyn Fn(&Value) -> bool, what: &str| {
        let start = Instant::now();
        loop {
            let board = server.client().get("/api/leaderboards/fourinarow").await.unwrap();
            let points = |name: &str| {
                let all = board["items"].as_array().unwrap();
                all.iter().find(|one| one["name"] == name).map(|one| one["points"].clone())
            };
            let both = json!([points("ann"), points("bob")]);
            if is(&both) {
                return both;
            }
            assert!(start.elapsed() < TOLD_WITHIN, "{what}: {board}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let was = gained(&|both| both[0].as_i64() > Some(0), "it counts").await;
    let verdict = format!("{at}/verdicts/{me}");
    let give = json!({ "tick": 5, "reason": "saw through walls" });
    let refused = bob.ask(Method::PUT, &verdict, None, Some(&give)).await.unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    let evidence = admin.get(&at).await.unwrap();
    assert!(evidence["ticks"].as_u64() >= Some(10) && evidence["items"] == json!([]), "{evidence}");
    let start = Instant::now();
    while let Err(refused) = admin.ask(Method::PUT, &verdict, None, Some(&give)).await {
        // The match may not have heard yet what the league made of it.
        assert_eq!(refused.code(), "match_not_told");
        assert!(start.elapsed() < TOLD_WITHIN);
    }
    gained(&|both| *both == json!([0, 0]), "nothing is left of it").await;
    let seen = bob.get(&path).await.unwrap();
    assert_eq!(seen["verdicts"], json!([{ "account": me, "name": "ann", "tick": 5 }]));
    let row = bob.get(&history).await.unwrap()["items"][0].clone();
    assert_eq!((&row["cheated_at"], &row["rating"]["after"]), (&json!(5), &json!(0)), "{row}");
    let acts = admin.get("/api/admin/acts").await.unwrap();
    let told = acts.to_string();
    assert!(told.contains("match.verdict") && told.contains("saw through walls"), "{told}");

    tokio::task::block_in_place(|| {
        server.kill();
        server.run();
    });
    let (admin, bob) = (
        server.client().with_token(admin.token().unwrap()),
        server.client().with_token(bob.token().unwrap()),
    );
    admin.ask(Method::DELETE, &verdict, None, None).await.unwrap();
    let start = Instant::now();
    loop {
        let board = bob.get("/api/leaderboards/fourinarow").await.unwrap();
        let first = &board["items"][0];
        if first["points"] == was[0] && first["won"] == 1 {
            break;
        }
        assert!(start.elapsed() < TOLD_WITHIN, "it is as it was: {board}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(bob.get(&path).await.unwrap()["verdicts"], json!([]));
    assert_eq!(bob.get(&history).await.unwrap()["items"][0]["cheated_at"], Value::Null);
    server.saw_no_panic();
}
