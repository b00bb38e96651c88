//! `/api/parties`: people who want to play together.

use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_domain::party::Command;
use playhouse_protocol::ids::{AccountId, PartyId};

use super::answers::{
    BareCommandProblems, CommandProblems, KeyHeader, OwnListProblems, OwnThingProblems, accepted,
    created,
};
use super::auth::Identity;
use super::error::Problem;
use super::json::Json;
use super::key::IdempotencyKey;
use super::limit::Limits;
use super::mount::nothing_here;
use super::paging::{List, Page};
use super::{etag, peer};
use crate::app::App;
use crate::asking::{Outcome, Pending};
use crate::matchmaking::parties;
use crate::matchmaking::requests::{
    InvitationRequest, LeaderRequest, PartiesQuery, PartyCodeRequest,
};
use crate::matchmaking::shapes::{Party, PartyRow};

/// Mounts the parties.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/parties", web::post().to(create))
        .route("/api/parties", web::get().to(list))
        // Before the party of any name, which this is not, whatever the method.
        .service(
            web::resource("/api/parties/join")
                .route(web::post().to(join))
                .default_service(web::to(nothing_here)),
        )
        .route("/api/parties/{party}", web::get().to(get))
        .route("/api/parties/{party}/accept", web::post().to(accept))
        .route("/api/parties/{party}/invitations", web::post().to(invite))
        .route("/api/parties/{party}/leader", web::put().to(hand_over))
        .route("/api/parties/{party}/leave", web::post().to(leave))
        .route("/api/parties/{party}/members/{account}", web::delete().to(remove));
}

/// Makes a party. The caller leads it.
#[utoipa::path(
    post, path = "/api/parties", tag = "games", operation_id = "create_party", params(KeyHeader),
    responses(
        (status = 201, description = "The party; `Location` names it", body = Party),
        (status = 202, description = "Made, and about to get its code", body = Pending),
        BareCommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    app: web::Data<App>,
    who: Identity,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    Ok(match parties::create(&app.rooms, &who, key.0).await? {
        Outcome::Done(party) => created(&format!("/api/parties/{}", party.id), &party),
        Outcome::Pending(pending) => accepted(&pending),
    })
}

/// The parties that the caller is in, or was asked into.
#[utoipa::path(
    get, path = "/api/parties", tag = "games", operation_id = "list_parties", params(PartiesQuery),
    responses(
        (status = 200, description = "A page of parties", body = List<PartyRow>),
        (status = 304, description = "As the caller knows it"),
        OwnListProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    query: web::Query<PartiesQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, parties::mine(&app.rooms, &who, &page).await?))
}

/// A party, for those who are in it or were asked in.
#[utoipa::path(
    get, path = "/api/parties/{party}", tag = "games", operation_id = "get_party",
    params(("party" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The party", body = Party),
        (status = 304, description = "As the caller knows it"),
        OwnThingProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    party: web::Path<PartyId>,
) -> Result<HttpResponse, Problem> {
    let seen = parties::get(&app.rooms, &who, *party).await?;
    Ok(etag::tagged(&req, seen.tag, seen.json))
}

/// Comes into a party by its code.
#[utoipa::path(
    post, path = "/api/parties/join", tag = "games", operation_id = "join_party",
    request_body = PartyCodeRequest, params(KeyHeader),
    responses((status = 200, description = "The party", body = Party), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn join(
    req: HttpRequest,
    app: web::Data<App>,
    limits: web::Data<Limits>,
    who: Identity,
    key: IdempotencyKey,
    body: Json<PartyCodeRequest>,
) -> Result<HttpResponse, Problem> {
    let tried = limits.code(peer::address(&req)).await?;
    let joined = parties::join(&app.rooms, &who, &body.0.code, key.0).await;
    match &joined {
        // Only a code that no party has counts.
        Err(problem) if problem.code() == "unknown_code" => drop(tried),
        _ => tried.give_back(),
    }
    Ok(HttpResponse::Ok().json(joined?))
}

/// Comes into a party, having been asked.
#[utoipa::path(
    post, path = "/api/parties/{party}/accept", tag = "games", operation_id = "accept_party",
    params(("party" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The party", body = Party), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn accept(
    app: web::Data<App>,
    who: Identity,
    party: web::Path<PartyId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(parties::accept(&app.rooms, &who, *party, key.0).await?))
}

/// Asks somebody in, for ten minutes. For the party's leader.
#[utoipa::path(
    post, path = "/api/parties/{party}/invitations", tag = "games", operation_id = "invite_to_party",
    request_body = InvitationRequest, params(("party" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The party", body = Party), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn invite(
    app: web::Data<App>,
    who: Identity,
    party: web::Path<PartyId>,
    key: IdempotencyKey,
    body: Json<InvitationRequest>,
) -> Result<HttpResponse, Problem> {
    let name = &body.0.username;
    Ok(HttpResponse::Ok().json(parties::invite(&app.rooms, &who, *party, name, key.0).await?))
}

/// Lets another member lead. For the party's leader.
#[utoipa::path(
    put, path = "/api/parties/{party}/leader", tag = "games", operation_id = "hand_over_party",
    request_body = LeaderRequest, params(("party" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The party", body = Party), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn hand_over(
    app: web::Data<App>,
    who: Identity,
    party: web::Path<PartyId>,
    key: IdempotencyKey,
    body: Json<LeaderRequest>,
) -> Result<HttpResponse, Problem> {
    let command = Command::HandOver { account: body.0.account };
    Ok(HttpResponse::Ok().json(parties::act(&app.rooms, &who, *party, &command, key.0).await?))
}

/// Goes, or says no to an invitation. A ticket of the party that waits is taken back.
#[utoipa::path(
    post, path = "/api/parties/{party}/leave", tag = "games", operation_id = "leave_party",
    params(("party" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 204, description = "Gone"), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn leave(
    app: web::Data<App>,
    who: Identity,
    party: web::Path<PartyId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    parties::leave(&app.rooms, &who, *party, key.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Sends somebody away, or takes an invitation back. For the party's leader. Whoever was sent away comes back
/// by an invitation alone.
#[utoipa::path(
    delete, path = "/api/parties/{party}/members/{account}", tag = "games",
    operation_id = "remove_from_party",
    params(
        ("party" = String, Path, format = "uuid"), ("account" = String, Path, format = "uuid"),
        KeyHeader,
    ),
    responses((status = 200, description = "The party", body = Party), BareCommandProblems),
    security(("bearer" = [])),
)]
pub async fn remove(
    app: web::Data<App>,
    who: Identity,
    path: web::Path<(PartyId, AccountId)>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let (party, account) = path.into_inner();
    let command = Command::Remove { account };
    Ok(HttpResponse::Ok().json(parties::act(&app.rooms, &who, party, &command, key.0).await?))
}
