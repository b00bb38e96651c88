//! Players who send what no honest client does: nobody else notices, and it is counted.

use std::time::{Duration, Instant};

use bytes::Bytes;
use playhouse_loadtest::play::PlayError;
use playhouse_loadtest::play::mind::Choose;
use playhouse_loadtest::play::player::Player;
use playhouse_protocol::game::control::{ClientControl, Entry, Refused};
use playhouse_protocol::game::{ClientPeer, Input, Micros};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use serde_json::Value;

use super::{By, House, WITHIN, begin, ended, player, schema};
use crate::server::seed;

const DROPPED: &str = "playhouse_games_dropped_total";

/// How long each sort of nonsense is sent. 2 s, sixty ticks.
const SENT_FOR: Duration = Duration::from_secs(2);

/// A match that Ann, by QUIC, and Bob, by WebSocket, play with Mallory.
async fn three() -> (House, Vec<Player>) {
    let house = House::open().await;
    let bob = house.server.person("bob").await;
    let mallory = house.server.person("mallory").await;
    let mut players = vec![
        player(By::Native, &house.seat(&house.ann).await).await,
        player(By::Web, &house.seat(&bob).await).await,
        player(By::Native, &house.seat(&mallory).await).await,
    ];
    begin(&mut players).await;
    (house, players)
}

