//! `/api/games`: matches, and the way into them.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_domain::games::Seat;
use playhouse_domain::games::match_room::Command;
use playhouse_protocol::ids::MatchId;

use super::answers::{
    BareCommandProblems, CommandProblems, KeyHeader, ListProblems, OwnListProblems, ThingProblems,
    created,
};
use super::auth::{Identity, MaybeBearer};
use super::error::Problem;
use super::etag;
use super::json::{Json, OptionalJson};
use super::key::IdempotencyKey;
use super::limit::Limits;
use super::paging::{List, Page};
use super::peer;
use crate::accounts::Bearer;
use crate::app::App;
use crate::games::about::{self, GameAbout, SessionFigures};
use crate::games::requests::{
    MuteRequest, PlayedQuery, ReadyRequest, RemoveRequest, ReplayQuery, SayRequest, SeatRequest,
    SessionRequest, SessionsQuery,
};
use crate::games::shapes::{Games, GuestToken, PlayedRow, Replay, SeatTaken, Session, SessionRow};
use crate::games::{film, run};

/// Mounts the matches.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/games", web::get().to(games))
        .route("/api/games/guests", web::post().to(guest))
        .route("/api/games/played", web::get().to(played))
        .route("/api/games/sessions", web::get().to(list))
        .route("/api/games/sessions/{session}", web::get().to(get))
        .route("/api/games/sessions/{session}/figures", web::get().to(figures))
        .route("/api/games/sessions/{session}/film", web::get().to(film))
        .route("/api/games/sessions/{session}/replay", web::get().to(replay))
        .route("/api/games/sessions/{session}/join", web::post().to(join))
        .route("/api/games/sessions/{session}/ready", web::post().to(ready))
        .route("/api/games/sessions/{session}/start", web::post().to(start))
        .route("/api/games/sessions/{session}/leave", web::post().to(leave))
        .route("/api/games/sessions/{session}/say", web::post().to(say))
        .route("/api/games/sessions/{session}/mute", web::post().to(mute))
        .route("/api/games/sessions/{session}/remove", web::post().to(remove))
        .route("/api/games/{game}", web::get().to(about))
        .route("/api/games/{game}/sessions", web::post().to(create));
}

/// Where the caller can play over WebSocket: where it reached the API.
fn websocket(app: &App, req: &HttpRequest) -> String {
    let asked = app.config.http.public_url.is_none().then(|| peer::host(req)).flatten();
    let secure = app.public_url.starts_with("https://");
    let authority = asked.or_else(|| app.public_url.split_once("://").map(|(_, host)| host));
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}://{}{}", authority.unwrap_or_default(), run::WEBSOCKET)
}

/// Whoever plays: an account, or a guest.
fn known(who: MaybeBearer) -> Result<Bearer, Problem> {
    who.0.ok_or_else(run::nobody)
}

/// The games that there are, and where they are played.
#[utoipa::path(
    get, path = "/api/games", tag = "games", operation_id = "list_games",
    responses(
        (status = 200, description = "The games", body = Games),
        (status = 304, description = "As the caller knows it"),
        ListProblems,
    ),
)]
pub async fn games(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let games = run::games(&app.stage, peer::host(&req), websocket(&app, &req));
    etag::json(&req, &games)
}

/// A game, and what its clients need: what its entities consist of, to the bit, and what else there is to show.
#[utoipa::path(
    get, path = "/api/games/{game}", tag = "games", operation_id = "get_game",
    params(("game" = String, Path, example = "arena")),
    responses(
        (status = 200, description = "The game", body = GameAbout),
        (status = 304, description = "As the caller knows it"),
        ThingProblems,
    ),
)]
pub async fn about(req: HttpRequest, game: web::Path<String>) -> Result<HttpResponse, Problem> {
    etag::json(&req, &about::game(&game)?)
}

/// A token for somebody without an account, who wants to play.
#[utoipa::path(
    post, path = "/api/games/guests", tag = "games", operation_id = "become_guest",
    responses((status = 201, description = "The token", body = GuestToken), BareCommandProblems),
    security(()),
)]
pub async fn guest(
    req: HttpRequest,
    app: web::Data<App>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, Problem> {
    // Every one counts, whatever it is used for.
    drop(limits.join(peer::address(&req)).await?);
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(run::guest(&app.accounts)))
}

