//! The matches that are played, with the connections of their players: who lies, and whose way is poor.

use actix_web::web;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::games::about::{PlayedMatch, played};
use crate::games::turned_away::TurnedAway;
use crate::http::answers::AdminProblems;
use crate::http::auth::Administrator;
use crate::http::error::Problem;
use crate::http::paging::{List, Page};

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
