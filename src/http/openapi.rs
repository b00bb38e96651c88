//! The description of the API, OpenAPI 3.1, made from the handlers: `GET /api/openapi.json`.

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::error::Problem;
use super::{accounts, admin, bookings, etag, health, holds, movies, screens, showings};

/// Every handler that is part of the API. A route file's handlers are listed here.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Playhouse",
        description = "One server for everything that happens live. Errors are problems (RFC 9457) with a stable `code`; times are RFC 3339 in UTC; money is text (`9.50`).",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        health::healthz,
        health::readyz,
        accounts::register,
        accounts::me,
        accounts::change_password,
        accounts::log_in,
        accounts::sessions,
        accounts::log_out_everywhere,
        accounts::refresh,
        accounts::log_out,
        accounts::list,
        accounts::administer,
        movies::create,
        movies::list,
        movies::get,
        movies::update,
        screens::create,
        screens::list,
        screens::get,
        screens::schedule,
        showings::schedule,
        showings::list,
        showings::availability,
        showings::get,
        showings::seat_map,
        showings::block,
        showings::unblock,
        showings::join,
        showings::leave,
        holds::create,
        holds::release,
        holds::extend,
        holds::purchase,
        bookings::list,
        bookings::get,
        bookings::cancel,
        bookings::transfer,
        admin::overview,
        admin::stored,
        admin::inspect,
        admin::journal,
        admin::quarantine,
        admin::reopen,
    ),
    components(schemas(Problem)),
    modifiers(&Security),
)]
struct Api;

struct Security;

impl Modify for Security {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The access token of `POST /api/sessions`."))
            .build();
        let components = api.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// The description of the API.
#[must_use]
pub fn description() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

/// Mounts `/api/openapi.json`.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/openapi.json", web::get().to(get));
}

async fn get(req: HttpRequest) -> Result<HttpResponse, Problem> {
    etag::json(&req, &description())
}
