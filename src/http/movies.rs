//! `/api/movies`: what can be shown.

use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_protocol::ids::MovieId;

use super::answers::{
    CommandProblems, KeyHeader, ListProblems, RevisionHeaders, ThingProblems, created,
};
use super::auth::Identity;
use super::error::Problem;
use super::etag::{self, IfMatch};
use super::json::Json;
use super::key::IdempotencyKey;
use super::paging::{List, Page};
use crate::app::App;
use crate::cinema::movies;
use crate::cinema::requests::{MovieRequest, PageQuery};
use crate::cinema::shapes::Movie;

/// Mounts the movies.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/movies", web::post().to(create))
        .route("/api/movies", web::get().to(list))
        .route("/api/movies/{movie}", web::get().to(get))
        .route("/api/movies/{movie}", web::put().to(update));
}

/// Makes a movie known. For organizers.
#[utoipa::path(
    post, path = "/api/movies", tag = "cinema", operation_id = "create_movie",
    request_body = MovieRequest, params(KeyHeader),
    responses(
        (status = 201, description = "The movie; `Location` names it", body = Movie),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    app: web::Data<App>,
    who: Identity,
    key: IdempotencyKey,
    body: Json<MovieRequest>,
) -> Result<HttpResponse, Problem> {
    let movie = movies::create(&app.rooms, &who, body.0, key.0).await?;
    Ok(created(&format!("/api/movies/{}", movie.id), &movie))
}

/// Every movie, by title.
#[utoipa::path(
    get, path = "/api/movies", tag = "cinema", operation_id = "list_movies",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of movies", body = List<Movie>),
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
    Ok(etag::bytes(&req, movies::list(&app.rooms, &page).await?))
}

/// One movie.
#[utoipa::path(
    get, path = "/api/movies/{movie}", tag = "cinema", operation_id = "get_movie",
    params(("movie" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The movie", body = Movie),
        (status = 304, description = "As the caller knows it"),
        ThingProblems,
    ),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    movie: web::Path<MovieId>,
) -> Result<HttpResponse, Problem> {
    let movie = movies::get(&app.rooms, *movie).await?;
    Ok(etag::tagged(&req, movie.tag, movie.json))
}

/// Replaces a movie's metadata. For organizers. Showings that were scheduled keep what they had.
#[utoipa::path(
    put, path = "/api/movies/{movie}", tag = "cinema", operation_id = "update_movie",
    request_body = MovieRequest, params(("movie" = String, Path, format = "uuid"), RevisionHeaders),
    responses((status = 200, description = "The movie", body = Movie), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn update(
    app: web::Data<App>,
    who: Identity,
    movie: web::Path<MovieId>,
    key: IdempotencyKey,
    expect: IfMatch,
    body: Json<MovieRequest>,
) -> Result<HttpResponse, Problem> {
    let movie = movies::update(&app.rooms, &who, *movie, body.0, expect.0, key.0).await?;
    Ok(HttpResponse::Ok().json(movie))
}
