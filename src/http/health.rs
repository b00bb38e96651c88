//! `/healthz`: the process answers. `/readyz`: it takes work.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::error::Problem;
use crate::app::Phase;

/// That the server answers, or that it takes work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Health {
    /// `ok`.
    status: &'static str,
}

/// Mounts both.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/healthz", web::get().to(healthz)).route("/readyz", web::get().to(readyz));
}

/// Whether the process answers at all. For restarts by whoever keeps it running.
#[utoipa::path(get, path = "/healthz", tag = "administration", responses((status = 200, body = Health)))]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// Whether the server takes work: no before everything listens, as soon as a shutdown begins, and if
/// something that it listens on has failed for good. For load balancers.
#[utoipa::path(get, path = "/readyz", tag = "administration", responses(
    (status = 200, body = Health),
    (status = 503, description = "`not_ready`, `shutting_down`", body = Problem, content_type = "application/problem+json"),
))]
pub async fn readyz(phase: web::Data<Phase>) -> Result<HttpResponse, Problem> {
    if let Some(lost) = phase.lost().filter(|_| phase.is_serving()) {
        let detail = format!("{lost} has failed: the server must be started again");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", detail));
    }
    if phase.is_serving() {
        return Ok(HttpResponse::Ok().json(Health { status: "ok" }));
    }
    let code = if phase.is_stopping() { "shutting_down" } else { "not_ready" };
    let detail = format!("the server is {}", phase.name());
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail))
}
