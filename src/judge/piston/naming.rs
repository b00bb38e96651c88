//! What the files of a program are called: Piston's clients name them as they like, or not at all.

use playhouse_domain::judge::submission;

use crate::judge::languages::Language;

/// The name of the main file, which its client calls `given`: that, if the language takes it so, else what the
/// language calls a program of one file. Where the class decides, it is the class in `source`.
pub(super) fn main(language: &Language, given: Option<&str>, source: &[u8]) -> String {
    let block = &language.block;
    let ending = block.extensions.first().map(String::as_str).unwrap_or_default();
    // What begins with the class that the file is called by.
    if block.run.iter().any(|word| word == "{stem}")
        && let Some(class) = std::str::from_utf8(source).ok().and_then(class)
    {
        return format!("{class}.{ending}");
    }
    let known = |name: &&str| {
        let has = name.rsplit_once('.').map(|(_, ending)| ending);
        has.is_some_and(|ending| block.extensions.iter().any(|known| known == ending))
    };
    let plain = given.filter(known).filter(|name| submission::is_file_name(name));
    plain.unwrap_or(&block.file).to_owned()
}

/// The name of the file at place `n` beside the main one; a `source` without one is one of the language's.
pub(super) fn other(language: &Language, n: usize, given: Option<&str>, source: bool) -> String {
    let ending = language.block.extensions.first().map(String::as_str).filter(|_| source);
    let ending = ending.unwrap_or("code");
    given.map_or_else(|| format!("file{n}.{ending}"), str::to_owned)
}

/// The class that a source of Java must be called by: the public one, else the first.
fn class(source: &str) -> Option<String> {
    let plain = without_comments(source);
    let words: Vec<&str> = plain
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
        .filter(|word| !word.is_empty())
        .collect();
    let mut first = None;
    for (n, word) in words.iter().enumerate() {
        if !matches!(*word, "class" | "interface" | "enum" | "record") {
            continue;
        }
        let Some(name) = words.get(n + 1).filter(|name| is_name(name)) else { continue };
        let modifiers = words[..n].iter().rev().take_while(|word| {
            matches!(**word, "public" | "final" | "abstract" | "strictfp" | "sealed")
        });
        if modifiers.into_iter().any(|word| *word == "public") {
            return Some((*name).to_owned());
        }
        first.get_or_insert(*name);
    }
    first.map(str::to_owned)
}

fn is_name(word: &str) -> bool {
    // It becomes a file's name.
    !word.starts_with(|c: char| c.is_ascii_digit())
        && word.len() <= 64
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// `source` with a blank for each comment and each text.
fn without_comments(source: &str) -> String {
    let mut plain = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find(['/', '"', '\'']) {
        plain.push_str(&rest[..at]);
        plain.push(' ');
        rest = &rest[at..];
        let end = if rest.starts_with("//") {
            rest.find('\n')
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map(|at| at + 4)
        } else if rest.starts_with('/') {
            Some(1)
        } else {
            text_end(rest)
        };
        rest = end.and_then(|end| rest.get(end..)).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// Behind the text that `rest` begins with.
fn text_end(rest: &str) -> Option<usize> {
    let mark = rest.chars().next()?;
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == mark || c == '\n' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::class;

    #[test]
    fn a_file_is_called_as_its_class() {
        for (source, name) in [
            ("public class Hello { }", Some("Hello")),
            ("class Helper { } public final class Main { class Inner { } }", Some("Main")),
            ("// public class Not\n/* public class Nor */ class Yes { }", Some("Yes")),
            ("class A { String s = \"public class B\"; }", Some("A")),
            ("import java.util.*; record Point(int x) { }", Some("Point")),
            ("class A { char c = '\"'; } public class B { }", Some("B")),
            ("print(1)", None),
            ("class", None),
            ("/* open", None),
            ("\"open", None),
        ] {
            assert_eq!(class(source).as_deref(), name, "{source}");
        }
    }
}
