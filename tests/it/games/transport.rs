//! The game transport of a real server: Retry, renewal, resets, migration, and what is never taken.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use playhouse_loadtest::play::player::Player;
use playhouse_loadtest::play::{Connection, PlayError, Way, trust};
use playhouse_protocol::game::control::{ClientControl, Hello, ServerControl, decode, framed};
use playhouse_protocol::game::frames::Frames;
use quinn::Endpoint;
use rand::{Rng, RngCore, SeedableRng};
use rustls::RootCertStore;
use sha2::{Digest, Sha256};
use web_transport_quinn::Session;
use web_transport_quinn::proto::ConnectRequest;

use super::{By, House, WITHIN, begin, connect, enter, player, soon};

const INCOMING: &str = "playhouse_quic_incoming_total";

#[tokio::test(flavor = "multi_thread")]
async fn under_load_clients_prove_their_address_and_get_in() {
    let house = House::with(&[("PLAYHOUSE_QUIC_RETRY_ABOVE", "0")]).await;
    let (_inside, _) = enter(By::Native, &house.seat(&house.ann).await).await;
    let retried = house.server.figure(INCOMING, "{verdict=\"retry\"}").await;
    let entered = house.server.figure(INCOMING, "{verdict=\"entered\"}").await;
    assert_eq!((retried, entered), (1.0, 1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_few_are_on_their_way_nobody_is_asked_and_above_that_everybody_is() {
    let house = House::with(&[("PLAYHOUSE_QUIC_RETRY_ABOVE", "3")]).await;
    let way = house.seat(&house.ann).await;
    let crowd = futures_util::future::join_all((0..3).map(|_| connect(By::Native, &way))).await;
    assert_eq!(house.server.figure(INCOMING, "{verdict=\"retry\"}").await, 0.0);
    let (inside, _) = enter(By::Native, &way).await;
    assert_eq!(house.server.figure(INCOMING, "{verdict=\"retry\"}").await, 1.0);
    // Who is inside, or gone, is not on the way any more.
    drop((crowd, inside));
    let way = house.guest_seat().await;
    let calm = async {
        let mut asked = 1.0;
        loop {
            drop(connect(By::Native, &way).await);
            let now = house.server.figure(INCOMING, "{verdict=\"retry\"}").await;
            if now == asked {
                return;
            }
            asked = now;
        }
    };
    soon(calm).await;
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_the_way_in_busy_keeps_nobody_out_for_long() {
    let settings = [("PLAYHOUSE_GAMES_JOINS", "4"), ("PLAYHOUSE_GAMES_JOINS_PER_ADDRESS", "4")];
    let house = House::with(&settings).await;
    let way = house.seat(&house.ann).await;
    let idle = futures_util::future::join_all((0..4).map(|_| connect(By::Native, &way))).await;
    // Whoever says nothing is let go after 3 s; the one who waits knocks by itself meanwhile.
    let (_inside, _) = enter(By::Native, &way).await;
    let ignored = house.server.figure(INCOMING, "{verdict=\"ignored\"}").await;
    assert!(ignored > 0.0);
    drop(idle);
    house.server.saw_no_panic();
}

fn endpoint() -> Endpoint {
    Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap()
}

fn config(way: &Way, protocol: &[u8]) -> quinn::ClientConfig {
    trust::client(way.certificate_hash.as_deref(), RootCertStore::empty(), protocol)
}

fn addr(way: &Way) -> SocketAddr {
    way.quic.as_deref().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_before_the_handshake_is_through() {
    let house = House::open().await;
    let way = house.seat(&house.ann).await;
    let (endpoint, config) = (endpoint(), config(&way, trust::NATIVE));
    for _ in 0..3 {
        let connecting = endpoint.connect_with(config.clone(), addr(&way), "localhost").unwrap();
        let connecting = connecting.into_0rtt().map(|_| ()).expect_err("there is early data");
        let connection = soon(connecting).await.unwrap();
        assert_eq!(
            connection.stats().frame_rx.new_token,
            0,
            "nor is an address believed for later"
        );
        connection.close(0u32.into(), b"");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_come_in_by_the_same_port_with_the_hash_they_were_told() {
    let house = House::open().await;
    let way = house.seat(&house.ann).await;
    let url: reqwest::Url = way.webtransport.as_deref().unwrap().parse().unwrap();
    assert_eq!(
        url.port().map(|port| port.to_string()).as_deref(),
        way.quic.as_deref().unwrap().rsplit(':').next()
    );
    let connecting = endpoint().connect_with(config(&way, b"h3"), addr(&way), "127.0.0.1").unwrap();
    let connection = soon(connecting).await.unwrap();
    let session = soon(Session::connect(connection, ConnectRequest::new(url))).await.unwrap();
    let (mut send, mut recv) = session.open_bi().await.unwrap();
    let hello = Hello::new(super::schema().hash(), super::ticket(&way));
    send.write_all(&framed(&ClientControl::Hello(hello))).await.unwrap();
    let mut frames = Frames::default();
    let welcome = soon(async {
        let mut buffer = [0; 4096];
        loop {
            if let Some(message) = frames.next_message().unwrap() {
                return decode::<ServerControl>(&message).unwrap();
            }
            let n = recv.read(&mut buffer).await.unwrap().expect("the stream stands");
            frames.push(&buffer[..n]);
        }
    });
    let ServerControl::Welcome(welcome) = welcome.await else { panic!("no welcome") };
    assert_eq!(welcome.seat, way.seat);
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_the_servers_own_is_renewed_and_who_is_inside_stays() {
    let settings =
        [("PLAYHOUSE_QUIC_CERTIFICATE_LIFE", "4s"), ("PLAYHOUSE_TLS_RELOAD_EVERY", "1s")];
    let house = House::with(&settings).await;
    let mut before = player(By::Native, &house.seat(&house.ann).await).await;
    let told = async || {
        let games = house.ann.get("/api/games").await.unwrap();
        games["certificate_hash"].as_str().unwrap().to_owned()
    };
    let first = told().await;
    let renewed = soon(async {
        loop {
            let hash = told().await;
            if hash != first {
                return hash;
            }
        }
    });
    let renewed = renewed.await;
    let mut way = house.guest_seat().await;
    way.certificate_hash = Some(first);
    assert!(Connection::native(&way).await.is_err(), "the old certificate is no longer served");
    way.certificate_hash = Some(renewed);
    let after = Connection::native(&way).await;
    // It may have been renewed again in between, which the next join tells.
    if after.is_err() {
        way.certificate_hash = Some(told().await);
        Connection::native(&way).await.expect("the newest certificate is served");
    }
    before.connection.say(&ClientControl::Ready(true)).await.unwrap();
    let ready =
        |p: &Player| p.lobby.as_ref().is_some_and(|lobby| lobby.players.iter().any(|p| p.ready));
    assert!(before.play(WITHIN, ready).await.unwrap());
}

/// Writes a certificate for `localhost` and its key; its SHA-256 in base64.
fn write_certificate(folder: &std::path::Path) -> String {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    // The key first: a server that looks in between keeps the pair that it has.
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    STANDARD.encode(Sha256::digest(made.cert.der()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_by_path_is_served_anew_when_it_changes_and_who_is_inside_stays() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_certificate(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let settings = [
        ("PLAYHOUSE_QUIC_CERT", &*path("cert.pem")),
        ("PLAYHOUSE_QUIC_KEY", &*path("key.pem")),
        ("PLAYHOUSE_TLS_RELOAD_EVERY", "1s"),
    ];
    let house = House::with(&settings).await;
    let mut way = house.seat(&house.ann).await;
    assert_eq!(way.certificate_hash, None, "an authority vouches for it");
    way.certificate_hash = Some(first);
    let mut before = player(By::Native, &way).await;
    let second = write_certificate(folder.path());
    let mut way = house.guest_seat().await;
    let served = async {
        way.certificate_hash = Some(second);
        while Connection::native(&way).await.is_err() {}
    };
    soon(served).await;
    before.connection.say(&ClientControl::Ready(true)).await.unwrap();
    let ready =
        |p: &Player| p.lobby.as_ref().is_some_and(|lobby| lobby.players.iter().any(|p| p.ready));
    assert!(before.play(WITHIN, ready).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_the_certificate_that_pages_were_told() {
    let mut house = House::open().await;
    let hash = async |house: &House| {
        let games = house.server.client().get("/api/games").await.unwrap();
        (games["certificate_hash"].clone(), games["quic"].clone())
    };
    let before = hash(&house).await;
    house.server.kill();
    house.server.run();
    assert_eq!(hash(&house).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_a_killed_server_learn_it_at_once_when_it_is_back() {
    let mut house = House::open().await;
    let (mut connection, _) = enter(By::Native, &house.seat(&house.ann).await).await;
    house.server.kill();
    house.server.run();
    let back = Instant::now();
    let learns = async {
        loop {
            let sent = connection.send(Bytes::from_static(&[0; 40])).await;
            let heard = tokio::time::timeout(Duration::from_millis(33), connection.next()).await;
            match (sent, heard) {
                (Err(error), _) | (_, Ok(Err(error))) => return error,
                _ => {}
            }
        }
    };
    let error = soon(learns).await;
    assert_eq!(error, PlayError::Reset);
    assert!(back.elapsed() < Duration::from_secs(1), "it took {:?}", back.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_whose_address_changes_plays_on_and_misses_nothing_to_speak_of() {
    let house = House::open().await;
    let mut players = vec![player(By::Native, &house.seat(&house.ann).await).await];
    begin(&mut players).await;
    let player = &mut players[0];
    for _ in 0..3 {
        player.measure_anew();
        player.connection.rebind().unwrap();
        assert!(player.play(WITHIN, |p| p.states >= 60).await.unwrap());
        assert!(player.longest_gap < Duration::from_millis(500), "{:?}", player.longest_gap);
    }
    assert_eq!(house.info().await["players"][0]["state"], "here");
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_that_are_none_change_nothing() {
    let house = House::open().await;
    let way = house.seat(&house.ann).await;
    let (mut inside, _) = enter(By::Native, &way).await;
    let seed = crate::server::seed();
    let mut noise = rand::rngs::StdRng::seed_from_u64(seed);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for n in 0..2000_usize {
        let mut packet = vec![0; noise.random_range(0..1400)];
        noise.fill_bytes(&mut packet);
        // Some look like the first packet of a connection.
        if n % 3 == 0 && packet.len() > 40 {
            packet[..6].copy_from_slice(&[0xc3, 0, 0, 0, 1, 8]);
        }
        let _ = socket.send_to(&packet, addr(&way));
    }
    inside.say(&ClientControl::Ready(true)).await.unwrap();
    let ready = |message| match message {
        ServerControl::Lobby(lobby) => lobby.players.iter().any(|p| p.ready).then_some(()),
        _ => None,
    };
    super::told(&mut inside, ready).await;
    house.server.saw_no_panic();
}
