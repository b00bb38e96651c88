//! Figures for Prometheus: what is counted of requests, and `GET /metrics`.

use std::sync::OnceLock;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the buckets of every duration, in seconds: from an answer out of memory to one
/// that waited for a payment.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The recorder of this process. There is one, however many servers a test starts.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts to record. Before the first call figures go nowhere.
pub fn install() {
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .ok()?;
        let handle = builder.install_recorder().ok()?;
        describe();
        Some(handle)
    });
}

fn describe() {
    describe_counter!("playhouse_http_requests_total", Unit::Count, "Requests answered.");
    describe_histogram!(
        "playhouse_http_request_seconds",
        Unit::Seconds,
        "Time from a request's head to its answer's head."
    );
    describe_gauge!("playhouse_start_time_seconds", Unit::Seconds, "When the server started.");
    describe_gauge!("playhouse_resident_bytes", Unit::Bytes, "Memory of the process.");
    describe_gauge!("playhouse_open_descriptors", Unit::Count, "Open file descriptors.");
    gauge!("playhouse_start_time_seconds").set(jiff::Timestamp::now().as_second() as f64);
}

/// Counts one request. The route is the pattern, never the path, so that the number of series stays
/// bounded; foreign methods share one name for the same reason.
pub(super) fn record(method: &Method, route: &str, status: StatusCode, took: Duration) {
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

/// Everything recorded, in Prometheus' text format.
#[must_use]
pub fn render() -> String {
    if let Some(pages) = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|s| s.split(' ').nth(1)?.parse::<f64>().ok())
    {
        gauge!("playhouse_resident_bytes").set(pages * 4096.0);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        gauge!("playhouse_open_descriptors").set(open.count() as f64);
    }
    RECORDER.get().and_then(Option::as_ref).map(PrometheusHandle::render).unwrap_or_default()
}

/// `GET /metrics`. Who may read it is the setting `http.metrics`.
pub(super) fn answer(_: &HttpRequest) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(render())
}

/// Mounts `/metrics`.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/metrics", web::get().to(get_metrics));
}

async fn get_metrics(req: HttpRequest) -> HttpResponse {
    answer(&req)
}
