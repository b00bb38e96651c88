//! `ETag`, `If-None-Match` and `If-Match`.
//!
//! Tags are weak (`W/"…"`): the same thing may travel compressed or not. A thing with a revision
//! has the revision as its tag, so that `If-Match: W/"9"` means "only while it is at revision 9".

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::Problem;

/// The revision that the caller's command rests on, if it names one: its `expect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<u64>);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req))
    }
}

fn read(req: &HttpRequest) -> Result<IfMatch, Problem> {
    let Some(value) = req.headers().get(header::IF_MATCH) else {
        return Ok(IfMatch(None));
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(IfMatch(None));
    }
    let tag = text.strip_prefix("W/").unwrap_or(text);
    // What follows a full stop names the stream and the reader, which a command does not rest on.
    let revision =
        tag.strip_prefix('"').and_then(|t| t.strip_suffix('"')?.split('.').next()?.parse().ok());
    match revision {
        Some(revision) => Ok(IfMatch(Some(revision))),
        None => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_if_match",
            "if-match must be the etag of a thing with a revision, as in W/\"9\"",
        )),
    }
}

/// The tag of a thing at `revision`.
#[must_use]
pub fn of_revision(revision: u64) -> EntityTag {
    EntityTag::new_weak(revision.to_string())
}

/// The tag of `bytes`: 96 bits of their SHA-256.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> EntityTag {
    EntityTag::new_weak(URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..12]))
}

/// True if the caller has what `tag` stands for.
#[must_use]
pub fn is_known(req: &HttpRequest, tag: &EntityTag) -> bool {
    if !req.headers().contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(req) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|k| k.weak_eq(tag)),
        Err(_) => false,
    }
}

/// Answers with `body` under `tag`, or 304 if the caller has it.
#[must_use]
pub fn answer(req: &HttpRequest, tag: EntityTag, body: &impl Serialize) -> HttpResponse {
    if is_known(req, &tag) {
        return HttpResponse::NotModified().insert_header(header::ETag(tag)).finish();
    }
    HttpResponse::Ok().insert_header(header::ETag(tag)).json(body)
}

/// Answers with `body` under the tag of its bytes, or 304 if the caller has it. For lists.
///
/// # Errors
///
/// `internal` if `body` has no JSON form.
pub fn json(req: &HttpRequest, body: &impl Serialize) -> Result<HttpResponse, Problem> {
    let bytes = serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "an answer has no JSON form");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the answer has no JSON form")
    })?;
    Ok(self::bytes(req, bytes.into()))
}

/// Answers with `json`, which is encoded already, under the tag of its bytes.
#[must_use]
pub fn bytes(req: &HttpRequest, json: Bytes) -> HttpResponse {
    tagged(req, of_bytes(&json), json)
}

/// Answers with `json`, which is encoded already, under `tag`, or 304 if the caller has it. Whoever
/// keeps the answer asks before each use whether it still holds.
#[must_use]
pub fn tagged(req: &HttpRequest, tag: EntityTag, json: Bytes) -> HttpResponse {
    let known = is_known(req, &tag);
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header(header::ETag(tag));
    answer.insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if known { answer.finish() } else { answer.content_type("application/json").body(json) }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn what_the_caller_has_is_not_sent_again() {
        let known = |given: &str| {
            let req = TestRequest::default().insert_header((header::IF_NONE_MATCH, given));
            json(&req.to_http_request(), &[1, 2]).unwrap().status().as_u16()
        };
        let fresh = json(&TestRequest::default().to_http_request(), &[1, 2]).unwrap();
        let tag = fresh.headers().get(header::ETAG).unwrap().to_str().unwrap().to_owned();
        assert_eq!(fresh.status(), 200);
        assert_eq!(known(&tag), 304);
        assert_eq!(known(tag.trim_start_matches("W/")), 304);
        assert_eq!(known(&format!("\"a\", {tag}")), 304);
        assert_eq!(known("*"), 304);
        assert_eq!(known("\"a\""), 200);
    }

    #[test]
    fn if_match_is_a_revision_or_nothing() {
        let expect = |given: &str| {
            let req = TestRequest::default().insert_header((header::IF_MATCH, given));
            read(&req.to_http_request()).map(|IfMatch(e)| e).map_err(|p| p.code().to_owned())
        };
        assert_eq!(expect("W/\"9\""), Ok(Some(9)));
        assert_eq!(expect("\"9\""), Ok(Some(9)));
        assert_eq!(expect("W/\"9.a1-b2\""), Ok(Some(9)));
        assert_eq!(expect("*"), Ok(None));
        for bad in ["9", "\"x\"", "", "\"9\", \"10\""] {
            assert_eq!(expect(bad), Err("bad_if_match".to_owned()), "{bad}");
        }
    }
}
