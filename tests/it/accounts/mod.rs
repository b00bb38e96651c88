//! Who is asking: registering, logging in, tokens, and when all of that ends.

mod entry;
mod limits;
mod sessions;
mod storm;

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::Server;

const PASSWORD: &str = "correct horse battery";

/// How soon a session that ended must be over everywhere: 1 s, and time for a busy machine to say so.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A server, and a client of which nothing is hidden.
struct Rig {
    server: Server,
    http: reqwest::Client,
}

/// What the server answered.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    /// It worked; returns the body.
    fn ok(self) -> Value {
        assert!(self.status.is_success(), "{self:?}");
        self.body
    }

    /// Status and code of a problem.
    fn refused(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }

    /// In how many seconds to come again, said twice alike.
    fn retry_after(&self) -> u64 {
        let header = self.headers.get("retry-after").map(|v| v.to_str().unwrap().parse().unwrap());
        assert_eq!(self.body["retry_after_s"].as_u64(), header, "{self:?}");
        header.unwrap_or_else(|| panic!("it does not say when to come again: {self:?}"))
    }

    /// The cookie that was set: its value, and its attributes in lower case.
    fn cookie(&self) -> Option<(String, Vec<String>)> {
        let set = self.headers.get("set-cookie")?.to_str().unwrap();
        let mut parts = set.split("; ");
        let (_, value) = parts.next()?.split_once('=')?;
        Some((value.to_owned(), parts.map(str::to_lowercase).collect()))
    }
}

/// The tokens of one log-in.
#[derive(Debug, Clone)]
struct Session {
    access: String,
    refresh: String,
}

impl Session {
    fn read(tokens: &Value) -> Self {
        let text = |name: &str| tokens[name].as_str().unwrap_or_default().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

impl Rig {
    fn start(settings: &[(&str, &str)]) -> Self {
        let server = Server::with(settings);
        // The harness chooses the library that encrypts, also for this client.
        drop(server.client());
        Self { server, http: reqwest::Client::new() }
    }

    /// Kills the server as a power cut would, and starts it again.
    fn crash(&mut self) {
        self.server.kill();
        self.server.run();
        // Connections to the server before are of no use.
        self.http = reqwest::Client::new();
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.server.base()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null);
        Answer { status, headers, body }
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    /// Asks with an access token.
    async fn ask(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send(method, path, &[("authorization", &bearer)], body).await
    }

    async fn me(&self, token: &str) -> Answer {
        self.ask(token, Method::GET, "/api/accounts/me", None).await
    }

    async fn register(&self, name: &str) -> Answer {
        let email = format!("{name}@example.org");
        let body = json!({ "username": name, "email": email, "password": PASSWORD });
        self.post("/api/accounts", body).await
    }

    async fn try_log_in(&self, login: &str, password: &str) -> Answer {
        self.post("/api/sessions", json!({ "login": login, "password": password })).await
    }

    async fn log_in(&self, login: &str) -> Session {
        Session::read(&self.try_log_in(login, PASSWORD).await.ok())
    }

    /// A new account, logged in.
    async fn person(&self, name: &str) -> Session {
        self.register(name).await.ok();
        self.log_in(name).await
    }

    async fn refresh(&self, token: &str) -> Answer {
        self.post("/api/sessions/refresh", json!({ "refresh_token": token })).await
    }

    /// The session is over for REST within [`AT_ONCE`] after `since`.
    async fn is_over(&self, session: &Session, since: Instant) {
        loop {
            let answer = self.me(&session.access).await;
            if answer.refused() == (401, "session_ended") {
                break;
            }
            assert!(answer.status.is_success(), "{answer:?}");
            assert!(since.elapsed() < AT_ONCE, "the session goes on after {:?}", since.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(self.refresh(&session.refresh).await.refused(), (401, "session_ended"));
    }

    /// Runs the program itself on the server's data, with `input` on its standard input.
    fn run(&self, args: &[&str], input: &str) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_playhouse"));
        command.args(args).arg("--data").arg(self.server.data());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }
}
