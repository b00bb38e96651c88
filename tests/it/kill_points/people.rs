//! Accounts and their sessions.

use playhouse_loadtest::client::{Client, new_key};
use reqwest::Method;
use serde_json::{Value, json};

use super::case::{Again, Case, Seen};
use super::house::{House, PASSWORD, id};

const ME: &str = "/api/accounts/me";

/// Somebody with an account of their own, logged in twice.
async fn somebody(house: &House, name: &str) -> (Client, Client, String) {
    let nobody = house.server.client();
    let one = nobody.come_in(name, PASSWORD).await.unwrap();
    let other = nobody.log_in(name, PASSWORD).await.unwrap();
    let me = one.get(ME).await.unwrap();
    (one, other, format!("account:{}", id(&me)))
}

/// The case of an operation about accounts.
pub(super) async fn of_people(house: &House, operation: &str) -> Case {
    let nobody = house.server.client();
    let out = Seen::Refused("session_ended");
    match operation {
        "POST /api/accounts" => {
            let name = format!("p{}", &new_key()[..18]);
            let who = json!({ "username": name, "email": format!("{name}@example.org"),
                "password": PASSWORD });
            let found = format!("/api/admin/accounts?name={name}");
            let once = Seen::Listed("/items", "username", json!(name), 1);
            Case::post(&nobody, "/api/accounts", who).makes("account").sees(
                &house.admin,
                found,
                once,
            )
        }
        "POST /api/accounts/me/password" => {
            let name = format!("q{}", &new_key()[..18]);
            let (one, other, room) = somebody(house, &name).await;
            let change = json!({ "old": PASSWORD, "new": "another long password" });
            // Done once, every session has ended, that of who asks again too.
            Case::post(&one, "/api/accounts/me/password", change)
                .of(room)
                .again(Again::Or("session_ended"))
                .sees(&other, ME, out)
                .logs_in(&nobody, &name, "another long password", true)
                .logs_in(&nobody, &name, PASSWORD, false)
        }
        "PATCH /api/admin/accounts/{id}" => {
            let (_, _, room) = somebody(house, "rob").await;
            let account = room.trim_start_matches("account:").to_owned();
            let path = format!("/api/admin/accounts/{account}");
            let before = json!({ "role": "user" });
            house.admin.ask(Method::PATCH, &path, None, Some(&before)).await.unwrap();
            let role = json!({ "role": "organizer" });
            let is = Seen::Listed("/items", "role", json!("organizer"), 1);
            Case::new(&house.admin, Method::PATCH, path, role).of(super::admin::TRAIL).sees(
                &house.admin,
                "/api/admin/accounts?name=rob",
                is,
            )
        }
        "POST /api/sessions" => {
            let (one, _, room) = somebody(house, "sid").await;
            // Each log-in is a session of its own, so nothing is lost by one more.
            Case::post(&nobody, "/api/sessions", json!({ "login": "sid", "password": PASSWORD }))
                .of(room)
                .again(Again::Well)
                .sees(&one, ME, Seen::At("/username", json!("sid")))
        }
        "DELETE /api/sessions" => {
            let (one, other, room) = somebody(house, "all").await;
            Case::new(&one, Method::DELETE, "/api/sessions", Value::Null)
                .of(room)
                .again(Again::Or("session_ended"))
                .sees(&one, ME, out.clone())
                .sees(&other, ME, out)
        }
        "DELETE /api/sessions/current" => {
            let (one, other, room) = somebody(house, "cur").await;
            Case::new(&one, Method::DELETE, "/api/sessions/current", Value::Null)
                .of(room)
                .again(Again::Or("session_ended"))
                .sees(&one, ME, out)
                .sees(&other, ME, Seen::At("/username", json!("cur")))
        }
        "POST /api/sessions/refresh" => {
            let (_, _, room) = somebody(house, "ref").await;
            let login = json!({ "login": "ref", "password": PASSWORD });
            let tokens = nobody.ask(Method::POST, "/api/sessions", None, Some(&login)).await;
            let tokens = tokens.unwrap();
            let session = nobody.with_token(tokens["access_token"].as_str().unwrap());
            let refresh = json!({ "refresh_token": tokens["refresh_token"] });
            // The answer may have been lost: the same exchange is forgiven for 30 s.
            Case::post(&nobody, "/api/sessions/refresh", refresh).of(room).again(Again::Well).sees(
                &session,
                ME,
                Seen::At("/username", json!("ref")),
            )
        }
        other => panic!("nobody tries {other}"),
    }
}
