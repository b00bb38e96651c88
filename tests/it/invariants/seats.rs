//! What is true of seats and schedules, whoever looks and by whichever way.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_loadtest::client::Client;
use playhouse_loadtest::live::Live;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::server::{Server, seed, showing};

const ROWS: u8 = 4;
const SEATS: u16 = 10;

/// Somebody who holds, releases, buys and cancels at random until `steps` are done.
async fn stir(person: Client, path: String, mut chance: StdRng, steps: usize) {
    let mut bookings: Vec<String> = Vec::new();
    // People take their time, so that what others see settles now and then.
    let mut moment = tokio::time::interval(Duration::from_millis(chance.random_range(80..160)));
    for _ in 0..steps {
        moment.tick().await;
        let want = json!({ "best": chance.random_range(1..=3) });
        let Ok(hold) = person.post(&format!("{path}/holds"), want).await else { continue };
        let hold = format!("{path}/holds/{}", hold["hold_id"].as_str().unwrap());
        if chance.random_bool(0.4) {
            let _ = person.delete(&hold).await;
            continue;
        }
        let pay = json!({ "payment_token": "ok" });
        if let Ok(booking) = person.post(&format!("{hold}/purchase"), pay).await {
            bookings.push(booking["id"].as_str().unwrap().to_owned());
        }
        if bookings.len() > 2 {
            let booking = bookings.remove(0);
            person.post(&format!("/api/bookings/{booking}/cancel"), json!({})).await.unwrap();
        }
    }
}

/// A seat map as bytes: what is on sale and every seat, in the order in which it is told.
fn bytes(map: &Value) -> String {
    let mut map = map.clone();
    let object = map.as_object_mut().unwrap();
    object.retain(|name, _| ["showing", "rows", "seats"].contains(&name.as_str()));
    map.to_string()
}

/// Takes a publication's change into a seat map, as a dashboard does.
fn take(map: &mut Value, data: &Value) {
    if data["view"].is_object() {
        *map = data["view"].clone();
        map["revision"] = data["to"].clone();
        return;
    }
    assert_eq!(data["from"], map["revision"], "no step is missing");
    assert!(data["to"].as_u64() > data["from"].as_u64(), "the revision rises: {data}");
    let change = &data["change"];
    for row in map["rows"].as_array_mut().unwrap() {
        for seat in row["seats"].as_array_mut().unwrap() {
            if let Some(state) = change["seats"].get(seat["id"].as_str().unwrap()) {
                seat["state"] = state.clone();
            }
        }
    }
    // How many of each kind are free follows from the seats.
    let mut free: BTreeMap<String, u64> = BTreeMap::new();
    for row in map["rows"].as_array().unwrap() {
        for seat in row["seats"].as_array().unwrap() {
            let kind = seat["kind"].as_str().unwrap().to_owned();
            *free.entry(kind).or_default() += u64::from(seat["state"] == "free");
        }
    }
    map["showing"]["free_by_kind"] = json!(free);
    map["seats"] = change["totals"].clone();
    map["showing"]["seats"] = change["totals"].clone();
    map["revision"] = data["to"].clone();
}

/// The totals that follow from the states of the single seats.
fn counted(map: &Value) -> BTreeMap<String, u64> {
    let mut totals: BTreeMap<String, u64> =
        ["total", "free", "held", "sold", "blocked"].map(|name| (name.to_owned(), 0)).into();
    for row in map["rows"].as_array().unwrap() {
        for seat in row["seats"].as_array().unwrap() {
            *totals.get_mut(seat["state"].as_str().unwrap()).unwrap() += 1;
            *totals.get_mut("total").unwrap() += 1;
        }
    }
    totals
}

fn told(totals: &Value) -> BTreeMap<String, u64> {
    serde_json::from_value(totals.clone()).unwrap()
}

