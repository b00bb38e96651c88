//! Commands by name, for the live connection: what is asked on the socket is answered on the socket.
//! The part of the name before the dot says who answers.

use actix_web::http::StatusCode;
use playhouse_protocol::ids::CommandKey;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::accounts::Bearer;
use crate::app::App;
use crate::asking::invalid;
use crate::http::auth::not_logged_in;
use crate::http::error::Problem;
use crate::{cinema, judge, polls};

/// Runs the command `method` with `params` for `who`.
///
/// # Errors
///
/// `unknown_method`, `invalid_body`, `not_logged_in` where an account is needed, and what the same
/// command of REST answers.
pub async fn call(app: &App, who: &Bearer, method: &str, params: Value) -> Result<Value, Problem> {
    match (method.split_once('.'), who) {
        (Some(("poll", _)), who) => polls::rpc(app, who, method, params).await,
        (Some(("job", _)), Bearer::Account(who)) => judge::rpc::rpc(app, who, method, params).await,
        (_, Bearer::Account(who)) => cinema::rpc(app, who, method, params).await,
        (Some(("showing" | "job", _)), Bearer::Guest(_)) => Err(not_logged_in()),
        _ => Err(unknown_method(method)),
    }
}

/// A command's key. It stands in the data, where REST has the header `Idempotency-Key`.
#[derive(Debug, Default)]
pub struct Key(pub Option<CommandKey>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bad = "key must be 1 to 128 visible ASCII characters";
        let key = CommandKey::new(&text).ok_or_else(|| serde::de::Error::custom(bad))?;
        Ok(Self(Some(key)))
    }
}

/// Reads the data of a call.
///
/// # Errors
///
/// `invalid_body`.
pub fn read<T: DeserializeOwned>(params: Value) -> Result<T, Problem> {
    serde_json::from_value(params).map_err(|error| invalid("invalid_body", error.to_string()))
}

/// An answer as data.
#[must_use]
pub fn tell(answer: &impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or_default()
}

/// There is no such method.
#[must_use]
pub fn unknown_method(method: &str) -> Problem {
    let shown: String = method.chars().take(64).collect();
    Problem::new(StatusCode::NOT_FOUND, "unknown_method", format!("there is no method '{shown}'"))
}
