//! Stories and properties of a poll.
//!
//! `stage` puts a poll in the hand of a test and checks what must hold after every event.

mod bounds;
mod invariants;
mod moderation;
mod quizzes;
mod random;
mod rolls;
mod runoffs;
mod secrets;
mod stage;
mod stories;

pub(super) use self::stage::{person, presenter, stage_cx};
