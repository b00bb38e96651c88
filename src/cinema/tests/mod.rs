//! The cinema over real sockets: each test opens a house of its own and is a story in it.

mod bookings;
mod payments;
mod programme;
mod repeats;
mod seats;
mod waitlist;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::shapes::{Booking, Hold, SeatMap, Showing};
use crate::accounts::Identity;
use crate::config::Config;
use crate::server::Server;

const ADMIN_PASSWORD: &str = "a password for the tests";

/// A server on a data directory of its own, and a client.
struct House {
    server: Option<Server>,
    http: Client,
    folder: TempDir,
    admin: Person,
}

/// Somebody who is logged in.
#[derive(Debug, Clone, Default)]
struct Person {
    name: String,
    token: String,
}

/// Nobody.
const NOBODY: &Person = &Person { name: String::new(), token: String::new() };

/// What a request led to.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    /// The body, which must be a whole `T` and nothing beside it.
    fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_value(self.body.clone()).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The body of a thing that was made, with a `Location`.
    fn made<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 201, "{self:?}");
        assert!(self.header("location").starts_with("/api/"));
        self.read()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and code of a problem.
    fn refused(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        (self.status, self.body["code"].as_str().unwrap())
    }
}

impl House {
    async fn open() -> Self {
        // Somebody else may have chosen it before: it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let http = Client::new();
        let mut house = Self { server: None, http, folder, admin: Person::default() };
        house.start().await;
        house.admin = house.log_in("admin", ADMIN_PASSWORD).await;
        house
    }

    async fn start(&mut self) {
        let mut config = Config::default();
        config.store.data = self.folder.path().join("data");
        config.http.addr.set_port(0);
        config.quic.addr.set_port(0);
        config.admin.password = Some(ADMIN_PASSWORD.to_owned());
        self.server = Some(Server::start(config).await.unwrap());
    }

    async fn restart(&mut self) {
        self.server.take().unwrap().stop().await;
        self.start().await;
    }

    async fn close(mut self) {
        assert!(self.server.take().unwrap().stop().await);
    }

    fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    async fn log_in(&self, name: &str, password: &str) -> Person {
        let body = json!({"login": name, "password": password});
        let answer = self.post("/api/sessions", NOBODY, body).await;
        let token = answer.body["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}"));
        Person { name: name.to_owned(), token: token.to_owned() }
    }

    /// Registers somebody and logs them in.
    async fn person(&self, name: &str) -> Person {
        let password = "correct horse battery staple";
        let email = format!("{name}@example.org");
        let body = json!({"username": name, "email": email, "password": password});
        let answer = self.post("/api/accounts", NOBODY, body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.log_in(name, password).await
    }

    /// Who `person` is to the service layer.
    async fn identity(&self, person: &Person) -> Identity {
        self.server().app().accounts.verify(&person.token).await.unwrap()
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        who: &Person,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let url = format!("http://{}{path}", self.server().ready().http);
        let mut request = self.http.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !who.token.is_empty() {
            request = request.bearer_auth(&who.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let body =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status, headers, body }
    }

    async fn get(&self, path: &str, who: &Person) -> Answer {
        self.ask(Method::GET, path, who, &[], None).await
    }

    async fn post(&self, path: &str, who: &Person, body: Value) -> Answer {
        self.ask(Method::POST, path, who, &[], Some(body)).await
    }

    /// A command without a body.
    async fn act(&self, path: &str, who: &Person) -> Answer {
        self.ask(Method::POST, path, who, &[], None).await
    }

    async fn delete(&self, path: &str, who: &Person) -> Answer {
        self.ask(Method::DELETE, path, who, &[], None).await
    }

    /// A command under a key.
    async fn keyed(&self, path: &str, who: &Person, key: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, who, &[("idempotency-key", key)], Some(body)).await
    }

    async fn movie(&self, title: &str, minutes: u16) -> String {
        let body = json!({"title": title, "minutes": minutes});
        let answer = self.post("/api/movies", &self.admin, body).await;
        answer.made::<super::shapes::Movie>().id
    }

    async fn screen(&self, name: &str, rows: Value) -> String {
        let body = json!({"name": name, "theater": "Odeon", "rows": rows});
        let answer = self.post("/api/screens", &self.admin, body).await;
        answer.made::<super::shapes::Screen>().id
    }

    async fn schedule(&self, movie: &str, screen: &str, starts_at: &str) -> Answer {
        let prices =
            json!({"standard": "9.50", "premium": "12", "accessible": "5", "companion": "0"});
        let body = json!({"movie_id": movie, "screen_id": screen, "starts_at": starts_at, "prices": prices});
        self.post("/api/showings", &self.admin, body).await
    }

    /// A showing of one row of `seats` standard seats; its path.
    async fn showing(&self, seats: u16) -> String {
        let movie = self.movie("Metropolis", 153).await;
        let rows = json!([{"row": "A", "seats": seats, "kind": "standard"}]);
        let screen = self.screen("Screen 1", rows).await;
        let showing: Showing = self.schedule(&movie, &screen, "2028-05-01T20:00:00Z").await.made();
        format!("/api/showings/{}", showing.id)
    }

    async fn map(&self, showing: &str, who: &Person) -> SeatMap {
        self.get(&format!("{showing}/seats"), who).await.read()
    }

    async fn hold(&self, showing: &str, who: &Person, seats: &[&str]) -> Hold {
        let body = json!({"seats": seats});
        self.post(&format!("{showing}/holds"), who, body).await.made()
    }

    async fn pay(&self, showing: &str, who: &Person, hold: &Hold, token: &str) -> Answer {
        let path = format!("{showing}/holds/{}/purchase", hold.hold_id);
        self.post(&path, who, json!({"payment_token": token})).await
    }

    async fn buy(&self, showing: &str, who: &Person, seats: &[&str]) -> Booking {
        let hold = self.hold(showing, who, seats).await;
        self.pay(showing, who, &hold, "ok").await.made()
    }

    /// Looks again until `path` says what `told` wants, for at most 10 s.
    async fn until(&self, path: &str, who: &Person, told: impl Fn(&Answer) -> bool) -> Answer {
        for _ in 0..200 {
            let answer = self.get(path, who).await;
            if told(&answer) {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{path} did not come to what it should say")
    }
}

/// How many seats are free, held, sold and blocked.
fn counts(map: &SeatMap) -> [u32; 4] {
    let seats = &map.seats;
    assert_eq!(seats.total, seats.free + seats.held + seats.sold + seats.blocked);
    [seats.free, seats.held, seats.sold, seats.blocked]
}
