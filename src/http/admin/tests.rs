//! The administrator's routes, asked without sockets.

use actix_web::http::{Method, header};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use playhouse_domain::audit;
use playhouse_domain::poll::roll::{self, Roll};
use playhouse_domain::poll::voter::{Digest16, Voter};
use playhouse_domain::room::{Caller, Role};
use playhouse_protocol::ids::{GuestId, RoomId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::Config;
use crate::http::mount::{Base, application, routes};
use crate::server::Server;

const PASSWORD: &str = "correct horse battery";

/// A server with an administrator and a user, asked without its sockets.
struct House {
    server: Server,
    admin: String,
    user: String,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.store.data = folder.path().to_owned();
        config.http.addr.set_port(0);
        config.quic.addr.set_port(0);
        config.admin.password = Some(PASSWORD.to_owned());
        let server = Server::start(config).await.unwrap();
        let accounts = &server.app().accounts;
        accounts.register("ann", "ann@example.org", PASSWORD, Role::User).await.unwrap();
        let admin = accounts.log_in("admin", PASSWORD).await.unwrap().access_token;
        let user = accounts.log_in("ann", PASSWORD).await.unwrap().access_token;
        Self { server, admin, user, _folder: folder }
    }

    async fn ask(&self, token: &str, req: TestRequest) -> (u16, Value) {
        let app = self.server.app();
        let base = Base::new(app.config.clone(), app.phase.clone());
        let service = init_service(application(base, routes(app.clone()))).await;
        let req = match token {
            "" => req,
            token => req.insert_header((header::AUTHORIZATION, format!("Bearer {token}"))),
        };
        let response = call_service(&service, req.to_request()).await;
        let status = response.status().as_u16();
        let body = read_body(response).await;
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn get(&self, token: &str, uri: &str) -> (u16, Value) {
        self.ask(token, TestRequest::with_uri(uri)).await
    }

    async fn post(&self, uri: &str, body: Value) -> (u16, Value) {
        let req = TestRequest::with_uri(uri).method(Method::POST);
        let req = if body.is_null() { req } else { req.set_json(body) };
        self.ask(&self.admin, req).await
    }

    /// Asks until `holds` does.
    async fn until(&self, uri: &str, holds: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..10_000 {
            let (_, told) = self.get(&self.admin, uri).await;
            if holds(&told) {
                return told;
            }
            tokio::task::yield_now().await;
        }
        panic!("{uri} stays as it is");
    }

    /// The audit trail, newest first: what was done and what came of it.
    async fn acts(&self) -> Vec<(String, String)> {
        let (status, acts) = self.get(&self.admin, "/api/admin/acts").await;
        assert_eq!(status, 200, "{acts}");
        let text = |act: &Value, name: &str| act[name].as_str().unwrap().to_owned();
        let items = acts["items"].as_array().unwrap().iter();
        items.map(|act| (text(act, "act"), text(act, "outcome"))).collect()
    }

    async fn room(&self) -> String {
        let id = self.server.app().accounts.find("ann").await.unwrap().unwrap();
        format!("account:{id}")
    }
}

#[actix_web::test]
async fn only_administrators_look_into_rooms() {
    let house = House::open().await;
    let room = house.room().await;
    for uri in [
        "/api/admin/rooms".to_owned(),
        "/api/admin/rooms/stored".to_owned(),
        format!("/api/admin/rooms/{room}"),
        format!("/api/admin/rooms/{room}/journal"),
        format!("/api/admin/rooms/{room}/at/1"),
        "/api/admin/connections".to_owned(),
        "/api/admin/matches".to_owned(),
        "/api/admin/acts".to_owned(),
        "/api/admin/backups".to_owned(),
    ] {
        assert_eq!(house.get("", &uri).await.0, 401, "{uri}");
        assert_eq!(house.get(&house.user, &uri).await.0, 403, "{uri}");
        assert_eq!(house.get(&house.admin, &uri).await.0, 200, "{uri}");
    }
    house.server.stop().await;
}

#[actix_web::test]
async fn a_room_shows_its_state_and_its_past_without_secrets() {
    let house = House::open().await;
    let room = house.room().await;
    let (_, overview) = house.get(&house.admin, "/api/admin/rooms").await;
    assert!(overview["kinds"]["account"]["loaded"].as_u64() >= Some(2), "{overview}");
    let (_, stored) = house.get(&house.admin, "/api/admin/rooms/stored?kind=account").await;
    assert_eq!(stored["items"].as_array().unwrap().len(), 2, "{stored}");
    let (_, state) = house.get(&house.admin, &format!("/api/admin/rooms/{room}")).await;
    assert_eq!((&state["room"], &state["status"]["phase"]), (&json!(room), &json!("live")));
    let (_, past) = house.get(&house.admin, &format!("/api/admin/rooms/{room}/journal")).await;
    assert_eq!(past["records"][0]["seq"], 1, "{past}");
    let text = past.to_string() + &state.to_string();
    assert!(!text.contains("argon2") && !text.contains(PASSWORD), "{text}");
    house.server.stop().await;
}

#[actix_web::test]
async fn a_name_that_names_nothing_is_not_found() {
    let house = House::open().await;
    for room in ["nothing", "nothing:1", "account:0190c7e2-0000-7000-8000-000000000000", ":"] {
        let (status, problem) = house.get(&house.admin, &format!("/api/admin/rooms/{room}")).await;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{room}");
    }
    house.server.stop().await;
}

#[actix_web::test]
async fn a_closed_room_opens_again() {
    let house = House::open().await;
    let uri = format!("/api/admin/rooms/{}", house.room().await);
    let post = |path: &str| TestRequest::with_uri(&format!("{uri}/{path}")).method(Method::POST);
    let close = post("quarantine").set_json(json!({ "reason": "looks odd" }));
    assert_eq!(house.ask(&house.admin, close).await.0, 202);
    let (_, state) = house.get(&house.admin, &uri).await;
    assert_eq!(state["status"]["phase"], "quarantined", "{state}");
    let (_, overview) = house.get(&house.admin, "/api/admin/rooms").await;
    assert_eq!(overview["quarantined"].as_object().unwrap().len(), 1, "{overview}");
    assert_eq!(house.ask(&house.admin, post("reopen")).await.0, 202);
    for _ in 0..200 {
        let (_, state) = house.get(&house.admin, &uri).await;
        if state["status"]["phase"] == "live" {
            house.server.stop().await;
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the room stayed closed");
}

#[actix_web::test]
async fn a_closed_room_is_taken_back_to_an_earlier_record() {
    let house = House::open().await;
    let uri = format!("/api/admin/rooms/{}", house.room().await);
    let post = |path: &str, body: Value| {
        TestRequest::with_uri(&format!("{uri}/{path}")).method(Method::POST).set_json(body)
    };
    let (_, past) = house.get(&house.admin, &format!("{uri}/journal")).await;
    let newest = past["newest"].as_u64().unwrap();
    let rewind = |to: u64| post("rewind", json!({ "to": to }));
    assert_eq!(house.ask(&house.user, rewind(1)).await.0, 403);
    let (status, open) = house.ask(&house.admin, rewind(newest)).await;
    assert_eq!((status, &open["code"]), (409, &json!("not_quarantined")), "{open}");
    let close = post("quarantine", json!({ "reason": "looks odd" }));
    assert_eq!(house.ask(&house.admin, close).await.0, 202);
    let (status, no_such) = house.ask(&house.admin, rewind(newest + 1)).await;
    assert_eq!((status, &no_such["code"]), (409, &json!("rewrite_refused")), "{no_such}");
    let (status, done) = house.ask(&house.admin, rewind(newest)).await;
    assert_eq!((status, &done["revision"]), (200, &json!(newest + 1)), "{done}");
    let (_, state) = house.get(&house.admin, &uri).await;
    assert_eq!(state["status"]["phase"], "live", "{state}");
    let (_, past) = house.get(&house.admin, &format!("{uri}/journal")).await;
    let last = past["records"].as_array().unwrap().last().unwrap();
    assert_eq!(last["cause"]["rewrite"], json!({ "rewind": newest }), "{past}");
    assert!(!past.to_string().contains("argon2"), "{past}");
    house.server.stop().await;
}

#[actix_web::test]
async fn a_room_is_rebuilt_and_a_snapshot_of_it_is_stored_on_demand() {
    let house = House::open().await;
    let uri = format!("/api/admin/rooms/{}", house.room().await);
    let (_, before) = house.get(&house.admin, &uri).await;
    let (status, stored) = house.post(&format!("{uri}/snapshot"), Value::Null).await;
    assert_eq!((status, &stored["record"]), (200, &before["status"]["revision"]), "{stored}");
    assert_eq!(house.post(&format!("{uri}/restart"), Value::Null).await.0, 202);
    let after = house.until(&uri, |room| room["status"]["phase"] == "live").await;
    assert_eq!((&after["view"], &after["status"]["last_crash"]), (&before["view"], &Value::Null));
    assert!(after["status"]["bytes"].as_u64() > Some(0), "{after}");
    let nobody = "/api/admin/rooms/account:0190c7e2-0000-7000-8000-000000000000";
    assert_eq!(house.post(&format!("{nobody}/snapshot"), Value::Null).await.0, 404);
    let close = house.post(&format!("{uri}/quarantine"), json!({ "reason": "a look" })).await;
    assert_eq!(close.0, 202);
    for act in ["restart", "snapshot"] {
        let (status, problem) = house.post(&format!("{uri}/{act}"), Value::Null).await;
        assert_eq!((status, &problem["code"]), (409, &json!("is_quarantined")), "{act}");
    }
    house.server.stop().await;
}

#[actix_web::test]
async fn every_record_of_a_room_can_be_gone_back_to_and_none_that_is_not_there() {
    let house = House::open().await;
    let uri = format!("/api/admin/rooms/{}", house.room().await);
    let (_, room) = house.get(&house.admin, &uri).await;
    let newest = room["status"]["revision"].as_u64().unwrap();
    let (status, none) = house.get(&house.admin, &format!("{uri}/at/0")).await;
    assert_eq!((status, &none["view"], &none["at"]), (200, &Value::Null, &Value::Null));
    let (status, now) = house.get(&house.admin, &format!("{uri}/at/{newest}")).await;
    assert_eq!((status, &now["view"], &now["newest"]), (200, &room["view"], &json!(newest)));
    let (status, problem) = house.get(&house.admin, &format!("{uri}/at/{}", newest + 1)).await;
    assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    for other in ["/at/x", "/at/-1", "/parts/A1"] {
        assert_eq!(house.get(&house.admin, &format!("{uri}{other}")).await.0, 404, "{other}");
    }
    house.server.stop().await;
}

#[actix_web::test]
async fn a_past_that_a_kind_does_not_keep_is_gone_and_tells_no_times() {
    let house = House::open().await;
    let room = RoomId::new("roll", "0190c7e2-0000-7000-8000-000000000000").unwrap();
    for n in 1..=3 {
        let guest = GuestId(Uuid::from_u128(n));
        let voter = Voter::Device(guest);
        let command = roll::Command::Issue { voter, request: Digest16::of(b"a request") };
        let rooms = &house.server.app().rooms;
        rooms.ask::<Roll>(&room, Caller::Guest(guest), None, &command).await.unwrap();
    }
    let uri = format!("/api/admin/rooms/{room}");
    let (status, then) = house.get(&house.admin, &format!("{uri}/at/3")).await;
    assert_eq!((status, &then["at"], &then["view"]), (200, &Value::Null, &Value::Null), "{then}");
    assert_eq!(house.post(&format!("{uri}/snapshot"), Value::Null).await.0, 200);
    let (status, problem) = house.get(&house.admin, &format!("{uri}/at/2")).await;
    assert_eq!((status, &problem["code"]), (410, &json!("record_gone")), "{problem}");
    assert_eq!(house.get(&house.admin, &format!("{uri}/at/3")).await.0, 200);
    house.server.stop().await;
}

#[actix_web::test]
async fn every_act_is_in_the_trail_with_what_came_of_it() {
    let house = House::open().await;
    let uri = format!("/api/admin/rooms/{}", house.room().await);
    house.post(&format!("{uri}/rewind"), json!({ "to": 1 })).await;
    house.post(&format!("{uri}/quarantine"), json!({ "reason": "looks\nodd" })).await;
    house.post(&format!("{uri}/reopen"), Value::Null).await;
    let id = house.room().await.replace("account:", "");
    let change = TestRequest::with_uri(&format!("/api/admin/accounts/{id}"));
    let change = change.method(Method::PATCH).set_json(json!({ "role": "organizer" }));
    assert_eq!(house.ask(&house.admin, change).await.0, 200);
    let said = |act: &str, outcome: &str| (act.to_owned(), outcome.to_owned());
    let expected = [
        said("account.change", "done"),
        said("room.reopen", "done"),
        said("room.quarantine", "done"),
        said("room.rewind", "refused"),
        said("admin.create", "done"),
    ];
    assert_eq!(house.acts().await, expected);
    let (_, acts) = house.get(&house.admin, "/api/admin/acts?limit=2").await;
    assert_eq!(acts["items"][0]["by"]["name"], "admin", "{acts}");
    assert_eq!(acts["items"][0]["detail"], "role organizer");
    let rest = format!("/api/admin/acts?cursor={}", acts["next"].as_str().unwrap());
    let (_, rest) = house.get(&house.admin, &rest).await;
    assert_eq!(rest["items"][0]["detail"], "looksodd");
    assert_eq!(rest["items"][1]["code"], "not_quarantined", "{rest}");
    assert!(!rest.to_string().contains(PASSWORD));
    house.server.stop().await;
}

#[actix_web::test]
async fn an_act_that_cannot_be_taken_down_is_not_done_and_the_trail_can_be_opened_again() {
    let house = House::open().await;
    let uri = format!("/api/admin/rooms/{}", house.room().await);
    let trail = "/api/admin/rooms/audit:house";
    let (status, problem) =
        house.post(&format!("{trail}/quarantine"), json!({ "reason": "hide" })).await;
    assert_eq!((status, &problem["code"]), (409, &json!("audit_trail")), "{problem}");
    house.server.app().rooms.quarantine(&audit::room(), "as if damaged".into()).unwrap();
    let (status, problem) =
        house.post(&format!("{uri}/quarantine"), json!({ "reason": "a look" })).await;
    assert_eq!((status, &problem["code"]), (503, &json!("store_unavailable")), "{problem}");
    let (_, room) = house.get(&house.admin, &uri).await;
    assert_eq!(room["status"]["phase"], "live", "nothing was done");
    assert_eq!(house.post(&format!("{trail}/reopen"), Value::Null).await.0, 202);
    let expected = [("room.reopen", "done"), ("admin.create", "done")];
    let expected = expected.map(|(act, outcome)| (act.to_owned(), outcome.to_owned()));
    assert_eq!(house.acts().await, expected);
    house.server.stop().await;
}

#[actix_web::test]
async fn backups_are_made_listed_and_deleted() {
    let house = House::open().await;
    let (status, made) = house.post("/api/admin/backups", Value::Null).await;
    assert_eq!(status, 201, "{made}");
    let (_, listed) = house.get(&house.admin, "/api/admin/backups").await;
    assert_eq!(listed, json!({ "items": [made], "next": null }));
    let uri = format!("/api/admin/backups/{}", made["name"].as_str().unwrap());
    let delete = || TestRequest::with_uri(&uri).method(Method::DELETE);
    assert_eq!(house.ask(&house.user, delete()).await.0, 403);
    assert_eq!(house.ask(&house.admin, delete()).await.0, 204);
    assert_eq!(house.ask(&house.admin, delete()).await.0, 404);
    let acts: Vec<String> = house.acts().await.into_iter().map(|(act, _)| act).collect();
    assert_eq!(acts, ["backup.delete", "backup.delete", "backup", "admin.create"]);
    house.server.stop().await;
}

#[actix_web::test]
async fn the_overview_says_how_the_journal_and_the_process_do() {
    let house = House::open().await;
    let (_, all) = house.get(&house.admin, "/api/admin/rooms").await;
    assert!(all["journal"]["frames"].as_u64() > Some(0), "{all}");
    for times in ["sync_ms", "commit_ms"] {
        let (p50, p99) = (&all["journal"][times]["p50"], &all["journal"][times]["p99"]);
        assert!(p50.as_f64() <= p99.as_f64() && p50.as_f64() > Some(0.0), "{all}");
    }
    assert!(all["kinds"]["account"]["bytes"].as_u64() > Some(0), "{all}");
    assert_eq!((&all["kinds"]["account"]["watchers"], &all["crashes"]), (&json!(0), &json!([])));
    assert!(all["server"]["resident_bytes"].as_u64() > Some(1 << 20), "{all}");
    house.server.stop().await;
}
