//! Bad input of every kind: a clear 4xx, no panic, nothing lost.

mod bodies;
mod others;
mod sockets;
mod tokens;

use playhouse_loadtest::client::Client;
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Server, showing};

/// A server with one showing and one booking, which must outlast everything.
struct Rig {
    server: Server,
    admin: Client,
    /// Ann, who has booked A1.
    ann: Client,
    /// `/api/showings/…`.
    path: String,
    booking: Value,
    http: reqwest::Client,
}

/// What the server answered.
struct Answer {
    /// What was asked, for the message of a failed test.
    asked: String,
    status: u16,
    /// `content-type`.
    kind: String,
    text: String,
}

impl Rig {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let server = Server::with(settings);
        let admin = server.admin().await;
        let path = showing(&admin, 2, 10).await;
        let ann = server.person("ann").await;
        let hold = ann.post(&format!("{path}/holds"), json!({ "seats": ["A1"] })).await.unwrap();
        let buy = format!("{path}/holds/{}/purchase", hold["hold_id"].as_str().unwrap());
        let booking = ann.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();
        Self { server, admin, ann, path, booking, http: reqwest::Client::new() }
    }

    fn holds(&self) -> String {
        format!("{}/holds", self.path)
    }

    /// Sends exactly `body`, with exactly these headers.
    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let asked = format!("{method} {path:.100} {headers:.300?}");
        let mut request = self.http.request(method, format!("{}{path}", self.server.base()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body).send().await;
        let response = response.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned());
        let text = response.text().await.unwrap_or_default();
        Answer { asked, status, kind: kind.unwrap_or_default(), text }
    }

    /// Sends `body` as JSON with Ann's token.
    async fn json(&self, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.json_as(&self.ann, method, path, body).await
    }

    /// Sends `body` as JSON with somebody's token.
    async fn json_as(
        &self,
        who: &Client,
        method: Method,
        path: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let bearer = format!("Bearer {}", who.token().unwrap());
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        let body: Vec<u8> = body.into();
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let mut answer = self.send(method, path, &headers, body).await;
        answer.asked.push_str(&shown);
        answer
    }

    /// The server serves on, nothing that was told is lost, and nothing panicked.
    async fn is_well(&self) {
        let client = self.server.client();
        client.get("/healthz").await.unwrap();
        client.get("/readyz").await.unwrap();
        let id = self.booking["id"].as_str().unwrap();
        let there = self.ann.get(&format!("/api/bookings/{id}")).await.unwrap();
        assert_eq!(there["seats"], self.booking["seats"]);
        assert_eq!(there["status"], "paid");
        let map = client.get(&format!("{}/seats", self.path)).await.unwrap();
        let totals = json!({ "total": 20, "free": 19, "held": 0, "sold": 1, "blocked": 0 });
        assert_eq!(map["seats"], totals, "nothing but A1 was ever taken");
        self.server.saw_no_panic();
    }
}

impl Answer {
    /// It is a problem of the caller's, told as one; returns its code.
    fn problem(&self) -> String {
        let Self { asked, status, kind, text } = self;
        assert!((400..500).contains(status), "{asked}: {status} {text:.300}");
        assert!(kind.starts_with("application/problem+json"), "{asked}: {kind} {text:.300}");
        let problem: Value = serde_json::from_str(text).unwrap();
        assert_eq!(problem["status"], *status, "{asked}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(!detail.is_empty() && detail.len() < 2000, "{asked}: {text:.300}");
        problem["code"].as_str().unwrap_or_default().to_owned()
    }

    /// It is this problem.
    fn is(&self, status: u16, code: &str) {
        let found = self.problem();
        assert_eq!((self.status, found.as_str()), (status, code), "{}", self.asked);
    }
}
