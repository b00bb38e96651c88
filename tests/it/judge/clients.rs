//! Public clients of Piston, unchanged: PyPI's `aiopyston` and `pistonapi`, npm's `piston-api-client` and
//! `piston-client`. (`pistonpy` knows one server alone.)
//!
//! Needs the folder that `tests/sdk/README.md` describes; says so where it is missing.

use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::process::Command;

use super::{judging, languages, text};
use crate::server::Server;

/// What the clients of `script` say; none where they are not installed.
async fn clients(server: &Server, program: &str, script: &str, needs: &str) -> Option<Value> {
    let folder = std::env::var_os("PLAYHOUSE_TEST_SDK").map(PathBuf::from)?;
    let program = if program.contains('/') { folder.join(program) } else { program.into() };
    if !folder.join(needs).exists() || !folder.join(script).exists() {
        return None;
    }
    let mut command = Command::new(program);
    command.arg(folder.join(script)).arg(server.base()).current_dir(&folder).kill_on_drop(true);
    let done = command.output().await.expect("it runs");
    let (said, wrong) =
        (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    let last = said.lines().last().unwrap_or_default();
    Some(serde_json::from_str(last).unwrap_or_else(|_| panic!("{said}\n{wrong}")))
}

fn left_out(what: &str) {
    eprintln!("LEFT OUT: {what} is not in PLAYHOUSE_TEST_SDK, see tests/sdk/README.md");
}

#[tokio::test(flavor = "multi_thread")]
async fn public_clients_of_piston_are_served_unchanged() {
    let Some(server) = judging(&[]) else { return };
    let mut all = languages(&server.client()).await;
    all.sort();
    let unknown = json!("cobol-* runtime is unknown");
    let only_json = json!("requests must be of type application/json");
    let python = clients(&server, "venv/bin/python", "piston.py", "venv/bin/python").await;
    match python {
        None => left_out("aiopyston"),
        Some(said) => {
            let one = &said["aiopyston"];
            assert_eq!(
                (&one["languages"], &one["output"]),
                (&json!(all), &json!("hello a\n")),
                "{said}"
            );
            assert_eq!((&one["success"], &one["refused"]), (&json!(true), &unknown));
            assert_eq!((&one["code"], &one["compiled"]), (&json!(3), &json!(0)));
            assert_eq!(text(one, "version").matches('.').count(), 2);
            let other = &said["pistonapi"];
            assert_eq!(
                (&other["languages"], &other["refused"]),
                (&json!(all), &only_json),
                "{said}"
            );
        }
    }
    let needs = "node_modules/piston-api-client";
    match clients(&server, "node", "piston.mjs", needs).await {
        None => left_out("piston-api-client"),
        Some(said) => {
            for name in ["piston-api-client", "piston-api-client (node)"] {
                let (one, unknown) = (&said[name], json!("cobol-3.x runtime is unknown"));
                assert_eq!((&one["languages"], &one["refused"]), (&json!(all), &unknown), "{said}");
                let run = &one["run"];
                assert_eq!(
                    (&run["stdout"], &run["code"]),
                    (&json!("hello a\n"), &json!(0)),
                    "{said}"
                );
            }
            let other = &said["piston-client"];
            assert_eq!(
                (&other["languages"], &other["refused"]),
                (&json!(all), &only_json),
                "{said}"
            );
        }
    }
    server.saw_no_panic();
}
