//! `/api/leaderboards`, `/api/players`, `/api/friends`: who is how good at which game.

use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_domain::audit::What;
use playhouse_domain::games::friends::Command;
use playhouse_protocol::ids::AccountId;

use super::answers::{
    BareCommandProblems, KeyHeader, OwnListProblems, PartProblems, RewriteProblems, ThingProblems,
};
use super::auth::{Administrator, Identity, MaybeIdentity};
use super::error::Problem;
use super::etag;
use super::key::IdempotencyKey;
use super::paging::{List, Page};
use crate::app::App;
use crate::games::requests::{LeaderboardQuery, PlayedQuery};
use crate::games::shapes::PlayedRow;
use crate::games::shapes::league::{FriendList, Leaderboard, Player, Seasons};
use crate::games::{league, run};
use crate::trail::deed;

/// Mounts the leaderboards.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/leaderboards/{game}", web::get().to(leaderboard))
        .route("/api/leaderboards/{game}/seasons", web::get().to(seasons))
        .route("/api/leaderboards/{game}/seasons", web::post().to(begin_season))
        .route("/api/players/{player}", web::get().to(player))
        .route("/api/players/{player}/matches", web::get().to(matches))
        .route("/api/friends", web::get().to(friends))
        .route("/api/friends/{player}", web::put().to(befriend))
        .route("/api/friends/{player}", web::delete().to(unfriend));
}

/// A part of the leaderboard of a game: from a place on, around a player, or among one's friends.
#[utoipa::path(
    get, path = "/api/leaderboards/{game}", tag = "games", operation_id = "get_leaderboard",
    params(("game" = String, Path, example = "arena"), LeaderboardQuery),
    responses(
        (status = 200, description = "The part", body = Leaderboard),
        (status = 304, description = "As the caller knows it"),
        PartProblems,
    ),
    security((), ("bearer" = [])),
)]
pub async fn leaderboard(
    req: HttpRequest,
    app: web::Data<App>,
    who: MaybeIdentity,
    game: web::Path<String>,
    query: web::Query<LeaderboardQuery>,
) -> Result<HttpResponse, Problem> {
    let part = league::leaderboard(&app.rooms, who.0.as_ref(), &game, &query).await?;
    etag::json(&req, &part)
}

/// The past seasons of a game with their best, the newest first.
#[utoipa::path(
    get, path = "/api/leaderboards/{game}/seasons", tag = "games", operation_id = "list_seasons",
    params(("game" = String, Path, example = "arena")),
    responses(
        (status = 200, description = "The seasons", body = Seasons),
        (status = 304, description = "As the caller knows it"),
        ThingProblems,
    ),
)]
pub async fn seasons(
    req: HttpRequest,
    app: web::Data<App>,
    game: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    etag::json(&req, &league::seasons(&app.rooms, &game).await?)
}

/// Ends the season of a game and begins the next one; nothing happens in a season in which nobody played.
/// For administrators.
#[utoipa::path(
    post, path = "/api/leaderboards/{game}/seasons", tag = "games", operation_id = "begin_season",
    params(("game" = String, Path, example = "arena"), KeyHeader),
    responses((status = 204, description = "Done"), RewriteProblems),
    security(("bearer" = [])),
)]
pub async fn begin_season(
    app: web::Data<App>,
    who: Administrator,
    game: web::Path<String>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let deed = deed(&who.0, What::SeasonBegin, Some(game.clone()), "");
    let rooms = app.rooms.clone();
    let begins = async move { league::begin_season(&rooms, &who.0, &game, key.0).await };
    app.trail.perform(deed, begins).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A player: where they stand in each game that they played in this season.
#[utoipa::path(
    get, path = "/api/players/{player}", tag = "games", operation_id = "get_player",
    params(("player" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The player", body = Player),
        (status = 304, description = "As the caller knows it"),
        ThingProblems,
    ),
)]
pub async fn player(
    req: HttpRequest,
    app: web::Data<App>,
    player: web::Path<AccountId>,
) -> Result<HttpResponse, Problem> {
    etag::json(&req, &league::player(&app.rooms, *player).await?)
}

/// The matches that a player played to their end, the newest first, with what each changed in the leaderboard.
#[utoipa::path(
    get, path = "/api/players/{player}/matches", tag = "games", operation_id = "list_player_matches",
    params(("player" = String, Path, format = "uuid"), PlayedQuery),
    responses(
        (status = 200, description = "A page of matches", body = List<PlayedRow>),
        (status = 304, description = "As the caller knows it"),
        PartProblems,
    ),
)]
pub async fn matches(
    req: HttpRequest,
    app: web::Data<App>,
    player: web::Path<AccountId>,
    query: web::Query<PlayedQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, run::played(&app.rooms, *player, &page).await?))
}

/// Whom the caller counts among their friends. Nobody else sees it.
#[utoipa::path(
    get, path = "/api/friends", tag = "games", operation_id = "list_friends",
    responses(
        (status = 200, description = "The friends", body = FriendList),
        (status = 304, description = "As the caller knows it"),
        OwnListProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn friends(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
) -> Result<HttpResponse, Problem> {
    etag::json(&req, &league::befriend(&app.rooms, &who, Command::List, None).await?)
}

/// Counts a player among the caller's friends. They are not asked, and not told.
#[utoipa::path(
    put, path = "/api/friends/{player}", tag = "games", operation_id = "befriend",
    params(("player" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The friends", body = FriendList), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn befriend(
    app: web::Data<App>,
    who: Identity,
    player: web::Path<AccountId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let friends = league::befriend(&app.rooms, &who, Command::Add(*player), key.0).await?;
    Ok(HttpResponse::Ok().json(friends))
}

/// Does not count a player among the caller's friends any more.
#[utoipa::path(
    delete, path = "/api/friends/{player}", tag = "games", operation_id = "unfriend",
    params(("player" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The friends", body = FriendList), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn unfriend(
    app: web::Data<App>,
    who: Identity,
    player: web::Path<AccountId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let friends = league::befriend(&app.rooms, &who, Command::Remove(*player), key.0).await?;
    Ok(HttpResponse::Ok().json(friends))
}
