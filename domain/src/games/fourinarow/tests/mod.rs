//! Promises of four in a row.

mod computer;
mod rows;
mod rules;
