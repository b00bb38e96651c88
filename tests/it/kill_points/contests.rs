//! Contests: preparing them, taking part, sending in, asking, revealing.

use std::time::{Duration, Instant};

use playhouse_loadtest::client::new_key;
use reqwest::Method;
use serde_json::{Value, json};

use super::case::{Case, Seen};
use super::house::{House, id};

/// How soon a contest begins or ends that does so in a second or two. 30 s, on a busy machine.
const TURNS_WITHIN: Duration = Duration::from_secs(30);

/// What sums nothing, and does so right.
const MODULE: &str = r#"(module (func (export "_start")))"#;

/// What the administrator makes: it begins in so many seconds, and lasts so many.
fn contest(begins: u64, lasts: u64) -> Value {
    let at = |after: u64| (jiff::Timestamp::now() + Duration::from_secs(after)).to_string();
    json!({ "title": "Finals", "starts_at": at(begins), "ends_at": at(begins + lasts),
        "freeze_at": at(begins) })
}

fn problem() -> Value {
    json!({ "title": "Nothing", "statement": "Say *nothing*.", "tests": [{ "stdin": "", "expected": "" }] })
}

/// A contest in which the buyer takes part, with problem A; its path and its room.
async fn made(house: &House, contest: Value) -> (String, String) {
    let made = house.admin.post("/api/contests", contest).await.unwrap();
    let path = format!("/api/contests/{}", id(&made));
    let body = problem();
    let set = format!("{path}/problems/A");
    house.admin.ask(Method::PUT, &set, Some(&new_key()), Some(&body)).await.unwrap();
    house.buyer.post(&format!("{path}/registration"), json!({})).await.unwrap();
    (path, format!("contest:{}", id(&made)))
}

/// The contest at `path` is in `phase`.
async fn turns(house: &House, path: &str, phase: &str) {
    let start = Instant::now();
    while house.admin.get(path).await.unwrap()["phase"] != phase {
        assert!(start.elapsed() < TURNS_WITHIN, "it is not {phase}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The buyer sent something in, and it is judged: nothing more comes of it; its id.
async fn sent(house: &House, path: &str) -> String {
    let sent = house.buyer.post(&format!("{path}/submissions"), program()).await.unwrap();
    let of = format!("{path}/submissions/{}", id(&sent));
    let start = Instant::now();
    while house.buyer.get(&of).await.unwrap()["verdict"].is_null() {
        assert!(start.elapsed() < TURNS_WITHIN, "it is not judged");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    id(&sent).to_owned()
}

fn program() -> Value {
    json!({ "problem": "A", "language": "wat", "source": MODULE })
}

/// The case of an operation about a contest.
pub(super) async fn of_contests(house: &House, operation: &str) -> Case {
    let admin = &house.admin;
    if operation == "POST /api/contests" {
        let there = Seen::At("/title", json!("Finals"));
        let case = Case::post(admin, "/api/contests", contest(3600, 3600));
        return case.makes("contest").sees(admin, "/api/contests/{id}", there);
    }
    let (method, shape) = operation.split_once(' ').expect("operations have methods");
    let part = shape.trim_start_matches("/api/contests/{contest}");
    let (path, room) = match part {
        "/submissions" | "/rejudge" => made(house, contest(1, 3600)).await,
        "/reveal" => made(house, contest(1, 1)).await,
        _ => made(house, contest(3600, 3600)).await,
    };
    match part {
        "" | "/problems/{letter}" | "/registration" => {
            of_preparing(house, &path, &room, (method, part))
        }
        _ => of_playing(house, &path, &room, part).await,
    }
}

/// Of an operation before it begins.
fn of_preparing(house: &House, path: &str, room: &str, operation: (&str, &str)) -> Case {
    let (admin, buyer) = (&house.admin, &house.buyer);
    let at = |place, value: Value| Seen::At(place, value);
    let own = format!("{path}/registration");
    match operation {
        ("PATCH", _) => Case::new(admin, Method::PATCH, path, json!({ "title": "Semifinals" }))
            .told_by(room)
            .sees(admin, path, at("/title", json!("Semifinals"))),
        ("PUT", _) => {
            let there = at("/problems/1/letter", json!("B"));
            let case = Case::new(admin, Method::PUT, format!("{path}/problems/B"), problem());
            case.of(room).sees(admin, path, there)
        }
        ("DELETE", "/problems/{letter}") => {
            let of = format!("{path}/problems/A");
            let none = Seen::Counted("/problems", 0, 0);
            Case::new(admin, Method::DELETE, of, Value::Null).of(room).sees(admin, path, none)
        }
        ("DELETE", _) => {
            let none = Seen::Counted("/board", 0, 0);
            Case::new(buyer, Method::DELETE, own, Value::Null).told_by(room).sees(admin, path, none)
        }
        _ => {
            let case = Case::post(buyer, own, json!({ "name": "Others" })).told_by(room);
            case.sees(admin, path, at("/board/0/name", json!("Others")))
        }
    }
}

/// Of an operation while it runs, or after it.
async fn of_playing(house: &House, path: &str, room: &str, part: &str) -> Case {
    let (admin, buyer) = (&house.admin, &house.buyer);
    let at = |place, value: Value| Seen::At(place, value);
    let asks = json!({ "text": "Why?" });
    match part {
        "/submissions" => {
            turns(house, path, "running").await;
            // The same once before: its paper is there, and the contest's record is the first.
            sent(house, path).await;
            let case = Case::post(buyer, format!("{path}/submissions"), program()).of(room);
            case.sees(buyer, path, Seen::Counted("/submissions", 2, 2))
        }
        "/rejudge" => {
            turns(house, path, "running").await;
            let submission = sent(house, path).await;
            let again = json!({ "submission": submission });
            let twice = at("/submissions/0/judgings", json!(2));
            Case::post(admin, format!("{path}/rejudge"), again).of(room).sees(admin, path, twice)
        }
        "/reveal" => {
            turns(house, path, "over").await;
            let case = Case::post(admin, format!("{path}/reveal"), json!({ "what": "all" }));
            case.told_by(room).sees(admin, path, at("/revealed", json!(true)))
        }
        "/clarifications" => {
            let case = Case::post(buyer, format!("{path}/clarifications"), asks).of(room);
            case.sees(buyer, path, Seen::Counted("/clarifications", 1, 1))
        }
        "/clarifications/{clarification}/answer" => {
            let asked = buyer.post(&format!("{path}/clarifications"), asks).await.unwrap();
            let answer = format!("{path}/clarifications/{}/answer", id(&asked));
            let body = json!({ "text": "So.", "to_all": true });
            let said = at("/clarifications/0/answer", json!("So."));
            Case::post(admin, answer, body).told_by(room).sees(buyer, path, said)
        }
        other => panic!("nobody tries {other}"),
    }
}
