//! Promises of the ticker, kept on a made-up clock and a made-up disk.

mod connections;
mod matches;
mod stage;
