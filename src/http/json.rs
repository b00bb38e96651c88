//! Strict JSON bodies, and problems for whatever else cannot be read from a request.
//!
//! A body must say that it is JSON, fit the bounds in size, depth and time, and hold nothing that
//! the type does not know (`deny_unknown_fields` on the type). Each breach has a code of its own.

use std::ops::Deref;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{PathConfig, QueryConfig, ServiceConfig};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use super::error::Problem;
use super::paging::bad_limit;
use crate::config::Config;

/// A JSON body that was read in full.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// A JSON body that holds whole files, and may be as large as [`LARGE_BYTES_MAX`].
#[derive(Debug)]
pub struct LargeJson<T>(pub T);

/// The largest body of a request that holds whole files, in bytes. 12 MiB: the 4.75 MiB of the largest
/// submission, in which every other byte may have to be escaped.
pub const LARGE_BYTES_MAX: usize = 12 << 20;

/// How much longer such a body may take to arrive. 6 times: a minute.
const LARGE_TIMES: u32 = 6;

/// A JSON body that may be left out.
#[derive(Debug)]
pub struct OptionalJson<T>(pub Option<T>);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// The bounds of a body.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    bytes: usize,
    depth: usize,
    time: Duration,
}

impl Bounds {
    fn of(req: &HttpRequest) -> Self {
        let default = Config::default();
        let config = req.app_data::<web::Data<Config>>().map_or(&default, |data| data.get_ref());
        Self {
            bytes: config.http.body_max_bytes,
            depth: config.http.body_max_depth,
            time: config.http.request_timeout,
        }
    }

    /// For a body that holds whole files.
    fn large(self) -> Self {
        let (bytes, time) = (self.bytes.max(LARGE_BYTES_MAX), self.time * LARGE_TIMES);
        Self { bytes, time, ..self }
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload, bounds) = (req.clone(), payload.take(), Bounds::of(req));
        Box::pin(async move {
            check_type(&req)?;
            parse(&read(&req, payload, bounds).await?, bounds).map(Self)
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for LargeJson<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload, bounds) = (req.clone(), payload.take(), Bounds::of(req).large());
        Box::pin(async move {
            check_type(&req)?;
            parse(&read(&req, payload, bounds).await?, bounds).map(Self)
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for OptionalJson<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload, bounds) = (req.clone(), payload.take(), Bounds::of(req));
        Box::pin(async move {
            let body = read(&req, payload, bounds).await?;
            if body.is_empty() || body.trim_ascii() == b"null" {
                return Ok(Self(None));
            }
            check_type(&req)?;
            parse(&body, bounds).map(|value| Self(Some(value)))
        })
    }
}

fn check_type(req: &HttpRequest) -> Result<(), Problem> {
    let essence = req.content_type().trim();
    let json = essence.eq_ignore_ascii_case("application/json")
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    let coding = req.headers().get(header::CONTENT_ENCODING).and_then(|v| v.to_str().ok());
    if let Some(coding) = coding.filter(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            format!("content-encoding is '{coding:.50}', a body must come as it is"),
        ));
    }
    if json {
        return Ok(());
    }
    let said = if essence.is_empty() { "none".to_owned() } else { format!("'{essence}'") };
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        format!("the body must be JSON: content-type is {said}, it must be application/json"),
    ))
}

fn too_large(bounds: Bounds) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("the body is over the bound of {} bytes", bounds.bytes),
    )
}

/// Reads the whole body; never more than the bound, never longer than the time.
async fn read(req: &HttpRequest, mut payload: Payload, bounds: Bounds) -> Result<Bytes, Problem> {
    let named =
        req.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if named.is_some_and(|len: u64| len > bounds.bytes as u64) {
        return Err(too_large(bounds));
    }
    let reading = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|e| broken(&e, bounds))?;
            if body.len() + chunk.len() > bounds.bytes {
                return Err(too_large(bounds));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(bounds.time, reading).await.unwrap_or_else(|_| {
        Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            format!("the body did not arrive within {} s", bounds.time.as_secs()),
        ))
    })
}

