//! What a client asks, and how a frame of it is read. Bytes from outside: bounded in size, number
//! and depth before anything is parsed.

use serde::Deserialize;
use serde_json::Value;

/// The largest frame, in bytes. 64 KiB: as large as the largest room command.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// The most commands in one frame. 64: an SDK that reconnects sends one for each subscription, in
/// frames of its own making; more come as a further frame.
pub const FRAME_COMMANDS_MAX: usize = 64;

/// How deep the JSON of a command may nest. 32, as for a REST body: a parser uses stack by depth.
pub const DEPTH_MAX: usize = 32;

/// The longest channel name, in bytes. 255, as the protocol's own server has it.
pub const CHANNEL_BYTES_MAX: usize = 255;

/// The request to be somebody, or nobody in particular.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Connect {
    /// The access token. Empty: nobody in particular.
    pub token: String,
    /// What the client calls itself (`js`).
    pub name: String,
}

/// The request to follow a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Subscribe {
    /// Which.
    pub channel: String,
    /// True if what was missed since `epoch` and `offset` is asked for.
    pub recover: bool,
    /// The stream epoch of the client's position. An empty one is no stream's.
    pub epoch: String,
    /// The newest offset that the client has.
    pub offset: u64,
    /// True if the client wants to be told who comes and goes.
    pub join_leave: bool,
    /// What the client offers, as bits: [`FLAG_REJECT_UNRECOVERED`]. Others are ignored.
    pub flag: i64,
}

/// Bit of [`Subscribe::flag`]: rather refuse the subscription with error 112 than start anew.
pub const FLAG_REJECT_UNRECOVERED: i64 = 2;

impl Subscribe {
    /// True if the client rather wants error 112 than a subscription that starts anew.
    #[must_use]
    pub fn rejects_unrecovered(&self) -> bool {
        self.flag & FLAG_REJECT_UNRECOVERED != 0
    }
}

/// A place in a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Since {
    /// The newest offset that the client has.
    pub offset: u64,
    /// The stream epoch it belongs to.
    pub epoch: String,
}

/// The request for what was published on a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct History {
    /// Which channel.
    pub channel: String,
    /// The most publications to send. 0: the stream's position alone.
    pub limit: i32,
    /// From where on.
    pub since: Option<Since>,
    /// True for the newest first.
    pub reverse: bool,
}

/// A call.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Rpc {
    /// What is called (`showing.hold`).
    pub method: String,
    /// With what.
    pub data: Value,
}

/// What a command asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// To be somebody, or nobody in particular. The first command, and sent once.
    Connect(Connect),
    /// To follow a channel.
    Subscribe(Subscribe),
    /// To follow a channel no longer.
    Unsubscribe(String),
    /// To publish on a channel, which this server never allows.
    Publish,
    /// Who follows a channel.
    Presence(String),
    /// How many follow a channel.
    PresenceStats(String),
    /// What was published on a channel.
    History(History),
    /// Whether anybody is there.
    Ping,
    /// A call.
    Rpc(Rpc),
    /// To go on with a newer token.
    Refresh(String),
    /// To go on with a subscription by a newer token: subscriptions have none here.
    SubRefresh,
    /// None of the above.
    Unknown,
}

/// One line of a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The answer to a ping.
    Pong,
    /// A message that nobody answers. This server has no use for any.
    Send,
    /// A request, to be answered under its id.
    Ask {
        /// Above 0, chosen by the client.
        id: u32,
        /// What is asked.
        method: Method,
    },
}

/// Why a frame is no frame of ours. The connection ends with code 3501.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// It is too large.
    #[error("frame of {len} bytes is over the bound of {FRAME_BYTES_MAX}")]
    TooLarge {
        /// Its size.
        len: usize,
    },
    /// It holds too many commands.
    #[error("frame holds more than {FRAME_COMMANDS_MAX} commands")]
    TooMany,
    /// It nests too deep.
    #[error("command {index} nests deeper than {DEPTH_MAX} levels")]
    TooDeep {
        /// Which line, from 0.
        index: usize,
    },
    /// A line is no command.
    #[error("command {index} is malformed: {reason}")]
    Malformed {
        /// Which line, from 0.
        index: usize,
        /// What stands against it.
        reason: String,
    },
    /// A command that must be answered has no id.
    #[error("command {index} has no id")]
    NoId {
        /// Which line, from 0.
        index: usize,
    },
    /// It holds nothing.
    #[error("frame holds no command")]
    Empty,
}

