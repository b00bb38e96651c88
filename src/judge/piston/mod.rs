//! The interface of Piston (v2), for the clients that it has. `docs/judge-api.md` says what differs.
//!
//! - [`request`]: what is asked, and the submission that it becomes. `range`: versions. `naming`: files.
//! - [`follow`]: a job from when it is handed in until it is judged, step by step. [`answer`]: what is said of it.
//!
//! HTTP is in `http::piston`, WebSocket in `ws::piston`.

pub mod answer;
pub mod follow;
mod naming;
mod range;
pub mod request;

use actix_web::http::StatusCode;
use playhouse_domain::room::Caller;
use playhouse_protocol::ids::{AccountId, JobId};
use serde_json::{Map, Value};
use uuid::Uuid;

use self::follow::Following;
use self::request::Asked;
use super::{Absent, jobs};
use crate::accounts::Identity;
use crate::app::App;
use crate::http::error::Problem;

/// What Piston says instead of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub status: StatusCode,
    /// The sentence.
    pub message: String,
}

impl Refused {
    /// What was asked makes no sense.
    #[must_use]
    pub fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        // Piston knows no other status for what makes no sense.
        let status = match problem.status() {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            status => status,
        };
        Self { status, message: problem.detail().to_owned() }
    }
}

impl From<Absent> for Refused {
    fn from(absent: Absent) -> Self {
        Problem::from(absent).into()
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guest {
    /// An account: its jobs are its own.
    Account(Identity),
    /// Nobody in particular.
    Nobody,
}

impl Guest {
    /// Whose the job is.
    #[must_use]
    pub fn owner(&self) -> Option<AccountId> {
        match self {
            Self::Account(who) => Some(who.account),
            Self::Nobody => None,
        }
    }
}

/// Hands in what `body` asks for; if it is `live`, its input comes while it runs.
///
/// # Errors
///
/// [`Refused`], in Piston's words where it has some.
pub async fn start(
    app: &App,
    guest: &Guest,
    body: &Map<String, Value>,
    live: bool,
) -> Result<Following, Refused> {
    request::look(body)?;
    let court = app.judge.court().await?;
    let Asked { submission, terms } = request::read(body, &court.languages, guest, live)?;
    submission.check().map_err(Problem::from)?;
    let id = JobId(Uuid::now_v7());
    // From here on whoever goes away leaves no job behind.
    let mut following = Following::new(app, id, terms);
    let caller = match guest {
        Guest::Account(who) => who.caller(),
        Guest::Nobody => Caller::System,
    };
    let handed_in = jobs::hand_in(&app.rooms, caller, guest.owner(), (id, submission), None).await;
    if let Err(problem) = handed_in {
        following.never_was(problem.status().is_client_error());
        return Err(problem.into());
    }
    following.begin().await?;
    Ok(following)
}
