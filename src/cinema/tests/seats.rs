//! Seats over REST: holding, the map and what it shows to whom.

use serde_json::json;

use super::*;

#[actix_web::test]
async fn a_seat_is_held_bought_cancelled_and_refunded_and_everything_adds_up() {
    let house = House::open().await;
    let showing = house.showing(6).await;
    let ann = house.person("ann").await;
    let sales = async || house.map(&showing, &house.admin).await.sales.unwrap();

    let hold = house.hold(&showing, &ann, &["A1", "A2"]).await;
    assert_eq!(
        (hold.seats, hold.price, hold.extended),
        (vec!["A1".into(), "A2".into()], "19.00".into(), false)
    );
    assert!(hold.until > hold.server_time && hold.latest > hold.until);
    assert_eq!(counts(&house.map(&showing, NOBODY).await), [4, 2, 0, 0]);

    let path = format!("{showing}/holds/{}", hold.hold_id);
    let extended: Hold = house.act(&format!("{path}/extend"), &ann).await.read();
    assert!(extended.extended && extended.until > hold.until);
    let again = house.act(&format!("{path}/extend"), &ann).await;
    assert_eq!(again.refused(), (409, "hold_extended_before"));

    let booking: Booking = house.pay(&showing, &ann, &extended, "ok").await.made();
    assert_eq!((&*booking.status, &*booking.price, &*booking.name), ("paid", "19.00", "ann"));
    assert_eq!(counts(&house.map(&showing, NOBODY).await), [4, 0, 2, 0]);
    let sold = sales().await;
    assert_eq!((sold.bookings, &*sold.paid, &*sold.refunded), (1, "19.00", "0.00"));

    let own = format!("/api/bookings/{}", booking.id);
    let cancelled: Booking = house.act(&format!("{own}/cancel"), &ann).await.read();
    assert_eq!(cancelled.status, "refunding");
    assert_eq!(counts(&house.map(&showing, NOBODY).await), [6, 0, 0, 0]);
    house.until(&own, &ann, |answer| answer.body["status"] == "refunded").await;
    let sold = sales().await;
    assert_eq!((sold.bookings, &*sold.paid, &*sold.refunded), (0, "19.00", "19.00"));
    let again = house.act(&format!("{own}/cancel"), &ann).await;
    assert_eq!(again.refused(), (409, "already_cancelled"));
    house.close().await;
}

#[actix_web::test]
async fn a_hold_is_all_or_nothing_and_a_refusal_names_every_seat_that_is_not_free() {
    let house = House::open().await;
    let showing = house.showing(6).await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let hold = house.hold(&showing, &ann, &["a2", "A3"]).await;
    let holds = format!("{showing}/holds");
    let taken = house.post(&holds, &bob, json!({"seats": ["A1", "A2", "A3"]})).await;
    assert_eq!(taken.refused(), (409, "seat_taken"));
    assert_eq!(taken.body["seats"], json!(["A2", "A3"]));
    assert_eq!(counts(&house.map(&showing, NOBODY).await), [4, 2, 0, 0]);

    let released = house.delete(&format!("{holds}/{}", hold.hold_id), &ann).await;
    assert_eq!(released.status, 204);
    assert_eq!(house.hold(&showing, &bob, &["A1", "A2", "A3"]).await.price, "28.50");
    house.close().await;
}

#[actix_web::test]
async fn the_best_seats_are_together_in_the_middle_and_leave_no_single_seat() {
    let house = House::open().await;
    let showing = house.showing(7).await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let holds = format!("{showing}/holds");
    let best: Hold = house.post(&holds, &ann, json!({"best": 3})).await.made();
    assert_eq!(best.seats, ["A3", "A4", "A5"]);
    let best: Hold = house.post(&holds, &bob, json!({"best": 2, "kind": "standard"})).await.made();
    assert!(best.seats == ["A1", "A2"] || best.seats == ["A6", "A7"], "{best:?}");
    let apart = house.post(&holds, &bob, json!({"best": 3})).await;
    assert_eq!(apart.refused(), (409, "no_seats_together"));
    house.post(&holds, &bob, json!({"best": 2})).await.made::<Hold>();
    let none = house.post(&holds, &bob, json!({"best": 1})).await;
    assert_eq!(none.refused(), (409, "sold_out"));
    house.close().await;
}

#[actix_web::test]
async fn a_command_on_an_old_map_is_refused() {
    let house = House::open().await;
    let showing = house.showing(6).await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let (seats, holds) = (format!("{showing}/seats"), format!("{showing}/holds"));
    let before = house.get(&seats, &bob).await;
    let revision = before.read::<SeatMap>().revision;
    house.hold(&showing, &ann, &["A1"]).await;

    let by_body = house.post(&holds, &bob, json!({"seats": ["A2"], "expect": revision})).await;
    assert_eq!(by_body.refused(), (412, "stale_revision"));
    let if_match = async |tag: &str, seats: &[&str]| {
        let body = Some(json!({"seats": seats}));
        house.ask(Method::POST, &holds, &bob, &[("if-match", tag)], body).await
    };
    assert_eq!(if_match(before.header("etag"), &["A2"]).await.refused(), (412, "stale_revision"));
    let now = house.get(&seats, &bob).await;
    assert_eq!(if_match(now.header("etag"), &["A2"]).await.status, 201);
    house.close().await;
}

