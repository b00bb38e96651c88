//! Polls, their questions, and series of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use playhouse_loadtest::ballot::Key;
use reqwest::Method;
use serde_json::{Value, json};

use super::case::{Again, Case, Seen};
use super::house::{House, id};
use crate::polls::secret::ballot;
use crate::polls::voter;

/// What each kind of poll is made with, and what is voted in it.
fn asked(kind: &str) -> (Value, Value) {
    let none = json!([]);
    match kind {
        "multiple" => (json!({ "kind": kind, "max": 2 }), json!({ "choice": [0, 1] })),
        "rating" => (json!({ "kind": kind, "options": none }), json!({ "choice": [4] })),
        "ranked" => (json!({ "kind": kind }), json!({ "choice": [1, 0] })),
        "words" => {
            let words = json!({ "words": ["boo", "bravo"] });
            (json!({ "kind": kind, "max": 2, "options": none }), words)
        }
        "quiz" => {
            let vote = json!({ "choice": [1], "name": "Ann" });
            (json!({ "kind": kind, "right": 1, "seconds": 600 }), vote)
        }
        _ => (json!({}), json!({ "choice": [1] })),
    }
}

/// A poll of accounts with what `with` says, and its path.
async fn poll(house: &House, with: Value, open: bool) -> (Value, String) {
    let mut asks = json!({ "title": "Which?", "kind": "single", "options": ["A", "B"],
        "questions": "open", "voters": "account" });
    for (name, value) in with.as_object().unwrap() {
        asks[name] = value.clone();
    }
    let poll = house.admin.post("/api/polls", asks).await.unwrap();
    let path = format!("/api/polls/{}", id(&poll));
    if open {
        house.admin.post(&format!("{path}/open"), json!({})).await.unwrap();
    }
    (poll, path)
}

/// A poll whose maker acts on it: open or not, with the buyer's vote in it or not.
async fn staged(house: &House, kind: &str, open: bool, voted: bool) -> (String, Value) {
    let (with, vote) = asked(kind);
    let (_, path) = poll(house, with, open).await;
    let receipt = match voted {
        true => house.buyer.post(&format!("{path}/votes"), vote).await.unwrap(),
        false => Value::Null,
    };
    (path, receipt)
}

fn room(kind: &str, path: &str) -> String {
    format!("{kind}:{}", path.rsplit('/').next().unwrap())
}

/// The case of an operation about a poll.
pub(super) async fn of_polls(house: &House, operation: &str) -> Case {
    let admin = &house.admin;
    let at = |place, value: Value| Seen::At(place, value);
    let act = async |verb: &str, open: bool, place: &'static str, value: Value| {
        let (path, _) = staged(house, "single", open, verb == "reset").await;
        let case = Case::post(admin, format!("{path}/{verb}"), json!({}));
        case.told_by(&room("poll", &path)).sees(admin, path, at(place, value))
    };
    match operation {
        "POST /api/polls" => {
            let asks = json!({ "title": "Made", "kind": "single", "options": ["A", "B"] });
            let made = at("/poll/title", json!("Made"));
            Case::post(admin, "/api/polls", asks).makes("poll").sees(admin, "/api/polls/{id}", made)
        }
        "PUT /api/polls/{poll}" => {
            let (path, _) = staged(house, "single", false, false).await;
            let asks = json!({ "title": "Another", "kind": "single", "options": ["A", "B"] });
            Case::new(admin, Method::PUT, &path, asks).told_by(&room("poll", &path)).sees(
                admin,
                &path,
                at("/poll/title", json!("Another")),
            )
        }
        "POST /api/polls/{poll}/open" => act("open", false, "/poll/phase", json!("open")).await,
        "POST /api/polls/{poll}/close" => act("close", true, "/poll/phase", json!("closed")).await,
        "POST /api/polls/{poll}/reset" => {
            let case = act("reset", true, "/poll/phase", json!("draft")).await;
            let path = case.path.trim_end_matches("/reset").to_owned();
            case.sees(admin, path, at("/tally/ballots", json!(0)))
        }
        "POST /api/polls/{poll}/reveal" => act("reveal", true, "/poll/shown", json!(true)).await,
        "POST /api/polls/{poll}/hide" => act("hide", true, "/poll/shown", json!(false)).await,
        "POST /api/polls/{poll}/codes" => {
            let (_, path) = poll(house, json!({ "voters": "code" }), false).await;
            let room = room("poll", &path);
            // What was drawn and told to nobody may be there too: nobody can vote with it.
            let some = Seen::Between("/stage/codes", 4, 6);
            Case::post(admin, format!("{path}/codes"), json!({ "count": 2 }))
                .told_by(&room)
                .again(Again::Well)
                .sees(admin, path, some)
        }
        "POST /api/polls/{poll}/words" => {
            let (path, _) = staged(house, "words", true, true).await;
            let hide = json!({ "word": "boo", "hidden": true });
            let hidden = at("/stage/hidden_words", json!(1));
            let case = Case::post(admin, format!("{path}/words"), hide);
            case.told_by(&room("poll", &path)).sees(admin, path, hidden)
        }
        "POST /api/polls/{poll}/names" => {
            let (path, receipt) = staged(house, "quiz", true, true).await;
            let hide = json!({ "ballot": receipt["ballot"], "hidden": true });
            let hidden = at("/stage/hidden_names", json!([receipt["ballot"]]));
            let case = Case::post(admin, format!("{path}/names"), hide);
            case.told_by(&room("poll", &path)).sees(admin, path, hidden)
        }
        other => panic!("nobody tries {other}"),
    }
}

