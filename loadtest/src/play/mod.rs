//! A player's connection to a match, over QUIC or WebSocket: how it is opened, and what goes over it.
//! What the datagrams hold is `protocol::game`'s.
//!
//! - [`player`]: an honest player on top of it; [`mind`]: who decides what it does. [`journey`]: the way into a
//!   match, and back into it. [`spectator`]: one who only watches.
//! - [`find`]: a match to play. [`avatar`]: one's own avatar ahead of the server. [`pilot`]: a bot that plays like anybody.
//! - [`proxy`]: a poor network in between. [`trust`]: which server is believed. `native`: QUIC. `socket`: WebSocket.

pub mod avatar;
pub mod find;
pub mod journey;
pub mod mind;
mod native;
pub mod pilot;
pub mod player;
pub mod proxy;
mod socket;
pub mod spectator;
pub mod trust;

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use bytes::Bytes;
use playhouse_protocol::game::control::{
    ClientControl, Entry, Hello, Refused, ServerControl, Welcome, decode,
};
use serde::Deserialize;
use serde_json::Value;

use self::native::Native;
use self::socket::Web;

/// How long an answer may take. 20 s, twice as long as the server waits for an outcome.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A player's connection broke, or was ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlayError {
    /// The server ended it.
    #[error("the server ended the connection: {code} {reason}")]
    Closed {
        /// Why, for programs.
        code: u32,
        /// Why, in a word.
        reason: String,
    },
    /// The server does not know the connection: it was started anew.
    #[error("the server does not know the connection any more")]
    Reset,
    /// Nothing came for too long.
    #[error("nothing came for too long")]
    TimedOut,
    /// The server let nobody in.
    #[error("the server refused: {0:?}")]
    Refused(Refused),
    /// Something else.
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// A seat, and the ways to it, as `POST /api/games/sessions/{id}/join` tells them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Way {
    /// The match.
    pub session_id: String,
    /// The seat.
    pub seat: u16,
    /// Lets one connection in, once.
    pub ticket: String,
    /// Host and UDP port.
    pub quic: Option<String>,
    /// Where browsers go.
    pub webtransport: Option<String>,
    /// The SHA-256 of the certificate to be believed, in base64.
    pub certificate_hash: Option<String>,
    /// The WebSocket's address.
    pub websocket: String,
}

impl Way {
    /// Reads what REST told.
    ///
    /// # Errors
    ///
    /// [`PlayError::Broken`] if it is something else.
    pub fn read(joined: &Value) -> Result<Self, PlayError> {
        serde_json::from_value(joined.clone()).map_err(|e| PlayError::Broken(e.to_string()))
    }
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A control message.
    Control(ServerControl),
    /// A datagram.
    Datagram(Bytes),
}

enum Wire {
    Native(Box<Native>),
    Web(Box<Web>),
}

/// A player's connection.
pub struct Connection(Wire);

