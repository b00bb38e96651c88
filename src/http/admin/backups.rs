//! Copies of everything, made and deleted by administrators.

use actix_web::{HttpResponse, web};
use playhouse_domain::audit::What;

use crate::app::App;
use crate::backups::Backup;
use crate::http::answers::RewriteProblems;
use crate::http::auth::Administrator;
use crate::http::error::Problem;
use crate::http::paging::List;
use crate::trail::deed;

/// Copies everything into a new file in the data directory's folder `backups`. Writes wait meanwhile.
/// At most ten are kept there, and one is made at a time.
#[utoipa::path(post, path = "/api/admin/backups", tag = "administration",
    responses((status = 201, description = "Copied", body = Backup), RewriteProblems),
    security(("bearer" = [])))]
pub async fn back_up(app: web::Data<App>, who: Administrator) -> Result<HttpResponse, Problem> {
    let deed = deed(&who.0, What::Backup, None, "");
    let backups = app.backups.clone();
    let made = app.trail.perform(deed, async move { backups.make().await }).await?;
    Ok(HttpResponse::Created().json(made))
}

/// The copies that are there, newest first.
#[utoipa::path(get, path = "/api/admin/backups", tag = "administration",
    responses((status = 200, body = List<Backup>), RewriteProblems),
    security(("bearer" = [])))]
pub async fn backups(
    app: web::Data<App>,
    _who: Administrator,
) -> Result<web::Json<List<Backup>>, Problem> {
    Ok(web::Json(List { items: app.backups.list().await?, next: None }))
}

/// Deletes a copy for good.
#[utoipa::path(delete, path = "/api/admin/backups/{name}", tag = "administration",
    params(("name" = String, Path, description = "The file's name")),
    responses((status = 204, description = "Deleted"), RewriteProblems),
    security(("bearer" = [])))]
pub async fn delete_backup(
    app: web::Data<App>,
    who: Administrator,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let deed = deed(&who.0, What::BackupDelete, Some(name.clone()), "");
    let backups = app.backups.clone();
    app.trail.perform(deed, async move { backups.delete(&name).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}
