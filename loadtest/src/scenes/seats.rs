//! An on-sale rush: groups hold seats, by name or the best together, extend, buy, give back, cancel and
//! walk away; others watch the seat map.
//!
//! All that buyers are told is kept (`seats_log.rs`) and checked afterwards, seat by seat.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::poll::crowd_verdict;
use super::seats_log::Log;
pub use super::seats_plan::Plan;
use crate::buyer::{Buyer, No};
use crate::client::Client;
use crate::harness::meter::Outcome;
use crate::harness::stage::{Cast, Stage, Verdict};
use crate::harness::watch::Crowd;
use crate::harness::{HarnessError, Promise};
use crate::house::all;
use crate::presenter::id_of;

/// How long after the run abandoned seats may take to be free again, beside the length of a hold: 1 s
/// is promised, and a charge may still be under way.
const FREED_WITHIN: Duration = Duration::from_secs(15);

/// How big groups are. Most come by two.
const PARTIES: [usize; 8] = [1, 2, 2, 2, 2, 3, 4, 6];

/// How often a pending purchase is looked at before it counts as unanswered, four times a second. 40:
/// the 10 s in which a charge lands or is tried again.
const LOOKS: u32 = 40;

/// The house on sale, and its people.
pub struct House {
    stage: Arc<Stage>,
    plan: Plan,
    showings: Vec<String>,
    buyers: Vec<Client>,
    crowd: Arc<Crowd>,
    storm: tokio::task::JoinHandle<()>,
    logs: Vec<Mutex<Log>>,
    memory_kib: Option<f64>,
}

/// Somebody between two steps.
struct Visit<'a> {
    house: &'a House,
    showing: usize,
    buyer: Buyer,
    chance: StdRng,
}

/// `A` to `Z`, then `AA` and so on.
fn row_name(n: u8) -> String {
    let letter = |n: u8| char::from(b'A' + n % 26);
    let first = (n >= 26).then(|| letter(n / 26 - 1));
    first.into_iter().chain([letter(n)]).collect()
}

async fn open(organizer: &Client, plan: &Plan, n: usize) -> Result<String, HarnessError> {
    let movie = json!({ "title": format!("Film {n}"), "minutes": 100 });
    let movie = organizer.post("/api/movies", movie).await?;
    let row = |n: u8| json!({ "row": row_name(n), "seats": plan.seats, "kind": "standard" });
    let rows: Vec<Value> = (0..plan.rows).map(row).collect();
    let screen = json!({ "name": format!("Screen {n}"), "theater": "Odeon", "rows": rows });
    let screen = organizer.post("/api/screens", screen).await?;
    let starts = jiff::Timestamp::now() + Duration::from_secs(24 * 3600);
    let showing = json!({ "movie_id": movie["id"], "screen_id": screen["id"],
        "starts_at": starts.to_string(), "prices": { "standard": "9.50" } });
    Ok(id_of(&organizer.post("/api/showings", showing).await?).to_owned())
}

