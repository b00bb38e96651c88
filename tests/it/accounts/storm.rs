//! A storm of log-ins makes log-ins wait, and nothing else.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::Rig;
use crate::server::showing;

/// How many try to log in at once.
const STORM: usize = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_log_ins_starves_nobody() {
    let settings =
        [("PLAYHOUSE_LIMITS_FAILED_LOGINS_ADDRESS", "0"), ("PLAYHOUSE_ACCOUNTS_HASH_QUEUE", "64")];
    let rig = Rig::start(&settings);
    let admin = rig.server.admin().await;
    let path = showing(&admin, 5, 20).await;
    let buyer = rig.server.person("buyer").await;
    let storm = join_all((0..STORM).map(|n| {
        let rig = &rig;
        async move { rig.try_log_in(&format!("nobody{n}"), "wrong horse battery").await }
    }));
    // Meanwhile somebody who is logged in holds seats, one after the other.
    let calm = async {
        let mut slowest = Duration::ZERO;
        for seat in 1..=10 {
            let asked = Instant::now();
            let want = json!({ "seats": [format!("A{seat}")] });
            buyer.post(&format!("{path}/holds"), want).await.unwrap();
            buyer.get("/api/accounts/me").await.unwrap();
            slowest = slowest.max(asked.elapsed());
        }
        slowest
    };
    let began = Instant::now();
    let (answers, slowest) = tokio::join!(storm, calm);
    let took = began.elapsed();
    let wrong = answers.iter().filter(|a| a.refused() == (401, "wrong_login")).count();
    let sent_away: Vec<_> = answers.iter().filter(|a| a.refused() == (503, "overloaded")).collect();
    println!(
        "{wrong} checked and {} sent away in {took:?}; slowest hold {slowest:?}",
        sent_away.len()
    );
    assert_eq!(wrong + sent_away.len(), STORM, "{answers:?}");
    assert!(wrong >= 64, "those in the queue were served: {wrong}");
    assert!(!sent_away.is_empty(), "the queue has a bound");
    assert!(sent_away.iter().all(|answer| answer.retry_after() >= 1));
    assert!(slowest < Duration::from_secs(2), "a hold took {slowest:?}");
    rig.server.saw_no_panic();
}
