//! Promises of snakes.

mod bots;
mod lives;
mod rules;
mod stage;
mod wire;
