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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(frame: &str) -> (u32, Method) {
        match decode(frame).unwrap().pop().unwrap() {
            Command::Ask { id, method } => (id, method),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_frame_holds_several_commands_and_keeps_their_order() {
        let frame = "{\"id\":1,\"connect\":{\"name\":\"js\"}}\n{\"id\":2,\"subscribe\":\
                     {\"channel\":\"showing:a\",\"recover\":true,\"epoch\":\"e\",\"offset\":7,\
                     \"flag\":3}}\n{}\n";
        let subscribe = Subscribe {
            channel: "showing:a".to_owned(),
            recover: true,
            epoch: "e".to_owned(),
            offset: 7,
            flag: 3,
            ..Subscribe::default()
        };
        assert!(subscribe.rejects_unrecovered());
        let connect = Connect { name: "js".to_owned(), ..Connect::default() };
        assert_eq!(
            decode(frame).unwrap(),
            [
                Command::Ask { id: 1, method: Method::Connect(connect) },
                Command::Ask { id: 2, method: Method::Subscribe(subscribe) },
                Command::Pong,
            ]
        );
    }

    #[test]
    fn what_a_newer_sdk_adds_is_ignored() {
        let frame = r#"{"id":3,"rpc":{"method":"m","data":{"a":[1]},"novel":1},"other":{}}"#;
        let rpc = Rpc { method: "m".to_owned(), data: serde_json::json!({"a": [1]}) };
        assert_eq!(ask(frame), (3, Method::Rpc(rpc)));
        assert_eq!(ask(r#"{"id":4,"novel":{}}"#), (4, Method::Unknown));
        assert_eq!(ask(r#"{"id":5,"publish":{"channel":"c","data":{}}}"#), (5, Method::Publish));
        assert_eq!(decode(r#"{"send":{"data":1}}"#).unwrap(), [Command::Send]);
    }

    #[test]
    fn a_bad_frame_is_refused_whole() {
        let bad = |frame: &str| decode(frame).unwrap_err();
        assert_eq!(bad(""), BadFrame::Empty);
        assert_eq!(bad("\n \n"), BadFrame::Empty);
        assert_eq!(bad(r#"{"connect":{}}"#), BadFrame::NoId { index: 0 });
        for text in ["[]", "1", "null", "{", "{\"id\":-1}", "{\"id\":4294967296}", "{}x"] {
            assert!(matches!(bad(text), BadFrame::Malformed { index: 0, .. }), "{text}");
        }
        assert!(matches!(bad("{}\n{\"id\":\"1\"}"), BadFrame::Malformed { index: 1, .. }));
        assert_eq!(bad(&"{}\n".repeat(FRAME_COMMANDS_MAX + 1)), BadFrame::TooMany);
        assert!(decode(&"{}\n".repeat(FRAME_COMMANDS_MAX)).is_ok());
        let len = FRAME_BYTES_MAX + 1;
        assert_eq!(bad(&" ".repeat(len)), BadFrame::TooLarge { len });
        let deep = format!(r#"{{"id":1,"rpc":{{"data":{}1{}}}}}"#, "[".repeat(31), "]".repeat(31));
        assert_eq!(bad(&deep), BadFrame::TooDeep { index: 0 });
    }

    #[test]
    fn brackets_within_texts_are_no_depth() {
        assert_eq!(depth(br#"{"a":"[[[\"[[","b":[{}]}"#), 3);
        assert!(decode(&format!(r#"{{"id":1,"rpc":{{"method":"{}"}}}}"#, "[".repeat(99))).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_decoder_panic(text in "\\PC{0,200}") {
            let _ = decode(&text);
        }

        #[test]
        fn no_text_of_the_protocols_own_words_makes_the_decoder_panic(
            words in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\n", "\"id\"", "1", "0", "-1", "1e9", "null", "true",
                "\"connect\"", "\"subscribe\"", "\"channel\"", "\"rpc\"", "\"data\"", "\"offset\"",
                "\"since\"", "\"history\"", "\"send\"", "\"\\", "\"\\ud800\"", "\"x\"",
            ]), 0..60)
        ) {
            let _ = decode(&words.concat());
        }

        #[test]
        fn a_well_formed_command_keeps_its_id(id in 1_u32.., channel in "[a-z:0-9-]{1,40}") {
            let frame = format!(r#"{{"id":{id},"unsubscribe":{{"channel":"{channel}"}}}}"#);
            prop_assert_eq!(ask(&frame), (id, Method::Unsubscribe(channel)));
        }
    }
}
