//! `/api/jobs`: programs that are handed in, compiled, run and judged.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_protocol::ids::JobId;

use super::answers::{
    BareCommandProblems, CommandProblems, KeyHeader, OwnListProblems, OwnThingProblems,
};
use super::auth::Identity;
use super::error::Problem;
use super::etag;
use super::json::LargeJson;
use super::key::IdempotencyKey;
use super::paging::{List, Page};
use crate::app::App;
use crate::judge::jobs;
use crate::judge::requests::{JobRequest, JobsQuery};
use crate::judge::shapes::{Job, JobAccepted, JobLinks, JobRow, JobSource};

/// Mounts the jobs.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/jobs", web::post().to(create))
        .route("/api/jobs", web::get().to(list))
        .route("/api/jobs/{job}", web::get().to(get))
        .route("/api/jobs/{job}", web::delete().to(cancel))
        .route("/api/jobs/{job}/source", web::get().to(source));
}

/// Hands a program in: it waits for a core, is compiled, run, and held against its tests. What happens comes on
/// the channel `job:{id}`.
#[utoipa::path(
    post, path = "/api/jobs", tag = "judge", operation_id = "create_job",
    request_body = JobRequest, params(KeyHeader),
    responses(
        (status = 202, description = "Accepted; `Location` names it", body = JobAccepted),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    app: web::Data<App>,
    who: Identity,
    key: IdempotencyKey,
    body: LargeJson<JobRequest>,
) -> Result<HttpResponse, Problem> {
    let made = jobs::create(&app, &who, body.0, key.0).await?;
    let job = format!("/api/jobs/{}", made.id);
    let queued = made.accepted.is_none_or(|accepted| accepted.position.is_some());
    let accepted = JobAccepted {
        id: made.id.to_string(),
        phase: if queued { "queued" } else { "compiling" }.to_owned(),
        position: made.accepted.and_then(|accepted| accepted.position),
        waiting: made.accepted.map(|accepted| accepted.waiting),
        links: JobLinks { job: job.clone(), channel: format!("job:{}", made.id) },
    };
    Ok(HttpResponse::Accepted().insert_header((header::LOCATION, job)).json(accepted))
}

/// The caller's jobs, the newest first.
#[utoipa::path(
    get, path = "/api/jobs", tag = "judge", operation_id = "list_jobs", params(JobsQuery),
    responses(
        (status = 200, description = "A page of jobs", body = List<JobRow>),
        (status = 304, description = "As the caller knows it"),
        OwnListProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    query: web::Query<JobsQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, jobs::mine(&app.rooms, &who, &page).await?))
}

/// A job, for whoever handed it in and for administrators.
#[utoipa::path(
    get, path = "/api/jobs/{job}", tag = "judge", operation_id = "get_job",
    params(("job" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The job", body = Job),
        (status = 304, description = "As the caller knows it"),
        OwnThingProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    job: web::Path<JobId>,
) -> Result<HttpResponse, Problem> {
    Ok(etag::bytes(&req, jobs::get(&app.rooms, &who, *job).await?))
}

/// The program of a job as it was handed in, for whoever did so and for administrators.
#[utoipa::path(
    get, path = "/api/jobs/{job}/source", tag = "judge", operation_id = "get_job_source",
    params(("job" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The program", body = JobSource),
        (status = 304, description = "As the caller knows it"),
        OwnThingProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn source(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    job: web::Path<JobId>,
) -> Result<HttpResponse, Problem> {
    etag::json(&req, &jobs::source(&app.rooms, &who, *job).await?)
}

/// Calls a job off, whether it waits or runs. One that is judged stays as it is.
#[utoipa::path(
    delete, path = "/api/jobs/{job}", tag = "judge", operation_id = "cancel_job",
    params(("job" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 204, description = "Called off, or over"), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn cancel(
    app: web::Data<App>,
    who: Identity,
    job: web::Path<JobId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    jobs::cancel(&app, &who, *job, key.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
