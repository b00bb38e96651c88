//! The live connection's messages: the Centrifugo client protocol in JSON, as its public SDKs speak
//! it.
//!
//! A WebSocket text frame holds one or more JSON values, one a line. What the client sends are
//! [`command`]s; each has an id above 0, and its reply carries the same id. What the server sends
//! without being asked is a push. An empty object is a ping from the server and a pong from the
//! client. [`codes`] lists the errors, and the reasons for which a subscription or a connection ends.
//!
//! Unknown fields and flags are ignored: newer SDKs offer more than this server takes up.

pub mod codes;
pub mod command;
pub mod reply;

pub use self::codes::{Disconnect, Error, Unsubscribe};
pub use self::command::{BadFrame, Command, Method, decode};
