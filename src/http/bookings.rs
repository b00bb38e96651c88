//! `/api/bookings`: what one bought.

use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_protocol::ids::BookingId;

use super::answers::{
    BareCommandProblems, CommandProblems, OwnListProblems, OwnThingProblems, RevisionHeaders,
    accepted,
};
use super::auth::Identity;
use super::error::Problem;
use super::etag::{self, IfMatch};
use super::json::Json;
use super::key::IdempotencyKey;
use super::paging::{List, Page};
use crate::app::App;
use crate::asking::{Outcome, Pending};
use crate::cinema::bookings;
use crate::cinema::requests::{PageQuery, TransferRequest};
use crate::cinema::shapes::Booking;

/// Mounts the bookings.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/bookings", web::get().to(list))
        .route("/api/bookings/{booking}", web::get().to(get))
        .route("/api/bookings/{booking}/cancel", web::post().to(cancel))
        .route("/api/bookings/{booking}/transfer", web::post().to(transfer));
}

/// One's own bookings, newest first.
#[utoipa::path(
    get, path = "/api/bookings", tag = "cinema", operation_id = "list_bookings",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of bookings", body = List<Booking>),
        (status = 304, description = "As the caller knows it"),
        OwnListProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, bookings::mine(&app.rooms, &who, &page).await?))
}

/// One of one's bookings, or how its payment stands.
#[utoipa::path(
    get, path = "/api/bookings/{booking}", tag = "cinema", operation_id = "get_booking",
    params(("booking" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The booking", body = Booking),
        (status = 202, description = "The payment is under way", body = Pending),
        (status = 304, description = "As the caller knows it"),
        OwnThingProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    booking: web::Path<BookingId>,
) -> Result<HttpResponse, Problem> {
    match bookings::one(&app.rooms, &who, *booking).await? {
        Outcome::Done(booking) => etag::json(&req, &booking),
        Outcome::Pending(pending) => Ok(accepted(&pending)),
    }
}

/// Cancels a booking before its cut-off. The seats are free at once, the money follows.
#[utoipa::path(
    post, path = "/api/bookings/{booking}/cancel", tag = "cinema",
    operation_id = "cancel_booking",
    params(("booking" = String, Path, format = "uuid"), RevisionHeaders),
    responses((status = 200, description = "The booking", body = Booking), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn cancel(
    app: web::Data<App>,
    who: Identity,
    booking: web::Path<BookingId>,
    key: IdempotencyKey,
    expect: IfMatch,
) -> Result<HttpResponse, Problem> {
    let booking = bookings::cancel(&app.rooms, &who, *booking, expect.0, key.0).await?;
    Ok(HttpResponse::Ok().json(booking))
}

/// Passes a booking on to another name, or to another account. Also when sold out.
#[utoipa::path(
    post, path = "/api/bookings/{booking}/transfer", tag = "cinema",
    operation_id = "transfer_booking",
    request_body = TransferRequest,
    params(("booking" = String, Path, format = "uuid"), RevisionHeaders),
    responses((status = 200, description = "The booking", body = Booking), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn transfer(
    app: web::Data<App>,
    who: Identity,
    booking: web::Path<BookingId>,
    key: IdempotencyKey,
    expect: IfMatch,
    body: Json<TransferRequest>,
) -> Result<HttpResponse, Problem> {
    let mut body = body.0;
    body.expect = body.expect.or(expect.0);
    let booking = bookings::transfer(&app.rooms, &who, *booking, body, key.0).await?;
    Ok(HttpResponse::Ok().json(booking))
}
