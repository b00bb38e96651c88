//! Bodies, texts, paths and queries.

use reqwest::Method;
use serde_json::{Value, json};

use super::Rig;

const NOBODY: &str = "01a00000-0000-7000-8000-000000000000";

#[tokio::test]
async fn a_body_that_is_not_json_is_told_so() {
    let rig = Rig::new(&[]).await;
    let holds = rig.holds();
    let long = format!("{{\"seats\":[\"A2\"]}}{}", " ".repeat(70_000));
    let deep = |open: &str| open.repeat(60_000 / open.len());
    let bodies: Vec<(Vec<u8>, u16, &str)> = vec![
        (b"".to_vec(), 400, "invalid_json"),
        (b"{".to_vec(), 400, "invalid_json"),
        (b"{\"seats\":[\"A2\"],}".to_vec(), 400, "invalid_json"),
        (b"{'seats':['A2']}".to_vec(), 400, "invalid_json"),
        (b"{\"seats\":[\"A2\"]} {}".to_vec(), 400, "invalid_json"),
        (b"{\"best\":NaN}".to_vec(), 400, "invalid_json"),
        (b"{\"best\":0x2}".to_vec(), 400, "invalid_json"),
        (b"{\"best\":1e999}".to_vec(), 400, "invalid_json"),
        (b"{\"seats\":[\"\xff\xfe\"]}".to_vec(), 400, "invalid_json"),
        (b"{\"seats\":[\"\\ud800\"]}".to_vec(), 400, "invalid_json"),
        (b"\xef\xbb\xbf{\"seats\":[\"A2\"]}".to_vec(), 400, "invalid_json"),
        (b"{\"seats\":[\"A2\0\"]}".to_vec(), 400, "invalid_json"),
        (vec![0; 1000], 400, "invalid_json"),
        (deep("[").into(), 400, "invalid_json"),
        (deep("{\"a\":").into(), 400, "invalid_json"),
        (long.into(), 413, "body_too_large"),
    ];
    for (body, status, code) in bodies {
        rig.json(Method::POST, &holds, body).await.is(status, code);
    }
    rig.is_well().await;
}

#[tokio::test]
async fn json_of_the_wrong_shape_is_told_what_is_wrong() {
    let rig = Rig::new(&[]).await;
    let hundred_and_one: Vec<String> = (1..=101).map(|n| format!("A{n}")).collect();
    for body in [
        json!(null),
        json!([]),
        json!("A2"),
        json!({}),
        json!({ "seats": "A2" }),
        json!({ "seats": [2] }),
        json!({ "seats": [null] }),
        json!({ "seats": [["A2"]] }),
        json!({ "seats": {} }),
        json!({ "seats": [] }),
        json!({ "seats": ["A2", "A2"] }),
        json!({ "seats": hundred_and_one }),
        json!({ "seats": ["A".repeat(60_000)] }),
        json!({ "seats": ["A2"], "best": 2 }),
        json!({ "seats": ["A2"], "who": "bob" }),
        json!({ "best": 0 }),
        json!({ "best": -1 }),
        json!({ "best": 1.5 }),
        json!({ "best": 256 }),
        json!({ "best": "2" }),
        json!({ "best": true }),
        json!({ "best": 2, "kind": "throne" }),
        json!({ "best": 2, "expect": -1 }),
    ] {
        let answer = rig.json(Method::POST, &rig.holds(), body.to_string()).await;
        let code = answer.problem();
        assert_eq!(answer.status, 422, "{body:.100} {code}");
    }
    let twice = r#"{"best":1,"best":2}"#;
    rig.json(Method::POST, &rig.holds(), twice).await.is(422, "invalid_body");
    let bearer = format!("Bearer {}", rig.ann.token().unwrap());
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "a"] {
        let headers = [("content-type", kind), ("authorization", bearer.as_str())];
        let answer = rig.send(Method::POST, &rig.holds(), &headers, r#"{"best":1}"#).await;
        answer.is(415, "unsupported_media_type");
    }
    rig.is_well().await;
}

/// Every described call that takes a body, with bodies that none of them takes.
#[tokio::test]
async fn no_call_takes_junk_from_anybody() {
    let rig = Rig::new(&[("PLAYHOUSE_LIMITS_FAILED_LOGINS", "1000")]).await;
    let api = rig.server.client().get("/api/openapi.json").await.unwrap();
    let junk = ["", "{", "null", "[]", "7", "{\"x\":1}", "\"\\u0000\"", "[[[[{}]]]]"];
    let mut calls = 0;
    for (path, item) in api["paths"].as_object().unwrap() {
        // What Piston's clients are told is no problem: `judge::piston` sends it junk.
        if path.starts_with("/api/v2/") {
            continue;
        }
        let filled: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { NOBODY } else { part }).collect();
        for (method, call) in item.as_object().unwrap() {
            // A body that may be left out makes an empty one no junk.
            if call["requestBody"]["required"] != Value::Bool(true) {
                continue;
            }
            let method: Method = method.to_uppercase().parse().unwrap();
            for body in junk {
                for who in [&rig.ann, &rig.admin] {
                    rig.json_as(who, method.clone(), &filled.join("/"), body).await.problem();
                    calls += 1;
                }
                let json = [("content-type", "application/json")];
                rig.send(method.clone(), &filled.join("/"), &json, body).await.problem();
            }
        }
    }
    assert!(calls > 100, "{calls}");
    rig.is_well().await;
}

