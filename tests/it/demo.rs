//! The demo as somebody meets it who starts it for the first time, and the second.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use playhouse_loadtest::client::Client;
use playhouse_loadtest::house::all;
use serde_json::{Value, json};

/// How soon after it listens there must be something to look at. 20 s: four times what is promised,
/// for a debug build on a machine that runs other tests; alone it takes half a second.
const SOON: Duration = Duration::from_secs(20);

/// How soon a good deal is sold, by a debug build on a busy machine.
const LATER: Duration = Duration::from_secs(60);

/// How long a debug build on a busy machine may take to listen.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A demo that runs, and is killed with its owner.
pub(crate) struct Demo {
    child: Child,
    pub(crate) base: String,
    stdout: BufReader<ChildStdout>,
    said: String,
}

impl Demo {
    fn command(data: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_playhouse"));
        command.arg("--data").arg(data);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(folder: &Path) -> Self {
        let ready = folder.join("ready");
        let _ = std::fs::remove_file(&ready);
        let mut command = Self::command(&folder.join("data"));
        let child = command
            .args(["--http", "127.0.0.1:0", "--quic", "127.0.0.1:0"])
            .arg("--ready-file")
            .arg(&ready)
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut demo = Self { child, base: String::new(), stdout, said: String::new() };
        let deadline = Instant::now() + READY_WITHIN;
        while demo.base.is_empty() {
            assert!(Instant::now() < deadline, "the demo is not ready");
            assert_eq!(demo.child.try_wait().unwrap(), None, "the demo ended");
            if let Ok(text) = std::fs::read_to_string(&ready) {
                let said: Value = serde_json::from_str(&text).unwrap();
                demo.base = format!("http://{}", said["http"].as_str().unwrap());
            }
            std::thread::yield_now();
        }
        demo
    }

    /// Waits until `enough` is true of all showings' seats, which it must be `within` that time.
    async fn shows(&self, within: Duration, enough: impl Fn(&[Value]) -> bool) {
        let (client, started) = (Client::new(&self.base), Instant::now());
        loop {
            let showings = all(&client, "/api/showings").await.unwrap();
            let seats: Vec<Value> = showings.iter().map(|s| s["seats"].clone()).collect();
            if enough(&seats) {
                return;
            }
            assert!(started.elapsed() < within, "after {within:?} there is {}", json!(seats));
        }
    }

    /// Kills it as a power cut would; everything that it had printed.
    fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.stdout.read_to_string(&mut self.said).unwrap();
        std::mem::take(&mut self.said)
    }

