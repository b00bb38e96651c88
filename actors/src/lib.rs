//! The room host: small, durable, supervised actors that carry the rules of crate `domain`.
//!
//! - [`host`]: what a room does about each input, as a state machine without I/O.
//! - [`journal`]: where frames are kept, and the stores behind that trait.
//! - [`start`]: registers kinds and performers and starts everything.
//! - [`handle`]: how the edge talks to rooms. The only way in; no actor's address leaves this crate.
//! - [`watch`]: how the edge follows a room live.
//! - [`performer`]: who does the work that rooms owe to the world outside.
//! - [`ticker`]: where matches tick.
//!
//! Inside: `shard` and `room` are the actors, `lane` how messages reach them, `duties` what
//! performs their work, `lists` makes lists anew, `shared` what they share, `inspect`
//! and `past` what administrators ask of rooms and see.

pub mod clock;
mod duties;
pub mod handle;
pub mod home;
pub mod host;
mod inspect;
pub mod journal;
pub mod kill;
mod lane;
mod lists;
mod past;
pub mod performer;
mod room;
mod shard;
mod shared;
#[cfg(test)]
mod simulation;
pub mod start;
pub mod ticker;
pub mod watch;

pub use self::handle::Rooms;
pub use self::lists::Rebuilt;
pub use self::shared::{KindStats, Overview};
pub use self::start::Start;
pub use self::ticker::Ticker;
