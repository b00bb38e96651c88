//! The pages of `web/`, which the binary carries within itself.
//!
//! Everything is served with an `ETag` and `no-cache`: a browser asks each time and mostly hears
//! 304, so that nobody sees yesterday's script after an update.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, EntityTag};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::error::Problem;
use super::etag;

#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

/// Which file is behind which path.
const PAGES: [(&str, &str); 27] = [
    ("/", "index.html"),
    ("/login", "login.html"),
    ("/bookings", "bookings.html"),
    ("/organizer", "organizer.html"),
    ("/showings/{id}", "showing.html"),
    ("/join", "voter.html"),
    ("/join/{code}", "voter.html"),
    ("/polls", "polls.html"),
    ("/polls/{id}", "voter.html"),
    ("/polls/{id}/present", "present.html"),
    ("/series/{id}/present", "present.html"),
    ("/games", "games.html"),
    ("/games/{id}", "game.html"),
    ("/games/{id}/replay", "replay.html"),
    ("/games/{id}/watch", "replay.html"),
    ("/leaderboards", "leaderboard.html"),
    ("/leaderboards/{game}", "leaderboard.html"),
    ("/players/{id}", "player.html"),
    ("/tournaments", "tournaments.html"),
    ("/tournaments/{id}", "tournament.html"),
    ("/playground", "playground.html"),
    ("/contests", "contests.html"),
    ("/contests/{id}", "contest.html"),
    ("/contests/{id}/board", "contest-board.html"),
    ("/admin", "admin.html"),
    ("/api/docs", "docs.html"),
    ("/favicon.ico", "favicon.svg"),
];

/// Where the files behind the pages are.
const STATIC: &str = "/static/{file:.+}";

/// Mounts the pages and `/static/…`.
pub fn routes(cfg: &mut web::ServiceConfig) {
    for (path, file) in PAGES {
        cfg.route(path, web::get().to(move |req| async move { serve(&req, file) }));
    }
    cfg.route(STATIC, web::get().to(get_static));
}

/// Every path that [`routes`] mounts.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    PAGES.into_iter().map(|(path, _)| path).chain([STATIC])
}

async fn get_static(req: HttpRequest, file: web::Path<String>) -> HttpResponse {
    serve(&req, &file)
}

/// What a person sees where there is nothing, or none if the caller wants no page.
pub(super) fn nothing_here(req: &HttpRequest) -> Option<HttpResponse> {
    let accept = req.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
    let wanted = accept.contains("text/html") && !req.path().starts_with("/api/");
    let page = Web::get("404.html").filter(|_| wanted)?;
    Some(HttpResponse::NotFound().content_type(content_type("404.html")).body(bytes(page)))
}

fn serve(req: &HttpRequest, name: &str) -> HttpResponse {
    let Some(file) = Web::get(name) else {
        let detail = format!("there is no file '{name:.100}'");
        return nothing_here(req).unwrap_or_else(|| {
            Problem::new(StatusCode::NOT_FOUND, "not_found", detail).error_response()
        });
    };
    let tag = EntityTag::new_weak(URL_SAFE_NO_PAD.encode(&file.metadata.sha256_hash()[..12]));
    let cache = (header::CACHE_CONTROL, "no-cache");
    if etag::is_known(req, &tag) {
        return HttpResponse::NotModified()
            .insert_header(header::ETag(tag))
            .insert_header(cache)
            .finish();
    }
    HttpResponse::Ok()
        .insert_header(header::ETag(tag))
        .insert_header(cache)
        .content_type(content_type(name))
        .body(bytes(file))
}

fn bytes(file: EmbeddedFile) -> web::Bytes {
    match file.data {
        Cow::Borrowed(data) => web::Bytes::from_static(data),
        Cow::Owned(data) => data.into(),
    }
}

/// By the name's ending; what is not known is not shown but saved.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    use super::*;

    async fn get(path: &str, known: Option<&str>) -> (u16, Option<String>, usize) {
        let app = init_service(actix_web::App::new().configure(routes)).await;
        let mut req = TestRequest::with_uri(path);
        if let Some(tag) = known {
            req = req.insert_header((header::IF_NONE_MATCH, tag));
        }
        let response = call_service(&app, req.to_request()).await;
        let tag = response.headers().get(header::ETAG).map(|t| t.to_str().unwrap().to_owned());
        (response.status().as_u16(), tag, read_body(response).await.len())
    }

    #[actix_web::test]
    async fn a_page_that_the_browser_has_is_not_sent_again() {
        let (status, tag, len) = get("/api/docs", None).await;
        assert!(status == 200 && len > 0);
        assert_eq!(get("/api/docs", tag.as_deref()).await, (304, tag, 0));
    }

    #[actix_web::test]
    async fn only_what_is_embedded_is_served() {
        assert_eq!(get("/static/docs.js", None).await.0, 200);
        for path in ["/static/nothing", "/static/..%2fCargo.toml", "/static/../Cargo.toml"] {
            assert_eq!(get(path, None).await.0, 404, "{path}");
        }
    }

    #[test]
    fn nothing_that_is_embedded_loads_from_elsewhere_or_runs_inline() {
        for name in Web::iter().filter(|name| name.ends_with(".html")) {
            let text = String::from_utf8(bytes(Web::get(&name).unwrap()).to_vec()).unwrap();
            for bad in ["src=\"http", "href=\"http", "src=\"//", "<style", "style=\"", " onclick="]
            {
                assert!(!text.contains(bad), "{name} has {bad}");
            }
            for script in text.split("<script").skip(1) {
                assert!(script.split('>').next().unwrap().contains("src="), "{name}");
            }
        }
    }
}
