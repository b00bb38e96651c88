//! Other people's things, and what a role does not allow.

use reqwest::Method;
use serde_json::json;

use super::Rig;

#[tokio::test]
async fn other_peoples_things_cannot_be_seen_or_touched() {
    let rig = Rig::new(&[]).await;
    let bob = rig.server.person("bob").await;
    let hold = rig.ann.post(&rig.holds(), json!({ "seats": ["A2"] })).await.unwrap();
    let hold = format!("{}/{}", rig.holds(), hold["hold_id"].as_str().unwrap());
    let booking = format!("/api/bookings/{}", rig.booking["id"].as_str().unwrap());
    for (method, path, body) in [
        (Method::GET, booking.clone(), String::new()),
        (Method::POST, format!("{booking}/cancel"), String::new()),
        (Method::POST, format!("{booking}/transfer"), json!({ "name": "Bob" }).to_string()),
        (Method::DELETE, hold.clone(), String::new()),
        (Method::POST, format!("{hold}/extend"), String::new()),
        (Method::POST, format!("{hold}/purchase"), json!({ "payment_token": "ok" }).to_string()),
    ] {
        // Nobody learns from the answer whether it exists.
        rig.json_as(&bob, method, &path, body).await.is(404, "not_found");
    }
    assert_eq!(bob.get("/api/bookings").await.unwrap()["items"], json!([]));
    let map = bob.get(&format!("{}/seats", rig.path)).await.unwrap();
    assert_eq!(map["mine"]["holds"], json!([]));
    assert!(map.get("sales").is_none_or(serde_json::Value::is_null), "{map}");
    rig.ann.delete(&hold).await.unwrap();
    rig.is_well().await;
}

#[tokio::test]
async fn what_a_role_does_not_allow_is_forbidden() {
    let rig = Rig::new(&[]).await;
    let id = rig.ann.get("/api/accounts/me").await.unwrap()["id"].as_str().unwrap().to_owned();
    let (post, patch) = (Method::POST, Method::PATCH);
    let row = json!({ "row": "A", "seats": 5, "kind": "standard" });
    let ids = rig.ann.get(&rig.path).await.unwrap();
    let showing = json!({ "movie_id": ids["movie_id"], "screen_id": ids["screen_id"],
        "starts_at": "2027-05-01T20:00:00Z", "prices": { "standard": "0.01" } });
    for (method, path, body) in [
        (post.clone(), "/api/movies".to_owned(), json!({ "title": "Mine", "minutes": 9 })),
        (
            post.clone(),
            "/api/screens".into(),
            json!({ "name": "1", "theater": "T", "rows": [row] }),
        ),
        (post.clone(), "/api/showings".into(), showing),
        (post, format!("{}/blocks", rig.path), json!({ "seats": ["A2"], "reason": "mine" })),
        (patch, format!("/api/admin/accounts/{id}"), json!({ "role": "admin" })),
    ] {
        rig.json(method, &path, body.to_string()).await.is(403, "forbidden");
    }
    for path in ["/api/admin/accounts", "/api/admin/rooms"] {
        rig.json(Method::GET, path, "").await.is(403, "forbidden");
    }
    let room = format!("/api/admin/rooms/account:{id}");
    rig.json(Method::GET, &room, "").await.is(403, "forbidden");
    rig.is_well().await;
}
