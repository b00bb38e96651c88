//! `/api/admin/rooms`: how the rooms stand, one room's state and its past. For administrators.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use playhouse_actors::handle::AskError;
use playhouse_actors::journal::Rewrite;
use playhouse_domain::room::Audience;
use playhouse_protocol::ids::RoomId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{AdminProblems, RewriteProblems};
use super::auth::Administrator;
use super::error::Problem;
use super::json::Json;
use super::paging::{List, Page};
use crate::app::App;

/// The most records of a room's past in one answer. 200, as for lists.
const RECORDS_MAX: usize = 200;

/// Mounts the routes.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/api/admin/rooms", web::get().to(overview))
        .route("/api/admin/rooms/stored", web::get().to(stored))
        .route("/api/admin/rooms/{room}", web::get().to(inspect))
        .route("/api/admin/rooms/{room}/journal", web::get().to(journal))
        .route("/api/admin/rooms/{room}/quarantine", web::post().to(quarantine))
        .route("/api/admin/rooms/{room}/reopen", web::post().to(reopen))
        .route("/api/admin/rooms/{room}/rewind", web::post().to(rewind))
        .route("/api/admin/rooms/{room}/skip", web::post().to(skip));
}

/// How the rooms stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomsOverview {
    /// Counts by kind.
    kinds: BTreeMap<String, KindCounts>,
    /// Rooms that are closed until an administrator has looked at them, each with the reason.
    quarantined: BTreeMap<String, String>,
    /// Commands that were set aside because they failed too often, oldest first, without secrets.
    dead_letters: Vec<Letter>,
}

/// Counts of one kind of room.
#[derive(Debug, Serialize, ToSchema)]
pub struct KindCounts {
    /// Rooms in memory now.
    loaded: u64,
    /// Rebuilds after a failure, since the start.
    failures: u64,
    /// Commands that were set aside, since the start.
    dead_letters: u64,
    /// How many commands may wait for one room.
    mailbox: usize,
    /// How many wait for all of them now.
    waiting: usize,
}

/// A command that was set aside.
#[derive(Debug, Serialize, ToSchema)]
pub struct Letter {
    /// For which room.
    room: String,
    /// When it was set aside.
    #[schema(format = DateTime)]
    at: String,
    /// Who sent it.
    caller: String,
    /// What it was, without its secrets.
    command: String,
    /// What went wrong.
    failure: String,
}

/// One room.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomState {
    /// Its name.
    room: String,
    /// `loading`, `live`, `rebuilding` or `quarantined`, with figures.
    #[schema(value_type = Object)]
    status: serde_json::Value,
    /// What those who run it see; none if it is closed.
    #[schema(value_type = Option<Object>)]
    view: Option<serde_json::Value>,
}

/// Which stored rooms are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StoredQuery {
    /// Only rooms of this kind.
    kind: Option<String>,
    /// How many at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
    /// What the page before gave as `next`.
    cursor: Option<String>,
}

/// Which part of a room's past is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PastQuery {
    /// The first record; 1 if absent.
    from: Option<u64>,
    /// How many records at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
}

/// Why a room is closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuarantineRequest {
    /// For whoever is refused meanwhile.
    reason: String,
}

/// Where a room goes back to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RewindRequest {
    /// The last record that counts; 0 for none.
    to: u64,
}

/// What a room goes on without.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipRequest {
    /// The one record that does not count.
    record: u64,
}

/// A room with another past.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rewritten {
    /// Its name.
    room: String,
    /// Its revision now: the record that says what was done.
    revision: u64,
}

/// How the rooms stand: counts by kind, the quarantined ones, and commands that were set aside.
#[utoipa::path(get, path = "/api/admin/rooms", tag = "administration",
    responses((status = 200, body = RoomsOverview),
        AdminProblems),
    security(("bearer" = [])))]
pub async fn overview(app: web::Data<App>, _who: Administrator) -> HttpResponse {
    let overview = app.rooms.overview();
    let counts = |k: playhouse_actors::KindStats| KindCounts {
        loaded: k.loaded,
        failures: k.failures,
        dead_letters: k.dead_letters,
        mailbox: k.mailbox,
        waiting: k.waiting,
    };
    let letters = app.rooms.dead_letters().into_iter().map(|(room, letter)| Letter {
        room: room.to_string(),
        at: letter.at.to_string(),
        caller: format!("{:?}", letter.caller),
        command: letter.command,
        failure: letter.panic,
    });
    HttpResponse::Ok().json(RoomsOverview {
        kinds: overview.kinds.into_iter().map(|(kind, k)| (kind, counts(k))).collect(),
        quarantined: overview.quarantined,
        dead_letters: letters.collect(),
    })
}