impl Visit<'_> {
    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        let log = &self.house.logs[self.showing];
        log.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::from(self.house.stage.meter.now_us())
    }

    fn id(&self) -> &str {
        &self.house.showings[self.showing]
    }

    async fn think(&mut self) {
        let time = Duration::from_millis(self.chance.random_range(0..=self.house.plan.think_ms));
        tokio::time::sleep(time).await;
    }

    fn note<T>(&self, what: &'static str, due: Instant, answer: &Result<T, No>) {
        let outcome = match answer {
            Ok(_) => Outcome::Ok,
            Err(no) if no.code().is_empty() => Outcome::Failed,
            Err(no) => Outcome::Refused(no.code()),
        };
        self.house.stage.meter.note(what, due, outcome);
    }

    /// The seats to ask for, if they are asked for by name.
    fn want(&mut self) -> (Value, usize, Vec<String>) {
        let party = *PARTIES.choose(&mut self.chance).unwrap_or(&2);
        if !self.chance.random_bool(self.house.plan.named) {
            return (json!({ "best": party }), party, Vec::new());
        }
        let row = row_name(self.chance.random_range(0..self.house.plan.rows));
        let first = self.chance.random_range(1..=usize::from(self.house.plan.seats) - party + 1);
        let seats: Vec<String> = (first..first + party).map(|n| format!("{row}{n}")).collect();
        (json!({ "seats": seats }), party, seats)
    }

    async fn come(mut self, due: Instant) {
        let (want, party, seats) = self.want();
        let call = self.now();
        let showing = self.id().to_owned();
        let answer = self.buyer.hold(&showing, want).await;
        self.note("hold", due, &answer);
        let now = self.now();
        let hold = match answer {
            Ok(hold) => {
                self.log().held(call, now, &hold);
                hold
            }
            Err(no) => return self.log().not_held(call, now, (party, &seats), &no),
        };
        self.think().await;
        let id = hold["hold_id"].as_str().unwrap_or_default();
        if self.chance.random_bool(self.house.plan.extend) {
            let (due, call) = (Instant::now(), self.now());
            let answer = self.buyer.extend(&showing, id).await;
            self.note("extend", due, &answer);
            self.log().extended(call, id, &answer);
            self.think().await;
        }
        let Plan { buy, abandon, .. } = self.house.plan;
        match self.chance.random::<f64>() {
            share if share < buy => self.buy(&showing, id).await,
            share if share < buy + abandon => {}
            _ => {
                let (due, call) = (Instant::now(), self.now());
                let answer = self.buyer.release(&showing, id).await;
                self.note("release", due, &answer);
                let now = self.now();
                self.log().released(call, now, id, &answer);
            }
        }
    }

    async fn buy(&mut self, showing: &str, hold: &str) {
        let (due, call) = (Instant::now(), self.now());
        let mut answer = self.buyer.purchase(showing, hold, "ok").await;
        let location = match &answer {
            Ok(pending) if pending["status"] == "pending" => {
                Some(pending["location"].as_str().unwrap_or_default().to_owned())
            }
            _ => None,
        };
        if let Some(location) = location {
            answer = self.settled(&location).await;
        }
        self.note("buy", due, &answer);
        let now = self.now();
        self.log().bought(call, now, hold, &answer);
        let Ok(booking) = answer else { return };
        if !self.chance.random_bool(self.house.plan.cancel) {
            return;
        }
        self.think().await;
        let Buyer::Rest(client) = &self.buyer else { return };
        let (due, call) = (Instant::now(), self.now());
        let path = format!("/api/bookings/{}/cancel", id_of(&booking));
        let answer = client.post(&path, json!({})).await.map_err(No::from);
        self.note("cancel", due, &answer);
        let now = self.now();
        self.log().cancelled(call, now, hold, id_of(&booking), &answer);
    }

    /// What became of a purchase that was still under way.
    async fn settled(&self, location: &str) -> Result<Value, No> {
        let Buyer::Rest(client) = &self.buyer else {
            return Err(No::Unanswered("nobody asks".to_owned()));
        };
        for _ in 0..LOOKS {
            match client.get(location).await {
                Ok(booking) if booking["status"] == "paid" => return Ok(booking),
                _ => tokio::time::sleep(Duration::from_millis(250)).await,
            }
        }
        Err(No::Unanswered("the purchase is still under way".to_owned()))
    }
}

/// A promise that was checked for each showing, told as one: `tell` is given the sums.
fn promise(
    what: &'static str,
    found: Vec<Result<[usize; 2], String>>,
    tell: fn([usize; 2]) -> String,
) -> Promise {
    let all: Result<Vec<[usize; 2]>, String> = found.into_iter().collect();
    let sum = |all: Vec<[usize; 2]>| all.iter().fold([0, 0], |[a, b], [c, d]| [a + c, b + d]);
    Promise::new(what, all.map(|all| tell(sum(all))))
}

