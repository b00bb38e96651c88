//! `/api/showings` and `/api/availability`: what is on, and the seats of each showing.

use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_protocol::ids::{ShowingId, WaitId};

use super::answers::{
    BareCommandProblems, CommandProblems, KeyHeader, ListProblems, RevisionHeaders, SeenProblems,
    ThingProblems, accepted, created,
};
use super::auth::{Identity, MaybeIdentity};
use super::error::Problem;
use super::etag::{self, IfMatch};
use super::json::Json;
use super::key::IdempotencyKey;
use super::paging::{List, Page};
use super::qr;
use crate::app::App;
use crate::asking::{Outcome, Pending};
use crate::cinema::requests::{
    BlockRequest, ShowingRequest, ShowingsQuery, UnblockRequest, WaitRequest,
};
use crate::cinema::shapes::{SeatMap, Showing, Wait};
use crate::cinema::{seats, showings};

/// Mounts the showings.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/showings", web::post().to(schedule))
        .route("/api/showings", web::get().to(list))
        .route("/api/availability", web::get().to(availability))
        .route("/api/showings/{showing}", web::get().to(get))
        .route("/api/showings/{showing}/qr.svg", web::get().to(qr_picture))
        .route("/api/showings/{showing}/seats", web::get().to(seat_map))
        .route("/api/showings/{showing}/blocks", web::post().to(block))
        .route("/api/showings/{showing}/blocks", web::delete().to(unblock))
        .route("/api/showings/{showing}/waitlist", web::post().to(join))
        .route("/api/showings/{showing}/waitlist/{wait}", web::delete().to(leave));
}

/// Schedules a showing. For organizers. Refused if it overlaps another on its screen, cleaning time
/// counted; `conflicts` names those.
#[utoipa::path(
    post, path = "/api/showings", tag = "cinema", operation_id = "schedule_showing",
    request_body = ShowingRequest, params(KeyHeader),
    responses(
        (status = 201, description = "The showing; `Location` names it", body = Showing),
        (status = 202, description = "Scheduled, and about to go on sale", body = Pending),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn schedule(
    app: web::Data<App>,
    who: Identity,
    key: IdempotencyKey,
    body: Json<ShowingRequest>,
) -> Result<HttpResponse, Problem> {
    Ok(match showings::schedule(&app, &who, body.0, key.0).await? {
        Outcome::Done(showing) => created(&format!("/api/showings/{}", showing.id), &showing),
        Outcome::Pending(pending) => accepted(&pending),
    })
}

/// What is on, by time.
#[utoipa::path(
    get, path = "/api/showings", tag = "cinema", operation_id = "list_showings",
    params(ShowingsQuery),
    responses(
        (status = 200, description = "A page of showings", body = List<Showing>),
        (status = 304, description = "As the caller knows it"),
        ListProblems,
    ),
)]
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    query: web::Query<ShowingsQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, showings::list(&app.rooms, &query, &page).await?))
}

/// How many seats of each kind are free, over many showings at once.
#[utoipa::path(
    get, path = "/api/availability", tag = "cinema", operation_id = "availability",
    params(ShowingsQuery),
    responses(
        (status = 200, description = "A page of showings", body = List<Showing>),
        (status = 304, description = "As the caller knows it"),
        ListProblems,
    ),
)]
pub async fn availability(
    req: HttpRequest,
    app: web::Data<App>,
    query: web::Query<ShowingsQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, showings::list(&app.rooms, &query, &page).await?))
}

/// One showing.
#[utoipa::path(
    get, path = "/api/showings/{showing}", tag = "cinema", operation_id = "get_showing",
    params(("showing" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The showing", body = Showing),
        (status = 304, description = "As the caller knows it"),
        ThingProblems,
    ),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    showing: web::Path<ShowingId>,
) -> Result<HttpResponse, Problem> {
    etag::json(&req, &showings::get(&app.rooms, *showing).await?)
}