/// The case of a vote in a poll of `kind`.
pub(super) async fn of_votes(house: &House, kind: &str) -> Case {
    let one = Seen::At("/tally/ballots", json!(1));
    if kind == "secret" {
        let (poll, path) = house.secret_poll(0).await;
        let ballot = ballot(&voter(&house.server, &poll).await, &poll).await.unwrap();
        let vote = json!({ "choice": [1], "ballot": ballot });
        return Case::post(&house.buyer.without_token(), format!("{path}/votes"), vote)
            .told_by(&room("poll", &path))
            .sees(&house.admin, path, Seen::At("/tally/ballots", json!(house.cast())));
    }
    let (with, vote) = asked(kind);
    let (_, path) = poll(house, with, true).await;
    Case::post(&house.buyer, format!("{path}/votes"), vote).told_by(&room("poll", &path)).sees(
        &house.admin,
        path,
        one,
    )
}

/// The case of having a ballot of a secret poll signed.
pub(super) async fn of_ballots(house: &House) -> Case {
    // Another one: who asks for a ballot waits behind a vote in the same poll.
    let (poll, path) = house.secret_poll(1).await;
    let key = Key::read(poll["ballot_key"].as_str().unwrap()).unwrap();
    let (blinded, _) = key.blind(&rand::random::<[u8; 64]>());
    let request = json!({ "blinded": URL_SAFE_NO_PAD.encode(&blinded) });
    // The same request is signed again, another one is refused: the roll has it.
    let voter = voter(&house.server, &poll).await;
    Case::post(&voter, format!("{path}/ballots"), request).of(room("roll", &path))
}

/// Somebody asks a question in a poll of their own; its path and number.
async fn question(house: &House) -> (String, u64) {
    let (_, path) = poll(house, json!({}), true).await;
    let asked = house.ask(&house.admin, &path).await;
    (path, asked["id"].as_u64().unwrap())
}

/// The case of an operation about questions.
pub(super) async fn of_questions(house: &House, operation: &str) -> Case {
    let (admin, buyer) = (&house.admin, &house.buyer);
    let (path, number) = question(house).await;
    let questions = format!("{path}/questions");
    let one = |name, value: Value| Seen::Listed("/questions", name, value, 1);
    let case = match operation {
        "POST /api/polls/{poll}/questions" => {
            let text = json!({ "text": "Is the organ original?" });
            let there = one("text", text["text"].clone());
            Case::post(buyer, &questions, text).sees(admin, &questions, there)
        }
        "PATCH /api/polls/{poll}/questions/{question}" => {
            let path = format!("{questions}/{number}");
            Case::new(admin, Method::PATCH, path, json!({ "answered": true })).sees(
                admin,
                &questions,
                one("answered", json!(true)),
            )
        }
        "PUT /api/polls/{poll}/questions/{question}/vote" => {
            let path = format!("{questions}/{number}/vote");
            Case::new(buyer, Method::PUT, path, json!({ "up": true })).sees(
                admin,
                &questions,
                one("votes", json!(1)),
            )
        }
        "DELETE /api/polls/{poll}/questions" => {
            let none = Seen::Listed("/questions", "id", json!(number), 0);
            Case::new(admin, Method::DELETE, &questions, Value::Null).sees(admin, &questions, none)
        }
        other => panic!("nobody tries {other}"),
    };
    case.told_by(&room("questions", &path))
}

/// The case of an operation about a series.
pub(super) async fn of_series(house: &House, operation: &str) -> Case {
    let admin = &house.admin;
    let (poll, _) = poll(house, json!({}), false).await;
    let asks = |title: &str| json!({ "title": title, "polls": [poll["id"]] });
    let titled = |title: &str| Seen::At("/title", json!(title));
    if operation == "POST /api/series" {
        return Case::post(admin, "/api/series", asks("Made")).makes("series").sees(
            admin,
            "/api/series/{id}",
            titled("Made"),
        );
    }
    let series = admin.post("/api/series", asks("Before")).await.unwrap();
    let path = format!("/api/series/{}", id(&series));
    let case = match operation {
        "PUT /api/series/{series}" => {
            let case = Case::new(admin, Method::PUT, &path, asks("Another"));
            case.sees(admin, &path, titled("Another"))
        }
        "POST /api/series/{series}/go" => {
            let go = json!({ "poll_id": poll["id"] });
            let there = Seen::At("/current", poll["id"].clone());
            Case::post(admin, format!("{path}/go"), go).sees(admin, &path, there)
        }
        other => panic!("nobody tries {other}"),
    };
    case.told_by(&room("series", &path))
}
