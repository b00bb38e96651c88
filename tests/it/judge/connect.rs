//! The interface of Piston over WebSocket: input and output while a program runs, and every word and number with
//! which a connection ends.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::piston::execute;
use super::{judging, text};
use crate::server::Server;

const SOON: Duration = Duration::from_secs(60);

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(server: &Server) -> Self {
        let url = server.base().replace("http://", "ws://") + "/api/v2/connect";
        Self(connect_async(url).await.expect("it opens").0)
    }

    async fn say(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).await.expect("it is sent");
    }

    /// What is said until `is` says so, or until the end: then with the code and the words of the close.
    async fn until(&mut self, is: impl Fn(&Value) -> bool) -> (Vec<Value>, Option<(u16, String)>) {
        let mut said = Vec::new();
        loop {
            let message = tokio::time::timeout(SOON, self.0.next()).await.expect("something comes");
            match message.expect("it does not just end").expect("it is sound") {
                Message::Text(text) => {
                    let value: Value = serde_json::from_str(&text).expect("it is JSON");
                    said.push(value);
                    if is(&said[said.len() - 1]) {
                        return (said, None);
                    }
                }
                Message::Close(Some(frame)) => {
                    return (said, Some((frame.code.into(), frame.reason.to_string())));
                }
                _ => {}
            }
        }
    }

    async fn rest(&mut self) -> (Vec<Value>, (u16, String)) {
        let (said, closed) = self.until(|_| false).await;
        (said, closed.expect("it is closed"))
    }

    /// The number with which it is closed, and the last that is said before.
    async fn closed(mut self) -> (u16, String, Option<Value>) {
        let (said, (code, why)) = self.rest().await;
        (code, why, said.last().cloned())
    }
}

fn init(language: &str, source: &str) -> Value {
    json!({ "type": "init", "language": language, "version": "*", "files": [{ "content": source }],
        "run_timeout": 30_000, "stdin": "left out, as Piston does" })
}

fn written(said: &[Value], stream: &str) -> String {
    let data = said.iter().filter(|one| one["type"] == "data" && one["stream"] == stream);
    data.map(|one| text(one, "data")).collect()
}

