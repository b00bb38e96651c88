//! Matches before they are played, and verdicts once they were; seasons, friends.

use serde_json::{Value, json};

use reqwest::Method;

use super::admin::TRAIL;
use super::case::{Again, Case, Seen};
use super::house::{House, id};

/// A match in its lobby with so many bots, made by the administrator; its path and its room.
async fn lobby(house: &House, bots: u16) -> (String, String) {
    let wish = json!({ "title": "Friday", "seats": 4, "bots": bots });
    let made = house.admin.post("/api/games/arena/sessions", wish).await.unwrap();
    (format!("/api/games/sessions/{}", id(&made)), format!("game:{}", id(&made)))
}

/// The case of an operation about a match.
pub(super) async fn of_matches(house: &House, operation: &str) -> Case {
    let (admin, buyer) = (&house.admin, &house.buyer);
    let at = |place, value: Value| Seen::At(place, value);
    if operation == "POST /api/games/{game}/sessions" {
        let made = at("/title", json!("Made"));
        let path = "/api/games/sessions/{id}";
        let case = Case::post(admin, "/api/games/arena/sessions", json!({ "title": "Made" }));
        return case.makes("game").sees(admin, path, made);
    }
    // It takes two to begin.
    let (path, room) = lobby(house, if operation.ends_with("/start") { 2 } else { 0 }).await;
    let seats = |many| Seen::Counted("/players", many, many);
    let (_, verb) = operation.rsplit_once('/').expect("operations have paths");
    let join = format!("{path}/join");
    match verb {
        // Another ticket each time, for the same seat.
        "join" => Case::post(buyer, join, json!({ "name": "Ann" }))
            .told_by(&room)
            .again(Again::Well)
            .sees(admin, path, seats(1)),
        "ready" => {
            buyer.post(&join, json!({})).await.unwrap();
            let case = Case::post(buyer, format!("{path}/ready"), json!({ "ready": true }));
            case.told_by(&room).sees(admin, path, at("/players/0/ready", json!(true)))
        }
        "start" => {
            let begun = Seen::OneOf("/phase", ["countdown", "active"]);
            let case = Case::post(admin, format!("{path}/start"), Value::Null);
            case.told_by(&room).again(Again::Well).sees(admin, path, begun)
        }
        "leave" => {
            buyer.post(&join, json!({})).await.unwrap();
            let case = Case::post(buyer, format!("{path}/leave"), Value::Null);
            case.told_by(&room).sees(admin, path, seats(0))
        }
        "say" => {
            buyer.post(&join, json!({})).await.unwrap();
            let case = Case::post(buyer, format!("{path}/say"), json!({ "text": "hello" }));
            case.told_by(&room).sees(admin, path, Seen::Counted("/said", 1, 1))
        }
        "mute" => {
            buyer.post(&join, json!({})).await.unwrap();
            let body = json!({ "seat": 0, "muted": true });
            let case = Case::post(admin, format!("{path}/mute"), body);
            case.told_by(&room).sees(admin, path, at("/muted/0", json!(0)))
        }
        "remove" => {
            buyer.post(&join, json!({})).await.unwrap();
            let body = json!({ "seat": 0, "ban": true });
            let case = Case::post(admin, format!("{path}/remove"), body);
            case.told_by(&room).again(Again::Or("nobody_there")).sees(admin, path, seats(0))
        }
        other => panic!("nobody tries {other}"),
    }
}

/// The case of a verdict of cheating.
pub(super) async fn of_verdicts(house: &House, operation: &str) -> Case {
    let (admin, buyer) = (&house.admin, &house.buyer);
    let gives = operation.starts_with("PUT");
    let won = house.won(usize::from(!gives)).await;
    let me = buyer.get("/api/accounts/me").await.unwrap();
    let path = format!("/api/admin/matches/{won}/verdicts/{}", id(&me));
    let verdict = json!({ "tick": house.judged() });
    let (method, body, seen) = if gives {
        let seen = Seen::At("/verdicts/0/tick", verdict["tick"].clone());
        (Method::PUT, verdict, seen)
    } else {
        admin.ask(Method::PUT, &path, None, Some(&verdict)).await.unwrap();
        (Method::DELETE, Value::Null, Seen::Counted("/verdicts", 0, 0))
    };
    let case = Case::new(admin, method, path, body).of(TRAIL);
    case.sees(admin, format!("/api/games/sessions/{won}"), seen)
}

/// The case of an operation about players beside their matches.
pub(super) async fn of_players(house: &House, operation: &str) -> Case {
    let (admin, buyer) = (&house.admin, &house.buyer);
    if operation.starts_with("POST") {
        let season = Seen::At("/season/number", json!(1));
        let board = "/api/leaderboards/arena";
        let case = Case::post(admin, format!("{board}/seasons"), Value::Null).of(TRAIL);
        return case.sees(admin, board, season);
    }
    let me = buyer.get("/api/accounts/me").await.unwrap();
    let friend = format!("/api/friends/{}", uuid::Uuid::new_v4());
    let (method, many) = match operation.starts_with("PUT") {
        true => (Method::PUT, 1),
        false => {
            buyer.ask(Method::PUT, &friend, None, None).await.unwrap();
            (Method::DELETE, 0)
        }
    };
    let listed = friend.rsplit('/').next().unwrap().to_owned();
    let seen = Seen::Listed("/items", "id", json!(listed), many);
    Case::new(buyer, method, friend, Value::Null).of(format!("friends:{}", id(&me))).sees(
        buyer,
        "/api/friends",
        seen,
    )
}