/// The names of all rooms that are stored, in memory or not.
#[utoipa::path(get, path = "/api/admin/rooms/stored", tag = "administration", params(StoredQuery),
    responses((status = 200, body = List<String>),
        AdminProblems),
    security(("bearer" = [])))]
pub async fn stored(
    app: web::Data<App>,
    _who: Administrator,
    query: web::Query<StoredQuery>,
) -> Result<web::Json<List<String>>, Problem> {
    let query = query.into_inner();
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    // A cursor of another list is no room, and starts this one from its beginning.
    let after = page.after.as_deref().and_then(|name| name.parse().ok());
    let rooms = app.rooms.stored(query.kind, after, page.fetch()).await?;
    let named = rooms.into_iter().map(|room| (room.to_string(), room.to_string())).collect();
    Ok(web::Json(page.list(named)))
}

/// One room: how it stands and what those who run it see. Loads it if it sleeps.
#[utoipa::path(get, path = "/api/admin/rooms/{room}", tag = "administration",
    params(("room" = String, Path, description = "kind:key", example = "showing:0190c7e2-0000-7000-8000-000000000000")),
    responses((status = 200, body = RoomState),
        AdminProblems),
    security(("bearer" = [])))]
pub async fn inspect(
    app: web::Data<App>,
    _who: Administrator,
    room: web::Path<RoomId>,
) -> Result<web::Json<RoomState>, Problem> {
    // Asked first, because it waits until the room is loaded; a closed one refuses it.
    let seen = app.rooms.view(&room, Audience::Presenter).await.ok();
    let status = app.rooms.status(&room).await?;
    if status.revision == 0 && status.phase != "quarantined" {
        // Nobody has told it anything: a name that fits and names nothing.
        return Err(AskError::NoSuchRoom.into());
    }
    let view = seen.and_then(|seen| serde_json::from_slice(&seen.json).ok());
    let status = serde_json::to_value(&status)
        .map_err(|e| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", e.to_string()))?;
    Ok(web::Json(RoomState { room: room.to_string(), status, view }))
}

/// A room's past as its journal has it: `{oldest, newest, records}`, secrets left out.
#[utoipa::path(get, path = "/api/admin/rooms/{room}/journal", tag = "administration",
    params(("room" = String, Path, description = "kind:key"), PastQuery),
    responses((status = 200, body = Object),
        AdminProblems),
    security(("bearer" = [])))]
pub async fn journal(
    app: web::Data<App>,
    _who: Administrator,
    room: web::Path<RoomId>,
    query: web::Query<PastQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = Page::new(query.limit, None)?.limit.min(RECORDS_MAX);
    let past = app.rooms.past(&room, query.from.unwrap_or(1), limit).await?;
    Ok(HttpResponse::Ok().json(past))
}

/// Closes a room to everybody until it is reopened.
#[utoipa::path(post, path = "/api/admin/rooms/{room}/quarantine", tag = "administration",
    params(("room" = String, Path, description = "kind:key")), request_body = QuarantineRequest,
    responses((status = 202, description = "The room closes"),
        AdminProblems),
    security(("bearer" = [])))]
pub async fn quarantine(
    app: web::Data<App>,
    who: Administrator,
    room: web::Path<RoomId>,
    body: Json<QuarantineRequest>,
) -> Result<HttpResponse, Problem> {
    let reason: String = body.reason.chars().filter(|c| !c.is_control()).take(200).collect();
    tracing::warn!(%room, reason, by = %who.0.account, "an administrator closes a room");
    app.rooms.quarantine(&room, reason)?;
    Ok(HttpResponse::Accepted().finish())
}

/// Rebuilds a room from its journal and opens it.
#[utoipa::path(post, path = "/api/admin/rooms/{room}/reopen", tag = "administration",
    params(("room" = String, Path, description = "kind:key")),
    responses((status = 202, description = "The room is rebuilt and opens"),
        AdminProblems),
    security(("bearer" = [])))]
pub async fn reopen(
    app: web::Data<App>,
    who: Administrator,
    room: web::Path<RoomId>,
) -> Result<HttpResponse, Problem> {
    tracing::warn!(%room, by = %who.0.account, "an administrator reopens a room");
    app.rooms.reopen(&room)?;
    Ok(HttpResponse::Accepted().finish())
}

