//! A game transport on loopback whose host says back what it is told, and clients of both sorts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use playhouse_domain::time::Timestamp;
use playhouse_loadtest::play::trust;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{ClientConfig, Endpoint, ServerConfig};
use rustls::RootCertStore;
use rustls::crypto::ring;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use web_transport_quinn::Session;
use web_transport_quinn::http::{HeaderName, HeaderValue};
use web_transport_quinn::proto::ConnectRequest;

use super::super::{Arrival, By, Host, Identity, NATIVE, Quic, Socket};
use crate::config::Config;
use crate::games::admission::Admission;

/// How long anything may take. 10 s; usual are milliseconds.
pub(super) const WITHIN: Duration = Duration::from_secs(10);

pub(super) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(WITHIN, what).await.expect("it takes too long")
}

/// Says back every datagram and every byte of each stream.
struct Echo {
    came: mpsc::UnboundedSender<By>,
    /// Whether who comes in counts as joined.
    joins: bool,
}

impl Host for Echo {
    fn receive(&self, arrival: Arrival) -> BoxFuture<'static, ()> {
        let Arrival { session, by, mut permit, .. } = arrival;
        let _ = self.came.send(by);
        if self.joins {
            permit.joined();
        }
        Box::pin(async move {
            let streams = session.clone();
            tokio::spawn(async move {
                while let Ok((mut send, mut recv)) = streams.accept_bi().await {
                    let mut buffer = [0; 1024];
                    while let Ok(Some(n)) = recv.read(&mut buffer).await {
                        let _ = send.write_all(&buffer[..n]).await;
                    }
                }
            });
            while let Ok(datagram) = session.read_datagram().await {
                let _ = session.send_datagram(datagram);
            }
            drop(permit);
        })
    }
}

/// A transport that runs.
pub(super) struct Rig {
    pub(super) quic: Quic,
    pub(super) admission: Admission,
    pub(super) identity: Identity,
    pub(super) addr: SocketAddr,
    came: mpsc::UnboundedReceiver<By>,
    _data: tempfile::TempDir,
}

pub(super) fn now() -> Timestamp {
    crate::asking::server_time()
}

impl Rig {
    pub(super) fn start(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.store.data = data.path().to_owned();
        change(&mut config);
        let socket = Socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let addr = socket.addr();
        let identity = Identity::open(&config, vec!["localhost".into()], now()).unwrap();
        let (came, comes) = mpsc::unbounded_channel();
        let host = Arc::new(Echo { came, joins: config.games.joins != 1 });
        let url: Arc<str> = "https://play.example.org".into();
        let admission = Admission::new(&config);
        let on = (Handle::current(), admission.clone());
        let quic = Quic::start((&config, url), socket, &identity, on, host, || {}).unwrap();
        Self { quic, admission, identity, addr, came: comes, _data: data }
    }

    fn client(&self, alpn: &[u8]) -> ClientConfig {
        client_config(&self.identity, alpn)
    }

    /// Connects natively.
    pub(super) async fn native(&self) -> (Endpoint, Session) {
        let endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
        let connecting = endpoint.connect_with(self.client(NATIVE), self.addr, "localhost");
        let connection = soon(connecting.unwrap()).await.unwrap();
        (endpoint, Session::raw(connection))
    }

    /// Another one came in.
    pub(super) async fn came_again(&mut self) -> By {
        self.came.recv().await.expect("the host is there")
    }

    /// Connects with `alpn`.
    pub(super) async fn by(
        &self,
        alpn: &[u8],
    ) -> Result<(Endpoint, quinn::Connection), quinn::ConnectionError> {
        let endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
        let connecting = endpoint.connect_with(self.client(alpn), self.addr, "localhost");
        let connection = soon(connecting.unwrap()).await?;
        Ok((endpoint, connection))
    }

    /// Connects by WebTransport at `path`, as a page of `origin` would.
    pub(super) async fn page(
        &self,
        path: &str,
        origin: &'static str,
    ) -> Result<(Endpoint, Session), web_transport_quinn::ClientError> {
        let (endpoint, connection) = self.by(b"h3").await.expect("the handshake succeeds");
        let url: reqwest::Url = format!("https://{}{path}", self.addr).parse().unwrap();
        let (name, value) = (HeaderName::from_static("origin"), HeaderValue::from_static(origin));
        let request = ConnectRequest::new(url).with_header(name, value);
        let session = soon(Session::connect(connection, request)).await?;
        Ok((endpoint, session))
    }
}

/// A client that believes `identity` and nobody else.
pub(super) fn client_config(identity: &Identity, alpn: &[u8]) -> ClientConfig {
    let hash = identity.hash().expect("it is its own");
    trust::client(Some(&hash), RootCertStore::empty(), alpn)
}

/// A client that believes `identity`, and holds a ticket of another server of that name with the same certificate,
/// which lets it send early data.
pub(super) async fn with_a_foreign_ticket(identity: &Identity) -> (Endpoint, ClientConfig) {
    let mut tls = rustls::ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(identity.resolver());
    tls.alpn_protocols = vec![NATIVE.to_vec()];
    // What QUIC has for `as much as you like`.
    tls.max_early_data_size = u32::MAX;
    let tls = QuicServerConfig::try_from(tls).unwrap();
    let server = ServerConfig::with_crypto(Arc::new(tls));
    let server = Endpoint::server(server, "127.0.0.1:0".parse().unwrap()).unwrap();
    let at = server.local_addr().unwrap();
    let greets = tokio::spawn(async move {
        let connection = server.accept().await.unwrap().await.unwrap();
        let mut stream = connection.open_uni().await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        stream.finish().unwrap();
        connection.closed().await;
    });
    let (config, endpoint) = (
        client_config(identity, NATIVE),
        Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap(),
    );
    let connection =
        soon(endpoint.connect_with(config.clone(), at, "localhost").unwrap()).await.unwrap();
    // The ticket comes before anything else that the server says.
    let mut stream = soon(connection.accept_uni()).await.unwrap();
    assert_eq!(soon(stream.read_to_end(16)).await.unwrap(), b"hello");
    connection.close(0u32.into(), b"");
    soon(greets).await.unwrap();
    (endpoint, config)
}

/// Sends a datagram until it is said back: on loopback too a datagram may be lost.
pub(super) async fn echoed(session: &Session, text: &'static [u8]) {
    soon(async {
        loop {
            session.send_datagram(Bytes::from_static(text)).unwrap();
            let back = tokio::time::timeout(Duration::from_millis(200), session.read_datagram());
            if let Ok(back) = back.await {
                assert_eq!(back.unwrap(), text);
                return;
            }
        }
    })
    .await;
}
