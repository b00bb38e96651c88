//! Contests over REST and the live connection: real programs, judged in real jails.
//!
//! They need root, as jails of the tier `full` do; without it they say so and pass.

use std::time::{Duration, Instant};

use playhouse_loadtest::client::{Client, new_key};
use playhouse_loadtest::live::Live;
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::Server;

/// How long something may take. 120 s: a busy machine with others before it in the queue.
const WITHIN: Duration = Duration::from_secs(120);

const RIGHT: &str = "print(sum(map(int, input().split())))";
const WRONG: &str = "print(7)";

/// A server that judges, with an organizer and two teams; none where there can be no jail, which is said.
async fn house() -> Option<(Server, Client, [Client; 2])> {
    if !nix::unistd::geteuid().is_root() {
        println!("left out: jails of the tier full need root");
        return None;
    }
    let server = Server::with(&[("PLAYHOUSE_JUDGE_ENABLED", "true")]);
    let admin = server.admin().await;
    let teams = [server.person("ann").await, server.person("bob").await];
    Some((server, admin, teams))
}

fn soon(ms: u64) -> String {
    (jiff::Timestamp::now() + Duration::from_millis(ms)).to_string()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

fn problem(answer: &str) -> Value {
    json!({ "title": "Sums", "statement": "Add **two** numbers.",
        "tests": [{ "stdin": "1 2", "expected": "3", "hidden": false }, { "stdin": "40 2", "expected": answer }] })
}

async fn put(who: &Client, path: &str, body: Value) {
    who.ask(Method::PUT, path, Some(&new_key()), Some(&body)).await.unwrap();
}

async fn patch(who: &Client, path: &str, body: Value) {
    who.ask(Method::PATCH, path, Some(&new_key()), Some(&body)).await.unwrap();
}

/// A contest that runs, with problem A, in which both take part; its path.
async fn running(admin: &Client, teams: &[Client; 2]) -> String {
    let hour = 3_600_000;
    let contest = json!({ "title": "Finals", "starts_at": soon(hour), "ends_at": soon(2 * hour) });
    let made = admin.post("/api/contests", contest).await.unwrap();
    let path = format!("/api/contests/{}", text(&made, "id"));
    put(admin, &format!("{path}/problems/A"), problem("42")).await;
    for team in teams {
        team.post(&format!("{path}/registration"), json!({})).await.unwrap();
    }
    let hidden = teams[0].get(&format!("{path}/problems/A")).await.unwrap_err();
    assert_eq!(hidden.code(), "not_found", "before it begins");
    patch(admin, &path, json!({ "starts_at": soon(500) })).await;
    until(admin, &path, |seen| seen["phase"] == "running").await;
    path
}

/// What is at `path` once `is` says so.
async fn until(who: &Client, path: &str, is: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let seen = who.get(path).await.unwrap();
        if is(&seen) {
            return seen;
        }
        assert!(start.elapsed() < WITHIN, "it stays {seen}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn send(team: &Client, path: &str, source: &str) -> String {
    let body = json!({ "problem": "A", "language": "python", "source": source });
    let sent = team.post(&format!("{path}/submissions"), body).await.unwrap();
    assert_eq!(sent["verdict"], Value::Null);
    format!("{path}/submissions/{}", text(&sent, "id"))
}

/// What is found of the program at `of`.
async fn found(team: &Client, of: &str) -> String {
    let judged = until(team, of, |seen| !seen["verdict"].is_null()).await;
    text(&judged, "verdict").to_owned()
}

/// Each row as `place name score`.
async fn board(who: &Client, path: &str) -> Vec<String> {
    let board = who.get(&format!("{path}/scoreboard")).await.unwrap();
    let rows = board["rows"].as_array().unwrap().iter();
    rows.map(|row| format!("{} {} {}", row["place"], text(row, "name"), row["score"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contest_goes_from_its_problems_to_its_revealed_board() {
    let Some((server, admin, teams)) = house().await else { return };
    let path = running(&admin, &teams).await;
    let [ann, bob] = &teams;
    let statement = ann.get(&format!("{path}/problems/A")).await.unwrap();
    assert_eq!(statement["samples"].as_array().unwrap().len(), 1, "hidden tests are not shown");
    let wrong = send(ann, &path, WRONG).await;
    assert_eq!(found(ann, &wrong).await, "wrong_answer");
    let right = send(ann, &path, RIGHT).await;
    assert_eq!(found(ann, &right).await, "accepted");
    assert_eq!(bob.get(&right).await.unwrap_err().code(), "not_found", "it is not theirs");
    let nobody = server.client();
    assert_eq!(board(&nobody, &path).await, ["1 ann 1", "2 bob 0"]);

    patch(&admin, &path, json!({ "freeze_at": soon(1000) })).await;
    until(&admin, &path, |seen| seen["frozen"] == true).await;
    let channel = path.replace("/api/contests/", "contest:");
    let mut watcher = Live::connect(&server.base(), None).await.unwrap();
    watcher.command("subscribe", json!({ "channel": channel })).await.unwrap();
    let hidden = send(bob, &path, RIGHT).await;
    assert_eq!(found(bob, &hidden).await, "accepted", "whoever sent it in is told");
    let pending = nobody.get(&path).await.unwrap();
    assert_eq!(pending["board"][1]["cells"]["A"]["pending"], 1);
    assert_eq!(board(ann, &path).await, ["1 ann 1", "2 bob 0"]);
    let truly = admin.get(&format!("{path}/scoreboard?truly=true")).await.unwrap();
    assert_eq!(truly["rows"][0]["name"], "bob", "without a wrong attempt");
    watcher.linger(Duration::from_millis(600)).await.unwrap();
    let pushes = watcher.pushes();
    assert_eq!(pushes.len(), 1, "that it was sent in, and not that it was judged: {pushes:?}");
    assert!(!json!(pushes).to_string().contains("accepted"));

    patch(&admin, &path, json!({ "ends_at": soon(1000) })).await;
    until(&admin, &path, |seen| seen["phase"] == "over").await;
    let step =
        async || admin.post_as("one", &format!("{path}/reveal"), json!({ "what": "step" })).await;
    let shown = step().await.unwrap();
    assert_eq!((&shown["team"], &shown["from"], &shown["to"]), (&json!(2), &json!(2), &json!(1)));
    assert_eq!(step().await.unwrap(), shown, "one key is one step");
    assert_eq!(board(&nobody, &path).await, ["1 bob 1", "2 ann 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn judged_again_with_other_tests_the_board_is_as_if_they_had_always_been() {
    let Some((_server, admin, teams)) = house().await else { return };
    let path = running(&admin, &teams).await;
    let right = send(&teams[0], &path, RIGHT).await;
    assert_eq!(found(&teams[0], &right).await, "accepted");
    put(&admin, &format!("{path}/problems/A"), problem("43")).await;
    assert_eq!(board(&admin, &path).await, ["1 ann 1", "2 bob 0"], "it stands");
    let again = json!({ "problem": "A" });
    let many = admin.post(&format!("{path}/rejudge"), again).await.unwrap();
    assert_eq!(many["submissions"], 1);
    until(&teams[0], &right, |seen| seen["verdict"] == "wrong_answer").await;
    assert_eq!(board(&admin, &path).await, ["1 ann 0", "1 bob 0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_its_one_verdict_though_the_server_is_killed_while_it_is_judged() {
    let Some((mut server, admin, teams)) = house().await else { return };
    let path = running(&admin, &teams).await;
    let slow = format!("import time\ntime.sleep(1)\n{RIGHT}");
    let mut sent = Vec::new();
    for team in &teams {
        for source in [&slow, WRONG] {
            sent.push((team, send(team, &path, source).await));
        }
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    tokio::task::block_in_place(|| {
        server.kill();
        server.run();
    });
    for (n, (team, of)) in sent.iter().enumerate() {
        let verdict = found(team, of).await;
        assert_eq!(verdict, if n % 2 == 0 { "accepted" } else { "wrong_answer" });
    }
    let all = admin.get(&format!("{path}/submissions")).await.unwrap();
    let judgings = all["items"].as_array().unwrap().iter().map(|one| one["judgings"].as_u64());
    assert_eq!(judgings.collect::<Vec<_>>(), [Some(1); 4]);
    let scores = board(&admin, &path).await;
    assert!(scores.iter().all(|row| row.ends_with(" 1")), "{scores:?}");
}
