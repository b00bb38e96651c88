//! `/api/contests`: problems that programs solve, judged while others watch. Making them, and taking part.

use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_domain::contest::{Command, Letter};
use playhouse_protocol::ids::ContestId;

use super::answers::{
    BareCommandProblems, CommandProblems, KeyHeader, ListProblems, OwnListProblems, SeenProblems,
    created,
};
use super::auth::{Identity, MaybeBearer};
use super::error::Problem;
use super::etag;
use super::json::{Json, LargeJson, OptionalJson};
use super::key::IdempotencyKey;
use super::paging::{List, Page};
use crate::app::App;
use crate::contests as run;
use crate::contests::problems as tasks;
use crate::contests::requests::{
    ContestPatch, ContestRequest, ContestsQuery, ProblemRequest, RegistrationRequest,
    SubmissionsQuery,
};
use crate::contests::shapes::{
    Contest, ContestProblem, ContestProblems, ContestRow, OwnContest, ProblemWhole,
};

/// Mounts the contests.
pub fn routes(cfg: &mut web::ServiceConfig) {
    let at = |rest: &str| format!("/api/contests/{{contest}}{rest}");
    cfg.route("/api/contests", web::post().to(create))
        .route("/api/contests", web::get().to(list))
        .route("/api/accounts/me/contests", web::get().to(own))
        .route(&at(""), web::get().to(get))
        .route(&at(""), web::patch().to(change))
        .route(&at("/problems"), web::get().to(problems))
        .route(&at("/problems/{letter}"), web::get().to(problem))
        .route(&at("/problems/{letter}"), web::put().to(set_problem))
        .route(&at("/problems/{letter}"), web::delete().to(remove_problem))
        .route(&at("/registration"), web::post().to(register))
        .route(&at("/registration"), web::delete().to(leave));
}

/// Makes a contest. For organizers.
#[utoipa::path(
    post, path = "/api/contests", tag = "contests", operation_id = "create_contest",
    request_body = ContestRequest, params(KeyHeader),
    responses(
        (status = 201, description = "The contest; `Location` names it", body = ContestRow),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    app: web::Data<App>,
    who: Identity,
    key: IdempotencyKey,
    body: Json<ContestRequest>,
) -> Result<HttpResponse, Problem> {
    let made = run::create(&app.rooms, &who, body.0, key.0).await?;
    Ok(created(&format!("/api/contests/{}", made.id), &made))
}

/// Contests: those to come and those that run, the first first; those that are over, the last first.
#[utoipa::path(
    get, path = "/api/contests", tag = "contests", operation_id = "list_contests",
    params(ContestsQuery),
    responses(
        (status = 200, description = "A page of contests", body = List<ContestRow>),
        (status = 304, description = "As the caller knows it"),
        ListProblems,
    ),
)]
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    query: web::Query<ContestsQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, run::list(&app.rooms, query.state, &page).await?))
}

/// The contests that the caller made or takes part in.
#[utoipa::path(
    get, path = "/api/accounts/me/contests", tag = "contests", operation_id = "list_own_contests",
    params(SubmissionsQuery),
    responses(
        (status = 200, description = "A page of contests", body = List<OwnContest>),
        (status = 304, description = "As the caller knows it"),
        OwnListProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn own(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    query: web::Query<SubmissionsQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, run::own(&app.rooms, &who, &page).await?))
}

/// A contest as the caller may see it: for those who take part with what is theirs, for those who preside with
/// everything.
#[utoipa::path(
    get, path = "/api/contests/{contest}", tag = "contests", operation_id = "get_contest",
    params(("contest" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The contest", body = Contest),
        (status = 304, description = "As the caller knows it"),
        SeenProblems,
    ),
    security((), ("bearer" = [])),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    who: MaybeBearer,
    id: web::Path<ContestId>,
) -> Result<HttpResponse, Problem> {
    let seen = run::get(&app.rooms, *id, who.0.as_ref()).await?;
    Ok(etag::tagged(&req, seen.tag, seen.json))
}

