//! The log for machines: each line is JSON with the fields that the docs name, and none holds a secret.

use std::collections::BTreeSet;
use std::str::FromStr;

use playhouse_loadtest::live::Live;
use serde_json::{Value, json};

use crate::server::{ADMIN, Server, showing};

/// The table of fields in the docs: each field, and the lines that have it.
fn documented() -> Vec<(BTreeSet<String>, String)> {
    let docs = std::fs::read_to_string("docs/operations.md").unwrap();
    let section = docs.split("## The log").nth(1).expect("the docs have the log");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | "));
    rows.map(|(fields, rest)| {
        let fields = fields.split('`').step_by(2).filter(|field| !field.is_empty());
        (fields.map(str::to_owned).collect(), rest.split(" | ").next().unwrap().to_owned())
    })
    .collect()
}

/// Something of every sort happens; what must not be in the log.
async fn lived(server: &Server) -> Vec<String> {
    let admin = server.admin().await;
    let ann = server.person("ann").await;
    let newer = ann.refresh().await.unwrap();
    let wrong = server.client().log_in("ann", "a wrong secret").await.unwrap_err();
    assert_eq!(wrong.code(), "wrong_login");
    let path = showing(&admin, 1, 8).await;
    let mut live = Live::connect(&server.base(), newer.token()).await.unwrap();
    let channel = path.replace("/api/showings/", "showing:");
    live.command("subscribe", json!({ "channel": channel })).await.unwrap();
    let hold = newer.post(&format!("{path}/holds"), json!({ "seats": ["A1"] })).await.unwrap();
    let buy = format!("{path}/holds/{}/purchase", hold["hold_id"].as_str().unwrap());
    newer.post(&buy, json!({ "payment_token": "declined" })).await.unwrap_err();
    newer.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();

    let poll =
        json!({ "title": "Which?", "kind": "single", "options": ["A", "B"], "voters": "code" });
    let poll = admin.post("/api/polls", poll).await.unwrap();
    let of_poll = format!("/api/polls/{}", poll["id"].as_str().unwrap());
    let codes = admin.post(&format!("{of_poll}/codes"), json!({ "count": 2 })).await.unwrap();
    let code = codes["codes"][0].as_str().unwrap().to_owned();
    admin.post(&format!("{of_poll}/open"), json!({})).await.unwrap();
    let joined = server.client().post("/api/polls/join", json!({ "poll_id": poll["id"] })).await;
    let voter = joined.unwrap()["voter_token"].as_str().unwrap().to_owned();
    let vote = json!({ "choice": [1], "code": code });
    server.client().with_token(&voter).post(&format!("{of_poll}/votes"), vote).await.unwrap();

    let quarantine = format!("/api/admin/rooms/{channel}/quarantine");
    admin.post(&quarantine, json!({ "reason": "a look" })).await.unwrap();
    newer.get(&format!("{path}/seats")).await.unwrap_err();
    server.client().with_token("no.such.token").get("/api/bookings").await.unwrap_err();
    newer.get("/api/nothing").await.unwrap_err();
    let secrets = [ADMIN, "a long password", "a wrong secret", &code, &voter].map(str::to_owned);
    let tokens = [&admin, &ann, &newer].map(|client| client.token().unwrap().to_owned());
    secrets.into_iter().chain(tokens).collect()
}

fn has(line: &Value, field: &str) -> bool {
    line.get(field).is_some_and(|value| !value.is_null())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_log_is_json_with_the_fields_that_the_docs_name_and_holds_no_secret() {
    let settings = [("PLAYHOUSE_LOG_FORMAT", "json"), ("PLAYHOUSE_LOG_LEVEL", "trace")];
    let mut server = Server::with(&settings);
    let mut secrets = lived(&server).await;
    tokio::task::block_in_place(|| {
        server.kill();
        server.run();
    });
    // What it finds on its disk is told in the same way.
    let ann = server.client().log_in("ann", "a long password").await.unwrap();
    secrets.push(ann.token().unwrap().to_owned());
    assert!(tokio::task::block_in_place(|| server.stop()).0.success());

    let log = server.logged();
    let read = |line: &str| -> Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    let lines: Vec<Value> = log.lines().map(read).collect();
    let table = documented();
    assert!(table.len() >= 9, "{table:?}");
    for (fields, of) in &table {
        let ours = |line: &&Value| line["target"].as_str().unwrap().starts_with("playhouse");
        let messages: Vec<&str> = of.split('`').skip(1).step_by(2).collect();
        let within: Vec<&Value> = match of.as_str() {
            "every line" => lines.iter().collect(),
            "every line of our own" => lines.iter().filter(ours).collect(),
            "what belongs to a request" => {
                lines.iter().filter(|line| line["span"]["name"] == "request").collect()
            }
            _ => lines
                .iter()
                .filter(|line| messages.iter().any(|message| line["message"] == *message))
                .collect(),
        };
        for line in &within {
            for field in fields.iter().filter(|field| *field != "backtrace") {
                assert!(has(line, field), "{field} of {of} is not in {line}");
            }
        }
        println!("{fields:?} of {of}: {} lines", within.len());
    }
    let answered = lines.iter().filter(|line| line["message"] == "answered");
    for line in answered.clone() {
        for field in ["id", "method", "path"] {
            assert!(line["span"][field].is_string(), "{line}");
        }
        assert!(line["status"].is_u64() && line["took_us"].is_u64() && line["route"].is_string());
        jiff::Timestamp::from_str(line["timestamp"].as_str().unwrap()).unwrap();
    }
    assert!(answered.count() > 20);
    let acts = lines.iter().filter(|line| line["message"] == "an administrative act");
    assert!(acts.clone().any(|line| line["act"] == "RoomQuarantine" && line["by"] == "admin"));
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
}