#[actix_web::test]
async fn a_map_that_is_known_is_not_sent_again_and_everybody_has_their_own() {
    let house = House::open().await;
    let showing = house.showing(6).await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let hold = house.hold(&showing, &ann, &["A1"]).await;
    let seats = format!("{showing}/seats");
    let known = async |who: &Person, tag: &str| {
        house.ask(Method::GET, &seats, who, &[("if-none-match", tag)], None).await.status
    };
    let mut tags = Vec::new();
    for who in [NOBODY, &ann, &bob, &house.admin] {
        let answer = house.get(&seats, who).await;
        let tag = answer.header("etag").to_owned();
        assert_eq!(known(who, &tag).await, 304);
        assert!(!tags.contains(&tag), "{tag} stands for two answers");
        tags.push(tag);
        let map: SeatMap = answer.read();
        let holds = map.mine.map(|mine| mine.holds.into_iter().map(|h| h.hold_id).collect());
        let expected = match who.name.as_str() {
            "" => None,
            "ann" => Some(vec![hold.hold_id.clone()]),
            _ => Some(Vec::new()),
        };
        assert_eq!((holds, map.sales.is_some()), (expected, who.name == "admin"));
    }
    house.hold(&showing, &bob, &["A2"]).await;
    assert_eq!(known(NOBODY, &tags[0]).await, 200);
    house.close().await;
}

#[actix_web::test]
async fn the_house_keeps_seats_and_gives_them_back() {
    let house = House::open().await;
    let showing = house.showing(6).await;
    let ann = house.person("ann").await;
    let blocks = format!("{showing}/blocks");
    let body = json!({"seats": ["A5", "A6"], "reason": "press"});
    assert_eq!(house.post(&blocks, &ann, body.clone()).await.refused(), (403, "forbidden"));
    assert_eq!(house.post(&blocks, &house.admin, body).await.status, 204);
    assert_eq!(counts(&house.map(&showing, NOBODY).await), [4, 0, 0, 2]);
    let unblock = async |seats: &[&str]| {
        let body = Some(json!({"seats": seats}));
        house.ask(Method::DELETE, &blocks, &house.admin, &[], body).await
    };
    assert_eq!(unblock(&["A4", "A5"]).await.refused(), (409, "seat_not_blocked"));
    assert_eq!(unblock(&["A5"]).await.status, 204);
    assert_eq!(counts(&house.map(&showing, NOBODY).await), [5, 0, 0, 1]);
    house.close().await;
}

#[actix_web::test]
async fn what_makes_no_sense_is_refused_before_it_reaches_a_room() {
    let house = House::open().await;
    let showing = house.showing(6).await;
    let ann = house.person("ann").await;
    let holds = format!("{showing}/holds");
    for (body, code) in [
        (json!({}), "invalid_body"),
        (json!({"seats": ["A1"], "best": 1}), "invalid_body"),
        (json!({"seats": ["A1"], "kind": "standard"}), "invalid_body"),
        (json!({"best": 2, "kind": "royal"}), "invalid_body"),
        (json!({"best": 256}), "invalid_body"),
        (json!({"best": -1}), "invalid_body"),
        (json!({"seats": ["A1"], "color": "red"}), "invalid_body"),
        (json!({"seats": vec!["A1"; 101]}), "bad_count"),
        (json!({"seats": ["A12345678"]}), "no_such_seat"),
        (json!({"seats": ["Z1", "A7"]}), "no_such_seat"),
        (json!({"seats": []}), "no_seats"),
        (json!({"seats": ["A1", "a1"]}), "seat_named_twice"),
        (json!({"best": 0}), "bad_count"),
    ] {
        let answer = house.post(&holds, &ann, body.clone()).await;
        assert_eq!(answer.refused(), (422, code), "{body}");
    }
    let nobody = house.post(&holds, NOBODY, json!({"best": 1})).await;
    assert_eq!(nobody.refused(), (401, "not_logged_in"));
    for path in ["/api/showings/x/seats", "/api/showings/0190/holds/1", "/api/movies/%00"] {
        assert_eq!(house.get(path, &ann).await.status / 100, 4, "{path}");
    }
    let unknown = "/api/showings/01a208cf-9878-7502-87eb-6ed17925ea21";
    assert_eq!(house.get(&format!("{unknown}/seats"), NOBODY).await.refused(), (404, "not_found"));
    let hold = house.post(&format!("{unknown}/holds"), &ann, json!({"best": 1})).await;
    assert_eq!(hold.refused(), (404, "not_found"));
    house.close().await;
}
