//! What carries a player's messages, whichever transport it is.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use playhouse_protocol::game::PeerConfig;
use playhouse_protocol::game::control::ServerControl;
use tokio::sync::mpsc;

use super::ending::End;
use super::intake::Intake;

/// How many control messages of a client wait to be looked at. 16: more than hands can press, and past
/// it the transport reads no further.
pub const CONTROLS_IN: usize = 16;

/// How many control messages may wait to be sent to a client. 64: as many changes of a lobby as happen
/// in three seconds; one more, and the connection is closed.
pub const CONTROLS_OUT: usize = 64;

/// One direction and the other of a player's connection.
pub trait Carrier: Send + Sync + 'static {
    /// How the datagrams to this player are made.
    fn config(&self) -> PeerConfig;

    /// True if what was given before has not been sent yet.
    fn is_busy(&self) -> bool;

    /// Sends a datagram, or drops it.
    fn datagram(&self, datagram: Bytes);

    /// Queues a control message; false if there is no room for it.
    fn control(&self, message: &ServerControl) -> bool;

    /// Sends what is queued, with the end's last message behind it, and ends the connection.
    fn finish(&self, end: End) -> BoxFuture<'static, ()>;

    /// Ready when the client is gone, or its network.
    fn gone(&self) -> BoxFuture<'static, ()>;
}

/// A client that can be listened to.
pub struct Player {
    /// What carries what it is told.
    pub carrier: Arc<dyn Carrier>,
    /// Its control messages, without length or mark; an empty one stands for what could not be read.
    pub control: mpsc::Receiver<Vec<u8>>,
    /// Where its datagrams go.
    pub intake: Arc<Intake>,
    /// `native`, `webtransport` or `websocket`.
    pub by: &'static str,
    /// From where, as the client had it when it came.
    pub address: IpAddr,
}
