//! The house in which everything happens.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use playhouse_actors::kill::Step;
use playhouse_loadtest::client::Client;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::duel::duel;
use crate::polls::open_poll;
use crate::server::Server;

/// How soon must be what comes by itself. 20 s; usual is a few milliseconds.
const SOON: Duration = Duration::from_secs(20);

pub(super) const PASSWORD: &str = "a long password";

pub(super) fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap_or_else(|| panic!("no id in {thing}"))
}

/// A server that dies by order.
pub(super) struct House {
    pub(super) server: Server,
    /// The file of the order.
    order: PathBuf,
    pub(super) admin: Client,
    pub(super) buyer: Client,
    movie: Value,
    /// Secret polls for all: drawing their keys takes long.
    secret: [OnceCell<Value>; 2],
    /// How many votes were cast in the first.
    cast: AtomicU64,
    /// Matches that the administrator won against the buyer: to play one takes seconds.
    won: [OnceCell<String>; 2],
    /// How many verdicts were about to be given in them.
    judged: AtomicU64,
}

impl House {
    pub(super) async fn open(folder: &tempfile::TempDir) -> Self {
        let order = folder.path().join("kill");
        let path = order.to_str().expect("a folder's name is text");
        let tier = if nix::unistd::geteuid().is_root() { "full" } else { "rootless-no-cgroup" };
        let server = Server::with(&[
            ("PLAYHOUSE_TEST_KILL", path),
            ("PLAYHOUSE_JUDGE_ENABLED", "true"),
            ("PLAYHOUSE_JUDGE_TIER", tier),
            // No compiler is asked for its version at each start: modules need none.
            ("PATH", "/none"),
        ]);
        let admin = server.admin().await;
        let buyer = server.person("buyer").await;
        let movie = json!({ "title": "Metropolis", "minutes": 100 });
        let movie = admin.post("/api/movies", movie).await.unwrap()["id"].clone();
        let (secret, cast) = (Default::default(), AtomicU64::new(0));
        let (won, judged) = (Default::default(), AtomicU64::new(0));
        Self { server, order, admin, buyer, movie, secret, cast, won, judged }
    }

    /// A screen with nothing on it, and what is to be shown there.
    pub(super) async fn planned(&self) -> (String, Value) {
        let row = |row: &str| json!({ "row": row, "seats": 4, "kind": "standard" });
        let screen = json!({ "name": "One", "theater": "Odeon", "rows": [row("A"), row("B")] });
        let screen = self.admin.post("/api/screens", screen).await.unwrap();
        let start = jiff::Timestamp::now() + Duration::from_secs(24 * 3600);
        let showing = json!({ "movie_id": self.movie, "screen_id": screen["id"],
            "starts_at": start.to_string(), "prices": { "standard": "9.50" } });
        (id(&screen).to_owned(), showing)
    }

    /// The path of a showing on sale with eight seats.
    pub(super) async fn showing(&self) -> String {
        let (_, showing) = self.planned().await;
        let showing = self.admin.post("/api/showings", showing).await.unwrap();
        format!("/api/showings/{}", id(&showing))
    }

    /// Asks a question in the poll at `path`, whose room of questions hears of the poll in its own time.
    pub(super) async fn ask(&self, who: &Client, path: &str) -> Value {
        let asking = async {
            loop {
                match who.post(&format!("{path}/questions"), json!({ "text": "Why?" })).await {
                    Err(no) if no.code() == "not_found" => tokio::task::yield_now().await,
                    asked => return asked.unwrap(),
                }
            }
        };
        tokio::time::timeout(SOON, asking).await.expect("there is a room for questions")
    }

    /// Secret poll `n` of browsers, and its path.
    pub(super) async fn secret_poll(&self, n: usize) -> (Value, String) {
        let with = json!({ "secret": true, "results": "after_close" });
        let open = || async { open_poll(&self.admin, with).await.0 };
        let poll = self.secret[n].get_or_init(open).await;
        (poll.clone(), format!("/api/polls/{}", id(poll)))
    }

    /// One more vote is about to be cast in it; how many that are.
    pub(super) fn cast(&self) -> u64 {
        self.cast.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Match `n` that the administrator won against the buyer: its id.
    pub(super) async fn won(&self, n: usize) -> String {
        let play = || async {
            let wish = json!({ "seats": 2 });
            let made = self.admin.post("/api/games/fourinarow/sessions", wish).await.unwrap();
            let path = format!("/api/games/sessions/{}", id(&made));
            duel(&self.admin, &self.buyer, &path).await;
            id(&made).to_owned()
        };
        self.won[n].get_or_init(play).await.clone()
    }

    /// One more verdict is about to be given; a tick that the last one did not name.
    pub(super) fn judged(&self) -> u64 {
        1 + self.judged.fetch_add(1, Ordering::Relaxed) % 2
    }

    /// Closes the room at `path` of the administration.
    pub(super) async fn close(&self, path: &str) {
        let reason = json!({ "reason": "a look" });
        self.admin.post(&format!("{path}/quarantine"), reason).await.unwrap();
        let closed = async {
            while self.admin.get(path).await.unwrap()["status"]["phase"] != "quarantined" {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, closed).await.expect("the room closes");
    }

    /// Deletes all copies that were made, of which ten are kept.
    pub(super) async fn forget_backups(&self) {
        let made = self.admin.get("/api/admin/backups").await.unwrap();
        for backup in made["items"].as_array().unwrap() {
            let path = format!("/api/admin/backups/{}", backup["name"].as_str().unwrap());
            self.admin.ask(Method::DELETE, &path, None, None).await.unwrap();
        }
    }

    /// The server is to die once `many` are at `step`, in the committer's turn `pass`.
    pub(super) fn order(&self, step: Step, many: usize, pass: usize) {
        let _ = std::fs::remove_file(self.order.with_extension("rooms"));
        let text = format!("{} {many} {pass}", step.name());
        let written = self.order.with_extension("new");
        std::fs::write(&written, text).unwrap();
        std::fs::rename(written, &self.order).unwrap();
    }

    /// True while the server has not died.
    pub(super) fn is_ordered(&self) -> bool {
        self.order.exists()
    }

    /// The server may live.
    pub(super) fn call_off(&self) {
        let _ = std::fs::remove_file(&self.order);
    }

    /// The rooms that were at the step, one for each record, answer or publication.
    pub(super) fn were_there(&self) -> Vec<String> {
        let rooms = std::fs::read_to_string(self.order.with_extension("rooms"));
        rooms.unwrap_or_default().lines().map(str::to_owned).collect()
    }
}
