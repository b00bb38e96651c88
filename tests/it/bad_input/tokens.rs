//! Tokens that are not ours, are over, or are somebody else's idea of one.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use playhouse_loadtest::live::{Live, LiveError};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use super::Rig;

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// A token with this header and these claims, signed with `secret` in the way that the header names.
fn forge(header: &Value, claims: &Value, secret: &[u8]) -> String {
    macro_rules! sum {
        ($hash:ty, $text:expr) => {{
            let mut mac = Hmac::<$hash>::new_from_slice(secret).unwrap();
            mac.update($text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        }};
    }
    let text = format!("{}.{}", part(header), part(claims));
    let sum = match header["alg"].as_str().unwrap_or_default() {
        "HS256" => sum!(Sha256, text),
        "HS384" => sum!(Sha384, text),
        "HS512" => sum!(Sha512, text),
        "RS256" | "PS256" | "ES256" | "EdDSA" => sum!(Sha256, text),
        _ => Vec::new(),
    };
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(sum))
}

fn with(json: &Value, name: &str, value: Value) -> Value {
    let mut json = json.clone();
    json[name] = value;
    json
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Tokens that must not be believed, each with what it tries. Even the server's own `secret` does
/// not help where the algorithm or a claim is another.
fn forged(good: &str, secret: &[u8]) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims) = (decoded(parts[0]), decoded(parts[1]));
    let mut tokens = misshapen(good, &parts, &claims);
    tokens.push(("another's key", forge(&header, &claims, b"the key of another server, 32 b!")));
    tokens.push(("an empty key", forge(&header, &claims, b"")));
    tokens.extend(of_other_keys(&header, &claims, secret));
    for alg in [
        "none", "None", "NONE", "nOnE", "noNe ", "", "HS384", "HS512", "RS256", "PS256", "ES256",
        "EdDSA",
    ] {
        let header = with(&header, "alg", json!(alg));
        tokens.push(("another algorithm", forge(&header, &claims, secret)));
        let text = format!("{}.{}.{}", part(&header), parts[1], parts[2]);
        tokens.push(("another algorithm's name", text));
    }
    for (name, value) in [
        ("exp", Value::Null),
        ("exp", json!("never")),
        ("exp", json!(-1)),
        ("nbf", json!(4_000_000_000_u64)),
        ("iss", json!("elsewhere")),
        ("iss", Value::Null),
        ("aud", json!("elsewhere")),
        ("sub", Value::Null),
        ("sub", json!("admin")),
        ("sub", json!(STRANGER)),
        ("sid", json!(7)),
    ] {
        tokens.push((name, forge(&header, &with(&claims, name, value), secret)));
    }
    tokens
}

/// An account, and a session, that nobody has.
const STRANGER: &str = "01a00000-0000-7000-8000-000000000000";

/// Tokens whose parts are not what was signed, or no parts at all.
fn misshapen(good: &str, parts: &[&str], claims: &Value) -> Vec<(&'static str, String)> {
    vec![
        (
            "a changed claim",
            format!("{}.{}.{}", parts[0], part(&with(claims, "sub", json!(STRANGER))), parts[2]),
        ),
        (
            "a role of its own",
            format!("{}.{}.{}", parts[0], part(&with(claims, "role", json!("admin"))), parts[2]),
        ),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{good}.{}", parts[2])),
        ("a cut signature", good[..good.len() - 4].to_owned()),
        ("half of it", good[..good.len() / 2].to_owned()),
        ("dots", "..".to_owned()),
        ("no token", "x".to_owned()),
        ("a long one", format!("{good}{}", "A".repeat(5000))),
        (
            "a name that is no text",
            format!("{}.{}.{}", parts[0], raw(b"{\"sub\":\"\xff\xfe\"}"), parts[2]),
        ),
        ("deep claims", format!("{}.{}.{}", parts[0], raw("[".repeat(1000).as_bytes()), parts[2])),
    ]
}

/// Tokens that name, bring or point to a key of their own.
fn of_other_keys(header: &Value, claims: &Value, secret: &[u8]) -> Vec<(&'static str, String)> {
    let mut tokens = Vec::new();
    let made_up =
        ["", "../../../../dev/null", "' or 1=1 --", "/proc/self/environ", "0", "\0", "ключ", "🔑"];
    for kid in made_up {
        tokens.push(("a made-up key", forge(&with(header, "kid", json!(kid)), claims, b"")));
        tokens.push((
            "a made-up key's name",
            forge(&with(header, "kid", json!(kid)), claims, secret),
        ));
    }
    // Headers that would bring their own key, or say where one is to be had. Nobody listens there.
    let key = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(b"mine") });
    for (name, value) in [
        ("jwk", key.clone()),
        ("jku", json!("http://127.0.0.1:1/keys.json")),
        ("x5u", json!("http://127.0.0.1:1/chain.pem")),
        ("x5c", json!(["bWluZQ=="])),
        ("jku", json!("file:///dev/null")),
    ] {
        let bare = json!({ "alg": "HS256", "typ": "JWT", name: value });
        tokens.push(("a key of its own", forge(&bare, claims, b"mine")));
        tokens.push(("a key beside ours", forge(&with(header, name, value), claims, b"mine")));
    }
    tokens
}

