//! `/api/tournaments`: many against each other, in matches of two.

use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_domain::games::tournament::Command;
use playhouse_protocol::ids::TournamentId;

use super::answers::{
    BareCommandProblems, CommandProblems, KeyHeader, ListProblems, OwnListProblems, SeenProblems,
    created,
};
use super::auth::{Identity, MaybeBearer};
use super::error::Problem;
use super::etag;
use super::json::{Json, OptionalJson};
use super::key::IdempotencyKey;
use super::paging::{List, Page};
use crate::app::App;
use crate::games::requests::PlayedQuery;
use crate::tournaments as run;
use crate::tournaments::requests::{
    AcceptRequest, AddRequest, DecideRequest, DisputeRequest, DropRequest, RegisterRequest,
    TournamentRequest, TournamentsQuery,
};
use crate::tournaments::shapes::{OwnTournament, Tournament, TournamentRow};

/// Mounts the tournaments.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/tournaments", web::post().to(create))
        .route("/api/tournaments", web::get().to(list))
        .route("/api/tournaments/own", web::get().to(own))
        .route("/api/tournaments/{tournament}", web::get().to(get))
        .route("/api/tournaments/{tournament}/register", web::post().to(register))
        .route("/api/tournaments/{tournament}/withdraw", web::post().to(withdraw))
        .route("/api/tournaments/{tournament}/check-in", web::post().to(check_in))
        .route("/api/tournaments/{tournament}/start", web::post().to(start))
        .route("/api/tournaments/{tournament}/add", web::post().to(add))
        .route("/api/tournaments/{tournament}/drop", web::post().to(drop_out))
        .route("/api/tournaments/{tournament}/disputes", web::post().to(dispute))
        .route("/api/tournaments/{tournament}/accept", web::post().to(accept))
        .route("/api/tournaments/{tournament}/decide", web::post().to(decide))
        .route("/api/tournaments/{tournament}/cancel", web::post().to(cancel));
}

/// Gives `command` to a tournament, and answers how it stands then.
async fn act(
    app: &App,
    who: &Identity,
    id: TournamentId,
    command: Command,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(run::act(&app.rooms, who, id, &command, key.0).await?))
}

/// Makes a tournament. For organizers.
#[utoipa::path(
    post, path = "/api/tournaments", tag = "tournaments", operation_id = "create_tournament",
    request_body = TournamentRequest, params(KeyHeader),
    responses(
        (status = 201, description = "The tournament; `Location` names it", body = TournamentRow),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    app: web::Data<App>,
    who: Identity,
    key: IdempotencyKey,
    body: Json<TournamentRequest>,
) -> Result<HttpResponse, Problem> {
    let made = run::create(&app.rooms, &who, body.0, key.0).await?;
    Ok(created(&format!("/api/tournaments/{}", made.id), &made))
}

/// Tournaments: those to come and those that are played, the first first; those that are over, the last first.
#[utoipa::path(
    get, path = "/api/tournaments", tag = "tournaments", operation_id = "list_tournaments",
    params(TournamentsQuery),
    responses(
        (status = 200, description = "A page of tournaments", body = List<TournamentRow>),
        (status = 304, description = "As the caller knows it"),
        ListProblems,
    ),
)]
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    query: web::Query<TournamentsQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, run::list(&app.rooms, query.state, &page).await?))
}

/// The tournaments that the caller registered for, the last first.
#[utoipa::path(
    get, path = "/api/tournaments/own", tag = "tournaments", operation_id = "list_own_tournaments",
    params(PlayedQuery),
    responses(
        (status = 200, description = "A page of tournaments", body = List<OwnTournament>),
        (status = 304, description = "As the caller knows it"),
        OwnListProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn own(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    query: web::Query<PlayedQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, run::own(&app.rooms, &who, &page).await?))
}

/// A tournament: who takes part, who meets whom, how it stands.
#[utoipa::path(
    get, path = "/api/tournaments/{tournament}", tag = "tournaments", operation_id = "get_tournament",
    params(("tournament" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The tournament", body = Tournament),
        (status = 304, description = "As the caller knows it"),
        SeenProblems,
    ),
    security((), ("bearer" = [])),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    who: MaybeBearer,
    id: web::Path<TournamentId>,
) -> Result<HttpResponse, Problem> {
    let seen = run::get(&app.rooms, *id, who.0.as_ref()).await?;
    Ok(etag::tagged(&req, seen.tag, seen.json))
}

