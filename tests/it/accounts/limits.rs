//! How often something may be tried, and by whom.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::{PASSWORD, Rig};

const WRONG: &str = "wrong horse battery";

#[tokio::test]
async fn an_account_takes_ten_wrong_passwords_a_minute_by_either_name_and_at_once() {
    let rig = Rig::start(&[]);
    let ann = rig.person("ann").await;
    rig.person("bob").await;
    let tries = (0..30).map(|n| {
        let login = ["ann", "Ann@example.org", "ANN"][n % 3];
        rig.try_log_in(login, WRONG)
    });
    let answers = join_all(tries).await;
    let wrong = answers.iter().filter(|a| a.refused() == (401, "wrong_login")).count();
    let over: Vec<_> =
        answers.iter().filter(|a| a.refused() == (429, "too_many_requests")).collect();
    assert_eq!((wrong, over.len()), (10, 20), "{answers:?}");
    assert!(over.iter().all(|answer| (1..=60).contains(&answer.retry_after())));
    // The right password has to wait as well: it may be the next guess.
    assert_eq!(rig.try_log_in("ann", PASSWORD).await.status, 429);
    let change = Some(json!({ "old": WRONG, "new": PASSWORD }));
    let changed = rig.ask(&ann.access, Method::POST, "/api/accounts/me/password", change).await;
    assert_eq!(changed.status, 429, "and there is no other door");
    rig.me(&ann.access).await.ok();
    rig.log_in("bob").await;
    let unknown = join_all((0..12).map(|_| rig.try_log_in("nobody", WRONG))).await;
    let over = unknown.iter().filter(|a| a.status == 429).count();
    assert_eq!(over, 2, "a name that nobody has is limited alike");
}

#[tokio::test]
async fn one_who_knows_the_password_logs_in_as_often_as_they_like() {
    let rig = Rig::start(&[]);
    rig.register("ann").await.ok();
    for _ in 0..12 {
        rig.log_in("ann").await;
    }
}

#[tokio::test]
async fn registrations_are_limited_by_address_as_a_trusted_proxy_says() {
    let settings =
        [("PLAYHOUSE_LIMITS_REGISTRATIONS", "2"), ("PLAYHOUSE_HTTP_TRUSTED_PROXIES", "127.0.0.1")];
    let rig = Rig::start(&settings);
    let from = async |address: &str, name: &str| {
        let email = format!("{name}@example.org");
        let body = json!({ "username": name, "email": email, "password": PASSWORD });
        let headers = [("x-forwarded-for", address)];
        rig.send(Method::POST, "/api/accounts", &headers, Some(body)).await
    };
    assert_eq!(from("203.0.113.9", "a").await.refused(), (422, "bad_username"));
    for name in ["ann", "bob"] {
        assert_eq!(from("203.0.113.9", name).await.status, 201, "a mistyped name cost nothing");
    }
    let refused = from("203.0.113.9", "eve").await;
    assert_eq!(refused.refused(), (429, "too_many_requests"));
    assert!((1..=600).contains(&refused.retry_after()));
    let forged = from("198.51.100.1, 203.0.113.9", "eve").await;
    assert_eq!(forged.status, 429, "what a client writes in front counts for nothing");
    assert_eq!(from("203.0.113.10", "eve").await.status, 201);
    assert_eq!(from("2001:db8::1", "dan").await.status, 201);
    assert_eq!(from("2001:db8::2", "fay").await.status, 201);
    assert_eq!(from("2001:db8::3", "gus").await.status, 429, "one household");
}

#[tokio::test]
async fn nobody_is_believed_about_addresses_unless_they_are_trusted() {
    let rig = Rig::start(&[("PLAYHOUSE_LIMITS_REGISTRATIONS", "1")]);
    rig.register("ann").await.ok();
    let body = json!({ "username": "bob", "email": "b@example.org", "password": PASSWORD });
    let headers = [("x-forwarded-for", "203.0.113.10")];
    let answer = rig.send(Method::POST, "/api/accounts", &headers, Some(body)).await;
    assert_eq!(answer.status, 429);
}

#[tokio::test]
async fn an_account_that_runs_wild_is_slowed_and_nobody_else() {
    let rig = Rig::start(&[("PLAYHOUSE_LIMITS_REQUESTS_PER_SECOND_ACCOUNT", "5")]);
    let (ann, bob) = (rig.person("ann").await, rig.person("bob").await);
    let answers = join_all((0..40).map(|_| rig.me(&ann.access))).await;
    let slowed: Vec<_> = answers.iter().filter(|a| a.status == 429).collect();
    assert!(!slowed.is_empty() && slowed.len() < 40, "{} of 40", slowed.len());
    assert!(slowed.iter().all(|answer| answer.retry_after() == 1));
    rig.me(&bob.access).await.ok();
}
