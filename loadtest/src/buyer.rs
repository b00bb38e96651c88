//! A buyer's way to the server: the same commands over REST or over the live connection.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{ATTEMPTS_MAX, Client, ClientError, jittered, new_key, passes_after};
use crate::live::{Live, LiveError};

/// What became of a command that was not done.
#[derive(Debug, thiserror::Error)]
pub enum No {
    /// The server said no, and why.
    #[error("refused: {problem}")]
    Refused {
        /// The problem's stable code.
        code: String,
        /// All of it.
        problem: Value,
    },
    /// There was no answer: it may have happened or not.
    #[error("no answer: {0}")]
    Unanswered(String),
}

impl No {
    /// The problem's code, or nothing if there was no answer.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            Self::Unanswered(_) => "",
        }
    }

    /// The seats that the refusal names.
    #[must_use]
    pub fn seats(&self) -> Vec<&str> {
        match self {
            Self::Refused { problem, .. } => problem["seats"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect(),
            Self::Unanswered(_) => Vec::new(),
        }
    }
}

impl From<ClientError> for No {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused { code, problem, .. } => Self::Refused { code, problem },
            ClientError::Unreachable { .. } => Self::Unanswered(error.to_string()),
        }
    }
}

impl From<LiveError> for No {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Refused { message, problem, .. } => {
                let code = problem["code"].as_str().unwrap_or(&message).to_owned();
                Self::Refused { code, problem }
            }
            LiveError::Broken(why) => Self::Unanswered(why),
        }
    }
}

/// The way of one buyer.
pub enum Buyer {
    /// Over REST.
    Rest(Client),
    /// Over the live connection.
    Live(Box<Live>),
}

/// Calls until the answer is no passing refusal, as [`Client`] does over REST.
pub(crate) async fn over_and_over(live: &mut Live, method: &str, data: Value) -> Result<Value, No> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let no = match live.rpc(method, data.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => No::from(error),
        };
        let No::Refused { problem, .. } = &no else { return Err(no) };
        let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        match passes_after(status.unwrap_or_default(), problem) {
            Some(time) if attempt < ATTEMPTS_MAX => live.linger(jittered(time)).await?,
            _ => return Err(no),
        }
    }
}

/// The path and the RPC method of a command, and what is sent.
struct Command<'a> {
    path: String,
    method: &'a str,
    showing: &'a str,
    hold: Option<&'a str>,
    body: Value,
}

impl Buyer {
    /// A buyer with a live connection of its own.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn live(client: &Client) -> Result<Self, No> {
        Ok(Self::Live(Box::new(Live::connect(client.base(), client.token()).await?)))
    }

    async fn run(&mut self, command: Command<'_>) -> Result<Value, No> {
        match self {
            Self::Rest(client) => Ok(client.post(&command.path, command.body).await?),
            Self::Live(live) => {
                let mut data = command.body;
                data["showing_id"] = command.showing.into();
                data["key"] = new_key().into();
                if let Some(hold) = command.hold {
                    data["hold_id"] = hold.into();
                }
                over_and_over(live, command.method, data).await
            }
        }
    }

    /// Holds what `want` says: `{"seats":[…]}` or `{"best":2}`.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn hold(&mut self, showing: &str, want: Value) -> Result<Value, No> {
        let path = format!("/api/showings/{showing}/holds");
        self.run(Command { path, method: "showing.hold", showing, hold: None, body: want }).await
    }

    /// Extends a hold.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn extend(&mut self, showing: &str, hold: &str) -> Result<Value, No> {
        let path = format!("/api/showings/{showing}/holds/{hold}/extend");
        let body = json!({});
        self.run(Command { path, method: "showing.extend", showing, hold: Some(hold), body }).await
    }

    /// Gives a hold back.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn release(&mut self, showing: &str, hold: &str) -> Result<(), No> {
        let path = format!("/api/showings/{showing}/holds/{hold}");
        if let Self::Rest(client) = self {
            return Ok(client.delete(&path).await.map(drop)?);
        }
        let (method, body) = ("showing.release", json!({}));
        self.run(Command { path, method, showing, hold: Some(hold), body }).await.map(drop)
    }

    /// Buys a hold: a booking, or `{"status":"pending",…}`.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn purchase(&mut self, showing: &str, hold: &str, token: &str) -> Result<Value, No> {
        let path = format!("/api/showings/{showing}/holds/{hold}/purchase");
        let body = json!({ "payment_token": token });
        let method = "showing.purchase";
        self.run(Command { path, method, showing, hold: Some(hold), body }).await
    }

    /// Joins the wait list.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn wait(&mut self, showing: &str, count: usize) -> Result<Value, No> {
        let path = format!("/api/showings/{showing}/waitlist");
        let body = json!({ "count": count });
        self.run(Command { path, method: "showing.waitlist", showing, hold: None, body }).await
    }

    /// Lets `time` pass, as a page does that stays open.
    ///
    /// # Errors
    ///
    /// [`No::Unanswered`] if the live connection broke.
    pub async fn pause(&mut self, time: Duration) -> Result<(), No> {
        match self {
            Self::Rest(_) => tokio::time::sleep(time).await,
            Self::Live(live) => live.linger(time).await?,
        }
        Ok(())
    }
}