/// Takes a quarantined room back to what it was with the record `to`, and opens it.
///
/// Every later record is undone for good, whoever was told of it; they stay in the journal to be
/// looked at. What the room owes to others then is done again under the same keys.
#[utoipa::path(post, path = "/api/admin/rooms/{room}/rewind", tag = "administration",
    params(("room" = String, Path, description = "kind:key")), request_body = RewindRequest,
    responses((status = 200, body = Rewritten),
        RewriteProblems),
    security(("bearer" = [])))]
pub async fn rewind(
    app: web::Data<App>,
    who: Administrator,
    room: web::Path<RoomId>,
    body: Json<RewindRequest>,
) -> Result<web::Json<Rewritten>, Problem> {
    rewrite(&app, &who, &room, Rewrite::Rewind(body.to)).await
}

/// Opens a quarantined room without one of its records: one that is damaged, or that its rules
/// cannot take any more. What that record said is undone for good.
#[utoipa::path(post, path = "/api/admin/rooms/{room}/skip", tag = "administration",
    params(("room" = String, Path, description = "kind:key")), request_body = SkipRequest,
    responses((status = 200, body = Rewritten),
        RewriteProblems),
    security(("bearer" = [])))]
pub async fn skip(
    app: web::Data<App>,
    who: Administrator,
    room: web::Path<RoomId>,
    body: Json<SkipRequest>,
) -> Result<web::Json<Rewritten>, Problem> {
    rewrite(&app, &who, &room, Rewrite::Skip(body.record)).await
}

async fn rewrite(
    app: &App,
    who: &Administrator,
    room: &RoomId,
    rewrite: Rewrite,
) -> Result<web::Json<Rewritten>, Problem> {
    tracing::warn!(%room, ?rewrite, by = %who.0.account, "an administrator rewrites a room");
    let revision = app.rooms.rewrite(room, who.0.caller(), rewrite).await?;
    Ok(web::Json(Rewritten { room: room.to_string(), revision }))
}

#[cfg(test)]
mod tests {
    use actix_web::http::{Method, header};
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use playhouse_domain::room::Role;
    use serde_json::{Value, json};

    use crate::config::Config;
    use crate::http::mount::{Base, application, routes};
    use crate::server::Server;

    const PASSWORD: &str = "correct horse battery";

    /// A server with an administrator and a user, asked without its sockets.
    struct House {
        server: Server,
        admin: String,
        user: String,
        _folder: tempfile::TempDir,
    }

    impl House {
        async fn open() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let mut config = Config::default();
            config.store.data = folder.path().to_owned();
            config.http.addr.set_port(0);
            config.admin.password = Some(PASSWORD.to_owned());
            let server = Server::start(config).await.unwrap();
            let accounts = &server.app().accounts;
            accounts.register("ann", "ann@example.org", PASSWORD, Role::User).await.unwrap();
            let admin = accounts.log_in("admin", PASSWORD).await.unwrap().access_token;
            let user = accounts.log_in("ann", PASSWORD).await.unwrap().access_token;
            Self { server, admin, user, _folder: folder }
        }

        async fn ask(&self, token: &str, req: TestRequest) -> (u16, Value) {
            let app = self.server.app();
            let base = Base::new(app.config.clone(), app.phase.clone());
            let service = init_service(application(base, routes(app.clone()))).await;
            let req = match token {
                "" => req,
                token => req.insert_header((header::AUTHORIZATION, format!("Bearer {token}"))),
            };
            let response = call_service(&service, req.to_request()).await;
            let status = response.status().as_u16();
            let body = read_body(response).await;
            (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
        }

        async fn get(&self, token: &str, uri: &str) -> (u16, Value) {
            self.ask(token, TestRequest::with_uri(uri)).await
        }

        async fn room(&self) -> String {
            let id = self.server.app().accounts.find("ann").await.unwrap().unwrap();
            format!("account:{id}")
        }
    }

    #[actix_web::test]
    async fn only_administrators_look_into_rooms() {
        let house = House::open().await;
        let room = house.room().await;
        for uri in [
            "/api/admin/rooms".to_owned(),
            "/api/admin/rooms/stored".to_owned(),
            format!("/api/admin/rooms/{room}"),
            format!("/api/admin/rooms/{room}/journal"),
        ] {
            assert_eq!(house.get("", &uri).await.0, 401, "{uri}");
            assert_eq!(house.get(&house.user, &uri).await.0, 403, "{uri}");
            assert_eq!(house.get(&house.admin, &uri).await.0, 200, "{uri}");
        }
        house.server.stop().await;
    }

