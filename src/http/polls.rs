//! `/api/polls`: asking an audience, and answering.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use playhouse_domain::poll::Command;
use playhouse_protocol::ids::PollId;

use super::answers::{
    BareCommandProblems, CommandProblems, KeyHeader, OwnListProblems, RevisionHeaders,
    SeenProblems, ThingProblems, accepted, created,
};
use super::auth::{Identity, MaybeBearer};
use super::cookie::from_own_page;
use super::error::Problem;
use super::etag::{self, IfMatch};
use super::json::{Json, OptionalJson};
use super::key::IdempotencyKey;
use super::limit::Limits;
use super::mount::nothing_here;
use super::paging::{List, Page};
use super::{peer, qr};
use crate::app::App;
use crate::asking::{Outcome, Pending, no_such};
use crate::polls::join::{self, Device};
use crate::polls::requests::{
    BallotRequest, CodesRequest, JoinRequest, MineRequest, NameRequest, OwnQuery, PollRequest,
    VoteRequest, WordRequest,
};
use crate::polls::shapes::{BlindSignature, Codes, Joined, Mine, OwnPoll, Poll, Receipt, Seen};
use crate::polls::{ballots, run, votes};

/// The cookie that tells one browser from another.
const DEVICE: &str = "playhouse_device";

/// How long a browser keeps it. 400 days, the most that browsers grant.
const DEVICE_DAYS: i64 = 400;

/// Mounts the polls.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/polls", web::post().to(create))
        .route("/api/polls", web::get().to(list))
        // Before the poll of any name, which this is not, whatever the method.
        .service(
            web::resource("/api/polls/join")
                .route(web::post().to(join))
                .default_service(web::to(nothing_here)),
        )
        .route("/api/polls/{poll}", web::get().to(get))
        .route("/api/polls/{poll}", web::put().to(update))
        .route("/api/polls/{poll}/open", web::post().to(open))
        .route("/api/polls/{poll}/close", web::post().to(close))
        .route("/api/polls/{poll}/reset", web::post().to(reset))
        .route("/api/polls/{poll}/reveal", web::post().to(reveal))
        .route("/api/polls/{poll}/hide", web::post().to(hide))
        .route("/api/polls/{poll}/votes", web::post().to(vote))
        .route("/api/polls/{poll}/ballots", web::post().to(ballot))
        .route("/api/polls/{poll}/mine", web::post().to(mine))
        .route("/api/polls/{poll}/codes", web::post().to(codes))
        .route("/api/polls/{poll}/words", web::post().to(word))
        .route("/api/polls/{poll}/names", web::post().to(name))
        .route("/api/polls/{poll}/export.csv", web::get().to(export))
        .route("/api/polls/{poll}/qr.svg", web::get().to(qr_picture));
}

/// Makes a poll. For organizers. It is the caller's, who runs it.
#[utoipa::path(
    post, path = "/api/polls", tag = "polls", operation_id = "create_poll",
    request_body = PollRequest, params(KeyHeader),
    responses(
        (status = 201, description = "The poll; `Location` names it", body = Poll),
        (status = 202, description = "Made, and about to get its join code", body = Pending),
        CommandProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    app: web::Data<App>,
    who: Identity,
    key: IdempotencyKey,
    body: Json<PollRequest>,
) -> Result<HttpResponse, Problem> {
    Ok(match run::create(&app, &who, body.0, key.0).await? {
        Outcome::Done(poll) => created(&format!("/api/polls/{}", poll.id), &poll),
        Outcome::Pending(pending) => accepted(&pending),
    })
}

/// The polls that the caller made, oldest first.
#[utoipa::path(
    get, path = "/api/polls", tag = "polls", operation_id = "list_polls",
    params(OwnQuery),
    responses(
        (status = 200, description = "A page of polls", body = List<OwnPoll>),
        (status = 304, description = "As the caller knows it"),
        OwnListProblems,
    ),
    security(("bearer" = [])),
)]
pub async fn list(
    req: HttpRequest,
    app: web::Data<App>,
    who: Identity,
    query: web::Query<OwnQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    Ok(etag::bytes(&req, run::list(&app.rooms, &who, &page).await?))
}

/// A poll: to its maker with everything, to others with what they may see, to voters with their own
/// vote.
#[utoipa::path(
    get, path = "/api/polls/{poll}", tag = "polls", operation_id = "get_poll",
    params(("poll" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The poll", body = Seen),
        (status = 304, description = "As the caller knows it"),
        SeenProblems,
    ),
    security((), ("bearer" = [])),
)]
pub async fn get(
    req: HttpRequest,
    app: web::Data<App>,
    who: MaybeBearer,
    poll: web::Path<PollId>,
) -> Result<HttpResponse, Problem> {
    let seen = run::get(&app.rooms, *poll, who.0.as_ref()).await?;
    Ok(etag::tagged(&req, seen.tag, seen.json))
}

