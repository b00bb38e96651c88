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
use super::limit::Limits;
use super::observe::observe;
use super::refusals::refusals;
use super::unread::unread;
use super::{
    accounts, admin, bookings, contest_play, contests, games, health, holds, jobs, json, languages,
    leaderboards, metrics, movies, openapi, pages, parties, piston, polls, questions, screens,
    series, showings, tickets, tournaments,
};
use crate::app::{App, Phase};
use crate::config::Config;
use crate::quic::Reach;

/// What all workers share below the routes.
#[derive(Clone)]
pub struct Base {
    config: web::Data<Config>,
    phase: web::Data<Phase>,
    requests: web::Data<Requests>,
    known: web::Data<Known>,
    reach: web::Data<Reach>,
}

impl Base {
    /// The base of a server with `config` in `phase`.
    #[must_use]
    pub fn new(config: Arc<Config>, phase: Phase) -> Self {
        Self {
            config: config.into(),
            phase: web::Data::new(phase),
            requests: web::Data::default(),
            known: web::Data::new(Known::of_server()),
            reach: web::Data::default(),
        }
    }

    /// The same, where matches are played at `reach`: pages may connect there.
    #[must_use]
    pub fn with_games(mut self, reach: Reach) -> Self {
        self.reach = web::Data::new(reach);
        self
    }
}

