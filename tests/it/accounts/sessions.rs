//! How sessions go on, and when they end.

use std::time::{Duration, Instant};

use playhouse_loadtest::live::{Live, LiveError};
use reqwest::Method;
use serde_json::{Value, json};

use super::{AT_ONCE, PASSWORD, Rig, Session};
use crate::server::ADMIN;

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_is_repeated_and_the_session_goes_on() {
    let rig = Rig::start(&[]);
    let first = rig.person("ann").await;
    // The answer to this is lost.
    let lost = Session::read(&rig.refresh(&first.refresh).await.ok());
    let second = Session::read(&rig.refresh(&first.refresh).await.ok());
    assert_ne!(lost.refresh, second.refresh, "a token is never told twice");
    let third = Session::read(&rig.refresh(&second.refresh).await.ok());
    for session in [&first, &lost, &second, &third] {
        rig.me(&session.access).await.ok();
    }
    let fourth = Session::read(&rig.refresh(&third.refresh).await.ok());
    // One that never arrived comes up after all: somebody listened.
    let used = Instant::now();
    assert_eq!(rig.refresh(&lost.refresh).await.refused(), (401, "refresh_token_reused"));
    rig.is_over(&fourth, used).await;
    rig.server.saw_no_panic();
}

#[tokio::test]
async fn the_reuse_of_an_old_refresh_token_ends_its_session_and_no_other() {
    let rig = Rig::start(&[("PLAYHOUSE_ACCOUNTS_REFRESH_REPEAT", "0s")]);
    let first = rig.person("ann").await;
    let other = rig.log_in("ann").await;
    let second = Session::read(&rig.refresh(&first.refresh).await.ok());
    let mut live = Live::connect(&rig.server.base(), Some(&second.access)).await.unwrap();
    // The window is nothing here, but the clock may stand within one millisecond.
    let reused = loop {
        let answer = rig.refresh(&first.refresh).await;
        if !answer.status.is_success() {
            break answer;
        }
    };
    let used = Instant::now();
    assert_eq!(reused.refused(), (401, "refresh_token_reused"));
    let closed = live.push(AT_ONCE * 5).await.unwrap_err().to_string();
    assert!(closed.contains("3500") && used.elapsed() < AT_ONCE, "{closed} {:?}", used.elapsed());
    rig.is_over(&second, used).await;
    rig.me(&other.access).await.ok();
    rig.refresh(&other.refresh).await.ok();
    rig.server.saw_no_panic();
}

/// Does something that ends ann's session, and sees REST and the socket end with it at once.
async fn ends(rig: &Rig, what: &str, session: &Session, end: impl AsyncFnOnce() -> u16) {
    let mut live = Live::connect(&rig.server.base(), Some(&session.access)).await.unwrap();
    rig.me(&session.access).await.ok();
    let status = end().await;
    let since = Instant::now();
    assert!((200..300).contains(&status), "{what}: {status}");
    rig.is_over(session, since).await;
    let closed = live.push(AT_ONCE * 5).await.unwrap_err().to_string();
    assert!(closed.contains("3500"), "{what}: {closed}");
    assert!(since.elapsed() < AT_ONCE, "{what}: the socket closed after {:?}", since.elapsed());
}

#[tokio::test]
async fn a_log_out_a_new_password_a_lost_role_and_a_ban_end_sessions_at_once() {
    let rig = Rig::start(&[]);
    let admin = Session::read(&rig.try_log_in("admin", ADMIN).await.ok()).access;
    let ann = rig.person("ann").await;
    let id = rig.me(&ann.access).await.ok()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/admin/accounts/{id}");
    let change =
        async |body: Value| rig.ask(&admin, Method::PATCH, &path, Some(body)).await.status.as_u16();
    let bearer = async |token: &str, method, path: &str, body| {
        rig.ask(token, method, path, body).await.status.as_u16()
    };

    ends(&rig, "a log-out", &ann, async || {
        bearer(&ann.access, Method::DELETE, "/api/sessions/current", None).await
    })
    .await;

    let [one, two] = [rig.log_in("ann").await, rig.log_in("ann").await];
    ends(&rig, "a log-out everywhere", &one, async || {
        bearer(&two.access, Method::DELETE, "/api/sessions", None).await
    })
    .await;

    let [one, two] = [rig.log_in("ann").await, rig.log_in("ann").await];
    let new = "another horse battery";
    let body = |old: &str, new: &str| Some(json!({ "old": old, "new": new }));
    let to = "/api/accounts/me/password";
    assert_eq!(bearer(&two.access, Method::POST, to, body("wrong", new)).await, 403);
    assert_eq!(bearer(&two.access, Method::POST, to, body(PASSWORD, "short")).await, 422);
    rig.me(&two.access).await.ok();
    ends(&rig, "a new password", &one, async || {
        bearer(&two.access, Method::POST, to, body(PASSWORD, new)).await
    })
    .await;
    rig.is_over(&two, Instant::now()).await;
    assert_eq!(rig.try_log_in("ann", PASSWORD).await.refused(), (401, "wrong_login"));
    let three = Session::read(&rig.try_log_in("ann", new).await.ok());
    assert_eq!(bearer(&three.access, Method::POST, to, body(new, PASSWORD)).await, 204);

    assert_eq!(change(json!({ "role": "organizer" })).await, 200);
    let ann = rig.log_in("ann").await;
    ends(&rig, "a lost role", &ann, async || change(json!({ "role": "user" })).await).await;

    let ann = rig.log_in("ann").await;
    ends(&rig, "a ban", &ann, async || change(json!({ "banned": true })).await).await;
    assert_eq!(rig.try_log_in("ann", PASSWORD).await.refused(), (403, "banned"));
    assert_eq!(rig.try_log_in("ann", "a wrong one").await.refused(), (401, "wrong_login"));
    assert_eq!(change(json!({ "banned": false })).await, 200);
    rig.log_in("ann").await;
    rig.server.saw_no_panic();
}

