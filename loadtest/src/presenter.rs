//! A presenter: the organizer who makes polls and series of polls, and runs them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client, ClientError};

/// Somebody who runs polls. Every answer is the JSON that the server gave.
#[derive(Debug, Clone)]
pub struct Presenter {
    client: Client,
}

impl Presenter {
    /// The organizer who is logged in with `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Logs in.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn log_in(client: &Client, login: &str, password: &str) -> Result<Self, ClientError> {
        Ok(Self::new(client.log_in(login, password).await?))
    }

    /// The organizer over REST.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Makes a poll of `asks` (the body of `POST /api/polls`).
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn make(&self, asks: Value) -> Answer {
        self.client.post("/api/polls", asks).await
    }

    /// The same under `key`, so that asking again makes no second one.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn make_as(&self, key: &str, asks: Value) -> Answer {
        self.client.post_as(key, "/api/polls", asks).await
    }

    /// Makes a poll and opens it; the open poll.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn make_open(&self, asks: Value) -> Answer {
        let poll = self.make(asks).await?;
        self.open(id_of(&poll)).await
    }

    /// Opens a poll.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn open(&self, poll: &str) -> Answer {
        self.run(poll, "open").await
    }

    /// Closes a poll.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn close(&self, poll: &str) -> Answer {
        self.run(poll, "close").await
    }

    /// Drops all votes of a poll: its next round.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn reset(&self, poll: &str) -> Answer {
        self.run(poll, "reset").await
    }

    /// Shows everybody the results.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn reveal(&self, poll: &str) -> Answer {
        self.run(poll, "reveal").await
    }

    /// Hides the results from everybody else.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn hide(&self, poll: &str) -> Answer {
        self.run(poll, "hide").await
    }

    async fn run(&self, poll: &str, act: &str) -> Answer {
        self.client.post(&format!("/api/polls/{poll}/{act}"), json!({})).await
    }

    /// Draws `count` personal codes, told this once.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn codes(&self, poll: &str, count: u32) -> Result<Vec<String>, ClientError> {
        let path = format!("/api/polls/{poll}/codes");
        let drawn = self.client.post(&path, json!({ "count": count })).await?;
        let codes = drawn["codes"].as_array().into_iter().flatten();
        Ok(codes.filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The poll as its presenter sees it: `poll`, `tally`, `stage`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn look(&self, poll: &str) -> Answer {
        self.client.get(&format!("/api/polls/{poll}")).await
    }

    /// Shows, hides or answers question `number`: `{"shown":true}`, `{"answered":true}`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn moderate(&self, poll: &str, number: u64, how: &Value) -> Answer {
        let path = format!("/api/polls/{poll}/questions/{number}");
        self.client.ask(Method::PATCH, &path, None, Some(how)).await
    }

    /// Deletes all questions of a poll.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn clear_questions(&self, poll: &str) -> Result<(), ClientError> {
        self.client.delete(&format!("/api/polls/{poll}/questions")).await.map(drop)
    }

    /// Puts a word of a cloud out of sight, or back.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn word(&self, poll: &str, word: &str, hidden: bool) -> Answer {
        let body = json!({ "word": word, "hidden": hidden });
        self.client.post(&format!("/api/polls/{poll}/words"), body).await
    }

    /// Makes a series of `polls`, in order, under one code.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn series(&self, title: &str, polls: &[&str]) -> Answer {
        self.client.post("/api/series", json!({ "title": title, "polls": polls })).await
    }

    /// The same under `key`, so that asking again makes no second one.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn series_as(&self, key: &str, title: &str, polls: &[&str]) -> Answer {
        let body = json!({ "title": title, "polls": polls });
        self.client.post_as(key, "/api/series", body).await
    }

    /// Leads everybody who joined `series` to `poll`, or to none.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn go(&self, series: &str, poll: Option<&str>) -> Answer {
        let body = json!({ "poll_id": poll });
        self.client.post(&format!("/api/series/{series}/go"), body).await
    }

    /// The log of a poll as CSV.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn export(&self, poll: &str) -> Result<String, ClientError> {
        self.client.text(&format!("/api/polls/{poll}/export.csv")).await
    }
}

/// The `id` of what the server made; empty if it has none.
#[must_use]
pub fn id_of(thing: &Value) -> &str {
    thing["id"].as_str().unwrap_or_default()
}
