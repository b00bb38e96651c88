//! Promises of the arena.

mod bots;
mod fairness;
mod rules;
mod secrecy;
mod stage;
mod wire;
