//! The server is killed at each record between the end of a match that was looked for and its rating: the result
//! counts once.

use std::time::{Duration, Instant};

use playhouse_actors::kill::Step;
use playhouse_loadtest::client::new_key;
use reqwest::Method;

use super::house::House;
use super::{PASSED_WITHIN, STEPS};
use crate::duel::{begun, matched};
use crate::server::is_long;

/// For how long nothing more is written once everybody knows. 500 ms.
const STILL_FOR: Duration = Duration::from_millis(500);

/// How often each of the two has played a match that counted; none while the server is away.
async fn counted(house: &House) -> Option<[u64; 2]> {
    let board = "/api/leaderboards/fourinarow";
    let (status, board) = house.admin.once(Method::GET, board, None, None).await.ok()?;
    let of = |name: &str| {
        let all = board["items"].as_array().cloned().unwrap_or_default();
        let own = all.iter().find(|one| one["name"] == name).map(|one| one["matches"].as_u64());
        own.flatten().unwrap_or_default()
    };
    status.is_success().then(|| [of("admin"), of("buyer")])
}

/// True once the match at `path` knows what it changed.
async fn is_rated(house: &House, path: &str) -> bool {
    let seen = house.admin.once(Method::GET, path, None, None).await;
    seen.is_ok_and(|(_, seen)| seen["ratings"].as_array().is_some_and(|all| all.len() == 2))
}

/// Has the buyer give up a match that counts, and the server die at the record `turn` from there on; false if there
/// were not so many.
async fn dies(house: &mut House, step: Step, turn: usize) -> bool {
    let path = matched(&house.admin, &house.buyer).await;
    let players = begun(&house.admin, &house.buyer, &path).await;
    house.order(step, 1, turn);
    let (leave, key) = (format!("{path}/leave"), new_key());
    let gives_up = {
        let (buyer, leave, key) = (house.buyer.clone(), leave.clone(), key.clone());
        tokio::spawn(async move { buyer.once(Method::POST, &leave, Some(&key), None).await })
    };
    let (began, mut known) = (Instant::now(), None);
    let died = loop {
        if house.server.has_ended() {
            break true;
        }
        if known.is_none() && is_rated(house, &path).await {
            known = Some(Instant::now());
        }
        if known.is_some_and(|since: Instant| since.elapsed() > STILL_FOR) {
            break false;
        }
        assert!(began.elapsed() < PASSED_WITHIN, "it is not rated:\n{}", house.server.logged());
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    house.call_off();
    drop(players);
    let _ = gives_up.await;
    if died {
        tokio::task::block_in_place(|| house.server.run());
        // Whether they gave up is not known to whoever was not told: the same again.
        house.buyer.ask(Method::POST, &leave, Some(&key), None).await.unwrap();
    }
    let began = Instant::now();
    while !is_rated(house, &path).await {
        assert!(began.elapsed() < PASSED_WITHIN, "it is never rated:\n{}", house.server.logged());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    died
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_record_between_a_matchs_end_and_its_rating_counts_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(&folder).await;
    let mut played = 0;
    // A test run tries what is on the disk and was told to nobody.
    let steps = if is_long() { &STEPS[..3] } else { &STEPS[2..3] };
    for step in steps {
        for turn in 1.. {
            let died = dies(&mut house, *step, turn).await;
            played += 1;
            println!("record {turn}, {}: {died}", step.name());
            let has = counted(&house).await;
            assert_eq!(has, Some([played, played]), "record {turn}, {}", step.name());
            if !died {
                assert!(turn > 3, "a match ends and is rated in {turn} records");
                break;
            }
        }
    }
    house.server.saw_no_panic();
}
