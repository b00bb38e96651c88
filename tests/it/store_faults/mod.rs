//! What the store promises when the disk fails it: whatever was acknowledged is there, or the server says
//! that it is not and serves nothing.

pub(crate) mod disks;
mod files;
mod full;

use std::path::Path;
use std::process::{Command, Output};

use playhouse_loadtest::client::Client;
use serde_json::{Value, json};

/// What a run of the command line led to.
struct Said {
    well: bool,
    out: String,
    err: String,
}

/// Runs the command line for at most 20 s; sled may hang on what is damaged.
fn playhouse(args: &[&str], folder: &Path) -> Said {
    let mut command = Command::new("timeout");
    command.args(["20", env!("CARGO_BIN_EXE_playhouse")]).args(args).current_dir(folder);
    let Output { status, stdout, stderr } = command.output().expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { well: status.success(), out: text(stdout), err: text(stderr) }
}

/// Starts a server on `data`, which must refuse: one line says why. Returns the line.
fn refusal(data: &str, folder: &Path) -> String {
    let log = ["--log", "error", "--ready-file", "ready"];
    let said = playhouse(
        &[
            &["serve", "--data", data, "--http", "127.0.0.1:0", "--quic", "127.0.0.1:0"][..],
            &log[..],
        ]
        .concat(),
        folder,
    );
    assert!(!said.well && !folder.join("ready").exists(), "it serves: {}{}", said.out, said.err);
    let lines: Vec<_> = said.err.lines().collect();
    assert_eq!(lines.len(), 1, "{}", said.err);
    assert!(lines[0].starts_with("playhouse: ") && !said.err.contains("panicked"), "{}", said.err);
    lines[0].to_owned()
}

/// Holds `seat` of the showing at `path` and buys it; the booking.
async fn buy(person: &Client, path: &str, seat: &str) -> Value {
    let hold = person.post(&format!("{path}/holds"), json!({ "seats": [seat] })).await.unwrap();
    let buy = format!("{path}/holds/{}/purchase", hold["hold_id"].as_str().unwrap());
    person.post(&buy, json!({ "payment_token": "ok" })).await.unwrap()
}