/// Sends what `make` makes, `rate` a second, while the others play; how they fared.
async fn under(players: &mut Vec<Player>, rate: u32, mut make: impl FnMut(&mut Player) -> Bytes) {
    let mut mallory = players.pop().expect("she is the last");
    let attack = async {
        let (start, mut sent) = (Instant::now(), 0);
        let mut each = tokio::time::interval(Duration::from_secs(1) / rate);
        while start.elapsed() < SENT_FOR {
            each.tick().await;
            let datagram = make(&mut mallory);
            mallory.connection.send(datagram).await.expect("she is not let go");
            sent += 1;
        }
        assert!(sent > 0);
    };
    let honest = async {
        for player in players.iter_mut() {
            player.measure_anew();
        }
        let play = players.iter_mut().map(|player| async {
            let start = Instant::now();
            player
                .play(WITHIN, |_| start.elapsed() > SENT_FOR)
                .await
                .expect("the connection stands");
        });
        futures_util::future::join_all(play).await;
        for player in players.iter() {
            // 60 at 30 Hz; a busy machine may be late, and must not lose a third.
            assert!(player.states >= 40, "only {} states came", player.states);
        }
    };
    tokio::join!(attack, honest);
    players.push(mallory);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_truncated_replayed_and_foreign_datagrams_harm_nobody() {
    let (house, mut players) = three().await;
    let mut noise = StdRng::seed_from_u64(seed());
    under(&mut players, 200, |_| {
        let mut bytes = vec![0; noise.random_range(0..1100)];
        noise.fill_bytes(&mut bytes);
        bytes.into()
    })
    .await;
    // What an honest client would say, cut short, in another epoch, and again and again.
    let mut old = Vec::new();
    let mut tick = 0;
    under(&mut players, 200, |mallory| {
        tick += 1;
        let epoch = mallory.welcome.epoch.wrapping_add(tick as u8 % 3);
        let mut liar = ClientPeer::new(schema(), epoch, tick, Micros(0));
        liar.push_input(tick, Input { bits: u64::MAX }, liar.view(Micros(0)));
        let mut datagram = Vec::new();
        liar.encode(Micros(u64::from(tick)), &mut datagram);
        old.push(datagram.clone());
        match tick % 3 {
            0 => old[noise.random_range(0..old.len())].clone().into(),
            1 => datagram[..datagram.len() / 2].to_vec().into(),
            _ => datagram.into(),
        }
    })
    .await;
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_the_rate_is_dropped_and_named_and_nobody_else_notices() {
    let (house, mut players) = three().await;
    under(&mut players, 1000, |_| Bytes::from_static(&[0; 64])).await;
    let dropped = house.server.figure(DROPPED, "{why=\"rate\"}").await;
    assert!(dropped > 100.0, "{dropped}");
    assert!(house.server.logged().contains("what no honest client does"));
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_control_messages_waits_where_it_comes_from() {
    let (house, mut players) = three().await;
    let mut mallory = players.pop().unwrap();
    let flood = async {
        let start = Instant::now();
        let mut ready = false;
        while start.elapsed() < SENT_FOR {
            ready = !ready;
            let message = ClientControl::Ready(ready);
            let said = mallory.connection.say(&message);
            // The transport stops taking more, which is what is wanted.
            let _ = tokio::time::timeout(Duration::from_millis(50), said).await;
        }
    };
    let ann = &mut players[0];
    ann.measure_anew();
    let start = Instant::now();
    let (played, ()) = tokio::join!(ann.play(WITHIN, |_| start.elapsed() > SENT_FOR), flood);
    assert!(played.unwrap() && ann.states >= 40, "{} states", ann.states);
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_message_that_is_none_ends_the_one_who_said_it() {
    let (house, mut players) = three().await;
    let mut mallory = players.pop().unwrap();
    mallory.connection.say_bytes(&[3, 0, 0, 0, 0xff, 0xff, 0xff]).await.unwrap();
    assert_eq!(ended(&mut mallory.connection).await, 6);
    let (ann, start) = (&mut players[0], Instant::now());
    ann.measure_anew();
    assert!(ann.play(WITHIN, |p| p.states >= 30).await.unwrap());
    assert!(start.elapsed() < WITHIN);
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lies_gains_nothing_and_is_named_to_administrators() {
    let (house, mut players) = three().await;
    let mallory = players.pop().unwrap();
    let way = house.seat(&house.server.person("liar").await).await;
    let connection = super::connect(By::Native, &way).await;
    // Every bit set: a way that there is not.
    let lie: Choose = Box::new(|_, _| Input { bits: u64::MAX });
    let mut liar =
        Player::enter(connection, schema(), super::ticket(&way), lie).await.expect("it is let in");
    let admin = house.server.admin().await;
    let start = Instant::now();
    let told = loop {
        assert!(liar.play(WITHIN, |p| p.states % 30 == 29).await.unwrap());
        let told = admin.get("/api/admin/matches").await.unwrap();
        let of = |seat: u16| {
            let players = told["items"][0]["players"].as_array().cloned().unwrap_or_default();
            players.into_iter().find(|player| player["seat"] == seat)
        };
        if let Some(of) = of(way.seat).filter(|of| of["suspicions"].as_u64() > Some(0)) {
            assert_eq!(
                (&of["suspected_of"], &of["name"]),
                (&"impossible_input".into(), &"liar".into())
            );
            assert!(of["connection"]["received"].as_u64() > Some(0), "{of}");
            let honest = told["items"][0]["players"].as_array().unwrap();
            let honest = honest.iter().filter(|player| player["seat"] != way.seat);
            assert!(
                honest.clone().count() >= 3 && honest.clone().all(|p| p["suspicions"] == 0),
                "{told}"
            );
            break told;
        }
        assert!(start.elapsed() < WITHIN, "nobody is named: {told}");
    };
    let first = &told["items"][0];
    assert!(house.path.ends_with(first["room"].as_str().unwrap().trim_start_matches("game:")));
    let ann = first["players"].as_array().unwrap().iter().find(|player| player["name"] == "ann");
    let over = &ann.expect("she plays")["connection"];
    assert!(over["sent_bytes"].as_u64() > Some(0) && over["rtt_us"].is_u64(), "{over}");
    // A thread of matches tells its figures now and then.
    while house.server.figure("playhouse_games_suspicions_total", "").await == 0.0 {
        assert!(start.elapsed() < WITHIN, "it is not counted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(house.server.logged().contains("impossible_input"));
    drop(mallory);
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_with_a_ticket_that_lets_nobody_in_is_named_and_the_ticket_is_not() {
    let house = House::open().await;
    let way = house.seat(&house.ann).await;
    let (_inside, welcome) = super::enter(By::Native, &way).await;
    let forged = [&way.ticket[..way.ticket.len() - 4], "AAAA"].concat();
    let refused = [
        (By::Native, Entry::Ticket(forged.clone())),
        (By::Web, Entry::Ticket(forged.clone())),
        (By::Native, Entry::Resume("k.made-up".to_owned())),
        (By::Web, super::ticket(&way)),
    ];
    for (by, entry) in refused {
        let outcome = super::enter_by(by, &way, entry).await;
        assert!(matches!(outcome, Err(PlayError::Refused(Refused::Entry))));
    }
    let admin = house.server.admin().await;
    let told = admin.get("/api/admin/matches").await.unwrap();
    let of = |cause: &str| {
        let all = told["turned_away"].as_array().expect("a list");
        all.iter().find(|one| one["cause"] == cause).unwrap_or_else(|| panic!("{cause}: {told}"))
    };
    let (forger, late) = (of("forged"), of("used"));
    assert_eq!((&forger["times"], &forger["session_id"]), (&3.into(), &Value::Null), "{told}");
    let asked_for = late["session_id"].as_str().expect("its match is known");
    assert!(house.path.ends_with(asked_for) && late["by"] == "websocket", "{told}");
    assert!(
        told["turned_away"].as_array().unwrap().iter().all(|one| one["address"] == "127.0.0.1")
    );
    let log = house.server.logged();
    let lines = log.lines().filter(|line| line.contains("lets nobody in")).count();
    // The first time and every doubling of each.
    assert_eq!(lines, 3, "{log}");
    for secret in [&way.ticket, &forged, &welcome.resume] {
        assert!(!log.contains(secret.as_str()) && !told.to_string().contains(secret.as_str()));
    }
    house.server.saw_no_panic();
}
