//! The live connections with the most that waits for them: who is slow.

use actix_web::web;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::http::answers::AdminProblems;
use crate::http::auth::Administrator;
use crate::http::error::Problem;
use crate::http::paging::{List, Page};
use crate::ws::ConnectionView;

/// How many connections are told if nobody says. 20: what fits a screen.
const LIMIT_DEFAULT: u32 = 20;

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConnectionsQuery {
    /// How many at most, 1 to 200; 20 if left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The open live connections, those with the most waiting bytes first.
#[utoipa::path(get, path = "/api/admin/connections", tag = "administration",
    params(ConnectionsQuery),
    responses((status = 200, body = List<ConnectionView>), AdminProblems),
    security(("bearer" = [])))]
pub async fn connections(
    app: web::Data<App>,
    _who: Administrator,
    query: web::Query<ConnectionsQuery>,
) -> Result<web::Json<List<ConnectionView>>, Problem> {
    let page = Page::new(query.limit.or(Some(LIMIT_DEFAULT)), None)?;
    let items = app.live.get().map_or_else(Vec::new, |live| live.slowest(page.limit));
    Ok(web::Json(List { items, next: None }))
}
