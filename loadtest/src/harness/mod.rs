//! The load-test harness: people arrive on a schedule, what they are told is kept, and afterwards it is
//! checked that every promise was kept.
//!
//! The schedule is fixed before the run (an open model), and time is counted from when something was
//! due, so a server that stalls shows its queue in the figures rather than slowing the clients down.
//!
//! - [`scenario`]: the file. [`shape`]: when who arrives. [`run`]: the run.
//! - [`own_server`]: a server of one's own, to kill. [`machine`]: what it takes. [`burners`]: what a judge runs beside.
//! - [`watch`]: crowds of watchers; [`seen`]: what each was told. [`meter`]: counts and times. [`report`], [`html`]: what is told.

use crate::buyer::No;
use crate::client::{Client, ClientError};
use crate::live::LiveError;

pub mod burners;
pub mod html;
pub mod machine;
pub mod meter;
pub mod own_server;
pub mod report;
pub mod run;
pub mod scenario;
pub mod seen;
pub mod shape;
pub mod stage;
pub mod watch;

/// Why a run could not be made. That a promise was broken is no error but a finding.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// The scenario is none.
    #[error(transparent)]
    Scenario(#[from] scenario::ScenarioError),
    /// The server refused what every run needs, or does not answer.
    #[error("the server could not be prepared or asked: {0}")]
    Client(#[from] ClientError),
    /// The same, of a buyer or a voter.
    #[error("the server could not be prepared or asked: {0}")]
    No(#[from] No),
    /// The live connection could not be opened.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// Something about the own server failed.
    #[error("failed to {what}")]
    Server {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The own server did not come up.
    #[error("the server is not ready; it says:\n{0}")]
    NotReady(String),
    /// A run needs what it was not given.
    #[error("{0}")]
    Needs(&'static str),
}

/// A promise that was checked after the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// What was promised, as a sentence.
    pub what: &'static str,
    /// What it was checked on, if it was kept; else how it was broken.
    pub found: Result<String, String>,
}

impl Promise {
    /// The promise `what` and what was found.
    #[must_use]
    pub fn new(what: &'static str, found: Result<String, impl std::fmt::Display>) -> Self {
        Self { what, found: found.map_err(|broken| broken.to_string()) }
    }
}

/// Where the server is that people come to.
#[derive(Debug, Clone)]
pub enum Place {
    /// An own server, started from this program.
    Own(std::path::PathBuf),
    /// A server that runs already, and an organizer's account there.
    At {
        /// `http://…`.
        url: String,
        /// The organizer's name.
        login: String,
        /// The organizer's password.
        password: String,
    },
}

impl Place {
    fn organizer(&self) -> (&str, &str) {
        match self {
            Self::Own(_) => ("admin", own_server::PASSWORD),
            Self::At { login, password, .. } => (login, password),
        }
    }

    async fn log_in(&self, client: &Client) -> Result<Client, ClientError> {
        let (login, password) = self.organizer();
        client.log_in(login, password).await
    }
}
