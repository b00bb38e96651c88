//! Accounts and sessions over REST.
//!
//! A browser keeps its refresh token in a cookie that scripts cannot read: it asks for that with
//! `"cookie": true`, and sends no token in the body afterwards. The cookie goes to `/api/sessions`
//! alone and only from pages of the same site; the handlers that use it also want a JSON body type
//! or a bearer token, which no form of another site can send.

use std::time::Instant;

use actix_web::cookie::time::Duration as CookieAge;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_actors::journal::RowQuery;
use playhouse_domain::account::{AccountInfo, Command};
use playhouse_domain::room::Role;
use playhouse_protocol::ids::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answers::{CommandProblems, OwnThingProblems};
use super::auth::{Administrator, Identity};
use super::error::Problem;
use super::json::Json;
use super::limit::{Limits, address_key, too_many};
use super::paging::{List, Page};
use super::peer;
use crate::accounts::Tokens;
use crate::app::App;

const COOKIE: &str = "playhouse_refresh";
const COOKIE_PATH: &str = "/api/sessions";

/// Mounts the routes.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/accounts", web::post().to(register))
        .route("/api/accounts/me", web::get().to(me))
        .route("/api/accounts/me/password", web::post().to(change_password))
        .route("/api/sessions", web::post().to(log_in))
        .route("/api/sessions", web::get().to(sessions))
        .route("/api/sessions", web::delete().to(log_out_everywhere))
        .route("/api/sessions/refresh", web::post().to(refresh))
        .route("/api/sessions/current", web::delete().to(log_out))
        .route("/api/admin/accounts", web::get().to(list))
        .route("/api/admin/accounts/{id}", web::patch().to(administer));
}

/// Who wants an account.
#[derive(Debug, Deserialize, ToSchema)]
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
#[derive(Debug, Deserialize, ToSchema)]
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
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token.
    #[serde(default)]
    refresh_token: Option<String>,
}

/// An old password and its successor.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The password that holds now.
    old: String,
    /// The password to be.
    new: String,
}

/// What an administrator changes of an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Administration {
    /// `user`, `organizer` or `admin`. Less than before ends its sessions.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    role: Option<Role>,
    /// True to shut it out and end its sessions.
    #[serde(default)]
    banned: Option<bool>,
}

/// One's open sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenSessions {
    /// Their ids.
    items: Vec<Uuid>,
    /// The one that asks.
    current: Uuid,
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many, 1 to 200; 50 if left out.
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Registers an account.
#[utoipa::path(post, path = "/api/accounts", tag = "accounts", request_body = Registration,
    responses((status = 201, description = "Registered", body = AccountView), CommandProblems))]
pub async fn register(
    req: HttpRequest,
    app: web::Data<App>,
    limits: web::Data<Limits>,
    body: Json<Registration>,
) -> Result<HttpResponse, Problem> {
    let (address, now) = (address_key(peer::address(&req)), Instant::now());
    if let Some(wait) = limits.registrations.wait(&address, now) {
        return Err(too_many("registrations from one address", wait));
    }
    limits.registrations.count(&address, now);
    let info =
        app.accounts.register(&body.username, &body.email, &body.password, Role::User).await?;
    Ok(HttpResponse::Created().json(AccountView::from(info)))
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
    let (address, now) = (address_key(peer::address(&req)), Instant::now());
    let login: String = body.login.to_ascii_lowercase().chars().take(160).collect();
    let wait = limits.failed_logins.wait(&login, now);
    if let Some(wait) = wait.or_else(|| limits.failed_logins_address.wait(&address, now)) {
        return Err(too_many("failed log-ins", wait));
    }
    match app.accounts.log_in(&body.login, &body.password).await {
        Ok(tokens) => Ok(answer(&app, tokens, body.cookie)),
        Err(problem) => {
            if problem.code() == "wrong_login" {
                limits.failed_logins.count(&login, now);
                limits.failed_logins_address.count(&address, now);
            }
            Err(problem)
        }
    }
}

/// Exchanges a refresh token for new tokens, once. Repeating it within 30 s is forgiven, as the
/// answer may have been lost; after that it ends the session.
#[utoipa::path(post, path = "/api/sessions/refresh", tag = "accounts",
    request_body = Option<RefreshRequest>,
    responses((status = 200, description = "Exchanged", body = Tokens), CommandProblems))]
pub async fn refresh(
    req: HttpRequest,
    app: web::Data<App>,
    body: Json<RefreshRequest>,
) -> Result<HttpResponse, Problem> {
    let cookie = req.cookie(COOKIE).map(|cookie| cookie.value().to_owned());
    let by_cookie = body.refresh_token.is_none();
    let token = body.0.refresh_token.or(cookie).unwrap_or_default();
    let tokens = app.accounts.refresh(&token).await?;
    Ok(answer(&app, tokens, by_cookie))
}

