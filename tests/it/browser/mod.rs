//! The pages in Debian's Chromium, driven as people do.

mod admin;
mod adminroom;
mod arena;
mod ballots;
mod buyers;
mod calm;
mod contests;
mod everyone;
mod fairness;
mod finding;
mod lighthouse;
mod organizer;
mod parties;
mod playground;
mod polls;
mod reader;
mod rivals;
mod series;
mod stage;
mod swift;
mod tournaments;
mod toys;
mod voters;

use std::fs::DirEntry;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::{Client as Page, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::server::Server;

/// How long something on a page may take to come about. 20 s on a busy machine; usual is 50 ms.
const WITHIN: Duration = Duration::from_secs(20);

/// How often a page is looked at meanwhile. 20 ms: often enough to lose no time.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A chromedriver of one's own, which ends with its owner.
struct Driver {
    child: Child,
    /// Held open: it would end with its reader. It says next to nothing once it runs.
    _said: BufReader<ChildStdout>,
    url: String,
    profiles: tempfile::TempDir,
}

/// How often the driver is started at most. 5: it chooses a port that is free in one address family, and ends
/// if it is taken in the other.
const STARTS_MAX: usize = 5;

/// The port at which the driver says that it listens; none if it ended instead.
fn port(said: &mut impl BufRead) -> Option<u16> {
    let mut lines = said.lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("started successfully on port "))?;
    line.rsplit(' ').next()?.trim_end_matches('.').parse().ok()
}

impl Driver {
    /// Starts one on a free port; none if it is not installed, which is said aloud.
    fn start() -> Option<Self> {
        // The driver may be the first that is spoken to over HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        for _ in 0..STARTS_MAX {
            let mut command = Command::new("chromedriver");
            command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => {
                    eprintln!("LEFT OUT: the pages in a browser: no chromedriver: {error}");
                    return None;
                }
            };
            let mut said = BufReader::new(child.stdout.take().expect("its output is ours"));
            if let Some(port) = port(&mut said) {
                let url = format!("http://127.0.0.1:{port}");
                let profiles = tempfile::tempdir().expect("a folder can be made");
                return Some(Self { child, _said: said, url, profiles });
            }
            let _ = child.wait();
        }
        panic!("chromedriver does not listen");
    }

    /// A browser with a profile of its own.
    async fn browser(&self, name: &str) -> Page {
        let profile = self.profiles.path().join(name);
        let args = [
            "--headless".to_owned(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            "--disable-quic".into(),
            "--disable-dev-shm-usage".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            "--window-size=1200,900".into(),
            format!("--user-data-dir={}", profile.display()),
        ];
        let options = json!({
            "goog:chromeOptions": { "args": args },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(options) = options else { unreachable!("it is an object") };
        let deadline = Instant::now() + WITHIN;
        loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder.capabilities(options.clone()).connect(&self.url).await {
                Ok(page) => return page,
                Err(error) => assert!(Instant::now() < deadline, "no browser: {error}"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Driver {
    /// What the driver answers to a command of its own protocol.
    async fn ask(&self, page: &Page, command: &str, body: Value) -> Value {
        let session = page.session_id().await.unwrap().expect("a session is open");
        let url = format!("{}/session/{session}/{command}", self.url);
        told(reqwest::Client::new().post(url).json(&body)).await.expect("the driver does it")
    }

    /// What the driver tells of a page, by its own protocol, or why it cannot.
    async fn read(&self, page: &Page, what: &str) -> Result<Value, String> {
        let session = page.session_id().await.unwrap().expect("a session is open");
        told(reqwest::Client::new().get(format!("{}/session/{session}/{what}", self.url))).await
    }

    /// Asks the browser itself, by the Chrome DevTools protocol.
    async fn devtools(&self, page: &Page, cmd: &str, params: Value) -> Value {
        self.ask(page, "goog/cdp/execute", json!({ "cmd": cmd, "params": params })).await
    }
}

/// The driver's answer, or its error.
async fn told(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let answer = request.send().await.expect("the driver answers");
    let mut answer: Value = answer.json().await.expect("its answer is JSON");
    match answer["value"]["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(answer["value"].take()),
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A browser outlives a driver that is killed; this one's are those with its profiles.
        for browser in started_with(self.profiles.path()) {
            let _ = kill(browser, Signal::SIGKILL);
        }
    }
}

/// The processes that were given a path in `folder`.
fn started_with(folder: &Path) -> Vec<Pid> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let folder = folder.as_os_str().as_encoded_bytes();
    let given = |process: &DirEntry| {
        let arguments = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        arguments.windows(folder.len()).any(|part| part == folder)
    };
    let pid = |process: DirEntry| process.file_name().to_str()?.parse().ok().map(Pid::from_raw);
    processes.flatten().filter(given).filter_map(pid).collect()
}

async fn text(page: &Page, script: &str) -> String {
    let value = page.execute(script, vec![]).await.expect("a script runs");
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Waits until `script` returns true.
async fn until(page: &Page, script: &str) {
    let deadline = Instant::now() + WITHIN;
    while page.execute(script, vec![]).await.expect("a script runs") != json!(true) {
        if Instant::now() >= deadline {
            let body = text(page, "return document.body.innerText").await;
            panic!("it did not come about: {script}\n{body}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Clicks what `css` selects, once it is there. A page may draw it anew in between: then again.
async fn click(page: &Page, css: &str) {
    let deadline = Instant::now() + WITHIN;
    loop {
        let clicked = match page.find(Locator::Css(css)).await {
            Ok(element) => element.click().await,
            Err(error) => Err(error),
        };
        match clicked {
            Ok(()) => return,
            Err(error) => assert!(Instant::now() < deadline, "{css} is not clicked: {error}"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn fill(page: &Page, css: &str, value: &str) {
    let element = page.wait().at_most(WITHIN).for_element(Locator::Css(css)).await.unwrap();
    element.send_keys(value).await.unwrap();
}

/// Logs in through the page and ends up at `path`.
async fn log_in(page: &Page, server: &Server, name: &str, password: &str, path: &str) {
    page.goto(&format!("{}/login?next={path}", server.base())).await.unwrap();
    fill(page, "#login [name=login]", name).await;
    fill(page, "#login [name=password]", password).await;
    click(page, "#login button").await;
    until(page, &format!("return location.pathname === '{path}'")).await;
}

fn state(seat: &str) -> String {
    format!(
        "document.querySelector('[data-seat={seat}]')?.getAttribute('aria-label')?.split(', ').pop()"
    )
}

/// Nothing was written to the console as an error. What the browser notes of refusals that the test
/// provoked, and the page showed to the person, is none: `refusals` has their paths and statuses.
async fn no_error_in_the_console(driver: &Driver, page: &Page, refusals: &[(&str, u16)]) {
    let log = driver.ask(page, "se/log", json!({ "type": "browser" })).await;
    for entry in log.as_array().expect("a log is a list") {
        let message = entry["message"].as_str().unwrap_or_default();
        let provoked = refusals.iter().any(|(path, status)| {
            message.contains(path) && message.contains(&format!("with a status of {status}"))
        });
        assert!(entry["level"] != "SEVERE" || provoked, "{message}");
    }
}

/// Waits until the page follows its room.
async fn is_live(page: &Page) {
    until(page, "return document.querySelector('#connection')?.textContent === 'live'").await;
}
