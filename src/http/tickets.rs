//! `/api/match`: looking for a match.

use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_protocol::ids::TicketId;

use super::answers::{
    BareCommandProblems, CommandProblems, KeyHeader, OwnThingProblems, SeenProblems, accepted,
    created,
};
use super::auth::Identity;
use super::error::Problem;
use super::etag;
use super::json::Json;
use super::key::IdempotencyKey;
use crate::app::App;
use crate::asking::{Outcome, Pending};
use crate::matchmaking::requests::TicketRequest;
use crate::matchmaking::shapes::{MatchQueue, MatchTicket};
use crate::matchmaking::tickets;

/// Mounts the tickets.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/match/tickets", web::post().to(create))
        .route("/api/match/tickets/{ticket}", web::get().to(get))
        .route("/api/match/tickets/{ticket}", web::delete().to(cancel))
        .route("/api/match/queues/{game}", web::get().to(queue));
}

/// Looks for a match, for the caller or for the party that they lead. How well somebody plays is looked up.
#[utoipa::path(
    post, path = "/api/match/tickets", tag = "games", operation_id = "create_ticket",
    request_body = TicketRequest, params(KeyHeader),
    responses(
        (status = 201, description = "The ticket; `Location` names it", body = MatchTicket),
        (status = 202, description = "About to be made; the party says when it is", body = Pending),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    app: web::Data<App>,
    who: Identity,
    key: IdempotencyKey,
    body: Json<TicketRequest>,
) -> Result<HttpResponse, Problem> {
    Ok(match tickets::create(&app.rooms, &who, body.0, key.0).await? {
        Outcome::Done(ticket) => created(&format!("/api/match/tickets/{}", ticket.id), &ticket),
        Outcome::Pending(pending) => accepted(&pending),
    })
}

/// One of the caller's tickets: waiting, with how much longer it takes; or over, for ten minutes.
#[utoipa::path(
    get, path = "/api/match/tickets/{ticket}", tag = "games", operation_id = "get_ticket",
    params(("ticket" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The ticket", body = MatchTicket),
        (status = 304, description = "As the caller knows it"),
        OwnThingProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    ticket: web::Path<TicketId>,
) -> Result<HttpResponse, Problem> {
    etag::json(&req, &tickets::get(&app.rooms, &who, *ticket).await?)
}

/// Takes a ticket back. One that is over stays as it is; one whose match is being made does not wait again if
/// it is not made.
#[utoipa::path(
    delete, path = "/api/match/tickets/{ticket}", tag = "games", operation_id = "cancel_ticket",
    params(("ticket" = String, Path, format = "uuid"), KeyHeader),
    responses(
        (status = 200, description = "The ticket as it is then", body = MatchTicket),
        BareCommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn cancel(
    app: web::Data<App>,
    who: Identity,
    ticket: web::Path<TicketId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(tickets::cancel(&app.rooms, &who, *ticket, key.0).await?))
}

/// Those who wait for a match of a game, and the caller's newest ticket.
#[utoipa::path(
    get, path = "/api/match/queues/{game}", tag = "games", operation_id = "get_queue",
    params(("game" = String, Path, example = "arena")),
    responses(
        (status = 200, description = "Those who wait", body = MatchQueue),
        (status = 304, description = "As the caller knows it"),
        SeenProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn queue(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    game: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    // Known again by what it says: how many wait changes without anything of the caller's own.
    Ok(etag::bytes(&req, tickets::queue(&app.rooms, &who, &game).await?))
}
