//! `/api/series`: polls in order, under one join code.

use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_domain::poll::series::Command;
use playhouse_protocol::ids::SeriesId;

use super::answers::{
    CommandProblems, KeyHeader, OwnListProblems, RevisionHeaders, SeenProblems, ThingProblems,
    accepted, created,
};
use super::auth::{Identity, MaybeBearer};
use super::error::Problem;
use super::etag::{self, IfMatch};
use super::json::Json;
use super::key::IdempotencyKey;
use super::paging::{List, Page};
use super::qr;
use crate::accounts::Bearer;
use crate::app::App;
use crate::asking::{Outcome, Pending, no_such};
use crate::polls::requests::{GoRequest, OwnQuery, SeriesRequest};
use crate::polls::series;
use crate::polls::shapes::Series;
use playhouse_domain::room::Caller;

/// Mounts the series.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/series", web::post().to(create))
        .route("/api/series", web::get().to(list))
        .route("/api/series/{series}", web::get().to(get))
        .route("/api/series/{series}", web::put().to(update))
        .route("/api/series/{series}/go", web::post().to(go))
        .route("/api/series/{series}/qr.svg", web::get().to(qr_picture));
}

/// Makes a series of the caller's polls. For organizers.
#[utoipa::path(
    post, path = "/api/series", tag = "polls", operation_id = "create_series",
    request_body = SeriesRequest, params(KeyHeader),
    responses(
        (status = 201, description = "The series; `Location` names it", body = Series),
        (status = 202, description = "Made, and about to get its join code", body = Pending),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    app: web::Data<App>,
    who: Identity,
    key: IdempotencyKey,
    body: Json<SeriesRequest>,
) -> Result<HttpResponse, Problem> {
    Ok(match series::create(&app, &who, body.0, key.0).await? {
        Outcome::Done(series) => created(&format!("/api/series/{}", series.id), &series),
        Outcome::Pending(pending) => accepted(&pending),
    })
}

/// The series that the caller made, oldest first.
#[utoipa::path(
    get, path = "/api/series", tag = "polls", operation_id = "list_series",
    params(OwnQuery),
    responses(
        (status = 200, description = "A page of series", body = List<Series>),
        (status = 304, description = "As the caller knows it"),
        OwnListProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    query: web::Query<OwnQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, series::list(&app.rooms, &who, &page).await?))
}

/// A series: where it is, and to its maker which polls it has.
#[utoipa::path(
    get, path = "/api/series/{series}", tag = "polls", operation_id = "get_series",
    params(("series" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The series", body = Series),
        (status = 304, description = "As the caller knows it"),
        SeenProblems,
    ),
    security((), ("bearer" = [])),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    who: MaybeBearer,
    id: web::Path<SeriesId>,
) -> Result<HttpResponse, Problem> {
    let caller = who.0.as_ref().map_or(Caller::Nobody, Bearer::caller);
    etag::json(&req, &series::info(&app.rooms, *id, caller).await?)
}

/// Gives a series another title, or other polls. For its maker.
#[utoipa::path(
    put, path = "/api/series/{series}", tag = "polls", operation_id = "update_series",
    request_body = SeriesRequest,
    params(("series" = String, Path, format = "uuid"), RevisionHeaders),
    responses((status = 200, description = "The series", body = Series), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn update(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<SeriesId>,
    key: IdempotencyKey,
    expect: IfMatch,
    body: Json<SeriesRequest>,
) -> Result<HttpResponse, Problem> {
    let series = series::update(&app.rooms, &who, *id, body.0, (expect.0, key.0)).await?;
    Ok(HttpResponse::Ok().json(series))
}

/// Goes to one of its polls, or to none. For its maker. Who joined by its code goes along.
#[utoipa::path(
    post, path = "/api/series/{series}/go", tag = "polls", operation_id = "go_series",
    request_body = GoRequest, params(("series" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The series", body = Series), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn go(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<SeriesId>,
    key: IdempotencyKey,
    body: Json<GoRequest>,
) -> Result<HttpResponse, Problem> {
    let command = Command::Go(body.poll_id);
    Ok(HttpResponse::Ok().json(series::act(&app.rooms, &who, *id, &command, key.0).await?))
}

/// A QR picture of the link by which people join, under the server's public address.
#[utoipa::path(
    get, path = "/api/series/{series}/qr.svg", tag = "polls", operation_id = "series_qr",
    params(("series" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The picture", body = String, content_type = "image/svg+xml"),
        (status = 304, description = "As the caller knows it"),
        ThingProblems,
    ),
)]
pub async fn qr_picture(
    req: HttpRequest,
    app: web::Data<App>,
    id: web::Path<SeriesId>,
) -> Result<HttpResponse, Problem> {
    let code = series::info(&app.rooms, *id, Caller::Nobody).await?.join_code;
    let code = code.ok_or_else(|| no_such("join code"))?;
    Ok(qr::answer(&req, &format!("{}/join/{code}", app.public_url)))
}