/// Takes part, until it begins. Once check-in is open, this is a check-in too.
#[utoipa::path(
    post, path = "/api/tournaments/{tournament}/register", tag = "tournaments",
    operation_id = "register_for_tournament", request_body = Option<RegisterRequest>,
    params(("tournament" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The tournament", body = TournamentRow), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn register(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<TournamentId>,
    key: IdempotencyKey,
    body: OptionalJson<RegisterRequest>,
) -> Result<HttpResponse, Problem> {
    let name = body.0.unwrap_or_default().name;
    Ok(HttpResponse::Ok().json(run::register(&app.rooms, &who, *id, name, key.0).await?))
}

/// Takes part no more. Once it has begun, whoever would have been met has won.
#[utoipa::path(
    post, path = "/api/tournaments/{tournament}/withdraw", tag = "tournaments",
    operation_id = "withdraw_from_tournament",
    params(("tournament" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The tournament", body = TournamentRow), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn withdraw(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<TournamentId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    act(&app, &who, *id, Command::Withdraw, key).await
}

/// Says that the caller is there. Whoever has not when it begins does not take part.
#[utoipa::path(
    post, path = "/api/tournaments/{tournament}/check-in", tag = "tournaments",
    operation_id = "check_in",
    params(("tournament" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The tournament", body = TournamentRow), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn check_in(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<TournamentId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    act(&app, &who, *id, Command::CheckIn, key).await
}

/// Begins now, with those who checked in, or with everybody if check-in has not opened. For its organizer.
#[utoipa::path(
    post, path = "/api/tournaments/{tournament}/start", tag = "tournaments",
    operation_id = "start_tournament",
    params(("tournament" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The tournament", body = TournamentRow), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn start(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<TournamentId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    act(&app, &who, *id, Command::Start, key).await
}

/// Lets somebody take part, until it begins. For its organizer.
#[utoipa::path(
    post, path = "/api/tournaments/{tournament}/add", tag = "tournaments",
    operation_id = "add_to_tournament", request_body = AddRequest,
    params(("tournament" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The tournament", body = TournamentRow), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn add(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<TournamentId>,
    key: IdempotencyKey,
    body: Json<AddRequest>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(run::add(&app, &who, *id, body.0, key.0).await?))
}

/// Lets somebody take part no more, as if they had withdrawn. For its organizer.
#[utoipa::path(
    post, path = "/api/tournaments/{tournament}/drop", tag = "tournaments",
    operation_id = "drop_from_tournament", request_body = DropRequest,
    params(("tournament" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The tournament", body = TournamentRow), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn drop_out(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<TournamentId>,
    key: IdempotencyKey,
    body: Json<DropRequest>,
) -> Result<HttpResponse, Problem> {
    act(&app, &who, *id, Command::Drop { account: body.0.account }, key).await
}

/// Says that a result is wrong, while it can be disputed. For the two who met.
#[utoipa::path(
    post, path = "/api/tournaments/{tournament}/disputes", tag = "tournaments",
    operation_id = "dispute_result", request_body = DisputeRequest,
    params(("tournament" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The tournament", body = TournamentRow), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn dispute(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<TournamentId>,
    key: IdempotencyKey,
    body: Json<DisputeRequest>,
) -> Result<HttpResponse, Problem> {
    let DisputeRequest { pairing, text } = body.0;
    act(&app, &who, *id, Command::Dispute { pairing, text }, key).await
}

/// Says that a result is right: it stands once everybody has who did not win. For the two who met.
#[utoipa::path(
    post, path = "/api/tournaments/{tournament}/accept", tag = "tournaments",
    operation_id = "accept_result", request_body = AcceptRequest,
    params(("tournament" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The tournament", body = TournamentRow), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn accept(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<TournamentId>,
    key: IdempotencyKey,
    body: Json<AcceptRequest>,
) -> Result<HttpResponse, Problem> {
    act(&app, &who, *id, Command::Accept { pairing: body.0.pairing }, key).await
}

/// Decides a pairing that is not over, disputed or not. For its organizer.
#[utoipa::path(
    post, path = "/api/tournaments/{tournament}/decide", tag = "tournaments",
    operation_id = "decide_pairing", request_body = DecideRequest,
    params(("tournament" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The tournament", body = TournamentRow), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn decide(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<TournamentId>,
    key: IdempotencyKey,
    body: Json<DecideRequest>,
) -> Result<HttpResponse, Problem> {
    let DecideRequest { pairing, ruling } = body.0;
    act(&app, &who, *id, Command::Decide { pairing, ruling }, key).await
}

/// Calls it off. For its organizer.
#[utoipa::path(
    post, path = "/api/tournaments/{tournament}/cancel", tag = "tournaments",
    operation_id = "cancel_tournament",
    params(("tournament" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The tournament", body = TournamentRow), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn cancel(
    app: web::Data<App>,
    who: Identity,
    id: web::Path<TournamentId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    act(&app, &who, *id, Command::Cancel, key).await
}
