//! A server with the live connection alone, rooms in memory, and clients over real sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpServer, web};
use futures_util::future::LocalBoxFuture;
use futures_util::{SinkExt, StreamExt};
use playhouse_actors::journal::memory::MemoryJournal;
use playhouse_actors::{Rooms, Start};
use playhouse_domain::refusal::Refusal;
use playhouse_domain::room::{Audience, Caller, Cx, Effects, Role, Rules};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{AccountId, RoomId};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

use crate::config::Config;
use crate::http::error::Problem;
use crate::ws::doors::{Doors, Pass};
use crate::ws::{Live, routes};

/// How long a test waits for what must come.
const SOON: Duration = Duration::from_secs(10);

pub(super) const SHOWING: &str = "showing:00000000-0000-4000-8000-000000000001";
/// From here on an addition's change has as many bytes as it adds.
pub(super) const LARGE: u64 = 1000;

pub(super) const ANN: &str = "00000000-0000-4000-8000-00000000000a";

/// Stands for a showing: a number that grows. What is added past [`LARGE`] is told at such length.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Tally(u64);

impl Rules for Tally {
    const KIND: &'static str = "showing";
    const SCHEMA: u16 = 1;
    type Command = u64;
    type Event = u64;
    type Reply = u64;
    type View = u64;
    type Change = String;

    fn new(_: &RoomId) -> Self {
        Self::default()
    }

    fn decide(&self, _: &Cx<'_>, command: u64) -> Result<Effects<Self>, Refusal> {
        Ok(Effects::reply(vec![command], self.0 + command))
    }

    fn apply(&mut self, _: Timestamp, event: &u64) {
        self.0 += event;
    }

    fn audience(&self, _: &Caller) -> Option<Audience> {
        Some(Audience::Public)
    }

    fn view(&self, _: Timestamp, _: &Audience) -> Option<u64> {
        (self.0 > 0).then_some(self.0)
    }

    fn change(&self, event: &u64, _: &Audience) -> Option<String> {
        let size = if *event < LARGE { 1 } else { *event };
        Some("x".repeat(usize::try_from(size).unwrap()))
    }
}

/// Tokens look like `role` or `role:seconds`; all sessions end together.
struct TestDoors(watch::Sender<bool>);

impl Doors for TestDoors {
    fn admit(&self, token: String) -> LocalBoxFuture<'static, Result<Pass, Problem>> {
        let mut over = self.0.subscribe();
        Box::pin(async move {
            let problem =
                |code: &'static str| Problem::new(StatusCode::UNAUTHORIZED, code, "not let in");
            let (role, seconds) = token.split_once(':').unwrap_or((&token, "900"));
            let role = match role {
                "user" => Role::User,
                "organizer" => Role::Organizer,
                "admin" => Role::Admin,
                "expired" => return Err(problem("token_expired")),
                _ => return Err(problem("invalid_token")),
            };
            let account = AccountId(Uuid::parse_str(ANN).unwrap());
            Ok(Pass {
                who: Caller::Account { id: account, role },
                name: Some("ann".to_owned()),
                lasts: Duration::from_secs(seconds.parse().unwrap()),
                over: Box::pin(async move {
                    let _ = over.wait_for(|over| *over).await;
                }),
                call: std::rc::Rc::new(|method, data| {
                    Box::pin(async move {
                        match method.as_str() {
                            "echo" => Ok(data),
                            "wait" => std::future::pending().await,
                            _ => Err(Problem::new(StatusCode::CONFLICT, "seat_taken", "taken")
                                .with("seats", vec!["A1".to_owned()])),
                        }
                    })
                }),
            })
        })
    }
}

/// The server.
pub(super) struct Rig {
    pub(super) live: Live,
    pub(super) rooms: Rooms,
    pub(super) addr: SocketAddr,
    pub(super) over: watch::Sender<bool>,
    server: ServerHandle,
}

