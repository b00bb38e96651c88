//! Questions from the audience.

use bytes::{Bytes, BytesMut};
use playhouse_actors::handle::Rooms;
use playhouse_domain::poll::Voter;
use playhouse_domain::poll::questions::view::QuestionView;
use playhouse_domain::poll::questions::{self, Command, Mine, Questions, Reply};
use playhouse_domain::room::Caller;
use playhouse_protocol::ids::{CommandKey, PollId};

use super::requests::{ModerateRequest, QuestionRequest, WantRequest};
use super::votes::{self, voter};
use crate::accounts::{Bearer, Identity};
use crate::asking::{Tagged, ask_now, invalid, unexpected};
use crate::http::error::Problem;

async fn ask(
    rooms: &Rooms,
    who: impl Into<Caller>,
    id: PollId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<Reply, Problem> {
    Ok(ask_now::<Questions>(rooms, who, &questions::room(id), key, command).await?.reply)
}

async fn ask_one(
    rooms: &Rooms,
    who: impl Into<Caller>,
    id: PollId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<QuestionView, Problem> {
    match ask(rooms, who, id, command, key).await? {
        Reply::Question(question) => Ok(question),
        _ => Err(unexpected(&questions::room(id))),
    }
}

/// Who asks. Which codes there are the poll alone knows, so it is asked first.
async fn asker(
    rooms: &Rooms,
    who: Option<&Bearer>,
    id: PollId,
    code: Option<&str>,
) -> Result<(Voter, Caller), Problem> {
    let voter = voter(id, who, code, None)?;
    if let Voter::Code(_) = voter {
        votes::mine(rooms, id, who, voter).await?;
    }
    Ok((voter, who.map_or(Caller::Nobody, Bearer::caller)))
}

/// The questions as `who` may see them, with what they asked and want answered.
///
/// # Errors
///
/// `not_found`.
pub async fn list(rooms: &Rooms, id: PollId, who: Option<&Bearer>) -> Result<Tagged, Problem> {
    let room = questions::room(id);
    let caller = who.map_or(Caller::Nobody, Bearer::caller);
    let seen = rooms.view(&room, caller.clone()).await?;
    let mine = match who {
        Some(who) => own_part(rooms, id, caller, Voter::from(who)).await?,
        None => None,
    };
    let Some(mine) = mine else { return Ok(Tagged::new(seen)) };
    let mut json = BytesMut::from(seen.json.strip_suffix(b"}").ok_or_else(|| unexpected(&room))?);
    json.extend_from_slice(b",\"mine\":");
    json.extend_from_slice(&serde_json::to_vec(&mine).map_err(|_| unexpected(&room))?);
    json.extend_from_slice(b"}");
    let json = Bytes::from(json);
    Ok(Tagged { tag: crate::http::etag::of_bytes(&json), json })
}

async fn own_part(
    rooms: &Rooms,
    id: PollId,
    caller: Caller,
    voter: Voter,
) -> Result<Option<Mine>, Problem> {
    match ask(rooms, caller, id, &Command::Mine { voter }, None).await {
        Ok(Reply::Mine(mine)) => Ok(Some(mine)),
        Ok(_) => Err(unexpected(&questions::room(id))),
        Err(problem) if problem.status() == actix_web::http::StatusCode::FORBIDDEN => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Asks a question. The same question of the same person is one.
///
/// # Errors
///
/// `questions_off`, `asked_too_often`, `too_many_questions`, `wrong_voter`, `bad_text`.
pub async fn put(
    rooms: &Rooms,
    who: Option<&Bearer>,
    id: PollId,
    request: QuestionRequest,
) -> Result<QuestionView, Problem> {
    let QuestionRequest { text, name, code } = request;
    let (voter, caller) = asker(rooms, who, id, code.as_deref()).await?;
    // Without a key: what is asked twice is one question by itself, for as long as there are any.
    ask_one(rooms, caller, id, &Command::Ask { voter, text, name }, None).await
}

/// Wants a question answered, or no longer.
///
/// # Errors
///
/// `questions_off`, `too_many_upvotes`, `wrong_voter`, `not_found`.
pub async fn want(
    rooms: &Rooms,
    who: Option<&Bearer>,
    id: PollId,
    question: u32,
    request: &WantRequest,
) -> Result<QuestionView, Problem> {
    let (voter, caller) = asker(rooms, who, id, request.code.as_deref()).await?;
    let command = Command::Vote { voter, question, up: request.up };
    ask_one(rooms, caller, id, &command, None).await
}

/// Puts a question in sight or out of it, or says that it was answered.
///
/// # Errors
///
/// `forbidden`, `not_found`, `bad_request` if nothing is said of it.
pub async fn moderate(
    rooms: &Rooms,
    who: &Identity,
    id: PollId,
    question: u32,
    request: ModerateRequest,
) -> Result<QuestionView, Problem> {
    let show = request.shown.map(|shown| Command::Show { question, shown });
    let answer = request.answered.map(|answered| Command::Answer { question, answered });
    let mut told = None;
    for command in show.into_iter().chain(answer) {
        told = Some(ask_one(rooms, who, id, &command, None).await?);
    }
    told.ok_or_else(|| invalid("invalid_body", "name shown, answered, or both"))
}

/// Drops all questions.
///
/// # Errors
///
/// `forbidden`, `not_found`.
pub async fn clear(
    rooms: &Rooms,
    who: &Identity,
    id: PollId,
    key: Option<CommandKey>,
) -> Result<(), Problem> {
    ask(rooms, who, id, &Command::Clear, key).await.map(drop)
}
