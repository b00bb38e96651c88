//! Two hundred programs at once: never more run than there are slots, the places are those in which they start, and
//! the rooms beside go on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use playhouse_loadtest::client::Client;
use playhouse_loadtest::live::{Live, news};
use serde_json::{Value, json};

use super::{JOBS, hand_in, judged, judging};
use crate::server::{Server, showing};

const PROGRAMS: usize = 200;
const SLOTS: u64 = 2;

/// How many others may have begun meanwhile, before or after a program's place. 8: a busy machine.
const AWAY_MAX: u64 = 8;

/// What one account sees of the queue, for as long as a job of its own waits or runs.
struct Looking {
    live: Live,
    view: Value,
}

impl Looking {
    async fn at(server: &Server, who: &Client) -> Self {
        let mut live = Live::connect(&server.base(), who.token()).await.unwrap();
        let told = live.command("subscribe", json!({ "channel": "queue:judge" })).await.unwrap();
        Self { live, view: told["data"]["view"].clone() }
    }

    async fn next(&mut self) {
        let push = self.live.push(Duration::from_secs(60)).await.unwrap();
        self.view = news(&push).clone();
    }

    /// The places of one's jobs that wait.
    fn places(&self) -> BTreeMap<String, u64> {
        let jobs = self.view["jobs"].as_array().into_iter().flatten();
        let place =
            |job: &Value| Some((job["job"].as_str()?.to_owned(), job["position"].as_u64()?));
        jobs.filter_map(place).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_programs_at_once_start_in_their_places_two_at_a_time_and_seats_are_sold_beside()
 {
    let slots = SLOTS.to_string();
    let Some(server) = judging(&[("PLAYHOUSE_JUDGE_SLOTS", &slots)]) else { return };
    let admin = server.admin().await;
    let seats = showing(&admin, 10, 20).await;
    let mut people = Vec::new();
    for n in 0..4 {
        people.push(server.person(&format!("person{n}")).await);
    }
    // The first two keep the slots until all have been handed in.
    let stays = json!({ "language": "python", "source": "input()", "interactive": true,
        "limits": { "wall_ms": 60_000 } });
    let guard = server.person("guard").await;
    let guards = [hand_in(&guard, stays.clone()).await, hand_in(&guard, stays).await];
    let body =
        json!({ "language": "python", "source": "print(1)", "tests": [{ "expected": "1" }] });
    let mut jobs = Vec::new();
    for n in 0..PROGRAMS {
        let who = &people[n % people.len()];
        jobs.push((who, hand_in(who, body.clone()).await));
    }
    let mut looking = Vec::new();
    for who in &people {
        looking.push(Looking::at(&server, who).await);
    }
    let mut promised: BTreeMap<u64, String> = BTreeMap::new();
    for one in &looking {
        promised.extend(one.places().into_iter().map(|(job, place)| (place, job)));
    }
    let wanted: Vec<u64> = (1..=PROGRAMS as u64).collect();
    assert!(promised.keys().eq(&wanted), "each place once: {:?}", promised.keys());
    for job in &guards {
        guard.delete(job).await.unwrap();
    }
    // Meanwhile somebody buys.
    let ann = server.person("ann").await;
    let mut first = looking.swap_remove(0);
    let mut seen = 0;
    let began = Instant::now();
    while first.view["jobs"] != json!([]) {
        assert!(began.elapsed() < Duration::from_secs(240), "{}", first.view);
        first.next().await;
        seen += 1;
        let running = first.view["running"].as_u64().unwrap();
        assert!(running <= SLOTS, "{running} run in {SLOTS} slots");
        if seen % 20 == 1 {
            let held = ann.post(&format!("{seats}/holds"), json!({ "best": 1 })).await;
            let id = held.unwrap()["hold_id"].as_str().unwrap().to_owned();
            ann.delete(&format!("{seats}/holds/{id}")).await.unwrap();
        }
    }
    assert!(seen > 20, "{seen} views of the queue");
    // In which order they began is in what each says of itself.
    let mut began: Vec<(String, String)> = Vec::new();
    for (who, job) in &jobs {
        let seen = judged(who, job).await;
        assert_eq!((&seen["verdict"], &seen["attempt"]), (&json!("accepted"), &json!(1)), "{seen}");
        let at = seen["started_at"].as_str().unwrap_or_else(|| panic!("no start in {seen}"));
        began.push((at.to_owned(), job.trim_start_matches(&format!("{JOBS}/")).to_owned()));
    }
    began.sort();
    let place: BTreeMap<&String, u64> = promised.iter().map(|(place, job)| (job, *place)).collect();
    let order: Vec<u64> = began.iter().map(|(_, job)| place[job]).collect();
    // A slot that is told late lets the other one go on meanwhile.
    let worst = (1..).zip(&order).map(|(at, place): (u64, _)| at.abs_diff(*place)).max().unwrap();
    assert!(worst <= AWAY_MAX, "{worst} away from its place: {order:?}");
    server.saw_no_panic();
}
