//! What crosses the wire, and what both ends must agree on.
//!
//! No clock, no socket, no file, no chance: every function here maps values to values.
//!
//! - [`ids`]: the names of rooms, accounts and shards.
//! - [`limits`]: the numbers that client and server must agree on.
//! - [`codec`]: the one place that turns values into bytes for packets and journal records.
//! - [`game`]: a match over datagrams, both ends of it.
//! - `golden`, in test builds: that stored bytes stay readable.
//! - [`live`]: the live connection's messages.

pub mod codec;
pub mod game;
#[cfg(feature = "golden")]
pub mod golden;
pub mod ids;
pub mod limits;
pub mod live;
