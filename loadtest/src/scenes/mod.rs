//! Who comes to a load test, and what they do: one file each.

pub mod poll;
pub mod seats;
mod seats_log;
mod seats_plan;
