//! `/api/screens`: where movies are shown.

use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_protocol::ids::ScreenId;

use super::answers::{CommandProblems, KeyHeader, ListProblems, ThingProblems, created};
use super::auth::Identity;
use super::error::Problem;
use super::etag;
use super::json::Json;
use super::key::IdempotencyKey;
use super::paging::{List, Page};
use crate::app::App;
use crate::cinema::requests::{PageQuery, ScreenRequest};
use crate::cinema::screens;
use crate::cinema::shapes::{Screen, Slot};

/// Mounts the screens.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/screens", web::post().to(create))
        .route("/api/screens", web::get().to(list))
        .route("/api/screens/{screen}", web::get().to(get))
        .route("/api/screens/{screen}/schedule", web::get().to(schedule));
}

/// Sets up a screen. For organizers.
#[utoipa::path(
    post, path = "/api/screens", tag = "cinema", operation_id = "create_screen",
    request_body = ScreenRequest, params(KeyHeader),
    responses(
        (status = 201, description = "The screen; `Location` names it", body = Screen),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    app: web::Data<App>,
    who: Identity,
    key: IdempotencyKey,
    body: Json<ScreenRequest>,
) -> Result<HttpResponse, Problem> {
    let screen = screens::create(&app.rooms, &who, body.0, key.0).await?;
    Ok(created(&format!("/api/screens/{}", screen.id), &screen))
}

/// Every screen, by theatre and name.
#[utoipa::path(
    get, path = "/api/screens", tag = "cinema", operation_id = "list_screens",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of screens", body = List<Screen>),
        (status = 304, description = "As the caller knows it"),
        ListProblems,
    ),
)]
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, screens::list(&app.rooms, &page).await?))
}

/// One screen.
#[utoipa::path(
    get, path = "/api/screens/{screen}", tag = "cinema", operation_id = "get_screen",
    params(("screen" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The screen", body = Screen),
        (status = 304, description = "As the caller knows it"),
        ThingProblems,
    ),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    screen: web::Path<ScreenId>,
) -> Result<HttpResponse, Problem> {
    etag::json(&req, &screens::get(&app.rooms, *screen).await?)
}

/// What is on a screen when, by time, cleaning included.
#[utoipa::path(
    get, path = "/api/screens/{screen}/schedule", tag = "cinema", operation_id = "screen_schedule",
    params(("screen" = String, Path, format = "uuid"), PageQuery),
    responses(
        (status = 200, description = "A page of slots", body = List<Slot>),
        (status = 304, description = "As the caller knows it"),
        (status = 404, description = "Not Found", body = Problem,
         content_type = "application/problem+json"),
        ListProblems,
    ),
)]
pub async fn schedule(
    req: HttpRequest,
    app: web::Data<App>,
    screen: web::Path<ScreenId>,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, screens::schedule(&app.rooms, *screen, &page).await?))
}
