//! The `Idempotency-Key` header: what makes a command exactly once.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest};
use playhouse_protocol::ids::CommandKey;

use super::error::Problem;

/// The key of a command, if the caller gave one. 1 to 128 visible ASCII characters, a UUID by
/// habit; quotes around it are part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<CommandKey>);

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req))
    }
}

fn read(req: &HttpRequest) -> Result<IdempotencyKey, Problem> {
    let mut given = req.headers().get_all("idempotency-key");
    let Some(first) = given.next() else {
        return Ok(IdempotencyKey(None));
    };
    let key = first.to_str().ok().and_then(CommandKey::new);
    match (key, given.next()) {
        (Some(key), None) => Ok(IdempotencyKey(Some(key))),
        _ => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_idempotency_key",
            "idempotency-key must be given once, as 1 to 128 visible ASCII characters",
        )),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn key(values: &[&str]) -> Result<Option<String>, String> {
        let mut req = TestRequest::default();
        for value in values {
            req = req.append_header(("Idempotency-Key", *value));
        }
        match read(&req.to_http_request()) {
            Ok(IdempotencyKey(key)) => Ok(key.map(|k| k.as_str().to_owned())),
            Err(problem) => Err(problem.code().to_owned()),
        }
    }

    #[test]
    fn a_key_is_optional_and_short_visible_ascii() {
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&["a-1"]), Ok(Some("a-1".to_owned())));
        assert_eq!(key(&[&"x".repeat(128)]), Ok(Some("x".repeat(128))));
        let bad = Err("bad_idempotency_key".to_owned());
        for values in [&[""][..], &["a b"], &[&"x".repeat(129)], &["a", "b"]] {
            assert_eq!(key(values), bad, "{values:?}");
        }
    }
}