#[tokio::test]
async fn traps_of_unicode_are_refused_and_never_mistaken() {
    let rig = Rig::new(&[]).await;
    for seat in [
        "\u{410}1",
        "Ａ1",
        "A\u{661}",
        "A１",
        "A1\u{0}",
        "A1\u{200b}",
        "A01",
        " A1",
        "Á1",
        "A-1",
        "💺",
    ] {
        let answer =
            rig.json(Method::POST, &rig.holds(), json!({ "seats": [seat] }).to_string()).await;
        assert_eq!(answer.status, 422, "{seat:?}");
        answer.problem();
    }
    let register = |name: &str, email: &str| {
        json!({ "username": name, "email": email, "password": "a long password" }).to_string()
    };
    for name in [
        "\u{430}nn",
        "ａｎｎ",
        "ann\u{200b}",
        "ann\u{0}",
        "\u{202e}nna",
        "a nn",
        "a/nn",
        "ann\n",
        "ß".repeat(40).as_str(),
        "",
    ] {
        let body = register(name, "new@example.org");
        let answer = rig.json(Method::POST, "/api/accounts", body).await;
        answer.is(422, "bad_username");
    }
    // The same name in other letters is the same name.
    for name in ["ANN", "Ann"] {
        let body = register(name, "new@example.org");
        rig.json(Method::POST, "/api/accounts", body).await.is(409, "username_taken");
    }
    for email in
        ["ann", "@", "ann@\u{435}xample.org", "a@b@c", "ann@example.org\u{0}", "ann @example.org"]
    {
        let body = register("newcomer", email);
        rig.json(Method::POST, "/api/accounts", body).await.is(422, "bad_email");
    }
    let long = "e\u{301}".repeat(10_000);
    for title in ["", " ", "\u{0}", "a\u{202e}b", "line\nfeed", "\u{feff}", long.as_str()] {
        let body = json!({ "title": title, "minutes": 90 }).to_string();
        let answer = rig.json_as(&rig.admin, Method::POST, "/api/movies", body).await;
        answer.is(422, "bad_text");
    }
    rig.is_well().await;
}

#[tokio::test]
async fn paths_queries_and_headers_out_of_bounds_name_nothing() {
    let rig = Rig::new(&[]).await;
    let long = "a".repeat(8000);
    for path in [
        "/api/showings/1".to_owned(),
        "/api/showings/%00".to_owned(),
        "/api/showings/%ff%fe/seats".to_owned(),
        "/api/showings/..%2f..%2fkeys.json/seats".to_owned(),
        format!("/api/showings/{long}/seats"),
        format!("/api/showings/{NOBODY}/seats"),
        format!("/api/showings/{}/seats", "0".repeat(36)),
        format!("/api/bookings/{NOBODY}"),
        // A thing of another kind is no showing.
        format!("/api/showings/{}/seats", rig.booking["id"].as_str().unwrap()),
        "/api/nothing".to_owned(),
        "/api//showings".to_owned(),
        "/static/..%2fCargo.toml".to_owned(),
        "/static/%2e%2e/%2e%2e/etc/passwd".to_owned(),
        "/static//etc/passwd".to_owned(),
    ] {
        let answer = rig.json(Method::GET, &path, "").await;
        assert_eq!(answer.status, 404, "{path:.80}");
        answer.problem();
    }
    for query in [
        "limit=0",
        "limit=-1",
        "limit=201",
        "limit=1e3",
        "limit=99999999999999999999",
        "cursor=x",
        "cursor=%00",
        "cursor=AAAA",
        "from=yesterday",
        "from=2027-13-01T00:00:00Z",
        "to=%F0%9F%92%BA",
        "movie=1",
        "unknown=1",
        "limit=1&limit=2",
    ] {
        let answer = rig.json(Method::GET, &format!("/api/showings?{query}"), "").await;
        assert_eq!(answer.status, 422, "{query}");
        answer.problem();
    }
    let bearer = format!("Bearer {}", rig.ann.token().unwrap());
    for (name, value, code) in [
        ("idempotency-key", "", "bad_idempotency_key"),
        ("idempotency-key", "two words", "bad_idempotency_key"),
        ("idempotency-key", "schlüssel", "bad_idempotency_key"),
        ("idempotency-key", &"k".repeat(129), "bad_idempotency_key"),
        ("if-match", "9", "bad_if_match"),
        ("if-match", "\"-9\"", "bad_if_match"),
        ("if-match", "\"99999999999999999999999\"", "bad_if_match"),
    ] {
        let json = ("content-type", "application/json");
        let headers = [json, ("authorization", bearer.as_str()), (name, value)];
        let answer = rig.send(Method::POST, &rig.holds(), &headers, r#"{"best":1}"#).await;
        answer.is(422, code);
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        rig.json(method, "/api/showings", "{}").await.is(405, "method_not_allowed");
    }
    rig.is_well().await;
}