impl Connection {
    /// Connects over QUIC.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn native(way: &Way) -> Result<Self, PlayError> {
        let quic = way.quic.as_deref().ok_or(PlayError::Broken("there is no QUIC".into()))?;
        Self::native_at(way, native::resolve(quic).await?).await
    }

    /// Connects over QUIC to `at`, behind which the way's server is.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn native_at(way: &Way, at: SocketAddr) -> Result<Self, PlayError> {
        let connected = tokio::time::timeout(ANSWER_WITHIN, Native::connect(way, at)).await;
        let native = connected.map_err(|_| PlayError::TimedOut)??;
        Ok(Self(Wire::Native(Box::new(native))))
    }

    /// Connects over WebSocket.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn web(way: &Way) -> Result<Self, PlayError> {
        let connected = tokio::time::timeout(ANSWER_WITHIN, Web::connect(&way.websocket)).await;
        Ok(Self(Wire::Web(Box::new(connected.map_err(|_| PlayError::TimedOut)??))))
    }

    /// Says who comes, and waits to be let in.
    ///
    /// # Errors
    ///
    /// [`PlayError::Refused`] if it is not; [`PlayError`].
    pub async fn enter(&mut self, schema_hash: u32, entry: Entry) -> Result<Welcome, PlayError> {
        self.say(&ClientControl::Hello(Hello::new(schema_hash, entry))).await?;
        match self.control().await? {
            ServerControl::Welcome(welcome) => Ok(welcome),
            ServerControl::Refused(why) => Err(PlayError::Refused(why)),
            other => Err(PlayError::Broken(format!("{other:?} in place of a welcome"))),
        }
    }

    /// Sends a control message.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn say(&mut self, message: &ClientControl) -> Result<(), PlayError> {
        match &mut self.0 {
            Wire::Native(native) => native.say(message).await,
            Wire::Web(web) => web.say(message).await,
        }
    }

    /// Sends bytes where control messages go, whatever they are: with their length over QUIC, with their
    /// mark over WebSocket.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn say_bytes(&mut self, bytes: &[u8]) -> Result<(), PlayError> {
        match &mut self.0 {
            Wire::Native(native) => native.say_bytes(bytes).await,
            Wire::Web(web) => web.say_bytes(bytes.to_vec()).await,
        }
    }

    /// The next control message. Datagrams wait, or are dropped where there are too many.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn control(&mut self) -> Result<ServerControl, PlayError> {
        let came = async {
            match &mut self.0 {
                Wire::Native(native) => native.control().await,
                Wire::Web(web) => web.control().await,
            }
        };
        let bytes = tokio::time::timeout(ANSWER_WITHIN, came).await;
        decode(&bytes.map_err(|_| PlayError::TimedOut)??)
            .map_err(|error| PlayError::Broken(error.to_string()))
    }

    /// Whatever comes next. Can be given up and asked for again.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn next(&mut self) -> Result<Heard, PlayError> {
        let came = match &mut self.0 {
            Wire::Native(native) => {
                let datagrams = native.connection.clone();
                tokio::select! {
                    control = native.control() => Ok(control?),
                    datagram = datagrams.read_datagram() => Err(datagram.map_err(native::why)?),
                }
            }
            Wire::Web(web) => web.either().await?,
        };
        match came {
            Ok(control) => decode(&control)
                .map(Heard::Control)
                .map_err(|error| PlayError::Broken(error.to_string())),
            Err(datagram) => Ok(Heard::Datagram(datagram)),
        }
    }

    /// Sends a datagram, or drops it where the transport has no room.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn send(&mut self, datagram: Bytes) -> Result<(), PlayError> {
        match &mut self.0 {
            Wire::Native(native) => match native.connection.send_datagram(datagram) {
                Err(quinn::SendDatagramError::ConnectionLost(error)) => Err(native::why(error)),
                Err(error) => Err(PlayError::Broken(error.to_string())),
                Ok(()) => Ok(()),
            },
            Wire::Web(web) => web.send(&datagram).await,
        }
    }

    /// The next datagram.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn datagram(&mut self) -> Result<Bytes, PlayError> {
        match &mut self.0 {
            Wire::Native(native) => native.datagram().await,
            Wire::Web(web) => web.datagram().await,
        }
    }

    /// Goes on from another address, as a phone does that leaves its Wi-Fi. Nothing over WebSocket.
    ///
    /// # Errors
    ///
    /// [`PlayError::Broken`] if the system gives no socket.
    pub fn rebind(&self) -> Result<(), PlayError> {
        let Wire::Native(native) = &self.0 else { return Ok(()) };
        let any = native.endpoint.local_addr().map(|addr| match addr {
            SocketAddr::V4(_) => "0.0.0.0:0",
            SocketAddr::V6(_) => "[::]:0",
        });
        any.and_then(UdpSocket::bind)
            .and_then(|socket| native.endpoint.rebind(socket))
            .map_err(|error| PlayError::Broken(error.to_string()))
    }

    /// How many packets came so far; none over WebSocket.
    #[must_use]
    pub fn packets(&self) -> Option<u64> {
        let Wire::Native(native) = &self.0 else { return None };
        Some(native.connection.stats().udp_rx.datagrams)
    }

    /// How many bytes of UDP came and went so far; none over WebSocket.
    #[must_use]
    pub fn udp_bytes(&self) -> Option<(u64, u64)> {
        let Wire::Native(native) = &self.0 else { return None };
        let stats = native.connection.stats();
        Some((stats.udp_rx.bytes, stats.udp_tx.bytes))
    }

    /// Why the connection ended, once it has.
    pub async fn ended(&mut self) -> PlayError {
        loop {
            if let Err(error) = self.next().await {
                return error;
            }
        }
    }

    /// Goes without a word.
    pub async fn close(mut self) {
        match &mut self.0 {
            Wire::Native(native) => {
                native.connection.close(0u32.into(), b"");
                native.endpoint.wait_idle().await;
            }
            Wire::Web(web) => web.close().await,
        }
    }
}
