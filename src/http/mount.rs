//! Puts the middleware and the routes together.

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::ResourceDef;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError, web};

use super::error::Problem;
use super::gate::{Requests, gate};
use super::observe::observe;
use super::{health, json, metrics, openapi, pages};
use crate::app::{App, Phase};
use crate::config::Config;

/// What all workers share below the routes.
#[derive(Clone)]
pub struct Base {
    config: web::Data<Config>,
    phase: web::Data<Phase>,
    requests: web::Data<Requests>,
    known: web::Data<Known>,
}

impl Base {
    /// The base of a server with `config` in `phase`.
    #[must_use]
    pub fn new(config: Arc<Config>, phase: Phase) -> Self {
        Self {
            config: config.into(),
            phase: web::Data::new(phase),
            requests: web::Data::default(),
            known: web::Data::new(Known::of_api()),
        }
    }
}

/// Mounts every route of the server.
pub fn routes(app: App) -> impl Fn(&mut web::ServiceConfig) + Clone {
    move |cfg| {
        cfg.app_data(web::Data::new(app.clone()));
    }
}

/// One worker's application: `base` with the middleware, and what `routes` mounts.
pub fn application(
    base: Base,
    routes: impl FnOnce(&mut web::ServiceConfig),
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let origins = &base.config.http.cors_origins;
    let cors = Condition::new(!origins.is_empty(), cors(origins));
    actix_web::App::new()
        .app_data(base.config)
        .app_data(base.phase)
        .app_data(base.requests)
        .app_data(base.known)
        .configure(json::parameters)
        .configure(health::routes)
        .configure(openapi::routes)
        .configure(metrics::routes)
        .configure(pages::routes)
        .configure(routes)
        .default_service(web::to(nothing_here))
        .wrap(from_fn(gate))
        .wrap(Compress::default())
        .wrap(cors)
        .wrap(from_fn(observe))
}

/// Who may call the API from a page of another origin. The answer to a preflight is kept for an
/// hour, so that a page does not ask before every call.
fn cors(origins: &[String]) -> Cors {
    let exposed = ["etag", "location", "retry-after", "x-request-id"];
    let mut cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT])
        .allowed_headers([header::IF_MATCH, header::IF_NONE_MATCH])
        .allowed_header(HeaderName::from_static("idempotency-key"))
        .allowed_header(HeaderName::from_static("x-request-id"))
        .expose_headers(exposed)
        .block_on_origin_mismatch(false)
        .max_age(3600);
    for origin in origins {
        cors = if origin == "*" {
            cors.send_wildcard().allow_any_origin()
        } else {
            cors.allowed_origin(origin)
        };
    }
    cors
}

/// The paths of the API and what may be done with each: to tell a wrong method from a wrong path.
#[derive(Debug)]
pub struct Known(Vec<(ResourceDef, Vec<Method>)>);

impl Known {
    fn of_api() -> Self {
        let paths = openapi::description().paths.paths;
        let methods = |item: &utoipa::openapi::PathItem| {
            [
                (Method::GET, item.get.is_some()),
                (Method::HEAD, item.get.is_some()),
                (Method::POST, item.post.is_some()),
                (Method::PUT, item.put.is_some()),
                (Method::PATCH, item.patch.is_some()),
                (Method::DELETE, item.delete.is_some()),
            ]
            .into_iter()
            .filter_map(|(method, there)| there.then_some(method))
            .collect()
        };
        Self(paths.iter().map(|(p, item)| (ResourceDef::new(p.as_str()), methods(item))).collect())
    }

    /// What may be done with `path`; nothing if it is not one of ours.
    fn allowed(&self, path: &str) -> Vec<&str> {
        let matching = self.0.iter().filter(|(def, _)| def.is_match(path));
        let mut names: Vec<&str> =
            matching.flat_map(|(_, m)| m.iter().map(Method::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What no route answers: 404, or 405 where another method would do.
async fn nothing_here(req: HttpRequest, known: web::Data<Known>) -> HttpResponse {
    let allowed = known.allowed(req.path());
    if allowed.is_empty() {
        if let Some(page) = pages::nothing_here(&req) {
            return page;
        }
        let detail = "there is nothing under this path";
        return Problem::new(StatusCode::NOT_FOUND, "not_found", detail).error_response();
    }
    let allow = (header::ALLOW, allowed.join(", "));
    if req.method() == Method::OPTIONS {
        return HttpResponse::NoContent().insert_header(allow).finish();
    }
    let detail = format!("{} is not possible here, only {}", req.method(), allow.1);
    let mut answer =
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).error_response();
    if let Ok(value) = header::HeaderValue::from_str(&allow.1) {
        answer.headers_mut().insert(header::ALLOW, value);
    }
    answer
}