fn broken(error: &PayloadError, bounds: Bounds) -> Problem {
    match error {
        PayloadError::Overflow => too_large(bounds),
        PayloadError::Incomplete(_) | PayloadError::EncodingCorrupted => Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "the body ended too early, or its chunks make no sense",
        ),
        other => Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            format!("the body could not be read: {other}"),
        ),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8], bounds: Bounds) -> Result<T, Problem> {
    let invalid = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "invalid_json", detail);
    if body.is_empty() {
        return Err(invalid("the body is empty, it must be JSON".to_owned()));
    }
    if depth(body) > bounds.depth {
        return Err(invalid(format!("the body nests deeper than {} levels", bounds.depth)));
    }
    let unfit = |d| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", d);
    // A struct could be read from an array too, by place: nobody means that.
    let object = body.trim_ascii_start().first() == Some(&b'{');
    if !object && serde_json::from_slice::<IgnoredAny>(body).is_ok() {
        return Err(unfit("the body must be a JSON object".to_owned()));
    }
    serde_json::from_slice(body).map_err(|e| match e.classify() {
        Category::Data => unfit(lower(&nameless(&e.to_string()))),
        // A name within an object that must be a number, and is none, or not all of it: that is JSON.
        _ if is_json(body) => unfit(lower(&nameless(&e.to_string()))),
        _ => invalid(format!("the body is not JSON: {}", lower(&e.to_string()))),
    })
}

/// True for JSON of any form. Read in full: what is skipped in reading is not looked at as text.
fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok()
}

