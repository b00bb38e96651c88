//! The operator's way into a running server: the socket `control.sock` in the data directory.
//!
//! Only who may write the data directory can reach it (mode 0600). One request a connection, one
//! line of JSON each way: `{"do":"backup","to":"/srv/backup"}`, `{"ok":"…"}` or `{"error":"…"}`.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as Caller;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use playhouse_actors::journal::sled::SledJournal;
use playhouse_domain::audit::What;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::accounts::Accounts;
use crate::accounts::keys::KeysError;
use crate::app::App;
use crate::cli::chain;
use crate::house;
use crate::http::error::Problem;
use crate::trail::{Trail, by_command_line};

/// The longest request, in bytes. 16 KiB: a path and a password are far below.
const REQUEST_BYTES_MAX: u64 = 16 << 10;

/// How long a caller may take to say what it wants. 5 s; nobody types it by hand.
const REQUEST_WITHIN: Duration = Duration::from_secs(5);

/// How long a caller waits for the answer. 10 min: a backup of many gigabytes.
const ANSWER_WITHIN: Duration = Duration::from_secs(600);

/// What an operator may ask of a running server.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Whether a server runs.
    Ping,
    /// A checksummed copy of everything into a new file.
    Backup {
        /// Where to, absolute.
        to: PathBuf,
    },
    /// A new administrator.
    AdminCreate {
        /// The user name.
        name: String,
        /// The password.
        password: String,
    },
    /// A new key to sign tokens with.
    KeysRotate,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One of them holds a password.
        f.write_str(match self {
            Self::Ping => "Ping",
            Self::Backup { .. } => "Backup",
            Self::AdminCreate { .. } => "AdminCreate",
            Self::KeysRotate => "KeysRotate",
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Ok(String),
    Error(String),
}

/// The listening socket; gone when dropped.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    accepting: JoinHandle<()>,
}

impl Drop for Control {
    fn drop(&mut self) {
        self.accepting.abort();
        // One that stays behind answers nobody and is replaced at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}

impl Control {
    /// Listens in `data`. None where the system does not allow it (a path of more than about 100
    /// bytes), which the log says: the server serves without.
    #[must_use]
    pub fn start(data: &Path, journal: Arc<SledJournal>, app: App) -> Option<Self> {
        let path = socket(data);
        match bind(&path) {
            Ok(listener) => {
                let accepting = actix::spawn(accept(listener, journal, app));
                Some(Self { path, accepting })
            }
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "serving without a control socket");
                None
            }
        }
    }
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    // The store's lock is ours, so a socket that is there belongs to nobody.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves one caller after the other: operators are few, and what they ask is better not mixed.
async fn accept(listener: UnixListener, journal: Arc<SledJournal>, app: App) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = serve(stream, &journal, &app).await {
                    tracing::debug!(%error, "a caller of the control socket went away");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the control socket failed to accept");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn serve(stream: UnixStream, journal: &Arc<SledJournal>, app: &App) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut read = tokio::io::BufReader::new(read.take(REQUEST_BYTES_MAX));
    tokio::time::timeout(REQUEST_WITHIN, read.read_line(&mut line)).await??;
    let answer = match serde_json::from_str::<Request>(&line) {
        Ok(request) => match perform(request, journal, app).await {
            Ok(said) => Answer::Ok(said),
            Err(said) => Answer::Error(said),
        },
        Err(error) => Answer::Error(format!("the server does not understand the request: {error}")),
    };
    let mut text = serde_json::to_string(&answer)?;
    text.push('\n');
    write.write_all(text.as_bytes()).await
}

async fn perform(
    request: Request,
    journal: &Arc<SledJournal>,
    app: &App,
) -> Result<String, String> {
    match request {
        Request::Ping => Ok(format!("serving {}", app.public_url)),
        Request::Backup { to } => {
            if !to.is_absolute() {
                return Err(format!("{} is not an absolute path", to.display()));
            }
            back_up(&app.trail, journal.clone(), to).await
        }
        Request::AdminCreate { name, password } => {
            create_admin(&app.trail, app.accounts.clone(), name, password).await
        }
        Request::KeysRotate => {
            let accounts = app.accounts.clone();
            rotate_keys(&app.trail, move || accounts.rotate_keys()).await
        }
    }
}

/// What stands against an act: a sentence, for whoever typed it.
fn not_done(sentence: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, "not_done", sentence)
}

