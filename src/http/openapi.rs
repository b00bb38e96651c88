//! The description of the API, OpenAPI 3.1, made from the handlers: `GET /api/openapi.json`.

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::error::Problem;
use super::{
    accounts, admin, bookings, contest_play, contests, etag, games, health, holds, jobs, languages,
    leaderboards, movies, parties, piston, polls, questions, screens, series, showings, tickets,
    tournaments,
};

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
        showings::qr_picture,
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
        polls::create,
        polls::list,
        polls::get,
        polls::update,
        polls::open,
        polls::close,
        polls::reset,
        polls::reveal,
        polls::hide,
        polls::join,
        polls::vote,
        polls::ballot,
        polls::mine,
        polls::codes,
        polls::word,
        polls::name,
        polls::export,
        polls::qr_picture,
        questions::list,
        questions::ask,
        questions::want,
        questions::moderate,
        questions::clear,
        series::create,
        series::list,
        series::get,
        series::update,
        series::go,
        series::qr_picture,
        games::games,
        games::about,
        games::guest,
        games::create,
        games::list,
        games::played,
        games::get,
        games::figures,
        games::film,
        games::replay,
        games::join,
        games::ready,
        games::start,
        games::leave,
        games::say,
        games::mute,
        games::remove,
        leaderboards::leaderboard,
        leaderboards::seasons,
        leaderboards::begin_season,
        leaderboards::player,
        leaderboards::matches,
        leaderboards::friends,
        leaderboards::befriend,
        leaderboards::unfriend,
        tickets::create,
        tickets::get,
        tickets::cancel,
        tickets::queue,
        parties::create,
        parties::list,
        parties::join,
        parties::get,
        parties::accept,
        parties::invite,
        parties::hand_over,
        parties::leave,
        parties::remove,
        tournaments::create,
        tournaments::list,
        tournaments::own,
        tournaments::get,
        tournaments::register,
        tournaments::withdraw,
        tournaments::check_in,
        tournaments::start,
        tournaments::add,
        tournaments::drop_out,
        tournaments::dispute,
        tournaments::accept,
        tournaments::decide,
        tournaments::cancel,
        languages::list,
        jobs::create,
        jobs::list,
        jobs::get,
        jobs::source,
        jobs::cancel,
        piston::list,
        piston::execute,
        contests::create,
        contests::list,
        contests::own,
        contests::get,
        contests::change,
        contests::problems,
        contests::problem,
        contests::set_problem,
        contests::remove_problem,
        contests::register,
        contests::leave,
        contest_play::submit,
        contest_play::submissions,
        contest_play::submission,
        contest_play::scoreboard,
        contest_play::reveal,
        contest_play::ask,
        contest_play::clarifications,
        contest_play::answer,
        contest_play::rejudge,
        admin::accounts::accounts,
        admin::accounts::administer,
        admin::overview::overview,
        admin::overview::stored,
        admin::rooms::inspect,
        admin::rooms::journal,
        admin::rooms::at,
        admin::rooms::biography,
        admin::acts::quarantine,
        admin::acts::reopen,
        admin::acts::restart,
        admin::acts::snapshot,
        admin::acts::rewind,
        admin::acts::skip,
        admin::connections::connections,
        admin::matches::matches,
        admin::matches::evidence,
        admin::matches::judge,
        admin::matches::pardon,
        admin::trail::acts,
        admin::backups::back_up,
        admin::backups::backups,
        admin::backups::delete_backup,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use actix_web::http::Method;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use utoipa::openapi::path::Operation;

    use super::*;
    use crate::config::Config;
    use crate::http::mount::{Base, application, routes};
    use crate::server::Server;

    fn operations() -> Vec<(Method, String, Operation)> {
        let mut all = Vec::new();
        for (path, item) in description().paths.paths {
            for (method, operation) in [
                (Method::GET, item.get),
                (Method::POST, item.post),
                (Method::PUT, item.put),
                (Method::PATCH, item.patch),
                (Method::DELETE, item.delete),
            ] {
                all.extend(operation.map(|operation| (method, path.clone(), operation)));
            }
        }
        all
    }

    #[test]
    fn every_operation_has_its_words_its_name_and_its_errors() {
        let mut names = BTreeSet::new();
        for (method, path, operation) in operations() {
            let said = format!("{method} {path}");
            assert!(operation.summary.is_some_and(|s| s.ends_with('.')), "{said}: no summary");
            assert!(operation.operation_id.is_some_and(|id| names.insert(id)), "{said}: its name");
            let answers = operation.responses.responses;
            let fails = answers.keys().any(|status| status.as_str() >= "400");
            assert!(fails || path == "/healthz", "{said}: no errors");
            let locked = operation.security.is_some_and(|s| !s.is_empty());
            assert!(!locked || answers.contains_key("401"), "{said}: 401 is missing");
        }
    }

    #[actix_web::test]
    async fn every_operation_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.store.data = folder.path().to_owned();
        config.http.addr.set_port(0);
        config.quic.addr.set_port(0);
        let server = Server::start(config).await.unwrap();
        let app = server.app();
        let base = Base::new(app.config.clone(), app.phase.clone());
        let service = init_service(application(base, routes(app.clone()))).await;
        for (method, path, _) in operations() {
            let uri = path.replace(['{', '}'], "");
            let req = TestRequest::with_uri(&uri).method(method.clone()).to_request();
            let response = call_service(&service, req).await;
            let body = read_body(response).await;
            let text = String::from_utf8_lossy(&body);
            let missing = text.contains("nothing under this path") || text.contains("not possible");
            assert!(!missing, "{method} {path}: {text}");
        }
        server.stop().await;
    }
}
