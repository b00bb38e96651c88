//! A contest that is always on, and the teams that take part in it.
//!
//! Everything goes over the public wire: it is made, entered and watched as anybody would.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, ClientError, new_key};

/// What it is called.
const TITLE: &str = "The open contest";

/// How long one lasts, and how long before its end the board is frozen. 2 h and 20 min, as an evening's contest.
const LASTS: SignedDuration = SignedDuration::from_mins(120);
const FROZEN: SignedDuration = SignedDuration::from_mins(20);

/// How much must be left of one that is joined, else the next is waited for. 1 min.
const LEFT: SignedDuration = SignedDuration::from_mins(1);

/// How many programs come at first one after the other, so that there is something to see, and how fast. 12, one
/// every 2 s.
const AT_FIRST: (usize, Duration) = (12, Duration::from_secs(2));

/// How long it is until the next program of any team, in seconds.
const NEXT_S: std::ops::Range<u64> = 20..90;

/// How likely a team is right.
const RIGHT: f64 = 0.55;

const TEAMS: [&str; 6] =
    ["Null Pointers", "Off by One", "Heap of Trouble", "The Semicolons", "Big O", "Rubber Ducks"];

/// A problem: title, statement, tests of which the first is shown, a program that is right, and some that are not.
struct Task {
    title: &'static str,
    statement: &'static str,
    tests: &'static [(&'static str, &'static str)],
    right: &'static str,
    wrong: &'static [&'static str],
}

const TASKS: [Task; 4] = [
    Task {
        title: "Sums",
        statement: "Two whole numbers stand on one line. Print **their sum**.",
        tests: &[("2 3", "5"), ("-7 7", "0"), ("1000000000000 1", "1000000000001")],
        right: "print(sum(map(int, input().split())))",
        wrong: &["a, b = input().split()\nprint(a + b)", "print(sum(map(int, input().split())"],
    },
    Task {
        title: "There and back",
        statement: "A word is given. Print `yes` if it reads the same from behind, else `no`.\n\n- Letters are lower case.",
        tests: &[("level", "yes"), ("playhouse", "no"), ("a", "yes")],
        right: "w = input().strip()\nprint('yes' if w == w[::-1] else 'no')",
        wrong: &[
            "w = input()\nprint('yes' if w[0] == w[-1] else 'no')\nraise SystemExit(len(w) == 1)",
            "print('yes')",
        ],
    },
    Task {
        title: "Counting primes",
        statement: "Print how many primes there are up to `n`, at most 300,000.\n\n> Whoever tries every divisor of every number will not be done in time.",
        tests: &[("10", "4"), ("1", "0"), ("300000", "25997")],
        right: "n = int(input())\ns = bytearray([1]) * (n + 1)\ns[:2] = b'\\0\\0'[:n + 1]\nfor i in range(2, int(n ** .5) + 1):\n    if s[i]:\n        s[i * i::i] = bytes(len(range(i * i, n + 1, i)))\nprint(sum(s))",
        wrong: &[
            "n = int(input())\nprint(sum(all(i % d for d in range(2, i)) for i in range(2, n + 1)))",
            "n = int(input())\nprint(n // 2 - 1)",
        ],
    },
    Task {
        title: "Longest word",
        statement: "Print the longest word of the line; of several the first.",
        tests: &[
            ("the quick brown fox", "quick"),
            ("one", "one"),
            ("to be or not to be that is", "that"),
        ],
        right: "print(max(input().split(), key=len))",
        wrong: &["print(max(input().split()))", "x = bytearray(1 << 30)\nprint(len(x))"],
    },
];

fn letter(task: usize) -> char {
    char::from(b'A' + task as u8)
}

/// A contest that runs.
#[derive(Debug, Clone)]
pub struct Marathon {
    path: String,
    ends_at: Timestamp,
}

