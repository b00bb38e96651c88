//! Matches at the edge: who comes in to play, by whatever transport, and the way between their
//! connection and the match. No rules.
//!
//! - [`run`], [`requests`], [`shapes`]: what REST asks of matches, as JSON. [`about`]: what clients need to know
//!   of a game, and how a match's ticks stand. [`film`]: a match that is over, to be watched again.
//! - [`tokens`](self): tickets and resume tokens, which let a connection in.
//! - [`admission`]: how many at once, and who must prove their address. [`turned_away`]: whose ticket or token let
//!   nobody in.
//! - `session`: one player's connection from its first message to its end. `foyer`: what all those of
//!   one match are told beside its ticks. `watching`: one who only looks on. `line`: a connection as its match sees it. `intake`: datagrams
//!   on their way in. [`ending`]: why a connection ends.
//! - [`carrier`]: what carries messages, whichever transport it is; `by_quic`: QUIC and WebTransport;
//!   `ws::play`: WebSocket.
//! - [`always_on`]: a match of the server's own, as the demo has one. [`keeping`]: how long matches that are over are
//!   kept.
//! - [`house`]: starting and stopping it all. [`runtime`]: its thread. `figures`: what is counted.

pub mod about;
pub mod admission;
pub mod always_on;
mod by_quic;
pub mod carrier;
pub mod ending;
pub mod evidence;
mod figures;
pub mod film;
mod foyer;
pub mod house;
pub mod intake;
pub mod keeping;
pub mod league;
mod line;
pub mod requests;
pub mod run;
pub mod runtime;
mod session;
pub mod shapes;
mod tokens;
pub mod turned_away;
mod watching;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use playhouse_actors::Rooms;
use playhouse_actors::ticker::Ticker;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use self::admission::{Admission, Permit};
use self::carrier::Player;
use self::foyer::Foyers;
use self::turned_away::{Turned, TurnedAway};
use crate::accounts::Accounts;
use crate::config::Config;
use crate::quic::{Arrival, Host, Reach};

/// What everybody who plays through this server shares. Cheap to clone.
#[derive(Clone)]
pub struct Stage(Arc<Shared>);

struct Shared {
    rooms: Rooms,
    accounts: Accounts,
    ticker: Ticker,
    admission: Admission,
    reach: Reach,
    runtime: Handle,
    foyers: Foyers,
    watchers: Arc<Semaphore>,
    turned: Turned,
    stopping: watch::Sender<bool>,
}

impl Stage {
    /// The stage of a server whose matches tick in `ticker`, reached at `reach`, with its players served
    /// on `runtime`.
    #[must_use]
    pub fn new(
        config: &Config,
        (rooms, accounts): (Rooms, Accounts),
        ticker: Ticker,
        (reach, runtime): (Reach, Handle),
    ) -> Self {
        figures::describe();
        Self(Arc::new(Shared {
            rooms,
            accounts,
            ticker,
            admission: Admission::new(config),
            reach,
            runtime,
            foyers: Foyers::default(),
            watchers: Arc::new(Semaphore::new(config.games.watchers)),
            turned: Turned::default(),
            stopping: watch::Sender::new(false),
        }))
    }

    /// Where clients reach the game transport.
    #[must_use]
    pub fn reach(&self) -> &Reach {
        &self.0.reach
    }

    /// How many players are connected or on their way, and how many more may be.
    #[must_use]
    pub fn admission(&self) -> &Admission {
        &self.0.admission
    }

    /// Serves a player until it is gone, on the players' thread.
    pub fn serve(&self, player: Player, permit: Permit) {
        let until = Instant::now() + session::HELLO_WITHIN;
        self.0.runtime.spawn(session::serve(self.clone(), player, permit, until));
    }

    /// Lets everybody go: the server stops.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Tells the figures of matches that are not counted as they happen.
    pub fn tell_figures(&self) {
        figures::ticks(&self.0.ticker.figures());
    }

    /// Those whose ticket or token let nobody in, the newest first.
    #[must_use]
    pub fn turned_away(&self) -> Vec<TurnedAway> {
        self.0.turned.newest()
    }

    fn turned(&self) -> &Turned {
        &self.0.turned
    }

    fn rooms(&self) -> &Rooms {
        &self.0.rooms
    }

    fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    fn ticker(&self) -> &Ticker {
        &self.0.ticker
    }

    fn foyers(&self) -> &Foyers {
        &self.0.foyers
    }

    /// A place for one more who watches; none if as many do as may.
    fn watchers(&self) -> Option<OwnedSemaphorePermit> {
        self.0.watchers.clone().try_acquire_owned().ok()
    }

    /// The number that names this run of the server to matches.
    fn via(&self) -> u64 {
        self.0.ticker.via()
    }

    /// Ready once the server stops.
    async fn stopping(&self) {
        let _ = self.0.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }
}

impl Host for Stage {
    fn receive(&self, arrival: Arrival) -> BoxFuture<'static, ()> {
        let stage = self.clone();
        Box::pin(async move {
            let Arrival { session, by, address, permit } = arrival;
            let until = Instant::now() + session::HELLO_WITHIN;
            let listening = by_quic::listen(session.clone(), by, address);
            match tokio::time::timeout_at(until, listening).await {
                Ok(Some(player)) => session::serve(stage, player, permit, until).await,
                Ok(None) => {}
                // Connected, and opened no stream.
                Err(_) => {
                    let end = ending::End::Silent;
                    figures::ended(by.name(), end);
                    session.close(u32::from(end.code()), end.name().as_bytes());
                    session.closed().await;
                }
            }
        })
    }
}
