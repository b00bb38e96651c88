//! The log of a round for people and auditors: pages of records, and CSV.
//!
//! A field of text is JSON and so begins with `{`, which no spreadsheet takes for a formula,
//! whatever the audience typed.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::chain::Hash;
use super::log::Row;

/// How many records a page has at most. 500: a page is made within the budget of a decision.
pub const PAGE_MAX: u16 = 500;

/// A part of a round's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The round. A reset begins another; the next page is then refused.
    pub round: u32,
    /// On the first page: the number and hash that the first record follows on.
    pub start: Option<(u32, Hash)>,
    /// The records, in order.
    pub rows: Vec<Row>,
    /// Where the next page goes on; none if this was the last.
    pub next: Option<u32>,
}

/// `page` as CSV (RFC 4180), the first one with its head.
#[must_use]
pub fn csv(page: &Page) -> String {
    let mut text = String::new();
    if let Some((number, hash)) = page.start {
        text.push_str("number,kind,ballot,elapsed_ms,body,nonce,hash\r\n");
        let _ = write!(text, "{number},start,0,0,,,{hash}\r\n");
    }
    for row in &page.rows {
        let Row { number, kind, ballot, elapsed_ms, body, nonce, hash } = row;
        let (kind, body) = (kind.name(), body.replace('"', "\"\""));
        let _ = write!(text, "{number},{kind},{ballot},{elapsed_ms},\"{body}\",{nonce},{hash}\r\n");
    }
    text
}