/// Mounts every route of the server.
pub fn routes(app: App) -> impl Fn(&mut web::ServiceConfig) + Clone {
    let limits: web::Data<Limits> = app.limits.clone().into();
    move |cfg| {
        cfg.app_data(web::Data::new(app.clone()))
            .app_data(limits.clone())
            .configure(metrics::routes)
            .configure(accounts::routes)
            .configure(movies::routes)
            .configure(screens::routes)
            .configure(showings::routes)
            .configure(holds::routes)
            .configure(bookings::routes)
            .configure(polls::routes)
            .configure(questions::routes)
            .configure(series::routes)
            .configure(games::routes)
            .configure(leaderboards::routes)
            .configure(tickets::routes)
            .configure(parties::routes)
            .configure(tournaments::routes)
            .configure(languages::routes)
            .configure(jobs::routes)
            .configure(piston::routes)
            .configure(contests::routes)
            .configure(contest_play::routes)
            .configure(admin::routes);
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
        .app_data(base.reach)
        .configure(json::parameters)
        .configure(health::routes)
        .configure(openapi::routes)
        .configure(pages::routes)
        .configure(routes)
        .default_service(web::to(nothing_here))
        .wrap(from_fn(gate))
        .wrap(Compress::default())
        .wrap(cors)
        .wrap(from_fn(refusals))
        .wrap(from_fn(observe))
        .wrap(from_fn(unread))
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

/// The paths that there are and what may be done with each: to tell a wrong method from a wrong path.
#[derive(Debug)]
pub struct Known(Vec<(ResourceDef, Vec<Method>)>);

impl Known {
    fn of_server() -> Self {
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
        let described = paths.iter().map(|(p, item)| (ResourceDef::new(p.as_str()), methods(item)));
        let only_read = |path| (ResourceDef::new(path), vec![Method::GET, Method::HEAD]);
        let others = [
            "/metrics",
            "/connection/websocket",
            "/ws/play",
            "/api/v2/connect",
            "/api/openapi.json",
        ];
        Self(described.chain(others.into_iter().chain(pages::paths()).map(only_read)).collect())
    }

    /// What may be done with `path`; nothing if it is not one of ours.
    fn allowed(&self, path: &str) -> Vec<&str> {
        // A path that is there as it stands is not also a thing of that name.
        let itself = self.0.iter().any(|(def, _)| def.pattern() == Some(path));
        let matching = self.0.iter().filter(|(def, _)| match itself {
            true => def.pattern() == Some(path),
            false => def.is_match(path),
        });
        let mut names: Vec<&str> =
            matching.flat_map(|(_, m)| m.iter().map(Method::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What no route answers: 404, or 405 where another method would do.
pub(super) async fn nothing_here(req: HttpRequest, known: web::Data<Known>) -> HttpResponse {
    let mut allowed = known.allowed(req.path());
    if req.method() == Method::OPTIONS && req.path() == "*" {
        // Of the server as a whole: what some path of it allows.
        allowed = vec!["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];
    }
    if allowed.is_empty() {
        if let Some(page) = pages::nothing_here(&req) {
            return page;
        }
        let shorter = req.path().strip_suffix('/').filter(|path| !known.allowed(path).is_empty());
        let detail = match shorter {
            Some(_) => {
                "there is nothing under this path, but there is without the slash at its end"
            }
            None => "there is nothing under this path",
        };
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

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::test::{TestRequest, call_service, init_service};

    use super::*;

    struct Answer {
        status: u16,
        headers: header::HeaderMap,
        body: String,
    }

    impl Answer {
        fn header(&self, name: &str) -> &str {
            self.headers.get(name).map_or("", |value| value.to_str().unwrap())
        }
    }

    async fn ask(config: Config, phase: &Phase, req: TestRequest) -> Answer {
        let base = Base::new(Arc::new(config), phase.clone());
        let app = init_service(application(base, |_| ())).await;
        let response = call_service(&app, req.to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.ok().unwrap();
        Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    fn with_origin() -> Config {
        let mut config = Config::default();
        config.http.cors_origins = vec!["https://example.org".to_owned()];
        config
    }

    fn from_page(uri: &str) -> TestRequest {
        TestRequest::with_uri(uri).insert_header(("origin", "https://example.org"))
    }

    #[actix_web::test]
    async fn a_wrong_path_and_a_wrong_method_are_problems() {
        let phase = Phase::default();
        let answer = ask(Config::default(), &phase, TestRequest::with_uri("/api/nothing")).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (404, "application/problem+json")
        );
        assert!(answer.body.contains("\"code\":\"not_found\""), "{}", answer.body);
        let req = TestRequest::with_uri("/healthz").method(Method::DELETE);
        let answer = ask(Config::default(), &phase, req).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"));
        assert!(answer.body.contains("\"code\":\"method_not_allowed\""), "{}", answer.body);
        let req = TestRequest::with_uri("/healthz").method(Method::OPTIONS);
        let answer = ask(Config::default(), &phase, req).await;
        assert_eq!((answer.status, answer.header("allow")), (204, "GET, HEAD"));
    }

    #[actix_web::test]
    async fn every_answer_carries_its_id_and_the_strict_headers() {
        for uri in ["/healthz", "/readyz", "/api/nothing", "/api/docs"] {
            let req = TestRequest::with_uri(uri).insert_header(("x-request-id", "mine-1"));
            let answer = ask(Config::default(), &Phase::default(), req).await;
            assert_eq!(answer.header("x-request-id"), "mine-1");
            assert!(answer.header("content-security-policy").starts_with("default-src 'self';"));
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("strict-transport-security"), "", "there is no TLS here");
            assert_eq!(answer.header("access-control-allow-origin"), "", "nobody was allowed");
        }
    }

    #[actix_web::test]
    async fn a_page_that_is_allowed_can_read_refusals_too() {
        let (serving, stopping) = (Phase::default(), Phase::default());
        stopping.stop();
        let post = from_page("/api/x").method(Method::POST);
        let mut limited = with_origin();
        limited.limits.requests_per_second = 1;
        for (config, phase, req, status) in [
            (with_origin(), &serving, from_page("/healthz"), 200),
            (with_origin(), &serving, from_page("/api/nothing"), 404),
            (with_origin(), &stopping, from_page("/readyz"), 503),
            (with_origin(), &stopping, post, 503),
        ] {
            let answer = ask(config, phase, req).await;
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!((answer.status, allowed), (status, "https://example.org"));
        }
        let foreign = TestRequest::with_uri("/healthz").insert_header(("origin", "https://evil"));
        let answer = ask(with_origin(), &serving, foreign).await;
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }

    #[actix_web::test]
    async fn an_address_over_its_limit_is_told_when_to_come_again() {
        let mut config = with_origin();
        config.limits.requests_per_second = 1;
        let base = Base::new(Arc::new(config), Phase::default());
        let app = init_service(application(base, |_| ())).await;
        let mut refused = None;
        // The window may turn over once in between, not twice.
        for _ in 0..4 {
            let response = call_service(&app, from_page("/healthz").to_request()).await;
            if response.status() == 429 {
                refused = Some(response.headers().clone());
            }
        }
        let headers = refused.expect("four requests within a second are over the limit of one");
        assert_eq!(headers.get("retry-after").unwrap(), "1");
        assert_eq!(headers.get("access-control-allow-origin").unwrap(), "https://example.org");
    }

    #[actix_web::test]
    async fn answers_are_compressed_for_those_who_can_read_it() {
        for encoding in ["br", "gzip"] {
            let req = TestRequest::with_uri("/api/openapi.json");
            let req = req.insert_header((header::ACCEPT_ENCODING, encoding));
            let answer = ask(Config::default(), &Phase::default(), req).await;
            assert_eq!((answer.status, answer.header("content-encoding")), (200, encoding));
            assert_eq!(answer.header("cache-control"), "private, no-cache");
        }
    }
    #[actix_web::test]
    async fn what_middleware_refuses_is_a_problem() {
        let preflight = |origin: &'static str, method: &'static str| {
            let req = TestRequest::with_uri("/api/movies").method(Method::OPTIONS);
            req.insert_header(("origin", origin))
                .insert_header(("access-control-request-method", method))
        };
        let choosy = TestRequest::with_uri("/healthz");
        let choosy = choosy.insert_header((header::ACCEPT_ENCODING, "identity;q=0"));
        for (req, status, code) in [
            (preflight("https://evil.example", "POST"), 403, "cors_refused"),
            (preflight("https://example.org", "TRACE"), 403, "cors_refused"),
            (choosy, 406, "not_acceptable"),
        ] {
            let answer = ask(with_origin(), &Phase::default(), req).await;
            let kind = answer.header("content-type");
            assert_eq!((answer.status, kind), (status, "application/problem+json"));
            assert!(answer.body.contains(&format!("\"code\":\"{code}\"")), "{}", answer.body);
            assert!(!answer.header("x-request-id").is_empty());
        }
        let sound = preflight("https://example.org", "POST");
        assert_eq!(ask(with_origin(), &Phase::default(), sound).await.status, 200);
    }

    #[actix_web::test]
    async fn pages_know_their_methods_too() {
        for path in
            ["/", "/static/app.css", "/metrics", "/connection/websocket", "/ws/play", "/showings/1"]
        {
            let req = TestRequest::with_uri(path).method(Method::POST);
            let answer = ask(Config::default(), &Phase::default(), req).await;
            assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"), "{path}");
        }
        let slash = TestRequest::with_uri("/api/movies/");
        let answer = ask(Config::default(), &Phase::default(), slash).await;
        assert!(
            answer.status == 404 && answer.body.contains("without the slash"),
            "{}",
            answer.body
        );
    }
}
