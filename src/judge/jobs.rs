//! Jobs: handing programs in, looking at them, calling them off.

use std::sync::Arc;

use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use playhouse_actors::handle::Rooms;
use playhouse_domain::judge::job::{self, Accepted, Command, Job, Phase, Reply, View};
use playhouse_domain::judge::queue::{self, Queue};
use playhouse_domain::judge::{File, Submission};
use playhouse_domain::room::{Audience, Caller};
use playhouse_protocol::ids::{AccountId, CommandKey, JobId};
use serde_json::{Value, json};

use super::requests::{Encoding, JobRequest};
use super::shapes::{JobSource, SourceFile};
use super::{Absent, Court};
use crate::accounts::Identity;
use crate::app::App;
use crate::asking::{Outcome, ask, ask_now, new_id, unexpected};
use crate::http::error::Problem;
use crate::http::paging::Page;
use crate::lists::{self, Range};

impl From<Absent> for Problem {
    fn from(absent: Absent) -> Self {
        let detail = format!("programs cannot be run here: {}; {}", absent.reason, absent.mend);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "judge_unavailable", detail)
            .with("mend", vec![absent.mend])
    }
}

/// A job that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedIn {
    /// Which.
    pub id: JobId,
    /// Where it stands in the queue; none if that is not known yet.
    pub accepted: Option<Accepted>,
}

/// Hands a program in for `who`.
///
/// # Errors
///
/// `judge_unavailable`, `unknown_language`, `bad_submission`, `submission_too_large`, `queue_full`,
/// `too_many_jobs`.
pub async fn create(
    app: &App,
    who: &Identity,
    request: JobRequest,
    key: Option<CommandKey>,
) -> Result<HandedIn, Problem> {
    let court: Arc<Court> = app.judge.court().await?;
    let submission = request.submission(&court.languages)?;
    submission.check()?;
    let id = JobId(new_id(who, "job", key.as_ref()));
    hand_in(&app.rooms, who.caller(), Some(who.account), (id, submission), key).await
}

/// Hands `submission` in as the job `id` of `owner`, on behalf of `caller`. The queue is asked first whether
/// there is room: a program that is refused is not stored.
///
/// # Errors
///
/// The rooms' refusals.
pub async fn hand_in(
    rooms: &Rooms,
    caller: Caller,
    owner: Option<AccountId>,
    (id, submission): (JobId, Submission),
    key: Option<CommandKey>,
) -> Result<HandedIn, Problem> {
    let room = job::room(id);
    let known = rooms.view(&room, Audience::Presenter).await.is_ok();
    if !known {
        let account = owner.unwrap_or(AccountId(uuid::Uuid::nil()));
        let (lane, bytes) = (submission.lane, submission.bytes() as u64);
        let command = queue::Command::Room { account, lane, bytes };
        ask_now::<Queue>(rooms, Caller::System, &queue::room(), None, &command).await?;
    }
    let command = Command::Submit { owner, submission: Box::new(submission) };
    let look = |_| format!("/api/jobs/{id}");
    let accepted = match ask::<Job>(rooms, caller, &room, key, &command, look).await? {
        Outcome::Pending(_) => None,
        Outcome::Done(told) => match told.reply {
            Reply::Accepted(accepted) => Some(accepted),
            _ => return Err(unexpected(&room)),
        },
    };
    Ok(HandedIn { id, accepted })
}

/// A job as `who` sees it, with its place in the queue while it waits.
///
/// # Errors
///
/// `not_found`.
pub async fn get(rooms: &Rooms, who: &Identity, id: JobId) -> Result<Bytes, Problem> {
    let room = job::room(id);
    let seen = rooms.view(&room, who.caller()).await?;
    let view: View = serde_json::from_slice(&seen.json).map_err(|_| unexpected(&room))?;
    let position = match view.phase {
        Phase::Queued => position(rooms, id).await?,
        _ => None,
    };
    let mut view = serde_json::to_value(&view).map_err(|_| unexpected(&room))?;
    view["position"] = position.into();
    Ok(Bytes::from(view.to_string()))
}

/// The place of `job` among all that wait.
async fn position(rooms: &Rooms, job: JobId) -> Result<Option<u32>, Problem> {
    let room = queue::room();
    let seen = rooms.view(&room, Audience::Presenter).await?;
    let view: Value = serde_json::from_slice(&seen.json).map_err(|_| unexpected(&room))?;
    let own = json!(job);
    let places = view["jobs"].as_array().into_iter().flatten();
    let place =
        places.filter(|place| place["job"] == own).find_map(|place| place["position"].as_u64());
    Ok(place.and_then(|place| u32::try_from(place).ok()))
}

/// The program of a job, as it was handed in.
///
/// # Errors
///
/// `not_found`.
pub async fn source(rooms: &Rooms, who: &Identity, id: JobId) -> Result<JobSource, Problem> {
    let room = job::room(id);
    let told = ask_now::<Job>(rooms, who, &room, None, &Command::Read).await?;
    let Reply::Source(source) = told.reply else { return Err(unexpected(&room)) };
    let file = |file: File| match String::from_utf8(file.content.0) {
        Ok(content) => SourceFile { name: file.name, content, encoding: Encoding::Utf8 },
        Err(bytes) => {
            let content = STANDARD.encode(bytes.as_bytes());
            SourceFile { name: file.name, content, encoding: Encoding::Base64 }
        }
    };
    let files = source.files.into_iter().map(file).collect();
    Ok(JobSource { language: source.language, files })
}

/// A page of the jobs of `who`, the newest first.
///
/// # Errors
///
/// The store's problem.
pub async fn mine(rooms: &Rooms, who: &Identity, page: &Page) -> Result<Bytes, Problem> {
    let (table, prefix) = ("jobs_by_account", format!("{}/", who.account));
    let range = Range { table, prefix, descending: true, ..Range::default() };
    lists::page(rooms, range, page).await
}

/// Calls a job off. One that is judged stays as it is.
///
/// # Errors
///
/// `not_found`.
pub async fn cancel(
    app: &App,
    who: &Identity,
    id: JobId,
    key: Option<CommandKey>,
) -> Result<(), Problem> {
    let room = job::room(id);
    match ask_now::<Job>(&app.rooms, who, &room, key, &Command::Cancel).await?.reply {
        Reply::Noted => app.judge.stop(id),
        _ => return Err(unexpected(&room)),
    }
    Ok(())
}
