//! What happens around every request: its id, its span, the access log, the figures, and the
//! headers that every answer carries.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use tracing::Instrument;
use uuid::Uuid;

use super::{metrics, peer};
use crate::config::Config;
use crate::quic::Reach;

/// What the pages may load: what the server itself serves, and matches from where it serves them.
/// Posters come from where organizers say, over TLS, and are fetched without a referrer.
fn policy(reach: Option<&Reach>, host: Option<&str>) -> String {
    let play = reach.and_then(|reach| reach.contact(host));
    let play = play.map(|at| format!("connect-src 'self' https://{at}; ")).unwrap_or_default();
    format!(
        "default-src 'self'; {play}img-src 'self' data: https:; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Headers of every answer.
const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("x-frame-options", "DENY"),
];

/// The name of a request, in the log and in the answer's `X-Request-Id`. 1 to 64 letters, digits,
/// `-`, `_` or `.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// The caller's own, if it is a sane one, else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let sane = |text: &&str| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let given = headers.get("x-request-id").and_then(|v| v.to_str().ok()).filter(sane);
        Self(given.map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned))
    }
}

/// Watches one request from head to answer. The outermost middleware.
///
/// # Errors
///
/// What the inner service could not turn into an answer.
pub async fn observe(
    mut req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let start = Instant::now();
    let id = RequestId::of(req.headers());
    req.extensions_mut().insert(id.clone());
    let method = req.method().clone();
    if method == Method::HEAD {
        // Answered as GET is; the connection leaves the body out.
        req.head_mut().method = Method::GET;
    }
    let hsts = req
        .app_data::<web::Data<Config>>()
        .filter(|c| c.tls.cert.is_some())
        .map(|c| format!("max-age={}", c.tls.hsts_max_age.as_secs()));
    let reach = req.app_data::<web::Data<Reach>>().map(|reach| &***reach);
    let policy = policy(reach, peer::host(req.request()));
    let path = req.path().to_owned();
    let span = tracing::info_span!("request", id = %id.0, %method, path);
    let mut response = next.call(req).instrument(span.clone()).await?;

    let status = response.status();
    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    metrics::record(&method, &route, status, start.elapsed());
    let took_us = start.elapsed().as_micros() as u64;
    // Whoever watches asks every few seconds; what it asks is no news.
    let routine = matches!(route.as_str(), "/healthz" | "/readyz" | "/metrics");
    span.in_scope(|| match status.as_u16() {
        _ if routine => {
            tracing::debug!(status = status.as_u16(), took_us, route, "answered");
        }
        500.. => tracing::warn!(status = status.as_u16(), took_us, route, "answered"),
        _ => tracing::info!(status = status.as_u16(), took_us, route, "answered"),
    });

    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        set_default(headers, name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&policy) {
        set_default(headers, "content-security-policy", value);
    }
    if path.starts_with("/api/") || path.starts_with("/connection/") {
        // What one account may see is not for a cache that others share.
        let tagged = headers.contains_key(header::ETAG);
        let control = if tagged { "private, no-cache" } else { "no-store" };
        set_default(headers, "cache-control", HeaderValue::from_static(control));
        headers.append(header::VARY, HeaderValue::from_static("authorization"));
    }
    if let Some(value) = hsts.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    Ok(response)
}

fn set_default(headers: &mut HeaderMap, name: &'static str, value: HeaderValue) {
    let name = HeaderName::from_static(name);
    if !headers.contains_key(&name) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_taken_if_sane() {
        let id = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                HeaderName::from_static("x-request-id"),
                HeaderValue::from_str(text).unwrap(),
            );
            RequestId::of(&headers).0
        };
        assert_eq!(id("Ab-1_2.3"), "Ab-1_2.3");
        for bad in ["", "a b", "<script>", &"x".repeat(65)] {
            assert_eq!(id(bad).len(), 32, "{bad}");
        }
    }
}
