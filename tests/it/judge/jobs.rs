//! Handing in, looking, calling off; what is refused, and what is told of it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{JOBS, hand_in, judged, judging, once, python, text};
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_handed_in_compiled_once_run_and_judged() {
    let Some(server) = judging(&[]) else { return };
    let ann = server.person("ann").await;
    let source = "#include <stdio.h>\nint main(int n, char **a) { int x; scanf(\"%d\", &x); printf(\"%d %s\\n\", x * 2, a[1]); fputs(\"hm\", stderr); }";
    let body = json!({
        "language": "gcc", "source": source, "args": ["words"],
        "tests": [
            { "name": "one", "stdin": "1", "expected": "2 words", "points": 3 },
            { "stdin": "2", "expected": "5 words", "points": 4 },
            { "stdin": "3", "expected": "7 words", "points": 5, "hidden": true },
            { "stdin": "4", "expected": "8 words", "points": 6 },
        ],
    });
    let job = hand_in(&ann, body.clone()).await;
    let seen = judged(&ann, &job).await;
    assert_eq!((text(&seen, "verdict"), text(&seen, "language")), ("wrong_answer", "c"), "{seen}");
    assert_eq!(
        (&seen["score"], &seen["max_score"], &seen["tests"]),
        (&json!(9), &json!(18), &json!(4))
    );
    assert_eq!(
        (&seen["attempt"], &seen["tier"], &seen["position"]),
        (&json!(1), &json!("full"), &json!(null))
    );
    assert!(
        text(&seen, "message").starts_with("test '2': word 1 is '4', expected was '5'"),
        "{seen}"
    );
    assert_eq!(
        (&seen["compile"]["cached"], &seen["compile"]["verdict"]),
        (&json!(false), &json!("accepted"))
    );
    let cases = seen["cases"].as_array().unwrap();
    let names: Vec<_> =
        cases.iter().map(|case| (text(case, "name"), text(case, "verdict"))).collect();
    let (right, wrong) = ("accepted", "wrong_answer");
    assert_eq!(names, [("one", right), ("2", wrong), ("3", wrong), ("4", right)]);
    assert_eq!((&cases[0]["stdout"], &cases[0]["stderr"]), (&json!("2 words\n"), &json!("hm")));
    for name in ["stdout", "stderr", "message"] {
        assert_eq!(cases[2][name], json!(null), "of a hidden test nothing is told: {}", cases[2]);
    }
    for number in ["cpu_ms", "wall_ms", "peak_memory_bytes"] {
        assert!(cases[0][number].as_f64().is_some_and(|n| n > 0.0), "{number}: {seen}");
    }

    let mut stops = body;
    stops["stop_at_first_failure"] = json!(true);
    let seen = judged(&ann, &hand_in(&ann, stops).await).await;
    assert_eq!(
        seen["cases"].as_array().unwrap().len(),
        2,
        "nothing is run behind the first failure"
    );
    assert_eq!(seen["compile"]["cached"], json!(true), "the same program is compiled once");
    let list = ann.get(JOBS).await.unwrap();
    let items = list["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["id"]), (2, &seen["id"]), "the newest first");
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_its_owners_and_the_administrators() {
    let Some(server) = judging(&[]) else { return };
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let job = hand_in(&ann, python("print(input())")).await;
    assert_eq!(bob.get(&job).await.unwrap_err().code(), "not_found");
    assert_eq!(bob.delete(&job).await.unwrap_err().code(), "not_found");
    let source = format!("{job}/source");
    assert_eq!(bob.get(&source).await.unwrap_err().code(), "not_found");
    let seen = judged(&ann, &job).await;
    assert_eq!(seen["verdict"], "runtime_error", "its input is empty: {seen}");
    let file = json!({ "name": "main.py", "content": "print(input())", "encoding": "utf8" });
    let program = json!({ "language": "python", "files": [file] });
    assert_eq!(ann.get(&source).await.unwrap(), program, "the program outlives its judgement");
    assert_eq!(server.admin().await.get(&job).await.unwrap()["id"], seen["id"]);
    assert_eq!(bob.get(JOBS).await.unwrap()["items"], json!([]));
    assert_eq!(server.client().get(&job).await.unwrap_err().code(), "not_logged_in");
    ann.delete(&job).await.unwrap();
    assert_eq!(ann.get(&job).await.unwrap()["verdict"], "runtime_error", "what is judged stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_submission_is_refused_with_its_reason() {
    let Some(server) = judging(&[]) else { return };
    let ann = server.person("ann").await;
    let nobody = server.client().post(JOBS, python("print(1)")).await.unwrap_err();
    assert_eq!(nobody.code(), "not_logged_in");
    let file = |name: &str| json!([{ "name": name, "content": "x" }]);
    let large = "x".repeat(300 * 1024);
    for (body, code) in [
        (json!({ "language": "python" }), "bad_submission"),
        (json!({ "language": "python", "source": "x", "files": file("a.py") }), "bad_submission"),
        (json!({ "language": "cobol", "source": "x" }), "unknown_language"),
        (json!({ "language": "python", "files": file("../a.py") }), "bad_submission"),
        (json!({ "language": "python", "files": file("-c.py") }), "bad_submission"),
        (json!({ "language": "python", "source": large }), "submission_too_large"),
        (
            json!({ "language": "python", "source": "x", "limits": { "cpu_ms": 0 } }),
            "bad_submission",
        ),
        (
            json!({ "language": "python", "source": "x", "limits": { "wall_ms": 60_001 } }),
            "bad_submission",
        ),
        (json!({ "language": "python", "source": "x", "flags": ["-fplugin=x"] }), "invalid_body"),
        (
            json!({ "language": "python", "source": "x", "checker": { "kind": "magic" } }),
            "bad_submission",
        ),
        (
            json!({ "language": "python", "source": "x", "tests": [{ "stdin": "1" }], "stdin": "1" }),
            "bad_submission",
        ),
        (
            json!({ "language": "python", "source": "x", "webhook": { "url": "file:///etc/passwd" } }),
            "bad_submission",
        ),
    ] {
        let refused = ann.post(JOBS, body.clone()).await.expect_err("it is refused");
        assert_eq!(refused.code(), code, "{refused}");
    }
    assert_eq!(ann.get(JOBS).await.unwrap()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_submission_of_several_files_is_taken_whole() {
    let Some(server) = judging(&[]) else { return };
    let ann = server.person("ann").await;
    let line = "12345678\n";
    let stdin = line.repeat((1 << 20) / line.len());
    let test = json!({ "stdin": stdin, "expected": format!("{}\n", stdin.len()) });
    let body = json!({
        "language": "python",
        "files": [
            { "name": "main.py", "content": "import sys\nfrom lib.size import size\nprint(size(sys.stdin.read()))" },
            { "name": "lib/size.py", "content": "ZGVmIHNpemUodGV4dCk6IHJldHVybiBsZW4odGV4dCkK", "encoding": "base64" },
        ],
        "tests": [test, test, test],
    });
    let seen = judged(&ann, &hand_in(&ann, body).await).await;
    assert_eq!((&seen["verdict"], &seen["score"]), (&json!("accepted"), &json!(3)), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_has_true_places_and_whoever_is_called_off_leaves_it() {
    let Some(server) = judging(&[("PLAYHOUSE_JUDGE_SLOTS", "1")]) else { return };
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let tests = json!([{ "stdin": "", "expected": "" }]);
    let sleeps = |seconds: u32| {
        json!({ "language": "python", "source": format!("import time\ntime.sleep({seconds})"), "tests": tests,
            "limits": { "wall_ms": 60_000 } })
    };
    let runs = hand_in(&ann, sleeps(50)).await;
    once(&ann, &runs, |seen| seen["phase"] == "running").await;
    let mut waiting = Vec::new();
    for (who, place) in [(&ann, 1), (&ann, 2), (&bob, 1), (&ann, 4)] {
        let made = who.post(JOBS, sleeps(0)).await.unwrap();
        assert_eq!(
            (&made["phase"], &made["position"]),
            (&json!("queued"), &json!(place)),
            "{made}"
        );
        waiting.push(format!("{JOBS}/{}", text(&made, "id")));
    }
    let places = async || {
        let mut places = Vec::new();
        for (who, job) in [&ann, &ann, &bob, &ann].into_iter().zip(&waiting) {
            places.push(who.get(job).await.unwrap()["position"].as_u64());
        }
        places
    };
    assert_eq!(
        places().await,
        [Some(2), Some(3), Some(1), Some(4)],
        "who has none running is next"
    );
    ann.delete(&waiting[0]).await.unwrap();
    ann.delete(&waiting[0]).await.unwrap();
    assert_eq!(places().await, [None, Some(2), Some(1), Some(3)]);
    assert_eq!(ann.get(&waiting[0]).await.unwrap()["verdict"], "cancelled");

    let called = Instant::now();
    ann.delete(&runs).await.unwrap();
    assert_eq!(ann.get(&runs).await.unwrap()["verdict"], "cancelled");
    assert_eq!(judged(&bob, &waiting[2]).await["verdict"], "accepted");
    for job in [&waiting[1], &waiting[3]] {
        assert_eq!(judged(&ann, job).await["verdict"], "accepted");
    }
    assert!(called.elapsed() < Duration::from_secs(40), "nobody waits for what was called off");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_has_a_bound_and_the_next_is_told_to_come_again() {
    let Some(server) = judging(&[("PLAYHOUSE_JUDGE_SLOTS", "1")]) else { return };
    let ann = server.person("ann").await;
    let sleeps = json!({ "language": "python", "source": "import time\ntime.sleep(50)", "limits": { "wall_ms": 60_000 } });
    let mut jobs = Vec::new();
    for _ in 0..50 {
        jobs.push(hand_in(&ann, sleeps.clone()).await);
    }
    let refused = ann.post(JOBS, sleeps.clone()).await.unwrap_err();
    assert_eq!(refused.code(), "too_many_jobs");
    ann.delete(&jobs[7]).await.unwrap();
    hand_in(&ann, sleeps).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_jail_nothing_runs_and_it_is_said_why() {
    let server = Server::with(&[("PLAYHOUSE_JUDGE_ENABLED", "false")]);
    let list = server.client().get("/api/languages").await.unwrap();
    assert_eq!((&list["languages"], &list["sandbox"]["ready"]), (&json!([]), &json!(false)));
    assert_eq!(list["sandbox"]["reason"], "the judge is switched off");
    assert_eq!(list["sandbox"]["mend"], "set judge.enabled to true");
    let ann = server.person("ann").await;
    let post = reqwest::Method::POST;
    let (status, refused) = ann.once(post, JOBS, None, Some(&python("print(1)"))).await.unwrap();
    assert_eq!((status.as_u16(), &refused["code"]), (503, &json!("judge_unavailable")));
    let mend = refused["mend"][0].as_str().unwrap();
    assert!(refused["detail"].as_str().unwrap().contains(mend), "{refused}");
}