    #[actix_web::test]
    async fn a_room_shows_its_state_and_its_past_without_secrets() {
        let house = House::open().await;
        let room = house.room().await;
        let (_, overview) = house.get(&house.admin, "/api/admin/rooms").await;
        assert!(overview["kinds"]["account"]["loaded"].as_u64() >= Some(2), "{overview}");
        let (_, stored) = house.get(&house.admin, "/api/admin/rooms/stored?kind=account").await;
        assert_eq!(stored["items"].as_array().unwrap().len(), 2, "{stored}");
        let (_, state) = house.get(&house.admin, &format!("/api/admin/rooms/{room}")).await;
        assert_eq!((&state["room"], &state["status"]["phase"]), (&json!(room), &json!("live")));
        let (_, past) = house.get(&house.admin, &format!("/api/admin/rooms/{room}/journal")).await;
        assert_eq!(past["records"][0]["seq"], 1, "{past}");
        let text = past.to_string() + &state.to_string();
        assert!(!text.contains("argon2") && !text.contains(PASSWORD), "{text}");
        house.server.stop().await;
    }

    #[actix_web::test]
    async fn a_name_that_names_nothing_is_not_found() {
        let house = House::open().await;
        for room in ["nothing", "nothing:1", "account:0190c7e2-0000-7000-8000-000000000000", ":"] {
            let (status, problem) =
                house.get(&house.admin, &format!("/api/admin/rooms/{room}")).await;
            assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{room}");
        }
        house.server.stop().await;
    }

    #[actix_web::test]
    async fn a_closed_room_opens_again() {
        let house = House::open().await;
        let uri = format!("/api/admin/rooms/{}", house.room().await);
        let post =
            |path: &str| TestRequest::with_uri(&format!("{uri}/{path}")).method(Method::POST);
        let close = post("quarantine").set_json(json!({ "reason": "looks odd" }));
        assert_eq!(house.ask(&house.admin, close).await.0, 202);
        let (_, state) = house.get(&house.admin, &uri).await;
        assert_eq!(state["status"]["phase"], "quarantined", "{state}");
        let (_, overview) = house.get(&house.admin, "/api/admin/rooms").await;
        assert_eq!(overview["quarantined"].as_object().unwrap().len(), 1, "{overview}");
        assert_eq!(house.ask(&house.admin, post("reopen")).await.0, 202);
        for _ in 0..200 {
            let (_, state) = house.get(&house.admin, &uri).await;
            if state["status"]["phase"] == "live" {
                house.server.stop().await;
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the room stayed closed");
    }

    #[actix_web::test]
    async fn a_closed_room_is_taken_back_to_an_earlier_record() {
        let house = House::open().await;
        let uri = format!("/api/admin/rooms/{}", house.room().await);
        let post = |path: &str, body: Value| {
            TestRequest::with_uri(&format!("{uri}/{path}")).method(Method::POST).set_json(body)
        };
        let (_, past) = house.get(&house.admin, &format!("{uri}/journal")).await;
        let newest = past["newest"].as_u64().unwrap();
        let rewind = |to: u64| post("rewind", json!({ "to": to }));
        assert_eq!(house.ask(&house.user, rewind(1)).await.0, 403);
        let (status, open) = house.ask(&house.admin, rewind(newest)).await;
        assert_eq!((status, &open["code"]), (409, &json!("not_quarantined")), "{open}");
        let close = post("quarantine", json!({ "reason": "looks odd" }));
        assert_eq!(house.ask(&house.admin, close).await.0, 202);
        let (status, no_such) = house.ask(&house.admin, rewind(newest + 1)).await;
        assert_eq!((status, &no_such["code"]), (409, &json!("rewrite_refused")), "{no_such}");
        let (status, done) = house.ask(&house.admin, rewind(newest)).await;
        assert_eq!((status, &done["revision"]), (200, &json!(newest + 1)), "{done}");
        let (_, state) = house.get(&house.admin, &uri).await;
        assert_eq!(state["status"]["phase"], "live", "{state}");
        let (_, past) = house.get(&house.admin, &format!("{uri}/journal")).await;
        let last = past["records"].as_array().unwrap().last().unwrap();
        assert_eq!(last["cause"]["rewrite"], json!({ "rewind": newest }), "{past}");
        assert!(!past.to_string().contains("argon2"), "{past}");
        house.server.stop().await;
    }
}
