//! The client's side: it knows the public wire (HTTP, WebSocket) and nothing of the server's insides.
//!
//! - [`client`]: REST as a careful client speaks it. [`live`]: the live connection. [`buyer`]: the
//!   same commands over either.
//! - [`house`]: a small cinema, made over the wire. [`people`]: who come to it.
//! - [`history`]: what buyers were told, and whether it holds. [`follow`]: what a follower was told,
//!   and whether it is one unbroken line.

pub mod ballot;
pub mod buyer;
pub mod client;
pub mod follow;
pub mod history;
pub mod house;
pub mod live;
pub mod people;