/// Makes a match. Whoever makes it is its host, and takes a seat by joining like everybody.
#[utoipa::path(
    post, path = "/api/games/{game}/sessions", tag = "games", operation_id = "create_session",
    request_body = Option<SessionRequest>, params(("game" = String, Path), KeyHeader),
    responses(
        (status = 201, description = "The match; `Location` names it", body = Session),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    app: web::Data<App>,
    who: Identity,
    game: web::Path<String>,
    key: IdempotencyKey,
    body: OptionalJson<SessionRequest>,
) -> Result<HttpResponse, Problem> {
    let request = body.0.unwrap_or_default();
    let made = run::create(&app.rooms, &who, &game, request, key.0).await?;
    Ok(created(&format!("/api/games/sessions/{}", made.id), &made))
}

/// The matches that are listed, by game and the newest first.
#[utoipa::path(
    get, path = "/api/games/sessions", tag = "games", operation_id = "list_sessions",
    params(SessionsQuery),
    responses(
        (status = 200, description = "A page of matches", body = List<SessionRow>),
        (status = 304, description = "As the caller knows it"),
        ListProblems,
    ),
)]
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    query: web::Query<SessionsQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    let (game, over) = (query.game.as_deref(), query.over);
    Ok(etag::bytes(&req, run::list(&app.rooms, game, over, &page).await?))
}

/// The matches that the caller played to their end, the newest first.
#[utoipa::path(
    get, path = "/api/games/played", tag = "games", operation_id = "list_played",
    params(PlayedQuery),
    responses(
        (status = 200, description = "A page of matches", body = List<PlayedRow>),
        (status = 304, description = "As the caller knows it"),
        OwnListProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn played(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    query: web::Query<PlayedQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, run::played(&app.rooms, who.account, &page).await?))
}

/// A match: who is there, how it stands, how it ended.
#[utoipa::path(
    get, path = "/api/games/sessions/{session}", tag = "games", operation_id = "get_session",
    params(("session" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The match", body = Session),
        (status = 304, description = "As the caller knows it"),
        ThingProblems,
    ),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    session: web::Path<MatchId>,
) -> Result<HttpResponse, Problem> {
    let seen = run::get(&app.rooms, *session).await?;
    Ok(etag::tagged(&req, seen.tag, seen.json))
}

/// How the ticks of a match stand, if it is played on this server now, as of about a second ago.
#[utoipa::path(
    get, path = "/api/games/sessions/{session}/figures", tag = "games", operation_id = "get_session_figures",
    params(("session" = String, Path, format = "uuid")),
    responses((status = 200, description = "The figures", body = SessionFigures), ThingProblems),
)]
pub async fn figures(
    app: web::Data<App>,
    session: web::Path<MatchId>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(about::figures(&app.stage, *session).await?))
}

/// The state of every tick of a match, one after the other, for whoever wants to watch it (`docs/wire.md`). The
/// server plays the match once more meanwhile. Once it is over.
#[utoipa::path(
    get, path = "/api/games/sessions/{session}/film", tag = "games", operation_id = "get_film",
    params(("session" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The film", body = Vec<u8>, content_type = "application/octet-stream"),
        BareCommandProblems,
    ),
)]
pub async fn film(
    app: web::Data<App>,
    session: web::Path<MatchId>,
) -> Result<HttpResponse, Problem> {
    let film = film::film(&app.rooms, *session).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(film))
}

/// A part of what is needed to play a match again, bit for bit. Once it is over.
#[utoipa::path(
    get, path = "/api/games/sessions/{session}/replay", tag = "games", operation_id = "get_replay",
    params(("session" = String, Path, format = "uuid"), ReplayQuery),
    responses((status = 200, description = "A part of it", body = Replay), BareCommandProblems),
)]
pub async fn replay(
    app: web::Data<App>,
    session: web::Path<MatchId>,
    query: web::Query<ReplayQuery>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(run::replay(&app.rooms, *session, query.after).await?))
}

