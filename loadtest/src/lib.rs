//! The client's side: it knows the public wire (HTTP, WebSocket) and nothing of the server's insides.
//!
//! - [`client`]: REST as a careful client speaks it. [`live`]: the live connection.
//! - [`house`]: a small cinema, made over the wire. [`people`]: who come to it.
//! - [`history`]: what buyers were told, and whether it holds.

pub mod client;
pub mod history;
pub mod house;
pub mod live;
pub mod people;
