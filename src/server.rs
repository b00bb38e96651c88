//! Start-up and shutdown, in order.
//!
//! Start: settings, store and rooms ([`House`]), certificates, sockets, then ready. Shutdown: not
//! ready, no new work, finish what was accepted, sync, close the sockets.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::app::{App, Phase};
use crate::config::{BadSetting, Config};
use crate::control::Control;
use crate::house::{House, HouseError};
use crate::http::metrics;
use crate::http::mount::{Base, application, routes};
use crate::listen::{Ready, listen};
use crate::tls::{Certificates, TlsError};

/// How often the figures are folded, so that they take no more memory while nobody reads them. 5 s,
/// the library's own advice.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// How long idle and live connections may take to close at the end of a shutdown. 1 s: what was
/// asked has been answered by then.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// The server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting makes no sense.
    #[error(transparent)]
    Setting(#[from] BadSetting),
    /// The store or the rooms do not open.
    #[error(transparent)]
    House(#[from] HouseError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("failed to listen on {addr}")]
    Listen {
        /// Which address.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A server that listens.
pub struct Server {
    app: App,
    house: House,
    ready: Ready,
    http: ServerHandle,
    serving: JoinHandle<io::Result<()>>,
    chores: Vec<JoinHandle<()>>,
    control: Option<Control>,
}

impl Server {
    /// Starts a server and returns once it takes work. Must run in an actix system.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        config.check()?;
        metrics::install();
        let config = Arc::new(config);
        let house = House::open(&config)?;
        let certificates = Certificates::open(&config.tls)?;
        let at = |source| StartError::Listen { addr: config.http.addr, source };
        let listener =
            listen(config.http.addr, config.http.backlog, config.http.send_timeout).map_err(at)?;
        let http = listener.local_addr().map_err(at)?;
        let app = App {
            public_url: public_url(&config, http).into(),
            config: config.clone(),
            rooms: house.rooms.clone(),
            phase: Phase::default(),
        };

        let base = Base::new(config.clone(), app.phase.clone());
        let (factory_app, settings) = (app.clone(), &config.http);
        let server =
            HttpServer::new(move || application(base.clone(), routes(factory_app.clone())))
                .workers(settings.workers)
                .max_connections(settings.max_connections)
                .keep_alive(settings.keep_alive)
                .client_request_timeout(settings.request_timeout)
                .tls_handshake_timeout(settings.request_timeout)
                .client_disconnect_timeout(CLOSE_WITHIN)
                .shutdown_timeout(CLOSE_WITHIN.as_secs())
                .disable_signals();
        let server = match &certificates {
            Some(certificates) => server.listen_rustls_0_23(listener, certificates.server_config()),
            None => server.listen(listener),
        };
        let server = server.map_err(at)?.run();
        let handle = server.handle();
        let serving = actix::spawn(server);

        let control = Control::start(&config.store.data, house.journal.clone(), app.clone());
        app.phase.serve();
        tracing::info!(url = %app.public_url, data = %config.store.data.display(), "serving");
        let ready = Ready { http, quic: None };
        let chores = chores(&config, certificates);
        Ok(Self { app, house, ready, http: handle, serving, chores, control })
    }

    /// Where it listens.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// What its handlers share.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Stops: refuses new work, finishes what was accepted, syncs. Takes no longer than
    /// `http.shutdown_deadline`. True if everything that was accepted was finished.
    pub async fn stop(self) -> bool {
        let deadline = Instant::now() + self.app.config.http.shutdown_deadline;
        tracing::info!("stopping");
        self.app.phase.stop();
        drop(self.control);
        let left =
            |reserve: Duration| (deadline - reserve).saturating_duration_since(Instant::now());
        let finished = self.house.close(left(2 * CLOSE_WITHIN)).await;
        let closing = async {
            self.http.stop(true).await;
            let _ = self.serving.await;
        };
        let closed = tokio::time::timeout(left(Duration::ZERO), closing).await.is_ok();
        self.chores.iter().for_each(JoinHandle::abort);
        tracing::info!(finished, closed, "stopped");
        finished
    }
}

/// Where people reach the server.
fn public_url(config: &Config, http: SocketAddr) -> String {
    let scheme = if config.tls.cert.is_some() { "https" } else { "http" };
    config.http.public_url.clone().unwrap_or_else(|| format!("{scheme}://{http}"))
}

/// What happens every few seconds.
fn chores(config: &Config, certificates: Option<Arc<Certificates>>) -> Vec<JoinHandle<()>> {
    let mut chores = vec![actix::spawn(async {
        loop {
            tokio::time::sleep(UPKEEP_EVERY).await;
            metrics::upkeep();
        }
    })];
    if let Some(certificates) = certificates {
        let every = config.tls.reload_every;
        chores.push(actix::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                match certificates.reload() {
                    Ok(true) => tracing::info!("serving a new certificate"),
                    Ok(false) => {}
                    Err(error) => {
                        let why = crate::cli::chain(&error);
                        tracing::warn!(why, "kept the old certificate");
                    }
                }
            }
        }));
    }
    chores
}
