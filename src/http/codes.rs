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

/// Every code that `text` makes a problem or a refusal with.
fn made(text: &str) -> impl Iterator<Item = &str> {
    MAKERS.iter().flat_map(move |maker| {
        text.match_indices(maker).filter_map(move |(at, _)| {
            let call = &text[at + maker.len()..];
            let code = call.split('"').nth(1)?;
            (is_code(code) && !call.split('"').next()?.contains(';')).then_some(code)
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
