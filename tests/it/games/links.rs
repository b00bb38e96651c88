//! Matches over poor networks: the real server and real QUIC, with a stretch in between that loses, delays
//! and queues as its seed says. The protocol itself is measured on virtual time (`protocol`); here it is
//! shown that the transport adds nothing to speak of.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use playhouse_loadtest::client::Client;
use playhouse_loadtest::play::Connection;
use playhouse_loadtest::play::player::Player;
use playhouse_loadtest::play::proxy::Proxy;
use playhouse_protocol::game::link::{Bottleneck, Path};
use serde_json::json;

use super::{WITHIN, begin, make, schema, seat, stroll, ticket};
use crate::server::{Server, is_long, seed};

/// How long one path is measured. 5 s, 150 ticks.
const MEASURED_FOR: Duration = Duration::from_secs(5);

/// One tick at 30 Hz.
const TICK: Duration = Duration::from_micros(33_333);

/// One direction of a path with a round trip of 100 ms.
const AWAY: Path = Path { delay_us: 50_000, ..Path::PERFECT };

/// A match with `bots` that Ann plays through a stretch of network.
async fn through(bots: u16) -> (Server, Client, Proxy, Player) {
    let server = Server::start();
    let ann = server.person("ann").await;
    let path = make(&ann, json!({ "seats": bots + 1, "bots": bots })).await;
    let way = seat(&ann, &path).await;
    let at: SocketAddr = way.quic.as_deref().unwrap().parse().unwrap();
    let proxy = Proxy::start(at, AWAY, AWAY, seed()).await.unwrap();
    let connection = Connection::native_at(&way, proxy.addr()).await.expect("it is let through");
    let player = Player::enter(connection, schema(), ticket(&way), stroll()).await.unwrap();
    let mut players = [player];
    begin(&mut players).await;
    let [player] = players;
    (server, ann, proxy, player)
}

/// How far apart new states were: of a hundred gaps the 99th.
async fn gap(player: &mut Player) -> Duration {
    player.measure_anew();
    let start = Instant::now();
    player.play(WITHIN, |_| start.elapsed() >= MEASURED_FOR).await.expect("the connection stands");
    player.gap(0.99)
}

#[tokio::test(flavor = "multi_thread")]
async fn new_states_keep_coming_whatever_is_lost() {
    if !is_long() {
        // A machine that does much else looks like a poor network to both ends.
        return;
    }
    let (server, _ann, proxy, mut player) = through(7).await;
    // What this machine does by itself just now.
    let calm = gap(&mut player).await;
    for (percent, ticks) in [(5, 2), (10, 3), (20, 3)] {
        let path = Path { loss_ppm: percent * 10_000, ..AWAY };
        proxy.set(path, path);
        let gap = gap(&mut player).await;
        println!("{percent} % lost both ways: 99 of 100 gaps within {gap:?} (calm {calm:?})");
        assert!(gap <= calm + TICK * (ticks - 1) + TICK / 2, "{gap:?} at {percent} %");
    }
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_of_darkness_is_over_as_soon_as_it_is_over() {
    let (server, _ann, proxy, mut player) = through(7).await;
    let calm = gap(&mut player).await;
    let dark = Duration::from_secs(1);
    proxy.go_dark(dark);
    player.measure_anew();
    let start = Instant::now();
    player.play(WITHIN, |p| start.elapsed() > dark && p.states >= 30).await.unwrap();
    // A round trip of 100 ms and two ticks, and what the machine does by itself.
    let longest = dark + Duration::from_millis(100) + 2 * TICK + calm;
    println!("after a second of darkness the longest gap was {:?}", player.longest_gap);
    assert!(player.longest_gap < longest, "{:?}", player.longest_gap);
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn into_a_narrow_place_the_rate_falls_until_nothing_queues() {
    let (server, _ann, proxy, mut player) = through(99).await;
    let neck = Bottleneck { bits_per_s: 128_000, queue_us: 500_000, overhead_bytes: 28 };
    proxy.set(AWAY, Path { bottleneck: Some(neck), ..AWAY });
    let settle = Instant::now();
    let settled = |_: &Player| settle.elapsed() >= Duration::from_secs(3);
    player.play(WITHIN, settled).await.unwrap();
    player.measure_anew();
    let (start, mut queued) = (Instant::now(), Vec::new());
    let watch = |_: &Player| {
        queued.push(proxy.queued());
        start.elapsed() >= MEASURED_FOR
    };
    player.play(WITHIN, watch).await.unwrap();
    queued.sort_unstable();
    let middle = queued[queued.len() / 2];
    let (states, most) = (player.states, queued[queued.len() * 99 / 100]);
    println!(
        "{states} states in {MEASURED_FOR:?}; before the narrow place {middle:?} waited, at most {most:?}"
    );
    assert!(middle <= Duration::from_millis(40), "{middle:?}");
    assert!(player.states > 0);
    server.saw_no_panic();
}