impl House {
    /// Waits until nothing is held any more, and returns the organizer's seat map.
    async fn settled(&self, organizer: &Client, showing: &str) -> Result<Value, HarnessError> {
        let deadline = Instant::now() + FREED_WITHIN;
        loop {
            let map = organizer.get(&format!("/api/showings/{showing}/seats")).await?;
            if map["seats"]["held"] == 0 || Instant::now() > deadline {
                return Ok(map);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Every booking that there is, by showing and id, as the buyers' own lists have it.
    async fn bookings(&self) -> Result<BTreeMap<String, BTreeMap<String, Value>>, HarnessError> {
        let mut found: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
        for buyer in &self.buyers {
            for booking in all(buyer, "/api/bookings").await? {
                let showing = booking["showing_id"].as_str().unwrap_or_default().to_owned();
                found.entry(showing).or_default().insert(id_of(&booking).to_owned(), booking);
            }
        }
        Ok(found)
    }
}

impl Cast for House {
    type Plan = Plan;

    async fn prepare(stage: Arc<Stage>, plan: Plan) -> Result<Self, HarnessError> {
        let organizer = stage.organizer().await?;
        let mut showings = Vec::new();
        for n in 0..plan.showings {
            showings.push(open(&organizer, &plan, n).await?);
        }
        let mut buyers = Vec::new();
        for n in 0..plan.buyers {
            let name = format!("buyer{n:04}");
            buyers.push(stage.client.come_in(&name, "a password of load tests").await?);
        }
        let before = stage.reading();
        let channel = format!("showing:{}", showings[0]);
        let crowd = Arc::new(Crowd::gather(&stage, &channel, plan.watchers, plan.silent).await?);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let memory_kib = before.zip(stage.reading()).filter(|_| plan.watchers > 0);
        let memory_kib = memory_kib.map(|(before, after)| {
            after.rss_kib.saturating_sub(before.rss_kib) as f64 / plan.watchers as f64
        });
        let storm = tokio::spawn(crowd.clone().storm_after(plan.storm_s));
        let logs = showings.iter().map(|_| Mutex::default()).collect();
        Ok(Self { stage, plan, showings, buyers, crowd, storm, logs, memory_kib })
    }

    async fn arrive(&self, nth: u64, due: Instant) {
        let mut chance = self.stage.chance(nth);
        let showing = chance.random_range(0..self.showings.len());
        let buyer = chance.random_range(0..self.buyers.len());
        let buyer = Buyer::Rest(self.buyers[buyer].clone());
        Visit { house: self, showing, buyer, chance }.come(due).await;
    }

    fn word(&self) -> String {
        let (there, size) = self.crowd.there();
        format!("{there} of {size} watch")
    }

    async fn finish(self) -> Result<Verdict, HarnessError> {
        self.storm.abort();
        let organizer = self.stage.organizer().await?;
        let mut found = self.bookings().await?;
        let (mut stories, mut sums, mut freed) = (Vec::new(), Vec::new(), Vec::new());
        let (mut vain, mut sold_s) = (Vec::new(), None);
        for (showing, log) in self.showings.iter().zip(&self.logs) {
            let call = u64::from(self.stage.meter.now_us());
            let map = self.settled(&organizer, showing).await?;
            let now = u64::from(self.stage.meter.now_us());
            let mut log = log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            log.seen(call, now, &map);
            freed.push(log.freed(&map));
            if self.plan.gives_nothing_back() {
                vain.push(log.none_in_vain(&map));
                sold_s = log.lasted_s().filter(|_| map["seats"]["free"] == 0).or(sold_s);
            }
            stories.push(log.one_story_a_seat());
            sums.push(log.holds(&found.remove(showing).unwrap_or_default(), &map));
        }
        // The last publication leaves within the room's tick.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let _ = self.storm.await;
        let crowd = Arc::into_inner(self.crowd);
        let seen = match crowd {
            Some(crowd) => crowd.leave().await,
            None => return Err(HarnessError::Needs("the crowd is still being told to come back")),
        };
        let mut verdict = crowd_verdict(&seen, None);
        let mut promises = vec![
            promise("what was told of each seat is the story of one seat", stories, |[a, b]| {
                format!("{a} seats, {b} events")
            }),
            promise(
                "nothing acknowledged is lost or doubled, and every sum adds up",
                sums,
                |[a, b]| format!("{a} bookings, {b} purchases without an answer"),
            ),
            promise("abandoned seats come back by themselves", freed, |[a, b]| {
                format!("{a} of {b} holds were left to themselves")
            }),
        ];
        if self.plan.gives_nothing_back() {
            let what = "no group is refused while there are seats together for it";
            promises.push(promise(what, vain, |[a, b]| {
                format!("{a} were refused, {b} seats are free")
            }));
        }
        if let Some(seconds) = sold_s {
            verdict.figures.insert("house.sold_out_s".into(), seconds);
        }
        promises.append(&mut verdict.promises);
        verdict.promises = promises;
        if let Some(kib) = self.memory_kib {
            verdict.figures.insert("watcher.memory_kib".into(), kib);
        }
        Ok(verdict)
    }
}
