//! Who comes to a load test, and what they do: one file each.

pub mod arena;
mod arena_crowd;
mod arena_log;
mod arena_plan;
mod arena_replay;
mod arena_watch;
pub mod contest;
mod contest_log;
pub mod judge;
pub mod poll;
pub mod seats;
mod seats_log;
mod seats_plan;
