//! Invariants that no other test states over the wire. Which test keeps which is the table "Invariants"
//! in `docs/testing.md`.

mod polls;
mod seats;
