//! How often something may be tried, and by whom.

use futures_util::future::join_all;
use playhouse_loadtest::live::{Live, LiveError};
use reqwest::Method;
use serde_json::{Value, json};

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
async fn who_knows_the_password_logs_in_as_often_as_they_like_also_at_once_and_among_guesses() {
    let rig = Rig::start(&[]);
    rig.register("ann").await.ok();
    let tries = (0..40).map(|n| {
        let password = if n % 5 == 0 { WRONG } else { PASSWORD };
        rig.try_log_in("ann", password)
    });
    for (n, answer) in join_all(tries).await.into_iter().enumerate() {
        assert_eq!(answer.status, if n % 5 == 0 { 401 } else { 200 }, "{n}: {answer:?}");
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

#[tokio::test]
async fn calls_over_the_live_connection_are_requests_of_the_account_too() {
    let rig = Rig::start(&[("PLAYHOUSE_LIMITS_REQUESTS_PER_SECOND_ACCOUNT", "5")]);
    let (ann, bob) = (rig.person("ann").await, rig.person("bob").await);
    let live = async |token: &str| Live::connect(&rig.server.base(), Some(token)).await.unwrap();
    let (mut hers, mut other) = (live(&ann.access).await, live(&ann.access).await);
    // What it says does not matter.
    let call = async |live: &mut Live| match live.rpc("showing.hold", json!({})).await {
        Err(LiveError::Refused { code, problem, .. }) => (code, problem),
        answer => panic!("{answer:?}"),
    };
    let mut slowed = None;
    // The second may turn over in between.
    for _ in 0..100 {
        let (code, problem) = call(&mut hers).await;
        if code == 1429
            && call(&mut other).await.0 == 1429
            && rig.me(&ann.access).await.status == 429
        {
            slowed = Some(problem);
            break;
        }
    }
    let problem: Value = slowed.expect("all doors of the account are shut at once");
    assert_eq!(
        (&problem["code"], &problem["retry_after_s"]),
        (&json!("too_many_requests"), &json!(1))
    );
    assert_eq!(call(&mut live(&bob.access).await).await.0, 1422, "nobody else is slowed");
    rig.server.saw_no_panic();
}
