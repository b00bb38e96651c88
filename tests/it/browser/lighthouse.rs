//! Lighthouse on every page.

use std::process::Stdio;

use serde_json::Value;

use super::{Driver, log_in};
use crate::server::{ADMIN, Server};

/// `./test long` installs Lighthouse (npm, 190 MB) and names its folder; its figures stand in
/// `docs/testing.md`.
#[tokio::test(flavor = "multi_thread")]
async fn lighthouse_gives_every_page_100_for_accessibility() {
    let Some(driver) = Driver::start() else { return };
    let Ok(folder) = std::env::var("PLAYHOUSE_TEST_LIGHTHOUSE") else {
        eprintln!(
            "LEFT OUT: Lighthouse on the pages: it is not installed (./test long installs it)"
        );
        return;
    };
    let server = Server::start();
    let pages = super::everyone::pages(&server).await;
    let page = driver.browser("lighthouse").await;
    log_in(&page, &server, "admin", ADMIN, "/").await;
    let port = driver.profiles.path().join("lighthouse/DevToolsActivePort");
    let port = std::fs::read_to_string(port).expect("the browser says where it listens");
    let mut run = tokio::process::Command::new("node");
    run.arg(format!("{folder}/run.mjs"))
        .arg(port.lines().next().expect("its first line is a port"));
    // What does not exist cannot be loaded, says Lighthouse; axe-core has looked at that page.
    let there = pages.iter().filter(|path| *path != "/no/such/page");
    run.args(there.clone().map(|path| format!("{}{path}", server.base())));
    let output = run.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("node runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let said: Vec<Value> =
        said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.len(), 2 * there.count(), "each page as on a phone and on a desk: {errors}");
    for told in &said {
        println!("{} {} {}", told["score"], told["form"], told["url"]);
    }
    let less: Vec<_> = said.iter().filter(|told| told["score"] != 100).collect();
    assert!(less.is_empty(), "{less:#?}");
}
