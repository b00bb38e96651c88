//! Polls in order, under one join code.

use bytes::Bytes;
use playhouse_actors::handle::Rooms;
use playhouse_domain::poll::series::{self, Command, Reply, Series, SeriesInfo};
use playhouse_domain::poll::{self, Poll};
use playhouse_domain::room::Caller;
use playhouse_protocol::ids::{CommandKey, PollId, SeriesId};

use super::requests::SeriesRequest;
use crate::accounts::Identity;
use crate::app::App;
use crate::asking::{Outcome, Told, ask, ask_now, new_id, unexpected};
use crate::http::error::Problem;
use crate::http::paging::Page;
use crate::lists::{self, Range};

fn told(Reply::Series(info): Reply) -> SeriesInfo {
    *info
}

/// Refuses polls that `who` does not run.
async fn presides(rooms: &Rooms, who: &Identity, polls: &[PollId]) -> Result<(), Problem> {
    for id in polls.iter().take(series::POLLS_MAX) {
        let room = poll::room(*id);
        ask_now::<Poll>(rooms, who, &room, None, &poll::Command::Preside).await?;
    }
    Ok(())
}

/// Makes a series.
///
/// # Errors
///
/// `bad_series`, `bad_text`, `forbidden`; `not_found` for a poll that there is not.
pub async fn create(
    app: &App,
    who: &Identity,
    request: SeriesRequest,
    key: Option<CommandKey>,
) -> Result<Outcome<SeriesInfo>, Problem> {
    presides(&app.rooms, who, &request.polls).await?;
    let id = SeriesId(new_id(who, "series", key.as_ref()));
    let room = series::room(id);
    let SeriesRequest { title, polls } = request;
    let look = |_| format!("/api/series/{id}");
    let command = Command::Create { title, polls };
    Ok(match ask::<Series>(&app.rooms, who, &room, key, &command, look).await? {
        Outcome::Done(Told { reply, .. }) => Outcome::Done(told(reply)),
        Outcome::Pending(pending) => Outcome::Pending(pending),
    })
}

/// Gives a series another title, or other polls.
///
/// # Errors
///
/// `stale_revision`, `bad_series`, `bad_text`, `forbidden`.
pub async fn update(
    rooms: &Rooms,
    who: &Identity,
    id: SeriesId,
    request: SeriesRequest,
    (expect, key): (Option<u64>, Option<CommandKey>),
) -> Result<SeriesInfo, Problem> {
    presides(rooms, who, &request.polls).await?;
    let SeriesRequest { title, polls } = request;
    act(rooms, who, id, &Command::Update { title, polls, expect }, key).await
}

/// What the presenter does to a series; answers with the series as it is then.
///
/// # Errors
///
/// The room's refusal.
pub async fn act(
    rooms: &Rooms,
    who: &Identity,
    id: SeriesId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<SeriesInfo, Problem> {
    let room = series::room(id);
    Ok(told(ask_now::<Series>(rooms, who, &room, key, command).await?.reply))
}

/// A series as `who` may see it.
///
/// # Errors
///
/// `not_found`.
pub async fn info(
    rooms: &Rooms,
    id: SeriesId,
    who: impl Into<Caller>,
) -> Result<SeriesInfo, Problem> {
    let room = series::room(id);
    let seen = rooms.view(&room, who.into()).await?;
    serde_json::from_slice(&seen.json).map_err(|_| unexpected(&room))
}

/// The series that `who` made, oldest first.
///
/// # Errors
///
/// The store's problem.
pub async fn list(rooms: &Rooms, who: &Identity, page: &Page) -> Result<Bytes, Problem> {
    let prefix = format!("{}/", who.account);
    let range = Range { table: "series_by_owner", prefix, ..Range::default() };
    lists::page(rooms, range, page).await
}