impl Rig {
    pub(super) async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        change(&mut config);
        let over = watch::Sender::new(false);
        let rooms = Start::new(Arc::new(MemoryJournal::new())).kind::<Tally>().start().unwrap();
        let doors = Arc::new(TestDoors(over.clone()));
        let config = Arc::new(config);
        let live = Live::new(config.clone(), "http://house.example".into(), rooms.clone(), doors);
        let factory_live = live.clone();
        let server = HttpServer::new(move || {
            let config: web::Data<Config> = config.clone().into();
            App::new().app_data(config).configure(routes(factory_live.clone()))
        });
        let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let addr = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix::spawn(server);
        let rig = Self { live, rooms, addr, over, server: handle };
        rig.add(1).await;
        rig
    }

    /// Adds `n` to the showing.
    pub(super) async fn add(&self, n: u64) {
        let room = SHOWING.parse().unwrap();
        self.rooms.ask::<Tally>(&room, Caller::System, None, &n).await.unwrap();
    }

    /// Adds so much, for `time` and 20 times a second, that what is told of it fills every buffer
    /// between the server and a client that does not read. Returns where the stream stands then.
    pub(super) async fn flood(&self, time: Duration) -> u64 {
        let mut every = tokio::time::interval(Duration::from_millis(50));
        let end = std::time::Instant::now() + time;
        while std::time::Instant::now() < end {
            every.tick().await;
            self.add(400_000).await;
        }
        let room = SHOWING.parse().unwrap();
        self.rooms.view(&room, Audience::Public).await.unwrap().position.offset
    }

    pub(super) async fn client(&self) -> Client {
        self.client_from(None).await.unwrap()
    }

    /// A client whose page is of `origin`; the status if it is not let in.
    pub(super) async fn client_from(&self, origin: Option<&str>) -> Result<Client, u16> {
        let url = format!("ws://{}/connection/websocket", self.addr);
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Client { socket, next: 0, waiting: Vec::new() }),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
                Err(answer.status().as_u16())
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// A client that is connected with `token`.
    pub(super) async fn connected(&self, token: &str) -> Client {
        let mut client = self.client().await;
        let answer = client.ask("connect", json!({ "token": token })).await;
        assert!(answer["connect"]["client"].is_string(), "{answer}");
        client
    }

    pub(super) async fn stop(self) {
        self.server.stop(false).await;
        self.rooms.shut_down(SOON).await;
    }
}

/// A client without manners or memory: it says what it is told to.
pub(super) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u32,
    waiting: Vec<Value>,
}

impl Client {
    pub(super) async fn send(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    /// The next frame, or the code with which the server closed.
    pub(super) async fn frame(&mut self) -> Result<String, u16> {
        loop {
            let message = tokio::time::timeout(SOON, self.socket.next()).await;
            match message.expect("the server says something soon") {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return Err(0),
            }
        }
    }

    /// The next line that is no ping.
    pub(super) async fn line(&mut self) -> Value {
        loop {
            if !self.waiting.is_empty() {
                return self.waiting.remove(0);
            }
            let frame = self.frame().await.expect("the connection is open");
            let lines = frame.lines().map(|line| serde_json::from_str(line).unwrap());
            self.waiting.extend(lines.filter(|line| *line != json!({})));
        }
    }

    /// Asks and waits for the answer under the same id; what comes before it is dropped.
    pub(super) async fn ask(&mut self, name: &str, request: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(json!({ "id": id, name: request }).to_string()).await;
        loop {
            let line = self.line().await;
            if line["id"] == id {
                return line;
            }
        }
    }

    /// The code with which the server closes.
    pub(super) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.frame().await {
                return code;
            }
        }
    }

    /// Waits for the showing's next publication.
    pub(super) async fn publication(&mut self) -> Value {
        loop {
            let line = self.line().await;
            if line["push"]["pub"].is_object() {
                return line["push"]["pub"].clone();
            }
        }
    }

    /// Subscribes to the showing.
    pub(super) async fn subscribe(&mut self) -> Value {
        self.ask("subscribe", json!({ "channel": SHOWING })).await["subscribe"].clone()
    }
}
