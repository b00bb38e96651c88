//! What the server says: replies and pushes, each one line without a line break.
//!
//! What rooms say is JSON already and is put in as it is: a publication is never parsed again.

use serde::Serialize;

use super::codes::{Error, Unsubscribe};

/// A ping: the client answers with the same.
pub const PING: &str = "{}";

/// The answer to a connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Connected {
    /// The connection's name.
    pub client: String,
    /// The server's version.
    pub version: &'static str,
    /// True if the connection ends with its token.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub expires: bool,
    /// In how many seconds the client is to refresh.
    #[serde(skip_serializing_if = "is_zero")]
    pub ttl: u64,
    /// Every how many seconds the server pings.
    pub ping: u64,
    /// True: a ping wants an answer.
    pub pong: bool,
    /// The server's time, in ms since 1970.
    pub time: u64,
}

/// The answer to a refresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refreshed {
    /// The connection's name.
    pub client: String,
    /// The server's version.
    pub version: &'static str,
    /// True: the newer token ends too.
    pub expires: bool,
    /// In how many seconds the client is to refresh.
    pub ttl: u64,
}

/// A client, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientInfo {
    /// The account's id; empty for nobody in particular.
    pub user: String,
    /// The connection's name.
    pub client: String,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A publication on its way: JSON of a room, and the offset it leads to. Volatile ones have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication<'a> {
    /// JSON in one line.
    pub data: &'a [u8],
    /// Where it leads.
    pub offset: Option<u64>,
}

/// The answer to a subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscribed<'a> {
    /// The stream's epoch; none where nothing can be recovered.
    pub epoch: Option<&'a str>,
    /// From where `publications` lead on: the client's own position if it recovered, else where the
    /// stream stands.
    pub offset: u64,
    /// True if the client asked to recover.
    pub was_recovering: bool,
    /// True if `publications` are everything it missed.
    pub recovered: bool,
    /// What it missed, oldest first.
    pub publications: &'a [Publication<'a>],
    /// What it starts from: JSON of the room.
    pub data: Option<&'a [u8]>,
}

/// A line in the making.
struct Line(Vec<u8>);

impl Line {
    fn raw(mut self, text: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(text.as_ref());
        self
    }

