//! A connection over QUIC.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use playhouse_protocol::game::control::{ClientControl, framed};
use playhouse_protocol::game::frames::Frames;
use quinn::{Connection, ConnectionError, Endpoint, RecvStream, SendStream, TransportConfig};
use rustls::RootCertStore;

use super::{PlayError, Way, trust};

/// What a round trip is taken for until it was measured: as the server does.
const INITIAL_RTT: Duration = Duration::from_millis(100);

/// How long a silent server is taken to be there. 10 s, as the server does.
const IDLE_MAX_MS: u32 = 10_000;

/// Bytes of datagrams that wait to be sent. 4,096: a second of inputs, and the oldest goes first.
const DATAGRAMS_OUT: usize = 4096;

/// How much is read of the stream at once, in bytes.
const READ_BYTES: usize = 4096;

/// A connection over QUIC.
pub(super) struct Native {
    pub(super) endpoint: Endpoint,
    pub(super) connection: Connection,
    send: SendStream,
    recv: RecvStream,
    frames: Frames,
    buffer: Box<[u8; READ_BYTES]>,
}

/// What there is to know of why a connection ended.
pub(super) fn why(error: ConnectionError) -> PlayError {
    match error {
        ConnectionError::ApplicationClosed(close) => PlayError::Closed {
            code: u32::try_from(u64::from(close.error_code)).unwrap_or(u32::MAX),
            reason: String::from_utf8_lossy(&close.reason).into_owned(),
        },
        ConnectionError::Reset => PlayError::Reset,
        ConnectionError::TimedOut => PlayError::TimedOut,
        other => PlayError::Broken(other.to_string()),
    }
}

fn broken(error: impl std::fmt::Display) -> PlayError {
    PlayError::Broken(error.to_string())
}

/// The address that `quic` (`host:port`) stands for.
pub(super) async fn resolve(quic: &str) -> Result<SocketAddr, PlayError> {
    let mut found = tokio::net::lookup_host(quic).await.map_err(broken)?;
    found.next().ok_or_else(|| broken("nobody has this name"))
}

/// How a client's connections behave.
pub(super) fn transport() -> Arc<TransportConfig> {
    let mut transport = TransportConfig::default();
    transport
        .initial_rtt(INITIAL_RTT)
        .max_idle_timeout(Some(quinn::VarInt::from_u32(IDLE_MAX_MS).into()))
        .datagram_send_buffer_size(DATAGRAMS_OUT)
        .enable_segmentation_offload(false);
    Arc::new(transport)
}

impl Native {
    /// Connects to `at`, which is where `way` leads, or what stands between.
    pub(super) async fn connect(way: &Way, at: SocketAddr) -> Result<Self, PlayError> {
        let any = match at {
            SocketAddr::V4(_) => "0.0.0.0:0",
            SocketAddr::V6(_) => "[::]:0",
        };
        let any = any.parse().map_err(broken)?;
        let endpoint = Endpoint::client(any).map_err(broken)?;
        let hash = way.certificate_hash.as_deref();
        let mut config = trust::client(hash, RootCertStore::empty(), trust::NATIVE);
        config.transport_config(transport());
        let host = way.quic.as_deref().and_then(|quic| quic.rsplit_once(':'));
        let name = host.map_or("localhost", |(host, _)| host.trim_matches(['[', ']']));
        let connecting = endpoint.connect_with(config, at, name).map_err(broken)?;
        let connection = connecting.await.map_err(why)?;
        let (send, recv) = connection.open_bi().await.map_err(why)?;
        let (frames, buffer) = (Frames::default(), Box::new([0; READ_BYTES]));
        Ok(Self { endpoint, connection, send, recv, frames, buffer })
    }

    pub(super) async fn say(&mut self, message: &ClientControl) -> Result<(), PlayError> {
        self.say_bytes(&framed(message)).await
    }

    pub(super) async fn say_bytes(&mut self, bytes: &[u8]) -> Result<(), PlayError> {
        match self.send.write_all(bytes).await {
            Err(quinn::WriteError::ConnectionLost(error)) => Err(why(error)),
            other => other.map_err(broken),
        }
    }

    /// The next control message's bytes. Can be given up and asked for again.
    pub(super) async fn control(&mut self) -> Result<Vec<u8>, PlayError> {
        loop {
            if let Some(message) = self.frames.next_message().map_err(broken)? {
                return Ok(message);
            }
            match self.recv.read(&mut *self.buffer).await {
                Ok(Some(n)) => self.frames.push(&self.buffer[..n]),
                // What was said is read; how the connection ends says the rest.
                Ok(None) => return Err(why(self.connection.closed().await)),
                Err(quinn::ReadError::ConnectionLost(error)) => return Err(why(error)),
                Err(error) => return Err(broken(error)),
            }
        }
    }

    pub(super) async fn datagram(&self) -> Result<Bytes, PlayError> {
        self.connection.read_datagram().await.map_err(why)
    }
}
