//! What all tests here need.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use playhouse_sandbox::attack::{Stage, build, cases};
use playhouse_sandbox::{Config, Image, Outcome, Sandbox, Spec};

/// The real command, which becomes the zygote.
pub(crate) const COMMAND: &str = env!("CARGO_BIN_EXE_playhouse-sandbox");

/// How to make a sandbox here, or none with the reason printed, so that the test can pass.
pub(crate) fn config() -> Option<Config> {
    if !nix::unistd::geteuid().is_root() {
        println!("left out: needs root");
        return None;
    }
    Some(Config { helper: PathBuf::from(COMMAND), ..Config::default() })
}

/// A sandbox of the full tier.
pub(crate) fn sandbox() -> Option<Sandbox> {
    config().map(|config| Sandbox::start(&config).unwrap())
}

/// A shell that runs `script` with the machine's programs.
pub(crate) fn shell(script: &str) -> Spec {
    Spec::new(Image::system(), ["sh", "-c", script])
}

/// Standard output as text.
pub(crate) fn out(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.stdout).trim().to_owned()
}

/// The attack programs, built once for all runs of the tests, and what they are aimed at.
pub(crate) fn attacks() -> (PathBuf, tempfile::TempDir, Stage) {
    let programs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attacks");
    std::fs::create_dir_all(&programs).unwrap();
    let lock = std::fs::File::create(programs.join("lock")).unwrap();
    lock.lock().unwrap();
    build(&cases(), &programs).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::set(folder.path()).unwrap();
    (programs, folder, stage)
}

/// Polls until `done`, for at most 20 s.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(20), "waited for: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether the long tests are asked for.
pub(crate) fn long() -> bool {
    std::env::var("PLAYHOUSE_TEST_MODE").is_ok_and(|mode| mode == "long")
}
