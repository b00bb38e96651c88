//! One room: how it stands now, its journal, what it was, and how a part of it became what it is.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use playhouse_actors::handle::AskError;
use playhouse_domain::room::Audience;
use playhouse_protocol::ids::RoomId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::answers::{AdminProblems, PastProblems};
use crate::http::auth::Administrator;
use crate::http::error::Problem;
use crate::http::paging::Page;

/// The most records of a room's past in one answer. 200, as for lists.
const RECORDS_MAX: usize = 200;

/// One room.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomState {
    /// Its name.
    room: String,
    /// `loading`, `live`, `rebuilding` or `quarantined`, with figures.
    #[schema(value_type = Object)]
    status: serde_json::Value,
    /// What those who run it see; none if it is closed.
    #[schema(value_type = Option<Object>)]
    view: Option<serde_json::Value>,
}

/// Which part of a room's past is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PastQuery {
    /// The first record; 1 if absent.
    #[param(format = "uint64")]
    from: Option<u64>,
    /// How many records at most, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// One room: how it stands and what those who run it see. Loads it if it sleeps.
#[utoipa::path(get, path = "/api/admin/rooms/{room}", tag = "administration",
    params(("room" = String, Path, description = "kind:key", example = "showing:0190c7e2-0000-7000-8000-000000000000")),
    responses((status = 200, body = RoomState),
        AdminProblems),
    security(("bearer" = [])))]
pub async fn inspect(
    app: web::Data<App>,
    _who: Administrator,
    room: web::Path<RoomId>,
) -> Result<web::Json<RoomState>, Problem> {
    // Asked first, because it waits until the room is loaded; a closed one refuses it.
    let seen = app.rooms.view(&room, Audience::Presenter).await.ok();
    let status = app.rooms.status(&room).await?;
    if status.revision == 0 && status.phase != "quarantined" {
        // Nobody has told it anything: a name that fits and names nothing.
        return Err(AskError::NoSuchRoom.into());
    }
    let view = seen.and_then(|seen| serde_json::from_slice(&seen.json).ok());
    let status = serde_json::to_value(&status)
        .map_err(|e| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", e.to_string()))?;
    Ok(web::Json(RoomState { room: room.to_string(), status, view }))
}

/// A room's past as its journal has it: `{oldest, newest, records}`, secrets left out.
#[utoipa::path(get, path = "/api/admin/rooms/{room}/journal", tag = "administration",
    params(("room" = String, Path, description = "kind:key"), PastQuery),
    responses((status = 200, body = Object),
        AdminProblems),
    security(("bearer" = [])))]
pub async fn journal(
    app: web::Data<App>,
    _who: Administrator,
    room: web::Path<RoomId>,
    query: web::Query<PastQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = Page::new(query.limit, None)?.limit.min(RECORDS_MAX);
    let past = app.rooms.past(&room, query.from.unwrap_or(1), limit).await?;
    Ok(HttpResponse::Ok().json(past))
}

/// What those who run a room saw with one of its records: `{room, record, at, oldest, newest, view}`.
/// Record 0 is before the first: there was nothing to be seen. Replays the room's records away from
/// the room, two looks at a time.
#[utoipa::path(get, path = "/api/admin/rooms/{room}/at/{record}", tag = "administration",
    params(("room" = String, Path, description = "kind:key"),
        ("record" = u64, Path, description = "The record's number")),
    responses((status = 200, body = Object),
        PastProblems),
    security(("bearer" = [])))]
pub async fn at(
    app: web::Data<App>,
    _who: Administrator,
    path: web::Path<(RoomId, u64)>,
) -> Result<HttpResponse, Problem> {
    let (room, record) = path.into_inner();
    let seen = app.rooms.view_at(&room, record).await.map_err(unreadable)?;
    Ok(HttpResponse::Ok().json(seen))
}

/// The biography of one part of a room, such as the seat A1 of a showing: what it became with which
/// record, oldest first: `{room, part, complete, steps}`. Looks at the newest 20,000 records and tells
/// the newest 1,000 steps; `complete` is false if that left something out.
#[utoipa::path(get, path = "/api/admin/rooms/{room}/parts/{part}", tag = "administration",
    params(("room" = String, Path, description = "kind:key"),
        ("part" = String, Path, description = "The part's name", example = "A1")),
    responses((status = 200, body = Object),
        PastProblems),
    security(("bearer" = [])))]
pub async fn biography(
    app: web::Data<App>,
    _who: Administrator,
    path: web::Path<(RoomId, String)>,
) -> Result<HttpResponse, Problem> {
    let (room, part) = path.into_inner();
    let lived = app.rooms.biography(&room, &part).await.map_err(unreadable)?;
    Ok(HttpResponse::Ok().json(lived))
}

/// A past that cannot be read has the code of one that cannot be gone back to, in other words.
fn unreadable(error: AskError) -> Problem {
    match error {
        AskError::Unrepairable { reason } => {
            let detail = format!("what the room was then cannot be read: {reason}");
            Problem::new(StatusCode::CONFLICT, "rewrite_refused", detail)
        }
        error => error.into(),
    }
}
