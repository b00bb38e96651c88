//! Looking for a match, and parties.

use reqwest::Method;
use serde_json::{Value, json};

use super::case::{Again, Case, Seen};
use super::house::{House, id};

const QUEUE: &str = "/api/match/queues/arena";
const ROOM: &str = "matchmaking:arena";

/// A ticket that waits, or whose match was found meanwhile: others look too.
const WAITS: Seen = Seen::OneOf("/state", ["waiting", "matched"]);

/// The case of an operation about tickets.
pub(super) async fn of_tickets(house: &House, operation: &str) -> Case {
    // One who looks, and one who takes it back: one at a time for each of them.
    let looks = operation.starts_with("POST");
    let who = if looks { &house.buyer } else { &house.admin };
    let before = who.get(QUEUE).await.unwrap();
    if before["ticket"]["state"] == "waiting" {
        let ticket = format!("/api/match/tickets/{}", id(&before["ticket"]));
        who.delete(&ticket).await.unwrap();
    }
    let (tickets, wish) = ("/api/match/tickets", json!({ "game": "arena" }));
    if looks {
        let case = Case::post(who, tickets, wish).of(ROOM);
        return case.sees(who, "/api/match/tickets/{id}", WAITS);
    }
    let ticket = who.post(tickets, wish).await.unwrap();
    let path = format!("{tickets}/{}", id(&ticket));
    let over = Seen::OneOf("/state", ["cancelled", "matched"]);
    Case::new(who, Method::DELETE, &path, Value::Null)
        .of(ROOM)
        .again(Again::Well)
        .sees(who, path, over)
}

/// The case of an operation about parties.
pub(super) async fn of_parties(house: &House, operation: &str) -> Case {
    let (admin, buyer) = (&house.admin, &house.buyer);
    let made = || async { admin.post("/api/parties", json!({})).await.unwrap() };
    let members = |many| Seen::Counted("/members", many, many);
    let at = "/api/parties/{id}";
    if operation == "POST /api/parties" {
        return Case::post(admin, "/api/parties", Value::Null).makes("party").sees(
            admin,
            at,
            members(1),
        );
    }
    let party = made().await;
    let (path, room) = (format!("/api/parties/{}", id(&party)), format!("party:{}", id(&party)));
    let code = json!({ "code": party["code"] });
    let (_, verb) = operation.rsplit_once('/').expect("operations have paths");
    if matches!(verb, "leader" | "{account}") {
        buyer.post("/api/parties/join", code.clone()).await.unwrap();
    }
    let own = buyer.get("/api/accounts/me").await.unwrap()["id"].clone();
    let case = match verb {
        "join" => Case::post(buyer, "/api/parties/join", code).sees(buyer, &path, members(2)),
        "accept" => {
            let invitation = json!({ "username": "buyer" });
            admin.post(&format!("{path}/invitations"), invitation).await.unwrap();
            let case = Case::post(buyer, format!("{path}/accept"), Value::Null);
            case.sees(buyer, &path, members(2))
        }
        "invitations" => {
            let case = Case::post(admin, format!("{path}/{verb}"), json!({ "username": "buyer" }));
            case.sees(admin, &path, Seen::Counted("/invited", 1, 1))
        }
        "leader" => {
            let body = json!({ "account": own });
            let case = Case::new(admin, Method::PUT, format!("{path}/leader"), body);
            case.again(Again::Or("not_the_leader")).sees(admin, &path, Seen::At("/leader", own))
        }
        "{account}" => {
            let member = format!("{path}/members/{}", own.as_str().expect("an id is a text"));
            let case = Case::new(admin, Method::DELETE, member, Value::Null);
            case.sees(admin, &path, members(1))
        }
        "leave" => {
            let case = Case::post(admin, format!("{path}/leave"), Value::Null);
            // An administrator sees every party.
            case.again(Again::Well).sees(admin, &path, members(0))
        }
        other => panic!("nobody tries {other}"),
    };
    case.of(&room)
}
