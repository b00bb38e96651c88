//! Start-up and shutdown, in order.
//!
//! Start: settings, store and rooms ([`House`]), certificates, sockets, then ready. Shutdown: not
//! ready, no new work, finish what was accepted, sync, let the players go, close the sockets.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use playhouse_domain::audit::What;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::accept::{self, CLOSE_WITHIN};
use crate::accounts::Accounts;
use crate::accounts::keys::KeysError;
use crate::app::{App, Phase};
use crate::asking::server_time;
use crate::backups::Backups;
use crate::config::{BadSetting, Config};
use crate::control::Control;
use crate::games::Stage;
use crate::games::house::{GameHouse, GamesError};
use crate::games::keeping::Keeping;
use crate::house::{House, HouseError};
use crate::http::error::Problem;
use crate::http::limit::Limits;
use crate::http::metrics;
use crate::http::mount::{Base, application, routes};
use crate::judge;
use crate::listen::{Ready, listen};
use crate::quic::Identity;
use crate::tls::{Certificates, TlsError};
use crate::trail::{Trail, by_command_line};
use crate::ws::{self, AppDoors, Link, Live};

/// How often the figures are folded, so that they take no more memory while nobody reads them. 5 s,
/// the library's own advice.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// How often the rates that administrators see are taken. 1 s: what they are rates of.
const RATES_EVERY: Duration = Duration::from_secs(1);

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
    /// The keys that sign tokens cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The first administrator cannot be made.
    #[error("failed to make the first administrator")]
    Admin(#[source] Problem),
    /// The game transport does not open.
    #[error(transparent)]
    Games(#[from] GamesError),
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
    games: GameHouse,
    live: Live,
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
        let mut games = GameHouse::open(&config)?;
        let app = assemble(&config, &house, &games, http)?;
        first_admin(&app).await?;

        let live = Live::new(
            config.clone(),
            app.public_url.clone(),
            app.rooms.clone(),
            Arc::new(AppDoors(app.clone())),
        );
        app.live.set(&live);
        games.serve(&config, app.public_url.clone(), &app.stage, app.phase.clone())?;
        let base = Base::new(config.clone(), app.phase.clone()).with_games(games.reach());
        let (mount, mount_live) = (routes(app.clone()), live.clone());
        let factory = move || {
            let (mount, live) = (mount.clone(), mount_live.clone());
            application(base.clone(), move |cfg| {
                cfg.configure(mount).configure(ws::routes(live));
            })
        };
        let tls = certificates.as_ref().map(Certificates::server_config);
        let server = accept::serve(listener, &config.http, tls, factory).map_err(at)?;
        let handle = server.handle();
        let serving = actix::spawn(server);

        let control = Control::start(&config.store.data, house.journal.clone(), app.clone());
        app.phase.serve();
        let ready = Ready { http, quic: games.addr() };
        let (url, data) = (&app.public_url, config.store.data.display());
        tracing::info!(%url, %data, quic = ?ready.quic, "serving");
        let chores = chores(&app, certificates, games.identity(), live.clone());
        Ok(Self { app, house, games, live, ready, http: handle, serving, chores, control })
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
        // What was asked over the live connections is answered by now, and no match ticks any more.
        let within = left(CLOSE_WITHIN).min(CLOSE_WITHIN);
        let (live, games) = (self.live.shut_down(within), self.games.stop(&self.app.stage, within));
        futures_util::future::join(live, games).await;
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

/// Puts together what every handler shares.
fn assemble(
    config: &Arc<Config>,
    house: &House,
    games: &GameHouse,
    http: SocketAddr,
) -> Result<App, StartError> {
    let accounts = Accounts::open(config.clone(), house.rooms.clone())?;
    let at = (games.reach(), games.runtime().handle().clone());
    let ours = (house.rooms.clone(), accounts.clone());
    Ok(App {
        public_url: public_url(config, http).into(),
        config: config.clone(),
        rooms: house.rooms.clone(),
        accounts,
        limits: Arc::new(Limits::new(&config.limits)),
        trail: Trail::new(house.rooms.clone()),
        backups: Backups::new(&config.store.data, house.journal.clone()),
        live: Link::default(),
        judge: house.judge.clone(),
        stage: Stage::new(config, ours, house.ticker.clone(), at),
        phase: Phase::default(),
    })
}

/// Makes the account `admin` with the configured password, unless it is there.
async fn first_admin(app: &App) -> Result<(), StartError> {
    let Some(password) = &app.config.admin.password else { return Ok(()) };
    if app.accounts.find("admin").await.map_err(StartError::Admin)?.is_some() {
        return Ok(());
    }
    let deed = by_command_line(What::AdminCreate, Some("admin".to_owned()), "at the first start");
    let (accounts, password) = (app.accounts.clone(), password.clone());
    let made = async move { accounts.create_admin("admin", &password).await };
    let made = app.trail.perform(deed, made).await.map_err(StartError::Admin)?;
    if made {
        tracing::info!("made the account 'admin'");
    }
    Ok(())
}

/// Where people reach the server.
fn public_url(config: &Config, http: SocketAddr) -> String {
    let scheme = if config.tls.cert.is_some() { "https" } else { "http" };
    config.http.public_url.clone().unwrap_or_else(|| format!("{scheme}://{http}"))
}

/// Does `what` every `every`, until it is aborted.
fn again(every: Duration, mut what: impl FnMut() + 'static) -> JoinHandle<()> {
    actix::spawn(async move {
        loop {
            tokio::time::sleep(every).await;
            what();
        }
    })
}

/// What happens every few seconds.
fn chores(
    app: &App,
    certificates: Option<Arc<Certificates>>,
    identity: Option<Identity>,
    live: Live,
) -> Vec<JoinHandle<()>> {
    let keeping = Keeping::new(app.rooms.clone(), app.config.games.keep);
    let jobs = judge::keeping::Keeping::new(app.rooms.clone(), app.config.judge.keep);
    let mut chores = vec![
        again(UPKEEP_EVERY, metrics::upkeep),
        again(RATES_EVERY, move || live.take_rates()),
        actix::spawn(keeping.run()),
        actix::spawn(jobs.run()),
    ];
    let every = app.config.tls.reload_every;
    if let Some(certificates) = certificates {
        chores.push(again(every, move || renewed("HTTP", certificates.reload())));
    }
    if let Some(identity) = identity {
        chores.push(again(every, move || renewed("games", identity.refresh(server_time()))));
    }
    chores
}

/// Says in the log what became of a look for a newer certificate.
fn renewed(of: &str, looked: Result<bool, impl std::error::Error>) {
    match looked {
        Ok(true) => tracing::info!(of, "serving a new certificate"),
        Ok(false) => {}
        Err(error) => {
            let why = crate::cli::chain(&error);
            tracing::warn!(of, why, "kept the old certificate");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::path::Path;

    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

    use super::*;

    fn config(data: &Path) -> Config {
        let mut config = Config::default();
        config.store.data = data.to_owned();
        config.http.addr.set_port(0);
        config.quic.addr.set_port(0);
        config
    }

    /// Sends `request` on a connection of its own and returns the whole answer.
    async fn ask(server: &Server, request: &'static str) -> String {
        let addr = server.ready().http;
        let talk = move || {
            let mut stream = TcpStream::connect(addr).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        tokio::task::spawn_blocking(talk).await.unwrap()
    }

    #[actix_web::test]
    async fn a_server_that_stops_is_not_ready_and_takes_no_new_work() {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(config(folder.path())).await.unwrap();
        let readyz = "GET /readyz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        let work = "POST /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert!(ask(&server, readyz).await.starts_with("HTTP/1.1 200"));
        assert!(ask(&server, work).await.starts_with("HTTP/1.1 404"));
        server.app().phase.stop();
        let answer = ask(&server, readyz).await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("shutting_down"), "{answer}");
        let answer = ask(&server, work).await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("shutting_down"), "{answer}");
        assert!(server.stop().await);
        assert!(!folder.path().join("control.sock").exists());
    }

    #[actix_web::test]
    async fn a_second_server_on_the_same_data_is_told_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(config(folder.path())).await.unwrap();
        let error = Server::start(config(folder.path())).await.map(|_| ()).unwrap_err();
        let own = std::process::id().to_string();
        assert!(error.to_string().ends_with(&format!("is in use by process {own}")), "{error}");
        server.stop().await;
    }

    #[actix_web::test]
    async fn figures_are_for_the_machine_itself() {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(config(folder.path())).await.unwrap();
        let own = "GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        let answer = ask(&server, own).await;
        assert!(answer.contains("# TYPE playhouse_rooms_loaded gauge"), "{answer}");
        assert!(answer.contains("playhouse_rooms_loaded{kind=\"showing\"} 0"), "{answer}");
        let proxied = "GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-forwarded-for: 9.9.9.9\r\n\r\n";
        let answer = ask(&server, proxied).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        server.stop().await;
    }

    #[actix_web::test]
    async fn a_head_that_drips_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        config.http.request_timeout = Duration::from_secs(1);
        let server = Server::start(config).await.unwrap();
        let answer = ask(&server, "GET /healthz HTTP/1.1\r\nhos").await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        server.stop().await;
    }

    #[actix_web::test]
    async fn over_tls_there_is_http_2_and_hsts() {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let mut config = config(&folder.path().join("data"));
        (config.tls.cert, config.tls.key) = (Some(cert.clone()), Some(key));
        let server = Server::start(config).await.unwrap();
        assert!(server.app().public_url.starts_with("https://127.0.0.1:"));

        let addr = server.ready().http;
        let talk = move |alpn: &[u8]| {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(&cert).unwrap()).unwrap();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let mut client = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
            client.alpn_protocols = vec![alpn.to_vec()];
            let name = ServerName::try_from("localhost").unwrap();
            let connection = ClientConnection::new(Arc::new(client), name).unwrap();
            let mut stream = StreamOwned::new(connection, TcpStream::connect(addr).unwrap());
            let request = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
            stream.write_all(request.as_bytes()).unwrap();
            stream.flush().unwrap();
            let chosen = stream.conn.alpn_protocol().map(<[u8]>::to_vec);
            let mut answer = String::new();
            // What follows on HTTP/2 is binary; the handshake has said what it should.
            let _ = stream.read_to_string(&mut answer);
            (chosen, answer)
        };
        let (second, first) =
            tokio::task::spawn_blocking(move || (talk(b"h2"), talk(b"http/1.1"))).await.unwrap();
        assert_eq!(second.0.as_deref(), Some(&b"h2"[..]));
        assert_eq!(first.0.as_deref(), Some(&b"http/1.1"[..]));
        assert!(first.1.contains("strict-transport-security: max-age=31536000"), "{}", first.1);
        server.stop().await;
    }
}
