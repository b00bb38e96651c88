//! The official SDKs of the live connection's protocol follow a showing through lost connections and
//! a killed server, without a gap and without a repeat.
//!
//! Needs the folder that `tests/sdk/README.md` describes; says so where it is missing.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take to happen.
const SOON: Duration = Duration::from_secs(60);

const PASSWORD: &str = "correct horse battery staple";

/// A server of its own, in a folder of its own.
struct Server {
    data: tempfile::TempDir,
    addr: String,
    process: Child,
}

impl Server {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let (process, addr) = launch(data.path(), "127.0.0.1:0");
        Self { data, addr, process }
    }

    /// Kills the server as a power cut would, and starts it again at the same address.
    fn crash(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = launch(self.data.path(), &self.addr).0;
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn launch(folder: &Path, addr: &str) -> (Child, String) {
    let ready = folder.join("ready.json");
    let _ = std::fs::remove_file(&ready);
    let mut process = Command::new(env!("CARGO_BIN_EXE_playhouse"))
        .args(["serve", "--http", addr, "--quic", "127.0.0.1:0", "--data"])
        .arg(folder.join("data"))
        .arg("--ready-file")
        .arg(&ready)
        .env("PLAYHOUSE_ADMIN_PASSWORD", PASSWORD)
        .env("PLAYHOUSE_LOG_LEVEL", "warn")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + SOON;
    while !ready.exists() {
        assert!(process.try_wait().unwrap().is_none(), "the server ended");
        assert!(Instant::now() < deadline, "the server is not ready");
        std::thread::sleep(Duration::from_millis(10));
    }
    let ready: Value = serde_json::from_slice(&std::fs::read(&ready).unwrap()).unwrap();
    (process, ready["http"].as_str().unwrap().to_owned())
}

/// An organizer with a showing, over REST.
struct Organizer {
    http: reqwest::Client,
    token: String,
    showing: String,
}

impl Organizer {
    async fn open(server: &Server) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A connection that is kept would be one to the server that was killed.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        let mut this = Self { http, token: String::new(), showing: String::new() };
        let login = json!({"login": "admin", "password": PASSWORD});
        let tokens = this.post(server, "/api/sessions", login).await;
        this.token = tokens["access_token"].as_str().unwrap().to_owned();
        let movie = json!({"title": "Metropolis", "minutes": 153});
        let movie = this.post(server, "/api/movies", movie).await;
        let rows = json!([{"row": "A", "seats": 20, "kind": "standard"}]);
        let screen = json!({"name": "One", "theater": "Rex", "rows": rows});
        let screen = this.post(server, "/api/screens", screen).await;
        let showing = json!({
            "movie_id": movie["id"], "screen_id": screen["id"],
            "starts_at": "2031-05-01T20:00:00Z", "prices": {"standard": "9.50"},
        });
        let showing = this.post(server, "/api/showings", showing).await;
        this.showing = showing["id"].as_str().unwrap().to_owned();
        this
    }

    async fn post(&self, server: &Server, path: &str, body: Value) -> Value {
        let request = self.http.post(server.url(path)).json(&body);
        let request = match self.token.as_str() {
            "" => request,
            token => request.bearer_auth(token),
        };
        let answer = request.send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap_or_default()
    }

    /// Blocks and frees a seat, over and over: `steps` changes of the seat map.
    async fn change(&self, server: &Server, steps: usize) {
        let path = format!("/api/showings/{}/blocks", self.showing);
        for step in 0..steps {
            let body = json!({"seats": ["A1"], "reason": "test"});
            if step % 2 == 0 {
                self.post(server, &path, body).await;
            } else {
                let body = json!({"seats": ["A1"]});
                let request = self.http.delete(server.url(&path)).json(&body);
                let answer = request.bearer_auth(&self.token).send().await.unwrap();
                assert!(answer.status().is_success(), "{}", answer.status());
            }
        }
    }

    /// The seat map's revision: where a follower must arrive.
    async fn revision(&self, server: &Server) -> u64 {
        let url = server.url(&format!("/api/showings/{}/seats", self.showing));
        let answer = self.http.get(url).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["revision"].as_u64().unwrap()
    }
}

/// One SDK at work.
struct Follower {
    process: Child,
    orders: ChildStdin,
    said: Receiver<Value>,
    /// The newest offset that it was told; none before the first view.
    at: Option<u64>,
    /// Subscriptions that recovered, and that started anew.
    recovered: usize,
    anew: usize,
}