/// Bytes that are no JSON, as a part of a token.
fn raw(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A server, Ann's token, and the secret that signed it.
async fn rig_and_secret() -> (Rig, String, Vec<u8>) {
    let rig = Rig::new(&[]).await;
    let keys = std::fs::read_to_string(rig.server.data().join("keys.json")).unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let secret = keys["keys"][0]["secret"].as_str().unwrap();
    let secret = URL_SAFE_NO_PAD.decode(secret).unwrap();
    let good = rig.ann.token().unwrap().to_owned();
    (rig, good, secret)
}

impl Rig {
    /// A request with `token` is refused for this reason, wherever a token is looked at.
    async fn refuses(&self, what: &str, token: &str, code: &str) {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        for path in ["/api/accounts/me".to_owned(), format!("{}/seats", self.path)] {
            let answer = self.send(Method::GET, &path, &headers, "").await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (401, code),
                "{what}: {token:.200}"
            );
        }
    }

    /// A live connection neither opens with `token` nor goes on with it.
    async fn closes(&self, what: &str, token: &str) {
        let base = self.server.base();
        if !token.is_empty() {
            let live = Live::connect(&base, Some(token)).await;
            let refused =
                live.err().unwrap_or_else(|| panic!("{what} opened a connection: {token:.200}"));
            assert!(is_refusal(&refused), "{what}: {refused}");
        }
        let mut live = Live::connect(&base, self.ann.token()).await.unwrap();
        let refreshed = live.command("refresh", json!({ "token": token })).await;
        let refused = refreshed.expect_err(what);
        assert!(is_refusal(&refused), "{what}: {refused}");
    }
}

/// Closed as one whose token is none, or told that the token is over.
fn is_refusal(error: &LiveError) -> bool {
    match error {
        LiveError::Refused { code, .. } => *code == 109,
        LiveError::Broken(why) => why.contains("3500"),
    }
}

#[tokio::test]
async fn a_forged_token_opens_nothing() {
    let (rig, good, secret) = rig_and_secret().await;
    let parts: Vec<&str> = good.split('.').collect();
    // The forger of this test can sign: the same claims under the same key are believed.
    let own = forge(&decoded(parts[0]), &decoded(parts[1]), &secret);
    let bearer = format!("Bearer {own}");
    let answer = rig.send(Method::GET, "/api/accounts/me", &[("authorization", &bearer)], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);

    for (what, token) in forged(&good, &secret) {
        rig.refuses(what, &token, "bad_token").await;
        rig.closes(what, &token).await;
    }
    rig.is_well().await;
}

#[tokio::test]
async fn a_token_that_is_over_or_of_no_session_opens_nothing() {
    let (rig, good, secret) = rig_and_secret().await;
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims) = (decoded(parts[0]), decoded(parts[1]));
    for (name, value, code) in [
        ("exp", json!(1_000_000_000), "token_expired"),
        ("exp", json!(1_700_000_000), "token_expired"),
        ("sid", json!(STRANGER), "session_ended"),
    ] {
        let token = forge(&header, &with(&claims, name, value), &secret);
        rig.refuses(name, &token, code).await;
        rig.closes(name, &token).await;
    }
    rig.closes("nothing", "").await;
    rig.is_well().await;
}

#[tokio::test]
async fn what_is_no_token_at_all_opens_nothing() {
    let (rig, good, _) = rig_and_secret().await;
    for (what, token) in [
        ("other letters", good.replace('.', "·")),
        ("fullwidth letters", "ｅｙＪ.ｅｙＪ.ｅｙＪ".to_owned()),
        ("a zero", format!("{good}\0")),
        ("a huge one", "A".repeat(40_000)),
        ("a pile of dots", ".".repeat(2000)),
    ] {
        rig.closes(what, &token).await;
        if !token.contains('\0') {
            rig.refuses(what, &token, "bad_token").await;
        }
    }
    rig.is_well().await;
}

