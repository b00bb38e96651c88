//! Getting in: who is told what, and what happens once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, PASSWORD, Rig, Session};
use crate::server::ADMIN;

fn part(token: &str, n: usize) -> Value {
    let part = token.split('.').nth(n).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_person_registers_and_logs_in_by_name_or_address_in_any_case() {
    let rig = Rig::start(&[]);
    let made = rig.register("Ann").await;
    assert_eq!(made.status, 201, "{made:?}");
    let account = made.ok();
    assert_eq!((&account["username"], &account["role"]), (&json!("Ann"), &json!("user")));
    for login in ["Ann", "ann", "ANN", "ann@example.org", "Ann@Example.ORG"] {
        let tokens = rig.try_log_in(login, PASSWORD).await;
        assert_eq!(tokens.headers["cache-control"], "no-store");
        let tokens = tokens.ok();
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
        let session = Session::read(&tokens);
        assert_eq!(rig.me(&session.access).await.ok(), account);
        let (header, claims) = (part(&session.access, 0), part(&session.access, 1));
        assert_eq!(header["alg"], "HS256");
        assert_eq!((&claims["sub"], &claims["name"]), (&account["id"], &json!("Ann")));
        let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!((life, &claims["role"]), (900, &json!("user")));
    }
    rig.server.saw_no_panic();
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_answer_in_about_the_same_time() {
    let rig = Rig::start(&[]);
    rig.person("ann").await;
    let mut times = [Vec::new(), Vec::new()];
    let mut answers = Vec::new();
    for _ in 0..7 {
        for (place, login) in ["ann", "nobody"].into_iter().enumerate() {
            let asked = std::time::Instant::now();
            let answer = rig.try_log_in(login, "wrong horse battery").await;
            times[place].push(asked.elapsed());
            answers.push((answer.status.as_u16(), answer.body));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!((answers[0].0, &answers[0].1["code"]), (401, &json!("wrong_login")));
    let [known, unknown] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    // Far apart is only what would leave the hash out: the machine may be busy.
    assert!(unknown > known / 3 && unknown < known * 3, "{known:?} and {unknown:?}");
}

#[tokio::test]
async fn of_a_hundred_who_want_one_name_at_once_one_gets_it_and_the_others_hear_why_not() {
    let rig = Rig::start(&[("PLAYHOUSE_HTTP_TRUSTED_PROXIES", "127.0.0.1")]);
    let hundred = async |from: &str, name: &dyn Fn(usize) -> String| {
        let headers = [("x-forwarded-for", from)];
        let wanted = (0..100).map(|n| {
            let email = format!("person{n}@example.org");
            let body = json!({ "username": name(n), "email": email, "password": PASSWORD });
            rig.send(Method::POST, "/api/accounts", &headers, Some(body))
        });
        join_all(wanted).await
    };
    let count = |answers: &[Answer], code: &str| {
        let made = answers.iter().filter(|a| a.status == 201).count();
        (made, answers.iter().filter(|a| a.refused() == (409, code)).count())
    };
    let answers = hundred("203.0.113.9", &|_| "Ann".to_owned()).await;
    assert_eq!(count(&answers, "username_taken"), (1, 99), "{answers:?}");
    let winner = answers.into_iter().find(|a| a.status == 201).unwrap().ok();
    assert_eq!(rig.me(&rig.log_in("ann").await.access).await.ok(), winner);
    // The addresses of those who lost are free again.
    let answers = hundred("203.0.113.10", &|n| format!("other{n}")).await;
    assert_eq!(count(&answers, "email_taken"), (99, 1), "{answers:?}");
    rig.server.saw_no_panic();
}

#[tokio::test]
async fn a_registration_under_a_key_happens_once_also_after_a_crash() {
    let mut rig = Rig::start(&[]);
    let body = |name: &str, password: &str| {
        let email = format!("{name}@example.org");
        Some(json!({ "username": name, "email": email, "password": password }))
    };
    let key = [("idempotency-key", "key-1")];
    let send = async |rig: &Rig, body| rig.send(Method::POST, "/api/accounts", &key, body).await;
    let first = send(&rig, body("ann", PASSWORD)).await;
    assert_eq!(first.status, 201);
    let first = first.ok();
    assert_eq!(send(&rig, body("ann", PASSWORD)).await.ok(), first);
    rig.crash();
    assert_eq!(send(&rig, body("ann", PASSWORD)).await.ok(), first);
    let other = send(&rig, body("ann", "another password")).await;
    assert_eq!(other.refused(), (422, "key_reused"), "the name is not proof enough");
    // Name and address are both taken; the one that is found out first is named.
    let again = rig.register("ann").await;
    let (status, code) = again.refused();
    assert!(status == 409 && ["username_taken", "email_taken"].contains(&code), "{again:?}");
    // Somebody else may have thought of the same key.
    assert_ne!(send(&rig, body("bob", PASSWORD)).await.ok()["id"], first["id"]);
    rig.server.saw_no_panic();
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused() {
    let rig = Rig::start(&[]);
    for (username, email, password, code) in [
        ("an", "a@example.org", PASSWORD, "bad_username"),
        ("ann\u{202e}", "a@example.org", PASSWORD, "bad_username"),
        ("аnn", "a@example.org", PASSWORD, "bad_username"),
        ("ann", "a@exаmple.org", PASSWORD, "bad_email"),
        ("ann", "a@localhost.invalid", PASSWORD, "bad_email"),
        ("ann", "a@example.org", "1234567", "bad_password"),
        ("ann", "a@example.org", &"x".repeat(257), "bad_password"),
    ] {
        let body = json!({ "username": username, "email": email, "password": password });
        let answer = rig.post("/api/accounts", body).await;
        assert_eq!(answer.refused(), (422, code), "{answer:?}");
    }
    let body = json!({ "username": "Admin", "email": "a@example.org", "password": PASSWORD });
    assert_eq!(rig.post("/api/accounts", body).await.refused(), (409, "username_taken"));
    let body = json!({ "username": "ann", "email": "a@example.org", "password": PASSWORD,
        "role": "admin" });
    assert_eq!(rig.post("/api/accounts", body).await.refused(), (422, "invalid_body"));
}

#[tokio::test]
async fn administrators_are_made_by_environment_and_command_line_and_make_others() {
    let rig = Rig::start(&[]);
    let admin = Session::read(&rig.try_log_in("admin", ADMIN).await.ok()).access;
    assert_eq!(rig.me(&admin).await.ok()["role"], "admin");
    let args = ["admin", "create", "--name", "root", "--password-stdin"];
    let (made, said) = rig.run(&args, &format!("{PASSWORD}\n"));
    assert!(made, "{said}");
    let root = rig.log_in("root").await.access;
    assert_eq!(rig.me(&root).await.ok()["role"], "admin");
    let (made, said) = rig.run(&args, "another password\n");
    assert!(!made && said.contains("root"), "{said}");

    let ann = rig.person("ann").await;
    let list = rig.ask(&root, Method::GET, "/api/admin/accounts?limit=2", None).await.ok();
    let names = |list: &Value| {
        let items = list["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["username"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&list), ["admin", "ann"]);
    assert!(!list.to_string().contains("argon2"), "{list}");
    let next = format!("/api/admin/accounts?limit=2&cursor={}", list["next"].as_str().unwrap());
    assert_eq!(names(&rig.ask(&root, Method::GET, &next, None).await.ok()), ["root"]);
    for (name, found) in [("A", &["admin", "ann"][..]), ("an", &["ann"]), ("anna", &[])] {
        let path = format!("/api/admin/accounts?name={name}");
        assert_eq!(names(&rig.ask(&root, Method::GET, &path, None).await.ok()), found, "{name}");
    }

    let id = |account: Value| account["id"].as_str().unwrap().to_owned();
    let path = format!("/api/admin/accounts/{}", id(rig.me(&ann.access).await.ok()));
    let role = |role: &str| Some(json!({ "role": role }));
    let refused = rig.ask(&ann.access, Method::PATCH, &path, role("admin")).await;
    assert_eq!(refused.refused(), (403, "forbidden"));
    assert_eq!(rig.send(Method::PATCH, &path, &[], role("admin")).await.status, 401);
    let screens = async |token: &str| {
        let body = json!({ "title": "Metropolis", "minutes": 100 });
        rig.ask(token, Method::POST, "/api/movies", Some(body)).await.status.as_u16()
    };
    assert_eq!(screens(&ann.access).await, 403);
    rig.ask(&root, Method::PATCH, &path, role("organizer")).await.ok();
    assert_eq!(screens(&ann.access).await, 201, "a gained role counts at once");
    let own = format!("/api/admin/accounts/{}", id(rig.me(&root).await.ok()));
    let answer = rig.ask(&root, Method::PATCH, &own, role("user")).await;
    assert_eq!(answer.refused(), (409, "own_account"));
    rig.server.saw_no_panic();
}

#[tokio::test]
async fn administrators_are_made_while_no_server_runs_too() {
    let mut rig = Rig::start(&[]);
    let create = |rig: &Rig, name| {
        rig.run(&["admin", "create", "--name", name, "--password-stdin"], &format!("{PASSWORD}\n"))
    };
    assert!(rig.server.stop().0.success());
    std::fs::remove_dir_all(rig.server.data()).unwrap();
    let (made, said) = create(&rig, "first");
    assert!(made && said.contains("'first'"), "on a directory that is not there yet: {said}");
    let (made, said) = create(&rig, "second");
    assert!(made, "{said}");
    let (made, said) = create(&rig, "First");
    assert!(!made && said.contains("the name 'First' is taken"), "{said}");
    rig.server.run();
    for name in ["first", "second"] {
        assert_eq!(rig.me(&rig.log_in(name).await.access).await.ok()["role"], "admin");
    }
    rig.server.saw_no_panic();
}
