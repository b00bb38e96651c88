//! Programs that are sent in to contests: taking them, reading them.

use playhouse_actors::handle::Rooms;
use playhouse_domain::contest::view::SubmissionInfo;
use playhouse_domain::contest::{Command, Reply};
use playhouse_domain::judge::Verdict;
use playhouse_domain::room::Seed;
use playhouse_protocol::ids::{CommandKey, ContestId, SubmissionId};
use uuid::Uuid;

use super::papers::{self, Program};
use super::requests::{SubmissionRequest, SubmissionsQuery};
use super::shapes::SubmissionWhole;
use super::{judging, odd, tell};
use crate::accounts::Identity;
use crate::app::App;
use crate::http::error::Problem;
use crate::http::paging::{List, Page};

/// Sends a program in. The contest is asked first whether it would take it, so that nothing is kept of what it
/// refuses; then the program goes onto paper, then the contest hears of it.
///
/// # Errors
///
/// `judge_unavailable`, `unknown_language`, `bad_submission`, `submission_too_large`, the room's refusal.
pub async fn submit(
    app: &App,
    who: &Identity,
    id: ContestId,
    request: SubmissionRequest,
    key: Option<CommandKey>,
) -> Result<SubmissionInfo, Problem> {
    let court = app.judge.court().await?;
    let letter = request.problem;
    let (language, program) = request.program(&court.languages)?;
    let (rooms, of, bytes) = (&app.rooms, owner(id, who), program.bytes());
    let command = Command::MaySubmit { letter, language: language.clone() };
    let may = tell(rooms, who, id, &command, None).await;
    match &may {
        Ok(_) => drop(papers::write(rooms, of, &program).await?),
        // With a key this may be a repeat, which is answered as before whatever stands against it now.
        Err(_) if key.is_some() => {}
        Err(refused) => return Err(refused.clone()),
    }
    let paper = papers::id(of, &program);
    let command = Command::Submit { letter, language, program: paper, bytes };
    let reply = tell(rooms, who, id, &command, key).await?;
    if may.is_err() {
        // What stood against it a moment ago does so no more.
        papers::write(rooms, of, &program).await?;
    }
    match reply {
        Reply::Submission(info, _) => Ok(*info),
        _ => Err(odd(id)),
    }
}

/// Whose papers are kept apart from whose: a program is no proof that somebody else has the same.
fn owner(id: ContestId, who: &Identity) -> Uuid {
    let parts = [id.0.as_bytes().as_slice(), who.account.0.as_bytes()];
    Seed::derive(&parts).uuid(0)
}

/// What was sent in, the newest first: one's own; everybody's for those who preside.
///
/// # Errors
///
/// `not_registered`, `bad_limit`, `bad_cursor`.
pub async fn submissions(
    rooms: &Rooms,
    who: &Identity,
    id: ContestId,
    query: &SubmissionsQuery,
) -> Result<List<SubmissionInfo>, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    let before = page.after.as_deref().and_then(|number| number.parse().ok());
    let command = Command::Submissions { before, limit: page.fetch() as u16 };
    match tell(rooms, who, id, &command, None).await? {
        Reply::Submissions(found) => {
            let rows = found.into_iter().map(|one| (one.number.to_string(), one));
            Ok(page.list(rows.collect()))
        }
        _ => Err(odd(id)),
    }
}

/// One program with its text, and what the compiler said where it did not compile.
///
/// # Errors
///
/// `not_found`.
pub async fn submission(
    rooms: &Rooms,
    who: &Identity,
    id: ContestId,
    submission: SubmissionId,
) -> Result<SubmissionWhole, Problem> {
    let command = Command::ReadSubmission { submission };
    let Reply::Submission(info, paper) = tell(rooms, who, id, &command, None).await? else {
        return Err(odd(id));
    };
    let program: Program = papers::read(rooms, paper).await?;
    let compiler = match info.verdict {
        Some(Verdict::CompileError) => judging::compiler(rooms, id, &info).await,
        _ => None,
    };
    Ok(SubmissionWhole { info: *info, files: program.shown(), compiler })
}
