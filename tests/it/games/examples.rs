//! The example clients at work on a real server.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::soon;
use crate::server::Server;

/// An example, as it is built beside the server.
fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_playhouse")).with_file_name("examples").join(name)
}

async fn run(mut command: Command) -> Output {
    let ran = tokio::task::spawn_blocking(move || command.output());
    soon(ran).await.unwrap().expect("the example was built")
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_plays_a_match_of_its_own_to_its_end_and_tells_the_results() {
    let server = Server::start();
    for way in [&[][..], &["--websocket"]] {
        let mut bot = Command::new(example("bot"));
        bot.arg(server.base()).args(["--login", "rob", "--new", "--open", "--bots", "4"]);
        bot.args(["--frags", "1"]).args(way);
        let ran = run(bot).await;
        let told = said(&ran.stdout);
        assert!(ran.status.success(), "{told}{}", said(&ran.stderr));
        let results = told.split("over at tick").nth(1).expect("it tells the results");
        assert_eq!(results.lines().count(), 1 + 5, "{told}");
        assert!(results.contains("1. ") && results.contains("rob"), "{told}");
    }
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_say_in_a_line_why_they_cannot_play() {
    let server = Server::start();
    let mut guest = Command::new(example("bot"));
    guest.arg(server.base());
    let told = run(guest).await;
    let line = "bot: no match is open, and a guest cannot make one: name an account\n";
    assert_eq!((told.status.code(), said(&told.stderr).as_str()), (Some(1), line));
    let mut blind = Command::new(example("terminal"));
    blind.arg(server.base());
    let told = run(blind).await;
    let line = "terminal: this is played in a terminal; the example `bot` plays without one\n";
    assert_eq!((told.status.code(), said(&told.stderr).as_str()), (Some(1), line));
}
