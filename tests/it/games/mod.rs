//! Matches over real sockets: tickets and resume tokens, the way in by each transport, hostile clients,
//! kills; watchers, chat and order; the examples.

mod crash;
mod entry;
mod examples;
mod hostile;
mod links;
mod lobby;
mod resume;
mod transport;
mod watching;

use std::future::Future;
use std::time::Duration;

use playhouse_domain::games::find;
use playhouse_loadtest::client::Client;
use playhouse_loadtest::play::mind::Choose;
use playhouse_loadtest::play::player::Player;
use playhouse_loadtest::play::{Connection, PlayError, Way};
use playhouse_protocol::game::control::{ClientControl, Entry, ServerControl, Welcome};
use playhouse_protocol::game::{Input, Schema};
use serde_json::{Value, json};

use crate::server::Server;

/// How long anything may take. 20 s; usual are milliseconds.
pub(super) const WITHIN: Duration = Duration::from_secs(20);

pub(super) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(WITHIN, what).await.expect("it takes too long")
}

/// What arena's entities, inputs and events consist of.
pub(super) fn schema() -> &'static Schema {
    find("arena").expect("arena is a game").schema()
}

/// A transport by which a player comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Native,
    Web,
}

/// A match of arena on a server of its own, made by Ann.
pub(super) struct House {
    pub(super) server: Server,
    pub(super) ann: Client,
    /// `/api/games/sessions/{id}`.
    pub(super) path: String,
}

impl House {
    pub(super) async fn open() -> Self {
        Self::with(&[]).await
    }

    pub(super) async fn with(settings: &[(&str, &str)]) -> Self {
        let server = Server::with(settings);
        let ann = server.person("ann").await;
        // It takes two to begin: one of them is a bot.
        let path = make(&ann, json!({ "seats": 8, "bots": 1 })).await;
        Self { server, ann, path }
    }

    /// A seat for `who`.
    pub(super) async fn seat(&self, who: &Client) -> Way {
        seat(who, &self.path).await
    }

    /// A seat for somebody without an account.
    pub(super) async fn guest_seat(&self) -> Way {
        let guest = self.server.client().post("/api/games/guests", json!({})).await;
        let guest = guest.expect("a guest's token is given");
        let token = guest["guest_token"].as_str().expect("it is a text");
        self.seat(&self.server.client().with_token(token)).await
    }

    /// How the match stands.
    pub(super) async fn info(&self) -> Value {
        self.ann.get(&self.path).await.expect("the match is there")
    }
}

/// A match of arena that `host` makes: its path.
pub(super) async fn make(host: &Client, session: Value) -> String {
    let made = host.post("/api/games/arena/sessions", session).await.expect("a match is made");
    format!("/api/games/sessions/{}", made["id"].as_str().expect("it has an id"))
}

/// A seat for `who` in the match at `path`.
pub(super) async fn seat(who: &Client, path: &str) -> Way {
    let joined = who.post(&format!("{path}/join"), json!({})).await.expect("there is a seat");
    Way::read(&joined).expect("it says how to get there")
}

/// A connection that has said nothing yet.
pub(super) async fn connect(by: By, way: &Way) -> Connection {
    let connected = match by {
        By::Native => Connection::native(way).await,
        By::Web => Connection::web(way).await,
    };
    connected.expect("there is a connection")
}

/// Enters by `entry`: the connection, and how it was welcomed.
pub(super) async fn enter_by(
    by: By,
    way: &Way,
    entry: Entry,
) -> Result<(Connection, Welcome), PlayError> {
    let mut connection = connect(by, way).await;
    let welcome = connection.enter(schema().hash(), entry).await?;
    Ok((connection, welcome))
}

pub(super) fn ticket(way: &Way) -> Entry {
    Entry::Ticket(way.ticket.clone())
}

pub(super) fn resume(welcome: &Welcome) -> Entry {
    Entry::Resume(welcome.resume.clone())
}

/// Enters by the ticket.
pub(super) async fn enter(by: By, way: &Way) -> (Connection, Welcome) {
    enter_by(by, way, ticket(way)).await.expect("it is let in")
}

/// The next control message that `pick` picks.
pub(super) async fn told<T>(
    connection: &mut Connection,
    mut pick: impl FnMut(ServerControl) -> Option<T>,
) -> T {
    soon(async {
        loop {
            let message = connection.control().await.expect("the connection stands");
            if let Some(picked) = pick(message) {
                return picked;
            }
        }
    })
    .await
}

/// The code with which the server ends the connection.
pub(super) async fn ended(connection: &mut Connection) -> u32 {
    match soon(connection.ended()).await {
        PlayError::Closed { code, .. } => code,
        other => panic!("{other} is no end with a code"),
    }
}

/// Walks about, whatever there is to see.
pub(super) fn stroll() -> Choose {
    Box::new(|tick, _| Input { bits: u64::from(tick / 16 % 4) })
}

/// A player who walks about, in a seat of `way`.
pub(super) async fn player(by: By, way: &Way) -> Player {
    let connection = connect(by, way).await;
    Player::enter(connection, schema(), ticket(way), stroll()).await.expect("it is let in")
}

/// Has everybody of `players` say that they are ready, and plays until the match has begun for all.
pub(super) async fn begin(players: &mut [Player]) {
    for player in players.iter_mut() {
        player.connection.say(&ClientControl::Ready(true)).await.expect("the connection stands");
    }
    for player in players.iter_mut() {
        assert!(player.play(WITHIN, |p| p.states > 0).await.unwrap(), "the match does not begin");
    }
}
