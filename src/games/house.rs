//! Starting and stopping everything that players' connections need: their thread, the UDP socket, the
//! certificate, the game transport.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use playhouse_protocol::game::control::Closed;

use super::Stage;
use super::ending::End;
use super::runtime::Runtime;
use crate::app::Phase;
use crate::asking::server_time;
use crate::config::Config;
use crate::quic::identity::IdentityError;
use crate::quic::{Contact, Identity, Quic, QuicError, Reach, Socket};

/// The game transport does not open.
#[derive(Debug, thiserror::Error)]
pub enum GamesError {
    /// Its thread cannot be started.
    #[error("failed to start the players' thread")]
    Thread(#[source] io::Error),
    /// Its certificate cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// It cannot listen.
    #[error(transparent)]
    Quic(#[from] QuicError),
}

/// Everything that players' connections need; bound, and from [`Self::serve`] on letting them in.
pub struct GameHouse {
    runtime: Runtime,
    listening: Option<Listening>,
    quic: Option<Quic>,
}

struct Listening {
    /// Until the transport has it.
    socket: Option<Socket>,
    addr: SocketAddr,
    identity: Identity,
    reach: Reach,
}

impl GameHouse {
    /// Starts the players' thread and, unless the transport is off, binds its socket and looks for its
    /// certificate.
    ///
    /// # Errors
    ///
    /// See [`GamesError`].
    pub fn open(config: &Arc<Config>) -> Result<Self, GamesError> {
        let runtime = Runtime::start().map_err(GamesError::Thread)?;
        if !config.quic.enabled {
            return Ok(Self { runtime, listening: None, quic: None });
        }
        let socket = Socket::bind(config.quic.addr)?;
        let addr = socket.addr();
        let identity = Identity::open(config, names(config, addr), server_time())?;
        let reach = Reach::new(config.clone(), addr, identity.clone());
        let listening = Some(Listening { socket: Some(socket), addr, identity, reach });
        Ok(Self { runtime, listening, quic: None })
    }

    /// Where the transport listens; none where it is off.
    #[must_use]
    pub fn addr(&self) -> Option<SocketAddr> {
        self.listening.as_ref().map(|listening| listening.addr)
    }

    /// Where clients reach the transport.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.listening.as_ref().map(|listening| listening.reach.clone()).unwrap_or_default()
    }

    /// The players' thread.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Who the transport is to its clients; none where it is off.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        self.listening.as_ref().map(|listening| listening.identity.clone())
    }

    /// Lets players in, onto `stage`. Should the socket fail later, `phase` says so.
    ///
    /// # Errors
    ///
    /// See [`GamesError`].
    pub fn serve(
        &mut self,
        config: &Config,
        public_url: Arc<str>,
        stage: &Stage,
        phase: Phase,
    ) -> Result<(), GamesError> {
        let Some(listening) = &mut self.listening else { return Ok(()) };
        let Some(socket) = listening.socket.take() else { return Ok(()) };
        let on = (self.runtime.handle().clone(), stage.admission().clone());
        let lost = move || {
            if !phase.is_stopping() {
                tracing::error!("the game transport has ended");
                phase.lose("the game transport");
            }
        };
        let (host, identity) = (Arc::new(stage.clone()), &listening.identity);
        self.quic = Some(Quic::start((config, public_url), socket, identity, on, host, lost)?);
        Ok(())
    }

    /// Lets everybody go and tells them, within `within`.
    pub async fn stop(self, stage: &Stage, within: Duration) {
        stage.stop();
        if let Some(quic) = self.quic {
            let end = End::Closed(Closed::Stopping);
            quic.stop(u32::from(end.code()), end.name(), within).await;
        }
    }
}

/// The names that a certificate of the server's own is made for.
fn names(config: &Config, addr: SocketAddr) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let host = Contact::of(config, addr, None).host;
    let host = host.trim_matches(['[', ']']).to_owned();
    if !names.contains(&host) {
        names.push(host);
    }
    names
}
