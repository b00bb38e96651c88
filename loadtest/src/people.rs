//! Simulated people: they look, hold, dither, buy, give back and cancel, as people do.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::client::{Client, ClientError};

/// How long a person thinks between two steps, in milliseconds. 1 to 5 s: some dozens of people
/// make something happen several times a second.
const THINK_MS: std::ops::Range<u64> = 1000..5000;

/// One person.
pub struct Person {
    name: String,
    client: Client,
    chance: StdRng,
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
        Ok(Self { name, client, chance: StdRng::seed_from_u64(seed.wrapping_add(n as u64)) })
    }

    /// Goes to the cinema for ever. What the server refuses is part of life; a session that ended is
    /// opened anew.
    pub async fn live(mut self) {
        loop {
            self.think().await;
            match self.evening().await {
                Err(ClientError::Refused { status: 401, .. }) => {
                    if let Ok(client) = self.client.log_in(&self.name, &password(&self.name)).await
                    {
                        self.client = client;
                    }
                }
                Err(ClientError::Unreachable { .. }) => {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
                Ok(()) | Err(ClientError::Refused { .. }) => {}
            }
        }
    }

    async fn think(&mut self) {
        let ms = self.chance.random_range(THINK_MS);
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// One visit: choose a showing, take seats, and see what becomes of them.
    async fn evening(&mut self) -> Result<(), ClientError> {
        let now = jiff::Timestamp::now();
        let showings = self.client.get(&format!("/api/showings?from={now}&limit=12")).await?;
        let showings = showings["items"].as_array().cloned().unwrap_or_default();
        let Some(showing) = showings.iter().choose(&mut self.chance) else { return Ok(()) };
        let (free, total) = (&showing["seats"]["free"], &showing["seats"]["total"]);
        let share = free.as_f64().unwrap_or(0.0) / total.as_f64().unwrap_or(1.0).max(1.0);
        // A full house empties a little, so that there is always something to see.
        if self.chance.random_bool(if share < 0.25 { 0.6 } else { 0.05 }) {
            return self.cancel_one().await;
        }
        let path = format!("/api/showings/{}", showing["id"].as_str().unwrap_or_default());
        let want = self.want(&path).await?;
        let hold = match self.client.post(&format!("{path}/holds"), want).await {
            Ok(hold) => hold,
            Err(error) if error.code() == "too_many_seats" => return self.cancel_one().await,
            Err(error) => return Err(error),
        };
        self.think().await;
        let hold = format!("{path}/holds/{}", hold["hold_id"].as_str().unwrap_or_default());
        match self.chance.random_range(0..100) {
            0..70 => {
                let token = *["ok", "ok", "ok", "ok", "ok", "ok", "declined", "late:2"]
                    .choose(&mut self.chance)
                    .unwrap_or(&"ok");
                let body = json!({ "payment_token": token });
                self.client.post(&format!("{hold}/purchase"), body).await.map(drop)
            }
            70..88 => self.client.delete(&hold).await.map(drop),
            // Some just walk away; their seats come back by themselves.
            _ => Ok(()),
        }
    }

    /// What to ask for: the best together, or some seats side by side that look free.
    async fn want(&mut self, path: &str) -> Result<Value, ClientError> {
        let party = *[1, 2, 2, 2, 3, 4].choose(&mut self.chance).unwrap_or(&2);
        if self.chance.random_bool(0.5) {
            return Ok(json!({ "best": party }));
        }
        let map = self.client.get(&format!("{path}/seats")).await?;
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
        Ok(names.map_or(json!({ "best": party }), |names| json!({ "seats": names })))
    }

    async fn cancel_one(&mut self) -> Result<(), ClientError> {
        let bookings = self.client.get("/api/bookings?limit=50").await?;
        let bookings = bookings["items"].as_array().cloned().unwrap_or_default();
        let paid = bookings.iter().filter(|b| b["status"] == "paid");
        let Some(booking) = paid.choose(&mut self.chance) else { return Ok(()) };
        let id = booking["id"].as_str().unwrap_or_default();
        self.client.post(&format!("/api/bookings/{id}/cancel"), json!({})).await.map(drop)
    }
}

/// A simulated person has nothing to hide, and keeps to the server's rules for passwords.
fn password(name: &str) -> String {
    format!("{name}-simulated")
}
