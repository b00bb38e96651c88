//! What was administered, and by whom.

use actix_web::{HttpResponse, web};
use playhouse_domain::audit;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::answers::AdminProblems;
use crate::http::auth::Administrator;
use crate::http::error::Problem;
use crate::http::paging::{List, Page};
use crate::lists::{self, Range};

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActsQuery {
    /// How many, 1 to 200; 50 if left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Who acted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActedBy {
    /// The account; none for the command line.
    #[schema(format = Uuid)]
    account: Option<String>,
    /// Its user name, or `command line`.
    name: String,
}

/// One administrative act.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActView {
    /// Its number.
    id: u64,
    /// When it was about to be done.
    #[schema(format = DateTime)]
    at: String,
    /// Who acted.
    by: ActedBy,
    /// What was done, such as `room.quarantine`.
    act: String,
    /// To which room, account or file.
    about: Option<String>,
    /// With which values.
    detail: String,
    /// `begun`, `done` or `refused`. One that stays begun was cut off by a crash.
    outcome: String,
    /// The problem's code, if it was refused.
    code: Option<String>,
}

/// The audit trail: every administrative act, newest first. An act is taken down before it is done.
/// The newest 100,000 are kept.
#[utoipa::path(get, path = "/api/admin/acts", tag = "administration", params(ActsQuery),
    responses((status = 200, body = List<ActView>), AdminProblems),
    security(("bearer" = [])))]
pub async fn acts(
    app: web::Data<App>,
    _who: Administrator,
    query: web::Query<ActsQuery>,
) -> Result<HttpResponse, Problem> {
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    let range = Range { table: audit::TABLE, descending: true, ..Range::default() };
    let json = lists::page(&app.rooms, range, &page).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(json))
}