    /// The id of the series of polls whose stage it prints.
    fn series(&mut self) -> String {
        while !self.said.contains("/present") {
            assert_ne!(self.stdout.read_line(&mut self.said).unwrap(), 0, "{}", self.said);
        }
        let (_, id) = self.said.split_once("/series/").expect("the stage of the series");
        id.split('/').next().unwrap().to_owned()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sum(seats: &[Value], state: &str) -> u64 {
    seats.iter().filter_map(|seats| seats[state].as_u64()).sum()
}

fn printed_password(said: &str) -> &str {
    let line = said.lines().find(|line| line.contains("Administrator:")).expect("it is printed");
    line.rsplit(' ').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn soon_after_its_start_the_demo_has_a_cinema_on_sale_and_people_who_buy() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    demo.shows(SOON, |all| {
        let visited = all.iter().filter(|seats| seats["free"] != seats["total"]).count();
        all.len() >= 20 && visited >= 3 && sum(all, "held") > 0 && sum(all, "sold") > 0
    })
    .await;
    let said = demo.kill();
    assert!(said.contains("/organizer") && said.contains("/playground"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_has_polls_under_way_whose_audience_votes_also_after_it_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut demo = Demo::start(folder.path());
        let series = demo.series();
        let (client, started) = (Client::new(&demo.base), Instant::now());
        let ballots = loop {
            let series = client.get(&format!("/api/series/{series}")).await.unwrap();
            if let Some(poll) = series["current"].as_str() {
                let poll = client.get(&format!("/api/polls/{poll}")).await.unwrap();
                let ballots = poll["tally"]["ballots"].as_u64().unwrap();
                if poll["poll"]["phase"] == "open" && ballots >= 5 {
                    break ballots;
                }
            }
            assert!(started.elapsed() < LATER, "nobody votes");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        seen.push(series);
        assert!(ballots <= 40, "each of the audience once");
        demo.kill();
    }
    assert_eq!(seen[0], seen[1], "the series is made once");
}

/// The match that is on, once it is played.
async fn arena(client: &Client) -> Value {
    let started = Instant::now();
    loop {
        let list = client.get("/api/games/sessions?game=arena").await.unwrap();
        let on = list["items"].as_array().unwrap();
        assert!(on.len() <= 1, "one at a time: {list}");
        if let Some(on) = on.first().filter(|on| on["phase"] == "active") {
            return on.clone();
        }
        assert!(started.elapsed() < LATER, "nobody plays: {list}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_has_an_arena_whose_bots_play_and_that_goes_on_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(folder.path());
    demo.series();
    let first = arena(&Client::new(&demo.base)).await;
    assert_eq!(
        (&first["taken"], &first["bots"], &first["open"]),
        (&json!(7), &json!(7), &json!(true))
    );
    let figures = format!("/api/games/sessions/{}/figures", first["id"].as_str().unwrap());
    let ticks = async |demo: &Demo, enough: u64| {
        let (client, started) = (Client::new(&demo.base), Instant::now());
        loop {
            let told = client.get(&figures).await.unwrap();
            if told["running"]["durable"].as_u64() >= Some(enough) {
                return told["running"].clone();
            }
            assert!(started.elapsed() < LATER, "it is not played: {told}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let before = ticks(&demo, 60).await["durable"].as_u64().unwrap();
    let said = demo.kill();
    assert!(said.contains("/games"), "it is said where it is: {said}");

    let demo = Demo::start(folder.path());
    assert_eq!(arena(&Client::new(&demo.base)).await["id"], first["id"], "the same match");
    let running = ticks(&demo, before + 30).await;
    assert!(running["began"].as_u64().unwrap() >= before, "nothing durable is lost: {running}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_was_killed_goes_on_with_the_same_password_and_what_was_sold() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    demo.shows(LATER, |all| sum(all, "sold") > 20).await;
    let first = demo.kill();
    let password = printed_password(&first);

    let demo = Demo::start(folder.path());
    demo.shows(SOON, |all| sum(all, "sold") > 10).await;
    let admin = Client::new(&demo.base).log_in("admin", password).await.unwrap();
    let change = json!({ "old": password, "new": "a password of my own" });
    admin.post("/api/accounts/me/password", change).await.unwrap();
    assert_eq!(printed_password(&demo.kill()), password);

    let demo = Demo::start(folder.path());
    demo.shows(SOON, |all| sum(all, "held") > 0).await;
    Client::new(&demo.base).log_in("admin", "a password of my own").await.unwrap();
    let said = demo.kill();
    assert!(!said.contains(password), "a password that is no good is printed: {said}");
}

#[test]
fn a_demo_that_cannot_start_says_why_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    let running = Demo::start(folder.path());
    let port = running.base.rsplit('/').next().unwrap();
    let used = Demo::command(&folder.path().join("other")).args(["--http", port]).output();
    let any = ["--http", "127.0.0.1:0", "--quic", "127.0.0.1:0"];
    let second = Demo::command(&folder.path().join("data")).args(any).output();
    let nowhere = Demo::command(&file).args(any).output();
    for (output, why) in [
        (used, "failed to listen on"),
        (second, "is in use by process"),
        (nowhere, "data directory"),
    ] {
        let output = output.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with("playhouse: ") && said.contains(why), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(output.stdout.is_empty(), "nothing was opened");
    }
}
