//! `/api/languages`: what programs can be written in here.

use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::ListProblems;
use super::error::Problem;
use super::etag;
use crate::app::App;
use crate::judge::shapes::LanguageList;

/// Mounts the languages.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/languages", web::get().to(list));
}

/// What programs can be written in here, what would bring the others, and whether programs can be run at all.
#[utoipa::path(
    get, path = "/api/languages", tag = "judge", operation_id = "list_languages",
    responses(
        (status = 200, description = "The languages", body = LanguageList),
        (status = 304, description = "As the caller knows it"),
        ListProblems,
    ),
)]
pub async fn list(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let court = app.judge.court().await;
    let court = match &court {
        Ok(court) => Ok(&**court),
        Err(absent) => Err(absent.clone()),
    };
    etag::json(&req, &LanguageList::of(court))
}
