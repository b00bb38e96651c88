//! `/api/admin`: how the server and its rooms stand, what was and what can be done about them. For
//! administrators.
//!
//! - [`overview`]: all rooms, the journal, the process. [`rooms`]: one room now, its journal, its past.
//! - [`acts`]: what is done to one room. [`trail`]: what was done, by whom.
//! - [`accounts`]: who there is, and what they may do. [`connections`]: who is slow. [`mod@matches`]: who plays, and how
//!   well they are reached. [`backups`]: copies of everything.

pub mod accounts;
pub mod acts;
pub mod backups;
pub mod connections;
pub mod matches;
pub mod overview;
pub mod rooms;
#[cfg(test)]
mod tests;
pub mod trail;

use actix_web::web;

/// Mounts the routes.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/admin/accounts", web::get().to(accounts::accounts))
        .route("/api/admin/accounts/{id}", web::patch().to(accounts::administer))
        .route("/api/admin/rooms", web::get().to(overview::overview))
        .route("/api/admin/rooms/stored", web::get().to(overview::stored))
        .route("/api/admin/rooms/{room}", web::get().to(rooms::inspect))
        .route("/api/admin/rooms/{room}/journal", web::get().to(rooms::journal))
        .route("/api/admin/rooms/{room}/at/{record}", web::get().to(rooms::at))
        .route("/api/admin/rooms/{room}/parts/{part}", web::get().to(rooms::biography))
        .route("/api/admin/rooms/{room}/quarantine", web::post().to(acts::quarantine))
        .route("/api/admin/rooms/{room}/reopen", web::post().to(acts::reopen))
        .route("/api/admin/rooms/{room}/restart", web::post().to(acts::restart))
        .route("/api/admin/rooms/{room}/snapshot", web::post().to(acts::snapshot))
        .route("/api/admin/rooms/{room}/rewind", web::post().to(acts::rewind))
        .route("/api/admin/rooms/{room}/skip", web::post().to(acts::skip))
        .route("/api/admin/connections", web::get().to(connections::connections))
        .route("/api/admin/matches", web::get().to(matches::matches))
        .route("/api/admin/matches/{session}", web::get().to(matches::evidence))
        .route("/api/admin/matches/{session}/verdicts/{player}", web::put().to(matches::judge))
        .route("/api/admin/matches/{session}/verdicts/{player}", web::delete().to(matches::pardon))
        .route("/api/admin/acts", web::get().to(trail::acts))
        .route("/api/admin/backups", web::get().to(backups::backups))
        .route("/api/admin/backups", web::post().to(backups::back_up))
        .route("/api/admin/backups/{name}", web::delete().to(backups::delete_backup));
}
