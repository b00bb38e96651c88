//! The rules of each kind of room: values in, values out.
//!
//! No clock, no chance, no I/O, no actix, no tokio: time, a seed and the caller come in with
//! [`room::Cx`], facts go out as events. A room host (crate `actors`) drives every kind through the
//! one trait [`room::Rules`].

pub mod account;
pub mod audit;
pub mod bug;
pub mod contest;
pub mod duty;
pub mod games;
#[cfg(test)]
mod golden;
pub mod judge;
pub mod matchmaking;
pub mod money;
pub mod movie;
pub mod notice;
pub mod party;
pub mod payment;
pub mod poll;
pub mod refusal;
pub mod restart;
pub mod room;
pub mod rows;
pub mod screen;
pub mod showing;
pub mod text;
pub mod time;
pub mod unique;
