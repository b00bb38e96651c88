//! The client's side: it knows the public wire (HTTP, WebSocket) and nothing of the server's insides.
//!
//! - [`client`]: REST as a careful client speaks it. [`live`]: the live connection. [`buyer`]: the
//!   same commands over either.
//! - [`house`]: a small cinema, made over the wire. [`people`]: who come to it.
//! - [`presenter`]: who makes polls and runs them. [`voter`]: who votes in them, each kind of vote by
//!   either way; [`ballot`] is the voter's half of a secret one. [`tallies`]: what a follower of a poll
//!   was told. [`evening`]: a series of polls that is run over and over, and its audience.
//! - [`marathon`]: a contest that is always on, and its teams.
//! - [`play`]: a player's connection to a match.
//! - [`history`]: what buyers were told, and whether it holds. [`follow`]: what a follower was told,
//!   and whether it is one unbroken line.
//! - [`linear`]: whether what was told of one seat is the story of one seat.
//! - [`harness`]: load tests, on a schedule, of the [`scenes`]; the command `playhouse-loadtest`.

pub mod ballot;
pub mod buyer;
pub mod client;
pub mod evening;
pub mod follow;
pub mod harness;
pub mod history;
pub mod house;
pub mod linear;
pub mod live;
pub mod marathon;
pub mod people;
pub mod play;
pub mod presenter;
pub mod scenes;
pub mod tallies;
pub mod voter;