/// Takes a seat, or another ticket for the seat that the caller has. The ticket lets one connection in,
/// once, within 30 s.
#[utoipa::path(
    post, path = "/api/games/sessions/{session}/join", tag = "games", operation_id = "join_session",
    request_body = Option<SeatRequest>, params(("session" = String, Path, format = "uuid")),
    responses((status = 200, description = "The seat", body = SeatTaken), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn join(
    req: HttpRequest,
    app: web::Data<App>,
    who: MaybeBearer,
    session: web::Path<MatchId>,
    body: OptionalJson<SeatRequest>,
) -> Result<HttpResponse, Problem> {
    let who = known(who)?;
    let at = (peer::host(&req), websocket(&app, &req));
    let taken = run::join(&app.stage, &who, *session, body.0.unwrap_or_default(), at).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(taken))
}

/// Says that the caller is ready to begin, or not any more.
#[utoipa::path(
    post, path = "/api/games/sessions/{session}/ready", tag = "games", operation_id = "ready_session",
    request_body = ReadyRequest,
    params(("session" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The match", body = Session), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn ready(
    app: web::Data<App>,
    who: MaybeBearer,
    session: web::Path<MatchId>,
    key: IdempotencyKey,
    body: Json<ReadyRequest>,
) -> Result<HttpResponse, Problem> {
    let (who, command) = (known(who)?, Command::Ready(body.0.ready));
    let info = run::act(&app.rooms, who.caller(), *session, &command, key.0).await?;
    Ok(HttpResponse::Ok().json(info))
}

/// Begins: whoever is not ready is asked, and then it counts down. For the match's host.
#[utoipa::path(
    post, path = "/api/games/sessions/{session}/start", tag = "games", operation_id = "start_session",
    params(("session" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The match", body = Session), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn start(
    app: web::Data<App>,
    who: MaybeBearer,
    session: web::Path<MatchId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let who = known(who)?;
    let info = run::act(&app.rooms, who.caller(), *session, &Command::Start, key.0).await?;
    Ok(HttpResponse::Ok().json(info))
}

/// Gives up the caller's seat; whoever has a connection to it is let go.
#[utoipa::path(
    post, path = "/api/games/sessions/{session}/leave", tag = "games", operation_id = "leave_session",
    params(("session" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 204, description = "Left"), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn leave(
    app: web::Data<App>,
    who: MaybeBearer,
    session: web::Path<MatchId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    run::tell(&app.rooms, &known(who)?, *session, &Command::Leave, key.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Says a line to everybody who plays or watches. For players, five lines in 10 s.
#[utoipa::path(
    post, path = "/api/games/sessions/{session}/say", tag = "games", operation_id = "say",
    request_body = SayRequest,
    params(("session" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 204, description = "Said"), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn say(
    app: web::Data<App>,
    who: MaybeBearer,
    session: web::Path<MatchId>,
    key: IdempotencyKey,
    body: Json<SayRequest>,
) -> Result<HttpResponse, Problem> {
    let command = Command::Say { text: body.0.text };
    run::tell(&app.rooms, &known(who)?, *session, &command, key.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Lets a player say nothing any more, or speak again; a new name or a new ticket changes nothing. For the
/// match's host, and for organizers.
#[utoipa::path(
    post, path = "/api/games/sessions/{session}/mute", tag = "games", operation_id = "mute_player",
    request_body = MuteRequest,
    params(("session" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 204, description = "Done"), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn mute(
    app: web::Data<App>,
    who: MaybeBearer,
    session: web::Path<MatchId>,
    key: IdempotencyKey,
    body: Json<MuteRequest>,
) -> Result<HttpResponse, Problem> {
    let MuteRequest { seat, muted } = body.0;
    let command = Command::Mute { seat: Seat(seat), muted };
    run::tell(&app.rooms, &known(who)?, *session, &command, key.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes a player's seat away, and bans them from the match if asked to. For the match's host, and for
/// organizers.
#[utoipa::path(
    post, path = "/api/games/sessions/{session}/remove", tag = "games", operation_id = "remove_player",
    request_body = RemoveRequest,
    params(("session" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 204, description = "Done"), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn remove(
    app: web::Data<App>,
    who: MaybeBearer,
    session: web::Path<MatchId>,
    key: IdempotencyKey,
    body: Json<RemoveRequest>,
) -> Result<HttpResponse, Problem> {
    let RemoveRequest { seat, ban } = body.0;
    let command = Command::Remove { seat: Seat(seat), ban };
    run::tell(&app.rooms, &known(who)?, *session, &command, key.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
