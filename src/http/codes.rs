//! Keeps `docs/errors.md` and the program alike.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What stands before a code in the source. The code is the first text behind it.
const MAKERS: [&str; 7] = [
    "Refusal::new(",
    "Problem::new(",
    "Self::new(S::",
    "conflict(",
    "forbidden(",
    "invalid(",
    "unauthenticated(",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Codes that only tests make up are nobody's concern.
        if path.is_dir() && path.ends_with("tests") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// True if the call whose beginning is `text` has not ended by then: a text behind it is another's.
fn is_open(text: &str) -> bool {
    let mut open = 0_i32;
    text.bytes().all(|b| {
        open += i32::from(b == b'(') - i32::from(b == b')');
        open >= 0
    })
}

/// Every code that `text` makes a problem or a refusal with.
fn made(text: &str) -> impl Iterator<Item = &str> {
    MAKERS.iter().flat_map(move |maker| {
        text.match_indices(maker).filter_map(move |(at, _)| {
            let mut call = text[at + maker.len()..].split('"');
            let (before, code) = (call.next()?, call.next()?);
            (is_code(code) && is_open(before)).then_some(code)
        })
    })
}

#[test]
fn every_code_is_in_the_manual() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manual = fs::read_to_string(root.join("docs/errors.md")).unwrap();
    let listed: BTreeSet<&str> = manual
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(code, _)| code)
        .collect();
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("domain/src"), &mut files);
    let mut missing = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        // Codes that only tests make up are nobody's concern.
        let program = text.split("#[cfg(test)]").next().unwrap_or_default();
        missing.extend(made(program).filter(|c| !listed.contains(c)).map(str::to_owned));
        seen.extend(listed.iter().filter(|c| program.contains(&format!("\"{c}\""))).copied());
    }
    assert!(missing.is_empty(), "docs/errors.md lacks {missing:?}");
    let gone: Vec<_> = listed.difference(&seen).collect();
    assert!(gone.is_empty(), "docs/errors.md lists codes that are not in the program: {gone:?}");
}
