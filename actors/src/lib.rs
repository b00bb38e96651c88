//! The room host: small, durable, supervised actors that carry the rules of crate `domain`.
//!
//! - [`host`]: what a room does about each input, as a state machine without I/O.
//! - [`journal`]: where frames are kept, and the stores behind that trait.
//! - [`handle`]: how the edge talks to rooms. The only way in; no actor's address leaves this crate.
//! - [`watch`]: how the edge follows a room live.
//! - [`performer`]: who does the work that rooms owe to the world outside.

pub mod handle;
pub mod host;
pub mod journal;
pub mod performer;
pub mod watch;