/// Asks something else in a poll that is not open yet. For its maker.
#[utoipa::path(
    put, path = "/api/polls/{poll}", tag = "polls", operation_id = "update_poll",
    request_body = PollRequest, params(("poll" = String, Path, format = "uuid"), RevisionHeaders),
    responses((status = 200, description = "The poll", body = Poll), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn update(
    app: web::Data<App>,
    who: Identity,
    poll: web::Path<PollId>,
    key: IdempotencyKey,
    expect: IfMatch,
    body: Json<PollRequest>,
) -> Result<HttpResponse, Problem> {
    let poll = run::update(&app, &who, *poll, body.0, (expect.0, key.0)).await?;
    Ok(HttpResponse::Ok().json(poll))
}

/// Declares a handler for something that the presenter does and that needs no body.
macro_rules! acts {
    ($($(#[doc = $doc:literal])+ $name:ident $path:literal $id:literal $command:expr;)+) => {$(
        $(#[doc = $doc])+
        #[utoipa::path(
            post, path = $path, tag = "polls", operation_id = $id,
            params(("poll" = String, Path, format = "uuid"), KeyHeader),
            responses((status = 200, description = "The poll", body = Poll), BareCommandProblems),
            security(("bearer" = [])),
        )]
        pub async fn $name(
            app: web::Data<App>,
            who: Identity,
            poll: web::Path<PollId>,
            key: IdempotencyKey,
        ) -> Result<HttpResponse, Problem> {
            Ok(HttpResponse::Ok().json(run::act(&app.rooms, &who, *poll, &$command, key.0).await?))
        }
    )+};
}

acts! {
    /// Lets people vote. For the poll's maker. What is asked is fixed from then on.
    open "/api/polls/{poll}/open" "open_poll" Command::Open;
    /// Ends the voting. For the poll's maker.
    close "/api/polls/{poll}/close" "close_poll" Command::Close;
    /// Drops all ballots and goes back to before the opening. For the poll's maker.
    reset "/api/polls/{poll}/reset" "reset_poll" Command::Reset;
    /// Shows everybody the results, whatever the poll says. For the poll's maker.
    reveal "/api/polls/{poll}/reveal" "reveal_poll" Command::Show(true);
    /// Hides the results from everybody else. For the poll's maker.
    hide "/api/polls/{poll}/hide" "hide_poll" Command::Show(false);
}

/// Joins a poll or a series, by a code or a link: the browser is given a voter token, the same
/// device each time, by a cookie that scripts cannot read.
#[utoipa::path(
    post, path = "/api/polls/join", tag = "polls", operation_id = "join_poll",
    request_body = JoinRequest,
    responses((status = 200, description = "Joined", body = Joined), CommandProblems),
    security(()),
)]
pub async fn join(
    req: HttpRequest,
    app: web::Data<App>,
    limits: web::Data<Limits>,
    body: Json<JoinRequest>,
) -> Result<HttpResponse, Problem> {
    let device = match req.cookie(DEVICE) {
        Some(cookie) => {
            from_own_page(&req, &app)?;
            Device::read(cookie.value())
        }
        None => None,
    };
    let from = peer::address(&req);
    let (joined, device) = join::join(&app, &limits, from, &body.0, device).await?;
    // Only this path reads it, and only for pages of our own.
    let cookie = Cookie::build(DEVICE, device.cookie().to_owned())
        .path("/api/polls/join")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(app.public_url.starts_with("https://"))
        .max_age(Duration::days(DEVICE_DAYS))
        .finish();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .cookie(cookie)
        .json(joined))
}

/// Votes, or changes a vote where the poll lets one. The same key again is the same vote, for as
/// long as the round lasts. A ballot of a secret poll comes without a token.
#[utoipa::path(
    post, path = "/api/polls/{poll}/votes", tag = "polls", operation_id = "vote",
    request_body = VoteRequest, params(("poll" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 201, description = "It counts", body = Receipt), CommandProblems),
    security((), ("bearer" = [])),
)]
pub async fn vote(
    app: web::Data<App>,
    who: MaybeBearer,
    poll: web::Path<PollId>,
    key: IdempotencyKey,
    body: Json<VoteRequest>,
) -> Result<HttpResponse, Problem> {
    let receipt = votes::vote(&app, who.0.as_ref(), *poll, body.0, key.0).await?;
    Ok(HttpResponse::Created().json(receipt))
}

/// Has a ballot of a secret poll signed without its being seen (RFC 9474,
/// RSABSSA-SHA384-PSS-Randomized). Each voter gets one; the same request again is signed again.
#[utoipa::path(
    post, path = "/api/polls/{poll}/ballots", tag = "polls", operation_id = "issue_ballot",
    request_body = BallotRequest, params(("poll" = String, Path, format = "uuid")),
    responses((status = 200, description = "Signed", body = BlindSignature), CommandProblems),
    security((), ("bearer" = [])),
)]
pub async fn ballot(
    app: web::Data<App>,
    who: MaybeBearer,
    poll: web::Path<PollId>,
    body: Json<BallotRequest>,
) -> Result<HttpResponse, Problem> {
    let signature = ballots::issue(&app, who.0.as_ref(), *poll, &body.0).await?;
    Ok(HttpResponse::Ok().json(BlindSignature { signature }))
}

