//! R5: every channel and every method of the live connection, asked for by everybody about somebody
//! else's things. What kinds of rooms there are the running server says, what methods the sources.

use std::collections::BTreeSet;

use playhouse_loadtest::live::{Live, LiveError};
use serde_json::{Value, json};

use super::cast::{Cast, ROLES};

/// Rooms, and what each role is answered that follows them: `+` it may, or the error's number.
/// 102: to them it is as if there were no such room. 103: it is not for them.
const CHANNELS: [(&str, [&str; 5]); 23] = [
    ("account:{id}", ["102", "102", "102", "102", "102"]),
    ("admin:rooms", ["103", "103", "103", "103", "+"]),
    ("audit:{poll}", ["102", "102", "102", "102", "102"]),
    ("contest:{contest}", ["+", "+", "+", "+", "+"]),
    ("friends:{player}", ["102", "102", "102", "102", "102"]),
    ("game:{session}", ["+", "+", "+", "+", "+"]),
    ("job:{job}", ["102", "102", "102", "102", "+"]),
    ("league:{game}", ["+", "+", "+", "+", "+"]),
    ("matchmaking:{game}", ["102", "102", "+", "+", "+"]),
    ("movie:{movie}", ["102", "102", "102", "102", "102"]),
    ("paper:{contest}", ["102", "102", "102", "102", "102"]),
    ("party:{party}", ["102", "102", "102", "102", "+"]),
    ("poll:{poll}", ["+", "+", "+", "+", "+"]),
    ("questions:{poll}", ["+", "+", "+", "+", "+"]),
    ("queue:judge", ["+", "+", "+", "+", "+"]),
    ("queue:other", ["102", "102", "102", "102", "102"]),
    ("roll:{poll}", ["102", "102", "102", "102", "102"]),
    ("screen:{screen}", ["102", "102", "102", "102", "102"]),
    ("series:{series}", ["+", "+", "+", "+", "+"]),
    ("showing:{showing}", ["+", "+", "+", "+", "+"]),
    ("tournament:{tournament}", ["+", "+", "+", "+", "+"]),
    ("unique:{id}", ["102", "102", "102", "102", "102"]),
    ("nothing:{id}", ["102", "102", "102", "102", "102"]),
];

/// Methods with Ann's or Olga's things, and the code that each role is answered with.
const METHODS: [(&str, &str, [&str; 5]); 10] = [
    ("showing.hold", r#"{"showing_id":"{showing}","seats":["A1"]}"#, TAKEN),
    ("showing.release", r#"{"showing_id":"{showing}","hold_id":"{hold}"}"#, NOT_THEIRS),
    ("showing.extend", r#"{"showing_id":"{showing}","hold_id":"{hold}"}"#, NOT_THEIRS),
    (
        "showing.purchase",
        r#"{"showing_id":"{showing}","hold_id":"{hold}","payment_token":"ok"}"#,
        NOT_THEIRS,
    ),
    (
        "showing.cancel",
        r#"{"booking_id":"{booking}"}"#,
        // The house's organizers may cancel any booking; after that it is cancelled.
        ["not_logged_in", "not_logged_in", "not_found", "+", "already_cancelled"],
    ),
    (
        "showing.waitlist",
        r#"{"showing_id":"{showing}","count":1}"#,
        ["not_logged_in", "not_logged_in", "+", "+", "+"],
    ),
    ("poll.vote", r#"{"poll_id":"{poll}","choice":[0]}"#, VOTERS),
    ("poll.ask", r#"{"poll_id":"{poll}","text":"And why?"}"#, VOTERS),
    ("poll.want", r#"{"poll_id":"{poll}","question":{question},"up":true}"#, VOTERS),
    (
        "job.stdin",
        r#"{"job":"{job}","data":"x"}"#,
        ["not_logged_in", "not_logged_in", "not_found", "not_found", "not_running"],
    ),
];

const TAKEN: [&str; 5] =
    ["not_logged_in", "not_logged_in", "seat_taken", "seat_taken", "seat_taken"];
const NOT_THEIRS: [&str; 5] =
    ["not_logged_in", "not_logged_in", "not_found", "not_found", "not_found"];
/// The poll is for devices; an account is none.
const VOTERS: [&str; 5] = ["not_logged_in", "+", "wrong_voter", "wrong_voter", "wrong_voter"];

async fn connected(cast: &Cast, role: usize) -> Live {
    Live::connect(&cast.server.base(), cast.token(role)).await.unwrap()
}

/// `+`, or the number of a refusal and the code of its problem.
fn told(answer: &Result<Value, LiveError>) -> (String, String) {
    match answer {
        Ok(_) => ("+".into(), "+".into()),
        Err(LiveError::Refused { code, message, .. }) => {
            let problem = message.split(':').next().unwrap_or_default();
            (code.to_string(), problem.to_owned())
        }
        Err(error) => panic!("the connection broke: {error}"),
    }
}

#[tokio::test]
async fn nobody_follows_or_does_by_the_live_connection_what_is_not_theirs() {
    let cast = Cast::meet().await;
    let mut wrong = Vec::new();
    for role in 0..ROLES.len() {
        let mut live = connected(&cast, role).await;
        for (channel, answers) in CHANNELS {
            let name = cast.fill(channel, role);
            let answer = live.command("subscribe", json!({ "channel": name })).await;
            let (was, _) = told(&answer);
            if was != answers[role] {
                wrong.push(format!("{channel} as {}: {was}, not {}", ROLES[role], answers[role]));
            }
            let text = answer.map(|answer| answer.to_string()).unwrap_or_default();
            if text.contains("ann@example.") || text.contains(&cast.things["hold"]) {
                wrong.push(format!("{channel} tells {}: {text:.400}", ROLES[role]));
            }
            let publish = json!({ "channel": name, "data": {} });
            let (was, _) = told(&live.command("publish", publish).await);
            if !["102", "103"].contains(&&*was) {
                wrong.push(format!("publish to {channel} as {}: {was}", ROLES[role]));
            }
        }
    }
    for role in 0..ROLES.len() {
        let mut live = connected(&cast, role).await;
        for (method, data, answers) in METHODS {
            let data = serde_json::from_str(&cast.fill(data, role)).unwrap();
            let (_, was) = told(&live.rpc(method, data).await);
            if was != answers[role] {
                wrong.push(format!("{method} as {}: {was}, not {}", ROLES[role], answers[role]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers:\n{}", wrong.len(), wrong.join("\n"));
    cast.server.saw_no_panic();
}

#[tokio::test]
async fn no_kind_of_room_and_no_method_is_left_out() {
    let cast = Cast::meet().await;
    let rooms = cast.server.admin().await.get("/api/admin/rooms").await.unwrap();
    let kinds = rooms["kinds"].as_object().unwrap();
    let named = |kind: &str| CHANNELS.iter().any(|(name, _)| name.split(':').next() == Some(kind));
    let missing: Vec<_> = kinds.keys().filter(|kind| !named(kind)).collect();
    assert!(missing.is_empty(), "say in roles/live.rs who may follow these: {missing:?}");
    let mut there = BTreeSet::new();
    for source in ["src/cinema/rpc.rs", "src/polls/rpc.rs", "src/judge/rpc.rs"] {
        let source = std::fs::read_to_string(source).unwrap();
        let names =
            source.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"));
        there.extend(names.map(|(name, _)| name.to_owned()));
    }
    let known: BTreeSet<String> = METHODS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(there, known, "say in roles/live.rs who may do what");
}
