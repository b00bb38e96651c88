//! How all rooms, the journal and the process stand.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use playhouse_actors::Rooms;
use playhouse_actors::journal::figures::{JournalFigures, Percentiles};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::answers::AdminProblems;
use crate::http::auth::Administrator;
use crate::http::error::Problem;
use crate::http::metrics::{self, Process};
use crate::http::paging::{List, Page};

/// How the rooms, the journal and the process stand: what the live channel `admin:rooms` tells too.
#[derive(Debug, Serialize, ToSchema)]
pub struct Standing {
    /// Counts by kind.
    kinds: BTreeMap<String, KindCounts>,
    /// Rooms that are closed until an administrator has looked at them, each with the reason.
    quarantined: BTreeMap<String, String>,
    /// The process.
    server: Process,
    /// The journal.
    journal: JournalCounts,
}

/// How the rooms stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomsOverview {
    /// Counts of the rooms.
    #[serde(flatten)]
    standing: Standing,
    /// Commands that were set aside because they failed too often, oldest first, without secrets.
    dead_letters: Vec<Letter>,
    /// The newest 100 rebuilds of rooms after a failure, oldest first.
    crashes: Vec<CrashReport>,
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
    /// Watches of its rooms.
    watchers: usize,
    /// Bytes of its rooms in memory, about: the encoded size of their newest snapshots and of what
    /// followed.
    bytes: usize,
}

/// How the journal does.
#[derive(Debug, Serialize, ToSchema)]
pub struct JournalCounts {
    /// Frames on the disk, since the start.
    frames: u64,
    /// Batches that the store failed to write, since the start.
    errors: u64,
    /// The newest 1,000 syncs of the disk; none before the first.
    sync_ms: Option<Milliseconds>,
    /// The newest 1,000 batches, all of each; none before the first.
    commit_ms: Option<Milliseconds>,
}

/// How long something took, in milliseconds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Milliseconds {
    /// Half of it took no longer.
    p50: f64,
    /// 99 of 100 took no longer.
    p99: f64,
}

impl From<Percentiles> for Milliseconds {
    fn from(Percentiles { p50, p99 }: Percentiles) -> Self {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        Self { p50: ms(p50), p99: ms(p99) }
    }
}

/// A command that was set aside.
#[derive(Debug, Serialize, ToSchema)]
pub struct Letter {
    /// For which room.
    room: String,
    /// When it was set aside; none where that is nobody's business, as of a secret poll's roll.
    #[schema(format = DateTime)]
    at: Option<String>,
    /// Who sent it; none likewise.
    caller: Option<String>,
    /// What it was, without its secrets.
    command: String,
    /// What went wrong.
    failure: String,
}

/// A room failed and was rebuilt.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrashReport {
    /// Which room.
    room: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What happened.
    reason: String,
}

/// Which stored rooms are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StoredQuery {
    /// Only rooms of this kind.
    kind: Option<String>,
    /// How many at most, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// What the page before gave as `next`.
    cursor: Option<String>,
}

impl Standing {
    /// As it is now.
    #[must_use]
    pub fn of(rooms: &Rooms) -> Self {
        let overview = rooms.overview();
        let counts = |k: playhouse_actors::KindStats| KindCounts {
            loaded: k.loaded,
            failures: k.failures,
            dead_letters: k.dead_letters,
            mailbox: k.mailbox,
            waiting: k.waiting,
            watchers: k.watchers,
            bytes: k.bytes,
        };
        let JournalFigures { frames, errors, sync, commit } = rooms.journal_figures();
        let (sync_ms, commit_ms) = (sync.map(Into::into), commit.map(Into::into));
        Self {
            kinds: overview.kinds.into_iter().map(|(kind, k)| (kind, counts(k))).collect(),
            quarantined: overview.quarantined,
            server: metrics::process(),
            journal: JournalCounts { frames, errors, sync_ms, commit_ms },
        }
    }
}

/// How the rooms stand: counts by kind, the quarantined ones, commands that were set aside, rebuilds;
/// and how the process and the journal do.
#[utoipa::path(get, path = "/api/admin/rooms", tag = "administration",
    responses((status = 200, body = RoomsOverview),
        AdminProblems),
    security(("bearer" = [])))]
pub async fn overview(app: web::Data<App>, _who: Administrator) -> HttpResponse {
    let letters = app.rooms.dead_letters().into_iter().map(|(room, letter)| Letter {
        room: room.to_string(),
        at: letter.at.map(|at| at.to_string()),
        caller: letter.caller.map(|caller| format!("{caller:?}")),
        command: letter.command,
        failure: letter.panic,
    });
    let crashes = app.rooms.crashes().into_iter().map(|(room, crash)| CrashReport {
        room: room.to_string(),
        at: crash.at.to_string(),
        reason: crash.reason,
    });
    HttpResponse::Ok().json(RoomsOverview {
        standing: Standing::of(&app.rooms),
        dead_letters: letters.collect(),
        crashes: crashes.collect(),
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
