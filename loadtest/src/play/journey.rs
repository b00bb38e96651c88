//! The way into a match, and back into it whenever the connection is lost: by a ticket first, then by the
//! newest resume token, and by another ticket where that was lost on the way.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use playhouse_domain::games::find;
use playhouse_protocol::game::Schema;
use playhouse_protocol::game::control::{Entry, Refused};
use serde_json::{Value, json};

use super::mind::Mind;
use super::player::Player;
use super::{Connection, PlayError, Way};
use crate::client::{Client, ClientError};

/// How long one attempt to connect may take. 1 s: a lost first packet is sent again after 0.3 s, and one that
/// finds nobody there is soon made anew.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(1);

/// The pause between two attempts. 50 ms: a seat is kept for half a minute only.
const PAUSE: Duration = Duration::from_millis(50);

/// How long nothing may come while a match is played before the connection is taken to be lost. 500 ms: fifteen
/// ticks, which no path loses that is still one.
pub const SILENCE_MAX: Duration = Duration::from_millis(500);

/// Nobody is let in.
#[derive(Debug, thiserror::Error)]
pub enum JourneyError {
    /// The server's REST refused, or did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The server did not let anybody in, or could not be reached in time.
    #[error(transparent)]
    Play(#[from] PlayError),
}

/// Somebody who has a seat in a match.
pub struct Journey {
    client: Client,
    path: String,
    name: Option<String>,
    way: Way,
    schema: &'static Schema,
    /// The newest resume token.
    resume: Option<String>,
    /// True if [`Way::ticket`] was not used yet.
    is_fresh: bool,
    /// True over WebSocket.
    web: bool,
    /// What stands before the server.
    through: Option<SocketAddr>,
}

impl Journey {
    /// Takes a seat for `client` in the arena match `id`, shown as `name`; over WebSocket where there is no QUIC.
    ///
    /// # Errors
    ///
    /// [`JourneyError`].
    pub async fn join(client: &Client, id: &str, name: Option<&str>) -> Result<Self, JourneyError> {
        let path = format!("/api/games/sessions/{id}");
        let name = name.map(str::to_owned);
        let way = take_seat(client, &path, name.as_deref()).await?;
        let schema = find("arena").expect("the arena is a game").schema();
        let web = way.quic.is_none();
        let (client, resume, through) = (client.clone(), None, None);
        Ok(Self { client, path, name, way, schema, resume, is_fresh: true, web, through })
    }

    /// Goes over WebSocket, whatever else there is.
    #[must_use]
    pub fn by_web(mut self) -> Self {
        self.web = true;
        self
    }

    /// True over WebSocket.
    #[must_use]
    pub fn is_web(&self) -> bool {
        self.web
    }

    /// Goes by QUIC through `addr`, behind which the server is.
    pub fn set_through(&mut self, addr: SocketAddr) {
        self.through = Some(addr);
    }

    /// The seat, and the ways to it.
    #[must_use]
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// The match, as REST tells it now.
    ///
    /// # Errors
    ///
    /// [`JourneyError`].
    pub async fn session(&self) -> Result<Value, JourneyError> {
        Ok(self.client.get(&self.path).await?)
    }

    /// Connects with the mind that `mind` makes for the seat, trying again for `within`.
    ///
    /// # Errors
    ///
    /// [`PlayError::Refused`] with [`Refused::Over`] once the match is over; [`JourneyError`].
    pub async fn come<M: Mind>(
        &mut self,
        mut mind: M,
        within: Duration,
    ) -> Result<Player<M>, JourneyError> {
        let deadline = Instant::now() + within;
        loop {
            let error = match self.attempt(mind).await {
                Ok(player) => return Ok(player),
                Err((back, error)) => {
                    mind = back;
                    error
                }
            };
            match error {
                PlayError::Refused(Refused::Entry) => {
                    // The newest token may have been lost on the way; the seat is still ours.
                    self.resume = None;
                    self.is_fresh = false;
                }
                PlayError::Refused(Refused::Busy) => {}
                refused @ PlayError::Refused(_) => return Err(refused.into()),
                _ => {}
            }
            if Instant::now() > deadline {
                return Err(error.into());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What lets in.
    async fn entry(&mut self) -> Result<Entry, PlayError> {
        if let Some(token) = &self.resume {
            return Ok(Entry::Resume(token.clone()));
        }
        if !std::mem::take(&mut self.is_fresh) {
            match take_seat(&self.client, &self.path, self.name.as_deref()).await {
                Ok(way) => self.way = way,
                Err(JourneyError::Client(error)) if error.code() == "match_over" => {
                    return Err(PlayError::Refused(Refused::Over));
                }
                Err(error) => return Err(PlayError::Broken(error.to_string())),
            }
        }
        Ok(Entry::Ticket(self.way.ticket.clone()))
    }

    async fn attempt<M: Mind>(&mut self, mind: M) -> Result<Player<M>, (M, PlayError)> {
        let entered = async {
            let entry = self.entry().await?;
            let mut connection = match (self.web, self.through) {
                (true, _) => Connection::web(&self.way).await?,
                (false, Some(addr)) => Connection::native_at(&self.way, addr).await?,
                (false, None) => Connection::native(&self.way).await?,
            };
            let welcome = connection.enter(self.schema.hash(), entry).await?;
            Ok((connection, welcome))
        };
        let entered = tokio::time::timeout(ATTEMPT_WITHIN, entered).await;
        match entered.unwrap_or(Err(PlayError::TimedOut)) {
            Ok((connection, welcome)) => {
                self.resume = Some(welcome.resume.clone());
                let mut player = Player::welcomed(connection, self.schema, welcome, mind);
                player.silence_max = Some(SILENCE_MAX);
                Ok(player)
            }
            Err(error) => Err((mind, error)),
        }
    }
}

async fn take_seat(client: &Client, path: &str, name: Option<&str>) -> Result<Way, JourneyError> {
    let asks = match name {
        Some(name) => json!({ "name": name }),
        None => json!({}),
    };
    let joined = client.post(&format!("{path}/join"), asks).await?;
    Ok(Way::read(&joined)?)
}

/// A client who is a guest: somebody without an account.
///
/// # Errors
///
/// [`ClientError`].
pub async fn guest(client: &Client) -> Result<Client, ClientError> {
    let given = client.post("/api/games/guests", json!({})).await?;
    Ok(client.with_token(given["guest_token"].as_str().unwrap_or_default()))
}
