//! The audit trail from the edge: every administrative act is taken down before it is done, and its
//! outcome afterwards. What cannot be taken down is not done.

use std::future::Future;

use actix_web::http::StatusCode;
use playhouse_actors::Rooms;
use playhouse_actors::handle::{Answer, AskError};
use playhouse_domain::audit::{self, Audit, By, Command, Deed, What};
use playhouse_domain::room::Caller;

use crate::accounts::Identity;
use crate::http::error::Problem;

/// Who acts where nobody is logged in: whoever can reach the data directory.
const COMMAND_LINE: &str = "command line";

/// The audit trail. Cheap to clone.
#[derive(Clone)]
pub struct Trail {
    rooms: Rooms,
}

/// What `who` is about to do.
#[must_use]
pub fn deed(who: &Identity, act: What, about: Option<String>, detail: impl ToString) -> Deed {
    let by = By { account: Some(who.account), name: who.username.clone() };
    Deed { by, act, about, detail: detail.to_string() }
}

/// What is about to be done by the command line.
#[must_use]
pub fn by_command_line(act: What, about: Option<String>, detail: impl ToString) -> Deed {
    let by = By { account: None, name: COMMAND_LINE.to_owned() };
    Deed { by, act, about, detail: detail.to_string() }
}

impl Trail {
    /// The trail of `rooms`.
    #[must_use]
    pub fn new(rooms: Rooms) -> Self {
        Self { rooms }
    }

    /// Takes `deed` down, then does `work`, then takes down what came of it. All of that goes on if
    /// nobody waits for it any more.
    ///
    /// # Errors
    ///
    /// `store_unavailable` if it could not be taken down: then nothing was done. What `work` says.
    pub async fn perform<T: 'static>(
        &self,
        deed: Deed,
        work: impl Future<Output = Result<T, Problem>> + 'static,
    ) -> Result<T, Problem> {
        let trail = self.clone();
        let performed = actix::spawn(async move { trail.written(deed, work).await }).await;
        performed.unwrap_or_else(|_| Err(AskError::Failed.into()))
    }

    async fn written<T>(
        &self,
        deed: Deed,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let Deed { by, act, about, detail } = &deed;
        tracing::warn!(by = by.name, ?act, about, detail, "an administrative act");
        let before = match self.ask(Command::Begin(deed.clone())).await {
            Ok(id) => Some(id),
            // The trail itself is closed: what opens it again is taken down once it is open.
            Err(AskError::Quarantined { .. }) if is_trail(&deed) => None,
            Err(error) => return Err(unwritten(&error)),
        };
        let outcome = work.await;
        let ended = async {
            let id = match before {
                Some(id) => id,
                None => self.ask(Command::Begin(deed)).await?,
            };
            let refused = outcome.as_ref().err().map(|problem| problem.code().to_owned());
            self.ask(Command::End { id, refused }).await
        };
        if let Err(error) = ended.await {
            tracing::error!(%error, "the outcome of an administrative act could not be taken down");
        }
        outcome
    }

    async fn ask(&self, command: Command) -> Result<u64, AskError> {
        match self.rooms.ask::<Audit>(&audit::room(), Caller::System, None, &command).await? {
            Answer::Done { reply, .. } => Ok(reply),
            Answer::Accepted { .. } => Err(AskError::OutcomeUnknown),
        }
    }
}

fn is_trail(deed: &Deed) -> bool {
    deed.about.as_deref() == Some(audit::room().as_str())
}

fn unwritten(error: &AskError) -> Problem {
    if *error == AskError::ShuttingDown {
        return error.clone().into();
    }
    let detail = format!("nothing was done: the act could not be taken down: {error}");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", detail)
        .retry_after(std::time::Duration::from_secs(5))
}
