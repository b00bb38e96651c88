//! The matches that are played, with the connections of their players: who lies, and whose way is poor. And those that
//! are over: what shows who cheated, and the verdict.

use actix_web::{HttpResponse, web};
use playhouse_domain::audit::What;
use playhouse_domain::text::line;
use playhouse_protocol::ids::{AccountId, CommandKey, MatchId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::games::about::{PlayedMatch, played};
use crate::games::evidence::{self, Evidence};
use crate::games::turned_away::TurnedAway;
use crate::http::answers::{AdminProblems, BareCommandProblems, CommandProblems, KeyHeader};
use crate::http::auth::Administrator;
use crate::http::error::Problem;
use crate::http::json::Json;
use crate::http::key::IdempotencyKey;
use crate::http::paging::{List, Page};
use crate::trail::deed;

/// How many matches are told if nobody says. 20: what fits a screen.
const LIMIT_DEFAULT: u32 = 20;

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MatchesQuery {
    /// How many at most, 1 to 200; 20 if left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What is played, and who wanted to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Played {
    /// The matches.
    #[serde(flatten)]
    pub played: List<PlayedMatch>,
    /// Those whose ticket or resume token let nobody in, by address and cause, the newest first: at most 256.
    pub turned_away: Vec<TurnedAway>,
}

/// The matches that are played on this server now, as of about a second ago: those first whose players do what no
/// honest client does, then those whose ticks are late. And who came with a ticket that lets nobody in.
#[utoipa::path(get, path = "/api/admin/matches", tag = "administration",
    params(MatchesQuery),
    responses((status = 200, body = Played), AdminProblems),
    security(("bearer" = [])))]
pub async fn matches(
    app: web::Data<App>,
    _who: Administrator,
    query: web::Query<MatchesQuery>,
) -> Result<web::Json<Played>, Problem> {
    let page = Page::new(query.limit.or(Some(LIMIT_DEFAULT)), None)?;
    let items = played(&app.stage, page.limit).await;
    let played = List { items, next: None };
    Ok(web::Json(Played { played, turned_away: app.stage.turned_away() }))
}

/// How many characters the reason for a verdict has at most. 200: a line of the trail.
const REASON_MAX: usize = 200;

/// A verdict of cheating.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictRequest {
    /// The tick that shows it, from 1.
    tick: u32,
    /// Why, for the audit trail alone: one line of at most 200 characters.
    reason: Option<String>,
}

/// What shows in a match that is over who does what no honest client does, with the ticks. The match is played once
/// more for it.
#[utoipa::path(get, path = "/api/admin/matches/{session}", tag = "administration",
    operation_id = "get_evidence", params(("session" = String, Path, format = "uuid")),
    responses((status = 200, body = Evidence), BareCommandProblems),
    security(("bearer" = [])))]
pub async fn evidence(
    app: web::Data<App>,
    _who: Administrator,
    session: web::Path<MatchId>,
) -> Result<web::Json<Evidence>, Problem> {
    Ok(web::Json(evidence::evidence(&app.rooms, *session).await?))
}

/// Says that a player of a match that is over cheated, with the tick that shows it: what the match gave them is taken
/// back, and those who stood behind them get back what they lost. Given again with another tick, that tick counts.
#[utoipa::path(put, path = "/api/admin/matches/{session}/verdicts/{player}", tag = "administration",
    operation_id = "give_verdict", request_body = VerdictRequest,
    params(("session" = String, Path, format = "uuid"), ("player" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 204, description = "Said"), CommandProblems),
    security(("bearer" = [])))]
pub async fn judge(
    app: web::Data<App>,
    who: Administrator,
    path: web::Path<(MatchId, AccountId)>,
    key: IdempotencyKey,
    body: Json<VerdictRequest>,
) -> Result<HttpResponse, Problem> {
    let VerdictRequest { tick, reason } = body.0;
    let reason = reason.map(|reason| line("a reason", &reason, REASON_MAX)).transpose()?;
    say(&app, who, path.into_inner(), (Some(tick), reason), key.0).await
}

/// Takes a verdict back, with everything that followed from it.
#[utoipa::path(delete, path = "/api/admin/matches/{session}/verdicts/{player}", tag = "administration",
    operation_id = "take_back_verdict",
    params(("session" = String, Path, format = "uuid"), ("player" = String, Path, format = "uuid"), KeyHeader),
    responses((status = 204, description = "Taken back"), BareCommandProblems),
    security(("bearer" = [])))]
pub async fn pardon(
    app: web::Data<App>,
    who: Administrator,
    path: web::Path<(MatchId, AccountId)>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    say(&app, who, path.into_inner(), (None, None), key.0).await
}

async fn say(
    app: &App,
    Administrator(who): Administrator,
    (session, player): (MatchId, AccountId),
    (tick, reason): (Option<u32>, Option<String>),
    key: Option<CommandKey>,
) -> Result<HttpResponse, Problem> {
    let what = tick.map_or("taken back".to_owned(), |tick| format!("cheated at tick {tick}"));
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let detail = format!("account {player} {what}{reason}");
    let deed = deed(&who, What::MatchVerdict, Some(format!("game:{session}")), detail);
    let rooms = app.rooms.clone();
    let judged = async move { evidence::judge(&rooms, &who, session, (player, tick), key).await };
    app.trail.perform(deed, judged).await?;
    Ok(HttpResponse::NoContent().finish())
}