/// A command as it stands on the wire. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    id: u32,
    connect: Option<Connect>,
    subscribe: Option<Subscribe>,
    unsubscribe: Option<OfChannel>,
    publish: Option<OfChannel>,
    presence: Option<OfChannel>,
    presence_stats: Option<OfChannel>,
    history: Option<History>,
    ping: Option<Nothing>,
    send: Option<Nothing>,
    rpc: Option<Rpc>,
    refresh: Option<Refresh>,
    sub_refresh: Option<OfChannel>,
}

/// A request that names a channel and nothing else of interest.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OfChannel {
    channel: String,
}

/// A request whose content is of no interest.
#[derive(Debug, Deserialize)]
struct Nothing {}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refresh {
    token: String,
}

impl Line {
    /// What it asks: the first request that it holds, in the protocol's order.
    fn method(self) -> Option<Method> {
        let m = self.connect.map(Method::Connect);
        let m = m.or_else(|| self.subscribe.map(Method::Subscribe));
        let m = m.or_else(|| self.unsubscribe.map(|c| Method::Unsubscribe(c.channel)));
        let m = m.or_else(|| self.publish.map(|_| Method::Publish));
        let m = m.or_else(|| self.presence.map(|c| Method::Presence(c.channel)));
        let m = m.or_else(|| self.presence_stats.map(|c| Method::PresenceStats(c.channel)));
        let m = m.or_else(|| self.history.map(Method::History));
        let m = m.or_else(|| self.ping.map(|_| Method::Ping));
        let m = m.or_else(|| self.rpc.map(Method::Rpc));
        let m = m.or_else(|| self.refresh.map(|r| Method::Refresh(r.token)));
        m.or_else(|| self.sub_refresh.map(|_| Method::SubRefresh))
    }

    fn command(self, index: usize) -> Result<Command, BadFrame> {
        let (id, send) = (self.id, self.send.is_some());
        match (id, self.method()) {
            (_, None) if send => Ok(Command::Send),
            (0, None) => Ok(Command::Pong),
            (0, Some(_)) => Err(BadFrame::NoId { index }),
            (id, method) => Ok(Command::Ask { id, method: method.unwrap_or(Method::Unknown) }),
        }
    }
}

/// Reads the commands of one text frame, in order.
///
/// # Errors
///
/// See [`BadFrame`]: one bad line makes the whole frame bad, and nothing of it is done.
pub fn decode(frame: &str) -> Result<Vec<Command>, BadFrame> {
    if frame.len() > FRAME_BYTES_MAX {
        return Err(BadFrame::TooLarge { len: frame.len() });
    }
    let lines = frame.split('\n').map(str::trim).filter(|line| !line.is_empty());
    let mut commands = Vec::new();
    for (index, line) in lines.enumerate() {
        if index >= FRAME_COMMANDS_MAX {
            return Err(BadFrame::TooMany);
        }
        if depth(line.as_bytes()) > DEPTH_MAX {
            return Err(BadFrame::TooDeep { index });
        }
        let malformed = |reason: String| BadFrame::Malformed { index, reason };
        // The parser would take a list for an object whose fields come in order.
        if !line.starts_with('{') {
            return Err(malformed("it is no object".to_owned()));
        }
        let line: Line = serde_json::from_str(line).map_err(|e| malformed(e.to_string()))?;
        commands.push(line.command(index)?);
    }
    if commands.is_empty() { Err(BadFrame::Empty) } else { Ok(commands) }
}

/// How deep `json` nests at most; brackets within texts do not count.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut text, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'{' | b'[' if !text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests;