#[tokio::test]
async fn a_socket_ends_with_its_token_and_a_newer_token_opens_another() {
    let rig = Rig::start(&[("PLAYHOUSE_ACCOUNTS_ACCESS_TTL", "3s")]);
    let ann = rig.person("ann").await;
    let connect = async |token: &str| Live::connect(&rig.server.base(), Some(token)).await;
    let mut live = connect(&ann.access).await.unwrap();
    let opened = Instant::now();
    let closed = live.push(AT_ONCE * 5).await.unwrap_err().to_string();
    assert!(closed.contains("3005"), "{closed}");
    assert!(opened.elapsed() < Duration::from_secs(3) + AT_ONCE, "{:?}", opened.elapsed());
    assert_eq!(rig.me(&ann.access).await.refused(), (401, "token_expired"));
    let Err(LiveError::Refused { code: 109, .. }) = connect(&ann.access).await else {
        panic!("a token that has ended opened a connection");
    };
    let newer = Session::read(&rig.refresh(&ann.refresh).await.ok());
    connect(&newer.access).await.unwrap();
    rig.server.saw_no_panic();
}

#[tokio::test]
async fn what_was_checked_against_a_password_that_is_replaced_meanwhile_leads_to_nothing() {
    let rig = Rig::start(&[]);
    let ann = rig.person("ann").await;
    let change = async |new: &str| {
        let body = Some(json!({ "old": PASSWORD, "new": new }));
        rig.ask(&ann.access, Method::POST, "/api/accounts/me/password", body).await.status
    };
    // Somebody else knows the old password, and is at the door until it is no longer good.
    let knock = async || while rig.try_log_in("ann", PASSWORD).await.status.is_success() {};
    let (one, other, ..) =
        tokio::join!(change("one horse"), change("other horse"), knock(), knock(), knock());
    assert_eq!([one, other].iter().filter(|status| **status == 204).count(), 1, "{one} {other}");
    let new = if one == 204 { "one horse" } else { "other horse" };
    let opened = Session::read(&rig.try_log_in("ann", new).await.ok());
    let seen = rig.ask(&opened.access, Method::GET, "/api/sessions", None).await.ok();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "{seen}");
    rig.server.saw_no_panic();
}

#[tokio::test]
async fn sessions_and_keys_outlive_a_crash_and_a_rotation() {
    let mut rig = Rig::start(&[]);
    let ann = rig.person("ann").await;
    let gone = rig.log_in("ann").await;
    rig.ask(&gone.access, Method::DELETE, "/api/sessions/current", None).await;
    rig.crash();
    rig.me(&ann.access).await.ok();
    assert_eq!(rig.me(&gone.access).await.refused(), (401, "session_ended"));

    let kid = |token: &str| token.split('.').next().unwrap().to_owned();
    let (rotated, said) = rig.run(&["keys", "rotate"], "");
    assert!(rotated, "{said}");
    rig.me(&ann.access).await.ok();
    let next = Session::read(&rig.refresh(&ann.refresh).await.ok());
    assert_ne!(kid(&ann.access), kid(&next.access), "the new key signs");
    rig.crash();
    for session in [&ann, &next] {
        rig.me(&session.access).await.ok();
    }
    rig.refresh(&next.refresh).await.ok();
    rig.server.saw_no_panic();
}

#[tokio::test]
async fn one_sees_ones_own_sessions_and_the_oldest_of_too_many_ends() {
    let rig = Rig::start(&[]);
    let first = rig.person("ann").await;
    let mut last = first.clone();
    for _ in 0..20 {
        last = rig.log_in("ann").await;
    }
    let seen = rig.ask(&last.access, Method::GET, "/api/sessions", None).await.ok();
    let items = seen["items"].as_array().unwrap();
    assert_eq!(items.len(), 20, "{seen}");
    assert!(items.iter().any(|item| item["id"] == seen["current"]), "{seen}");
    assert!(items.iter().all(|item| item["until"].as_str() > item["opened_at"].as_str()), "{seen}");
    rig.is_over(&first, Instant::now()).await;
}

