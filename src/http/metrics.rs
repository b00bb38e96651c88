//! Figures for Prometheus: what is counted of requests, and `GET /metrics`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use playhouse_domain::room::Role;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::MaybeIdentity;
use super::error::Problem;
use super::peer;
use crate::app::App;
use crate::config::MetricsAccess;

/// Upper bounds of the buckets of every duration, in seconds: from an answer out of memory to one
/// that waited for a payment.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Upper bounds of the buckets of a number of frames, up to a full batch.
const FRAMES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// The recorder of this process. There is one, however many servers a test starts.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// When this process started to record.
static STARTED: OnceLock<jiff::Timestamp> = OnceLock::new();

/// Requests answered, for rates.
static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// Starts to record. Before the first call figures go nowhere.
pub fn install() {
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|b| b.set_buckets_for_metric(Matcher::Suffix("_frames".to_owned()), &FRAMES))
            .ok()?;
        let handle = builder.install_recorder().ok()?;
        describe();
        Some(handle)
    });
}

fn describe() {
    use Unit::{Bytes, Count, Seconds};
    for (name, unit, what) in [
        ("playhouse_start_time_seconds", Seconds, "When the server started."),
        ("playhouse_resident_bytes", Bytes, "Memory of the process."),
        ("playhouse_open_descriptors", Count, "Open file descriptors."),
        ("playhouse_rooms_loaded", Count, "Rooms in memory."),
        ("playhouse_rooms_waiting", Count, "Requests that wait in the mailboxes of rooms."),
        ("playhouse_rooms_watchers", Count, "Watches of rooms."),
        (
            "playhouse_rooms_bytes",
            Bytes,
            "Rooms in memory: their newest snapshots and what followed.",
        ),
        ("playhouse_rooms_quarantined", Count, "Rooms that are closed until somebody looks."),
    ] {
        describe_gauge!(name, unit, what);
    }
    for (name, what) in [
        ("playhouse_http_requests_total", "Requests answered."),
        ("playhouse_journal_frames_total", "Frames on the disk."),
        ("playhouse_journal_errors_total", "Batches that the store failed to write."),
        ("playhouse_room_overloaded_total", "Commands that a full room turned away."),
        ("playhouse_room_slow_decisions_total", "Decisions over their budget of time."),
        ("playhouse_room_failures_total", "Rebuilds of rooms after a failure."),
    ] {
        describe_counter!(name, Count, what);
    }
    for (name, unit, what) in [
        ("playhouse_http_request_seconds", Seconds, "From a request's head to its answer's head."),
        ("playhouse_journal_commit_seconds", Seconds, "One batch, all of it."),
        ("playhouse_journal_sync_seconds", Seconds, "One sync of the store to the disk."),
        ("playhouse_journal_batch_frames", Count, "Frames of one batch."),
    ] {
        describe_histogram!(name, unit, what);
    }
    let started = STARTED.get_or_init(jiff::Timestamp::now);
    gauge!("playhouse_start_time_seconds").set(started.as_second() as f64);
}

/// Counts one request. The route is the pattern, never the path, so that the number of series stays
/// bounded; foreign methods share one name for the same reason.
pub(super) fn record(method: &Method, route: &str, status: StatusCode, took: Duration) {
    REQUESTS.fetch_add(1, Ordering::Relaxed);
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let method = known.into_iter().find(|k| *k == method.as_str()).unwrap_or("other");
    let route = route.to_owned();
    counter!("playhouse_http_requests_total", "method" => method, "route" => route.clone(),
        "status" => status.as_u16().to_string())
    .increment(1);
    if status != StatusCode::SWITCHING_PROTOCOLS {
        histogram!("playhouse_http_request_seconds", "method" => method, "route" => route)
            .record(took.as_secs_f64());
    }
}

/// Folds what was recorded since the last call, so that memory stays bounded when nobody scrapes.
pub fn upkeep() {
    if let Some(Some(handle)) = RECORDER.get() {
        handle.run_upkeep();
    }
}

/// Requests answered by this process.
pub(crate) fn requests() -> u64 {
    REQUESTS.load(Ordering::Relaxed)
}

/// The process, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Process {
    /// When it started.
    #[schema(format = DateTime)]
    started_at: String,
    /// Its memory; none where the system does not tell.
    resident_bytes: Option<u64>,
    /// Its open file descriptors; none where the system does not tell.
    descriptors: Option<u64>,
    /// The time now.
    #[schema(format = DateTime)]
    server_time: String,
}

/// How the process stands.
#[must_use]
pub fn process() -> Process {
    let now = jiff::Timestamp::now();
    let started = *STARTED.get_or_init(|| now);
    let text = |at: jiff::Timestamp| format!("{at:.3}");
    let (resident_bytes, descriptors) = (resident_bytes(), descriptors());
    Process { started_at: text(started), resident_bytes, descriptors, server_time: text(now) }
}

fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

fn descriptors() -> Option<u64> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count() as u64)
}

/// Everything recorded, in Prometheus' text format.
#[must_use]
pub fn render() -> String {
    if let Some(bytes) = resident_bytes() {
        gauge!("playhouse_resident_bytes").set(bytes as f64);
    }
    if let Some(open) = descriptors() {
        gauge!("playhouse_open_descriptors").set(open as f64);
    }
    RECORDER.get().and_then(Option::as_ref).map(PrometheusHandle::render).unwrap_or_default()
}

/// Mounts `/metrics`.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/metrics", web::get().to(get));
}

/// `GET /metrics`. Who may read it is the setting `http.metrics`.
async fn get(
    app: web::Data<App>,
    req: HttpRequest,
    MaybeIdentity(who): MaybeIdentity,
) -> Result<HttpResponse, Problem> {
    let may = match app.config.http.metrics {
        MetricsAccess::Everyone => true,
        MetricsAccess::Loopback => peer::is_local(&req),
        MetricsAccess::Admin => {
            peer::is_local(&req) || who.is_some_and(|who| who.role == Role::Admin)
        }
    };
    if !may {
        let detail = "the figures are not for everyone (see http.metrics)";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    app.stage.tell_figures();
    let overview = app.rooms.overview();
    for (kind, stats) in overview.kinds {
        gauge!("playhouse_rooms_loaded", "kind" => kind.clone()).set(stats.loaded as f64);
        gauge!("playhouse_rooms_waiting", "kind" => kind.clone()).set(stats.waiting as f64);
        gauge!("playhouse_rooms_watchers", "kind" => kind.clone()).set(stats.watchers as f64);
        gauge!("playhouse_rooms_bytes", "kind" => kind.clone()).set(stats.bytes as f64);
        counter!("playhouse_room_failures_total", "kind" => kind).absolute(stats.failures);
    }
    gauge!("playhouse_rooms_quarantined").set(overview.quarantined.len() as f64);
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(render()))
}
