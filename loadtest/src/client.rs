//! REST as a careful client speaks it: a key with every change, so that it can be repeated until it
//! is answered; patience where the server asks for it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// How often a request is repeated before it is given up. 60, with pauses of up to 2 s: a server
/// that restarts is back long before.
pub(crate) const ATTEMPTS_MAX: u32 = 60;

/// The longest wait that a server may ask for. 5 s; asked to wait longer (too many registrations: ten
/// minutes) a caller would rather know.
const PATIENCE_S: u64 = 5;

/// How long one attempt may take. 20 s, twice as long as the server waits for an outcome.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(20);

/// An answer that is none.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server did not answer, however often it was asked.
    #[error("{method} {path} had no answer in {ATTEMPTS_MAX} attempts")]
    Unreachable {
        /// What was asked.
        method: Method,
        /// Of what.
        path: String,
        /// The last attempt's failure.
        #[source]
        source: reqwest::Error,
    },
    /// The server said no.
    #[error("{status} {code}: {detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problem's stable code.
        code: String,
        /// Its sentence.
        detail: String,
        /// All of it.
        problem: Value,
    },
}

impl ClientError {
    /// The problem's code, or nothing if there was no answer.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            Self::Unreachable { .. } => "",
        }
    }
}

/// A result of the wire.
pub type Answer = Result<Value, ClientError>;

/// One client, logged in or not. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Arc<str>,
    token: Option<Arc<str>>,
    /// What a new access token is got for.
    refresh: Option<Arc<str>>,
}

impl Client {
    /// A client of the server at `base` (`http://127.0.0.1:8080`).
    ///
    /// # Panics
    ///
    /// If the system gives no randomness for TLS.
    #[must_use]
    pub fn new(base: &str) -> Self {
        // Installed once; a second time is no fault.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(ATTEMPT_WITHIN).build();
        Self {
            http: http.expect("a client can be made"),
            base: base.into(),
            token: None,
            refresh: None,
        }
    }