fn told(said: Result<String, Problem>) -> Result<String, String> {
    said.map_err(|problem| problem.detail().to_owned())
}

/// Copies everything in `journal` to the new file `to`. Where the store takes no writes this is the way
/// out, so it is done then too, though the audit trail cannot have it.
///
/// # Errors
///
/// A sentence that says why not.
pub async fn back_up(
    trail: &Trail,
    journal: Arc<SledJournal>,
    to: PathBuf,
) -> Result<String, String> {
    let deed = by_command_line(What::Backup, None, format!("to {}", to.display()));
    match trail.perform(deed, copy(journal.clone(), to.clone())).await {
        Err(problem) if problem.code() == "store_unavailable" => {
            tracing::error!(detail = problem.detail(), "a backup is not in the audit trail");
            told(copy(journal, to).await)
        }
        said => told(said),
    }
}

async fn copy(journal: Arc<SledJournal>, to: PathBuf) -> Result<String, Problem> {
    let at = to.clone();
    let copied = tokio::task::spawn_blocking(move || house::back_up(&*journal, &at)).await;
    let entries = copied.map_err(|e| not_done(e.to_string()))?.map_err(not_done)?;
    tracing::info!(to = %to.display(), entries, "backed up");
    Ok(format!("backed up {entries} entries to {}", to.display()))
}

/// Draws a new key by `rotate`.
///
/// # Errors
///
/// A sentence that says why not.
pub async fn rotate_keys<T>(
    trail: &Trail,
    rotate: impl FnOnce() -> Result<T, KeysError> + 'static,
) -> Result<String, String> {
    let deed = by_command_line(What::KeysRotate, None, "");
    let rotated = async move {
        rotate().map_err(|e| not_done(chain(&e)))?;
        Ok(KEYS_ROTATED.to_owned())
    };
    told(trail.perform(deed, rotated).await)
}

/// What is told once a new key signs.
pub const KEYS_ROTATED: &str =
    "a new key signs from now on; older ones are believed until their tokens have ended";

/// Makes the administrator `name`.
///
/// # Errors
///
/// A sentence that says why not.
pub async fn create_admin(
    trail: &Trail,
    accounts: Accounts,
    name: String,
    password: String,
) -> Result<String, String> {
    let deed = by_command_line(What::AdminCreate, Some(name.clone()), "");
    let made = async move {
        match accounts.create_admin(&name, &password).await? {
            true => Ok(format!("made the administrator '{name}'")),
            false => Err(not_done(format!("the name '{name}' is taken"))),
        }
    };
    told(trail.perform(deed, made).await)
}

/// Asks the server that runs on `data`. None if none runs.
///
/// # Errors
///
/// A connection that breaks before the answer.
pub fn ask(data: &Path, request: &Request) -> io::Result<Option<Result<String, String>>> {
    let mut stream = match Caller::connect(socket(data)) {
        Ok(stream) => stream,
        Err(error) => {
            use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound};
            let nobody = [NotFound, ConnectionRefused, InvalidInput].contains(&error.kind());
            return if nobody { Ok(None) } else { Err(error) };
        }
    };
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    let mut text = serde_json::to_string(request)?;
    text.push('\n');
    stream.write_all(text.as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    match serde_json::from_str(&line)? {
        Answer::Ok(said) => Ok(Some(Ok(said))),
        Answer::Error(said) => Ok(Some(Err(said))),
    }
}