fn answer(app: &App, mut tokens: Tokens, cookie: bool) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("cache-control", "no-store"));
    if cookie && let Some(token) = tokens.refresh_token.take() {
        let life = app.config.accounts.refresh_ttl.as_secs();
        let age = CookieAge::seconds(i64::try_from(life).unwrap_or(i64::MAX));
        answer.cookie(refresh_cookie(app, token, age));
    }
    answer.json(tokens)
}

fn refresh_cookie(app: &App, token: String, age: CookieAge) -> Cookie<'static> {
    Cookie::build(COOKIE, token)
        .path(COOKIE_PATH)
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(app.public_url.starts_with("https://"))
        .max_age(age)
        .finish()
}

/// Ends the session that asks.
#[utoipa::path(delete, path = "/api/sessions/current", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 204, description = "Logged out"), OwnThingProblems))]
pub async fn log_out(identity: Identity, app: web::Data<App>) -> Result<HttpResponse, Problem> {
    app.accounts.end(identity.account, identity.session).await?;
    let cookie = refresh_cookie(&app, String::new(), CookieAge::ZERO);
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// Ends all of one's sessions.
#[utoipa::path(delete, path = "/api/sessions", tag = "accounts", security(("bearer" = [])),
    responses((status = 204, description = "Logged out everywhere"), OwnThingProblems))]
pub async fn log_out_everywhere(
    identity: Identity,
    app: web::Data<App>,
) -> Result<HttpResponse, Problem> {
    app.accounts.end_all(identity.account).await?;
    let cookie = refresh_cookie(&app, String::new(), CookieAge::ZERO);
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// One's open sessions.
#[utoipa::path(get, path = "/api/sessions", tag = "accounts", security(("bearer" = [])),
    responses((status = 200, body = OpenSessions), OwnThingProblems))]
pub async fn sessions(
    identity: Identity,
    app: web::Data<App>,
) -> Result<web::Json<OpenSessions>, Problem> {
    let open = app.accounts.open_sessions(identity.account).await?;
    let items = open.sessions.iter().map(|id| id.0).collect();
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

/// Changes one's password and ends all other sessions.
#[utoipa::path(post, path = "/api/accounts/me/password", tag = "accounts",
    request_body = NewPassword, security(("bearer" = [])),
    responses((status = 204, description = "Changed"), CommandProblems))]
pub async fn change_password(
    identity: Identity,
    app: web::Data<App>,
    limits: web::Data<Limits>,
    body: Json<NewPassword>,
) -> Result<HttpResponse, Problem> {
    let (key, now) = (identity.account.to_string(), Instant::now());
    if let Some(wait) = limits.failed_logins.wait(&key, now) {
        return Err(too_many("wrong passwords", wait));
    }
    let changed = app.accounts.change_password(&identity, &body.old, &body.new).await;
    if changed.as_ref().is_err_and(|problem| problem.code() == "wrong_password") {
        limits.failed_logins.count(&key, now);
    }
    changed?;
    Ok(HttpResponse::NoContent().finish())
}

/// The accounts, by name. Administrators.
#[utoipa::path(get, path = "/api/admin/accounts", tag = "administration", params(PageQuery),
    security(("bearer" = [])),
    responses((status = 200, body = List<AccountView>), CommandProblems))]
pub async fn list(
    _: Administrator,
    app: web::Data<App>,
    query: Query<PageQuery>,
) -> Result<web::Json<List<AccountView>>, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    let rows = RowQuery {
        table: "accounts".into(),
        prefix: String::new(),
        after: page.after.clone(),
        before: None,
        descending: false,
        limit: page.fetch(),
    };
    let rows = app.rooms.rows(rows).await?;
    let accounts = rows.into_iter().filter_map(|row| {
        let info: AccountInfo = serde_json::from_str(&row.value).ok()?;
        Some((row.key, info.into()))
    });
    Ok(web::Json(page.list(accounts.collect())))
}

/// Changes what an account may do, or shuts it out. Administrators.
#[utoipa::path(patch, path = "/api/admin/accounts/{id}", tag = "administration",
    params(("id" = Uuid, Path, description = "The account")), request_body = Administration,
    security(("bearer" = [])),
    responses((status = 200, body = AccountView), CommandProblems))]
pub async fn administer(
    Administrator(by): Administrator,
    app: web::Data<App>,
    id: web::Path<Uuid>,
    body: Json<Administration>,
) -> Result<web::Json<AccountView>, Problem> {
    let account = AccountId(*id);
    if account == by.account {
        let detail = "administrators change other accounts, not their own";
        return Err(Problem::new(actix_web::http::StatusCode::CONFLICT, "own_account", detail));
    }
    let mut info = app.accounts.open_sessions(account).await?.account;
    if let Some(role) = body.role {
        info = app.accounts.administer(&by, account, &Command::SetRole(role)).await?;
    }
    if let Some(banned) = body.banned {
        info = app.accounts.administer(&by, account, &Command::SetBanned(banned)).await?;
    }
    tracing::info!(by = by.username, account = %account, role = ?body.role, banned = ?body.banned, "account changed");
    Ok(web::Json(info.into()))
}
