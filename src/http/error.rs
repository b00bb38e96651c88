//! Errors toward clients: RFC 9457 problems with a stable `code`. The only place that knows which
//! refusal is which HTTP status. `docs/errors.md` lists every code.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use playhouse_actors::handle::AskError;
use playhouse_domain::refusal::{Refusal, RefusalKind};
use serde::Serialize;

/// One error as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// A short name of the sort of problem.
    title: Cow<'static, str>,
    /// The HTTP status.
    status: u16,
    /// Stable, for programs.
    code: Cow<'static, str>,
    /// A sentence that a person can act on.
    detail: String,
    /// In how many seconds to try again, where that makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
    /// The values that the problem speaks of, as lists by name (`seats`).
    #[serde(flatten)]
    fields: BTreeMap<Cow<'static, str>, Vec<String>>,
}

impl Problem {
    /// A problem with `status`, a stable `code` and a sentence.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            code: code.into(),
            detail: detail.into(),
            retry_after_s: None,
            fields: BTreeMap::new(),
        }
    }

    /// Says when to try again, rounded up to whole seconds, at least one.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after_s =
            Some(u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(1).max(1));
        self
    }

    /// Adds the list `values` under `name`.
    #[must_use]
    pub fn with(mut self, name: &'static str, values: Vec<String>) -> Self {
        self.fields.insert(name.into(), values);
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if self.status == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        }
        response.content_type("application/problem+json").json(self)
    }
}

fn status_of(kind: RefusalKind) -> StatusCode {
    match kind {
        RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::Gone => StatusCode::GONE,
        RefusalKind::Stale => StatusCode::PRECONDITION_FAILED,
        RefusalKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        RefusalKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        RefusalKind::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::new(status_of(refusal.kind), refusal.code, refusal.message);
        problem.fields = refusal.fields;
        problem
    }
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        use StatusCode as S;
        let detail = error.to_string();
        match error {
            AskError::Refused(refusal) => refusal.into(),
            AskError::Overloaded { retry_after } => {
                Self::new(S::SERVICE_UNAVAILABLE, "overloaded", detail).retry_after(retry_after)
            }
            AskError::Rebuilding { retry_after } => {
                Self::new(S::SERVICE_UNAVAILABLE, "room_rebuilding", detail)
                    .retry_after(retry_after)
            }
            AskError::OutcomeUnknown => {
                Self::new(S::SERVICE_UNAVAILABLE, "outcome_unknown", detail)
                    .retry_after(Duration::from_secs(1))
            }
            AskError::Quarantined { .. } => {
                Self::new(S::SERVICE_UNAVAILABLE, "room_quarantined", detail)
            }
            AskError::NotQuarantined => Self::new(S::CONFLICT, "not_quarantined", detail),
            AskError::Unrepairable { .. } => Self::new(S::CONFLICT, "rewrite_refused", detail),
            AskError::RecordGone => Self::new(S::GONE, "record_gone", detail),
            AskError::KeyReused => Self::new(S::UNPROCESSABLE_ENTITY, "key_reused", detail),
            AskError::IdempotencyExpired => Self::new(S::CONFLICT, "idempotency_expired", detail),
            AskError::Poisoned { .. } => {
                Self::new(S::INTERNAL_SERVER_ERROR, "command_poisoned", detail)
            }
            AskError::Failed => Self::new(S::INTERNAL_SERVER_ERROR, "command_failed", detail),
            AskError::TooLarge { .. } => Self::new(S::PAYLOAD_TOO_LARGE, "too_large", detail),
            AskError::StoreUnavailable { .. } => {
                Self::new(S::SERVICE_UNAVAILABLE, "store_unavailable", detail)
                    .retry_after(Duration::from_secs(5))
            }
            AskError::ShuttingDown => Self::new(S::SERVICE_UNAVAILABLE, "shutting_down", detail)
                .retry_after(Duration::from_secs(5)),
            AskError::NoSuchRoom => Self::new(S::NOT_FOUND, "not_found", "there is no such thing"),
        }
    }
}
