//! Players who come by QUIC, natively or by WebTransport: the first stream that a client opens carries
//! control messages both ways, datagrams are datagrams.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use playhouse_protocol::game::PeerConfig;
use playhouse_protocol::game::control::{ServerControl, framed};
use playhouse_protocol::game::frames::Frames;
use playhouse_protocol::limits::DATAGRAM_BYTES_MAX;
use tokio::sync::mpsc;
use web_transport_quinn::{RecvStream, SendStream, Session};

use super::carrier::{CONTROLS_IN, CONTROLS_OUT, Carrier, Player};
use super::ending::End;
use super::intake::Intake;
use crate::quic::By;

/// How long a last message may take to reach the client. 1 s; whoever takes longer is not waited for.
const FINISH_WITHIN: Duration = Duration::from_secs(1);

/// How much is read of a stream at once, in bytes. 4 KiB: one read for every message but a first one.
const READ_BYTES: usize = 4096;

/// The least that a datagram to a player must be able to hold, in bytes, as `protocol` asks.
const DATAGRAM_BYTES_MIN: usize = 256;

/// A connection of QUIC.
struct QuicCarrier {
    session: Session,
    /// To the task that writes.
    control: mpsc::Sender<Outgoing>,
    /// The task that writes; it gives the stream back when nothing more is to come.
    writing: Mutex<Option<tokio::task::JoinHandle<Option<SendStream>>>>,
    /// How much room there is for datagrams while none waits.
    room: usize,
}

/// A control message on its way out.
struct Outgoing {
    bytes: Bytes,
    /// True if nothing follows.
    last: bool,
}

/// Waits for the client's stream, and begins to listen to it and to the datagrams. None if the
/// connection ends before.
pub(super) async fn listen(session: Session, by: By, address: IpAddr) -> Option<Player> {
    let (send, recv) = session.accept_bi().await.ok()?;
    let (control, outgoing) = mpsc::channel(CONTROLS_OUT);
    let (incoming, comes) = mpsc::channel(CONTROLS_IN);
    let intake = Arc::new(Intake::default());
    let writing = tokio::spawn(write(send, outgoing));
    tokio::spawn(read(recv, incoming));
    let (datagrams, into) = (session.clone(), intake.clone());
    tokio::spawn(async move {
        while let Ok(datagram) = datagrams.read_datagram().await {
            into.take(datagram);
        }
    });
    let room = session.datagram_send_buffer_space();
    let writing = Mutex::new(Some(writing));
    let carrier = Arc::new(QuicCarrier { session, control, writing, room });
    Some(Player { carrier, control: comes, intake, by: by.name(), address })
}

/// Writes what comes until the last; the stream, if it still stands.
async fn write(
    mut stream: SendStream,
    mut outgoing: mpsc::Receiver<Outgoing>,
) -> Option<SendStream> {
    while let Some(message) = outgoing.recv().await {
        stream.write_all(&message.bytes).await.ok()?;
        if message.last {
            break;
        }
    }
    Some(stream)
}

/// Reads messages until the stream ends. What cannot be taken apart is handed on as an empty one, which
/// is none.
async fn read(mut stream: RecvStream, incoming: mpsc::Sender<Vec<u8>>) {
    let (mut frames, mut buffer) = (Frames::default(), [0; READ_BYTES]);
    while let Ok(Some(read)) = stream.read(&mut buffer).await {
        frames.push(&buffer[..read]);
        loop {
            match frames.next_message() {
                Ok(Some(message)) => {
                    if incoming.send(message).await.is_err() {
                        return;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::debug!(%error, "bad control message");
                    let _ = incoming.send(Vec::new()).await;
                    return;
                }
            }
        }
    }
}

impl Carrier for QuicCarrier {
    fn config(&self) -> PeerConfig {
        // Room for the session's number is left out already. A path that takes less than the least is
        // none that a game can be played on, and its datagrams are dropped.
        let path = self.session.max_datagram_size();
        let datagram_bytes = path.clamp(DATAGRAM_BYTES_MIN, DATAGRAM_BYTES_MAX);
        PeerConfig { datagram_bytes, ladder: true }
    }

    fn is_busy(&self) -> bool {
        self.session.datagram_send_buffer_space() < self.room
    }

    fn datagram(&self, datagram: Bytes) {
        // Too large for the path as it is now, or closed: either way the next one says more.
        let _ = self.session.send_datagram(datagram);
    }

    fn control(&self, message: &ServerControl) -> bool {
        let message = Outgoing { bytes: framed(message).into(), last: false };
        self.control.try_send(message).is_ok()
    }

    fn finish(&self, end: End) -> BoxFuture<'static, ()> {
        let (session, control) = (self.session.clone(), self.control.clone());
        let writing = self.writing.lock().take();
        Box::pin(async move {
            let said = async {
                let told = end.told()?;
                let message = Outgoing { bytes: framed(&told).into(), last: true };
                control.send(message).await.ok()?;
                let mut stream = writing?.await.ok().flatten()?;
                stream.finish().ok()?;
                // Until the client has it: what is under way when the connection closes is lost.
                stream.stopped().await.ok()
            };
            let _ = tokio::time::timeout(FINISH_WITHIN, said).await;
            session.close(u32::from(end.code()), end.name().as_bytes());
            let _ = tokio::time::timeout(FINISH_WITHIN, session.closed()).await;
        })
    }

    fn gone(&self) -> BoxFuture<'static, ()> {
        let session = self.session.clone();
        Box::pin(async move {
            session.closed().await;
        })
    }
}
