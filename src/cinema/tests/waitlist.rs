//! The wait list: seats that come back are offered in order.

use serde_json::json;

use super::super::shapes::{Mine, Wait};
use super::*;

async fn mine(house: &House, showing: &str, who: &Person) -> Mine {
    house.map(showing, who).await.mine.unwrap()
}

#[actix_web::test]
async fn an_offer_that_is_declined_goes_to_the_next_who_buys_it() {
    let house = House::open().await;
    let showing = house.showing(2).await;
    let (ann, bob, cem) =
        (house.person("ann").await, house.person("bob").await, house.person("cem").await);
    let list = format!("{showing}/waitlist");
    let early = house.post(&list, &bob, json!({"count": 2})).await;
    assert_eq!(early.refused(), (409, "seats_available"));
    let booking = house.buy(&showing, &ann, &["A1", "A2"]).await;
    let bobs: Wait = house.post(&list, &bob, json!({"count": 2})).await.made();
    let cems: Wait = house.post(&list, &cem, json!({"count": 2})).await.made();
    assert_eq!((bobs.position, cems.position, &bobs.offered), (1, 2, &None));
    let twice = house.post(&list, &bob, json!({"count": 1})).await;
    assert_eq!(twice.refused(), (409, "wait_listed_before"));

    house.act(&format!("/api/bookings/{}/cancel", booking.id), &ann).await;
    let offer = mine(&house, &showing, &bob).await.holds.remove(0);
    assert!(offer.offer);
    assert!(mine(&house, &showing, &cem).await.holds.is_empty());
    // What is offered is not on public sale.
    let public = house.post(&format!("{showing}/holds"), &ann, json!({"best": 1})).await;
    assert_eq!(public.refused(), (409, "sold_out"));

    house.delete(&format!("{showing}/holds/{}", offer.hold_id), &bob).await;
    assert!(mine(&house, &showing, &bob).await.waits.is_empty());
    let offer = mine(&house, &showing, &cem).await.holds.remove(0);
    let bought: Booking = house.pay(&showing, &cem, &offer, "ok").await.made();
    assert_eq!((bought.seats, bought.name), (booking.seats, "cem".to_owned()));
    assert_eq!(counts(&house.map(&showing, NOBODY).await), [0, 0, 2, 0]);
    house.close().await;
}

#[actix_web::test]
async fn a_place_on_the_list_can_be_given_up_by_its_owner_alone() {
    let house = House::open().await;
    let showing = house.showing(1).await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    house.buy(&showing, &ann, &["A1"]).await;
    let list = format!("{showing}/waitlist");
    let place = house.post(&list, &bob, json!({"count": 1, "kind": "standard"})).await;
    let path = place.header("location").to_owned();
    assert_eq!(path, format!("{list}/{}", place.made::<Wait>().wait_id));
    assert_eq!(house.delete(&path, &ann).await.refused(), (404, "not_found"));
    assert_eq!(house.delete(&path, &bob).await.status, 204);
    assert_eq!(house.delete(&path, &bob).await.refused(), (404, "not_found"));
    house.close().await;
}
