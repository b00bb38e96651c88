//! A server that is killed in the middle of a match: the same match goes on.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use playhouse_domain::games::replay::{Head, Replay};
use playhouse_loadtest::play::player::Player;
use playhouse_loadtest::play::{Connection, Way};
use serde_json::{Value, json};

use super::{By, House, WITHIN, begin, connect, make, player, resume, schema, stroll};

/// How soon everybody plays again once the server is back. 2 s, as is promised.
const BACK_WITHIN: Duration = Duration::from_secs(2);

/// Comes back into the seat that `before` had.
async fn come_back(by: By, way: &Way, before: &Player) -> Player {
    let connection: Connection = connect(by, way).await;
    let entry = resume(&before.welcome);
    Player::enter(connection, schema(), entry, stroll()).await.expect("the seat is still theirs")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_goes_on_after_a_kill_with_the_same_seats_and_less_than_a_second_lost() {
    let mut house = House::open().await;
    let bob = house.server.person("bob").await;
    let ways = [house.seat(&house.ann).await, house.seat(&bob).await];
    let by = [By::Native, By::Web];
    let mut players = vec![player(by[0], &ways[0]).await, player(by[1], &ways[1]).await];
    begin(&mut players).await;
    for round in 0..3 {
        for player in &mut players {
            player.measure_anew();
            assert!(player.play(WITHIN, |p| p.states >= 60).await.unwrap());
        }
        let tick = players.iter().map(|p| p.peer.world().tick()).max().unwrap();
        house.server.kill();
        house.server.run();
        let back = Instant::now();
        let mut again = Vec::new();
        for ((player, way), by) in players.iter().zip(&ways).zip(by) {
            again.push(come_back(by, way, player).await);
        }
        for (player, way) in again.iter_mut().zip(&ways) {
            assert_eq!(player.welcome.seat, way.seat);
            assert!(player.play(WITHIN, |p| p.states >= 1).await.unwrap(), "no state comes");
        }
        let took = back.elapsed();
        println!("round {round}: everybody played again {took:?} after the server was back");
        assert!(took < BACK_WITHIN, "it took {took:?}");
        let first = again[0].peer.world().tick();
        assert!(first + 30 + 60 > tick, "more than a second was lost: {first} after {tick}");
        players = again;
    }
    house.server.saw_no_panic();
}

/// What is needed to play the match at `path` again: as everybody is told it, in parts.
async fn replay(house: &House, path: &str) -> (Head, Vec<u8>) {
    let mut log = Vec::new();
    loop {
        let part = house.ann.get(&format!("{path}/replay?after={}", log.len())).await.unwrap();
        log.extend(STANDARD.decode(part["log"].as_str().unwrap()).unwrap());
        if part["next"].as_u64() >= part["total"].as_u64() {
            let text = |name: &str| part[name].as_str().unwrap().to_owned();
            let seed = u64::from_str_radix(part["seed"].as_str().unwrap(), 16).unwrap();
            let rules = u16::try_from(part["rules"].as_u64().unwrap()).unwrap();
            return (Head { game: text("game"), rules, settings: text("settings"), seed }, log);
        }
    }
}

async fn over(house: &House, path: &str) -> Value {
    let start = Instant::now();
    loop {
        let info = house.ann.get(path).await.unwrap();
        if info["phase"] == "concluded" {
            return info;
        }
        assert!(start.elapsed() < 3 * WITHIN, "it does not end: {info}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_were_told_are_there_after_a_kill_and_the_match_plays_again_bit_for_bit() {
    let mut house = House::open().await;
    let settings = json!({ "map": "open", "frags": 3, "sight": 120 });
    let wish = json!({ "seats": 9, "bots": 8, "settings": settings });
    let path = make(&house.ann, wish).await;
    house.ann.post(&format!("{path}/start"), json!({})).await.unwrap();
    // It is killed while it is played too, so that the log is that of two epochs.
    let figures = format!("{path}/figures");
    let start = Instant::now();
    while house.ann.get(&figures).await.unwrap()["running"]["durable"].as_u64() < Some(30) {
        assert!(start.elapsed() < WITHIN, "it is not played");
    }
    house.server.kill();
    house.server.run();
    house.ann = house.server.client().with_token(house.ann.token().unwrap());
    let told = over(&house, &path).await;
    house.server.kill();
    house.server.run();
    house.ann = house.server.client().with_token(house.ann.token().unwrap());
    assert_eq!(house.ann.get(&path).await.unwrap(), told);
    let listed = house.ann.get("/api/games/sessions?over=true").await.unwrap();
    assert_eq!(listed["items"][0]["id"], told["id"], "{listed}");
    // Whoever has the log can see for themselves that it was so.
    let (head, log) = replay(&house, &path).await;
    let verified = Replay::open(&head, &log).unwrap().verify().expect("it plays again");
    assert_eq!(Some(u64::from(verified.ticks)), told["ending"]["Concluded"]["ticks"].as_u64());
    assert!(verified.compared >= 1, "{verified:?}");
    house.server.saw_no_panic();
}
