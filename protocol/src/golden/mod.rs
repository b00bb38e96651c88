//! Golden bytes: what once was stored is read for ever, and written the same while its schema lasts.
//!
//! Only test builds have this (feature `golden`). A golden file has one value a line:
//!
//! ```text
//! event 0107 = Renamed { title: "a:7" }
//! ```
//!
//! A label, the bytes that were stored, and the value as its `Debug` shows it. [`check`] reads every
//! line back to that value and writes it to those bytes, and asks for a line for every variant of every
//! enum that a value may hold (the values come from [`sample`]). Lines are added, never changed: a
//! change that breaks one needs a new schema version.

mod sample;

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::sample::{samples, variants};
use crate::codec;

/// A line of a golden file.
struct Line<'a> {
    hex: &'a str,
    shown: &'a str,
}

/// The lines of `file` with `label`.
fn lines<'a>(file: &'a str, label: &str) -> Vec<Line<'a>> {
    let of_label = |line: &'a str| line.strip_prefix(label)?.strip_prefix(' ')?.split_once(" = ");
    file.lines().filter_map(of_label).map(|(hex, shown)| Line { hex, shown }).collect()
}

/// The bytes that `hex` stands for.
///
/// # Errors
///
/// That it stands for none.
pub fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).map_err(|e| format!("'{pair}' of {hex}: {e}")))
        .collect()
}

/// `bytes` in hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// True if `value` shows as `shown`. Fields that are not stored stand last in what is stored with them,
/// and may be added.
fn is_shown(value: &impl Debug, shown: &str) -> bool {
    let now = format!("{value:?}");
    now == shown || now.starts_with(shown.trim_end_matches(" }")) && now.ends_with(" }")
}

/// Holds the golden lines of `label` in `file` against `T` as it is: `read` is how its bytes are read.
/// What is wrong, one sentence or one missing line each.
pub fn check<T: Serialize + DeserializeOwned + Debug>(
    file: &str,
    label: &str,
    read: impl Fn(&[u8]) -> Result<T, String>,
) -> Vec<String> {
    let lines = lines(file, label);
    let mut wrong: Vec<String> = Vec::new();
    for line in &lines {
        match bytes(line.hex).and_then(|bytes| read(&bytes)) {
            Err(e) => wrong.push(format!("{label} {} is not read: {e}", line.hex)),
            Ok(value) if !is_shown(&value, line.shown) => {
                wrong.push(format!("{label} {} is read as {value:?}", line.hex));
            }
            Ok(value) if hex(&codec::encode(&value)) != line.hex => {
                let now = hex(&codec::encode(&value));
                wrong.push(format!("{label} {} is written as {now}", line.hex));
            }
            Ok(_) => {}
        }
    }
    let known: BTreeSet<&str> = lines.iter().map(|line| line.hex).collect();
    let samples = samples::<T>();
    let shown = samples.iter().map(|value| (hex(&codec::encode(value)), format!("{value:?}")));
    let missing = shown.filter(|(hex, _)| !known.contains(hex.as_str()));
    wrong.extend(missing.map(|(hex, shown)| format!("{label} {hex} = {shown}")));
    for variant in variants::<T>() {
        let is = |line: &Line<'_>| {
            line.shown.strip_prefix(variant).is_some_and(|rest| {
                !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
            })
        };
        let sampled = samples.iter().any(|value| format!("{value:?}").starts_with(variant));
        if !sampled && !lines.iter().any(is) {
            wrong.push(format!("{label} has no line for {variant}"));
        }
    }
    if lines.is_empty() && samples.is_empty() {
        wrong.push(format!("{label} has no line"));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Event {
        Renamed { title: String, by: Option<u64> },
        Painted(Colour),
        Gone,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Colour {
        Red,
        Blue,
    }

    const WHOLE: &str = "event 0003613a310102 = Renamed { title: \"a:1\", by: Some(2) }\n\
        event 0003613a3100 = Renamed { title: \"a:1\", by: None }\n\
        event 0100 = Painted(Red)\nevent 0101 = Painted(Blue)\nevent 02 = Gone\n";

    fn wrong(file: &str) -> Vec<String> {
        check::<Event>(file, "event", |bytes| codec::decode(bytes).map_err(|e| e.to_string()))
    }

    #[test]
    fn a_line_for_every_variant_of_every_enum_is_asked_for() {
        assert_eq!(wrong(WHOLE), [""; 0]);
        for line in WHOLE.lines() {
            assert_eq!(wrong(&WHOLE.replace(line, "")), [line]);
        }
    }

    #[test]
    fn a_line_that_is_read_or_written_otherwise_is_named() {
        assert!(wrong(&WHOLE.replace("Red", "Green"))[0].contains("is read as Painted(Red)"));
        assert!(wrong(&WHOLE.replace("event 02 =", "event 03 ="))[0].contains("is not read"));
        // A longer form of the same number, which is read and not written.
        let odd = format!("{WHOLE}event fb0200 = Gone\n");
        assert!(wrong(&odd).iter().all(|what| what.contains("fb0200")), "{:?}", wrong(&odd));
    }
}
