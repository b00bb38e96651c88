//! Payments that fail, take their time, or never answer.

use futures_util::future::join;
use serde_json::json;

use super::*;
use crate::asking::Pending;

#[actix_web::test]
async fn a_declined_payment_leaves_the_hold_and_the_next_one_buys_it() {
    let house = House::open().await;
    let showing = house.showing(6).await;
    let ann = house.person("ann").await;
    let hold = house.hold(&showing, &ann, &["A1"]).await;
    for token in ["declined", "tok_unknown"] {
        let declined = house.pay(&showing, &ann, &hold, token).await;
        assert_eq!(declined.refused(), (402, "payment_declined"));
        assert_eq!(counts(&house.map(&showing, NOBODY).await), [5, 1, 0, 0]);
    }
    // It fails twice in passing, then succeeds.
    let booking: Booking = house.pay(&showing, &ann, &hold, "flaky").await.made();
    assert_eq!(booking.seats, ["A1"]);
    let sales = house.map(&showing, &house.admin).await.sales.unwrap();
    assert_eq!((sales.bookings, &*sales.paid), (1, "9.50"));
    let ended = house.pay(&showing, &ann, &hold, "ok").await;
    assert_eq!(ended.refused(), (410, "hold_ended"));
    house.close().await;
}

#[actix_web::test]
async fn a_payment_that_takes_a_moment_is_waited_for() {
    let house = House::open().await;
    let showing = house.showing(6).await;
    let ann = house.person("ann").await;
    let hold = house.hold(&showing, &ann, &["A1"]).await;
    let booking: Booking = house.pay(&showing, &ann, &hold, "late:1").await.made();
    assert_eq!(booking.status, "paid");
    house.close().await;
}

#[actix_web::test]
async fn a_payment_that_takes_too_long_is_answered_with_where_to_look() {
    let house = House::open().await;
    let showing = house.showing(6).await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let held = house.hold(&showing, &ann, &["A1"]).await;
    let stuck = house.hold(&showing, &bob, &["A2"]).await;
    let late = house.pay(&showing, &ann, &held, "late:11");
    let hang = house.pay(&showing, &bob, &stuck, "hang");
    let (late, hang) = join(late, hang).await;
    let look = |answer: &Answer| {
        assert_eq!(answer.status, 202, "{answer:?}");
        let pending: Pending = answer.read();
        assert_eq!((&*pending.status, &*pending.location), ("pending", answer.header("location")));
        pending.location
    };
    let (late, hang) = (look(&late), look(&hang));
    for (path, status) in [(&late, 404), (&hang, 202)] {
        assert_eq!(house.get(path, &bob).await.status, status);
    }
    // While it is paid for, nothing else can be done with the hold, and its seat is nobody else's.
    let again = house.pay(&showing, &bob, &stuck, "ok").await;
    assert_eq!(again.refused(), (409, "payment_pending"));
    let other = house.post(&format!("{showing}/holds"), &ann, json!({"seats": ["A2"]})).await;
    assert_eq!(other.refused(), (409, "seat_taken"));

    let booking: Booking = house.until(&late, &ann, |a| a.status == 200).await.read();
    assert_eq!((&*booking.status, &booking.seats[..]), ("paid", &["A1".to_owned()][..]));
    assert_eq!(counts(&house.map(&showing, NOBODY).await), [4, 1, 1, 0]);
    house.close().await;
}

#[actix_web::test]
async fn seats_that_cost_nothing_need_no_payment() {
    let house = House::open().await;
    let movie = house.movie("Metropolis", 153).await;
    let rows = json!([{"row": "A", "seats": 2, "kind": "companion"}]);
    let screen = house.screen("Screen 1", rows).await;
    let showing: Showing = house.schedule(&movie, &screen, "2028-05-01T20:00:00Z").await.made();
    let showing = format!("/api/showings/{}", showing.id);
    let ann = house.person("ann").await;
    let hold = house.hold(&showing, &ann, &["A1"]).await;
    let booking: Booking = house.pay(&showing, &ann, &hold, "declined").await.made();
    assert_eq!((&*booking.price, &*booking.status), ("0.00", "paid"));
    house.close().await;
}
