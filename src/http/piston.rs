//! `/api/v2/runtimes` and `/api/v2/execute`: the interface of Piston, whose errors are `{message}`.

use std::fmt;
use std::time::Instant;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::auth::MaybeIdentity;
use super::error::Problem;
use super::json::LargeJson;
use super::limit::UnderWay;
use super::peer;
use crate::app::App;
use crate::config::PistonCallers;
use crate::judge::piston::answer::{PistonMessage, PistonResult, PistonRuntime, runtimes};
use crate::judge::piston::{Guest, Refused, start};
use crate::ws::origin;

/// Mounts the interface. Piston takes a slash at the end as well.
pub fn routes(cfg: &mut web::ServiceConfig) {
    for slash in ["", "/"] {
        cfg.route(&format!("/api/v2/runtimes{slash}"), web::get().to(list))
            .route(&format!("/api/v2/execute{slash}"), web::post().to(execute));
    }
}

/// True for a path of Piston's interface, where errors are told as Piston does.
pub(super) fn is_its(path: &str) -> bool {
    path.starts_with("/api/v2/")
}

/// A program as Piston's clients hand it in, for the API's description.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it is read as Piston does, field by field")]
pub struct PistonRequest {
    /// The language: one of `GET /api/v2/runtimes`, or an alias of it.
    #[schema(example = "python", min_length = 1)]
    language: String,
    /// Which versions of it will do, as npm writes ranges.
    #[schema(example = "*", min_length = 1)]
    version: String,
    /// The program. The first that is text is compiled or run.
    #[schema(max_items = 32)]
    files: Vec<PistonFile>,
    /// What it reads.
    stdin: Option<String>,
    /// What it is called with.
    args: Option<Vec<String>>,
    /// Time on the clock of the compiler, in ms.
    #[schema(maximum = 60_000, minimum = 0)]
    compile_timeout: Option<f64>,
    /// Time on the clock of the run, in ms. 3,000 unless it says otherwise.
    #[schema(maximum = 60_000, minimum = 0)]
    run_timeout: Option<f64>,
    /// Processor time of the compiler, in ms.
    #[schema(maximum = 30_000, minimum = 0)]
    compile_cpu_time: Option<f64>,
    /// Processor time of the run, in ms. 3,000 unless it says otherwise.
    #[schema(maximum = 15_000, minimum = 0)]
    run_cpu_time: Option<f64>,
    /// Memory of the compiler, in bytes; -1 for the server's own bound.
    #[schema(maximum = 1_073_741_824, minimum = -1)]
    compile_memory_limit: Option<f64>,
    /// Memory of the run, in bytes; -1 for the server's own bound.
    #[schema(maximum = 1_073_741_824, minimum = -1)]
    run_memory_limit: Option<f64>,
}

/// A file of a program.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "as above")]
pub struct PistonFile {
    /// Its path.
    #[schema(example = "main.py", max_length = 128)]
    name: Option<String>,
    /// What it holds.
    #[schema(example = "print(input())")]
    content: String,
    /// `utf8`, `base64` or `hex`.
    #[schema(example = "utf8")]
    encoding: Option<String>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refused {}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            answer.insert_header((header::RETRY_AFTER, "1"));
        }
        answer.json(PistonMessage { message: self.message.clone() })
    }
}

/// The languages that programs can be written in, as Piston tells them.
#[utoipa::path(
    get, path = "/api/v2/runtimes", tag = "judge", operation_id = "piston_runtimes",
    responses(
        (status = 200, description = "The languages", body = Vec<PistonRuntime>),
        (status = 503, description = "Nothing can be run here", body = PistonMessage),
    ),
)]
pub async fn list(app: web::Data<App>) -> Result<HttpResponse, Refused> {
    let court = app.judge.court().await?;
    Ok(HttpResponse::Ok().json(runtimes(&court.languages)))
}

/// Runs a program and answers with what became of it, as Piston does.
#[utoipa::path(
    post, path = "/api/v2/execute", tag = "judge", operation_id = "piston_execute",
    request_body = PistonRequest,
    responses(
        (status = 200, description = "What became of it", body = PistonResult),
        (status = 400, description = "It cannot be run so", body = PistonMessage),
        (status = 401, description = "Not without a token", body = PistonMessage),
        (status = 403, description = "Not from such a page", body = PistonMessage),
        (status = 408, description = "The body did not come", body = PistonMessage),
        (status = 413, description = "The body is too large", body = PistonMessage),
        (status = 415, description = "The body must be JSON", body = PistonMessage),
        (status = 429, description = "Later", body = PistonMessage),
        (status = 500, description = "The server's fault", body = PistonMessage),
        (status = 503, description = "Nothing can be run here, or not now", body = PistonMessage),
    ),
    security((), ("bearer" = [])),
)]
pub async fn execute(
    req: HttpRequest,
    app: web::Data<App>,
    who: Result<MaybeIdentity, Problem>,
    body: Result<LargeJson<Map<String, Value>>, Problem>,
) -> Result<HttpResponse, Refused> {
    let guest = admit(&req, &app, who?)?;
    let kind = req.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        let message = "requests must be of type application/json".to_owned();
        return Err(Refused { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, message });
    }
    let body = body?.0;
    let _under_way = count(&req, &app, &guest)?;
    let result = start(&app, &guest, &body, false).await?.result().await?;
    Ok(HttpResponse::Ok().json(result))
}

/// Who asks, if they may.
///
/// # Errors
///
/// 401 without a token where there must be one; 403 for a page of a foreign origin.
pub(crate) fn admit(
    req: &HttpRequest,
    app: &App,
    MaybeIdentity(who): MaybeIdentity,
) -> Result<Guest, Refused> {
    if let Some(who) = who {
        // No page of a foreign origin has a token.
        return Ok(Guest::Account(who));
    }
    let refused = |status, message: &str| Err(Refused { status, message: message.to_owned() });
    let local = || {
        let host = peer::host(req).is_some_and(|host| origin::is_own(host, &app.public_url));
        host && peer::is_local(req)
    };
    let admitted = match app.config.judge.piston {
        PistonCallers::Everybody => true,
        PistonCallers::Loopback => local(),
        PistonCallers::Nobody => false,
    };
    if !admitted {
        let message = "log in and send the access token: without one programs are not taken from \
            here (judge.piston)";
        return refused(StatusCode::UNAUTHORIZED, message);
    }
    // A page that somebody looks at on this machine must not run programs on it.
    if !origin::admitted(req.headers(), &app.public_url, &app.config.http.cors_origins) {
        return refused(StatusCode::FORBIDDEN, "pages of this origin may not run programs");
    }
    Ok(Guest::Nobody)
}

/// Counts a program of `guest`. Accounts are counted by their token and by the queue.
///
/// # Errors
///
/// 429.
pub(crate) fn count(
    req: &HttpRequest,
    app: &App,
    guest: &Guest,
) -> Result<Option<UnderWay>, Refused> {
    match guest {
        Guest::Account(_) => Ok(None),
        Guest::Nobody => {
            let local = peer::is_local(req);
            Ok(Some(app.limits.program(peer::address(req), local, Instant::now())?))
        }
    }
}
