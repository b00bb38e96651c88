//! Lists made of rows: the rows are JSON already, so a page is put together without reading them.

use bytes::{BufMut, Bytes, BytesMut};
use playhouse_actors::handle::Rooms;
use playhouse_actors::journal::{Row, RowQuery};

use crate::http::error::Problem;
use crate::http::paging::{self, Page};

/// Which part of a table to list.
#[derive(Debug, Clone, Default)]
pub struct Range {
    /// The table.
    pub table: &'static str,
    /// Only keys that start with this.
    pub prefix: String,
    /// Only keys at or past this one, prefix included.
    pub from: Option<String>,
    /// Only keys before this one, prefix included.
    pub before: Option<String>,
    /// From the largest key down.
    pub descending: bool,
}

/// How many rows one page may look at to find those that fit. 2,000, some milliseconds: a page that
/// finds fewer ends there, and its cursor goes on behind them.
const LOOK_MAX: usize = 2000;

/// One page of `range`, as the JSON of a list.
///
/// # Errors
///
/// The store's problem.
pub async fn page(rooms: &Rooms, range: Range, page: &Page) -> Result<Bytes, Problem> {
    let rows = rooms.rows(query(range, page, page.fetch())).await?;
    let more = rows.len() > page.limit;
    let shown = &rows[..rows.len().min(page.limit)];
    Ok(encode(shown, shown.last().filter(|_| more).map(|row| row.key.as_str())))
}

/// As [`page()`], of the rows that fit `keep`.
///
/// # Errors
///
/// The store's problem.
pub async fn page_of(
    rooms: &Rooms,
    range: Range,
    page: &Page,
    keep: impl Fn(&str) -> bool,
) -> Result<Bytes, Problem> {
    let mut rows = rooms.rows(query(range, page, LOOK_MAX)).await?;
    // A full read may have left rows behind; its last row is where the next page goes on.
    let mut next = rows.last().filter(|_| rows.len() == LOOK_MAX).map(|row| row.key.clone());
    rows.retain(|row| keep(&row.value));
    if rows.len() > page.limit {
        rows.truncate(page.limit);
        next = rows.last().map(|row| row.key.clone());
    }
    Ok(encode(&rows, next.as_deref()))
}

fn query(range: Range, page: &Page, limit: usize) -> RowQuery {
    let Range { table, prefix, from, before, descending } = range;
    // A cursor of another list starts this one over: the prefix alone says what may be seen.
    let within = |key: &String| key.starts_with(&prefix) && from.as_ref().is_none_or(|f| key >= f);
    let after = page.after.clone().filter(within).or_else(|| from.map(just_before));
    RowQuery { table: table.into(), prefix, after, before, descending, limit }
}

/// The largest text that sorts before `key` and behind everything smaller that a key can be: keys
/// hold no control characters.
fn just_before(mut key: String) -> String {
    if let Some(last) = key.pop() {
        let before = char::from_u32(u32::from(last) - 1).unwrap_or('\u{d7ff}');
        key.push(before);
        key.push('\u{10ffff}');
    }
    key
}

/// `{"items":[…],"next":…}` of `rows`; the next page goes on behind `next`.
fn encode(rows: &[Row], next: Option<&str>) -> Bytes {
    let len = rows.iter().map(|row| row.value.len() + 1).sum::<usize>();
    let mut json = BytesMut::with_capacity(64 + len);
    json.put_slice(b"{\"items\":[");
    for (n, row) in rows.iter().enumerate() {
        if n > 0 {
            json.put_u8(b',');
        }
        json.put_slice(row.value.as_bytes());
    }
    json.put_slice(b"],\"next\":");
    match next {
        // A cursor is base64: it needs no escaping.
        Some(key) => json.put_slice(format!("\"{}\"}}", paging::cursor(key)).as_bytes()),
        None => json.put_slice(b"null}"),
    }
    json.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize) -> Vec<Row> {
        (0..n).map(|n| Row { key: format!("k{n}"), value: format!("{{\"n\":{n}}}") }).collect()
    }

    #[test]
    fn a_page_is_json_and_names_the_next_one_if_there_is_one() {
        let json =
            |n, next| serde_json::from_slice::<serde_json::Value>(&encode(&rows(n), next)).unwrap();
        assert_eq!(json(0, None), serde_json::json!({"items": [], "next": null}));
        let more = json(2, Some("k1"));
        assert_eq!(more["items"], serde_json::json!([{"n": 0}, {"n": 1}]));
        assert_eq!(more["next"], paging::cursor("k1"));
    }

    #[test]
    fn a_cursor_of_another_list_shows_nothing_of_it() {
        let range = || Range { table: "t", prefix: "ann/".into(), ..Range::default() };
        let after = |key: &str| {
            let page = Page::new(None, Some(&paging::cursor(key))).unwrap();
            query(range(), &page, 1).after
        };
        assert_eq!(after("ann/7"), Some("ann/7".to_owned()));
        assert_eq!(after("bob/7"), None);
    }

    #[test]
    fn a_list_from_a_key_on_holds_that_key_and_nothing_before() {
        let before = just_before("2027-05-01T20:00:00.000Z".to_owned());
        assert!(*before < *"2027-05-01T20:00:00.000Z");
        assert!(*before > *"2027-05-01T20:00:00.000Y/0190");
        assert!(*before > *"2027-05-01T19:59:59.999Z/ffff");
    }
}