/// A QR picture of the showing's page, under the server's public address.
#[utoipa::path(
    get, path = "/api/showings/{showing}/qr.svg", tag = "cinema", operation_id = "showing_qr",
    params(("showing" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The picture", body = String, content_type = "image/svg+xml"),
        (status = 304, description = "As the caller knows it"),
        ThingProblems,
    ),
)]
pub async fn qr_picture(
    req: HttpRequest,
    app: web::Data<App>,
    showing: web::Path<ShowingId>,
) -> Result<HttpResponse, Problem> {
    showings::get(&app.rooms, *showing).await?;
    Ok(qr::answer(&req, &format!("{}/showings/{showing}", app.public_url)))
}

/// A showing's seats. With a token also one's own part, for organizers also the sales. The `ETag`
/// serves as `If-Match` of every command about seats.
#[utoipa::path(
    get, path = "/api/showings/{showing}/seats", tag = "cinema", operation_id = "seat_map",
    params(("showing" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The seats", body = SeatMap),
        (status = 304, description = "As the caller knows it"),
        SeenProblems,
    ),
    security((), ("bearer" = [])),
)]
pub async fn seat_map(
    req: HttpRequest,
    app: web::Data<App>,
    who: MaybeIdentity,
    showing: web::Path<ShowingId>,
) -> Result<HttpResponse, Problem> {
    let map = seats::map(&app.rooms, *showing, who.0.as_ref()).await?;
    Ok(etag::tagged(&req, map.tag, map.json))
}

/// Keeps free seats for the house. For organizers. All of them or none.
#[utoipa::path(
    post, path = "/api/showings/{showing}/blocks", tag = "cinema", operation_id = "block_seats",
    request_body = BlockRequest, params(("showing" = String, Path, format = "uuid"), RevisionHeaders),
    responses((status = 204, description = "Blocked"), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn block(
    app: web::Data<App>,
    who: Identity,
    showing: web::Path<ShowingId>,
    key: IdempotencyKey,
    expect: IfMatch,
    body: Json<BlockRequest>,
) -> Result<HttpResponse, Problem> {
    let mut body = body.0;
    body.expect = body.expect.or(expect.0);
    seats::block(&app.rooms, &who, *showing, body, key.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives seats of the house back to the sale. For organizers. All of them or none.
#[utoipa::path(
    delete, path = "/api/showings/{showing}/blocks", tag = "cinema",
    operation_id = "unblock_seats",
    request_body = UnblockRequest, params(("showing" = String, Path, format = "uuid"), RevisionHeaders),
    responses((status = 204, description = "Given back"), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn unblock(
    app: web::Data<App>,
    who: Identity,
    showing: web::Path<ShowingId>,
    key: IdempotencyKey,
    expect: IfMatch,
    body: Json<UnblockRequest>,
) -> Result<HttpResponse, Problem> {
    let mut body = body.0;
    body.expect = body.expect.or(expect.0);
    seats::unblock(&app.rooms, &who, *showing, body, key.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Joins the wait list of a showing that has not enough free seats. Seats that come back are
/// offered in order, as a hold with a deadline of its own.
#[utoipa::path(
    post, path = "/api/showings/{showing}/waitlist", tag = "cinema",
    operation_id = "join_waitlist",
    request_body = WaitRequest, params(("showing" = String, Path, format = "uuid"), KeyHeader),
    responses(
        (status = 201, description = "The place; `Location` names it", body = Wait),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn join(
    app: web::Data<App>,
    who: Identity,
    showing: web::Path<ShowingId>,
    key: IdempotencyKey,
    body: Json<WaitRequest>,
) -> Result<HttpResponse, Problem> {
    let wait = seats::join(&app.rooms, &who, *showing, body.0, key.0).await?;
    let location = format!("/api/showings/{showing}/waitlist/{}", wait.wait_id);
    Ok(created(&location, &wait))
}

/// Leaves the wait list.
#[utoipa::path(
    delete, path = "/api/showings/{showing}/waitlist/{wait}", tag = "cinema",
    operation_id = "leave_waitlist",
    params(
        ("showing" = String, Path, format = "uuid"), ("wait" = String, Path, format = Uuid),
        KeyHeader,
    ),
    responses((status = 204, description = "Left"), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn leave(
    app: web::Data<App>,
    who: Identity,
    path: web::Path<(ShowingId, WaitId)>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let (showing, wait) = path.into_inner();
    seats::leave(&app.rooms, &who, showing, wait, key.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
