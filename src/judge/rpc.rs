//! What the live connection asks of the judge by name.

use actix_web::http::StatusCode;
use playhouse_domain::judge::job;
use serde_json::{Value, json};

use super::NotTaken;
use super::requests::StdinRequest;
use super::run::{NotFed, STDIN_BYTES_MAX};
use crate::accounts::Identity;
use crate::app::App;
use crate::asking::no_such;
use crate::http::error::Problem;
use crate::rpc::{read, unknown_method};

/// Runs the command `method` with `params` for `who`.
///
/// # Errors
///
/// `unknown_method`, `invalid_body`, `not_found`, `not_running`, `stdin_full`, `stdin_closed`.
pub async fn rpc(app: &App, who: &Identity, method: &str, params: Value) -> Result<Value, Problem> {
    match method {
        "job.stdin" => {
            feed(app, who, read(params)?).await?;
            Ok(json!({}))
        }
        _ => Err(unknown_method(method)),
    }
}

fn conflict(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, detail)
}

async fn feed(app: &App, who: &Identity, request: StdinRequest) -> Result<(), Problem> {
    let StdinRequest { job, data, end } = request;
    match app.judge.feed(job, Some(who.account), data.as_bytes(), end) {
        Ok(()) => Ok(()),
        Err(NotTaken::NotRunning) => {
            // Whoever may not know of it is told that it is not there.
            let seen = app.rooms.view(&job::room(job), who.caller()).await;
            seen.map_err(|_| no_such("job"))?;
            let detail = "the job does not run, is not yours, or was not handed in as interactive";
            Err(conflict("not_running", detail))
        }
        Err(NotTaken::Input(NotFed::Full)) => {
            let detail = format!(
                "the program reads more slowly: {STDIN_BYTES_MAX} bytes may wait, send this again later"
            );
            let full = Problem::new(StatusCode::TOO_MANY_REQUESTS, "stdin_full", detail);
            Err(full.retry_after(std::time::Duration::from_secs(1)))
        }
        Err(NotTaken::Input(NotFed::Closed)) => {
            Err(conflict("stdin_closed", "the program's input has ended"))
        }
    }
}
