//! Promises of the arena.

mod bots;
mod course;
mod fairness;
mod rules;
mod secrecy;
mod stage;
mod wire;