/// What the poll has of the caller: of the token, or of the personal code.
#[utoipa::path(
    post, path = "/api/polls/{poll}/mine", tag = "polls", operation_id = "my_vote",
    request_body = Option<MineRequest>, params(("poll" = String, Path, format = "uuid")),
    responses((status = 200, description = "The own part", body = Mine), CommandProblems),
    security((), ("bearer" = [])),
)]
pub async fn mine(
    app: web::Data<App>,
    who: MaybeBearer,
    poll: web::Path<PollId>,
    body: OptionalJson<MineRequest>,
) -> Result<HttpResponse, Problem> {
    let (who, code) = (who.0.as_ref(), body.0.unwrap_or_default().code);
    let voter = votes::voter(*poll, who, code.as_deref(), None)?;
    Ok(HttpResponse::Ok().json(votes::mine(&app.rooms, *poll, who, voter).await?))
}

/// Draws personal codes that may vote. For the poll's maker. They are told this once.
#[utoipa::path(
    post, path = "/api/polls/{poll}/codes", tag = "polls", operation_id = "draw_codes",
    request_body = CodesRequest, params(("poll" = String, Path, format = "uuid")),
    responses((status = 200, description = "The codes", body = Codes), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn codes(
    app: web::Data<App>,
    who: Identity,
    poll: web::Path<PollId>,
    body: Json<CodesRequest>,
) -> Result<HttpResponse, Problem> {
    let (codes, total) = run::draw_codes(&app.rooms, &who, *poll, body.count).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Codes { codes, total }))
}

/// Puts a word out of sight, or back. For the poll's maker.
#[utoipa::path(
    post, path = "/api/polls/{poll}/words", tag = "polls", operation_id = "moderate_word",
    request_body = WordRequest, params(("poll" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The poll", body = Poll), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn word(
    app: web::Data<App>,
    who: Identity,
    poll: web::Path<PollId>,
    key: IdempotencyKey,
    body: Json<WordRequest>,
) -> Result<HttpResponse, Problem> {
    let WordRequest { word, hidden } = body.0;
    let command = Command::HideWord { word, hidden };
    Ok(HttpResponse::Ok().json(run::act(&app.rooms, &who, *poll, &command, key.0).await?))
}

/// Puts the name on a ballot of a quiz out of sight, or back. For the poll's maker.
#[utoipa::path(
    post, path = "/api/polls/{poll}/names", tag = "polls", operation_id = "moderate_name",
    request_body = NameRequest, params(("poll" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 200, description = "The poll", body = Poll), CommandProblems),
    security(("bearer" = [])),
)]
pub async fn name(
    app: web::Data<App>,
    who: Identity,
    poll: web::Path<PollId>,
    key: IdempotencyKey,
    body: Json<NameRequest>,
) -> Result<HttpResponse, Problem> {
    let NameRequest { ballot, hidden } = body.0;
    let command = Command::HideName { ballot, hidden };
    Ok(HttpResponse::Ok().json(run::act(&app.rooms, &who, *poll, &command, key.0).await?))
}

/// The log of the poll's round, record by record, each with the hash that chains it to the one
/// before. For the poll's maker; for everybody once it is closed and its results are shown.
#[utoipa::path(
    get, path = "/api/polls/{poll}/export.csv", tag = "polls", operation_id = "export_poll",
    params(("poll" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The log", body = String, content_type = "text/csv"),
        BareCommandProblems,
    ),
    security((), ("bearer" = [])),
)]
pub async fn export(
    app: web::Data<App>,
    who: MaybeBearer,
    poll: web::Path<PollId>,
) -> Result<HttpResponse, Problem> {
    let records = run::export(&app.rooms, who.0.as_ref(), *poll).await?;
    let name = format!("attachment; filename=\"poll-{poll}.csv\"");
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .streaming(records))
}

/// A QR picture of the link by which people join, under the server's public address.
#[utoipa::path(
    get, path = "/api/polls/{poll}/qr.svg", tag = "polls", operation_id = "poll_qr",
    params(("poll" = String, Path, format = "uuid")),
    responses(
        (status = 200, description = "The picture", body = String, content_type = "image/svg+xml"),
        (status = 304, description = "As the caller knows it"),
        ThingProblems,
    ),
)]
pub async fn qr_picture(
    req: HttpRequest,
    app: web::Data<App>,
    poll: web::Path<PollId>,
) -> Result<HttpResponse, Problem> {
    let code = run::info(&app.rooms, *poll).await?.join_code;
    let code = code.ok_or_else(|| no_such("join code"))?;
    Ok(qr::answer(&req, &format!("{}/join/{code}", app.public_url)))
}
