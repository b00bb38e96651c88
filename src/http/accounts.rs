//! Accounts and sessions over REST.
//!
//! A browser keeps its refresh token in a cookie that scripts cannot read (`super::cookie`): it
//! asks for that with `"cookie": true`, and sends no token in the body afterwards.

use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use playhouse_domain::account::{AccountInfo, SessionInfo};
use playhouse_domain::room::Role;
use playhouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::{CommandProblems, KeyHeader, OwnThingProblems};
use super::auth::{Identity, MaybeIdentity};
use super::cookie;
use super::error::Problem;
use super::json::{Json, OptionalJson};
use super::key::IdempotencyKey;
use super::limit::Limits;
use super::peer;
use crate::accounts::Tokens;
use crate::app::App;

/// Mounts the routes.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/accounts", web::post().to(register))
        .route("/api/accounts/me", web::get().to(me))
        .route("/api/accounts/me/password", web::post().to(change_password))
        .route("/api/sessions", web::post().to(log_in))
        .route("/api/sessions", web::get().to(sessions))
        .route("/api/sessions", web::delete().to(log_out_everywhere))
        .route("/api/sessions/refresh", web::post().to(refresh))
        .route("/api/sessions/current", web::delete().to(log_out));
}

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// 3 to 32 letters a-z, digits, `_`, `-` or `.`; upper and lower case are the same name.
    username: String,
    /// In ASCII, at most 120 characters.
    email: String,
    /// 8 characters to 256 bytes.
    password: String,
}

/// An account as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    /// Its id.
    id: Uuid,
    /// The user name.
    username: String,
    /// The e-mail address.
    email: String,
    /// `user`, `organizer` or `admin`.
    role: &'static str,
    /// True if it is shut out.
    banned: bool,
}

impl From<AccountInfo> for AccountView {
    fn from(info: AccountInfo) -> Self {
        let role = match info.role {
            Role::User => "user",
            Role::Organizer => "organizer",
            Role::Admin => "admin",
        };
        let AccountInfo { id, username, email, banned, .. } = info;
        Self { id: id.0, username, email, role, banned }
    }
}

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The user name or the e-mail address.
    login: String,
    /// The password.
    password: String,
    /// True to get the refresh token as a cookie that scripts cannot read.
    #[serde(default)]
    cookie: bool,
}

/// The token to exchange; left out where the cookie holds it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token.
    #[serde(default)]
    refresh_token: Option<String>,
}

/// An old password and its successor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The password that holds now.
    old: String,
    /// The password to be.
    new: String,
}

/// An open session.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenSession {
    /// Its id.
    id: Uuid,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// When its token was last exchanged.
    #[schema(value_type = String, format = DateTime)]
    used_at: Timestamp,
    /// When it ends unless its token is exchanged.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

impl From<&SessionInfo> for OpenSession {
    fn from(info: &SessionInfo) -> Self {
        let SessionInfo { id, opened_at, used_at, until } = *info;
        Self { id: id.0, opened_at, used_at, until }
    }
}

/// One's open sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenSessions {
    /// At most 20.
    items: Vec<OpenSession>,
    /// The one that asks.
    current: Uuid,
}

/// Registers an account. With a key it happens once; who repeats it must give the same password.
#[utoipa::path(post, path = "/api/accounts", tag = "accounts", request_body = Registration,
    params(KeyHeader),
    responses((status = 201, description = "Registered", body = AccountView), CommandProblems))]
pub async fn register(
    req: HttpRequest,
    app: web::Data<App>,
    limits: web::Data<Limits>,
    IdempotencyKey(key): IdempotencyKey,
    body: Json<Registration>,
) -> Result<HttpResponse, Problem> {
    let counted = limits.registration(peer::address(&req)).await?;
    let Registration { username, email, password } = &*body;
    let registered = match key {
        Some(key) => app.accounts.register_once(&key, username, email, password).await,
        None => app.accounts.register(username, email, password, Role::User).await,
    };
    // What cost nothing does not count: a mistyped name, a server that is busy.
    let costless = [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::SERVICE_UNAVAILABLE];
    if registered.as_ref().is_err_and(|problem| costless.contains(&problem.status())) {
        counted.give_back();
    }
    Ok(HttpResponse::Created().json(AccountView::from(registered?)))
}

/// Opens a session.
#[utoipa::path(post, path = "/api/sessions", tag = "accounts", request_body = Login,
    responses((status = 200, description = "Logged in", body = Tokens), CommandProblems))]
pub async fn log_in(
    req: HttpRequest,
    app: web::Data<App>,
    limits: web::Data<Limits>,
    body: Json<Login>,
) -> Result<HttpResponse, Problem> {
    if body.cookie {
        cookie::from_own_page(&req, &app)?;
    }
    let whose = app.accounts.find(&body.login).await?;
    // An account is the same by name and by address; a name that nobody has counts too, or the
    // limit would tell which are there.
    let whom = whose.map_or_else(|| unknown(&body.login), |id| id.to_string());
    let counted = limits.password(whom, peer::address(&req)).await?;
    let opened = app.accounts.log_in_as(whose, &body.password).await;
    if opened.as_ref().err().is_none_or(|problem| problem.code() != "wrong_login") {
        counted.give_back();
    }
    Ok(answer(&app, opened?, body.cookie))
}