/// `text` without the names of our types: `expected struct PlanRow` says nothing to a caller.
fn nameless(text: &str) -> String {
    let Some((before, after)) = text.split_once("expected struct ") else {
        return text.to_owned();
    };
    let rest = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    format!("{before}expected an object{rest}")
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

/// How deep arrays and objects nest, brackets within texts not counted. Without recursion, so that
/// no input can use up the stack.
fn depth(json: &[u8]) -> usize {
    let (mut now, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' if !in_text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Makes problems of path and query parameters that cannot be read.
pub fn parameters(cfg: &mut ServiceConfig) {
    let no_such = |_, _: &HttpRequest| {
        // An id that is no id names nothing, just as one that was never given.
        Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing").into()
    };
    let bad_query = |error: actix_web::error::QueryPayloadError, req: &HttpRequest| {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(req.query_string());
        let limit = pairs.ok().and_then(|q| q.0.into_iter().find(|(name, _)| name == "limit"));
        if let Some((_, given)) = limit.filter(|(_, given)| given.parse::<u32>().is_err()) {
            return bad_limit(&format!("'{given:.20}'")).into();
        }
        let detail = error.to_string();
        let detail = detail.strip_prefix("Query deserialize error: ").unwrap_or(&detail);
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_query", lower(detail)).into()
    };
    cfg.app_data(PathConfig::default().error_handler(no_such))
        .app_data(QueryConfig::default().error_handler(bad_query));
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::{App, HttpResponse, test};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        title: String,
        minutes: u32,
    }

    async fn answer(content_type: Option<&str>, body: impl Into<Bytes>) -> (u16, String) {
        let app = test::init_service(App::new().route(
            "/",
            web::post().to(|body: Json<Body>| async move {
                HttpResponse::Ok().body(format!("{} {}", body.title, body.minutes))
            }),
        ))
        .await;
        let mut req = test::TestRequest::with_uri("/").method(Method::POST).set_payload(body);
        if let Some(content_type) = content_type {
            req = req.insert_header((header::CONTENT_TYPE, content_type));
        }
        let response = test::call_service(&app, req.to_request()).await;
        let status = response.status().as_u16();
        let body = test::read_body(response).await;
        let json = serde_json::from_slice::<serde_json::Value>(&body);
        let code = json.ok().and_then(|p| p.get("code")?.as_str().map(str::to_owned));
        (status, code.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned()))
    }

    #[actix_web::test]
    async fn a_whole_body_is_read() {
        let json = Some("application/json; charset=utf-8");
        let body = r#"{"title":"Metropolis","minutes":153}"#;
        assert_eq!(answer(json, body).await, (200, "Metropolis 153".to_owned()));
    }

    #[actix_web::test]
    async fn each_breach_has_a_code_of_its_own() {
        let json = Some("application/json");
        let good = r#"{"title":"a","minutes":1}"#;
        for (content_type, body, status, code) in [
            (None, good.to_owned(), 415, "unsupported_media_type"),
            (Some("text/plain"), good.to_owned(), 415, "unsupported_media_type"),
            (json, String::new(), 400, "invalid_json"),
            (json, "{\"title\":".to_owned(), 400, "invalid_json"),
            (json, "\u{feff}{}".to_owned(), 400, "invalid_json"),
            (json, format!("{good}{good}"), 400, "invalid_json"),
            (json, "[".repeat(60_000), 400, "invalid_json"),
            (json, r#"["a",1]"#.to_owned(), 422, "invalid_body"),
            (json, "null".to_owned(), 422, "invalid_body"),
            (json, r#"{"title":"a"}"#.to_owned(), 422, "invalid_body"),
            (json, r#"{"title":"a","minutes":"1"}"#.to_owned(), 422, "invalid_body"),
            (json, r#"{"title":"a","minutes":-1}"#.to_owned(), 422, "invalid_body"),
            (json, r#"{"title":"a","minutes":1,"x":1}"#.to_owned(), 422, "invalid_body"),
            (json, r#"{"title":"a","title":"b","minutes":1}"#.to_owned(), 422, "invalid_body"),
            (json, format!("{}{good}", " ".repeat(70_000)), 413, "body_too_large"),
        ] {
            let got = answer(content_type, body.clone()).await;
            assert_eq!(got, (status, code.to_owned()), "{body:.60}");
        }
        let torn = Bytes::from_static(b"{\"title\":\"\xff\",\"minutes\":1}");
        assert_eq!(answer(json, torn).await, (400, "invalid_json".to_owned()));
    }

    #[actix_web::test]
    async fn a_body_that_says_it_is_compressed_is_not_taken_for_plain() {
        let app = test::init_service(
            App::new().route("/", web::post().to(|_: Json<Body>| async { "read" })),
        )
        .await;
        for (coding, status) in [("gzip", 415), ("identity", 200)] {
            let req = test::TestRequest::with_uri("/").method(Method::POST);
            let req = req.insert_header((header::CONTENT_TYPE, "application/json"));
            let req = req.insert_header((header::CONTENT_ENCODING, coding));
            let req = req.set_payload(r#"{"title":"a","minutes":1}"#);
            let response = test::call_service(&app, req.to_request()).await;
            assert_eq!(response.status().as_u16(), status, "{coding}");
        }
    }

    #[actix_web::test]
    async fn a_body_that_does_not_come_is_given_up() {
        let never = futures_util::stream::pending::<Result<Bytes, PayloadError>>();
        let bounds = Bounds { bytes: 100, depth: 4, time: Duration::from_millis(10) };
        let req = test::TestRequest::default().to_http_request();
        let problem =
            read(&req, Payload::Stream { payload: Box::pin(never) }, bounds).await.unwrap_err();
        assert_eq!((problem.status().as_u16(), problem.code()), (408, "body_timeout"));
    }

    #[actix_web::test]
    async fn brackets_within_a_text_do_not_nest() {
        let body = format!(r#"{{"title":"{}\"[","minutes":1}}"#, "[{".repeat(100));
        assert_eq!(answer(Some("application/json"), body).await.0, 200);
        assert_eq!(depth(br#"{"a":[{"b":1}],"c":[]}"#), 3);
    }
}
