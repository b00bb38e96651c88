//! Bookings: whose they are, and in whose hands they come.

use serde_json::json;

use super::*;

#[actix_web::test]
async fn other_peoples_holds_and_bookings_are_not_found() {
    let house = House::open().await;
    let showing = house.showing(6).await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let booking = house.buy(&showing, &ann, &["A1"]).await;
    let hold = house.hold(&showing, &ann, &["A2"]).await;
    let path = format!("{showing}/holds/{}", hold.hold_id);
    let own = format!("/api/bookings/{}", booking.id);
    let mut answers = vec![
        house.delete(&path, &bob).await,
        house.act(&format!("{path}/extend"), &bob).await,
        house.pay(&showing, &bob, &hold, "ok").await,
        house.get(&own, &bob).await,
        house.act(&format!("{own}/cancel"), &bob).await,
        house.post(&format!("{own}/transfer"), &bob, json!({"name": "Bob"})).await,
    ];
    let unknown = "/api/bookings/01a208cf-9878-7502-87eb-6ed17925ea21";
    answers.push(house.get(unknown, &bob).await);
    answers.push(house.act(&format!("{unknown}/cancel"), &bob).await);
    for answer in answers {
        assert_eq!(answer.refused(), (404, "not_found"));
    }
    assert_eq!(counts(&house.map(&showing, NOBODY).await), [4, 1, 1, 0]);
    assert_eq!(house.get(&own, &house.admin).await.status, 200);
    assert_eq!(house.get(&own, NOBODY).await.refused(), (401, "not_logged_in"));
    house.close().await;
}

#[actix_web::test]
async fn a_booking_of_a_sold_out_showing_can_be_passed_on() {
    let house = House::open().await;
    let showing = house.showing(2).await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let booking = house.buy(&showing, &ann, &["A1", "A2"]).await;
    let own = format!("/api/bookings/{}", booking.id);
    let transfer =
        async |who: &Person, body: Value| house.post(&format!("{own}/transfer"), who, body).await;
    let renamed: Booking = transfer(&ann, json!({"name": "Aunt Ann"})).await.read();
    assert_eq!((&*renamed.name, &renamed.account_id), ("Aunt Ann", &booking.account_id));
    let nobody = transfer(&ann, json!({"name": "Bob", "username": "nobody"})).await;
    assert_eq!(nobody.refused(), (422, "no_such_user"));
    let passed: Booking = transfer(&ann, json!({"name": "Bob", "username": "BOB"})).await.read();
    assert_eq!((&*passed.name, &passed.seats), ("Bob", &booking.seats));

    assert_eq!(house.get(&own, &ann).await.refused(), (404, "not_found"));
    assert_eq!(house.get("/api/bookings", &ann).await.body["items"], json!([]));
    assert_eq!(house.get("/api/bookings", &bob).await.body["items"][0]["id"], booking.id);
    assert_eq!(counts(&house.map(&showing, NOBODY).await), [0, 0, 2, 0]);
    house.close().await;
}

#[actix_web::test]
async fn ones_bookings_come_newest_first_page_by_page() {
    let house = House::open().await;
    let showing = house.showing(6).await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let mut bought = Vec::new();
    for seat in ["A1", "A3", "A5", "A2", "A4"] {
        bought.insert(0, house.buy(&showing, &ann, &[seat]).await.id);
    }
    house.buy(&showing, &bob, &["A6"]).await;
    let (mut seen, mut path) = (Vec::new(), "/api/bookings?limit=2".to_owned());
    loop {
        let page = house.get(&path, &ann).await;
        let items: Vec<Booking> = serde_json::from_value(page.body["items"].clone()).unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.into_iter().map(|booking| booking.id));
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("/api/bookings?limit=2&cursor={next}");
    }
    assert_eq!(seen, bought);
    // A cursor is no way into another's list.
    let anns =
        house.get("/api/bookings?limit=2", &ann).await.body["next"].as_str().unwrap().to_owned();
    let bobs = house.get(&format!("/api/bookings?cursor={anns}"), &bob).await;
    assert_eq!(bobs.body["items"].as_array().unwrap().len(), 1);
    house.close().await;
}
