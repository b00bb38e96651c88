//! A contest: teams send programs in, in waves, hostile ones among them, and each is told what came of it.
//!
//! Each arrival is one program of one team, from when it was due to when the team was told its verdict. Whoever
//! presides follows the contest's channel meanwhile.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::Rng;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::contest_log::{Log, Sent};
use crate::client::{Client, ClientError, new_key};
use crate::harness::meter::Outcome;
use crate::harness::scenario::ScenarioError;
use crate::harness::stage::{Cast, Stage, Verdict};
use crate::harness::{HarnessError, Promise};
use crate::live::{Live, news};

/// How long before it begins the contest is made. 2 s, so that all have registered.
const BEGINS_IN: Duration = Duration::from_secs(2);

/// How much longer than the load the contest lasts. 2 min: nobody is late.
const LASTS_LONGER: Duration = Duration::from_secs(120);

/// How often a team asks what came of its program.
const ASK_EVERY: Duration = Duration::from_millis(300);

/// How long a team waits for a verdict before it counts as none. 110 s, which is less than a run waits for those who
/// are under way.
const VERDICT_WITHIN: Duration = Duration::from_secs(110);

/// A program that teams send in: what it is called, its text, and what may be found of it.
pub(super) type Program = (&'static str, &'static str, &'static [&'static str]);

/// Those that do no harm.
const HONEST: [Program; 4] = [
    ("right", "print(sum(map(int, input().split())))", &["accepted"]),
    ("wrong", "print(sum(map(int, input().split())) + 1)", &["wrong_answer"]),
    ("silent", "input()", &["wrong_answer"]),
    ("crash", "input()\nraise SystemExit(3)", &["runtime_error"]),
];

/// Those that try to. Which wall they meet first is the jail's business; that they meet one is the promise.
const HOSTILE: [Program; 6] = [
    ("loop", "while True: pass", &["time_limit", "wall_limit"]),
    ("sleep", "import time\ntime.sleep(1000)", &["wall_limit"]),
    ("memory", "x = bytearray(1 << 31)\nprint(len(x))", &["memory_limit", "runtime_error"]),
    (
        "forks",
        "import os\nwhile True:\n    os.fork()",
        &["process_limit", "time_limit", "wall_limit", "runtime_error", "memory_limit"],
    ),
    ("output", "while True: print('x' * 65536)", &["output_limit", "time_limit"]),
    (
        "secrets",
        "import glob, os\nfor f in glob.glob('/proc/[0-9]*/environ') + ['/etc/shadow']:\n    print(open(f, 'rb').read())\nos.kill(-1, 9)",
        &["wrong_answer", "runtime_error", "security_violation"],
    ),
];

/// The table `[contest]` of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// How many teams take part, 1 to 500. Default 20.
    pub teams: Option<usize>,
    /// The share of programs that are hostile, 0 to 1. Default 0.3.
    pub hostile: Option<f64>,
    /// The language's id. Programs are written in Python. Default `python`.
    pub language: Option<String>,
}

impl Plan {
    /// Says what is out of bounds.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Bounds`].
    pub fn check(&self) -> Result<(), ScenarioError> {
        let teams = (1..=500).contains(&self.teams.unwrap_or(20));
        let hostile = (0.0..=1.0).contains(&self.hostile.unwrap_or(0.3));
        match teams && hostile {
            true => Ok(()),
            false => Err(ScenarioError::Bounds("contest: teams are 1 to 500, hostile is 0 to 1")),
        }
    }
}

/// What is told is noted by many.
type Shared = Arc<Mutex<Log>>;

fn locked(log: &Shared) -> std::sync::MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The people of a contest.
pub struct Hall {
    stage: Arc<Stage>,
    contest: String,
    language: String,
    hostile: f64,
    teams: Vec<Client>,
    log: Shared,
    desk: tokio::task::JoinHandle<()>,
}

/// Makes a contest with one problem that begins soon; its path.
async fn make(organizer: &Client, lasts: Duration) -> Result<String, ClientError> {
    let at = |after: Duration| (jiff::Timestamp::now() + after).to_string();
    let contest =
        json!({ "title": "Load", "starts_at": at(BEGINS_IN), "ends_at": at(BEGINS_IN + lasts) });
    let made = organizer.post("/api/contests", contest).await?;
    let contest = format!("/api/contests/{}", made["id"].as_str().unwrap_or_default());
    let test = |stdin: &str, expected: &str, hidden: bool| json!({ "stdin": stdin, "expected": expected, "hidden": hidden });
    let problem = json!({ "title": "Sums", "statement": "Add *two* numbers.",
        "limits": { "cpu_ms": 500, "wall_ms": 2000, "memory_bytes": 67_108_864, "processes": 16 },
        "tests": [test("1 2", "3", false), test("40 2", "42", true)] });
    let problem = Some(&problem);
    let path = format!("{contest}/problems/A");
    organizer.ask(Method::PUT, &path, Some(&new_key()), problem).await?;
    Ok(contest)
}

