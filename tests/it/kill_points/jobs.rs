//! Programs that are handed in.

use reqwest::Method;
use serde_json::{Value, json};

use super::case::{Again, Case, Seen};
use super::house::{House, id};

/// A module that sleeps for longer than anybody looks.
const SLEEPS: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 16) "\01") (data (i32.const 24) "\00\00\00\00\ff\00\00\00")
    (func (export "_start") (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#;

/// The case of an operation about jobs.
pub(super) async fn of_jobs(house: &House, operation: &str) -> Case {
    let (who, jobs) = (&house.admin, "/api/jobs");
    let at = |path: &str| path.to_owned();
    let body = json!({ "language": "wat", "source": SLEEPS, "limits": { "wall_ms": 60_000 } });
    if operation.starts_with("POST") {
        let small = json!({ "language": "wat", "source": r#"(module (func (export "_start")))"# });
        let is = Seen::At("/language", json!("wat"));
        return Case::post(who, jobs, small).makes("job").sees(who, at("/api/jobs/{id}"), is);
    }
    let job = who.post(jobs, body).await.unwrap();
    let (path, room) = (format!("{jobs}/{}", id(&job)), format!("job:{}", id(&job)));
    let over = Seen::OneOf("/verdict", ["cancelled", "internal_error"]);
    Case::new(who, Method::DELETE, &path, Value::Null)
        .of(&room)
        .again(Again::Well)
        .sees(who, path, over)
}
