//! What REST and the live connection both ask of polls: requests in, room commands out. No rules.
//!
//! - [`requests`], [`shapes`]: what goes in and comes out, as JSON.
//! - [`run`]: making polls and running them. [`votes`]: voting. [`questions`]: the audience's.
//! - [`join`]: how a browser becomes a voter. [`series`]: polls in order, under one code.
//! - [`ballots`]: secret polls, whose ballots are signed blindly.
//! - [`rpc`](rpc()): what voters do, by name, for the live connection.

pub mod ballots;
pub mod join;
pub mod questions;
pub mod requests;
mod rpc;
pub mod run;
pub mod series;
pub mod shapes;
pub mod votes;

pub use self::rpc::rpc;