    /// The same client with an access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The same client, and nobody in particular.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self { token: None, refresh: None, ..self.clone() }
    }

    /// The access token, if there is one.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Where the server is.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Asks once; the HTTP status and the JSON, or why there is none.
    ///
    /// # Errors
    ///
    /// The connection's failure.
    pub async fn once(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value), reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// Asks until there is an answer: the same key each time, so that it happens once.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Answer {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.once(method.clone(), path, key, body).await {
                Ok((status, json)) if status.is_success() => return Ok(json),
                Ok((status, problem)) => match passes_after(status.as_u16(), &problem) {
                    Some(time) if attempt < ATTEMPTS_MAX => pause(time).await,
                    _ => return Err(refused(status, problem)),
                },
                Err(_) if attempt < ATTEMPTS_MAX => pause(Duration::from_millis(300)).await,
                Err(source) => {
                    return Err(ClientError::Unreachable { method, path: path.into(), source });
                }
            }
        }
    }

    /// Reads `path`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None, None).await
    }

    /// Posts `body` to `path` under a key of its own.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_as(&new_key(), path, body).await
    }

    /// Posts `body` to `path` under `key`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn post_as(&self, key: &str, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(key), Some(&body)).await
    }

    /// Posts as a browser does that keeps one cookie: the cookie that it has, and then the answer
    /// with the cookie that it is given (`name=value`).
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn post_with_cookie(
        &self,
        path: &str,
        cookie: Option<&str>,
        body: &Value,
    ) -> Result<(Option<String>, Value), ClientError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut request = self.http.post(format!("{}{path}", self.base)).json(body);
            if let Some(cookie) = cookie {
                request = request.header("cookie", cookie);
            }
            match read(request).await {
                Ok((status, given, json)) if status.is_success() => return Ok((given, json)),
                Ok((status, _, problem)) => match passes_after(status.as_u16(), &problem) {
                    Some(time) if attempt < ATTEMPTS_MAX => pause(time).await,
                    _ => return Err(refused(status, problem)),
                },
                Err(_) if attempt < ATTEMPTS_MAX => pause(Duration::from_millis(300)).await,
                Err(source) => {
                    let method = Method::POST;
                    return Err(ClientError::Unreachable { method, path: path.into(), source });
                }
            }
        }
    }

    /// Reads `path` as text, asking once.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn text(&self, path: &str) -> Result<String, ClientError> {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let read = async {
            let response = request.send().await?;
            Ok((response.status(), response.text().await?))
        };
        match read.await {
            Ok((status, text)) if status.is_success() => Ok(text),
            Ok((status, text)) => {
                Err(refused(status, serde_json::from_str(&text).unwrap_or(Value::Null)))
            }
            Err(source) => {
                Err(ClientError::Unreachable { method: Method::GET, path: path.into(), source })
            }
        }
    }

    /// Deletes `path`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, Some(&new_key()), None).await
    }

    /// Registers an account.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn register(&self, name: &str, password: &str) -> Answer {
        let email = format!("{name}@example.org");
        let body = json!({ "username": name, "email": email, "password": password });
        self.ask(Method::POST, "/api/accounts", None, Some(&body)).await
    }

    /// Logs in: the same client with its access token.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn log_in(&self, login: &str, password: &str) -> Result<Self, ClientError> {
        let body = json!({ "login": login, "password": password });
        let tokens = self.ask(Method::POST, "/api/sessions", None, Some(&body)).await?;
        Ok(self.with_tokens(&tokens))
    }

    /// The same client with a new access token, for the refresh token that it was given last.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn refresh(&self) -> Result<Self, ClientError> {
        let body = json!({ "refresh_token": self.refresh.as_deref() });
        let tokens = self.ask(Method::POST, "/api/sessions/refresh", None, Some(&body)).await?;
        Ok(self.with_tokens(&tokens))
    }

    fn with_tokens(&self, tokens: &Value) -> Self {
        let text = |name: &str| tokens[name].as_str().map(Arc::from);
        Self { token: text("access_token"), refresh: text("refresh_token"), ..self.clone() }
    }

    /// Logs in, with a new account if there is none.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn come_in(&self, name: &str, password: &str) -> Result<Self, ClientError> {
        match self.register(name, password).await {
            Err(error) if !error.code().ends_with("_taken") => Err(error),
            _ => self.log_in(name, password).await,
        }
    }
}

/// A fresh idempotency key.
#[must_use]
pub fn new_key() -> String {
    Uuid::new_v4().to_string()
}

/// The status, the first cookie that is set, and the JSON.
async fn read(
    request: reqwest::RequestBuilder,
) -> Result<(StatusCode, Option<String>, Value), reqwest::Error> {
    let response = request.send().await?;
    let cookie = response.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
    let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
    let status = response.status();
    let text = response.text().await?;
    Ok((status, cookie, serde_json::from_str(&text).unwrap_or(Value::Null)))
}

/// Waits about `time`, so that many clients do not come back at once.
async fn pause(time: Duration) {
    tokio::time::sleep(jittered(time)).await;
}

/// About `time`, so that not all come back at once.
pub(crate) fn jittered(time: Duration) -> Duration {
    time.mul_f64(0.5 + rand::random::<f64>())
}

/// When the same may be asked again, if that is soon and the refusal is of the passing kind.
pub(crate) fn passes_after(status: u16, problem: &Value) -> Option<Duration> {
    let wait = problem["retry_after_s"].as_u64();
    let seconds = match status {
        503 => wait.unwrap_or(1),
        429 => wait?,
        _ => return None,
    };
    (seconds <= PATIENCE_S).then(|| Duration::from_secs(seconds))
}

fn refused(status: StatusCode, problem: Value) -> ClientError {
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    let (code, detail) = (text("code"), text("detail"));
    ClientError::Refused { status: status.as_u16(), code, detail, problem }
}
