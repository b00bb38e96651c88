//! The page's scripts, run by node on what the rules say.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// Has `tests/web/{script}` look at `vectors`, which it must find right.
pub(crate) fn holds(script: &str, vectors: &Value) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/web");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("vectors.json");
    std::fs::write(&file, vectors.to_string()).expect("a file can be written");
    match Command::new("node").arg("--test").arg(root.join(script)).env("VECTORS", &file).output() {
        Ok(Output { status, stdout, stderr }) => {
            let said = [stdout, stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
            assert!(status.success(), "{script} ended with {status}:\n{}", said.join("\n"));
        }
        Err(error) => eprintln!("LEFT OUT: {script}: node does not start: {error}"),
    }
}
