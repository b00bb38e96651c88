//! Rows that a room contributes to lists: projections that are functions of its state.
//!
//! A row lives in a table under a key that sorts as the list should (`2027-05-01T20:00:00.000Z/0190…`).
//! A key belongs to one room for ever, so no order between rooms or shards matters. Rows are
//! written in the same atomic batch as the frame that changed them.

use serde::{Deserialize, Serialize};

/// Something about one row changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowChange {
    /// The list, as in `showings_by_start`: lower-case letters and underscores.
    pub table: String,
    /// The key within the table, at most 400 bytes, without control characters.
    pub key: String,
    /// The row as JSON text, or none if it is no longer there.
    pub value: Option<String>,
}

impl RowChange {
    /// The row `key` of `table` is now `value`.
    ///
    /// # Panics
    ///
    /// If `value` has no JSON form, which is a mistake in the program.
    #[must_use]
    pub fn put(table: &str, key: impl Into<String>, value: &impl Serialize) -> Self {
        let json = serde_json::to_string(value).expect("a row of ours has a JSON form");
        Self { table: table.into(), key: key.into(), value: Some(json) }
    }

    /// The row `key` of `table` is gone.
    #[must_use]
    pub fn delete(table: &str, key: impl Into<String>) -> Self {
        Self { table: table.into(), key: key.into(), value: None }
    }
}
