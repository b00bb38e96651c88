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

/// How many of the next showings people choose among. 40: a small house's next day; the sooner one
/// begins the more come, so that fullness falls off towards the evening after.
const CHOICE: usize = 40;

/// A showing this far down the list draws half as many as the next. 8: two of each of four screens.
const SOON: f64 = 8.0;

/// How many showings a person waits for at once, at most. 3; older places are forgotten.
const WAITS_MAX: usize = 3;

/// How often somebody gives a booking back instead of buying: hardly anybody while a showing is less
/// full than it draws, most once it is as full, so that it stays there and yet always moves. Of a
/// showing that sold out fewer, so that it is mostly sold out and its wait list moves.
const GIVE_BACK: (f64, f64, f64) = (0.03, 0.6, 0.3);

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
        let listed: Vec<(usize, &Value)> = showings.iter().enumerate().collect();
        let drawn = listed.choose_weighted(&mut self.chance, |(n, showing)| pull(*n, showing));
        let Ok(&(_, showing)) = drawn else { return Ok(()) };
        let id = showing["id"].as_str().unwrap_or_default();
        if self.chance.random_bool(gives_back(showing)) {
            return self.change_one(id).await;
        }
        let mut buyer = self.come(id).await?;
        let (want, party) = self.want(id).await?;
        match buyer.hold(id, want).await {
            Ok(hold) => self.decide(&mut buyer, id, &hold).await,
            Err(no) if no.code() == "too_many_seats" => self.change_one(id).await,
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

    /// Cancels a booking of `showing` if there is one, or now and then puts a friend's name on it.
    async fn change_one(&mut self, showing: &str) -> Result<(), No> {
        let bookings = self.client.get("/api/bookings?limit=100").await?;
        let bookings = bookings["items"].as_array().cloned().unwrap_or_default();
        let now = jiff::Timestamp::now().to_string();
        let can = |b: &&Value| {
            b["showing_id"] == showing
                && b["status"] == "paid"
                && b["cancel_until"].as_str() > Some(&*now)
        };
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

/// How full `showing` becomes, from 0.25 to 1: each draws more or less, always the same, and a quarter
/// of them sell out.
fn draw(showing: &Value) -> f64 {
    // Ids are random or digests, so their last digits are evenly spread.
    let id = showing["id"].as_str().unwrap_or_default();
    let digits = id.get(id.len().saturating_sub(4)..).unwrap_or_default();
    let spread = u16::from_str_radix(digits, 16).unwrap_or_default();
    (0.25 + f64::from(spread) / f64::from(u16::MAX)).min(1.0)
}

/// How many seats `showing` has, and which share of them is not free.
fn fullness(showing: &Value) -> (f64, f64) {
    let seats = |state: &str| showing["seats"][state].as_f64().unwrap_or_default();
    let total = seats("total").max(1.0);
    (total, 1.0 - seats("free") / total)
}

/// How strongly `showing`, the `n`th of those to come, pulls people.
fn pull(n: usize, showing: &Value) -> f64 {
    let (total, _) = fullness(showing);
    draw(showing) * total / (1.0 + f64::from(u32::try_from(n).unwrap_or(u32::MAX)) / SOON)
}

/// How likely somebody who thinks of `showing` gives a booking back.
fn gives_back(showing: &Value) -> f64 {
    let (before, after, sold_out) = GIVE_BACK;
    match fullness(showing).1 {
        full if full >= 1.0 => sold_out,
        full if full >= draw(showing) => after,
        _ => before,
    }
}

/// A simulated person has nothing to hide, and keeps to the server's rules for passwords.
fn password(name: &str) -> String {
    format!("{name}-simulated")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn showing(id: &str, free: u32) -> Value {
        json!({ "id": id, "seats": { "total": 100, "free": free } })
    }

    #[test]
    fn a_showing_fills_up_to_what_it_draws_and_then_gives_back_more_than_it_takes() {
        let (little, much) = ("018f-0000", "018f-ffff");
        assert!(gives_back(&showing(little, 80)) < 0.1, "it is a fifth full and draws a quarter");
        assert!(gives_back(&showing(little, 70)) > 0.5);
        assert!(gives_back(&showing(much, 1)) < 0.1, "it draws everybody");
        assert!(gives_back(&showing(much, 0)) > 0.1, "its wait list moves");
    }

    #[test]
    fn people_prefer_what_begins_soon_and_what_others_like() {
        let (little, much) = (showing("018f-0000", 100), showing("018f-ffff", 100));
        assert!(pull(0, &much) > pull(0, &little));
        assert!(pull(0, &much) > pull(8, &much));
        assert!(pull(39, &little) > 0.0);
    }
}
