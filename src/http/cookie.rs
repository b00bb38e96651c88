//! The cookie that holds a browser's refresh token, where no script can read it.
//!
//! Another site's page must not get it to do anything. So it goes to `/api/sessions` alone, from
//! pages of the same site alone (`SameSite=Strict`), and the handlers that read it want a request
//! that no form can make: a body must be declared as JSON, a method must be one that browsers ask
//! leave for, and where the browser names the page's origin it must be the server's own.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpRequest};

use super::error::Problem;
use crate::app::App;
use crate::ws::origin;

const NAME: &str = "playhouse_refresh";
const PATH: &str = "/api/sessions";

/// The refresh token that a page of our own sends along, if any.
///
/// # Errors
///
/// `foreign_origin`, `unsupported_media_type`.
pub(super) fn refresh_token(req: &HttpRequest, app: &App) -> Result<Option<String>, Problem> {
    let Some(cookie) = req.cookie(NAME) else { return Ok(None) };
    from_own_page(req, app)?;
    let simple = req.method() == Method::POST;
    if simple && !req.content_type().eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "a request with the cookie must say that it is application/json, also without a body",
        ));
    }
    Ok(Some(cookie.value().to_owned()))
}

/// Refuses a page of another origin.
///
/// # Errors
///
/// `foreign_origin`.
pub(super) fn from_own_page(req: &HttpRequest, app: &App) -> Result<(), Problem> {
    if origin::admitted(req.headers(), &app.public_url, &[]) {
        return Ok(());
    }
    let detail = "a page of another origin may not use the cookie";
    Err(Problem::new(StatusCode::FORBIDDEN, "foreign_origin", detail))
}

/// The cookie with `token`, for as long as that lives.
pub(super) fn holding(app: &App, token: String) -> Cookie<'static> {
    let life = app.config.accounts.refresh_ttl.as_secs();
    make(app, token, Duration::seconds(i64::try_from(life).unwrap_or(i64::MAX)))
}

/// What removes the cookie.
pub(super) fn gone(app: &App) -> Cookie<'static> {
    make(app, String::new(), Duration::ZERO)
}

fn make(app: &App, token: String, age: Duration) -> Cookie<'static> {
    Cookie::build(NAME, token)
        .path(PATH)
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(app.public_url.starts_with("https://"))
        .max_age(age)
        .finish()
}
