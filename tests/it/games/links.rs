//! Matches over poor networks: the real server and real QUIC, with a stretch in between that loses, delays
//! and queues as its seed says. The protocol itself is measured on virtual time (`protocol`); here it is
//! shown that the transport adds nothing to speak of.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use playhouse_loadtest::client::Client;
use playhouse_loadtest::play::Connection;
use playhouse_loadtest::play::find::settings_of;
use playhouse_loadtest::play::journey::Journey;
use playhouse_loadtest::play::mind::Mind;
use playhouse_loadtest::play::pilot::Pilot;
use playhouse_loadtest::play::player::Player;
use playhouse_loadtest::play::proxy::Proxy;
use playhouse_protocol::game::control::ClientControl;
use playhouse_protocol::game::link::{Bottleneck, Bursts, Path};
use serde_json::json;

use super::{WITHIN, begin, make, schema, seat, stroll, ticket};
use crate::server::{Server, is_long, seed};

/// How long one path is measured. 5 s, 150 ticks.
const MEASURED_FOR: Duration = Duration::from_secs(5);

/// How long a path is played on before it is measured. 3 s: as long as a loss of a hundred packets takes.
const SETTLED_AFTER: Duration = Duration::from_secs(3);

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
async fn gap(player: &mut Player<impl Mind>) -> Duration {
    player.measure_anew();
    let start = Instant::now();
    player.play(WITHIN, |_| start.elapsed() >= MEASURED_FOR).await.expect("the connection stands");
    player.gap(0.99)
}

/// One path of the matrix.
struct Line {
    name: &'static str,
    path: Path,
    /// The most ticks that 99 of 100 gaps between new states may be.
    gap: u32,
}

const fn lossy(loss_ppm: u32) -> Path {
    Path { loss_ppm, ..AWAY }
}

/// What the transport is tried on. The protocol itself is held to the same lines on virtual time.
const MATRIX: [Line; 5] = [
    Line { name: "5 % lost", path: lossy(50_000), gap: 2 },
    Line { name: "10 % lost", path: lossy(100_000), gap: 3 },
    Line { name: "20 % lost", path: lossy(200_000), gap: 3 },
    Line {
        name: "20 ms of jitter, 5 % overtaken, 5 % twice",
        path: Path {
            jitter_us: 20_000,
            reorder_ppm: 50_000,
            reorder_us: 20_000,
            duplicate_ppm: 50_000,
            ..AWAY
        },
        gap: 3,
    },
    Line {
        name: "bursts of ten lost",
        path: Path {
            bursts: Some(Bursts { begin_ppm: 5_000, end_ppm: 100_000, loss_ppm: 900_000 }),
            ..AWAY
        },
        gap: 12,
    },
];

/// What the server counted of everybody who is connected: inputs in time, ticks without one, full states.
async fn counted(ann: &Client, path: &str) -> [u64; 3] {
    let figures = ann.get(&format!("{path}/figures")).await.expect("the match runs");
    ["inputs_real", "inputs_missed", "full_states"]
        .map(|name| figures["running"]["wire"][name].as_u64().expect("it is a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_plays_on_whatever_the_path_does() {
    let server = Server::start();
    let ann = server.person("ann").await;
    let path = make(&ann, json!({ "seats": 8, "bots": 7 })).await;
    let id = path.rsplit('/').next().unwrap();
    let mut journey = Journey::join(&ann, id, None).await.unwrap();
    let at: SocketAddr = journey.way().quic.as_deref().unwrap().parse().unwrap();
    let proxy = Proxy::start(at, AWAY, AWAY, seed()).await.unwrap();
    journey.set_through(proxy.addr());
    let pilot = Pilot::new(&settings_of(&ann.get(&path).await.unwrap()), journey.way().seat, 1);
    let mut player = journey.come(pilot, WITHIN).await.unwrap();
    // A machine that does much else is no lost connection here.
    player.silence_max = None;
    player.connection.say(&ClientControl::Ready(true)).await.unwrap();
    assert!(player.play(WITHIN, |p| p.states > 60).await.unwrap(), "the match does not begin");
    let calm = gap(&mut player).await;
    for Line { name, path: line, gap: ticks } in MATRIX {
        proxy.set(line, line);
        // The loss is known by then, and inputs come as early as it asks for.
        player.play(SETTLED_AFTER, |_| false).await.expect("the connection stands");
        let (before, own) = (counted(&ann, &path).await, player.mind.own().figures());
        let gap = gap(&mut player).await;
        let (after, wrong) = (counted(&ann, &path).await, player.mind.own().figures());
        let [real, missed, full] = [0, 1, 2].map(|at| after[at] - before[at]);
        let (compared, corrected) = (wrong.0 - own.0, wrong.1 - own.1);
        println!(
            "{name}: {} states, 99 of 100 gaps within {gap:?} (calm {calm:?}); {missed} of {} inputs missed, \
             {corrected} of {compared} steps not as predicted, {full} full states",
            player.states,
            real + missed,
        );
        assert_eq!(full, 0, "{name}");
        // Of 150; the rate may fall to a third where the machine is the narrow place.
        assert!(player.states >= 40, "{name}: {} states", player.states);
        // A machine that does much else looks like a poor network to both ends.
        if is_long() {
            assert!(gap <= calm + TICK * (ticks - 1) + TICK / 2, "{name}: {gap:?}");
            assert!(missed <= 1 + real / 100, "{name}: {missed} inputs missed");
            assert!(corrected <= compared / 20, "{name}: {corrected} of {compared} steps");
        }
    }
    proxy.set(AWAY, AWAY);
    // Another address in between: what was under way is lost, and no more.
    player.measure_anew();
    player.connection.rebind().unwrap();
    assert!(player.play(WITHIN, |p| p.states >= 30).await.unwrap());
    assert!(player.longest_gap < Duration::from_millis(500), "{:?}", player.longest_gap);
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
