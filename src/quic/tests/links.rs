//! What the floor under the window is for: over a link that loses packets at random, what a game sends
//! must not wait behind itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use playhouse_loadtest::play::proxy::Proxy;
use playhouse_loadtest::play::trust;
use playhouse_protocol::game::link::Path;
use quinn::congestion::CubicConfig;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, ServerConfig, TransportConfig};
use rustls::RootCertStore;
use rustls::crypto::ring;

use super::super::identity::Identity;
use super::super::transport::transport;
use super::rig::{now, soon};
use crate::config::Config;

/// How long one measurement takes.
const MEASURED_FOR: Duration = Duration::from_secs(6);

/// How far the other end is: 50 ms, a round trip of 100 ms.
const AWAY: Duration = Duration::from_millis(50);

/// A server that behaves as `transport` says, and a client of it behind a link that loses `loss_ppm`.
async fn connected(
    transport: Arc<TransportConfig>,
    loss_ppm: u32,
) -> (Connection, Connection, (Endpoint, Endpoint, Proxy)) {
    let data = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.store.data = data.path().to_owned();
    let identity = Identity::open(&config, vec!["localhost".into()], now()).unwrap();
    let mut tls = rustls::ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(identity.resolver());
    tls.alpn_protocols = vec![trust::NATIVE.to_vec()];
    let tls = QuicServerConfig::try_from(tls).unwrap();
    let mut server = ServerConfig::with_crypto(Arc::new(tls));
    server.transport_config(transport);
    let server = Endpoint::server(server, "127.0.0.1:0".parse().unwrap()).unwrap();
    let path = Path { delay_us: AWAY.as_micros() as u64, loss_ppm, ..Path::PERFECT };
    let proxy = Proxy::start(server.local_addr().unwrap(), path, path, 7).await.unwrap();
    let client = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    let hash = identity.hash().unwrap();
    let trusted = trust::client(Some(&hash), RootCertStore::empty(), trust::NATIVE);
    let connecting = client.connect_with(trusted, proxy.addr(), "localhost").unwrap();
    let accepting = async { server.accept().await.unwrap().await.unwrap() };
    let (there, here) = soon(async { tokio::join!(connecting, accepting) }).await;
    (there.unwrap(), here, (client, server, proxy))
}

/// How much later than the link's own delay datagrams of 300 bytes came that were sent 60 times a second:
/// the middle one, and the 99th of a hundred.
async fn lateness(transport: Arc<TransportConfig>, loss_ppm: u32) -> (Duration, Duration) {
    let (client, server, _kept) = connected(transport, loss_ppm).await;
    let began = Instant::now();
    let send = async {
        let mut tick = tokio::time::interval(Duration::from_secs(1) / 60);
        while began.elapsed() < MEASURED_FOR {
            tick.tick().await;
            let mut datagram = vec![0; 300];
            datagram[..8].copy_from_slice(&(began.elapsed().as_micros() as u64).to_le_bytes());
            server.send_datagram(Bytes::from(datagram)).unwrap();
        }
    };
    let receive = async {
        let mut late = Vec::new();
        let end = MEASURED_FOR + Duration::from_secs(1);
        while let Some(left) = end.checked_sub(began.elapsed()) {
            let Ok(datagram) = tokio::time::timeout(left, client.read_datagram()).await else {
                break;
            };
            let sent = datagram.unwrap()[..8].try_into().unwrap();
            let took = began.elapsed() - Duration::from_micros(u64::from_le_bytes(sent));
            late.push(took.saturating_sub(AWAY));
        }
        late
    };
    let ((), mut late) = tokio::join!(send, receive);
    late.sort_unstable();
    assert!(late.len() > 100, "hardly anything came: {}", late.len());
    (late[late.len() / 2], late[late.len() * 99 / 100])
}

/// The same behaviour without the floor.
fn cubic() -> Arc<TransportConfig> {
    let mut config = Arc::into_inner(transport()).expect("nobody else has it");
    config.congestion_controller_factory(Arc::new(CubicConfig::default()));
    Arc::new(config)
}

/// In `./test long` alone: to both ends a machine that does much else looks like a poor network.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_game_sends_does_not_wait_behind_itself_when_a_link_loses_packets() {
    if !std::env::var("PLAYHOUSE_TEST_MODE").is_ok_and(|mode| mode == "long") {
        return;
    }
    let (_, calm) = lateness(transport(), 0).await;
    for percent in [10, 20] {
        let (_, late) = lateness(transport(), percent * 10_000).await;
        let (_, without) = lateness(cubic(), percent * 10_000).await;
        println!("{percent} % lost: 99 of 100 within {late:?}, {without:?} without the floor");
        assert!(late < calm + Duration::from_millis(50), "{late:?}, and {calm:?} without loss");
        assert!(late < without, "{late:?} with the floor and {without:?} without");
    }
}
