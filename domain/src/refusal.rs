//! A rule's "no": stable code, a sentence a person can act on, and the values it speaks of.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What sort of "no" it is. The edge turns it into an HTTP status; no rule knows one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusalKind {
    /// The command makes no sense here, whatever the state: 422.
    Invalid,
    /// The caller may not do this: 403.
    Forbidden,
    /// There is no such thing, or not for this caller: 404.
    NotFound,
    /// The state stands against it: 409.
    Conflict,
    /// It was there and is over: 410.
    Gone,
    /// The caller named a revision or state that no longer holds: 412.
    Stale,
    /// The caller reached a limit of theirs: 429.
    TooMany,
    /// The caller is not who they claim to be: 401.
    Unauthenticated,
    /// A provider said no to the payment: 402.
    PaymentRequired,
}

/// A rule's "no". Displayed as its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable, lower case with underscores (`seat_taken`); listed in `docs/errors.md`.
    pub code: Cow<'static, str>,
    /// What sort of "no" it is.
    pub kind: RefusalKind,
    /// What stands against it, with the values, in lower case without a full stop.
    pub message: String,
    /// The values as lists by name (`seats` -> `["A1"]`), for programs.
    pub fields: BTreeMap<Cow<'static, str>, Vec<String>>,
}

impl Refusal {
    /// A refusal without fields.
    #[must_use]
    pub fn new(kind: RefusalKind, code: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.into(), kind, message: message.into(), fields: BTreeMap::new() }
    }

    /// "The state stands against it."
    #[must_use]
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Conflict, code, message)
    }

    /// "That makes no sense here."
    #[must_use]
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Invalid, code, message)
    }

    /// "Not you."
    #[must_use]
    pub fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Forbidden, code, message)
    }

    /// Adds the list `values` under `name`.
    #[must_use]
    pub fn with<T: fmt::Display>(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        self.fields.insert(name.into(), values.into_iter().map(|v| v.to_string()).collect());
        self
    }

    /// "There is no {what}", for things that do not exist or that the caller may not know of.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(RefusalKind::NotFound, "not_found", format!("there is no such {what}"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