/// The limits' name of somebody who is not there.
fn unknown(login: &str) -> String {
    let name: String = login.chars().take(128).flat_map(char::to_lowercase).collect();
    format!("unknown {name}")
}

/// Exchanges a refresh token for new tokens, once. Repeating it within 30 s is forgiven, as the
/// answer may have been lost; after that it ends the session. Without a token in the body that of
/// the cookie is exchanged.
#[utoipa::path(post, path = "/api/sessions/refresh", tag = "accounts",
    request_body = Option<RefreshRequest>,
    responses((status = 200, description = "Exchanged", body = Tokens), CommandProblems))]
pub async fn refresh(
    req: HttpRequest,
    app: web::Data<App>,
    limits: web::Data<Limits>,
    OptionalJson(body): OptionalJson<RefreshRequest>,
) -> Result<HttpResponse, Problem> {
    let given = body.and_then(|body| body.refresh_token);
    let by_cookie = given.is_none();
    let token = match given {
        Some(token) => token,
        None => cookie::refresh_token(&req, &app)?.unwrap_or_default(),
    };
    if let Some(account) = app.accounts.owner_of(&token) {
        limits.request(account.0, Instant::now())?;
    }
    match app.accounts.refresh(&token).await {
        Ok(tokens) => Ok(answer(&app, tokens, by_cookie)),
        Err(problem) if by_cookie && problem.status() == StatusCode::UNAUTHORIZED => {
            // It will never be good again.
            let mut answer = problem.error_response();
            answer.add_cookie(&cookie::gone(&app)).map_err(|_| problem)?;
            Ok(answer)
        }
        Err(problem) => Err(problem),
    }
}

fn answer(app: &App, mut tokens: Tokens, by_cookie: bool) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("cache-control", "no-store"));
    if by_cookie && let Some(token) = tokens.refresh_token.take() {
        answer.cookie(cookie::holding(app, token));
    }
    answer.json(tokens)
}

/// Ends the session that asks. A browser whose access token is gone names it by its cookie.
#[utoipa::path(delete, path = "/api/sessions/current", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 204, description = "Logged out"), OwnThingProblems))]
pub async fn log_out(
    req: HttpRequest,
    MaybeIdentity(identity): MaybeIdentity,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    match identity {
        Some(identity) => app.accounts.end(identity.account, identity.session).await?,
        None => match cookie::refresh_token(&req, &app)? {
            Some(token) => app.accounts.log_out_by_refresh(&token).await?,
            None => return Err(super::auth::not_logged_in()),
        },
    }
    Ok(HttpResponse::NoContent().cookie(cookie::gone(&app)).finish())
}

/// Ends all of one's sessions.
#[utoipa::path(delete, path = "/api/sessions", tag = "accounts", security(("bearer" = [])),
    responses((status = 204, description = "Logged out everywhere"), OwnThingProblems))]
pub async fn log_out_everywhere(
    identity: Identity,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    app.accounts.end_all(identity.account).await?;
    Ok(HttpResponse::NoContent().cookie(cookie::gone(&app)).finish())
}

/// One's open sessions.
#[utoipa::path(get, path = "/api/sessions", tag = "accounts", security(("bearer" = [])),
    responses((status = 200, body = OpenSessions), OwnThingProblems))]
pub async fn sessions(
    identity: Identity,
    app: web::Data<App>,
) -> Result<web::Json<OpenSessions>, Problem> {
    let open = app.accounts.open_sessions(identity.account).await?;
    let items = open.sessions.iter().map(OpenSession::from).collect();
    Ok(web::Json(OpenSessions { items, current: identity.session.0 }))
}

/// One's own account.
#[utoipa::path(get, path = "/api/accounts/me", tag = "accounts", security(("bearer" = [])),
    responses((status = 200, body = AccountView), OwnThingProblems))]
pub async fn me(
    identity: Identity,
    app: web::Data<App>,
) -> Result<web::Json<AccountView>, Problem> {
    let open = app.accounts.open_sessions(identity.account).await?;
    Ok(web::Json(open.account.into()))
}

/// Changes one's password and ends all of one's sessions, also the one that asks: log in again.
#[utoipa::path(post, path = "/api/accounts/me/password", tag = "accounts",
    request_body = NewPassword, security(("bearer" = [])),
    responses((status = 204, description = "Changed"), CommandProblems))]
pub async fn change_password(
    req: HttpRequest,
    identity: Identity,
    app: web::Data<App>,
    limits: web::Data<Limits>,
    body: Json<NewPassword>,
) -> Result<HttpResponse, Problem> {
    let whom = identity.account.to_string();
    let counted = limits.password(whom, peer::address(&req)).await?;
    let changed = app.accounts.change_password(&identity, &body.old, &body.new).await;
    if changed.as_ref().err().is_none_or(|problem| problem.code() != "wrong_password") {
        counted.give_back();
    }
    changed?;
    Ok(HttpResponse::NoContent().cookie(cookie::gone(&app)).finish())
}
