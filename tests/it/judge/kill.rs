//! The server is killed in every state of a job: what was accepted is judged afterwards, from its start.

use std::time::Duration;

use playhouse_loadtest::client::Client;
use serde_json::{Value, json};

use super::{JOBS, hand_in, judged, judging, once, text};
use crate::server::Server;

/// Kills the server as a power cut would, and starts it again.
fn kill(server: &mut Server) {
    tokio::task::block_in_place(|| {
        server.kill();
        server.run();
    });
}

fn sleeps(seconds: f64) -> Value {
    let source = format!("import time\nprint(input(), flush=True)\ntime.sleep({seconds})");
    let test = json!({ "stdin": "7", "expected": "7" });
    json!({ "language": "python", "source": source, "tests": [test, test], "limits": { "wall_ms": 30_000 } })
}

/// A program that takes its compiler some time.
fn compiles() -> Value {
    let source = "#include <bits/stdc++.h>\nint main() { std::map<std::string, std::vector<int>> m; m[\"a\"] = {7}; std::cout << m[\"a\"][0]; }";
    json!({ "language": "cpp", "source": source, "tests": [{ "expected": "7" }] })
}

async fn ends_well(who: &Client, job: &str) -> Value {
    let seen = judged(who, job).await;
    assert_eq!(seen["verdict"], "accepted", "{seen}");
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_accepted_is_judged_whenever_the_server_is_killed() {
    let Some(mut server) = judging(&[("PLAYHOUSE_JUDGE_SLOTS", "1")]) else { return };
    let ann = server.person("ann").await;

    // While one runs and another waits.
    let runs = hand_in(&ann, sleeps(1.5)).await;
    let waits = hand_in(&ann, sleeps(0.0)).await;
    once(&ann, &runs, |seen| seen["cases"].as_array().is_some_and(|cases| cases.len() == 1)).await;
    assert_eq!(ann.get(&waits).await.unwrap()["position"], 1);
    kill(&mut server);
    let seen = ends_well(&ann, &runs).await;
    assert_eq!(
        (&seen["attempt"], &seen["score"]),
        (&json!(2), &json!(2)),
        "from its start: {seen}"
    );
    assert_eq!(ends_well(&ann, &waits).await["attempt"], 1);

    // While it is compiled.
    let job = hand_in(&ann, compiles()).await;
    once(&ann, &job, |seen| seen["phase"] == "compiling").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    kill(&mut server);
    ends_well(&ann, &job).await;

    // The moment it is handed in.
    for n in 0..3 {
        let made = ann.post_as(&format!("key-{n}"), JOBS, sleeps(0.0)).await.unwrap();
        kill(&mut server);
        ends_well(&ann, &format!("{JOBS}/{}", text(&made, "id"))).await;
    }

    // Once it is judged.
    let job = hand_in(&ann, sleeps(0.0)).await;
    let before = ends_well(&ann, &job).await;
    kill(&mut server);
    assert_eq!(ann.get(&job).await.unwrap(), before, "what is judged stays as it is");
    ends_well(&ann, &hand_in(&ann, sleeps(0.0)).await).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_server_dies_three_times_is_given_up_with_the_reason() {
    let Some(mut server) = judging(&[("PLAYHOUSE_JUDGE_SLOTS", "1")]) else { return };
    let ann = server.person("ann").await;
    let job = hand_in(&ann, sleeps(20.0)).await;
    let next = hand_in(&ann, sleeps(0.0)).await;
    for attempt in 1..=3 {
        once(&ann, &job, |seen| seen["attempt"] == attempt && seen["phase"] == "running").await;
        kill(&mut server);
    }
    let seen = judged(&ann, &job).await;
    assert_eq!(
        (&seen["verdict"], &seen["attempt"]),
        (&json!("internal_error"), &json!(3)),
        "{seen}"
    );
    assert!(text(&seen, "message").contains("it was tried 3 times"), "{seen}");
    ends_well(&ann, &next).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_in_peace_takes_no_attempt_and_leaves_no_process() {
    let Some(mut server) = judging(&[("PLAYHOUSE_JUDGE_SLOTS", "1")]) else { return };
    let ann = server.person("ann").await;
    let job = hand_in(&ann, sleeps(3.0)).await;
    for attempt in 1..=4 {
        once(&ann, &job, |seen| seen["attempt"] == attempt && seen["phase"] == "running").await;
        tokio::task::block_in_place(|| {
            let (status, took) = server.stop();
            assert!(status.success() && took < Duration::from_secs(10), "{status} after {took:?}");
            server.run();
        });
    }
    let seen = ends_well(&ann, &job).await;
    assert_eq!(seen["attempt"], 5);
    server.saw_no_panic();
}
