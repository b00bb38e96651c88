//! The judge over REST: real programs in real jails. `table`: what each sort of program is judged. `programs`:
//! the programs of the table. `jobs`: handing in, looking, calling off. `live`: what comes on the channels.
//! `kill`: the server is killed while it judges. `checkers`: programs that decide. `webhook`: who is told outside.
//! `piston`, `connect`, `clients`: the interface of Piston, over HTTP and WebSocket, and by its public clients.
//! `attacks`, `compilers`, `secrets`: hostile programs. `faults`: what is beneath the judge fails. `crowd`: many at once.
//!
//! They need root, as jails of the tier `full` do; without it they say so and pass.

mod attacks;
mod checkers;
mod clients;
mod compilers;
mod connect;
mod crowd;
mod faults;
mod jobs;
mod kill;
mod live;
mod piston;
mod programs;
mod secrets;
mod table;
mod webhook;

use std::time::{Duration, Instant};

use playhouse_loadtest::client::Client;
use serde_json::{Value, json};

use crate::server::Server;

const JOBS: &str = "/api/jobs";

/// How long a job may take. 120 s: a busy machine with others before it in the queue.
const WITHIN: Duration = Duration::from_secs(120);

/// A server that judges, with `settings` beside; none where there can be no jail, which is said.
fn judging(settings: &[(&str, &str)]) -> Option<Server> {
    if !nix::unistd::geteuid().is_root() {
        println!("left out: jails of the tier full need root");
        return None;
    }
    // Whoever waits for a job looks as often as he can.
    let mut all = vec![
        ("PLAYHOUSE_JUDGE_ENABLED", "true"),
        ("PLAYHOUSE_LIMITS_REQUESTS_PER_SECOND_ACCOUNT", "0"),
    ];
    all.extend(settings);
    Some(Server::with(&all))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Hands `body` in; the job's path.
async fn hand_in(who: &Client, body: Value) -> String {
    let made = who.post(JOBS, body).await.expect("it is accepted");
    format!("{JOBS}/{}", text(&made, "id"))
}

/// The job once `is` says so.
async fn once(who: &Client, job: &str, is: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let seen = who.get(job).await.expect("it is there");
        if is(&seen) {
            return seen;
        }
        assert!(start.elapsed() < WITHIN, "it stays {seen}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The job once it is judged.
async fn judged(who: &Client, job: &str) -> Value {
    once(who, job, |seen| seen["phase"] == "judged").await
}

/// A Python program that is only run.
fn python(source: &str) -> Value {
    json!({ "language": "python", "source": source })
}

/// The ids of the languages of this machine.
async fn languages(who: &Client) -> Vec<String> {
    let list = who.get("/api/languages").await.unwrap();
    assert_eq!(list["sandbox"]["ready"], true, "{list}");
    let ids = list["languages"].as_array().unwrap().iter();
    ids.map(|language| text(language, "id").to_owned()).collect()
}
