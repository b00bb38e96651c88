//! The socket, and the way of one connection from its first packet until it is open.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use futures_util::future::BoxFuture;
use quinn::crypto::rustls::{HandshakeData, NoInitialCipherSuite, QuicServerConfig};
use quinn::{Endpoint, EndpointConfig, Incoming, ServerConfig, TokioRuntime, VarInt};
use rustls::crypto::ring;
use socket2::{Domain, Protocol, SockAddr, Type};
use tokio::runtime::Handle;
use web_transport_quinn::{Request, Session};

use super::figures;
use super::identity::Identity;
use super::reset::{ResetKey, ResetKeyError};
use super::transport::transport;
use super::{NATIVE, PATH};
use crate::config::Config;
use crate::games::admission::{Admission, Permit, Verdict};
use crate::ws::origin;

/// How long a handshake may take, WebTransport's request included. 5 s: on a poor link that loses a
/// tenth of its packets 99 of 100 are through within 0.7 s.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);

/// Attempts that wait to be looked at. 1,024, 1.2 MiB: looking at one takes some microseconds.
const INCOMING_MAX: usize = 1024;

/// Bytes that one attempt may send before it was looked at. 16 KiB: nothing but the handshake's own.
const INCOMING_BYTES: u64 = 16 << 10;

/// The same of all attempts. 4 MiB.
const INCOMING_BYTES_ALL: u64 = 4 << 20;

/// How long a proof of address is good. 15 s, longer than a client knocks: one that finds the way in
/// busy knocks with the same proof again.
const PROOF_LIFE: Duration = Duration::from_secs(15);

/// The least time between two stateless resets. 100 us: 5,000 clients of a server that was killed
/// learn it within half a second. Only packets that look like those of an own connection get one, and
/// it is smaller than they are.
const RESET_EVERY: Duration = Duration::from_micros(100);

/// What the socket's buffers should hold. 2 MiB: a packet each of a thousand players that come at
/// once; the system may grant less (`net.core.rmem_max`).
const SOCKET_BYTES: usize = 2 << 20;

/// The game transport does not start.
#[derive(Debug, thiserror::Error)]
pub enum QuicError {
    /// The address cannot be listened on.
    #[error("failed to listen on {addr} (UDP)")]
    Listen {
        /// Which address.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The key of stateless resets cannot be used.
    #[error(transparent)]
    Reset(#[from] ResetKeyError),
    /// The cryptography lacks what QUIC begins with.
    #[error("failed to set up the cryptography of QUIC")]
    Cipher(#[from] NoInitialCipherSuite),
}

/// How a client came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// QUIC with our own protocol name.
    Native,
    /// WebTransport.
    WebTransport,
}

impl By {
    /// For figures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::WebTransport => "webtransport",
        }
    }
}

/// A client that came in and has said nothing yet.
pub struct Arrival {
    /// Its connection. One that speaks natively is a session too, without the layer between.
    pub session: Session,
    /// How it came.
    pub by: By,
    /// From where.
    pub address: IpAddr,
    /// Its place: given back when dropped, so it must live as long as the connection.
    pub permit: Permit,
}

/// Who receives those that came in.
pub trait Host: Send + Sync + 'static {
    /// Serves one of them until it is gone.
    fn receive(&self, arrival: Arrival) -> BoxFuture<'static, ()>;
}

/// A bound UDP socket: before anybody is let in its address is known.
pub struct Socket {
    socket: UdpSocket,
    addr: SocketAddr,
}

/// How many bytes of buffer the system grants to a UDP socket that asks for as many as ours does.
///
/// # Errors
///
/// What the system says.
pub fn granted_bytes() -> io::Result<usize> {
    let socket = socket2::Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(SOCKET_BYTES)?;
    socket.recv_buffer_size()
}

