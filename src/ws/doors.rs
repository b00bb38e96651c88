//! What the live connection asks of the rest of the server: who a token belongs to, and to do what
//! a client calls for.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use playhouse_domain::room::Caller;
use playhouse_protocol::live::Error;
use serde_json::Value;

use crate::http::error::Problem;

/// Calls a method with its data, as the one who holds the pass.
pub type Call = Rc<dyn Fn(String, Value) -> LocalBoxFuture<'static, Result<Value, Problem>>>;

/// What a good token gives.
pub struct Pass {
    /// Whose it is: an account's, or a guest's.
    pub who: Caller,
    /// Their user name, if they have one.
    pub name: Option<String>,
    /// How much longer the token is good.
    pub lasts: Duration,
    /// Ready once the token's session is over: logged out, banned, another password, another role.
    pub over: LocalBoxFuture<'static, ()>,
    /// Does what its holder calls for.
    pub call: Call,
}

/// The rest of the server, as the live connection sees it.
pub trait Doors: Send + Sync + 'static {
    /// Whose token it is.
    ///
    /// # Errors
    ///
    /// A problem with status 401 if it is nobody's: its code ends in `expired` if it was
    /// somebody's. Another if that cannot be told now.
    fn admit(&self, token: String) -> LocalBoxFuture<'static, Result<Pass, Problem>>;
}

/// A problem as a reply says it: 1000 plus its status, and the whole of it beside.
pub(super) fn error_of(problem: &Problem) -> Error {
    let status = problem.status().as_u16();
    if problem.code() == "unknown_method" {
        return Error::METHOD_NOT_FOUND;
    }
    Error {
        code: 1000 + u32::from(status),
        message: problem.to_string().into(),
        temporary: matches!(status, 429 | 503),
        problem: serde_json::to_value(problem).ok(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_names_the_seats_over_the_socket_too() {
        let problem = Problem::new(StatusCode::CONFLICT, "seat_taken", "seat A2 is taken")
            .with("seats", vec!["A2".to_owned()]);
        let error = error_of(&problem);
        assert_eq!((error.code, &*error.message), (1409, "seat_taken: seat A2 is taken"));
        assert!(!error.temporary);
        assert_eq!(error.problem.unwrap()["seats"], json!(["A2"]));
    }

    #[test]
    fn what_passes_is_told_as_passing() {
        let busy = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "room is busy");
        assert!(error_of(&busy.retry_after(Duration::from_secs(1))).temporary);
    }
}
