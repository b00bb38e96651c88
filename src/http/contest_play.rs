//! `/api/contests/{contest}/…`: what goes on in a contest: programs, the board, questions.

use actix_web::{HttpResponse, web};
use playhouse_domain::contest::Command;
use playhouse_protocol::ids::{ContestId, SubmissionId};

use super::answers::{BareCommandProblems, CommandProblems, KeyHeader, SeenProblems, created};
use super::auth::{Identity, MaybeBearer};
use super::error::Problem;
use super::json::{Json, LargeJson};
use super::key::IdempotencyKey;
use super::paging::List;
use crate::app::App;
use crate::contests::requests::{
    AnswerRequest, ClarificationRequest, RejudgeRequest, RevealRequest, ScoreboardQuery,
    SubmissionRequest, SubmissionsQuery,
};
use crate::contests::shapes::{
    Clarification, Clarifications, ContestSubmission, RevealStep, Scoreboard, SubmissionWhole,
};
use crate::contests::{self as run, Rejudging, programs};

/// Mounts what goes on in a contest.
pub fn routes(cfg: &mut web::ServiceConfig) {
    let at = |rest: &str| format!("/api/contests/{{contest}}{rest}");
    cfg.route(&at("/submissions"), web::post().to(submit))
        .route(&at("/submissions"), web::get().to(submissions))
        .route(&at("/submissions/{submission}"), web::get().to(submission))
        .route(&at("/scoreboard"), web::get().to(scoreboard))
        .route(&at("/reveal"), web::post().to(reveal))
        .route(&at("/clarifications"), web::post().to(ask))
        .route(&at("/clarifications"), web::get().to(clarifications))
        .route(&at("/clarifications/{clarification}/answer"), web::post().to(answer))
        .route(&at("/rejudge"), web::post().to(rejudge));
}

/// Sends a program in while the contest runs. It is judged as a job; what comes of it is told on `contest:{id}`.
#[utoipa::path(
    post, path = "/api/contests/{contest}/submissions", tag = "contests",
    operation_id = "submit_to_contest", request_body = SubmissionRequest,
    params(("contest" = String, Path, format = "uuid"), KeyHeader),
    responses(
        (status = 201, description = "The program; `Location` names it", body = ContestSubmission),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn submit(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<ContestId>,
    key: IdempotencyKey,
    body: LargeJson<SubmissionRequest>,
) -> Result<HttpResponse, Problem> {
    let sent = programs::submit(&app, &who, *id, body.0, key.0).await?;
    Ok(created(&format!("/api/contests/{id}/submissions/{}", sent.id), &sent))
}

/// What was sent in, the newest first: one's own; everybody's for the organizer.
#[utoipa::path(
    get, path = "/api/contests/{contest}/submissions", tag = "contests",
    operation_id = "list_contest_submissions",
    params(("contest" = String, Path, format = "uuid"), SubmissionsQuery),
    responses(
        (status = 200, description = "A page of programs", body = List<ContestSubmission>),
        BareCommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn submissions(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<ContestId>,
    query: web::Query<SubmissionsQuery>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(programs::submissions(&app.rooms, &who, *id, &query).await?))
}

/// A program with its text, for whoever sent it in and for the organizer.
#[utoipa::path(
    get, path = "/api/contests/{contest}/submissions/{submission}", tag = "contests",
    operation_id = "get_contest_submission",
    params(
        ("contest" = String, Path, format = "uuid"), ("submission" = String, Path, format = "uuid"),
    ),
    responses((status = 200, description = "The program", body = SubmissionWhole), SeenProblems),
    security(("bearer" = [])),
)]
pub async fn submission(
    app: web::Data<App>,
    who: Identity,
    path: web::Path<(ContestId, SubmissionId)>,
) -> Result<HttpResponse, Problem> {
    let (id, submission) = *path;
    Ok(HttpResponse::Ok().json(programs::submission(&app.rooms, &who, id, submission).await?))
}