impl Socket {
    /// Listens at `addr`.
    ///
    /// # Errors
    ///
    /// [`QuicError::Listen`], as for a port in use.
    pub fn bind(addr: SocketAddr) -> Result<Self, QuicError> {
        let bind = || {
            let socket =
                socket2::Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
            // The system may grant less, which costs packets in bursts and nothing else.
            let _ = socket.set_recv_buffer_size(SOCKET_BYTES);
            let _ = socket.set_send_buffer_size(SOCKET_BYTES);
            socket.set_nonblocking(true)?;
            socket.bind(&SockAddr::from(addr))?;
            let socket = UdpSocket::from(socket);
            let addr = socket.local_addr()?;
            Ok(Self { socket, addr })
        };
        bind().map_err(|source| QuicError::Listen { addr, source })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// The game transport. Lets clients in until it is stopped.
pub struct Quic {
    endpoint: Endpoint,
    runtime: Handle,
}

/// Which pages may connect.
struct Pages {
    public_url: Arc<str>,
    allowed: Vec<String>,
}

impl Quic {
    /// Lets clients in through `socket`, as `identity`, and hands them to `host`. All of it happens on
    /// `runtime`; `lost` is called if the socket fails while nobody stopped it.
    ///
    /// # Errors
    ///
    /// See [`QuicError`].
    pub fn start(
        (config, public_url): (&Config, Arc<str>),
        socket: Socket,
        identity: &Identity,
        (runtime, admission): (Handle, Admission),
        host: Arc<dyn Host>,
        lost: impl FnOnce() + Send + 'static,
    ) -> Result<Self, QuicError> {
        figures::describe();
        let addr = socket.addr;
        let key = Arc::new(ResetKey::open(&config.store.data)?);
        let mut endpoint_config = EndpointConfig::new(key.clone());
        endpoint_config.cid_generator(move || key.connection_ids()).min_reset_interval(RESET_EVERY);
        let endpoint = {
            let _within = runtime.enter();
            let server = server_config(identity)?;
            let quinn = Arc::new(TokioRuntime);
            Endpoint::new(endpoint_config, Some(server), socket.socket, quinn)
                .map_err(|source| QuicError::Listen { addr, source })?
        };
        let pages = Arc::new(Pages { public_url, allowed: config.http.cors_origins.clone() });
        let accepting = endpoint.clone();
        runtime.spawn(async move {
            accept(&accepting, &admission, &pages, &host).await;
            lost();
        });
        Ok(Self { endpoint, runtime })
    }

    /// Lets nobody in any more, closes every connection with `code` and `reason`, and returns when
    /// their clients know, after `within` at the latest.
    pub async fn stop(self, code: u32, reason: &'static str, within: Duration) {
        let Self { endpoint, runtime } = self;
        endpoint.close(VarInt::from_u32(code), reason.as_bytes());
        let idle = runtime.spawn(async move {
            let _ = tokio::time::timeout(within, endpoint.wait_idle()).await;
        });
        let _ = idle.await;
    }
}

/// What connections begin with: TLS 1.3 with the certificate of the moment, and no early data at all.
fn server_config(identity: &Identity) -> Result<ServerConfig, NoInitialCipherSuite> {
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("ring speaks TLS 1.3")
        .with_no_client_auth()
        .with_cert_resolver(identity.resolver());
    tls.alpn_protocols = vec![NATIVE.to_vec(), web_transport_quinn::ALPN.as_bytes().to_vec()];
    // Early data can be replayed, and what a game receives must not be. Without tickets there is
    // nothing that a client could send it with.
    tls.max_early_data_size = 0;
    tls.send_tls13_tickets = 0;
    let mut config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    config.validation_token.sent(0);
    config
        .transport_config(transport())
        .migration(true)
        .retry_token_lifetime(PROOF_LIFE)
        .max_incoming(INCOMING_MAX)
        .incoming_buffer_size(INCOMING_BYTES)
        .incoming_buffer_size_total(INCOMING_BYTES_ALL);
    Ok(config)
}

/// Looks at everyone who knocks, until the endpoint is closed.
async fn accept(
    endpoint: &Endpoint,
    admission: &Admission,
    pages: &Arc<Pages>,
    host: &Arc<dyn Host>,
) {
    while let Some(incoming) = endpoint.accept().await {
        let from = incoming.remote_address().ip();
        let verdict = match admission.knock(from, incoming.remote_address_validated()) {
            Verdict::Enter(permit) => {
                tokio::spawn(enter(incoming, permit, pages.clone(), host.clone()));
                "entered"
            }
            Verdict::Prove => match incoming.retry() {
                Ok(()) => "retry",
                Err(error) => {
                    error.into_incoming().ignore();
                    "ignored"
                }
            },
            Verdict::Wait => {
                incoming.ignore();
                "ignored"
            }
            Verdict::Full => {
                incoming.refuse();
                "refused"
            }
        };
        figures::incoming(verdict);
    }
}

/// Why a connection was not opened.
#[derive(Debug, thiserror::Error)]
enum NotOpened {
    #[error("the handshake failed: {0}")]
    Handshake(#[from] quinn::ConnectionError),
    #[error("the request of WebTransport failed: {0}")]
    Request(#[from] web_transport_quinn::ServerError),
    #[error("the request of WebTransport was refused with {0}")]
    Refused(StatusCode),
    #[error("it took longer than {HANDSHAKE_WITHIN:?}")]
    TooSlow,
}

impl NotOpened {
    fn step(&self) -> &'static str {
        match self {
            Self::Handshake(_) => "handshake",
            Self::Request(_) => "request",
            Self::Refused(_) => "refused",
            Self::TooSlow => "time",
        }
    }
}

async fn enter(incoming: Incoming, permit: Permit, pages: Arc<Pages>, host: Arc<dyn Host>) {
    let (started, from) = (Instant::now(), incoming.remote_address());
    let address = from.ip();
    let opened = tokio::time::timeout(HANDSHAKE_WITHIN, open(incoming, &pages)).await;
    match opened.unwrap_or(Err(NotOpened::TooSlow)) {
        Ok((session, by)) => {
            figures::opened(by, started.elapsed());
            figures::connections(by, 1.0);
            host.receive(Arrival { session, by, address, permit }).await;
            figures::connections(by, -1.0);
        }
        Err(why) => {
            tracing::debug!(%from, %why, "no connection");
            figures::failed(why.step());
        }
    }
}

async fn open(incoming: Incoming, pages: &Pages) -> Result<(Session, By), NotOpened> {
    let connection = incoming.accept()?.await?;
    let chosen = connection.handshake_data().and_then(|data| data.downcast::<HandshakeData>().ok());
    if chosen.and_then(|data| data.protocol).is_some_and(|name| name == NATIVE) {
        return Ok((Session::raw(connection), By::Native));
    }
    let request = Request::accept(connection).await?;
    let origin = request.headers.get("origin").map(|origin| origin.to_str().unwrap_or(""));
    let host = request.url.authority();
    let status = if request.url.path() != PATH {
        StatusCode::NOT_FOUND
    } else if !origin::admitted_beside(origin, host, &pages.public_url, &pages.allowed) {
        StatusCode::FORBIDDEN
    } else {
        return Ok((request.ok().await?, By::WebTransport));
    };
    let told = status.as_u16().try_into().expect("it is a status");
    request.reject(told).await?;
    Err(NotOpened::Refused(status))
}
