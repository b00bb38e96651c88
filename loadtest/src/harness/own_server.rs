//! A server of the harness' own: the real command on an empty data directory, killed and started again.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::HarnessError;

/// The password of the account `admin` there. Nobody else can reach the server.
pub const PASSWORD: &str = "a password of load tests";

/// How long a server may take to be ready. 60 s: a debug build on a busy machine; usual is one.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A server that runs, and ends with its owner.
pub struct OwnServer {
    program: PathBuf,
    folder: tempfile::TempDir,
    settings: Vec<(String, String)>,
    /// The addresses, the same after a restart: of HTTP, and of games.
    addr: Option<(String, Option<String>)>,
    child: Option<Child>,
}

fn failed(what: &str, source: std::io::Error) -> HarnessError {
    HarnessError::Server { what: what.to_owned(), source }
}

impl OwnServer {
    /// Starts `program` with `settings` as environment variables.
    ///
    /// # Errors
    ///
    /// [`HarnessError`].
    pub fn start(program: &Path, settings: Vec<(String, String)>) -> Result<Self, HarnessError> {
        let folder = tempfile::Builder::new().prefix("playhouse-loadtest-").tempdir();
        let folder = folder.map_err(|source| failed("make a data directory", source))?;
        let program = program.to_owned();
        let mut server = Self { program, folder, settings, addr: None, child: None };
        server.run()?;
        Ok(server)
    }

    /// Starts the process on the data and the address it had before, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// [`HarnessError`].
    pub fn run(&mut self) -> Result<(), HarnessError> {
        let ready = self.folder.path().join("ready");
        let _ = std::fs::remove_file(&ready);
        let any = "127.0.0.1:0";
        let (addr, quic) = match &self.addr {
            Some((addr, quic)) => (addr.as_str(), quic.as_deref().unwrap_or(any)),
            None => (any, any),
        };
        let log = File::options().create(true).append(true).open(self.log_path());
        let log = log.map_err(|source| failed("make a log", source))?;
        let log_too = log.try_clone().map_err(|source| failed("make a log", source))?;
        let mut command = Command::new(&self.program);
        command.arg("serve").arg("--data").arg(self.folder.path().join("data"));
        command.args(["--http", addr, "--quic", quic]).arg("--ready-file").arg(&ready);
        command.env("PLAYHOUSE_ADMIN_PASSWORD", PASSWORD).env("PLAYHOUSE_LOG_LEVEL", "warn");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(log).stderr(log_too);
        let child = command.spawn();
        let program = self.program.display();
        self.child = Some(child.map_err(|source| failed(&format!("start {program}"), source))?);
        let deadline = Instant::now() + READY_WITHIN;
        let text = loop {
            match std::fs::read_to_string(&ready) {
                Ok(text) if !text.is_empty() => break text,
                _ => {}
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || Instant::now() > deadline {
                return Err(HarnessError::NotReady(self.logged()));
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let said: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let addr = |name: &str| said[name].as_str().map(str::to_owned);
        self.addr = addr("http").map(|http| (http, addr("quic")));
        Ok(())
    }

    /// Kills the process as a power cut would, and waits until it is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.addr.as_ref().map_or("", |(http, _)| http))
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The last 64 KiB of its log.
    #[must_use]
    pub fn logged(&self) -> String {
        let Ok(mut file) = File::open(self.log_path()) else { return String::new() };
        let len = file.metadata().map_or(0, |meta| meta.len());
        let _ = file.seek(SeekFrom::Start(len.saturating_sub(64 * 1024)));
        let mut bytes = Vec::new();
        let _ = file.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.kill();
    }
}
