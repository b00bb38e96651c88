//! Simulated people: they look, hold, dither, buy, give back, cancel, wait and pass on, as people do.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::buyer::{Buyer, No};
use crate::client::{Client, ClientError};
use crate::follow::Follower;

/// How long a person thinks between two steps, in milliseconds. 2 to 9 s: of some dozens of people
/// somebody does something several times a second, and a day's journal stays small.
const THINK_MS: Range<u64> = 2000..9000;

/// The same on the first visits, so that a house that just opened fills before one's eyes.
const BRISK_MS: Range<u64> = 100..700;

/// How many visits are brisk. 5: with some dozens of people a tenth of a small house.
const BRISK_VISITS: u32 = 5;

/// How many of the next showings people choose among. 12: some sell out, none stands empty.
const CHOICE: usize = 12;

/// How many showings a person waits for at once, at most. 3; older places are forgotten.
const WAITS_MAX: usize = 3;

/// The least share of free seats that people leave. Below it some cancel, so that there is always
/// something to see.
const FREE_SHARE: f64 = 0.12;

/// One person.
pub struct Person {
    name: String,
    client: Client,
    chance: StdRng,
    visits: u32,
    /// The showings whose wait lists this person has joined.
    waiting: VecDeque<String>,
}

impl Person {
    /// The `n`th person of the crowd drawn from `seed`, with an account on the server of `client`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn arrive(client: &Client, n: usize, seed: u64) -> Result<Self, ClientError> {
        let name = format!("guest{n:03}");
        let client = client.come_in(&name, &password(&name)).await?;
        let chance = StdRng::seed_from_u64(seed.wrapping_add(n as u64));
        Ok(Self { name, client, chance, visits: 0, waiting: VecDeque::new() })
    }

    /// Goes to the cinema for ever. What the server refuses is part of life; a session that ended is
    /// opened anew.
    pub async fn live(mut self) {
        loop {
            let visited = self.visit().await;
            self.visits = self.visits.saturating_add(1);
            match visited {
                Err(No::Refused { problem, .. }) if problem["status"] == 401 => self.renew().await,
                // A live connection that is not let in says 109 or 3500, without a problem.
                Err(No::Refused { problem, .. }) if problem.is_null() => self.renew().await,
                Err(No::Unanswered(_)) => {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                    self.renew().await;
                }
                Ok(()) | Err(No::Refused { .. }) => {}
            }
            let time = self.thought();
            tokio::time::sleep(time).await;
        }
    }

    async fn renew(&mut self) {
        let renewed = match self.client.refresh().await {
            Err(ClientError::Refused { .. }) => {
                self.client.log_in(&self.name, &password(&self.name)).await
            }
            other => other,
        };
        if let Ok(client) = renewed {
            self.client = client;
        }
    }

    fn thought(&mut self) -> Duration {
        let range = if self.visits < BRISK_VISITS { BRISK_MS } else { THINK_MS };
        Duration::from_millis(self.chance.random_range(range))
    }

    /// One visit: choose a showing, take seats, and see what becomes of them.
    async fn visit(&mut self) -> Result<(), No> {
        if self.chance.random_bool(0.3)
            && let Some(showing) = self.waiting.pop_front()
        {
            return self.look_after(showing).await;
        }
        let now = jiff::Timestamp::now();
        let showings = format!("/api/showings?from={now}&limit={CHOICE}");
        let showings = self.client.get(&showings).await?;
        let showings = showings["items"].as_array().cloned().unwrap_or_default();
        let Some(showing) = showings.iter().choose(&mut self.chance) else { return Ok(()) };
        let (free, total) = (&showing["seats"]["free"], &showing["seats"]["total"]);
        let share = free.as_f64().unwrap_or(0.0) / total.as_f64().unwrap_or(1.0).max(1.0);
        if self.chance.random_bool(if share < FREE_SHARE { 0.5 } else { 0.03 }) {
            return self.change_one().await;
        }
        let id = showing["id"].as_str().unwrap_or_default();
        let mut buyer = self.come(id).await?;
        let (want, party) = self.want(id).await?;
        match buyer.hold(id, want).await {
            Ok(hold) => self.decide(&mut buyer, id, &hold).await,
            Err(no) if no.code() == "too_many_seats" => self.change_one().await,
            Err(no) if matches!(no.code(), "sold_out" | "no_seats_together") => {
                buyer.wait(id, party).await?;
                if self.waiting.len() >= WAITS_MAX {
                    self.waiting.pop_front();
                }
                self.waiting.push_back(id.to_owned());
                Ok(())
            }
            Err(no) => Err(no),
        }
    }

    /// Half of all visits are on a page that stays open and follows the seats.
    async fn come(&mut self, showing: &str) -> Result<Buyer, No> {
        if self.chance.random_bool(0.5) {
            return Ok(Buyer::Rest(self.client.clone()));
        }
        let mut buyer = Buyer::live(&self.client).await?;
        if let Buyer::Live(live) = &mut buyer {
            let followed = Follower::of(showing).subscribe(live).await;
            followed.map_err(|error| No::Unanswered(error.to_string()))?;
        }
        Ok(buyer)
    }

    /// Thinks about the seats that are held, and buys them or not.
    async fn decide(&mut self, buyer: &mut Buyer, showing: &str, hold: &Value) -> Result<(), No> {
        let hold = hold["hold_id"].as_str().unwrap_or_default();
        buyer.pause(self.thought()).await?;
        if self.chance.random_bool(0.1) {
            buyer.extend(showing, hold).await?;
            buyer.pause(self.thought()).await?;
        }
        match self.chance.random_range(0..100) {
            0..75 => {
                let token = *["ok", "ok", "ok", "ok", "ok", "ok", "declined", "late:2"]
                    .choose(&mut self.chance)
                    .unwrap_or(&"ok");
                match buyer.purchase(showing, hold, token).await {
                    // Another card.
                    Err(no) if no.code() == "payment_declined" => {
                        buyer.pause(self.thought()).await?;
                        buyer.purchase(showing, hold, "ok").await.map(drop)
                    }
                    other => other.map(drop),
                }
            }
            75..92 => buyer.release(showing, hold).await,
            // Some just walk away; their seats come back by themselves.
            _ => Ok(()),
        }
    }

    /// Looks whether the wait list has offered seats of `showing`, and takes them.
    async fn look_after(&mut self, showing: String) -> Result<(), No> {
        let map = self.client.get(&format!("/api/showings/{showing}/seats")).await?;
        let holds = map["mine"]["holds"].as_array().into_iter().flatten();
        let offer = holds.into_iter().find(|hold| hold["offer"] == true);
        if let Some(offer) = offer {
            let mut buyer = Buyer::Rest(self.client.clone());
            let hold = offer["hold_id"].as_str().unwrap_or_default();
            return buyer.purchase(&showing, hold, "ok").await.map(drop);
        }
        if map["mine"]["waits"].as_array().is_some_and(|waits| !waits.is_empty()) {
            self.waiting.push_back(showing);
        }
        Ok(())
    }

    /// What to ask for and for how many: the best together, or some seats side by side that look
    /// free.
    async fn want(&mut self, showing: &str) -> Result<(Value, usize), No> {
        let party = *[1, 2, 2, 2, 3, 4].choose(&mut self.chance).unwrap_or(&2);
        let best = json!({ "best": party });
        if self.chance.random_bool(0.5) {
            return Ok((best, party));
        }
        let map = self.client.get(&format!("/api/showings/{showing}/seats")).await?;
        let rows = map["rows"].as_array().cloned().unwrap_or_default();
        let runs = rows.iter().flat_map(|row| {
            let seats = row["seats"].as_array().cloned().unwrap_or_default();
            let runs: Vec<Vec<Value>> = seats.windows(party).map(<[Value]>::to_vec).collect();
            runs
        });
        let free = runs.filter(|run| run.iter().all(|seat| seat["state"] == "free"));
        let names = free
            .choose(&mut self.chance)
            .map(|run| run.iter().map(|seat| seat["id"].clone()).collect::<Vec<Value>>());
        Ok((names.map_or(best, |names| json!({ "seats": names })), party))
    }

    /// Cancels a booking, or now and then puts a friend's name on it.
    async fn change_one(&mut self) -> Result<(), No> {
        let bookings = self.client.get("/api/bookings?limit=100").await?;
        let bookings = bookings["items"].as_array().cloned().unwrap_or_default();
        let now = jiff::Timestamp::now().to_string();
        let can = |b: &&Value| b["status"] == "paid" && b["cancel_until"].as_str() > Some(&*now);
        let Some(booking) = bookings.iter().filter(can).choose(&mut self.chance) else {
            return Ok(());
        };
        let path = format!("/api/bookings/{}", booking["id"].as_str().unwrap_or_default());
        let answer = if self.chance.random_bool(0.15) {
            let friend = json!({ "name": format!("A friend of {}", self.name) });
            self.client.post(&format!("{path}/transfer"), friend).await
        } else {
            self.client.post(&format!("{path}/cancel"), json!({})).await
        };
        Ok(answer.map(drop)?)
    }
}

/// A simulated person has nothing to hide, and keeps to the server's rules for passwords.
fn password(name: &str) -> String {
    format!("{name}-simulated")
}
