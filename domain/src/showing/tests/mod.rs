//! Stories and properties of a showing.
//!
//! `stage` puts a showing in the hand of a test and checks what must hold after every event;
//! `script` plays stories that are written as text.

mod arrangements;
mod bounds;
mod invariants;
mod old;
mod random;
mod script;
mod stage;
mod stories;