#[tokio::test]
async fn a_voter_token_is_no_access_token_and_the_other_way_round() {
    let (rig, good, secret) = rig_and_secret().await;
    let poll = json!({ "title": "Which?", "kind": "single", "options": ["A", "B"] });
    let poll = rig.admin.post("/api/polls", poll).await.unwrap();
    let joined =
        rig.server.client().post("/api/polls/join", json!({ "poll_id": poll["id"] })).await;
    let voter = joined.unwrap()["voter_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {voter}");
    let headers = [("authorization", bearer.as_str())];
    for path in ["/api/accounts/me", "/api/bookings", "/api/sessions", "/api/admin/rooms"] {
        rig.send(Method::GET, path, &headers, "").await.is(401, "bad_token");
    }
    rig.refuses("a voter token", &voter, "bad_token").await;
    // An account does not turn into a guest, nor a guest into an account.
    let base = rig.server.base();
    for (from, to) in [(&good, &voter), (&voter, &good)] {
        let mut live = Live::connect(&base, Some(from)).await.unwrap();
        let refused = live.command("refresh", json!({ "token": to })).await.unwrap_err();
        assert!(is_refusal(&refused), "{refused}");
    }
    // A voter's claims under an access token's audience, and an access token's under a voter's.
    let [voter, access] = [&voter, &good].map(|token| {
        let parts: Vec<&str> = token.split('.').collect();
        (decoded(parts[0]), decoded(parts[1]))
    });
    let dressed = forge(&voter.0, &with(&voter.1, "aud", access.1["aud"].clone()), &secret);
    rig.refuses("a voter dressed up", &dressed, "bad_token").await;
    let body = json!({ "choice": [0] }).to_string();
    let votes = format!("/api/polls/{}/votes", poll["id"].as_str().unwrap());
    let unsigned =
        format!("{}.{}.", part(&voter.0), part(&with(&access.1, "aud", voter.1["aud"].clone())));
    let bearer = format!("Bearer {unsigned}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    rig.send(Method::POST, &votes, &headers, body).await.is(401, "bad_token");
    rig.is_well().await;
}

#[tokio::test]
async fn a_token_in_the_wrong_place_or_of_the_wrong_kind_is_refused() {
    let rig = Rig::new(&[]).await;
    let me = "/api/accounts/me";
    let login = json!({ "login": "ann", "password": "a long password" });
    let tokens = rig.server.client().post("/api/sessions", login).await.unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let access = tokens["access_token"].as_str().unwrap();
    for value in [
        format!("Bearer {refresh}"),
        format!("Basic {access}"),
        format!("Bearer: {access}"),
        access.to_owned(),
        "Bearer".to_owned(),
        format!("Bearer {access} {access}"),
        format!("Bearer \"{access}\""),
    ] {
        let answer = rig.send(Method::GET, me, &[("authorization", &value)], "").await;
        answer.is(401, "bad_token");
    }
    let good = format!("Bearer {access}");
    let twice = [("authorization", good.as_str()), ("authorization", good.as_str())];
    rig.send(Method::GET, me, &twice, "").await.is(401, "bad_token");
    rig.send(Method::GET, me, &[], "").await.is(401, "not_logged_in");
    for token in [access, "", "x", &format!("{refresh}x"), &refresh.replace('.', "")] {
        let body = json!({ "refresh_token": token }).to_string();
        let answer = rig.json(Method::POST, "/api/sessions/refresh", body).await;
        answer.is(401, "bad_refresh_token");
    }
    rig.is_well().await;
}

#[tokio::test]
async fn a_token_is_over_with_its_time_and_with_its_session() {
    let rig = Rig::new(&[("PLAYHOUSE_ACCOUNTS_ACCESS_TTL", "3s")]).await;
    let bob = rig.server.person("bob").await;
    let client = rig.server.client();
    let carol = rig.server.person("carol").await;
    carol.delete("/api/sessions/current").await.unwrap();
    let error = carol.get("/api/accounts/me").await.unwrap_err();
    assert!(matches!(error.code(), "session_ended" | "token_expired"), "{error}");
    let ended = async {
        // Slowly enough that no limit of requests is met before the token's end.
        let mut next = tokio::time::interval(Duration::from_millis(100));
        loop {
            next.tick().await;
            if let Err(error) = bob.get("/api/accounts/me").await {
                break error;
            }
        }
    };
    let error = tokio::time::timeout(Duration::from_secs(20), ended).await.unwrap();
    assert_eq!(error.code(), "token_expired");
    let live = Live::connect(&rig.server.base(), bob.token()).await;
    assert!(matches!(live, Err(LiveError::Refused { code: 109, .. })));
    client.get("/healthz").await.unwrap();
    rig.server.saw_no_panic();
}
