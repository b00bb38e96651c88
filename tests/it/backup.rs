//! A copy of everything while the server runs, and the way back.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{ADMIN, Server, showing};

/// Runs the command line; whether it went well, and what it said.
fn playhouse(args: &[&str], folder: &Path) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_playhouse"));
    let out = command.args(args).current_dir(folder).output().expect("the binary starts");
    let said = [out.stdout, out.stderr].concat();
    (out.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_everything_is_there_and_everybody_logs_in_again_unless_the_keys_came_along()
 {
    let mut server = Server::start();
    let admin = server.admin().await;
    let path = showing(&admin, 1, 4).await;
    let ann = server.person("ann").await;
    let hold = ann.post(&format!("{path}/holds"), json!({ "seats": ["A1"] })).await.unwrap();
    let buy = format!("{path}/holds/{}/purchase", hold["hold_id"].as_str().unwrap());
    let booking = ann.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();

    let data = server.data();
    let folder = data.parent().unwrap();
    let (well, said) = playhouse(&["backup", "--data", "data", "--to", "house.backup"], folder);
    assert!(well && said.contains("backed up"), "{said}");
    let mode = std::fs::metadata(folder.join("house.backup")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (well, said) = playhouse(&["backup", "--data", "data", "--to", "house.backup"], folder);
    assert!(!well && said.contains("already there"), "{said}");
    let restore = ["restore", "--from", "house.backup", "--data", "data"];
    let (well, said) = playhouse(&restore, folder);
    assert!(!well && said.contains("is not empty"), "{said}");

    assert!(tokio::task::block_in_place(|| server.stop()).0.success());
    std::fs::rename(&data, folder.join("old")).unwrap();
    let (well, said) = playhouse(&restore, folder);
    assert!(well && said.contains("restored"), "{said}");
    server.run();
    let me = "/api/accounts/me";
    let (status, problem) = ann.once(Method::GET, me, None, None).await.unwrap();
    assert_eq!((status.as_u16(), &problem["code"]), (401, &json!("bad_token")), "{problem}");
    server.client().log_in("admin", ADMIN).await.unwrap();
    let again = server.client().log_in("ann", "a long password").await.unwrap();
    let bookings: Value = again.get("/api/bookings").await.unwrap();
    assert_eq!(bookings["items"][0]["id"], booking["id"]);

    assert!(tokio::task::block_in_place(|| server.stop()).0.success());
    std::fs::copy(folder.join("old/keys.json"), data.join("keys.json")).unwrap();
    server.run();
    assert_eq!(ann.get(me).await.unwrap()["username"], "ann");
    server.saw_no_panic();
}
