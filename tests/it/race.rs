//! 500 buyers want the same 100 seats.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use playhouse_loadtest::buyer::{Buyer, No};
use playhouse_loadtest::client::Client;
use playhouse_loadtest::history::History;
use playhouse_loadtest::house::all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

use crate::server::{Server, seed, showing};

const BUYERS: usize = 500;
const ROWS: u8 = 5;
const SEATS: u16 = 20;

struct House {
    path: String,
    id: String,
    history: Mutex<History>,
    refusals: Mutex<BTreeMap<String, usize>>,
}

impl House {
    /// The names of the seats that are free now.
    async fn free(&self, client: &Client) -> Vec<String> {
        let map = client.get(&format!("{}/seats", self.path)).await.unwrap();
        let rows = map["rows"].as_array().unwrap();
        let seats = rows.iter().flat_map(|row| row["seats"].as_array().unwrap());
        let free = seats.filter(|seat| seat["state"] == "free");
        free.map(|seat| seat["id"].as_str().unwrap().to_owned()).collect()
    }

    /// One buyer: up to 12 tries at random groups; one in ten holds and vanishes.
    async fn buyer(&self, mut way: Buyer, mut chance: StdRng) {
        for _ in 0..12 {
            let row = char::from(b'A' + chance.random_range(0..ROWS));
            let group = chance.random_range(1..=3);
            let first = chance.random_range(1..=SEATS - group + 1);
            let seats: Vec<String> = (first..first + group).map(|n| format!("{row}{n}")).collect();
            let hold = match way.hold(&self.id, json!({ "seats": seats })).await {
                Ok(hold) => hold,
                Err(No::Unanswered(why)) => panic!("{why}"),
                Err(no) => {
                    let named = no.seats();
                    let ours = named.iter().all(|seat| seats.iter().any(|s| s == seat));
                    assert!(!named.is_empty() && ours, "of {seats:?} it names {named:?}: {no}");
                    *self.refusals.lock().await.entry(no.code().to_owned()).or_default() += 1;
                    continue;
                }
            };
            if chance.random_bool(0.1) {
                return;
            }
            let id = hold["hold_id"].as_str().unwrap();
            if let Ok(booking) = way.purchase(&self.id, id, "ok").await {
                assert_eq!(booking["seats"], hold["seats"]);
                self.history.lock().await.booked(booking);
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_buyers_never_buy_a_seat_twice_and_all_seats_end_sold() {
    let seed = seed();
    let server = Server::with(&[
        ("PLAYHOUSE_LIMITS_REGISTRATIONS", "1000"),
        ("PLAYHOUSE_CINEMA_HOLD", "3s"),
        ("PLAYHOUSE_LOG_LEVEL", "warn"),
    ]);
    let admin = server.admin().await;
    let path = showing(&admin, ROWS, SEATS).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let house = Arc::new(House { path, id, history: Mutex::default(), refusals: Mutex::default() });

    let people = arrive(&server, BUYERS).await;
    let mut crowd = JoinSet::new();
    for (n, client) in people.iter().cloned().enumerate() {
        let house = house.clone();
        let chance = StdRng::seed_from_u64(seed.wrapping_add(n as u64));
        crowd.spawn(async move {
            let way =
                if n % 2 == 0 { Buyer::Rest(client) } else { Buyer::live(&client).await.unwrap() };
            house.buyer(way, chance).await;
        });
    }
    while let Some(done) = crowd.join_next().await {
        done.unwrap();
    }
    sell_the_rest(&house, &people, seed).await;

    let history = house.history.lock().await;
    println!("bookings={} refusals={:?}", history.len(), house.refusals.lock().await);
    history.no_seat_twice().unwrap();
    let map = admin.get(&format!("{}/seats", house.path)).await.unwrap();
    assert_eq!(map["seats"]["sold"], ROWS as usize * SEATS as usize);
    history.adds_up(&map).unwrap();
    let mut found = BTreeMap::new();
    for client in &people {
        for booking in all(client, "/api/bookings").await.unwrap() {
            found.insert(booking["id"].as_str().unwrap().to_owned(), booking);
        }
    }
    history.all_there(&found).unwrap();
    history.nothing_else(&found).unwrap();
    server.saw_no_panic();
}

/// So many people with accounts, logged in: a few at a time, as hashing takes its time.
pub(crate) async fn arrive(server: &Server, many: usize) -> Vec<Client> {
    let turns = Arc::new(Semaphore::new(16));
    let mut arriving = JoinSet::new();
    for n in 0..many {
        let (client, turns) = (server.client(), turns.clone());
        arriving.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            client.come_in(&format!("buyer{n:03}"), "a long password").await.unwrap()
        });
    }
    arriving.join_all().await
}

/// Those who vanished give their seats back by themselves; others buy what is left.
async fn sell_the_rest(house: &Arc<House>, people: &[Client], seed: u64) {
    let mut chance = StdRng::seed_from_u64(!seed);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    // Slowly enough that no limit of requests is met.
    let mut next = tokio::time::interval(Duration::from_millis(20));
    loop {
        next.tick().await;
        let free = house.free(&people[0]).await;
        let map = people[0].get(&format!("{}/seats", house.path)).await.unwrap();
        if map["seats"]["sold"] == ROWS as usize * SEATS as usize {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "seats never came back: {}", map["seats"]);
        let Some(seat) = free.choose(&mut chance) else { continue };
        let mut way = Buyer::Rest(people.choose(&mut chance).unwrap().clone());
        if let Ok(hold) = way.hold(&house.id, json!({ "seats": [seat] })).await
            && let Ok(booking) =
                way.purchase(&house.id, hold["hold_id"].as_str().unwrap(), "ok").await
        {
            house.history.lock().await.booked(booking);
        }
    }
}