/// The board as it is shown; with `truly` as it is, for the organizer.
#[utoipa::path(
    get, path = "/api/contests/{contest}/scoreboard", tag = "contests",
    operation_id = "get_scoreboard",
    params(("contest" = String, Path, format = "uuid"), ScoreboardQuery),
    responses(
        (status = 200, description = "The board", body = Scoreboard),
        BareCommandProblems,
    ),
    security((), ("bearer" = [])),
)]
pub async fn scoreboard(
    app: web::Data<App>,
    who: MaybeBearer,
    id: web::Path<ContestId>,
    query: web::Query<ScoreboardQuery>,
) -> Result<HttpResponse, Problem> {
    let board = run::scoreboard(&app.rooms, *id, who.0.as_ref(), query.truly).await?;
    Ok(HttpResponse::Ok().json(board))
}

/// Shows what the freeze hides, once the contest is over and judged: a step, or everything. For its organizer.
#[utoipa::path(
    post, path = "/api/contests/{contest}/reveal", tag = "contests",
    operation_id = "reveal_scoreboard", request_body = RevealRequest,
    params(("contest" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "What was shown", body = RevealStep), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn reveal(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<ContestId>,
    key: IdempotencyKey,
    body: Json<RevealRequest>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(run::reveal(&app.rooms, &who, *id, body.0.what, key.0).await?))
}

/// Asks something, for those who take part; says something to everybody, for the organizer.
#[utoipa::path(
    post, path = "/api/contests/{contest}/clarifications", tag = "contests",
    operation_id = "ask_in_contest", request_body = ClarificationRequest,
    params(("contest" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "What was asked or said", body = Clarification), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn ask(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<ContestId>,
    key: IdempotencyKey,
    body: Json<ClarificationRequest>,
) -> Result<HttpResponse, Problem> {
    let ClarificationRequest { problem: letter, text } = body.0;
    let command = Command::Say { letter, text };
    Ok(HttpResponse::Ok().json(run::talk(&app.rooms, &who, *id, &command, key.0).await?))
}

/// What was asked and said, as far as it is for the caller.
#[utoipa::path(
    get, path = "/api/contests/{contest}/clarifications", tag = "contests",
    operation_id = "list_clarifications",
    params(("contest" = String, Path, format = "uuid")),
    responses((status = 200, description = "What was asked and said", body = Clarifications), SeenProblems),
    security((), ("bearer" = [])),
)]
pub async fn clarifications(
    app: web::Data<App>,
    who: MaybeBearer,
    id: web::Path<ContestId>,
) -> Result<HttpResponse, Problem> {
    let clarifications = run::clarifications(&app.rooms, *id, who.0.as_ref()).await?;
    Ok(HttpResponse::Ok().json(Clarifications { clarifications }))
}

/// Answers a question, to the team that asked or to everybody; again: another answer. For the organizer.
#[utoipa::path(
    post, path = "/api/contests/{contest}/clarifications/{clarification}/answer", tag = "contests",
    operation_id = "answer_in_contest", request_body = AnswerRequest,
    params(
        ("contest" = String, Path, format = "uuid"),
        ("clarification" = String, Path, format = "uuid"), KeyHeader,
    ),
    responses((status = 200, description = "The question", body = Clarification), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn answer(
    app: web::Data<App>,
    who: Identity,
    path: web::Path<(ContestId, String)>,
    key: IdempotencyKey,
    body: Json<AnswerRequest>,
) -> Result<HttpResponse, Problem> {
    let (contest, clarification) = path.into_inner();
    let AnswerRequest { text, to_all } = body.0;
    let command = Command::Answer { id: run::clarification(&clarification)?, text, to_all };
    Ok(HttpResponse::Ok().json(run::talk(&app.rooms, &who, contest, &command, key.0).await?))
}

/// Judges again everything that was sent in for a problem, or one program; each result stands until the new one is
/// there. For the organizer.
#[utoipa::path(
    post, path = "/api/contests/{contest}/rejudge", tag = "contests",
    operation_id = "rejudge", request_body = RejudgeRequest,
    params(("contest" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "How many programs are judged again", body = Rejudging), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn rejudge(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<ContestId>,
    key: IdempotencyKey,
    body: Json<RejudgeRequest>,
) -> Result<HttpResponse, Problem> {
    let again = body.0.again()?;
    Ok(HttpResponse::Ok().json(run::rejudge(&app.rooms, &who, *id, again, key.0).await?))
}