/// Changes what a contest is, until it is over. For its organizer.
#[utoipa::path(
    patch, path = "/api/contests/{contest}", tag = "contests", operation_id = "change_contest",
    request_body = ContestPatch,
    params(("contest" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The contest", body = ContestRow), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn change(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<ContestId>,
    key: IdempotencyKey,
    body: Json<ContestPatch>,
) -> Result<HttpResponse, Problem> {
    let command = Command::Change(Box::new(body.0.patch()));
    Ok(HttpResponse::Ok().json(run::act(&app.rooms, &who, *id, &command, key.0).await?))
}

/// The problems, once it has begun; for its organizer before.
#[utoipa::path(
    get, path = "/api/contests/{contest}/problems", tag = "contests",
    operation_id = "list_contest_problems",
    params(("contest" = String, Path, format = "uuid")),
    responses((status = 200, description = "The problems", body = ContestProblems), SeenProblems),
    security((), ("bearer" = [])),
)]
pub async fn problems(
    app: web::Data<App>,
    who: MaybeBearer,
    id: web::Path<ContestId>,
) -> Result<HttpResponse, Problem> {
    let problems = tasks::problems(&app.rooms, *id, who.0.as_ref()).await?;
    Ok(HttpResponse::Ok().json(ContestProblems { problems }))
}

/// A problem with its statement and samples, once the contest has begun; for its organizer before.
#[utoipa::path(
    get, path = "/api/contests/{contest}/problems/{letter}", tag = "contests",
    operation_id = "get_contest_problem",
    params(("contest" = String, Path, format = "uuid"), ("letter" = String, Path)),
    responses((status = 200, description = "The problem", body = ProblemWhole), SeenProblems),
    security((), ("bearer" = [])),
)]
pub async fn problem(
    app: web::Data<App>,
    who: MaybeBearer,
    path: web::Path<(ContestId, Letter)>,
) -> Result<HttpResponse, Problem> {
    let (id, letter) = *path;
    Ok(HttpResponse::Ok().json(tasks::problem(&app.rooms, id, letter, who.0.as_ref()).await?))
}

/// Adds a problem, or replaces it, until the contest is over. What was judged before stands until it is judged again.
/// For its organizer.
#[utoipa::path(
    put, path = "/api/contests/{contest}/problems/{letter}", tag = "contests",
    operation_id = "set_contest_problem", request_body = ProblemRequest,
    params(("contest" = String, Path, format = "uuid"), ("letter" = String, Path), KeyHeader),
    responses((status = 200, description = "The problem", body = ContestProblem), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn set_problem(
    app: web::Data<App>,
    who: Identity,
    path: web::Path<(ContestId, Letter)>,
    key: IdempotencyKey,
    body: LargeJson<ProblemRequest>,
) -> Result<HttpResponse, Problem> {
    let (id, letter) = *path;
    let set = tasks::set_problem(&app, &who, id, letter, body.0, key.0).await?;
    Ok(HttpResponse::Ok().json(set))
}

/// Removes a problem that nobody has sent anything in for. For its organizer.
#[utoipa::path(
    delete, path = "/api/contests/{contest}/problems/{letter}", tag = "contests",
    operation_id = "remove_contest_problem",
    params(("contest" = String, Path, format = "uuid"), ("letter" = String, Path), KeyHeader),
    responses((status = 200, description = "The contest", body = ContestRow), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn remove_problem(
    app: web::Data<App>,
    who: Identity,
    path: web::Path<(ContestId, Letter)>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let (id, letter) = *path;
    let command = Command::RemoveProblem { letter };
    Ok(HttpResponse::Ok().json(run::act(&app.rooms, &who, id, &command, key.0).await?))
}

/// Takes part, until the contest is over; again: under another name.
#[utoipa::path(
    post, path = "/api/contests/{contest}/registration", tag = "contests",
    operation_id = "register_for_contest", request_body = Option<RegistrationRequest>,
    params(("contest" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The contest", body = ContestRow), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn register(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<ContestId>,
    key: IdempotencyKey,
    body: OptionalJson<RegistrationRequest>,
) -> Result<HttpResponse, Problem> {
    let name = body.0.unwrap_or_default().name;
    Ok(HttpResponse::Ok().json(run::register(&app.rooms, &who, *id, name, key.0).await?))
}

/// Takes part no more, while nothing was sent in.
#[utoipa::path(
    delete, path = "/api/contests/{contest}/registration", tag = "contests",
    operation_id = "leave_contest",
    params(("contest" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The contest", body = ContestRow), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn leave(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<ContestId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(run::act(&app.rooms, &who, *id, &Command::Leave, key.0).await?))
}