fn input(data: &str) -> Value {
    json!({ "type": "data", "stream": "stdin", "data": data })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_talks_with_its_client_while_it_runs() {
    let Some(server) = judging(&[]) else { return };
    let mut socket = Socket::open(&server).await;
    let source = "import sys\nwhile True:\n name = input('who? ')\n if name == 'bye': break\n print('hello', name, flush=True)\nprint('end', file=sys.stderr)\nexit(4)";
    socket.say(&init("python", source)).await;
    // Before it runs.
    socket.say(&input("Ann\n")).await;
    let (said, _) =
        socket.until(|one| one["data"].as_str().is_some_and(|d| d.contains("hello Ann"))).await;
    assert_eq!((&said[0]["type"], &said[0]["language"]), (&json!("runtime"), &json!("python")));
    assert!(text(&said[0], "version").starts_with("3."), "{said:?}");
    assert_eq!(said[1], json!({ "type": "stage", "stage": "run" }));
    socket.say(&input("Bob\n")).await;
    socket.until(|one| one["data"].as_str().is_some_and(|d| d.contains("hello Bob"))).await;
    socket.say(&input("bye\n")).await;
    let (said, closed) = socket.rest().await;
    assert_eq!(written(&said, "stderr"), "end\n");
    let exit = said.last().unwrap();
    assert_eq!((&exit["type"], &exit["stage"]), (&json!("exit"), &json!("run")), "{exit}");
    assert_eq!(
        (&exit["code"], &exit["signal"], &exit["status"]),
        (&json!(4), &Value::Null, &json!("RE"))
    );
    assert_eq!(closed, (4999, "Job Completed".to_owned()));

    let mut socket = Socket::open(&server).await;
    socket.say(&init("c", "#include <stdio.h>\nint main() { puts(\"hi\"); }")).await;
    let (said, closed) = socket.rest().await;
    let kinds: Vec<&str> = said.iter().map(|one| text(one, "type")).collect();
    assert_eq!(kinds, ["runtime", "stage", "exit", "stage", "data", "exit"], "{said:?}");
    assert_eq!((&said[1]["stage"], &said[2]["stage"]), (&json!("compile"), &json!("compile")));
    assert_eq!((&said[2]["code"], &said[3]["stage"], closed.0), (&json!(0), &json!("run"), 4999));

    let mut socket = Socket::open(&server).await;
    socket.say(&init("c", "int main() { return x; }")).await;
    let (said, closed) = socket.rest().await;
    assert!(written(&said, "stderr").contains("error"), "{said:?}");
    let exit = said.last().unwrap();
    assert_eq!((&exit["stage"], &exit["code"], closed.0), (&json!("compile"), &json!(1), 4999));
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_with_pistons_numbers() {
    let Some(server) = judging(&[]) else { return };
    let sleeps = init("python", "import time\nprint(1, flush=True)\ntime.sleep(25)");
    let began = Instant::now();
    let (code, why, _) = Socket::open(&server).await.closed().await;
    assert_eq!((code, &*why), (4001, "Initialization Timeout"));
    assert!(began.elapsed() >= Duration::from_millis(900));

    let wrong = json!({ "type": "init", "language": "cobol", "version": "*", "files": [{ "content": "" }] });
    let other = json!({ "type": "data", "stream": "stdout", "data": "x" });
    let signal = |name: &str| json!({ "type": "signal", "signal": name });
    for (messages, code, why) in [
        (vec![input("x")], 4003, "Not yet initialized"),
        (vec![signal("SIGTERM")], 4003, "Not yet initialized"),
        (vec![sleeps.clone(), sleeps.clone()], 4000, "Already Initialized"),
        (vec![sleeps.clone(), other], 4004, "Can only write to stdin"),
        (vec![sleeps.clone(), signal("TERM")], 4005, "Invalid signal"),
        (vec![sleeps.clone(), json!({ "type": "signal" })], 4005, "Invalid signal"),
        (vec![wrong], 4002, "Notified Error"),
        (vec![json!([])], 4002, "Notified Error"),
    ] {
        let mut socket = Socket::open(&server).await;
        for message in &messages {
            socket.say(message).await;
        }
        let (got, said, last) = socket.closed().await;
        assert_eq!((got, &*said), (code, why), "{messages:?}");
        if code == 4002 {
            let last = last.expect("it is said why");
            assert!(last["type"] == "error" && last["message"].is_string(), "{last}");
        }
    }
    let mut socket = Socket::open(&server).await;
    socket.0.send(Message::text("{")).await.unwrap();
    assert_eq!(socket.closed().await.0, 4002);

    // What was begun above is called off: one who comes now waits for none of it.
    let began = Instant::now();
    let body =
        json!({ "language": "python", "version": "*", "files": [{ "content": "print(1)" }] });
    assert_eq!(execute(&server, &body).await.0, 200);
    assert!(began.elapsed() < Duration::from_secs(15), "they run no longer");
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_program_and_whoever_goes_away_leaves_none() {
    let Some(server) = judging(&[]) else { return };
    let sleeps = init("python", "import time\nprint(1, flush=True)\ntime.sleep(25)");
    for name in ["SIGTERM", "SIGKILL"] {
        let mut socket = Socket::open(&server).await;
        socket.say(&sleeps).await;
        socket.until(|one| one["type"] == "data").await;
        // A program is told of none but those that end it.
        socket.say(&json!({ "type": "signal", "signal": "SIGUSR1" })).await;
        socket.say(&json!({ "type": "signal", "signal": name })).await;
        let (said, closed) = socket.rest().await;
        let exit = said.last().unwrap();
        assert_eq!(
            (&exit["stage"], &exit["code"], &exit["signal"]),
            (&json!("run"), &Value::Null, &json!(name))
        );
        assert_eq!(closed.0, 4999);
    }

    let mut socket = Socket::open(&server).await;
    socket.say(&sleeps).await;
    socket.until(|one| one["type"] == "data").await;
    drop(socket);
    let began = Instant::now();
    let body =
        json!({ "language": "python", "version": "*", "files": [{ "content": "print(1)" }] });
    assert_eq!(execute(&server, &body).await.0, 200);
    assert!(began.elapsed() < Duration::from_secs(15), "the lane is free again");

    // Input that nobody reads has a bound.
    let mut socket = Socket::open(&server).await;
    socket.say(&sleeps).await;
    for _ in 0..8 {
        let _ = socket.0.send(Message::text(input(&"x".repeat(32 * 1024)).to_string())).await;
    }
    let (code, _, last) = socket.closed().await;
    assert_eq!(code, 4002);
    assert!(text(&last.unwrap(), "message").contains("does not read"));
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_nothing_more_has_its_program_stopped() {
    let pings = [("PLAYHOUSE_LIVE_PING", "1s"), ("PLAYHOUSE_LIVE_PONG_TIMEOUT", "1s")];
    let Some(server) = judging(&pings) else { return };
    let mut socket = Socket::open(&server).await;
    socket.say(&init("python", "import time\nprint(1, flush=True)\ntime.sleep(25)")).await;
    socket.until(|one| one["type"] == "data").await;
    // Its connection stays open, and pings are not answered.
    let began = Instant::now();
    let body =
        json!({ "language": "python", "version": "*", "files": [{ "content": "print(1)" }] });
    assert_eq!(execute(&server, &body).await.0, 200);
    assert!(began.elapsed() < Duration::from_secs(15), "the lane is free again");
    let (_, (code, why)) = socket.rest().await;
    assert_eq!((code, &*why), (3012, "no pong"));
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_opens_no_connection() {
    let Some(server) = judging(&[]) else { return };
    let url = server.base().replace("http://", "ws://") + "/api/v2/connect";
    for (name, value, expected) in [
        ("origin", "https://evil.example", 403),
        ("host", "evil.example", 401),
        ("x-forwarded-for", "203.0.113.9", 401),
    ] {
        let mut request = url.as_str().into_client_request().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        let Err(Error::Http(refused)) = connect_async(request).await else {
            panic!("{name} {value} is let in")
        };
        assert_eq!(refused.status(), expected, "{name} {value}");
    }
}