#[tokio::test]
async fn a_browser_keeps_its_refresh_token_where_no_script_and_no_other_page_reaches_it() {
    let rig = Rig::start(&[]);
    rig.register("ann").await.ok();
    let log_in = json!({ "login": "ann", "password": PASSWORD, "cookie": true });
    let origin = rig.server.base();
    let own = [("origin", origin.as_str())];
    let answer = rig.send(Method::POST, "/api/sessions", &own, Some(log_in.clone())).await;
    let (cookie, attributes) = answer.cookie().unwrap();
    for wanted in ["httponly", "samesite=strict", "path=/api/sessions", "max-age=2592000"] {
        assert!(attributes.iter().any(|given| given == wanted), "{wanted}: {attributes:?}");
    }
    assert!(answer.body.get("refresh_token").is_none(), "{answer:?}");
    let access = answer.ok()["access_token"].as_str().unwrap().to_owned();
    let foreign = [("origin", "https://evil.example")];
    let answer = rig.send(Method::POST, "/api/sessions", &foreign, Some(log_in)).await;
    assert_eq!(answer.refused(), (403, "foreign_origin"));

    let path = "/api/sessions/refresh";
    let held = format!("playhouse_refresh={cookie}");
    let json = ("content-type", "application/json");
    let (evil, sandbox) = (("origin", "https://evil.example"), ("origin", "null"));
    for (headers, refused) in [
        (vec![("cookie", held.as_str()), json, evil], (403, "foreign_origin")),
        (vec![("cookie", held.as_str()), json, sandbox], (403, "foreign_origin")),
        (vec![("cookie", held.as_str())], (415, "unsupported_media_type")),
        (
            vec![("cookie", held.as_str()), ("content-type", "text/plain")],
            (415, "unsupported_media_type"),
        ),
        (vec![json], (401, "bad_refresh_token")),
    ] {
        let answer = rig.send(Method::POST, path, &headers, None).await;
        assert_eq!(answer.refused(), refused, "{headers:?}");
    }
    let headers = [("cookie", held.as_str()), json, own[0]];
    let answer = rig.send(Method::POST, path, &headers, None).await;
    let (next, _) = answer.cookie().unwrap();
    assert!(next != cookie && answer.body.get("refresh_token").is_none(), "{answer:?}");

    // The access token is gone with its page; the cookie says whose session it is.
    let current = "/api/sessions/current";
    let held = format!("playhouse_refresh={next}");
    let answer = rig.send(Method::DELETE, current, &[("cookie", &held), evil], None).await;
    assert_eq!(answer.refused(), (403, "foreign_origin"));
    let answer = rig.send(Method::DELETE, current, &[("cookie", &held)], None).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.cookie().unwrap().0, "", "the cookie is removed");
    assert_eq!(rig.me(&access).await.refused(), (401, "session_ended"));
    let answer = rig.send(Method::POST, path, &[("cookie", &held), json], None).await;
    assert_eq!(answer.refused(), (401, "session_ended"));
    assert_eq!(answer.cookie().unwrap().0, "", "a cookie that is no longer good is removed");
    assert_eq!(
        rig.send(Method::DELETE, current, &[], None).await.refused(),
        (401, "not_logged_in")
    );
    rig.server.saw_no_panic();
}

#[tokio::test]
async fn pages_that_come_back_at_once_share_a_session() {
    let rig = Rig::start(&[]);
    let ann = rig.person("ann").await;
    let pages = (0..6).map(|_| rig.refresh(&ann.refresh));
    let answers = futures_util::future::join_all(pages).await;
    let sessions: Vec<Session> =
        answers.into_iter().map(|answer| Session::read(&answer.ok())).collect();
    // The browser keeps whichever answer came last, and that may be any of them.
    let next = Session::read(&rig.refresh(&sessions[2].refresh).await.ok());
    for session in &sessions {
        rig.me(&session.access).await.ok();
    }
    rig.me(&next.access).await.ok();
    rig.server.saw_no_panic();
}

#[tokio::test]
async fn no_password_and_no_token_is_in_the_log_or_in_any_file() {
    let mut rig = Rig::start(&[("PLAYHOUSE_LOG_LEVEL", "trace")]);
    let ann = rig.person("ann").await;
    let next = Session::read(&rig.refresh(&ann.refresh).await.ok());
    rig.try_log_in("ann", "a wrong secret").await;
    let change = json!({ "old": PASSWORD, "new": "another secret" });
    let path = "/api/accounts/me/password";
    assert_eq!(rig.ask(&next.access, Method::POST, path, Some(change)).await.status, 204);
    let last = Session::read(&rig.try_log_in("ann", "another secret").await.ok());
    let (status, _) = rig.server.stop();
    assert!(status.success());

    let mut secrets: Vec<&str> = vec![PASSWORD, "a wrong secret", "another secret"];
    for session in [&ann, &next, &last] {
        secrets.extend([session.access.as_str(), session.refresh.as_str()]);
    }
    let mut places = vec![("the log".to_owned(), rig.server.logged().into_bytes())];
    let mut folders = vec![rig.server.data()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    let kept = places.iter().any(|(_, bytes)| holds(bytes, "ann@example.org"));
    assert!(kept, "what is looked through is where accounts are");
    for (place, bytes) in &places {
        for secret in &secrets {
            assert!(!holds(bytes, secret), "{secret} is in {place}");
        }
    }
}
