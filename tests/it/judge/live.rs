//! What comes on the channels: output as it is written, every step, one's own places; and input over the same
//! connection.

use std::time::{Duration, Instant};

use playhouse_loadtest::live::Live;
use serde_json::{Value, json};

use super::{JOBS, hand_in, judged, judging, once, text};

const PUSH_WITHIN: Duration = Duration::from_secs(60);

/// Reads what is pushed until `is` says so; everything that was written to standard output meanwhile.
async fn output(live: &mut Live, is: impl Fn(&str, &Value) -> bool) -> String {
    let mut written = String::new();
    loop {
        let pushed = live.push(PUSH_WITHIN).await.expect("something is published");
        let change = &pushed["pub"]["data"]["change"];
        written.push_str(change["stdout"].as_str().unwrap_or_default());
        if is(&written, change) {
            return written;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn output_comes_while_the_program_runs_and_input_reaches_it() {
    let Some(server) = judging(&[]) else { return };
    let ann = server.person("ann").await;
    let source = "import sys\nprint('who?', flush=True)\nfor line in sys.stdin: print('hello', line.strip(), flush=True)\nprint('bye')";
    let body = json!({ "language": "python", "source": source, "interactive": true });
    let made = ann.post(JOBS, body).await.unwrap();
    let id = text(&made, "id");
    let mut live = Live::connect(&server.base(), ann.token()).await.unwrap();
    let channel = json!({ "channel": made["links"]["channel"] });
    let seen = live.command("subscribe", channel).await.unwrap();
    let before = seen["data"]["view"]["stdout"].as_str().unwrap().to_owned();
    if !before.contains("who?") {
        output(&mut live, |written, _| written.contains("who?")).await;
    }
    live.rpc("job.stdin", json!({ "job": id, "data": "Ann\n" })).await.unwrap();
    output(&mut live, |written, _| written.contains("hello Ann")).await;
    live.rpc("job.stdin", json!({ "job": id, "data": "Bob\n", "end": true })).await.unwrap();
    let last = output(&mut live, |_, change| change["verdict"] == "accepted").await;
    assert!(last.contains("hello Bob\nbye\n"), "{last}");
    let late = live.rpc("job.stdin", json!({ "job": id, "data": "Cat\n" })).await.unwrap_err();
    assert!(late.to_string().contains("does not run"), "{late}");
    let seen = ann.get(&format!("{JOBS}/{id}")).await.unwrap();
    assert_eq!(seen["stdout"], "who?\nhello Ann\nhello Bob\nbye\n");
    assert_eq!(seen["cases"][0]["name"], "run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_output_is_cut_and_comes_in_few_frames() {
    let Some(server) = judging(&[]) else { return };
    let ann = server.person("ann").await;
    let mut live = Live::connect(&server.base(), ann.token()).await.unwrap();
    let body = json!({ "language": "python", "source": "while True: print('ü' * 999)" });
    let made = ann.post(JOBS, body).await.unwrap();
    let start = Instant::now();
    live.command("subscribe", json!({ "channel": made["links"]["channel"] })).await.unwrap();
    let mut frames = 0;
    let seen =
        once(&ann, &format!("{JOBS}/{}", text(&made, "id")), |seen| seen["phase"] == "judged")
            .await;
    live.linger(Duration::from_millis(300)).await.unwrap();
    for pushed in live.pushes() {
        frames += 1;
        assert!(pushed.to_string().len() < 300 * 1024, "a frame is small");
    }
    assert_eq!(seen["verdict"], "output_limit", "{seen}");
    let stdout = seen["stdout"].as_str().unwrap();
    assert!((63 * 1024..=64 * 1024 + 2).contains(&stdout.len()), "{} bytes", stdout.len());
    let most = 3 + start.elapsed().as_millis() / 50;
    assert!(frames <= most, "{frames} frames in {:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn input_for_a_program_that_does_not_read_is_bounded_and_its_owners_alone() {
    let Some(server) = judging(&[]) else { return };
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let body = json!({ "language": "python", "source": "import time\ntime.sleep(50)", "interactive": true });
    let job = hand_in(&ann, body).await;
    let id = job.rsplit('/').next().unwrap();
    once(&ann, &job, |seen| seen["phase"] == "running").await;
    let mut live = Live::connect(&server.base(), ann.token()).await.unwrap();
    let piece = "x".repeat(32 * 1024);
    let mut taken = 0;
    let full = loop {
        match live.rpc("job.stdin", json!({ "job": id, "data": piece })).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 10, "it is bounded");
    };
    assert!(full.to_string().contains("reads more slowly"), "{full}");
    let mut other = Live::connect(&server.base(), bob.token()).await.unwrap();
    let refused = other.rpc("job.stdin", json!({ "job": id, "data": "x" })).await.unwrap_err();
    assert!(refused.to_string().contains("no such job"), "{refused}");
    let channel = json!({ "channel": format!("job:{id}") });
    assert!(other.command("subscribe", channel).await.is_err(), "a job is its owner's");
    ann.delete(&job).await.unwrap();
    assert_eq!(judged(&ann, &job).await["verdict"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_how_many_wait_and_their_own_places_alone() {
    let Some(server) = judging(&[("PLAYHOUSE_JUDGE_SLOTS", "1")]) else { return };
    let ann = server.person("ann").await;
    let body = json!({ "language": "python", "source": "import time\ntime.sleep(50)", "limits": { "wall_ms": 60_000 } });
    let first = hand_in(&ann, body.clone()).await;
    once(&ann, &first, |seen| seen["phase"] != "queued").await;
    let mut own = Live::connect(&server.base(), ann.token()).await.unwrap();
    let mut nobody = Live::connect(&server.base(), None).await.unwrap();
    let channel = json!({ "channel": "queue:judge" });
    let seen = own.command("subscribe", channel.clone()).await.unwrap();
    assert_eq!(seen["data"]["view"]["jobs"].as_array().unwrap().len(), 1, "{seen}");
    let seen = nobody.command("subscribe", channel).await.unwrap();
    let view = &seen["data"]["view"];
    assert_eq!((&view["running"], &view["jobs"]), (&json!(1), &json!(null)), "{seen}");
    hand_in(&ann, body).await;
    let told = own.push(PUSH_WITHIN).await.unwrap().to_string();
    assert!(told.contains(r#""position":1"#), "{told}");
    let told = nobody.push(PUSH_WITHIN).await.unwrap().to_string();
    assert!(told.contains(r#""waiting":1"#) && !told.contains("position"), "{told}");
}
