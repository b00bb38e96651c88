//! Exactly once: the same key gets the same answer, over REST and by name.

use serde_json::json;

use super::*;
use crate::cinema::rpc;

#[actix_web::test]
async fn a_repeat_gets_the_first_answer_also_after_a_restart() {
    let mut house = House::open().await;
    let showing = house.showing(4).await;
    let ann = house.person("ann").await;
    let holds = format!("{showing}/holds");
    let hold: Hold = house.keyed(&holds, &ann, "k1", json!({"seats": ["A1"]})).await.made();
    let other = house.keyed(&holds, &ann, "k1", json!({"seats": ["A2"]})).await;
    assert_eq!(other.refused(), (422, "key_reused"));
    let (buy, pay) = (format!("{holds}/{}/purchase", hold.hold_id), json!({"payment_token": "ok"}));
    let booking: Booking = house.keyed(&buy, &ann, "k2", pay.clone()).await.made();

    house.restart().await;
    let again: Hold = house.keyed(&holds, &ann, "k1", json!({"seats": ["A1"]})).await.made();
    assert_eq!((again.hold_id, again.until), (hold.hold_id, hold.until));
    assert_eq!(house.keyed(&buy, &ann, "k2", pay).await.made::<Booking>(), booking);
    assert_eq!(counts(&house.map(&showing, NOBODY).await), [3, 0, 1, 0]);
    let sales = house.map(&showing, &house.admin).await.sales.unwrap();
    assert_eq!((sales.bookings, &*sales.paid), (1, "9.50"));
    house.close().await;
}

#[actix_web::test]
async fn a_refusal_is_repeated_too_and_a_declined_payment_is_not_tried_again() {
    let house = House::open().await;
    let showing = house.showing(4).await;
    let ann = house.person("ann").await;
    let hold = house.hold(&showing, &ann, &["A1"]).await;
    let buy = format!("{showing}/holds/{}/purchase", hold.hold_id);
    for _ in 0..2 {
        let declined = house.keyed(&buy, &ann, "k", json!({"payment_token": "declined"})).await;
        assert_eq!(declined.refused(), (402, "payment_declined"));
    }
    house.close().await;
}

#[actix_web::test]
async fn what_is_made_under_a_key_is_made_once() {
    let house = House::open().await;
    let admin = &house.admin;
    let body = json!({"title": "Metropolis", "minutes": 90});
    let movie = house.keyed("/api/movies", admin, "k", body.clone()).await.body;
    assert_eq!(house.keyed("/api/movies", admin, "k", body).await.body, movie);
    let body = json!({"name": "Screen 1", "theater": "Odeon", "rows": [{"row": "A", "seats": 4}]});
    let screen = house.keyed("/api/screens", admin, "k", body.clone()).await.body;
    assert_eq!(house.keyed("/api/screens", admin, "k", body).await.body, screen);

    let plan = |hour: u8| {
        let starts_at = format!("2028-05-01T{hour}:00:00Z");
        json!({"movie_id": movie["id"], "screen_id": screen["id"], "starts_at": starts_at, "prices": {"standard": "9.50"}})
    };
    let showing = house.keyed("/api/showings", admin, "k", plan(18)).await;
    assert_eq!(house.keyed("/api/showings", admin, "k", plan(18)).await.body, showing.body);
    // A movie that was changed since makes no other showing of it.
    let path = format!("/api/movies/{}", movie["id"].as_str().unwrap());
    let longer = json!({"title": "Metropolis", "minutes": 91});
    assert_eq!(house.ask(Method::PUT, &path, admin, &[], Some(longer)).await.status, 200);
    assert_eq!(house.keyed("/api/showings", admin, "k", plan(18)).await.body, showing.body);
    let other = house.keyed("/api/showings", admin, "k", plan(22)).await;
    assert_eq!(other.refused(), (422, "key_reused"));
    let bad = house.keyed("/api/movies", admin, "not a key", json!({})).await;
    assert_eq!(bad.refused(), (422, "bad_idempotency_key"));
    house.close().await;
}

#[actix_web::test]
async fn a_command_by_name_is_the_same_command() {
    let house = House::open().await;
    let showing = house.showing(2).await;
    let (id, ann) = (showing.rsplit('/').next().unwrap(), house.person("ann").await);
    let (app, who) = (house.server().app(), house.identity(&ann).await);
    let ask = async |method: &str, params: Value| rpc(app, &who, method, params).await;

    let params = json!({"showing_id": id, "best": 2, "kind": "standard", "key": "k1"});
    let hold = ask("showing.hold", params.clone()).await.unwrap();
    let hold: Hold = serde_json::from_value(hold).unwrap();
    // The same key over REST is the same command.
    let body = json!({"best": 2, "kind": "standard"});
    let rest: Hold = house.keyed(&format!("{showing}/holds"), &ann, "k1", body).await.made();
    assert_eq!(rest.hold_id, hold.hold_id);
    let held = json!({"showing_id": id, "hold_id": hold.hold_id});
    assert_eq!(ask("showing.extend", held.clone()).await.unwrap()["extended"], true);
    let pay =
        json!({"showing_id": id, "hold_id": hold.hold_id, "payment_token": "ok", "key": "k2"});
    let booking = ask("showing.purchase", pay.clone()).await.unwrap();
    assert_eq!(ask("showing.purchase", pay).await.unwrap(), booking);
    let full = ask("showing.waitlist", json!({"showing_id": id, "count": 1})).await.unwrap();
    assert_eq!(full["position"], 1);
    let cancelled = ask("showing.cancel", json!({"booking_id": booking["id"]})).await.unwrap();
    assert_eq!(cancelled["status"], "refunding");
    let offer = house.map(&showing, &ann).await.mine.unwrap().holds.remove(0);
    let offer = json!({"showing_id": id, "hold_id": offer.hold_id});
    assert_eq!(ask("showing.release", offer.clone()).await.unwrap(), json!({}));
    assert_eq!(ask("showing.release", offer).await.unwrap_err().code(), "hold_ended");

    for (method, params, code) in [
        ("showing.burn", json!({}), "unknown_method"),
        ("showing.hold", json!({"showing_id": id}), "invalid_body"),
        ("showing.hold", json!({"showing_id": id, "best": 1, "x": 1}), "invalid_body"),
        ("showing.hold", json!({"showing_id": "x", "best": 1}), "invalid_body"),
        ("showing.hold", json!({"showing_id": id, "best": 1, "key": "a b"}), "invalid_body"),
        ("showing.hold", json!([1]), "invalid_body"),
        ("showing.cancel", Value::Null, "invalid_body"),
    ] {
        assert_eq!(
            ask(method, params.clone()).await.unwrap_err().code(),
            code,
            "{method} {params}"
        );
    }
    house.close().await;
}
