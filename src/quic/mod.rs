//! The game transport: one UDP socket for native clients (ALPN `playhouse/1`) and for browsers
//! (WebTransport, ALPN `h3`).
//!
//! It brings clients in and says who they are not: whoever comes through here has a connection and
//! nothing else. What they say first, and whether it is a ticket, is looked at by `games`.
//!
//! - [`endpoint`]: the socket, and the way of one connection from its first packet on.
//! - [`identity`]: certificates. `reset`: the key by which clients of a killed server learn it.
//! - `transport`: what one connection may use. `congestion`: why its window has a floor.
//! - [`contact`]: where clients reach it. `figures`: what is counted.

mod congestion;
pub mod contact;
pub mod endpoint;
mod figures;
pub mod identity;
mod reset;
mod transport;

pub use self::contact::{Contact, Reach};
pub use self::endpoint::{Arrival, By, Host, Quic, QuicError, Socket};
pub use self::identity::Identity;
pub use self::reset::ResetKeyError;

/// What native clients name in their handshake. A new number when an old client could no longer
/// speak to the server.
pub const NATIVE: &[u8] = b"playhouse/1";

/// The path that WebTransport is opened at.
pub const PATH: &str = "/play";

#[cfg(test)]
mod tests;
