//! What REST and the live connection both ask of movies, screens and showings: requests in, room
//! commands out, and what the rooms say as the shapes that clients see. No rules.
//!
//! - [`requests`], [`shapes`]: what goes in and comes out, as JSON.
//! - [`lists`]: pages made of the rows that rooms contribute.

pub mod lists;
pub mod requests;
pub mod shapes;
