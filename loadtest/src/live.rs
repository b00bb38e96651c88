//! The live connection as a client speaks it: the Centrifugo client protocol in JSON, just as much
//! of it as buyers need.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long a reply may take. 20 s, twice as long as the server waits for an outcome.
const REPLY_WITHIN: Duration = Duration::from_secs(20);

/// How many pushes are kept until they are asked for. 10,000; more ends the connection, since a
/// reader that never asks is a mistake of its own.
const PUSHES_MAX: usize = 10_000;

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

fn broken(error: impl std::fmt::Display) -> LiveError {
    LiveError::Broken(error.to_string())
}

impl Live {
    /// Connects to the server at `base` (`http://…`), with an access token if there is one.
    ///
    /// # Errors
    ///
    /// [`LiveError`].
    pub async fn connect(base: &str, token: Option<&str>) -> Result<Self, LiveError> {
        let url = format!("{}/connection/websocket", base.replacen("http", "ws", 1));
        let (socket, _) = connect_async(url).await.map_err(broken)?;
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

    async fn read_frame(&mut self) -> Result<(), LiveError> {
        let message = self.read.next().await.ok_or_else(|| broken("closed"))?.map_err(broken)?;
        let text = match message {
            Message::Text(text) => text,
            Message::Close(frame) => return Err(broken(format!("closed: {frame:?}"))),
            _ => return Ok(()),
        };
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
