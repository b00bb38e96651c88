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

/// One page of `range`, as the JSON of a list.
///
/// # Errors
///
/// The store's problem.
pub async fn page(rooms: &Rooms, range: Range, page: &Page) -> Result<Bytes, Problem> {
    let Range { table, prefix, from, before, descending } = range;
    // A cursor that does not lie in the list (of another list, or of another account) starts it
    // over: the prefix alone says what may be seen.
    let within = |key: &String| key.starts_with(&prefix) && from.as_ref().is_none_or(|f| key >= f);
    let after = page.after.clone().filter(within).or_else(|| from.map(just_before));
    let query =
        RowQuery { table: table.into(), prefix, after, before, descending, limit: page.fetch() };
    Ok(encode(&rooms.rows(query).await?, page.limit))
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

/// `{"items":[…],"next":…}` of the first `limit` rows; one more says that there is another page.
fn encode(rows: &[Row], limit: usize) -> Bytes {
    let shown = &rows[..rows.len().min(limit)];
    let mut json =
        BytesMut::with_capacity(64 + shown.iter().map(|r| r.value.len() + 1).sum::<usize>());
    json.put_slice(b"{\"items\":[");
    for (n, row) in shown.iter().enumerate() {
        if n > 0 {
            json.put_u8(b',');
        }
        json.put_slice(row.value.as_bytes());
    }
    json.put_slice(b"],\"next\":");
    match shown.last().filter(|_| rows.len() > limit) {
        // A cursor is base64: it needs no escaping.
        Some(last) => json.put_slice(format!("\"{}\"}}", paging::cursor(&last.key)).as_bytes()),
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
        let json = |n, limit| serde_json::from_slice::<serde_json::Value>(&encode(&rows(n), limit));
        assert_eq!(json(0, 2).unwrap(), serde_json::json!({"items": [], "next": null}));
        assert_eq!(json(2, 2).unwrap()["next"], serde_json::Value::Null);
        let more = json(3, 2).unwrap();
        assert_eq!(more["items"], serde_json::json!([{"n": 0}, {"n": 1}]));
        assert_eq!(more["next"], paging::cursor("k1"));
    }

    #[test]
    fn a_list_from_a_key_on_holds_that_key_and_nothing_before() {
        let before = just_before("2027-05-01T20:00:00.000Z".to_owned());
        assert!(*before < *"2027-05-01T20:00:00.000Z");
        assert!(*before > *"2027-05-01T20:00:00.000Y/0190");
        assert!(*before > *"2027-05-01T19:59:59.999Z/ffff");
    }
}
