//! Movies, screens, showings, seats and bookings.

use playhouse_loadtest::client::new_key;
use reqwest::Method;
use serde_json::{Value, json};

use super::case::{Case, Seen};
use super::house::{House, id};

/// A showing of one's own with two rows of four seats.
struct Sale {
    path: String,
    room: String,
    seats: String,
}

async fn sale(house: &House) -> Sale {
    let path = house.showing().await;
    let room = path.replace("/api/showings/", "showing:");
    Sale { seats: format!("{path}/seats"), path, room }
}

async fn held(house: &House, sale: &Sale) -> String {
    let holds = format!("{}/holds", sale.path);
    let hold = house.buyer.post(&holds, json!({ "seats": ["A1"] })).await.unwrap();
    format!("{holds}/{}", hold["hold_id"].as_str().unwrap())
}

async fn booked(house: &House, sale: &Sale) -> String {
    let buy = format!("{}/purchase", held(house, sale).await);
    let booking = house.buyer.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();
    format!("/api/bookings/{}", id(&booking))
}

/// A place on the wait list of a showing that is sold out.
async fn waiting(house: &House, sale: &Sale) -> String {
    let block =
        json!({ "seats": ["A1", "A2", "A3", "A4", "B1", "B2", "B3", "B4"], "reason": "press" });
    house.admin.post(&format!("{}/blocks", sale.path), block).await.unwrap();
    format!("{}/waitlist", sale.path)
}

/// The case of an operation about seats.
pub(super) async fn of_seats(house: &House, operation: &str) -> Case {
    let sale = sale(house).await;
    let (admin, buyer) = (&house.admin, &house.buyer);
    let pay = json!({ "payment_token": "ok" });
    let seat = |state| Seen::Seat("A1".to_owned(), state);
    let (Sale { path, room, seats }, named) = (&sale, json!({ "seats": ["A1"] }));
    let case = match operation {
        "POST /api/showings/{showing}/holds" => {
            Case::post(buyer, format!("{path}/holds"), named).sees(buyer, seats, seat("held"))
        }
        "POST /api/showings/{showing}/holds (the best)" => {
            let held = Seen::At("/seats/held", json!(2));
            Case::post(buyer, format!("{path}/holds"), json!({ "best": 2 }))
                .sees(buyer, seats, held)
        }
        "DELETE /api/showings/{showing}/holds/{hold}" => {
            let hold = held(house, &sale).await;
            Case::new(buyer, Method::DELETE, hold, Value::Null).sees(buyer, seats, seat("free"))
        }
        "POST /api/showings/{showing}/holds/{hold}/extend" => {
            let extend = format!("{}/extend", held(house, &sale).await);
            Case::post(buyer, extend, json!({})).sees(buyer, seats, seat("held"))
        }
        "POST /api/showings/{showing}/holds/{hold}/purchase" => {
            let buy = format!("{}/purchase", held(house, &sale).await);
            let once = Seen::At("/sales/bookings", json!(1));
            Case::post(buyer, buy, pay).sees(buyer, seats, seat("sold")).sees(admin, seats, once)
        }
        "POST /api/bookings/{booking}/cancel" => {
            let cancel = format!("{}/cancel", booked(house, &sale).await);
            let none = Seen::At("/sales/bookings", json!(0));
            Case::post(buyer, cancel, json!({}))
                .sees(buyer, seats, seat("free"))
                .sees(admin, seats, none)
        }
        "POST /api/bookings/{booking}/transfer" => {
            let booking = booked(house, &sale).await;
            let heir = Seen::At("/name", json!("An heir"));
            Case::post(buyer, format!("{booking}/transfer"), json!({ "name": "An heir" }))
                .sees(buyer, booking, heir)
        }
        "POST /api/showings/{showing}/blocks" => {
            let block = json!({ "seats": ["A1"], "reason": "broken" });
            Case::post(admin, format!("{path}/blocks"), block).sees(buyer, seats, seat("blocked"))
        }
        "DELETE /api/showings/{showing}/blocks" => {
            let blocks = format!("{path}/blocks");
            let block = json!({ "seats": ["A1"], "reason": "broken" });
            admin.post(&blocks, block).await.unwrap();
            Case::new(admin, Method::DELETE, blocks, named).sees(buyer, seats, seat("free"))
        }
        "POST /api/showings/{showing}/waitlist" => {
            let list = waiting(house, &sale).await;
            let waits = Seen::Listed("/mine/waits", "count", json!(1), 1);
            Case::post(buyer, list, json!({ "count": 1 })).sees(buyer, seats, waits)
        }
        "DELETE /api/showings/{showing}/waitlist/{wait}" => {
            let list = waiting(house, &sale).await;
            let wait = buyer.post(&list, json!({ "count": 1 })).await.unwrap();
            let leave = format!("{list}/{}", wait["wait_id"].as_str().unwrap());
            let none = Seen::Listed("/mine/waits", "count", json!(1), 0);
            Case::new(buyer, Method::DELETE, leave, Value::Null).sees(buyer, seats, none)
        }
        other => panic!("nobody tries {other}"),
    };
    case.told_by(room)
}

/// The case of an operation about what is shown where.
pub(super) async fn of_plans(house: &House, operation: &str) -> Case {
    let admin = &house.admin;
    let title = format!("Film {}", new_key());
    let film = json!({ "title": title, "minutes": 90 });
    match operation {
        "POST /api/movies" => Case::post(admin, "/api/movies", film)
            .makes("movie")
            .sees(admin, "/api/movies/{id}", Seen::At("/title", json!(title)))
            .sees(admin, "/api/movies?limit=200", Seen::Listed("/items", "title", json!(title), 1)),
        "PUT /api/movies/{movie}" => {
            let before = json!({ "title": "Before", "minutes": 90 });
            let movie = admin.post("/api/movies", before).await.unwrap();
            let path = format!("/api/movies/{}", id(&movie));
            Case::new(admin, Method::PUT, &path, film).of(format!("movie:{}", id(&movie))).sees(
                admin,
                path,
                Seen::At("/title", json!(title)),
            )
        }
        "POST /api/screens" => {
            let rows = json!([{ "row": "A", "seats": 4 }]);
            let screen = json!({ "name": title[..20], "theater": "Odeon", "rows": rows });
            Case::post(admin, "/api/screens", screen).makes("screen").sees(
                admin,
                "/api/screens/{id}",
                Seen::At("/name", json!(title[..20])),
            )
        }
        "POST /api/showings" => {
            let (screen, showing) = house.planned().await;
            let schedule = format!("/api/screens/{screen}/schedule");
            let movie = showing["movie_id"].clone();
            // Its time is taken on the screen first.
            Case::post(admin, "/api/showings", showing)
                .of(format!("screen:{screen}"))
                .sees(admin, "/api/showings/{id}", Seen::At("/seats/free", json!(8)))
                .sees(admin, schedule, Seen::Listed("/items", "movie_id", movie, 1))
        }
        other => panic!("nobody tries {other}"),
    }
}
