//! The architecture's invariants that a test can keep: mostly about what is absent.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `folders`, with its text up to its tests.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut found);
    }
    assert!(!found.is_empty(), "{folders:?} hold no sources");
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            found.push((name, code));
        }
    }
}

const EVERYWHERE: [&str; 7] =
    ["src", "actors/src", "domain/src", "protocol/src", "loadtest/src", "sandbox/src", "examples"];

/// No code line of `folders` holds any of `words`, but for files that start with one of `allowed`.
fn absent(folders: &[&str], words: &[&str], allowed: &[&str]) {
    for (name, code) in sources(folders) {
        if allowed.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in lines {
            for word in words {
                assert!(!line.contains(word), "{name} holds '{word}': {line}");
            }
        }
    }
}

#[test]
fn only_its_own_file_names_sled() {
    let words = ["use sled", "sled::Db", "sled::Config", "sled::Batch", "sled::IVec"];
    absent(&EVERYWHERE, &words, &["actors/src/journal/sled"]);
}

#[test]
fn only_the_codec_names_bincode() {
    absent(&EVERYWHERE, &["bincode::"], &["protocol/src/codec.rs"]);
}

#[test]
fn only_the_actors_and_the_live_sessions_name_actix_actors() {
    let words = ["use actix::prelude", "actix::Addr", "use actix_web_actors"];
    absent(&["src", "domain/src", "protocol/src", "loadtest/src"], &words, &["src/ws"]);
}

#[test]
fn no_mailbox_is_filled_past_its_bound() {
    absent(&["src", "actors/src"], &[".do_send("], &[]);
}

#[test]
fn the_pure_parts_read_no_clock_no_file_no_socket_and_no_chance() {
    let words = [
        "Instant::now",
        "SystemTime",
        "std::fs",
        "std::net",
        "tokio",
        "rand::",
        "thread::",
        "HashMap",
        "HashSet",
        "std::env",
    ];
    absent(&["domain/src", "protocol/src", "actors/src/host"], &words, &["actors/src/host/tests"]);
}

#[test]
fn only_the_sandboxs_system_calls_and_births_are_unsafe() {
    let words = ["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe"];
    let allowed = ["sandbox/src/syscall/linux.rs", "sandbox/src/child.rs"];
    absent(&EVERYWHERE, &words, &allowed);
}

#[test]
fn the_sandbox_knows_no_other_crate_of_ours() {
    let words =
        ["playhouse_actors", "playhouse_domain", "playhouse_protocol", "playhouse_loadtest"];
    absent(&["sandbox/src"], &words, &[]);
}

#[test]
fn a_client_knows_the_games_and_nothing_else_of_the_server() {
    for (name, code) in sources(&["loadtest/src", "examples"]) {
        for line in code.lines().filter(|line| line.contains("playhouse_domain")) {
            assert!(line.contains("playhouse_domain::games"), "{name} knows more: {line}");
            let rooms = "games::match_room";
            assert!(!line.contains(rooms), "{name} knows how matches are kept: {line}");
        }
    }
    absent(&["loadtest/src", "examples"], &["playhouse_actors", "playhouse::"], &[]);
}

#[test]
fn nothing_is_left_to_be_done() {
    let words = ["todo!(", "unimplemented!(", "dbg!(", "allow(dead_code)"];
    absent(&EVERYWHERE, &words, &[]);
}

/// What the row `| S1 | .. | `file`: `test`, .. |` of the table of invariants names.
fn named(row: &str) -> Vec<(String, String)> {
    let mut file = "";
    let mut named = Vec::new();
    for word in row.split('`').skip(1).step_by(2) {
        if word.ends_with(".rs") {
            file = word;
        } else {
            named.push((file.to_owned(), word.to_owned()));
        }
    }
    named
}

#[test]
fn every_test_that_the_table_of_invariants_names_is_there() {
    let docs = std::fs::read_to_string(root().join("docs/testing.md")).unwrap();
    let table = docs.split("## Invariants").nth(1).expect("there is a table");
    let rows: Vec<_> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "))
        .filter(|(id, _)| id.starts_with(['S', 'P', 'R']) && id[1..].parse::<u8>().is_ok())
        .collect();
    let ids = |letter: char, last: u8| (1..=last).map(move |n| format!("{letter}{n}"));
    let expected: Vec<_> = ids('S', 12).chain(ids('P', 9)).chain(ids('R', 5)).collect();
    assert_eq!(rows.iter().map(|(id, _)| (*id).to_owned()).collect::<Vec<_>>(), expected);
    for (id, row) in rows {
        let named = named(row);
        assert!(!named.is_empty(), "{id} is kept by nothing");
        for (file, test) in named {
            let text = std::fs::read_to_string(root().join(&file));
            let text = text.unwrap_or_else(|e| panic!("{id}: {file}: {e}"));
            assert!(text.contains(&format!("fn {test}(")), "{id}: {file} has no test {test}");
        }
    }
}

#[test]
fn every_kind_that_is_registered_has_golden_bytes() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let (house, golden) = (read("src/house.rs"), read("domain/src/golden/mod.rs"));
    let kinds: Vec<_> =
        house.split(".kind::<").skip(1).filter_map(|rest| rest.split('>').next()).collect();
    assert!(kinds.len() >= 9, "{kinds:?}");
    for kind in kinds {
        assert!(golden.contains(&format!("golden::<{kind}>(")), "{kind} has no golden bytes");
    }
}
