//! The interface of Piston over HTTP: what its clients send and what they are answered, word for word.

use std::time::{Duration, Instant};

use reqwest::header::{HOST, ORIGIN};
use serde_json::{Value, json};

use super::{JOBS, judging, text};
use crate::server::Server;

const EXECUTE: &str = "/api/v2/execute";

pub(super) fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// Status and answer of `request`.
pub(super) async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("the server answers");
    let (status, text) = (answer.status().as_u16(), answer.text().await.expect("it is text"));
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} {text}")))
}

pub(super) async fn execute(server: &Server, body: &Value) -> (u16, Value) {
    answer(http().post(format!("{}{EXECUTE}", server.base())).json(body)).await
}

/// What the run of a Python program came to.
async fn python(server: &Server, source: &str, more: Value) -> Value {
    let mut body =
        json!({ "language": "python", "version": "3.x", "files": [{ "content": source }] });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let (status, done) = execute(server, &body).await;
    assert_eq!(status, 200, "{done}");
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_run_as_piston_runs_it() {
    let Some(server) = judging(&[]) else { return };
    for slash in ["", "/"] {
        let url = format!("{}/api/v2/runtimes{slash}", server.base());
        let (status, list) = answer(http().get(url)).await;
        assert_eq!(status, 200);
        let c = list.as_array().unwrap().iter().find(|one| one["language"] == "c").unwrap();
        assert_eq!(text(c, "version").split('.').filter(|n| n.parse::<u32>().is_ok()).count(), 3);
        assert!(c["aliases"].as_array().unwrap().contains(&json!("gcc")), "{c}");
    }
    let source = "import sys\nprint(input(), sys.argv[1:], open('more.txt', 'rb').read())\nprint('hm', file=sys.stderr)";
    let body = json!({
        "language": "py", "version": "*", "stdin": "words\n", "args": ["a", "b c"], "timeout": 7, "other": {},
        "files": [
            { "name": "more.txt", "content": "/wA=", "encoding": "base64" },
            { "name": "my cool code.txt", "content": source, "encoding": "latin-7" },
        ],
        "run_memory_limit": -1, "compile_memory_limit": -1, "run_timeout": 3000, "compile_timeout": 10000,
    });
    let (status, done) = execute(&server, &body).await;
    assert_eq!(status, 200, "{done}");
    let run = &done["run"];
    assert_eq!(text(run, "stdout"), "words ['a', 'b c'] b'\\xff\\x00'\n");
    assert_eq!(text(run, "stderr"), "hm\n");
    assert_eq!(text(run, "output").len(), text(run, "stdout").len() + 3);
    for (name, value) in [("code", json!(0)), ("signal", Value::Null), ("message", Value::Null)] {
        assert_eq!(run[name], value, "{run}");
    }
    assert_eq!((&run["status"], done.get("compile")), (&Value::Null, None));
    for name in ["cpu_time", "wall_time", "memory"] {
        assert!(run[name].as_u64().is_some(), "{name} is a whole number: {run}");
    }
    assert_eq!(text(&done, "language"), "python");

    let both = "import sys\nfor n in range(6):\n print(n, flush=True, file=(sys.stdout, sys.stderr)[n % 2])\n import time; time.sleep(0.15)";
    let done = python(&server, both, json!({})).await;
    assert_eq!(text(&done["run"], "output"), "0\n1\n2\n3\n4\n5\n", "as they came");

    let c = |source: &str| json!({ "language": "c", "version": "*", "files": [{ "name": "main", "content": source }] });
    let (_, done) =
        execute(&server, &c("#include <stdio.h>\nint main() { puts(\"hello\"); }")).await;
    assert_eq!((&done["compile"]["code"], &done["run"]["stdout"]), (&json!(0), &json!("hello\n")));
    let (status, done) = execute(&server, &c("int main() { return x; }")).await;
    assert_eq!((status, &done["compile"]), (200, &done["run"]), "{done}");
    assert_eq!((&done["run"]["code"], &done["run"]["status"]), (&json!(1), &json!("RE")));
    assert!(text(&done["run"], "stderr").contains("error"), "{done}");

    let java = json!({ "language": "java", "version": "*",
        "files": [{ "content": "public class Hello { public static void main(String[] a) { System.out.print(7); } }" }] });
    let (status, done) = execute(&server, &java).await;
    match status {
        200 => assert_eq!(done["run"]["stdout"], "7", "the file is called as its class: {done}"),
        _ => assert_eq!(done["message"], "java-* runtime is unknown", "where there is no Java"),
    }
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_end_has_pistons_status() {
    let Some(server) = judging(&[]) else { return };
    let kill = json!("SIGKILL");
    let long = "print('x' * 70_000)";
    for (source, more, code, signal, status, message) in [
        ("exit(3)", json!({}), json!(3), Value::Null, "RE", "Exited with error status 3"),
        (
            "import os; os.abort()",
            json!({}),
            Value::Null,
            json!("SIGABRT"),
            "SG",
            "Caught fatal signal 6",
        ),
        (
            "while True: pass",
            json!({ "run_cpu_time": 300 }),
            Value::Null,
            kill.clone(),
            "TO",
            "Time limit exceeded",
        ),
        (
            "import time; time.sleep(9)",
            json!({ "run_timeout": 300.5 }),
            Value::Null,
            kill.clone(),
            "TO",
            "Time limit exceeded (wall clock)",
        ),
        (
            "x = 'x' * 500_000_000",
            json!({ "run_memory_limit": 50_000_000 }),
            Value::Null,
            kill.clone(),
            "SG",
            "Memory limit exceeded",
        ),
        (long, json!({}), Value::Null, kill.clone(), "OL", "stdout length exceeded"),
        (
            "import sys; print('x' * 70_000, file=sys.stderr)",
            json!({}),
            Value::Null,
            kill.clone(),
            "EL",
            "stderr length exceeded",
        ),
    ] {
        let done = python(&server, source, more).await;
        let run = &done["run"];
        assert_eq!((&run["code"], &run["signal"]), (&code, &signal), "{source}: {run:.300}");
        assert_eq!(
            (&run["status"], &run["message"]),
            (&json!(status), &json!(message)),
            "{source}"
        );
    }
    let done = python(&server, long, json!({})).await;
    assert_eq!(text(&done["run"], "stdout").len(), 65_536);
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_pistons_words() {
    let Some(server) = judging(&[]) else { return };
    let file = json!([{ "content": "print(1)" }]);
    let sound = json!({ "language": "python", "version": "*", "files": file });
    let with = |name: &str, value: Value| {
        let mut body = sound.clone();
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(name)),
            value => body[name] = value,
        }
        body
    };
    let encoded = json!([{ "content": "AA==", "encoding": "base64" }]);
    for (body, message) in [
        (with("language", Value::Null), "language is required as a string"),
        (with("language", json!(3)), "language is required as a string"),
        (with("version", Value::Null), "version is required as a string"),
        (with("files", Value::Null), "files is required as an array"),
        (with("files", json!({})), "files is required as an array"),
        (with("files", json!([{ "content": "" }, {}])), "files[1].content is required as a string"),
        (with("files", json!([7])), "files[0].content is required as a string"),
        (with("files", json!([])), "files must include at least one utf8 encoded file"),
        (with("files", encoded), "files must include at least one utf8 encoded file"),
        (with("language", json!("cobol")), "cobol-* runtime is unknown"),
        (with("version", json!("2.x")), "python-2.x runtime is unknown"),
        (with("version", json!("newest")), "python-newest runtime is unknown"),
        (with("run_timeout", json!("1")), "If specified, run_timeout must be a number"),
        (with("run_cpu_time", json!([1])), "If specified, run_cpu_time must be a number"),
        (
            with("run_timeout", json!(60_001)),
            "run_timeout cannot exceed the configured limit of 60000",
        ),
        (
            with("compile_memory_limit", json!(2_000_000_000)),
            "compile_memory_limit cannot exceed the configured limit of 1073741824",
        ),
        (with("compile_cpu_time", json!(-1)), "compile_cpu_time must be non-negative"),
        (with("run_memory_limit", json!(-2)), "run_memory_limit must be non-negative"),
    ] {
        let (status, said) = execute(&server, &body).await;
        assert_eq!((status, &said), (400, &json!({ "message": message })), "{body}");
    }
    for (name, value) in
        [("run_timeout", json!(0)), ("run_timeout", json!("")), ("stdin", Value::Null)]
    {
        assert_eq!(
            execute(&server, &with(name, value)).await.0,
            200,
            "{name} is as if it were absent"
        );
    }
    let url = format!("{}{EXECUTE}", server.base());
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = http().post(&url).header("content-type", kind).body(sound.to_string());
        let (status, said) = answer(request).await;
        assert_eq!(status, 415);
        assert_eq!(said, json!({ "message": "requests must be of type application/json" }));
    }
    for body in ["", "{", "[]", "null"] {
        let request = http().post(&url).header("content-type", "application/json").body(body);
        let (status, said) = answer(request).await;
        assert!(status == 400 && said["message"].is_string(), "{body}: {status} {said}");
    }
    let large = with("files", json!([{ "content": "x".repeat(300 * 1024) }]));
    let (status, said) = execute(&server, &large).await;
    assert!(status == 400 && text(&said, "message").contains("262144"), "{said}");
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_taken_from_those_who_may_and_from_no_foreign_page() {
    let Some(server) = judging(&[]) else { return };
    let body =
        json!({ "language": "python", "version": "*", "files": [{ "content": "print(1)" }] });
    let url = format!("{}{EXECUTE}", server.base());
    let ask = |name: &'static str, value: &str| {
        let request = http().post(&url).json(&body);
        answer(if name.is_empty() { request } else { request.header(name, value) })
    };
    let ann = server.person("ann").await;
    let token = format!("Bearer {}", ann.token().unwrap());
    for (name, value, expected) in [
        ("", "", 200),
        ("origin", &*server.base(), 200),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("host", "evil.example", 401),
        ("x-forwarded-for", "127.0.0.1", 401),
        ("forwarded", "for=127.0.0.1", 401),
        ("authorization", "Bearer nonsense", 401),
        ("authorization", &token, 200),
    ] {
        let (status, said) = ask(name, value).await;
        assert_eq!(status, expected, "{name} {value}: {said}");
        assert_eq!(said["message"].is_string(), status != 200, "{said}");
    }
    // A page whose own name leads to this machine: its origin is the server's, and its name is not.
    let rebound = http().post(&url).json(&body).header(HOST, "evil.example");
    assert_eq!(answer(rebound.header(ORIGIN, "http://evil.example")).await.0, 401);
    let own = ann.get(JOBS).await.unwrap();
    assert_eq!(
        own["items"].as_array().unwrap().len(),
        1,
        "what came with a token is theirs: {own}"
    );
    let far = http()
        .post(&url)
        .json(&body)
        .header(HOST, "evil.example")
        .bearer_auth(ann.token().unwrap());
    assert_eq!(answer(far).await.0, 200, "an account may from anywhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_taken_where_that_was_chosen_and_at_a_pace() {
    let settings =
        [("PLAYHOUSE_JUDGE_PISTON", "everybody"), ("PLAYHOUSE_HTTP_TRUSTED_PROXIES", "127.0.0.1")];
    let Some(server) = judging(&settings) else { return };
    let body =
        json!({ "language": "python", "version": "*", "files": [{ "content": "print(1)" }] });
    let (url, client) = (format!("{}{EXECUTE}", server.base()), http());
    let from =
        |address: &str| client.post(&url).json(&body).header("x-forwarded-for", address.to_owned());
    assert_eq!(answer(from("203.0.113.9")).await.0, 200);
    let many = futures_util::future::join_all((0..12).map(|_| answer(from("203.0.113.9")))).await;
    let taken = many.iter().filter(|(status, _)| *status == 200).count();
    let refused =
        many.iter().filter(|(status, said)| *status == 429 && said["message"].is_string());
    assert!(taken >= 1 && refused.count() >= 2, "{many:?}");
    assert_eq!(answer(from("203.0.113.10")).await.0, 200, "others do not wait for them");

    let Some(server) = judging(&[("PLAYHOUSE_JUDGE_PISTON", "nobody")]) else { return };
    let (status, said) = execute(&server, &body).await;
    assert!(status == 401 && text(&said, "message").contains("judge.piston"), "{status} {said}");
    let ann = server.person("ann").await;
    let url = format!("{}{EXECUTE}", server.base());
    assert_eq!(answer(http().post(url).json(&body).bearer_auth(ann.token().unwrap())).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_of_its_own_is_full_before_others_are_hindered() {
    let Some(server) = judging(&[("PLAYHOUSE_JUDGE_SLOTS", "2")]) else { return };
    let body = json!({ "language": "python", "version": "*", "run_timeout": 20_000,
        "files": [{ "content": "import time; time.sleep(15)" }] });
    let (url, client) = (format!("{}{EXECUTE}", server.base()), http());
    // One runs, and as many wait as may of nobody's.
    let mut waiting: Vec<_> = Vec::new();
    let full = loop {
        let mut asked = Box::pin(answer(client.post(&url).json(&body)));
        match tokio::time::timeout(Duration::from_millis(300), &mut asked).await {
            Ok(answered) => break answered,
            Err(_) => waiting.push(asked),
        }
        assert!(waiting.len() <= 70, "it has a bound");
    };
    assert!(full.0 == 429 && full.1["message"].is_string(), "{full:?}");
    assert!(waiting.len() >= 40, "{}", waiting.len());
    let ann = server.person("ann").await;
    let began = Instant::now();
    let hello =
        json!({ "language": "python", "version": "*", "files": [{ "content": "print(1)" }] });
    let done = answer(client.post(&url).json(&hello).bearer_auth(ann.token().unwrap())).await;
    assert_eq!((done.0, &done.1["run"]["stdout"]), (200, &json!("1\n")));
    assert!(began.elapsed() < Duration::from_secs(12), "one slot is never theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_jail_the_reason_is_told() {
    let server = Server::start();
    let body = json!({ "language": "python", "version": "*", "files": [{ "content": "" }] });
    let (status, said) = execute(&server, &body).await;
    assert_eq!(status, 503);
    assert!(text(&said, "message").contains("set judge.enabled to true"), "{said}");
    let (status, said) = answer(http().get(format!("{}/api/v2/runtimes", server.base()))).await;
    assert!(status == 503 && said["message"].is_string());
}
