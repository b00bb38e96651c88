//! Text from outside: what is taken, and how it is made safe to show.

use crate::refusal::{Refusal, RefusalKind};

/// Characters that change how the text around them is read, or that cannot be seen: bidirectional
/// controls, zero-width characters, the byte-order mark, variation selectors, tags.
pub(crate) fn is_trap(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// One line of text: trimmed, not empty, at most `max` characters, without control characters or
/// characters that cannot be seen.
///
/// # Errors
///
/// `bad_text` with what is wrong with the `what` that was given.
pub fn line(what: &str, text: &str, max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(bad(format!("{what} must not be empty")));
    }
    checked(what, text, max, char::is_control)
}

/// Text of several lines, which may be empty: as [`line()`], but with line breaks.
///
/// # Errors
///
/// As [`line()`].
pub fn lines(what: &str, text: &str, max: usize) -> Result<String, Refusal> {
    checked(what, text.trim(), max, |c| c.is_control() && c != '\n')
}

fn checked(
    what: &str,
    text: &str,
    max: usize,
    control: impl Fn(char) -> bool,
) -> Result<String, Refusal> {
    let count = text.chars().count();
    if count > max {
        return Err(bad(format!("{what} has at most {max} characters, not {count}")));
    }
    if text.chars().any(|c| control(c) || is_trap(c)) {
        return Err(bad(format!("{what} must not hold control or invisible characters")));
    }
    Ok(text.to_owned())
}

fn bad(message: String) -> Refusal {
    Refusal::new(RefusalKind::Invalid, "bad_text", message)
}

/// `text` as a part of a row's key: lower case, without the separator, at most 100 bytes.
#[must_use]
pub fn key_part(text: &str) -> String {
    let mut part = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        let c = if c == '/' || c.is_control() { ' ' } else { c };
        if part.len() + c.len_utf8() > 100 {
            break;
        }
        part.push(c);
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_text_is_taken_and_trimmed() {
        for (text, taken) in
            [(" Ann ", "Ann"), ("Zoë Ångström", "Zoë Ångström"), ("李小龍", "李小龍")]
        {
            assert_eq!(line("name", text, 20).as_deref(), Ok(taken));
        }
        assert_eq!(lines("synopsis", "a\nb", 10).as_deref(), Ok("a\nb"));
    }

    #[test]
    fn traps_are_refused() {
        for text in [
            "",
            "   ",
            "a\nb",
            "a\0b",
            "evil\u{202e}gnp.exe",
            "a\u{200b}b",
            "\u{feff}x",
            "\u{3164}",
        ] {
            assert!(line("name", text, 20).is_err(), "{text:?}");
        }
        assert!(line("name", &"x".repeat(21), 20).is_err());
    }
}
