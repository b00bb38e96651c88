//! `/api/showings/{showing}/holds`: setting seats aside, and buying them.

use actix_web::{HttpResponse, web};
use playhouse_protocol::ids::{HoldId, ShowingId};

use super::answers::{
    BareCommandProblems, CommandProblems, PurchaseProblems, RevisionHeaders, accepted, created,
};
use super::auth::Identity;
use super::error::Problem;
use super::etag::IfMatch;
use super::json::Json;
use super::key::IdempotencyKey;
use crate::app::App;
use crate::asking::{Outcome, Pending};
use crate::cinema::requests::{HoldRequest, PurchaseRequest};
use crate::cinema::seats;
use crate::cinema::shapes::{Booking, Hold};

/// Mounts the holds.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/showings/{showing}/holds", web::post().to(create))
        .route("/api/showings/{showing}/holds/{hold}", web::delete().to(release))
        .route("/api/showings/{showing}/holds/{hold}/extend", web::post().to(extend))
        .route("/api/showings/{showing}/holds/{hold}/purchase", web::post().to(purchase));
}

/// Sets seats aside until a deadline: all of those named, or the best so many together. A refusal
/// names every seat that is not free.
#[utoipa::path(
    post, path = "/api/showings/{showing}/holds", tag = "cinema", operation_id = "hold_seats",
    request_body = HoldRequest, params(("showing" = String, Path, format = "uuid"), RevisionHeaders),
    responses(
        (status = 201, description = "The hold; `Location` names it", body = Hold),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    app: web::Data<App>,
    who: Identity,
    showing: web::Path<ShowingId>,
    key: IdempotencyKey,
    expect: IfMatch,
    body: Json<HoldRequest>,
) -> Result<HttpResponse, Problem> {
    let mut body = body.0;
    body.expect = body.expect.or(expect.0);
    let hold = seats::hold(&app.rooms, &who, *showing, body, key.0).await?;
    Ok(created(&format!("/api/showings/{showing}/holds/{}", hold.hold_id), &hold))
}

/// Gives held seats back, or declines an offer of the wait list.
#[utoipa::path(
    delete, path = "/api/showings/{showing}/holds/{hold}", tag = "cinema",
    operation_id = "release_hold",
    params(
        ("showing" = String, Path, format = "uuid"), ("hold" = String, Path, format = Uuid),
        RevisionHeaders,
    ),
    responses((status = 204, description = "Given back"), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn release(
    app: web::Data<App>,
    who: Identity,
    path: web::Path<(ShowingId, HoldId)>,
    key: IdempotencyKey,
    expect: IfMatch,
) -> Result<HttpResponse, Problem> {
    let (showing, hold) = path.into_inner();
    seats::release(&app.rooms, &who, showing, hold, expect.0, key.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Moves a hold's deadline on, once.
#[utoipa::path(
    post, path = "/api/showings/{showing}/holds/{hold}/extend", tag = "cinema",
    operation_id = "extend_hold",
    params(
        ("showing" = String, Path, format = "uuid"), ("hold" = String, Path, format = Uuid),
        RevisionHeaders,
    ),
    responses((status = 200, description = "The hold", body = Hold), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn extend(
    app: web::Data<App>,
    who: Identity,
    path: web::Path<(ShowingId, HoldId)>,
    key: IdempotencyKey,
    expect: IfMatch,
) -> Result<HttpResponse, Problem> {
    let (showing, hold) = path.into_inner();
    let hold = seats::extend(&app.rooms, &who, showing, hold, expect.0, key.0).await?;
    Ok(HttpResponse::Ok().json(hold))
}

/// Buys held seats. Waits up to 10 s for the payment; `202` with where to look after that.
#[utoipa::path(
    post, path = "/api/showings/{showing}/holds/{hold}/purchase", tag = "cinema",
    operation_id = "purchase",
    request_body = PurchaseRequest,
    params(
        ("showing" = String, Path, format = "uuid"), ("hold" = String, Path, format = Uuid),
        RevisionHeaders,
    ),
    responses(
        (status = 201, description = "The booking; `Location` names it", body = Booking),
        (status = 202, description = "The payment is under way; `Location` says where to look",
         body = Pending),
        PurchaseProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn purchase(
    app: web::Data<App>,
    who: Identity,
    path: web::Path<(ShowingId, HoldId)>,
    key: IdempotencyKey,
    expect: IfMatch,
    body: Json<PurchaseRequest>,
) -> Result<HttpResponse, Problem> {
    let (showing, hold) = path.into_inner();
    let mut body = body.0;
    body.expect = body.expect.or(expect.0);
    Ok(match seats::purchase(&app.rooms, &who, showing, hold, body, key.0).await? {
        Outcome::Done(booking) => created(&format!("/api/bookings/{}", booking.id), &booking),
        Outcome::Pending(pending) => accepted(&pending),
    })
}
