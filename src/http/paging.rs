//! Lists by cursor: a page names where the next one starts, so that rows which come or go between
//! two pages are neither repeated nor missed.

use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Problem;

/// The longest page.
pub const LIMIT_MAX: u32 = 200;

/// The length of a page if none is asked for. 50: a screen and a half of rows.
pub const LIMIT_DEFAULT: u32 = 50;

/// The longest key that a cursor may hold, in bytes, as for a row of a list.
const KEY_BYTES_MAX: usize = 400;

/// What page is asked for. Made from the query's `limit` and `cursor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many rows at most.
    pub limit: usize,
    /// The key of the last row that the caller has.
    pub after: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to give as `cursor` for the next page. None if this is the last.
    pub next: Option<String>,
}

impl Page {
    /// Reads the query's `limit` and `cursor`.
    ///
    /// # Errors
    ///
    /// `bad_limit`, `bad_cursor`.
    pub fn new(limit: Option<u32>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(bad_limit(&limit.to_string()));
        }
        let after = cursor.map(open).transpose()?;
        Ok(Self { limit: limit as usize, after })
    }

    /// How many rows to read: one more than asked for tells whether there is another page.
    #[must_use]
    pub fn fetch(&self) -> usize {
        self.limit + 1
    }

    /// The page made of `rows`, up to [`Self::fetch`] of them, each with its key.
    #[must_use]
    pub fn list<T>(&self, mut rows: Vec<(String, T)>) -> List<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| more).map(|(key, _)| cursor(key));
        List { items: rows.into_iter().map(|(_, row)| row).collect(), next }
    }
}

/// What is said of a `limit` that is none.
pub(super) fn bad_limit(given: &str) -> Problem {
    let detail = format!("limit is {given}, it must lie between 1 and {LIMIT_MAX}");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_limit", detail)
}

/// The cursor that continues behind the row `key`.
#[must_use]
pub fn cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

fn open(cursor: &str) -> Result<String, Problem> {
    let key = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    key.filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()) && !key.chars().any(char::is_control))
        .ok_or_else(|| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "bad_cursor",
                "cursor is not one that a list gave as next",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_through_the_whole_list_once() {
        let all: Vec<String> = (0..7).map(|n| format!("k{n}")).collect();
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = Page::new(Some(3), cursor.as_deref()).unwrap();
            let rows = all.iter().filter(|key| page.after.as_ref().is_none_or(|a| *key > a));
            let rows = rows.take(page.fetch()).map(|key| (key.clone(), key.clone())).collect();
            let list = page.list(rows);
            seen.extend(list.items);
            cursor = list.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_foreign_cursor_or_limit_is_refused() {
        let code =
            |limit, cursor: Option<&str>| Page::new(limit, cursor).unwrap_err().code().to_owned();
        let long = "A".repeat(1000);
        for cursor in ["", "%%%", "a=b", "_w", "YQpi", &long] {
            assert_eq!(code(None, Some(cursor)), "bad_cursor", "{cursor}");
        }
        for limit in [0, 201, u32::MAX] {
            assert_eq!(code(Some(limit), None), "bad_limit");
        }
    }
}
