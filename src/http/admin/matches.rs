//! The matches that are played, with the connections of their players: who lies, and whose way is poor.

use actix_web::web;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::games::about::{PlayedMatch, played};
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

/// The matches that are played on this server now, as of about a second ago: those first whose players do what no
/// honest client does, then those whose ticks are late.
#[utoipa::path(get, path = "/api/admin/matches", tag = "administration",
    params(MatchesQuery),
    responses((status = 200, body = List<PlayedMatch>), AdminProblems),
    security(("bearer" = [])))]
pub async fn matches(
    app: web::Data<App>,
    _who: Administrator,
    query: web::Query<MatchesQuery>,
) -> Result<web::Json<List<PlayedMatch>>, Problem> {
    let page = Page::new(query.limit.or(Some(LIMIT_DEFAULT)), None)?;
    let items = played(&app.stage, page.limit).await;
    Ok(web::Json(List { items, next: None }))
}
