//! A connection over WebSocket.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use playhouse_protocol::game::control::{CONTROL_MARK, ClientControl, DATAGRAM_MARK, marked};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::PlayError;

/// How many datagrams are kept while control messages are asked for. 256; then the oldest goes.
const DATAGRAMS_MAX: usize = 256;

/// What the server adds to an end's code.
const CODES_FROM: u16 = 4000;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection over WebSocket.
pub(super) struct Web {
    write: SplitSink<Socket, Message>,
    read: SplitStream<Socket>,
    controls: VecDeque<Vec<u8>>,
    datagrams: VecDeque<Bytes>,
}

fn broken(error: impl std::fmt::Display) -> PlayError {
    PlayError::Broken(error.to_string())
}

impl Web {
    pub(super) async fn connect(url: &str) -> Result<Self, PlayError> {
        // Small messages leave at once.
        let (socket, _) = connect_async_with_config(url, None, true).await.map_err(broken)?;
        let (write, read) = socket.split();
        Ok(Self { write, read, controls: VecDeque::new(), datagrams: VecDeque::new() })
    }

    pub(super) async fn say(&mut self, message: &ClientControl) -> Result<(), PlayError> {
        self.say_bytes(marked(message)).await
    }

    pub(super) async fn say_bytes(&mut self, bytes: Vec<u8>) -> Result<(), PlayError> {
        self.write.send(Message::binary(bytes)).await.map_err(broken)
    }

    pub(super) async fn send(&mut self, datagram: &[u8]) -> Result<(), PlayError> {
        self.say_bytes([&[DATAGRAM_MARK], datagram].concat()).await
    }

    /// Reads one message of the socket and files it.
    async fn read(&mut self) -> Result<(), PlayError> {
        let message = match self.read.next().await {
            Some(message) => message.map_err(broken)?,
            None => return Err(broken("the socket ended")),
        };
        match message {
            Message::Binary(bytes) => match bytes.first() {
                Some(&CONTROL_MARK) => self.controls.push_back(bytes[1..].to_vec()),
                Some(&DATAGRAM_MARK) => {
                    if self.datagrams.len() >= DATAGRAMS_MAX {
                        self.datagrams.pop_front();
                    }
                    self.datagrams.push_back(bytes.slice(1..));
                }
                _ => return Err(broken("a message without a mark")),
            },
            Message::Close(Some(frame)) => {
                let code = u32::from(u16::from(frame.code).saturating_sub(CODES_FROM));
                return Err(PlayError::Closed { code, reason: frame.reason.to_string() });
            }
            Message::Close(None) => return Err(broken("the socket was closed")),
            Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
        Ok(())
    }

    /// The next control message's bytes. Can be given up and asked for again.
    pub(super) async fn control(&mut self) -> Result<Vec<u8>, PlayError> {
        loop {
            if let Some(message) = self.controls.pop_front() {
                return Ok(message);
            }
            self.read().await?;
        }
    }

    /// The next datagram. Can be given up and asked for again.
    pub(super) async fn datagram(&mut self) -> Result<Bytes, PlayError> {
        loop {
            if let Some(datagram) = self.datagrams.pop_front() {
                return Ok(datagram);
            }
            self.read().await?;
        }
    }

    /// Whatever comes next. Can be given up and asked for again.
    pub(super) async fn either(&mut self) -> Result<Result<Vec<u8>, Bytes>, PlayError> {
        loop {
            if let Some(message) = self.controls.pop_front() {
                return Ok(Ok(message));
            }
            if let Some(datagram) = self.datagrams.pop_front() {
                return Ok(Err(datagram));
            }
            self.read().await?;
        }
    }

    pub(super) async fn close(&mut self) {
        let _ = self.write.close().await;
    }
}
