//! Stories and properties of a match's room.
//!
//! `stage` puts a match in the hand of a test, with a ticker that plays it, and checks what must hold after
//! every event; `script` plays stories that are written as text.

mod arranged;
mod backfill;
mod bounds;
mod conduct;
mod downtime;
mod playing;
mod random;
mod script;
mod stage;
mod stories;
mod verdicts;
