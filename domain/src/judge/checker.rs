//! Whether an answer is right: pure functions over the bytes that were expected and those that came.
//!
//! Bytes need not be UTF-8. White space is that of ASCII. What is wrong is one short sentence, which says where.

use super::submission::Checker;

/// How many bytes of a token or line a sentence shows. 40: enough to see what is meant.
const SHOWN_MAX: usize = 40;

/// Holds `got` against `expected`. The checkers that are programs are not decided here.
///
/// # Errors
///
/// What is wrong, in one sentence.
pub fn check(checker: &Checker, expected: &[u8], got: &[u8]) -> Result<(), String> {
    match checker {
        Checker::Exact => exact(expected, got),
        Checker::Floats { absolute, relative } => floats(expected, got, *absolute, *relative),
        Checker::Unordered => unordered(expected, got),
        Checker::Tokens => tokens(expected, got),
        Checker::Program { .. } | Checker::Interactive { .. } => {
            Err("a program decides, and none was asked".to_owned())
        }
    }
}

/// The same bytes, all of them.
///
/// # Errors
///
/// Where they first differ.
pub fn exact(expected: &[u8], got: &[u8]) -> Result<(), String> {
    if expected == got {
        return Ok(());
    }
    let at = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
    let line = 1 + expected[..at].iter().filter(|byte| **byte == b'\n').count();
    Err(match (expected.get(at), got.get(at)) {
        (None, _) => format!("after {at} bytes, on line {line}, there is more than expected"),
        (_, None) => format!("it ends after {at} bytes, on line {line}, and more was expected"),
        _ => format!("byte {} differs, on line {line}", at + 1),
    })
}

/// The same words, whatever white space stands between, before and after them.
///
/// # Errors
///
/// The first word that differs.
pub fn tokens(expected: &[u8], got: &[u8]) -> Result<(), String> {
    words(expected, got, |a, b| a == b)
}

/// The same words, where two that are both numbers may differ by `absolute`, or by `relative` times what was
/// expected, whichever is more. What is not a number (`nan`, too) must be the same word.
///
/// # Errors
///
/// The first word that differs.
pub fn floats(expected: &[u8], got: &[u8], absolute: f64, relative: f64) -> Result<(), String> {
    words(expected, got, |a, b| a == b || is_near(a, b, absolute, relative))
}

/// True if both are numbers, and near enough. An infinity is near itself alone, and `nan` near nothing.
fn is_near(expected: &[u8], got: &[u8], absolute: f64, relative: f64) -> bool {
    let (Some(a), Some(b)) = (number(expected), number(got)) else { return false };
    if a.is_infinite() || b.is_infinite() {
        return a == b;
    }
    (a - b).abs() <= absolute.max(relative * a.abs())
}

fn number(word: &[u8]) -> Option<f64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn words(expected: &[u8], got: &[u8], same: impl Fn(&[u8], &[u8]) -> bool) -> Result<(), String> {
    let split = |bytes| <[u8]>::split(bytes, u8::is_ascii_whitespace).filter(|w| !w.is_empty());
    let (mut wanted, mut given) = (split(expected), split(got));
    for n in 1.. {
        match (wanted.next(), given.next()) {
            (None, None) => break,
            (Some(a), Some(b)) if same(a, b) => {}
            (Some(a), Some(b)) => {
                return Err(format!("word {n} is '{}', expected was '{}'", shown(b), shown(a)));
            }
            (Some(a), None) => {
                return Err(format!("it ends before word {n}, '{}' was expected", shown(a)));
            }
            (None, Some(b)) => {
                return Err(format!("word {n}, '{}', is one more than expected", shown(b)));
            }
        }
    }
    Ok(())
}

/// The same lines in any order. White space at the end of a line does not count, nor do empty lines at the end.
///
/// # Errors
///
/// A line that is missing or one too many.
pub fn unordered(expected: &[u8], got: &[u8]) -> Result<(), String> {
    let (wanted, given) = (sorted(expected), sorted(got));
    let (mut a, mut b) = (wanted.iter(), given.iter());
    let (mut x, mut y) = (a.next(), b.next());
    loop {
        match (x, y) {
            (None, None) => return Ok(()),
            (Some(want), Some(have)) if want == have => (x, y) = (a.next(), b.next()),
            (Some(want), have) if have.is_none_or(|have| want < have) => {
                return Err(format!("the line '{}' is missing", shown(want)));
            }
            (_, Some(have)) => {
                return Err(format!("the line '{}' is one too many", shown(have)));
            }
            (Some(want), None) => return Err(format!("the line '{}' is missing", shown(want))),
        }
    }
}

fn sorted(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> =
        bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines.sort_unstable();
    lines
}

