//! The page's half of the protocol (`web/game`) against this crate's: whatever these two ends make of a match, the
//! page makes of it too, to the byte.
//!
//! A test writes down what happened to a client of this crate and has `tests/web/*.mjs` do the same in Node.

mod record;
mod words;

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// A number that a random test follows from: `PLAYHOUSE_TEST_SEED`, or a new one; printed.
fn seed() -> u64 {
    let given = std::env::var("PLAYHOUSE_TEST_SEED").ok().and_then(|text| text.parse().ok());
    // A map's hasher is seeded by the system.
    let chance = || {
        use std::hash::{BuildHasher, RandomState};
        RandomState::new().hash_one(0)
    };
    let seed = given.unwrap_or_else(chance);
    println!("seed={seed}");
    seed
}

/// Has `tests/web/{script}` look at `vectors`, which it must find right.
fn holds(script: &str, vectors: &Value) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/web");
    let folder = std::env::temp_dir().join(format!("playhouse-page-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let file = folder.join(format!("{script}.json"));
    std::fs::write(&file, vectors.to_string()).expect("a file can be written");
    let run =
        Command::new("node").arg("--test").arg(root.join(script)).env("VECTORS", &file).output();
    let _ = std::fs::remove_file(&file);
    match run {
        Ok(Output { status, stdout, stderr }) => {
            let said = [stdout, stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
            assert!(status.success(), "{script} ended with {status}:\n{}", said.join("\n"));
        }
        Err(error) => eprintln!("LEFT OUT: {script}: node does not start: {error}"),
    }
}