/// At every revision the states add up to the totals and the totals to the house; a dashboard that
/// applies the changes has, at the revision that REST shows, the same bytes; and lists, the question
/// what is free and the map say the same.
#[tokio::test(flavor = "multi_thread")]
async fn totals_add_up_at_every_revision_and_changes_lead_to_the_snapshot_byte_for_byte() {
    let seed = seed();
    let server = Server::with(&[("PLAYHOUSE_LIMITS_REQUESTS_PER_SECOND_ACCOUNT", "0")]);
    let admin = server.admin().await;
    let path = showing(&admin, ROWS, SEATS).await;
    let id = path.rsplit('/').next().unwrap();
    let mut live = Live::connect(&server.base(), None).await.unwrap();
    let channel = json!({ "channel": format!("showing:{id}") });
    let start = live.command("subscribe", channel).await.unwrap();
    let mut map = Value::Null;
    take(&mut map, &start["data"]);

    let mut crowd = JoinSet::new();
    for n in 0..4 {
        let person = server.person(&format!("stirrer{n}")).await;
        let chance = StdRng::seed_from_u64(seed.wrapping_add(n));
        crowd.spawn(stir(person, path.clone(), chance, 12));
    }
    // What REST showed meanwhile, by revision.
    let mut shown: BTreeMap<u64, String> = BTreeMap::new();
    let mut built: BTreeMap<u64, String> = BTreeMap::new();
    let all = u64::from(ROWS) * u64::from(SEATS);
    let mut quiet = 0;
    while quiet < 20 {
        live.linger(Duration::from_millis(15)).await.unwrap();
        let looked = server.client().get(&format!("{path}/seats")).await.unwrap();
        shown.insert(looked["revision"].as_u64().unwrap(), bytes(&looked));
        let pushes = live.pushes();
        // Refunds land a little later than the last answer.
        quiet = if crowd.is_empty() && pushes.is_empty() { quiet + 1 } else { 0 };
        for push in pushes {
            take(&mut map, &push["pub"]["data"]);
            let totals = told(&map["seats"]);
            assert_eq!(totals, counted(&map), "the states of the seats add up to the totals");
            let parts = totals["free"] + totals["held"] + totals["sold"] + totals["blocked"];
            assert_eq!((parts, totals["total"]), (all, all));
            built.insert(map["revision"].as_u64().unwrap(), bytes(&map));
        }
        while let Some(done) = crowd.try_join_next() {
            done.unwrap();
        }
    }
    let both: Vec<_> = shown.iter().filter(|(at, _)| built.contains_key(at)).collect();
    println!("{} revisions followed, {} of them seen by REST too", built.len(), both.len());
    assert!(built.len() > 20 && !both.is_empty());
    for (at, bytes) in both {
        let differs = bytes.bytes().zip(built[at].bytes()).position(|(a, b)| a != b).unwrap_or(0);
        let near =
            |text: &str| text[differs.saturating_sub(60)..].chars().take(120).collect::<String>();
        assert_eq!(near(bytes), near(&built[at]), "revision {at}, byte {differs}");
        assert_eq!(bytes.len(), built[at].len(), "revision {at}");
    }
    // What came after the last change changed no seat.
    assert_eq!(shown.last_key_value().unwrap().1, built.last_key_value().unwrap().1);

    let last = admin.get(&format!("{path}/seats")).await.unwrap();
    let listed = admin.get("/api/showings").await.unwrap();
    let free = admin.get("/api/availability").await.unwrap();
    let one = admin.get(&path).await.unwrap();
    for seats in
        [&one["seats"], &listed["items"][0]["seats"], &free["items"][0]["seats"], &map["seats"]]
    {
        assert_eq!(seats, &last["seats"], "{free}");
    }
    server.saw_no_panic();
}

/// Planners in several time zones want the same screen around midnight and the nights on which clocks are
/// set, all at once: whatever is taken, no two showings overlap, cleaning included.
#[tokio::test(flavor = "multi_thread")]
async fn no_two_showings_overlap_whoever_plans_at_once_at_midnight_and_when_clocks_are_set() {
    let server = Server::start();
    let admin = server.admin().await;
    let first = showing(&admin, 1, 2).await;
    let first = admin.get(&first).await.unwrap();
    let (movie, screen) = (&first["movie_id"], &first["screen_id"]);
    // The same night in local times of Berlin (before and after), London and New York.
    let year = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year();
    let nights = [
        format!("{}-03-28T23:00:00+01:00", year + 1),
        format!("{}-03-28T22:30:00Z", year + 1),
        format!("{}-03-29T01:30:00+01:00", year + 1),
        format!("{}-03-29T03:15:00+02:00", year + 1),
        format!("{}-03-28T21:30:00-04:00", year + 1),
        format!("{year}-10-31T02:30:00+02:00"),
        format!("{year}-10-31T02:30:00+01:00"),
        format!("{}-12-31T23:30:00+01:00", year + 1),
        format!("{}-01-01T00:15:00+01:00", year + 2),
        format!("{}-12-31T17:40:00-05:00", year + 1),
    ];
    let now = jiff::Timestamp::now();
    let nights: Vec<_> = nights
        .into_iter()
        .filter(|night| night.parse::<jiff::Timestamp>().unwrap() > now)
        .collect();
    let mut planners = JoinSet::new();
    for night in nights.iter().chain(&nights) {
        let plan = json!({ "movie_id": movie, "screen_id": screen, "starts_at": night,
            "prices": { "standard": "9.50" } });
        let admin = admin.clone();
        planners.spawn(async move { admin.post("/api/showings", plan).await });
    }
    let mut planned = Vec::new();
    while let Some(answer) = planners.join_next().await {
        match answer.unwrap() {
            Ok(showing) => planned.push(showing),
            Err(refused) => assert_eq!(refused.code(), "showing_overlaps", "{refused}"),
        }
    }
    assert!(planned.len() >= 3 && planned.len() < nights.len(), "{} planned", planned.len());
    let time = |showing: &Value, name: &str| -> jiff::Timestamp {
        showing[name].as_str().unwrap().parse().unwrap()
    };
    let mut slots: Vec<_> =
        planned.iter().map(|s| (time(s, "starts_at"), time(s, "ends_at"))).collect();
    slots.sort();
    let cleaning = Duration::from_secs(15 * 60);
    for pair in slots.windows(2) {
        assert!(pair[0].1 + cleaning <= pair[1].0, "{pair:?}");
    }
    for (start, end) in &slots {
        assert_eq!(end.duration_since(*start).as_secs(), 100 * 60, "a night's hour is not counted");
    }
    server.saw_no_panic();
}
