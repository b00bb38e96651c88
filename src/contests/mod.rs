//! Contests by REST: preparing them, taking part, sending programs in, looking at boards. No rules.
//!
//! - [`problems`], [`programs`]: problems and what is sent in for them. [`papers`]: what is kept apart, as it is large.
//! - [`judging`]: the duty to have a program judged as a job.
//! - [`requests`], [`shapes`]: what is asked and told, as JSON.

pub mod judging;
pub mod papers;
pub mod problems;
pub mod programs;
pub mod requests;
pub mod shapes;

use actix_web::http::StatusCode;
use actix_web::http::header::EntityTag;
use bytes::{Bytes, BytesMut};
use playhouse_actors::handle::Rooms;
use playhouse_domain::contest::view::ClarificationInfo;
use playhouse_domain::contest::{self, Command, Contest, ContestRow, Reply, Reveal, Row, Shown};
use playhouse_domain::games::match_room::NAME_MAX;
use playhouse_domain::room::Caller;
use playhouse_protocol::ids::{ClarificationId, CommandKey, ContestId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::requests::{ContestRequest, State};
use self::shapes::{PlacedRow, Scoreboard};
use crate::accounts::{Bearer, Identity};
use crate::asking::{Tagged, ask_now, new_id, no_such, server_time, unexpected};
use crate::http::error::Problem;
use crate::http::paging::Page;
use crate::lists::{self, Range};

/// Gives `command` to a contest.
async fn tell(
    rooms: &Rooms,
    who: impl Into<Caller>,
    id: ContestId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<Reply, Problem> {
    Ok(ask_now::<Contest>(rooms, who, &contest::room(id), key, command).await?.reply)
}

fn odd(id: ContestId) -> Problem {
    unexpected(&contest::room(id))
}

/// Gives `command` to a contest, which answers how it stands then.
///
/// # Errors
///
/// The room's refusal.
pub async fn act(
    rooms: &Rooms,
    who: &Identity,
    id: ContestId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<ContestRow, Problem> {
    match tell(rooms, who, id, command, key).await? {
        Reply::Contest(row) => Ok(*row),
        _ => Err(odd(id)),
    }
}

/// Makes a contest.
///
/// # Errors
///
/// `bad_times`, `bad_text`, `bad_languages`, `forbidden`.
pub async fn create(
    rooms: &Rooms,
    who: &Identity,
    request: ContestRequest,
    key: Option<CommandKey>,
) -> Result<ContestRow, Problem> {
    let id = ContestId(new_id(who, "contest", key.as_ref()));
    act(rooms, who, id, &Command::Create(Box::new(request.creation())), key).await
}

/// A contest as `who` may see it.
///
/// # Errors
///
/// `not_found`.
pub async fn get(rooms: &Rooms, id: ContestId, who: Option<&Bearer>) -> Result<Tagged, Problem> {
    let seen = rooms.view(&contest::room(id), who.map_or(Caller::Nobody, Bearer::caller)).await?;
    // The tag is of what is seen alone: the revision would tell when what the freeze hides was judged.
    let hash = Sha256::digest(&seen.json);
    let tag = hash[..12].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut json = BytesMut::from(seen.json.strip_suffix(b"}").ok_or_else(|| odd(id))?);
    json.extend_from_slice(format!(",\"server_time\":\"{}\"}}", server_time()).as_bytes());
    Ok(Tagged { tag: EntityTag::new_weak(tag), json: json.freeze() })
}

/// The contests in `state`: those to come and those that run by their beginning, the first first; those that are
/// over, the last first.
///
/// # Errors
///
/// The store's problem.
pub async fn list(rooms: &Rooms, state: State, page: &Page) -> Result<Bytes, Problem> {
    let (table, descending) = match state {
        State::Upcoming => ("contests", false),
        State::Running => ("contests_running", false),
        State::Over => ("contests_over", true),
    };
    lists::page(rooms, Range { table, descending, ..Range::default() }, page).await
}

/// The contests that `who` made or takes part in.
///
/// # Errors
///
/// The store's problem.
pub async fn own(rooms: &Rooms, who: &Identity, page: &Page) -> Result<Bytes, Problem> {
    let (table, prefix) = ("contests_by_account", format!("{}/", who.account));
    lists::page(rooms, Range { table, prefix, descending: true, ..Range::default() }, page).await
}

/// Lets `who` take part, under `name` or the user name.
///
/// # Errors
///
/// The room's refusal.
pub async fn register(
    rooms: &Rooms,
    who: &Identity,
    id: ContestId,
    name: Option<String>,
    key: Option<CommandKey>,
) -> Result<ContestRow, Problem> {
    let name = name.unwrap_or_else(|| who.username.chars().take(NAME_MAX).collect());
    act(rooms, who, id, &Command::Register { name }, key).await
}

/// The board as it is shown, or with `truly` as it is, for those who preside.
///
/// # Errors
///
/// `not_found`; `not_the_organizer`.
pub async fn scoreboard(
    rooms: &Rooms,
    id: ContestId,
    who: Option<&Bearer>,
    truly: bool,
) -> Result<Scoreboard, Problem> {
    #[derive(Deserialize)]
    struct Known {
        frozen: bool,
        revealed: bool,
        scoring: contest::Scoring,
        board: Vec<Row>,
        truly: Option<Vec<Row>>,
    }
    let seen = rooms.view(&contest::room(id), who.map_or(Caller::Nobody, Bearer::caller)).await?;
    let known: Known = serde_json::from_slice(&seen.json).map_err(|_| odd(id))?;
    let rows = match (truly, known.truly) {
        (false, _) => known.board,
        (true, Some(rows)) => rows,
        (true, None) => {
            let detail = "only those who preside over the contest see this";
            return Err(Problem::new(StatusCode::FORBIDDEN, "not_the_organizer", detail));
        }
    };
    let rows = contest::board::placed(rows).into_iter();
    Ok(Scoreboard {
        scoring: known.scoring,
        frozen: known.frozen,
        revealed: known.revealed,
        rows: rows.map(|(place, row)| PlacedRow { place, row }).collect(),
    })
}

/// Shows what the freeze hides: a step, or everything.
///
/// # Errors
///
/// The room's refusal.
pub async fn reveal(
    rooms: &Rooms,
    who: &Identity,
    id: ContestId,
    reveal: Reveal,
    key: Option<CommandKey>,
) -> Result<Shown, Problem> {
    match tell(rooms, who, id, &Command::Reveal(reveal), key).await? {
        Reply::Revealed(shown) => Ok(shown),
        _ => Err(odd(id)),
    }
}

/// What was asked and said, as far as it is for `who`.
///
/// # Errors
///
/// `not_found`.
pub async fn clarifications(
    rooms: &Rooms,
    id: ContestId,
    who: Option<&Bearer>,
) -> Result<Vec<ClarificationInfo>, Problem> {
    #[derive(Deserialize)]
    struct Known {
        clarifications: Vec<ClarificationInfo>,
    }
    let seen = rooms.view(&contest::room(id), who.map_or(Caller::Nobody, Bearer::caller)).await?;
    let known: Known = serde_json::from_slice(&seen.json).map_err(|_| odd(id))?;
    Ok(known.clarifications)
}

/// Asks something, answers it, or says something to everybody.
///
/// # Errors
///
/// The room's refusal.
pub async fn talk(
    rooms: &Rooms,
    who: &Identity,
    id: ContestId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<ClarificationInfo, Problem> {
    match tell(rooms, who, id, command, key).await? {
        Reply::Clarification(info) => Ok(*info),
        _ => Err(odd(id)),
    }
}

/// Judges again.
///
/// # Errors
///
/// The room's refusal.
pub async fn rejudge(
    rooms: &Rooms,
    who: &Identity,
    id: ContestId,
    again: contest::Again,
    key: Option<CommandKey>,
) -> Result<Rejudging, Problem> {
    match tell(rooms, who, id, &Command::Rejudge(again), key).await? {
        Reply::Rejudging(submissions) => Ok(Rejudging { submissions }),
        _ => Err(odd(id)),
    }
}

/// How many programs are judged again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Rejudging {
    /// How many.
    pub submissions: u32,
}

/// The clarification that a path names.
///
/// # Errors
///
/// `not_found`.
pub fn clarification(text: &str) -> Result<ClarificationId, Problem> {
    text.parse().map_err(|_| no_such("question"))
}
