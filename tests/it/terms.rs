//! Terms that run out on the real clock: an offer of the wait list, an attempt at a payment.

use std::time::Duration;

use playhouse_loadtest::client::Client;
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Server, showing};

/// How long anything may take to be seen. 30 s, many times the terms that are set here.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// Whoever waits for something looks as often as he can.
const MAY_LOOK: (&str, &str) = ("PLAYHOUSE_LIMITS_REQUESTS_PER_SECOND_ACCOUNT", "0");

/// Looks at the seats of `path` as `who` until they are as wanted.
async fn seen(who: &Client, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let seats = format!("{path}/seats");
    let looking = async {
        loop {
            let map = who.get(&seats).await.unwrap();
            if wanted(&map) {
                return map;
            }
        }
    };
    tokio::time::timeout(SEEN_WITHIN, looking).await.expect("it is seen in time")
}

async fn hold(who: &Client, path: &str, seats: &[&str]) -> String {
    let hold = who.post(&format!("{path}/holds"), json!({ "seats": seats })).await.unwrap();
    format!("{path}/holds/{}/purchase", hold["hold_id"].as_str().unwrap())
}

fn offer(map: &Value) -> Option<&Value> {
    map["mine"]["holds"].as_array()?.iter().find(|hold| hold["offer"] == true)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_runs_out_goes_to_the_next_in_line() {
    let server = Server::with(&[("PLAYHOUSE_CINEMA_OFFER", "3s"), MAY_LOOK]);
    let admin = server.admin().await;
    let path = showing(&admin, 1, 2).await;
    let (ann, bob, cid) =
        (server.person("ann").await, server.person("bob").await, server.person("cid").await);
    let buy = hold(&ann, &path, &["A1", "A2"]).await;
    let booking = ann.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();
    for waiting in [&bob, &cid] {
        waiting.post(&format!("{path}/waitlist"), json!({ "count": 2 })).await.unwrap();
    }
    let cancel = format!("/api/bookings/{}/cancel", booking["id"].as_str().unwrap());
    ann.post(&cancel, json!({})).await.unwrap();

    // One offer at a time: Bob has it, Cid does not, and nobody else can take the seats.
    let map = seen(&bob, &path, |map| offer(map).is_some()).await;
    let offered = offer(&map).unwrap()["hold_id"].as_str().unwrap().to_owned();
    let map = cid.get(&format!("{path}/seats")).await.unwrap();
    assert!(offer(&map).is_none(), "{map}");
    // Bob lets it pass.
    let map = seen(&cid, &path, |map| offer(map).is_some()).await;
    let next = offer(&map).unwrap();
    assert_eq!(next["seats"], json!(["A1", "A2"]));
    let late = format!("{path}/holds/{offered}/purchase");
    let refused = bob.post(&late, json!({ "payment_token": "ok" })).await.unwrap_err();
    assert!(["hold_ended", "not_found"].contains(&refused.code()), "{refused}");
    let buy = format!("{path}/holds/{}/purchase", next["hold_id"].as_str().unwrap());
    let booking = cid.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();
    assert_eq!((&booking["status"], &booking["seats"]), (&json!("paid"), &json!(["A1", "A2"])));
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_never_answers_is_asked_again_and_its_seats_come_back() {
    let server = Server::with(&[
        ("PLAYHOUSE_CINEMA_PAYMENT_ATTEMPT", "1s"),
        ("PLAYHOUSE_CINEMA_HOLD", "5s"),
        ("PLAYHOUSE_CINEMA_HOLD_MAX", "14s"),
        MAY_LOOK,
    ]);
    let admin = server.admin().await;
    let path = showing(&admin, 1, 4).await;
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let buy = hold(&ann, &path, &["A1"]).await;
    let hang = json!({ "payment_token": "hang" });
    let (status, pending) = ann.once(Method::POST, &buy, Some("k"), Some(&hang)).await.unwrap();
    assert_eq!((status.as_u16(), &pending["status"]), (202, &json!("pending")), "{pending}");
    // Meanwhile the seat is hers, longer than a hold that is not being paid for.
    let want = json!({ "seats": ["A1"] });
    let refused = bob.post(&format!("{path}/holds"), want).await.unwrap_err();
    assert_eq!(refused.code(), "seat_taken");
    let attempts = server.logged().matches("no answer within 1s").count();
    assert!(attempts >= 2, "{attempts} attempts were given up");
    // Not for ever: at the hold's latest moment it comes back, and another may buy it.
    seen(&bob, &path, |map| map["rows"][0]["seats"][0]["state"] == "free").await;
    let buy = hold(&bob, &path, &["A1"]).await;
    bob.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();
    // What Ann is told of her purchase from then on is no booking.
    let location = pending["location"].as_str().unwrap();
    let (status, told) = ann.once(Method::GET, location, None, None).await.unwrap();
    assert_ne!(status.as_u16(), 200, "{told}");
    server.saw_no_panic();
}
