//! A server of one's own: the real binary on a data directory and a port of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use playhouse_loadtest::client::Client;
use serde_json::{Value, json};

/// The password of the account `admin`.
pub(crate) const ADMIN: &str = "a password of tests";

/// How long a server may take to be ready. 60 s: a debug build on a busy machine; usual is one.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Any free port of this machine.
const ANY: &str = "127.0.0.1:0";

/// A server that runs, and ends with its owner.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    settings: Vec<(String, String)>,
    /// The ports, the same after a restart: of HTTP, and of games.
    addrs: Option<(String, Option<String>)>,
    child: Option<Child>,
    /// The process in whose mount namespace it runs, if not in this one's.
    inside: Option<u32>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server with an empty data directory.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Starts a server with settings as environment variables (`PLAYHOUSE_…`).
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut server = Self::of(folder, None);
        server.settings =
            settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        server.run();
        server
    }

    /// A server that does not run yet: on the data directory `data` in `folder`, as the mount namespace
    /// of the process `inside` has it.
    pub(crate) fn of(folder: tempfile::TempDir, inside: Option<u32>) -> Self {
        let (settings, log) = (Vec::new(), Arc::default());
        Self { folder, settings, addrs: None, child: None, inside, log }
    }

    /// With a setting as an environment variable (`PLAYHOUSE_…`), from its next start on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The command that serves `data`.
    pub(crate) fn command(data: &Path, addr: &str, ready: &Path) -> Command {
        let program = Command::new(env!("CARGO_BIN_EXE_playhouse"));
        Self::serve(program, data, (addr, ANY), ready)
    }

    fn serve(
        mut command: Command,
        data: &Path,
        (addr, quic): (&str, &str),
        ready: &Path,
    ) -> Command {
        command.arg("serve").arg("--data").arg(data).args(["--http", addr, "--quic", quic]);
        command.arg("--ready-file").arg(ready);
        command.env("PLAYHOUSE_ADMIN_PASSWORD", ADMIN).env("RUST_BACKTRACE", "0");
        // Whoever judges says so: to ask all compilers for their version takes a second of a core.
        command.env("PLAYHOUSE_JUDGE_ENABLED", "false");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The binary, in the mount namespace in which this server runs.
    fn program(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_playhouse");
        let Some(process) = self.inside else { return Command::new(program) };
        let mut enter = Command::new("nsenter");
        enter.args(["--mount", "--target", &process.to_string(), "--", program]);
        enter
    }

    /// Starts the process, on the data and the port it had before, and waits until it is ready.
    pub(crate) fn run(&mut self) {
        if let Err((status, _)) = self.try_run() {
            panic!("the server ended with {status}:\n{}", self.logged());
        }
    }

    /// Starts the process, which must refuse; the one line that says why.
    pub(crate) fn refusal(&mut self) -> String {
        let (status, said) = self.try_run().expect_err("the server starts");
        assert_eq!(status.code(), Some(1), "{said:?}");
        let said: Vec<_> = said.iter().filter(|line| !line.contains(" INFO ")).collect();
        let [line] = said[..] else { panic!("it says more than one line: {said:?}") };
        assert!(line.starts_with("playhouse: "), "{line}");
        line.clone()
    }

    /// Starts the process; if it ends before it is ready, how, and what it wrote to standard error.
    fn try_run(&mut self) -> Result<(), (ExitStatus, Vec<String>)> {
        assert!(self.child.is_none(), "the server runs already");
        let ready = self.folder.path().join("ready");
        let _ = std::fs::remove_file(&ready);
        let (addr, quic) = self.addrs.clone().unwrap_or_else(|| (ANY.to_owned(), None));
        let addrs = (&*addr, quic.as_deref().unwrap_or(ANY));
        let mut command = Self::serve(self.program(), &self.data(), addrs, &ready);
        command.envs(self.settings.iter().map(|(k, v)| (k, v)));
        let mut child = command.spawn().expect("the binary starts");
        self.listen(child.stdout.take().expect("its output is ours"));
        let errors = self.listen(child.stderr.take().expect("its output is ours"));
        let deadline = Instant::now() + READY_WITHIN;
        let text = loop {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                break text;
            }
            if let Some(status) = child.try_wait().expect("its status is known") {
                return Err((status, errors.join().expect("a listener does not panic")));
            }
            assert!(Instant::now() < deadline, "the server is not ready:\n{}", self.logged());
            std::thread::yield_now();
        };
        let said: Value = serde_json::from_str(&text).expect("the ready file is JSON");
        let addr = |name: &str| said[name].as_str().map(str::to_owned);
        self.addrs = Some((addr("http").expect("it names an address"), addr("quic")));
        self.child = Some(child);
        Ok(())
    }

    /// Keeps what comes; all lines of this output, once it ends.
    fn listen(&self, output: impl std::io::Read + Send + 'static) -> JoinHandle<Vec<String>> {
        let log = self.log.clone();
        std::thread::spawn(move || {
            let mut lines = Vec::new();
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                log.lock().expect("no listener panicked").push(line.clone());
                lines.push(line);
            }
            lines
        })
    }

    /// Everything the server wrote to its log.
    pub(crate) fn logged(&self) -> String {
        self.log.lock().expect("no listener panicked").join("\n")
    }

    /// `http://127.0.0.1:port`.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.addrs.as_ref().expect("the server was started").0)
    }

    /// Where games are played: `127.0.0.1:port`; none where that is off.
    pub(crate) fn quic(&self) -> Option<&str> {
        self.addrs.as_ref().expect("the server was started").1.as_deref()
    }

    /// What the server tells of its figure `name` with these labels; 0 if it has none.
    pub(crate) async fn figure(&self, name: &str, labels: &str) -> f64 {
        let text = reqwest::get(format!("{}/metrics", self.base())).await;
        let text = text.expect("the server answers").text().await.expect("it is text");
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}{labels} ")));
        line.map_or(0.0, |value| value.parse().expect("a figure is a number"))
    }

    /// A client that is not logged in.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base())
    }

    /// A client that is logged in as the administrator.
    pub(crate) async fn admin(&self) -> Client {
        self.client().log_in("admin", ADMIN).await.expect("the administrator logs in")
    }

    /// A client with an account of its own.
    pub(crate) async fn person(&self, name: &str) -> Client {
        self.client().come_in(name, "a long password").await.expect("a person comes in")
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.as_ref().expect("the server runs").id();
        kill(Pid::from_raw(pid.cast_signed()), signal).expect("a child can be signalled");
    }

    /// Kills the server as a power cut would, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.child.take().expect("the server runs").wait().expect("a child can be waited for");
    }

    /// Stops every thread of the server where it is, until [`Self::resume`].
    pub(crate) fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets a paused server go on.
    pub(crate) fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// True if the server ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        let ended = |child: &mut Child| child.try_wait().expect("its status is known").is_some();
        self.child.take_if(ended).is_some() || self.child.is_none()
    }

    /// Waits until the server was killed from within.
    pub(crate) async fn killed(&mut self, within: Duration) {
        let started = Instant::now();
        while !self.has_ended() {
            assert!(started.elapsed() < within, "nobody kills the server:\n{}", self.logged());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Asks the server to stop; its exit status and how long it took.
    pub(crate) fn stop(&mut self) -> (ExitStatus, Duration) {
        let asked = Instant::now();
        self.signal(Signal::SIGTERM);
        let mut child = self.child.take().expect("the server runs");
        let status = child.wait().expect("a child can be waited for");
        (status, asked.elapsed())
    }

    /// No panic was logged.
    pub(crate) fn saw_no_panic(&self) {
        let log = self.logged();
        assert!(!log.contains("panicked"), "the server panicked:\n{log}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A showing of `rows` rows of `seats` seats each, on sale: its path (`/api/showings/…`).
pub(crate) async fn showing(admin: &Client, rows: u8, seats: u16) -> String {
    let movie = json!({ "title": "Metropolis", "minutes": 100 });
    let movie = admin.post("/api/movies", movie).await.expect("a movie is made");
    let row = |n: u8| json!({ "row": char::from(b'A' + n).to_string(), "seats": seats, "kind": "standard" });
    let rows: Vec<Value> = (0..rows).map(row).collect();
    let screen = json!({ "name": "One", "theater": "Odeon", "rows": rows });
    let screen = admin.post("/api/screens", screen).await.expect("a screen is made");
    let start = jiff::Timestamp::now() + std::time::Duration::from_secs(24 * 3600);
    let showing = json!({ "movie_id": movie["id"], "screen_id": screen["id"],
        "starts_at": start.to_string(), "prices": { "standard": "9.50" } });
    let showing = admin.post("/api/showings", showing).await.expect("a showing goes on sale");
    format!("/api/showings/{}", showing["id"].as_str().expect("it has an id"))
}

/// The seed of a random test: `PLAYHOUSE_TEST_SEED`, or a new one; printed, so that it can be run again.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("PLAYHOUSE_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(rand::random);
    println!("seed={seed}");
    seed
}

/// True in `./test long`.
pub(crate) fn is_long() -> bool {
    std::env::var("PLAYHOUSE_TEST_MODE").is_ok_and(|mode| mode == "long")
}
