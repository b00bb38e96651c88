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
    let stranger = json!("01a00000-0000-7000-8000-000000000000");
    let mut tokens = vec![
        (
            "a changed claim",
            format!("{}.{}.{}", parts[0], part(&with(&claims, "sub", stranger.clone())), parts[2]),
        ),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{good}.{}", parts[2])),
        ("a cut signature", good[..good.len() - 4].to_owned()),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("no token", "x".to_owned()),
        ("a long one", format!("{good}{}", "A".repeat(5000))),
        ("another's key", forge(&header, &claims, b"the key of another server, 32 b!")),
        ("an empty key", forge(&header, &claims, b"")),
    ];
    for alg in ["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA"] {
        tokens
            .push(("another algorithm", forge(&with(&header, "alg", json!(alg)), &claims, secret)));
    }
    for kid in ["", "../../../../dev/null", "' or 1=1 --", "/proc/self/environ", "0"] {
        tokens.push(("a made-up key", forge(&with(&header, "kid", json!(kid)), &claims, b"")));
    }
    let key = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(b"mine") });
    let no_kid = json!({ "alg": "HS256", "typ": "JWT", "jwk": key, "jku": "http://127.0.0.1:1/" });
    tokens.push(("a key of its own", forge(&no_kid, &claims, b"mine")));
    for (name, value) in [
        ("exp", Value::Null),
        ("exp", json!("never")),
        ("exp", json!(-1)),
        ("exp", json!(0)),
        ("iss", json!("elsewhere")),
        ("aud", json!("elsewhere")),
        ("sub", Value::Null),
        ("sub", json!("admin")),
        ("sub", stranger.clone()),
        ("sid", stranger.clone()),
        ("sid", json!(7)),
    ] {
        tokens.push((name, forge(&header, &with(&claims, name, value), secret)));
    }
    tokens
}

#[tokio::test]
async fn a_forged_token_opens_nothing() {
    let rig = Rig::new(&[]).await;
    let keys = std::fs::read_to_string(rig.server.data().join("keys.json")).unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let secret = keys["keys"][0]["secret"].as_str().unwrap();
    let secret = URL_SAFE_NO_PAD.decode(secret).unwrap();
    let good = rig.ann.token().unwrap().to_owned();
    let parts: Vec<&str> = good.split('.').collect();
    // The forger of this test can sign: the same claims under the same key are believed.
    let own = forge(&decoded(parts[0]), &decoded(parts[1]), &secret);
    let bearer = |token: &str| format!("Bearer {token}");
    let me = "/api/accounts/me";
    let answer = rig.send(Method::GET, me, &[("authorization", &bearer(&own))], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);

    for (what, token) in forged(&good, &secret) {
        for path in [me.to_owned(), format!("{}/seats", rig.path)] {
            let answer =
                rig.send(Method::GET, &path, &[("authorization", &bearer(&token))], "").await;
            let code = answer.problem();
            assert_eq!(answer.status, 401, "{what}: {code} {token:.200}");
        }
        let live = Live::connect(&rig.server.base(), Some(&token)).await;
        assert!(live.is_err() || token.is_empty(), "{what} opened a live connection: {token:.200}");
    }
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
