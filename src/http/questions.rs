//! `/api/polls/{poll}/questions`: what an audience wants to know.

use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_protocol::ids::PollId;

use super::answers::{BareCommandProblems, CommandProblems, KeyHeader, SeenProblems};
use super::auth::{Identity, MaybeBearer};
use super::error::Problem;
use super::etag;
use super::json::Json;
use super::key::IdempotencyKey;
use crate::app::App;
use crate::polls::questions;
use crate::polls::requests::{ModerateRequest, QuestionRequest, WantRequest};
use crate::polls::shapes::{Question, Questions};

/// Mounts the questions.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/polls/{poll}/questions", web::get().to(list))
        .route("/api/polls/{poll}/questions", web::post().to(ask))
        .route("/api/polls/{poll}/questions", web::delete().to(clear))
        .route("/api/polls/{poll}/questions/{question}", web::patch().to(moderate))
        .route("/api/polls/{poll}/questions/{question}/vote", web::put().to(want));
}

/// The questions in sight; to the poll's maker all of them.
#[utoipa::path(
    get, path = "/api/polls/{poll}/questions", tag = "polls", operation_id = "list_questions",
    params(("poll" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The questions", body = Questions),
        (status = 304, description = "As the caller knows it"),
        SeenProblems,
    ),
    security((), ("bearer" = [])),
)]
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    who: MaybeBearer,
    poll: web::Path<PollId>,
) -> Result<HttpResponse, Problem> {
    let seen = questions::list(&app.rooms, *poll, who.0.as_ref()).await?;
    Ok(etag::tagged(&req, seen.tag, seen.json))
}

/// Asks a question. The same question of the same person is one.
#[utoipa::path(
    post, path = "/api/polls/{poll}/questions", tag = "polls", operation_id = "ask_question",
    request_body = QuestionRequest, params(("poll" = String, Path, format = "uuid")),
    responses((status = 201, description = "The question", body = Question), CommandProblems),
    security((), ("bearer" = [])),
)]
pub async fn ask(
    app: web::Data<App>,
    who: MaybeBearer,
    poll: web::Path<PollId>,
    body: Json<QuestionRequest>,
) -> Result<HttpResponse, Problem> {
    let question = questions::put(&app.rooms, who.0.as_ref(), *poll, body.0).await?;
    Ok(HttpResponse::Created().json(question))
}

/// Wants a question answered, or no longer. Each voter once.
#[utoipa::path(
    put, path = "/api/polls/{poll}/questions/{question}/vote", tag = "polls",
    operation_id = "want_question",
    request_body = WantRequest,
    params(("poll" = String, Path, format = "uuid"), ("question" = u32, Path)),
    responses((status = 200, description = "The question", body = Question), CommandProblems),
    security((), ("bearer" = [])),
)]
pub async fn want(
    app: web::Data<App>,
    who: MaybeBearer,
    path: web::Path<(PollId, u32)>,
    body: Json<WantRequest>,
) -> Result<HttpResponse, Problem> {
    let (poll, question) = path.into_inner();
    let question = questions::want(&app.rooms, who.0.as_ref(), poll, question, &body.0).await?;
    Ok(HttpResponse::Ok().json(question))
}

/// Puts a question in sight or out of it, or says that it was answered. For the poll's maker.
#[utoipa::path(
    patch, path = "/api/polls/{poll}/questions/{question}", tag = "polls",
    operation_id = "moderate_question",
    request_body = ModerateRequest,
    params(("poll" = String, Path, format = "uuid"), ("question" = u32, Path)),
    responses((status = 200, description = "The question", body = Question), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn moderate(
    app: web::Data<App>,
    who: Identity,
    path: web::Path<(PollId, u32)>,
    body: Json<ModerateRequest>,
) -> Result<HttpResponse, Problem> {
    let (poll, question) = path.into_inner();
    let question = questions::moderate(&app.rooms, &who, poll, question, body.0).await?;
    Ok(HttpResponse::Ok().json(question))
}

/// Drops all questions. For the poll's maker.
#[utoipa::path(
    delete, path = "/api/polls/{poll}/questions", tag = "polls", operation_id = "clear_questions",
    params(("poll" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 204, description = "Dropped"), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn clear(
    app: web::Data<App>,
    who: Identity,
    poll: web::Path<PollId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    questions::clear(&app.rooms, &who, *poll, key.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
