//! What administrators do to one room. Each act is taken down in the audit trail before it is done.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use playhouse_actors::handle::AskError;
use playhouse_actors::journal::Rewrite;
use playhouse_domain::audit::{self, What};
use playhouse_protocol::ids::RoomId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::http::answers::RewriteProblems;
use crate::http::auth::Administrator;
use crate::http::error::Problem;
use crate::http::json::Json;
use crate::trail::deed;

/// Why a room is closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuarantineRequest {
    /// For whoever is refused meanwhile.
    reason: String,
}

/// Where a room goes back to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RewindRequest {
    /// The last record that counts; 0 for none.
    to: u64,
}

/// What a room goes on without.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipRequest {
    /// The one record that does not count.
    record: u64,
}

/// A room with another past.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rewritten {
    /// Its name.
    room: String,
    /// Its revision now: the record that says what was done.
    revision: u64,
}

/// A snapshot that is stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct Snapshotted {
    /// The room.
    room: String,
    /// The newest record in it.
    record: u64,
}

/// Closes a room to everybody until it is reopened. The audit trail itself cannot be closed.
#[utoipa::path(post, path = "/api/admin/rooms/{room}/quarantine", tag = "administration",
    params(("room" = String, Path, description = "kind:key")), request_body = QuarantineRequest,
    responses((status = 202, description = "The room closes"),
        RewriteProblems),
    security(("bearer" = [])))]
pub async fn quarantine(
    app: web::Data<App>,
    who: Administrator,
    room: web::Path<RoomId>,
    body: Json<QuarantineRequest>,
) -> Result<HttpResponse, Problem> {
    let reason: String = body.reason.chars().filter(|c| !c.is_control()).take(200).collect();
    if *room == audit::room() {
        let detail = "the audit trail cannot be closed: nothing could be done any more";
        return Err(Problem::new(StatusCode::CONFLICT, "audit_trail", detail));
    }
    let deed = deed(&who.0, What::RoomQuarantine, Some(room.to_string()), &reason);
    let rooms = app.rooms.clone();
    app.trail.perform(deed, async move { Ok(rooms.quarantine(&room, reason)?) }).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Rebuilds a room from its journal and opens it.
#[utoipa::path(post, path = "/api/admin/rooms/{room}/reopen", tag = "administration",
    params(("room" = String, Path, description = "kind:key")),
    responses((status = 202, description = "The room is rebuilt and opens"),
        RewriteProblems),
    security(("bearer" = [])))]
pub async fn reopen(
    app: web::Data<App>,
    who: Administrator,
    room: web::Path<RoomId>,
) -> Result<HttpResponse, Problem> {
    let deed = deed(&who.0, What::RoomReopen, Some(room.to_string()), "");
    let rooms = app.rooms.clone();
    app.trail.perform(deed, async move { Ok(rooms.reopen(&room)?) }).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Rebuilds a room from its journal. Whoever watches it subscribes again by itself.
#[utoipa::path(post, path = "/api/admin/rooms/{room}/restart", tag = "administration",
    params(("room" = String, Path, description = "kind:key")),
    responses((status = 202, description = "The room is rebuilt"),
        RewriteProblems),
    security(("bearer" = [])))]
pub async fn restart(
    app: web::Data<App>,
    who: Administrator,
    room: web::Path<RoomId>,
) -> Result<HttpResponse, Problem> {
    let deed = deed(&who.0, What::RoomRestart, Some(room.to_string()), "");
    let rooms = app.rooms.clone();
    let restarted = async move {
        let status = rooms.status(&room).await?;
        if status.phase == "quarantined" {
            return Err(closed(&status.reason.unwrap_or_default()));
        }
        Ok(rooms.reopen(&room)?)
    };
    app.trail.perform(deed, restarted).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// What cannot be done to a closed room: an administrator is told what can.
fn closed(reason: &str) -> Problem {
    let detail = format!("the room is closed ({reason}): reopen it, or give it another past");
    Problem::new(StatusCode::CONFLICT, "is_quarantined", detail)
}

/// Stores a snapshot of a room's newest record, and answers once it is stored.
#[utoipa::path(post, path = "/api/admin/rooms/{room}/snapshot", tag = "administration",
    params(("room" = String, Path, description = "kind:key")),
    responses((status = 200, body = Snapshotted),
        RewriteProblems),
    security(("bearer" = [])))]
pub async fn snapshot(
    app: web::Data<App>,
    who: Administrator,
    room: web::Path<RoomId>,
) -> Result<web::Json<Snapshotted>, Problem> {
    let deed = deed(&who.0, What::RoomSnapshot, Some(room.to_string()), "");
    let (rooms, name) = (app.rooms.clone(), room.to_string());
    let stored = async move {
        rooms.snapshot(&room).await.map_err(|error| match error {
            AskError::Quarantined { reason } => closed(&reason),
            error => error.into(),
        })
    };
    let record = app.trail.perform(deed, stored).await?;
    Ok(web::Json(Snapshotted { room: name, record }))
}

/// Takes a quarantined room back to what it was with the record `to`, and opens it.
///
/// Every later record is undone for good, whoever was told of it; they stay in the journal to be
/// looked at. What the room owes to others then is done again under the same keys.
#[utoipa::path(post, path = "/api/admin/rooms/{room}/rewind", tag = "administration",
    params(("room" = String, Path, description = "kind:key")), request_body = RewindRequest,
    responses((status = 200, body = Rewritten),
        RewriteProblems),
    security(("bearer" = [])))]
pub async fn rewind(
    app: web::Data<App>,
    who: Administrator,
    room: web::Path<RoomId>,
    body: Json<RewindRequest>,
) -> Result<web::Json<Rewritten>, Problem> {
    rewrite(&app, &who, room.into_inner(), Rewrite::Rewind(body.to)).await
}

/// Opens a quarantined room without one of its records: one that is damaged, or that its rules
/// cannot take any more. What that record said is undone for good.
#[utoipa::path(post, path = "/api/admin/rooms/{room}/skip", tag = "administration",
    params(("room" = String, Path, description = "kind:key")), request_body = SkipRequest,
    responses((status = 200, body = Rewritten),
        RewriteProblems),
    security(("bearer" = [])))]
pub async fn skip(
    app: web::Data<App>,
    who: Administrator,
    room: web::Path<RoomId>,
    body: Json<SkipRequest>,
) -> Result<web::Json<Rewritten>, Problem> {
    rewrite(&app, &who, room.into_inner(), Rewrite::Skip(body.record)).await
}

async fn rewrite(
    app: &App,
    who: &Administrator,
    room: RoomId,
    rewrite: Rewrite,
) -> Result<web::Json<Rewritten>, Problem> {
    let (act, detail) = match rewrite {
        Rewrite::Rewind(to) => (What::RoomRewind, format!("to record {to}")),
        Rewrite::Skip(record) => (What::RoomSkip, format!("without record {record}")),
    };
    let deed = deed(&who.0, act, Some(room.to_string()), detail);
    let (rooms, caller, name) = (app.rooms.clone(), who.0.caller(), room.to_string());
    let rewritten = async move { Ok(rooms.rewrite(&room, caller, rewrite).await?) };
    let revision = app.trail.perform(deed, rewritten).await?;
    Ok(web::Json(Rewritten { room: name, revision }))
}