    /// `value` as JSON. Ours are maps, texts and numbers, which always can be.
    fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        if serde_json::to_writer(&mut self.0, value).is_err() {
            self.0.extend_from_slice(b"null");
        }
        self
    }

    fn publication(self, publication: &Publication<'_>) -> Self {
        let line = self.raw(r#"{"data":"#).raw(publication.data);
        match publication.offset {
            Some(offset) => line.raw(r#","offset":"#).json(&offset).raw("}"),
            None => line.raw("}"),
        }
    }
}

fn line(capacity: usize) -> Line {
    Line(Vec::with_capacity(capacity))
}

/// The reply `id` with `result` under `name` (`connect`).
#[must_use]
pub fn result(id: u32, name: &str, result: &impl Serialize) -> Vec<u8> {
    let head = line(128).raw(r#"{"id":"#).json(&id).raw(r#",""#).raw(name);
    head.raw(r#"":"#).json(result).raw("}").0
}

/// The reply `id` that says no.
#[must_use]
pub fn error(id: u32, error: &Error) -> Vec<u8> {
    line(128).raw(r#"{"id":"#).json(&id).raw(r#","error":"#).json(error).raw("}").0
}

/// The reply `id` to a subscribe.
#[must_use]
pub fn subscribed(id: u32, answer: &Subscribed<'_>) -> Vec<u8> {
    let size = answer.publications.iter().map(|p| p.data.len() + 40).sum::<usize>();
    let mut line = line(200 + size + answer.data.map_or(0, <[u8]>::len));
    line = line.raw(r#"{"id":"#).json(&id).raw(r#","subscribe":{"#);
    if let Some(epoch) = answer.epoch {
        line = line.raw(r#""recoverable":true,"positioned":true,"epoch":"#).json(epoch);
        line = line.raw(r#","offset":"#).json(&answer.offset);
        line = line.raw(r#","was_recovering":"#).json(&answer.was_recovering);
        line = line.raw(r#","recovered":"#).json(&answer.recovered);
        line = line.raw(r#","publications":"#).publications(answer.publications);
        if let Some(data) = answer.data {
            line = line.raw(r#","data":"#).raw(data);
        }
    } else if let Some(data) = answer.data {
        line = line.raw(r#""data":"#).raw(data);
    }
    line.raw("}}").0
}

impl Line {
    fn publications(mut self, publications: &[Publication<'_>]) -> Self {
        self = self.raw("[");
        for (n, publication) in publications.iter().enumerate() {
            self = self.raw(if n == 0 { "" } else { "," }).publication(publication);
        }
        self.raw("]")
    }
}

/// The reply `id` to a question for history.
#[must_use]
pub fn history(id: u32, epoch: &str, offset: u64, publications: &[Publication<'_>]) -> Vec<u8> {
    let line = line(256).raw(r#"{"id":"#).json(&id).raw(r#","history":{"publications":"#);
    let line = line.publications(publications).raw(r#","epoch":"#).json(epoch);
    line.raw(r#","offset":"#).json(&offset).raw("}}").0
}

fn push(channel: &str, capacity: usize) -> Line {
    line(60 + channel.len() + capacity).raw(r#"{"push":{"channel":"#).json(channel)
}

/// The push of a publication.
#[must_use]
pub fn publication(channel: &str, publication: &Publication<'_>) -> Vec<u8> {
    let line = push(channel, publication.data.len()).raw(r#","pub":"#);
    line.publication(publication).raw("}}").0
}

/// The push that ends a subscription.
#[must_use]
pub fn unsubscribe(channel: &str, why: Unsubscribe) -> Vec<u8> {
    push(channel, 60).raw(r#","unsubscribe":"#).json(&why).raw("}}").0
}

/// The push that somebody came to (`join`) or went from (`leave`) the channel.
#[must_use]
pub fn came_or_went(channel: &str, came: bool, who: &ClientInfo) -> Vec<u8> {
    let name = if came { "join" } else { "leave" };
    push(channel, 120).raw(r#",""#).raw(name).raw(r#"":{"info":"#).json(who).raw("}}}").0
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(line: Vec<u8>) -> Value {
        assert!(!line.contains(&b'\n'), "a line holds no line break");
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn a_push_carries_the_rooms_own_words() {
        let p = Publication { data: br#"{"from":7,"to":9}"#, offset: Some(9) };
        assert_eq!(
            String::from_utf8(publication("showing:a", &p)).unwrap(),
            r#"{"push":{"channel":"showing:a","pub":{"data":{"from":7,"to":9},"offset":9}}}"#
        );
        let volatile = Publication { data: b"1", offset: None };
        assert_eq!(
            read(publication("a\"b", &volatile)),
            json!({"push": {"channel": "a\"b", "pub": {"data": 1}}})
        );
    }

    #[test]
    fn a_subscription_says_what_it_starts_from() {
        let missed = [
            Publication { data: b"{\"to\":8}", offset: Some(8) },
            Publication { data: b"{\"to\":9}", offset: Some(9) },
        ];
        let mut answer = Subscribed {
            epoch: Some("e1"),
            offset: 7,
            was_recovering: true,
            recovered: true,
            publications: &missed,
            data: None,
        };
        assert_eq!(
            read(subscribed(4, &answer)),
            json!({"id": 4, "subscribe": {
                "recoverable": true, "positioned": true, "epoch": "e1", "offset": 7,
                "was_recovering": true, "recovered": true,
                "publications": [{"data": {"to": 8}, "offset": 8}, {"data": {"to": 9}, "offset": 9}]
            }})
        );
        answer.epoch = None;
        answer.data = Some(b"{\"a\":1}");
        assert_eq!(read(subscribed(4, &answer)), json!({"id": 4, "subscribe": {"data": {"a": 1}}}));
    }

    #[test]
    fn replies_keep_their_id() {
        assert_eq!(read(result(9, "ping", &json!({}))), json!({"id": 9, "ping": {}}));
        assert_eq!(
            read(error(9, &Error::UNKNOWN_CHANNEL)),
            json!({"id": 9, "error": {"code": 102, "message": "unknown channel"}})
        );
        assert_eq!(
            read(history(2, "e", 5, &[])),
            json!({"id": 2, "history": {"publications": [], "epoch": "e", "offset": 5}})
        );
    }

    #[test]
    fn pushes_without_data_name_their_reason() {
        assert_eq!(
            read(unsubscribe("c", Unsubscribe::INSUFFICIENT)),
            json!({"push": {"channel": "c",
                "unsubscribe": {"code": 2500, "reason": "insufficient state"}}})
        );
        let who = ClientInfo { user: "u".to_owned(), client: "k".to_owned() };
        assert_eq!(
            read(came_or_went("c", true, &who)),
            json!({"push": {"channel": "c", "join": {"info": {"user": "u", "client": "k"}}}})
        );
    }
}
