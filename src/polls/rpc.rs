//! What voters do, by name, for the live connection.

use playhouse_protocol::ids::PollId;
use serde::Deserialize;
use serde_json::Value;

use super::requests::{QuestionRequest, VoteRequest, WantRequest};
use super::{questions, votes};
use crate::accounts::Bearer;
use crate::app::App;
use crate::http::error::Problem;
use crate::rpc::{Key, read, tell, unknown_method};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vote {
    poll_id: PollId,
    choice: Option<Vec<u8>>,
    words: Option<Vec<String>>,
    name: Option<String>,
    code: Option<String>,
    #[serde(default)]
    key: Key,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    poll_id: PollId,
    text: String,
    name: Option<String>,
    code: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Want {
    poll_id: PollId,
    question: u32,
    up: bool,
    code: Option<String>,
}

/// Runs the command `method` with `params` for `who`. A ballot of a secret poll is cast by REST
/// alone: here everybody has a name.
///
/// # Errors
///
/// `unknown_method`, `invalid_body`, and what the same command of REST answers.
pub async fn rpc(app: &App, who: &Bearer, method: &str, params: Value) -> Result<Value, Problem> {
    match method {
        "poll.vote" => {
            let Vote { poll_id, choice, words, name, code, key } = read(params)?;
            let request = VoteRequest { choice, words, name, code, ballot: None };
            Ok(tell(&votes::vote(app, Some(who), poll_id, request, key.0).await?))
        }
        "poll.ask" => {
            let Ask { poll_id, text, name, code } = read(params)?;
            let request = QuestionRequest { text, name, code };
            Ok(tell(&questions::put(&app.rooms, Some(who), poll_id, request).await?))
        }
        "poll.want" => {
            let Want { poll_id, question, up, code } = read(params)?;
            let request = WantRequest { up, code };
            Ok(tell(&questions::want(&app.rooms, Some(who), poll_id, question, &request).await?))
        }
        _ => Err(unknown_method(method)),
    }
}
