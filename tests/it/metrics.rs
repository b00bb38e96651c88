//! What `/metrics` says is what Prometheus reads: the server is used, scraped, and its words are held to the
//! rules of `promtool check metrics` by `tests/protocol/metrics.py`.
//!
//! Needs PyPI's `prometheus-client` in the folder that `tests/sdk/README.md` describes; says so where it is
//! missing. What the figures count is checked without it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use playhouse_loadtest::live::Live;
use serde_json::json;

use crate::server::{Server, showing};

fn python() -> Option<PathBuf> {
    let folder = std::env::var_os("PLAYHOUSE_TEST_SDK").map(PathBuf::from);
    let python = folder.map(|folder| folder.join("venv/bin/python"));
    let has_it = |python: &PathBuf| {
        let asked = Command::new(python).args(["-c", "import prometheus_client"]).output();
        asked.is_ok_and(|out| out.status.success())
    };
    let python = python.filter(has_it);
    if python.is_none() {
        eprintln!(
            "LEFT OUT: the rules for figures: prometheus-client is not in PLAYHOUSE_TEST_SDK, see tests/sdk/README.md"
        );
    }
    python
}

/// A server that something of every sort happened to, and what it says of that.
async fn used_and_scraped(server: &Server) -> String {
    let admin = server.admin().await;
    let path = showing(&admin, 1, 8).await;
    let mut live = Live::connect(&server.base(), admin.token()).await.unwrap();
    let channel = path.replace("/api/showings/", "showing:");
    live.command("subscribe", json!({ "channel": channel })).await.unwrap();
    let ann = server.person("annabelle").await;
    let holds = format!("{path}/holds");
    for seat in ["A1", "A1", "A2", "Z9"] {
        // Two of them are refused, which is counted too.
        let hold = ann.post(&holds, json!({ "seats": [seat] })).await;
        if let Ok(hold) = hold {
            let buy = format!("{holds}/{}/purchase", hold["hold_id"].as_str().unwrap());
            ann.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();
        }
    }
    let _ = live.push(Duration::from_secs(10)).await.unwrap();
    let poll = json!({ "title": "Which?", "kind": "single", "options": ["A", "B"] });
    admin.post("/api/polls", poll).await.unwrap();
    let quarantine = format!("/api/admin/rooms/{channel}/quarantine");
    admin.post(&quarantine, json!({ "reason": "a look" })).await.unwrap();
    ann.get("/api/nothing").await.unwrap_err();
    drop(live);
    server.client().text("/metrics").await.unwrap()
}

/// The value of the series that begins with `series`, if it is there.
fn value(scrape: &str, series: &str) -> Option<f64> {
    let line = scrape.lines().find(|line| line.starts_with(series))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_follow_the_rules_and_count_what_happened() {
    let server = Server::start();
    let scrape = used_and_scraped(&server).await;
    let refused = "playhouse_http_requests_total{method=\"POST\",route=\"/api/showings/{showing}/holds\",status=\"409\"}";
    assert_eq!(value(&scrape, refused), Some(1.0), "{scrape}");
    assert_eq!(value(&scrape, "playhouse_rooms_quarantined"), Some(1.0));
    assert!(value(&scrape, "playhouse_journal_frames_total") > Some(10.0));
    assert!(value(&scrape, "playhouse_rooms_bytes{kind=\"account\"}") > Some(0.0));
    assert!(value(&scrape, "playhouse_resident_bytes") > Some(1e6));
    assert!(!scrape.contains("annabelle"), "no name of a person is part of a figure");
    let Some(python) = python() else { return };
    let mut checker = Command::new(python)
        .arg("tests/protocol/metrics.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python starts");
    checker.stdin.take().expect("its input is ours").write_all(scrape.as_bytes()).unwrap();
    let said = checker.wait_with_output().expect("it ends");
    println!("{}", String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{}\n{scrape}", String::from_utf8_lossy(&said.stdout));
    server.saw_no_panic();
}

/// The checker itself can fail: each line breaks a rule of its own.
#[test]
fn the_rules_for_figures_are_not_always_kept() {
    let Some(python) = python() else { return };
    let bad = "# HELP a_ms x\n# TYPE a_ms counter\na_ms 1\nb 2\n\
        # HELP h_seconds t\n# TYPE h_seconds histogram\n\
        h_seconds_bucket{le=\"1\"} 3\nh_seconds_bucket{le=\"2\"} 2\nh_seconds_sum 1\nh_seconds_count 3\n";
    let mut checker = Command::new(python)
        .arg("tests/protocol/metrics.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("python starts");
    checker.stdin.take().expect("its input is ours").write_all(bad.as_bytes()).unwrap();
    let said = checker.wait_with_output().expect("it ends");
    let said = (said.status.success(), String::from_utf8_lossy(&said.stdout).into_owned());
    assert!(!said.0);
    for breach in ["ends in _total", "no base unit", "b: no TYPE", "bounds", "do not add up"] {
        assert!(said.1.contains(breach), "{breach}: {}", said.1);
    }
}
