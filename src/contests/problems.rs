//! Problems of contests: setting them, reading them.

use playhouse_actors::handle::Rooms;
use playhouse_domain::contest::view::ProblemInfo;
use playhouse_domain::contest::{self, Command, Letter, Problem as Task, Reply};
use playhouse_domain::judge::Blob;
use playhouse_domain::room::Caller;
use playhouse_protocol::ids::{CommandKey, ContestId};
use serde::Deserialize;

use super::papers::{self, Tasks};
use super::requests::ProblemRequest;
use super::shapes::{ProblemWhole, Sample};
use super::{odd, tell};
use crate::accounts::{Bearer, Identity};
use crate::app::App;
use crate::http::error::Problem;

/// Adds a problem, or replaces it: its paper first, which nobody knows of before the contest does.
///
/// # Errors
///
/// `judge_unavailable`, `unknown_language`, `bad_submission`, `problem_too_large`, the room's refusal.
pub async fn set_problem(
    app: &App,
    who: &Identity,
    id: ContestId,
    letter: Letter,
    request: ProblemRequest,
    key: Option<CommandKey>,
) -> Result<ProblemInfo, Problem> {
    presided(&app.rooms, who, id).await?;
    let court = app.judge.court().await?;
    let (title, points) = (request.title.clone(), request.points);
    let tasks = request.tasks(&court.languages)?;
    let paper = papers::write(&app.rooms, id.0, &tasks).await?;
    let task = Task {
        title,
        points,
        cpu_ms: tasks.run.cpu_ms,
        memory_bytes: tasks.run.memory_bytes,
        cases: tasks.tests.len() as u16,
        paper,
    };
    let command = Command::SetProblem { letter, problem: Box::new(task) };
    match tell(&app.rooms, who, id, &command, key).await? {
        Reply::Problem(info, _) => Ok(*info),
        _ => Err(odd(id)),
    }
}

/// Refuses whoever may not prepare the contest before anything is kept for them.
async fn presided(rooms: &Rooms, who: &Identity, id: ContestId) -> Result<(), Problem> {
    let command = Command::MayPrepare;
    match tell(rooms, who, id, &command, None).await? {
        Reply::Noted => Ok(()),
        _ => Err(odd(id)),
    }
}

/// The problems that `who` may see.
///
/// # Errors
///
/// `not_found`.
pub async fn problems(
    rooms: &Rooms,
    id: ContestId,
    who: Option<&Bearer>,
) -> Result<Vec<ProblemInfo>, Problem> {
    #[derive(Deserialize)]
    struct Known {
        problems: Vec<ProblemInfo>,
    }
    let seen = rooms.view(&contest::room(id), who.map_or(Caller::Nobody, Bearer::caller)).await?;
    let known: Known = serde_json::from_slice(&seen.json).map_err(|_| odd(id))?;
    Ok(known.problems)
}

/// A problem with its statement and samples.
///
/// # Errors
///
/// `not_found`, also before the contest begins.
pub async fn problem(
    rooms: &Rooms,
    id: ContestId,
    letter: Letter,
    who: Option<&Bearer>,
) -> Result<ProblemWhole, Problem> {
    let caller = who.map_or(Caller::Nobody, Bearer::caller);
    let Reply::Problem(info, paper) =
        tell(rooms, caller, id, &Command::ReadProblem { letter }, None).await?
    else {
        return Err(odd(id));
    };
    let tasks: Tasks = papers::read(rooms, paper).await?;
    let shown = tasks.tests.iter().filter(|test| !test.hidden);
    let text = |blob: &Blob| String::from_utf8_lossy(&blob.0).into_owned();
    let samples = shown.map(|test| Sample {
        name: test.name.clone(),
        stdin: text(&test.stdin),
        expected: text(&test.expected),
    });
    Ok(ProblemWhole { info: *info, samples: samples.collect(), statement: tasks.statement })
}
