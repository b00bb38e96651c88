//! Tournaments in the hand of a test.

mod bounds;
mod random;
mod script;
mod stage;
mod stories;
mod verdicts;
