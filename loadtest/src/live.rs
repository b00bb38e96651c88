//! The live connection as a client speaks it: the Centrifugo client protocol in JSON, just as much
//! of it as buyers need.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async_with_config, connect_async_with_config,
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long a reply may take. 20 s, twice as long as the server waits for an outcome.
const REPLY_WITHIN: Duration = Duration::from_secs(20);

/// How many pushes are kept until they are asked for. 10,000; more ends the connection, since a
/// reader that never asks is a mistake of its own.
const PUSHES_MAX: usize = 10_000;

/// How much is read at a time, in bytes. 4 KiB, a publication or several; the library's own 128 KiB
/// are taken for each connection, and there are thousands.
const READ_BUFFER: usize = 4096;

/// What the kernel keeps for one who reads nothing, in bytes. 4 KiB, about the least that Linux gives.
const DEAF_BUFFER: u32 = 4096;

/// The live connection broke, or said no.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The connection is gone.
    #[error("the live connection broke: {0}")]
    Broken(String),
    /// A command was refused.
    #[error("{code}: {message}")]
    Refused {
        /// The error's code.
        code: u64,
        /// What it says.
        message: String,
        /// The whole problem, for calls.
        problem: Value,
    },
}

/// One live connection.
pub struct Live {
    write: SplitSink<Socket, Message>,
    read: SplitStream<Socket>,
    id: u64,
    replies: HashMap<u64, Value>,
    pushes: Vec<Value>,
}

/// What a push tells of a room: what changed, or else the whole view.
#[must_use]
pub fn news(push: &Value) -> &Value {
    let data = &push["pub"]["data"];
    if data["change"].is_null() { &data["view"] } else { &data["change"] }
}

fn broken(error: impl std::fmt::Display) -> LiveError {
    LiveError::Broken(error.to_string())
}

fn url(base: &str) -> String {
    format!("{}/connection/websocket", base.replacen("http", "ws", 1))
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(READ_BUFFER)
}

impl Live {
    /// Connects to the server at `base` (`http://…`), with an access token if there is one.
    ///
    /// # Errors
    ///
    /// [`LiveError`].
    pub async fn connect(base: &str, token: Option<&str>) -> Result<Self, LiveError> {
        // Small messages leave at once.
        let connected = connect_async_with_config(url(base), Some(config()), true).await;
        Self::greet(connected.map_err(broken)?.0, token).await
    }

    /// Connects as one who is about to read nothing: over plain TCP, with so small a buffer that what
    /// is not read soon waits at the server rather than in this machine's kernel.
    ///
    /// # Errors
    ///
    /// [`LiveError`].
    pub async fn connect_deaf(base: &str) -> Result<Self, LiveError> {
        let place = base.trim_start_matches("http://");
        let mut places = tokio::net::lookup_host(place).await.map_err(broken)?;
        let place = places.next().ok_or_else(|| broken("nobody has this name"))?;
        let socket = match place {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        };
        let socket = socket.map_err(broken)?;
        socket.set_recv_buffer_size(DEAF_BUFFER).map_err(broken)?;
        let stream = MaybeTlsStream::Plain(socket.connect(place).await.map_err(broken)?);
        let connected = client_async_with_config(url(base), stream, Some(config())).await;
        Self::greet(connected.map_err(broken)?.0, None).await
    }

    async fn greet(socket: Socket, token: Option<&str>) -> Result<Self, LiveError> {
        let (write, read) = socket.split();
        let mut live = Self { write, read, id: 0, replies: HashMap::new(), pushes: Vec::new() };
        let connect = token.map_or(json!({}), |token| json!({ "token": token }));
        live.command("connect", connect).await?;
        Ok(live)
    }

    /// Sends a command and waits for its reply.
    ///
    /// # Errors
    ///
    /// [`LiveError`].
    pub async fn command(&mut self, name: &str, body: Value) -> Result<Value, LiveError> {
        self.id += 1;
        let id = self.id;
        let frame = json!({ "id": id, name: body }).to_string();
        self.write.send(Message::text(frame)).await.map_err(broken)?;
        let reply = tokio::time::timeout(REPLY_WITHIN, self.reply(id)).await.map_err(broken)??;
        if let Some(error) = reply.get("error") {
            let code = error["code"].as_u64().unwrap_or_default();
            let message = error["message"].as_str().unwrap_or_default().to_owned();
            let problem = error["problem"].clone();
            return Err(LiveError::Refused { code, message, problem });
        }
        Ok(reply[name].clone())
    }

    /// Calls an RPC method.
    ///
    /// # Errors
    ///
    /// [`LiveError`].
    pub async fn rpc(&mut self, method: &str, data: Value) -> Result<Value, LiveError> {
        let result = self.command("rpc", json!({ "method": method, "data": data })).await?;
        Ok(result["data"].clone())
    }

    /// The next push, waiting at most `within`.
    ///
    /// # Errors
    ///
    /// [`LiveError::Broken`], also when none came.
    pub async fn push(&mut self, within: Duration) -> Result<Value, LiveError> {
        let next = async {
            while self.pushes.is_empty() {
                self.read_frame().await?;
            }
            Ok(self.pushes.remove(0))
        };
        tokio::time::timeout(within, next).await.map_err(broken)?
    }

    /// Stays connected for `time`: what comes is read, pings are answered.
    ///
    /// # Errors
    ///
    /// [`LiveError::Broken`].
    pub async fn linger(&mut self, time: Duration) -> Result<(), LiveError> {
        let reading = async {
            loop {
                if let Err(error) = self.read_frame().await {
                    return error;
                }
            }
        };
        tokio::time::timeout(time, reading).await.map_or(Ok(()), Err)
    }

    /// The next frame as it came, one or several messages a line; pings are answered. For those who
    /// read a great many and look for themselves.
    ///
    /// # Errors
    ///
    /// [`LiveError::Broken`].
    pub async fn text(&mut self) -> Result<Utf8Bytes, LiveError> {
        loop {
            let Some(text) = self.frame().await? else { continue };
            if text.lines().any(|line| line == "{}") {
                self.write.send(Message::text("{}")).await.map_err(broken)?;
            }
            if text.len() > 3 {
                return Ok(text);
            }
        }
    }

    /// What was pushed and not asked for yet.
    pub fn pushes(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.pushes)
    }

    async fn reply(&mut self, id: u64) -> Result<Value, LiveError> {
        loop {
            if let Some(reply) = self.replies.remove(&id) {
                return Ok(reply);
            }
            self.read_frame().await?;
        }
    }

    /// The next frame, if it is text.
    async fn frame(&mut self) -> Result<Option<Utf8Bytes>, LiveError> {
        let message = self.read.next().await.ok_or_else(|| broken("closed"))?.map_err(broken)?;
        match message {
            Message::Text(text) => Ok(Some(text)),
            Message::Close(frame) => Err(broken(format!("closed: {frame:?}"))),
            _ => Ok(None),
        }
    }

    async fn read_frame(&mut self) -> Result<(), LiveError> {
        let Some(text) = self.frame().await? else { return Ok(()) };
        for line in text.lines().filter(|line| !line.is_empty()) {
            let value: Value = serde_json::from_str(line).map_err(broken)?;
            if let Some(id) = value["id"].as_u64() {
                self.replies.insert(id, value);
            } else if let Some(push) = value.get("push") {
                if self.pushes.len() >= PUSHES_MAX {
                    return Err(broken("too many pushes that nobody read"));
                }
                self.pushes.push(push.clone());
            } else {
                self.write.send(Message::text("{}")).await.map_err(broken)?;
            }
        }
        Ok(())
    }
}
