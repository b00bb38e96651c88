//! What the server answers is what its OpenAPI document says: schemathesis makes requests of the document,
//! sound ones and broken ones, and holds every answer to it.
//!
//! Needs PyPI's `schemathesis` in the folder that `tests/sdk/README.md` describes; says so where it is missing.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use playhouse_loadtest::client::Client;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::server::{ADMIN, Server, is_long, showing};

/// The seed of what is generated, always the same, so that a finding stays one.
const SEED: &str = "1";

/// What ends the sessions of who asks, or wants a password: asked without a token alone.
const SESSIONS: &str = "^/api/(sessions|accounts/me/password)";

/// What is not asked with everything else: these, and what Piston's clients are answered, who know 400 alone for what
/// cannot be meant (`judge::piston`).
const APART: &str = "^/api/(sessions|accounts/me/password|v2/execute)";

/// What a request that fits the document may be answered. Not every rule can be said in a schema (of
/// `seats` and `best` one is given; a title is no blank), so 422 is among them; it is documented.
const FOR_SOUND_REQUESTS: [&str; 12] =
    ["2xx", "304", "401", "402", "403", "404", "409", "410", "412", "422", "429", "503"];

fn program() -> Option<PathBuf> {
    let folder = std::env::var_os("PLAYHOUSE_TEST_SDK").map(PathBuf::from);
    let program = folder.map(|folder| folder.join("venv/bin/schemathesis"));
    let program = program.filter(|program| program.exists());
    if program.is_none() {
        eprintln!(
            "LEFT OUT: the OpenAPI document: schemathesis is not in PLAYHOUSE_TEST_SDK, see tests/sdk/README.md"
        );
    }
    program
}

fn id(thing: &Value, name: &str) -> String {
    match &thing[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("{name} is {other}"),
    }
}

/// One thing of each kind, so that requests meet something: what each name in a path stands for.
async fn things(admin: &Client) -> Vec<(&'static str, String)> {
    let path = showing(admin, 1, 10).await;
    let holds = format!("{path}/holds");
    let bought = admin.post(&holds, json!({ "seats": ["A1"] })).await.unwrap();
    let buy = format!("{path}/holds/{}/purchase", id(&bought, "hold_id"));
    let booking = admin.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();
    let held = admin.post(&holds, json!({ "seats": ["A2"] })).await.unwrap();
    let poll = json!({ "title": "Which?", "kind": "single", "options": ["A", "B"],
        "questions": "open", "voters": "account" });
    let poll = admin.post("/api/polls", poll).await.unwrap();
    let of_poll = format!("/api/polls/{}", id(&poll, "id"));
    admin.post(&format!("{of_poll}/open"), json!({})).await.unwrap();
    let question = json!({ "text": "Why?" });
    admin.post(&format!("{of_poll}/questions"), question).await.unwrap();
    let series = json!({ "title": "Evening", "polls": [poll["id"]] });
    let series = admin.post("/api/series", series).await.unwrap();
    let other = admin.without_token().register("other", "a long password").await.unwrap();
    let whole = admin.get(&path).await.unwrap();
    // A room of its own for what administrators do: while it is closed, nothing else needs it.
    let closed = json!({ "title": "Nosferatu", "minutes": 94 });
    let closed = admin.post("/api/movies", closed).await.unwrap();
    let played = admin.post("/api/games/arena/sessions", json!({ "seats": 4 })).await.unwrap();
    let party = admin.post("/api/parties", json!({})).await.unwrap();
    let ticket = admin.post("/api/match/tickets", json!({ "game": "arena" })).await.unwrap();
    let soon = (jiff::Timestamp::now() + std::time::Duration::from_secs(86_400)).to_string();
    let later = (jiff::Timestamp::now() + std::time::Duration::from_secs(90_000)).to_string();
    let cup = json!({ "title": "Cup", "game": "arena", "format": "swiss", "starts_at": soon });
    let cup = admin.post("/api/tournaments", cup).await.unwrap();
    let contest = json!({ "title": "Finals", "starts_at": soon, "ends_at": later });
    let contest = admin.post("/api/contests", contest).await.unwrap();
    let of_contest = format!("/api/contests/{}/clarifications", id(&contest, "id"));
    let said = admin.post(&of_contest, json!({ "text": "Welcome." })).await.unwrap();
    vec![
        ("contest", id(&contest, "id")),
        ("clarification", id(&said, "id")),
        ("letter", "A".to_owned()),
        ("party", id(&party, "id")),
        ("account", id(&party, "leader")),
        ("ticket", id(&ticket, "id")),
        ("tournament", id(&cup, "id")),
        ("game", "arena".to_owned()),
        ("session", id(&played, "id")),
        ("movie", id(&whole, "movie_id")),
        ("screen", id(&whole, "screen_id")),
        ("showing", id(&whole, "id")),
        ("booking", id(&booking, "id")),
        ("hold", id(&held, "hold_id")),
        ("poll", id(&poll, "id")),
        ("series", id(&series, "id")),
        ("id", id(&other, "id")),
        ("room", format!("movie:{}", id(&closed, "id"))),
    ]
}

fn settings(things: &[(&str, String)]) -> String {
    let mut text = "[parameters]\n".to_owned();
    for (name, thing) in things {
        writeln!(text, "\"path.{name}\" = \"{thing}\"").expect("a text can be written to");
    }
    let expected = json!(FOR_SOUND_REQUESTS);
    writeln!(text, "[checks.positive_data_acceptance]\nexpected-statuses = {expected}")
        .expect("a text can be written to");
    text
}

/// Runs it over the operations that `which` leaves, with `token` if there is one.
async fn run(server: &Server, program: &Path, which: &[&str], token: Option<&str>, config: &Path) {
    let mut command = Command::new(program);
    command.arg("--config-file").arg(config).arg("run");
    command.arg(format!("{}/api/openapi.json", server.base()));
    let examples = if is_long() { "100" } else { "10" };
    command.args(["--checks", "all", "--seed", SEED, "--max-examples", examples]);
    // One worker: with several, CPython 3.11 now and then fails to parse a lambda (python/cpython#106905).
    command.args(["--continue-on-failure", "--no-color", "--workers", "1"]).args(which);
    command.current_dir(config.parent().expect("it lies in a folder")).kill_on_drop(true);
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    let output = command.output().await.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let counted: Vec<&str> = said.lines().filter(|line| line.contains(" generated, ")).collect();
    println!("seed={SEED} {}", counted.join(""));
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_the_document_says() {
    let Some(program) = program() else { return };
    let tier = if nix::unistd::geteuid().is_root() { "full" } else { "rootless-no-cgroup" };
    // Modules need no compiler, which would be asked for its version.
    let judge =
        [("PLAYHOUSE_JUDGE_ENABLED", "true"), ("PLAYHOUSE_JUDGE_TIER", tier), ("PATH", "/none")];
    let server = Server::with(&judge);
    let admin = server.admin().await;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("schemathesis.toml");
    std::fs::write(&config, settings(&things(&admin).await)).unwrap();
    run(&server, &program, &["--exclude-path-regex", APART], admin.token(), &config).await;
    run(&server, &program, &["--include-path-regex", SESSIONS], None, &config).await;
    assert!(server.client().log_in("admin", ADMIN).await.is_ok(), "it serves on");
}