/// Follows the contest for those who preside, and comes back whenever the connection breaks.
async fn follow(stage: Arc<Stage>, contest: String, log: Shared) {
    let channel = contest.replace("/api/contests/", "contest:");
    loop {
        let hears = hear(&stage, &channel, &log).await;
        if hears.is_err() {
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
}

async fn hear(stage: &Stage, channel: &str, log: &Shared) -> Result<(), HarnessError> {
    let gone = |_| HarnessError::Needs("a live connection");
    let organizer = stage.organizer().await?;
    let mut live = Live::connect(&stage.base, organizer.token()).await.map_err(gone)?;
    let told = live.command("subscribe", json!({ "channel": channel })).await.map_err(gone)?;
    locked(log).hears(&told["data"]["view"]);
    loop {
        let push = live.push(Duration::from_secs(60)).await.map_err(gone)?;
        locked(log).hears(news(&push));
    }
}

impl Hall {
    /// Sends a program in and waits for its verdict.
    async fn send(&self, nth: u64, due: Instant) -> Result<Sent, ClientError> {
        let mut chance = self.stage.chance(nth);
        let programs: &[Program] =
            if chance.random_bool(self.hostile) { &HOSTILE } else { &HONEST };
        let (name, source, may_be) = programs[chance.random_range(0..programs.len())];
        let team = &self.teams[nth as usize % self.teams.len()];
        // Each is another text, so that none is known from before.
        let body = json!({ "problem": "A", "language": self.language, "source": format!("{source}\n# {nth}\n") });
        let sent = team.post(&format!("{}/submissions", self.contest), body).await?;
        self.stage.meter.note("submit", due, Outcome::Ok);
        let id = sent["id"].as_str().unwrap_or_default().to_owned();
        let path = format!("{}/submissions/{id}", self.contest);
        let begun = Instant::now();
        let mut told = Value::Null;
        while told.is_null() && begun.elapsed() < VERDICT_WITHIN {
            tokio::time::sleep(ASK_EVERY).await;
            told = team.get(&path).await?["verdict"].clone();
        }
        let verdict = told.as_str().map(str::to_owned);
        Ok(Sent { id, name, may_be, verdict })
    }
}

impl Cast for Hall {
    type Plan = Plan;

    async fn prepare(stage: Arc<Stage>, plan: Plan) -> Result<Self, HarnessError> {
        let mut teams = Vec::new();
        for n in 0..plan.teams.unwrap_or(20) {
            let name = format!("team{n:04}");
            teams.push(stage.client.come_in(&name, "a password of load tests").await?);
        }
        let contest = make(&stage.organizer().await?, stage.duration + LASTS_LONGER).await?;
        for team in &teams {
            team.post(&format!("{contest}/registration"), json!({})).await?;
        }
        let log = Arc::new(Mutex::new(Log::default()));
        let desk = tokio::spawn(follow(stage.clone(), contest.clone(), log.clone()));
        while stage.client.get(&contest).await?["phase"] != "running" {
            tokio::time::sleep(ASK_EVERY).await;
        }
        let language = plan.language.unwrap_or_else(|| "python".into());
        let hostile = plan.hostile.unwrap_or(0.3);
        Ok(Self { stage, contest, language, hostile, teams, log, desk })
    }

    async fn arrive(&self, nth: u64, due: Instant) {
        match self.send(nth, due).await {
            Ok(sent) => {
                let what = if HOSTILE.iter().any(|(name, ..)| *name == sent.name) {
                    "verdict_hostile"
                } else {
                    "verdict_honest"
                };
                let outcome = if sent.verdict.is_some() { Outcome::Ok } else { Outcome::Failed };
                self.stage.meter.note(what, due, outcome);
                locked(&self.log).sent.push(sent);
            }
            Err(no) if no.code().is_empty() => {
                self.stage.meter.note("submit", due, Outcome::Failed);
                locked(&self.log).open += 1;
            }
            Err(no) => self.stage.meter.note("submit", due, Outcome::Refused(no.code())),
        }
    }

    fn word(&self) -> String {
        format!("{} judged", locked(&self.log).sent.len())
    }

    async fn finish(self) -> Result<Verdict, HarnessError> {
        let organizer = self.stage.organizer().await?;
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("{}/submissions?limit=200{cursor}", self.contest);
            let page = organizer.get(&path).await?;
            all.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let board = organizer.get(&format!("{}/scoreboard?truly=true", self.contest)).await?;
        let contest = organizer.get(&self.contest).await?;
        self.desk.abort();
        let log = std::mem::take(&mut *locked(&self.log));
        let promise = Promise::new;
        let promises = vec![
            promise(
                "each accepted submission gets exactly one verdict",
                log.one_verdict_each(&all),
            ),
            promise("each program is judged as it is", log.as_they_are()),
            promise(
                "the board equals what the submitters were told",
                log.board(&contest, &all, &board),
            ),
        ];
        let mut verdict = Verdict { promises, ..Verdict::default() };
        verdict.figures.insert("contest.submissions".into(), all.len() as f64);
        verdict.figures.insert("contest.without_an_answer".into(), log.open as f64);
        Ok(verdict)
    }
}