impl Follower {
    fn start(sdk: &Sdk, server: &Server, organizer: &Organizer, since: Option<Value>) -> Self {
        let mut process = Command::new(&sdk.program)
            .arg(&sdk.script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (told, said) = channel();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let Ok(()) = told.send(serde_json::from_str(&line).unwrap()) else { break };
            }
        });
        let orders = process.stdin.take().unwrap();
        let mut this = Self { process, orders, said, at: None, recovered: 0, anew: 0 };
        this.order(&json!({
            "do": "follow",
            "url": format!("ws://{}/connection/websocket", server.addr),
            "token": organizer.token,
            "channel": format!("showing:{}", organizer.showing),
            "since": since,
        }));
        this
    }

    fn order(&mut self, order: &Value) {
        writeln!(self.orders, "{order}").unwrap();
    }

    /// Takes in what the SDK said next, and holds it to the promise.
    fn hear(&mut self, deadline: Instant) -> Value {
        let left = deadline.saturating_duration_since(Instant::now());
        let said = self.said.recv_timeout(left).expect("the SDK says something in time");
        match said["what"].as_str().unwrap() {
            "subscribed" if said["recovered"] == true => self.recovered += 1,
            "subscribed" => {
                self.anew += 1;
                let to = said["data"]["to"].as_u64();
                self.at = Some(to.expect("what starts anew starts from a view"));
            }
            "publication" => {
                let (data, to) = (&said["data"], said["offset"].as_u64().unwrap());
                assert_eq!(data["to"], to);
                let at = self.at.expect("a publication follows a view");
                if data["change"].is_object() {
                    assert_eq!(data["from"], at, "a gap or a repeat: {said}");
                }
                assert!(to > at, "the stream went back: {said}");
                self.at = Some(to);
            }
            "unsubscribed" | "disconnected" => panic!("{said}"),
            _ => {}
        }
        said
    }

    /// Waits until it was told everything up to `offset`.
    fn reach(&mut self, offset: u64) {
        let deadline = Instant::now() + SOON;
        while self.at.is_none_or(|at| at < offset) {
            self.hear(deadline);
        }
        assert_eq!(self.at, Some(offset));
    }

    fn hear_of(&mut self, what: &str) -> Value {
        let deadline = Instant::now() + SOON;
        loop {
            let said = self.hear(deadline);
            if said["what"] == what {
                return said;
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How one SDK is run.
struct Sdk {
    program: PathBuf,
    script: PathBuf,
}

/// The SDK in the folder `PLAYHOUSE_TEST_SDK`, if it is installed there; otherwise says that it is not.
fn installed(name: &str, program: &str, script: &str, witness: &str) -> Option<Sdk> {
    let Some(folder) = std::env::var_os("PLAYHOUSE_TEST_SDK").map(PathBuf::from) else {
        eprintln!(
            "LEFT OUT: the {name} SDK: PLAYHOUSE_TEST_SDK is not set, see tests/sdk/README.md"
        );
        return None;
    };
    if !folder.join(witness).exists() {
        eprintln!("LEFT OUT: the {name} SDK: {} is not in {}", witness, folder.display());
        return None;
    }
    let local = folder.join(program);
    let program = if local.exists() { local } else { program.into() };
    Some(Sdk { program, script: folder.join(script) })
}

fn javascript() -> Option<Sdk> {
    installed("JavaScript", "node", "follow.mjs", "node_modules/centrifuge")
}

fn python() -> Option<Sdk> {
    installed("Python", "venv/bin/python", "follow.py", "venv/bin/python")
}

/// Through a lost connection and a killed server, every change arrives once and in order.
async fn recovers(sdk: Sdk) {
    let mut server = Server::start();
    let organizer = Organizer::open(&server).await;
    let mut follower = Follower::start(&sdk, &server, &organizer, None);
    follower.hear_of("subscribed");
    organizer.change(&server, 4).await;
    follower.reach(organizer.revision(&server).await);

    follower.order(&json!({"do": "lose"}));
    organizer.change(&server, 4).await;
    let back = follower.hear_of("subscribed");
    assert_eq!((&back["was_recovering"], &back["recovered"]), (&json!(true), &json!(true)));
    follower.reach(organizer.revision(&server).await);

    for _ in 0..2 {
        organizer.change(&server, 2).await;
        server.crash();
        organizer.change(&server, 4).await;
        follower.reach(organizer.revision(&server).await);
    }
    follower.order(&json!({"do": "lose"}));
    follower.hear_of("subscribed");
    organizer.change(&server, 2).await;
    follower.reach(organizer.revision(&server).await);
    assert_eq!(follower.anew, 1, "only the first subscription starts from a view");
    assert!(follower.recovered >= 4, "{} recoveries", follower.recovered);

    let hold = json!({"showing_id": organizer.showing, "seats": ["A2"], "key": "once"});
    follower.order(&json!({"do": "rpc", "method": "showing.hold", "data": hold}));
    assert_eq!(follower.hear_of("answer")["data"]["seats"], json!(["A2"]));
    let again = json!({"showing_id": organizer.showing, "seats": ["A2"], "key": "twice"});
    follower.order(&json!({"do": "rpc", "method": "showing.hold", "data": again}));
    assert_eq!(follower.hear_of("refused")["code"], 1409);
}

/// A position of another stream is answered with the view, never with this stream's messages.
async fn starts_anew_from_a_foreign_epoch(sdk: Sdk) {
    let server = Server::start();
    let organizer = Organizer::open(&server).await;
    organizer.change(&server, 4).await;
    for since in [json!({"offset": 1, "epoch": "foreign"}), json!({"offset": 2, "epoch": ""})] {
        let mut follower = Follower::start(&sdk, &server, &organizer, Some(since));
        let start = follower.hear_of("subscribed");
        assert_eq!((&start["was_recovering"], &start["recovered"]), (&json!(true), &json!(false)));
        assert_eq!(start["data"]["to"], organizer.revision(&server).await);
        organizer.change(&server, 2).await;
        follower.reach(organizer.revision(&server).await);
        assert_eq!((follower.anew, follower.recovered), (1, 0));
    }
}

#[actix_web::test]
async fn the_javascript_sdk_recovers_without_a_gap_or_a_repeat() {
    if let Some(sdk) = javascript() {
        recovers(sdk).await;
    }
}

#[actix_web::test]
async fn the_python_sdk_recovers_without_a_gap_or_a_repeat() {
    if let Some(sdk) = python() {
        recovers(sdk).await;
    }
}

#[actix_web::test]
async fn the_javascript_sdk_never_gets_another_streams_messages() {
    if let Some(sdk) = javascript() {
        starts_anew_from_a_foreign_epoch(sdk).await;
    }
}

#[actix_web::test]
async fn the_python_sdk_never_gets_another_streams_messages() {
    if let Some(sdk) = python() {
        starts_anew_from_a_foreign_epoch(sdk).await;
    }
}