impl Marathon {
    /// The one that runs, or a new one. None where nothing can be judged.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn open(organizer: &Client) -> Result<Option<Self>, ClientError> {
        let judge = organizer.get("/api/languages").await?;
        let offered = |id: &str| {
            let languages = judge["languages"].as_array();
            languages.is_some_and(|all| all.iter().any(|one| one["id"] == id))
        };
        if judge["sandbox"]["ready"] != true || !offered("python") {
            return Ok(None);
        }
        let running = organizer.get("/api/contests?state=running&limit=200").await?;
        let running = running["items"].as_array().into_iter().flatten();
        let soon = Timestamp::now() + LEFT;
        let ours = running.filter(|one| one["title"] == TITLE).find_map(Self::of);
        if let Some(ours) = ours.filter(|ours| ours.ends_at > soon) {
            return Ok(Some(ours));
        }
        let starts_at = Timestamp::now() + SignedDuration::from_secs(2);
        let ends_at = starts_at + LASTS;
        let made = organizer
            .post(
                "/api/contests",
                json!({ "title": TITLE, "starts_at": starts_at.to_string(), "ends_at": ends_at.to_string(),
                    "freeze_at": (ends_at - FROZEN).to_string(),
                    "description": "Everybody may take part: log in, register, and send a program in." }),
            )
            .await?;
        let path = format!("/api/contests/{}", made["id"].as_str().unwrap_or_default());
        for (n, task) in TASKS.iter().enumerate() {
            let tests = task.tests.iter().enumerate().map(
                |(n, (stdin, expected))| json!({ "stdin": stdin, "expected": expected, "hidden": n > 0 }),
            );
            let problem = json!({ "title": task.title, "statement": task.statement,
                "tests": tests.collect::<Vec<_>>(), "limits": { "cpu_ms": 1000, "memory_bytes": 134_217_728 } });
            let at = format!("{path}/problems/{}", letter(n));
            organizer.ask(Method::PUT, &at, Some(&new_key()), Some(&problem)).await?;
        }
        Ok(Some(Self { path, ends_at }))
    }

    fn of(row: &Value) -> Option<Self> {
        let path = format!("/api/contests/{}", row["id"].as_str()?);
        Some(Self { path, ends_at: row["ends_at"].as_str()?.parse().ok()? })
    }

    /// Its page.
    #[must_use]
    pub fn page(&self) -> String {
        self.path.replacen("/api", "", 1)
    }

    /// Teams come and send programs in, until it is over.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if the server refuses one of them, or does not answer.
    pub async fn run(&self, client: &Client) -> Result<(), ClientError> {
        let mut chance = StdRng::from_os_rng();
        let mut solved = BTreeSet::new();
        let mut sent = 0;
        while Timestamp::now() < self.ends_at {
            let pause = match sent < AT_FIRST.0 {
                true => AT_FIRST.1,
                false => Duration::from_secs(chance.random_range(NEXT_S)),
            };
            tokio::time::sleep(pause).await;
            let team = chance.random_range(0..TEAMS.len());
            let open: Vec<usize> =
                (0..TASKS.len()).filter(|task| !solved.contains(&(team, *task))).collect();
            let Some(task) = open.choose(&mut chance).copied() else { continue };
            let right = chance.random_bool(RIGHT);
            let task_of = &TASKS[task];
            let source = match task_of.wrong.choose(&mut chance) {
                Some(wrong) if !right => wrong,
                _ => task_of.right,
            };
            if self.send(client, team, task, source).await? && right {
                solved.insert((team, task));
            }
            sent += 1;
        }
        Ok(())
    }

    /// Sends one program in; false if the server would not have it.
    async fn send(
        &self,
        client: &Client,
        team: usize,
        task: usize,
        source: &str,
    ) -> Result<bool, ClientError> {
        // A log-in each time is simple and cheap: an access token lives 15 min.
        let who = client.come_in(&format!("team{team}"), "a password of the demo").await?;
        let registered =
            who.post(&format!("{}/registration", self.path), json!({ "name": TEAMS[team] })).await;
        let letter = letter(task).to_string();
        let body = json!({ "problem": letter, "language": "python", "source": source });
        let sent = match registered {
            Ok(_) => who.post(&format!("{}/submissions", self.path), body).await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(_) => Ok(true),
            // It is over, or somebody of that name sends too much.
            Err(ClientError::Refused { status, .. }) if status < 500 => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Once it is over and everything judged: shows what was hidden. Tries for a minute.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if that is refused for longer.
    pub async fn reveal(&self, organizer: &Client) -> Result<(), ClientError> {
        let begun = Instant::now();
        loop {
            let shown =
                organizer.post(&format!("{}/reveal", self.path), json!({ "what": "all" })).await;
            match shown {
                Err(_) if begun.elapsed() < Duration::from_secs(60) => {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
                shown => return shown.map(drop),
            }
        }
    }
}
