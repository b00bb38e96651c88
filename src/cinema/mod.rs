//! What REST and the live connection both ask of movies, screens and showings: requests in, room
//! commands out, and what the rooms say as the shapes that clients see. No rules.
//!
//! - [`requests`], [`shapes`]: what goes in and comes out, as JSON.
//! - [`movies`], [`screens`], [`showings`]: the programme.
//! - [`seats`]: one showing's seats. [`bookings`]: what one bought.
//! - [`rpc`](rpc()): the same commands by name, for the live connection.

pub mod bookings;
mod convert;
pub mod movies;
pub mod requests;
mod rpc;
pub mod screens;
pub mod seats;
pub mod shapes;
pub mod showings;
#[cfg(test)]
mod tests;

pub use self::rpc::rpc;