/// As much of `bytes` as a sentence shows.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN_MAX)]);
    let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if bytes.len() > SHOWN_MAX { format!("{text}…") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&[u8], &[u8]) -> Result<(), String>;

    fn near(expected: &[u8], got: &[u8]) -> Result<(), String> {
        floats(expected, got, 1e-6, 1e-6)
    }

    /// For each pair, who takes it: exact, tokens, floats, unordered.
    const NEAR_MISSES: &[(&str, &str, [bool; 4])] = &[
        ("42\n", "42\n", [true, true, true, true]),
        ("42\n", "42", [false, true, true, true]),
        ("42\n", "42\n\n\n", [false, true, true, true]),
        ("42\n", "42 \n", [false, true, true, true]),
        ("42\n", " 42\n", [false, true, true, false]),
        ("a b\n", "a\nb\n", [false, true, true, false]),
        ("a b\n", "a  b\n", [false, true, true, false]),
        ("a\nb\n", "a\r\nb\r\n", [false, true, true, true]),
        ("a\nb\n", "b\na\n", [false, false, false, true]),
        ("a\na\n", "a\n", [false, false, false, false]),
        ("a\n", "a\na\n", [false, false, false, false]),
        ("a\n\nb\n", "a\nb\n", [false, true, true, false]),
        ("ab\n", "a b\n", [false, false, false, false]),
        ("Yes\n", "YES\n", [false, false, false, false]),
        ("\n", "", [false, true, true, true]),
        ("", "", [true, true, true, true]),
        (" \t\n", "\n", [false, true, true, true]),
        ("1\n", "", [false, false, false, false]),
        ("0.5\n", "0.50\n", [false, false, true, false]),
        ("0.5\n", ".5\n", [false, false, true, false]),
        ("0.5\n", "5e-1\n", [false, false, true, false]),
        ("0\n", "0.000001\n", [false, false, true, false]),
        ("0\n", "0.0000011\n", [false, false, false, false]),
        ("0\n", "-0\n", [false, false, true, false]),
        ("1000000\n", "1000001\n", [false, false, true, false]),
        ("1000000\n", "1000001.1\n", [false, false, false, false]),
        ("1\n", "1.000001\n", [false, false, true, false]),
        ("nan\n", "nan\n", [true, true, true, true]),
        ("nan\n", "NaN\n", [false, false, false, false]),
        ("1\n", "nan\n", [false, false, false, false]),
        ("nan\n", "1\n", [false, false, false, false]),
        ("inf\n", "Infinity\n", [false, false, true, false]),
        ("inf\n", "-inf\n", [false, false, false, false]),
        ("1\n", "inf\n", [false, false, false, false]),
        ("1e400\n", "inf\n", [false, false, true, false]),
        ("1,5\n", "1.5\n", [false, false, false, false]),
        ("x 1.0\n", "x 1\n", [false, false, true, false]),
        ("\u{a0}1\n", "1\n", [false, false, false, false]),
    ];

    #[test]
    fn near_misses_are_told_from_answers_that_are_right() {
        let checks: [(&str, Check); 4] =
            [("exact", exact), ("tokens", tokens), ("floats", near), ("unordered", unordered)];
        for (expected, got, takes) in NEAR_MISSES {
            for ((name, check), takes) in checks.iter().zip(takes) {
                let said = check(expected.as_bytes(), got.as_bytes());
                assert_eq!(said.is_ok(), *takes, "{name}: {got:?} for {expected:?}: {said:?}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert_eq!(tokens(b"1 2 3", b"1 9 3").unwrap_err(), "word 2 is '9', expected was '2'");
        assert_eq!(tokens(b"1 2", b"1").unwrap_err(), "it ends before word 2, '2' was expected");
        assert_eq!(tokens(b"1", b"1 2").unwrap_err(), "word 2, '2', is one more than expected");
        assert_eq!(exact(b"a\nb\n", b"a\nc\n").unwrap_err(), "byte 3 differs, on line 2");
        assert!(exact(b"42\n", b"42").unwrap_err().starts_with("it ends after 2 bytes"));
        assert_eq!(unordered(b"a\nb", b"b\nc").unwrap_err(), "the line 'a' is missing");
        assert_eq!(unordered(b"b", b"b\nc").unwrap_err(), "the line 'c' is one too many");
    }

    #[test]
    fn a_sentence_stays_short_and_shows_no_control_characters() {
        let long = [b'x'; 5000];
        assert!(tokens(b"1", &long).unwrap_err().len() < 200);
        assert!(!tokens(b"1", b"\x1b[31m").unwrap_err().contains('\x1b'));
        assert!(tokens(b"1", b"\xff\xfe").is_err(), "bytes that are no text are compared too");
        tokens(b"\xff", b"\xff ").unwrap();
    }

    #[test]
    fn a_million_words_are_no_trouble() {
        let many = "7 ".repeat(500_000);
        tokens(many.as_bytes(), many.as_bytes()).unwrap();
        let lines = "7\n".repeat(500_000);
        unordered(lines.as_bytes(), lines.as_bytes()).unwrap();
    }
}
