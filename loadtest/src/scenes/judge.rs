//! Programs that are handed in one by one: how long each takes from then until its verdict is told, and how long the
//! same command takes without a server and without a jail.
//!
//! Each arrival is one program of one account. All in one language are the same, so a compiler works once for them,
//! before anybody arrives; unless `new` says that each is another.

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::client::Client;
use crate::harness::meter::Outcome;
use crate::harness::scenario::ScenarioError;
use crate::harness::stage::{Cast, Stage, Verdict};
use crate::harness::{HarnessError, Promise};
use crate::live::{Live, LiveError, news};

/// How many jobs one account may have. 50, as the server's default.
const PER_ACCOUNT: usize = 50;

/// How long a verdict may take. 100 s, which is less than a run waits for those who are under way.
const VERDICT_WITHIN: Duration = Duration::from_secs(100);

/// How long one waits before one comes back to a server that is gone. 100 ms.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// A language: its id, a program that adds two numbers, what compiles it, and what runs it.
struct Known {
    id: &'static str,
    file: &'static str,
    source: &'static str,
    compile: &'static [&'static str],
    run: &'static [&'static str],
    /// What each of two times is called.
    names: [&'static str; 2],
}

const SUM_CPP: &str = "#include <bits/stdc++.h>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b << '\\n'; }\n";

/// What programs can be written in here. `header` is C++ that includes everything.
const KNOWN: [Known; 3] = [
    Known {
        id: "c",
        file: "main.c",
        source: "#include <stdio.h>\nint main(void) { long a, b; scanf(\"%ld %ld\", &a, &b); printf(\"%ld\\n\", a + b); }\n",
        compile: &["cc", "-std=gnu17", "-O2", "-pipe", "-o", "program", "main.c", "-lm"],
        run: &["./program"],
        names: ["c", "c_bare"],
    },
    Known {
        id: "python",
        file: "main.py",
        source: "print(sum(map(int, input().split())))\n",
        compile: &[],
        run: &["python3", "-B", "-s", "-E", "main.py"],
        names: ["python", "python_bare"],
    },
    Known {
        id: "cpp",
        file: "main.cpp",
        source: SUM_CPP,
        compile: &["c++", "-std=gnu++20", "-O2", "-o", "program", "main.cpp"],
        run: &["./program"],
        names: ["cpp", "cpp_bare"],
    },
];

/// The table `[judge]` of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Ids of languages, by turns: `c`, `python`, `cpp`. Default `c` and `python`.
    pub languages: Option<Vec<String>>,
    /// True if each program is another, so that a compiler works for each. Default false.
    pub new: bool,
    /// True if the same command is run bare after each verdict. Default false.
    pub bare: bool,
    /// Accounts, 1 to 200; each may have 50 jobs at once. Default 10.
    pub accounts: Option<u64>,
}

impl Plan {
    /// Says what is out of bounds.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Bounds`].
    pub fn check(&self) -> Result<(), ScenarioError> {
        let known = self.languages().iter().all(|id| KNOWN.iter().any(|one| one.id == *id));
        match known && !self.languages().is_empty() && (1..=200).contains(&self.accounts()) {
            true => Ok(()),
            false => Err(ScenarioError::Bounds(
                "judge: languages are some of c, python, cpp; accounts are 1 to 200",
            )),
        }
    }

    fn languages(&self) -> Vec<&str> {
        match &self.languages {
            Some(languages) => languages.iter().map(String::as_str).collect(),
            None => vec!["c", "python"],
        }
    }

    fn accounts(&self) -> u64 {
        self.accounts.unwrap_or(10)
    }
}

/// One language of a run.
struct Language {
    known: &'static Known,
    /// Where its program lies, compiled, to be run bare.
    folder: tempfile::TempDir,
    /// The interpreter behind the scripts that may stand before it, which a judge leaves out too.
    program: Option<String>,
}

/// What was told in one run.
#[derive(Debug, Default)]
struct Log {
    accepted: u64,
    wrong: Option<String>,
    last: Option<Instant>,
    first: Option<Instant>,
}

/// Those who hand programs in.
pub struct Desk {
    stage: Arc<Stage>,
    plan: Plan,
    languages: Vec<Language>,
    accounts: Vec<Client>,
    /// Connections that nobody uses now, with the account of each.
    free: Mutex<Vec<(usize, Live)>>,
    log: Mutex<Log>,
}

/// Runs `words` in `folder` with the two numbers as its input.
async fn bare(folder: &std::path::Path, words: &[&str]) -> std::io::Result<bool> {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(folder).kill_on_drop(true);
    let input = std::fs::File::open(folder.join("input"))?;
    let done = command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::null()).output().await?;
    Ok(done.status.success())
}

/// Where the interpreter of Python lies, by its own word.
async fn interpreter() -> Option<String> {
    let ask = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let said = String::from_utf8(ask.await.ok()?.stdout).ok()?;
    Some(said.trim().to_owned()).filter(|path| !path.is_empty())
}

impl Language {
    async fn make(id: &str) -> Result<Self, HarnessError> {
        let known = KNOWN.iter().find(|known| known.id == id);
        let known = known.ok_or(HarnessError::Needs("a language that is known here"))?;
        let cannot = |source| HarnessError::Server { what: "make a bare program".into(), source };
        let folder = tempfile::tempdir().map_err(cannot)?;
        std::fs::write(folder.path().join(known.file), known.source).map_err(cannot)?;
        std::fs::write(folder.path().join("input"), "40 2\n").map_err(cannot)?;
        let program = if id == "python" { interpreter().await } else { None };
        let language = Self { known, folder, program };
        if !language.compile().await.map_err(cannot)? {
            return Err(HarnessError::Needs("a compiler for the bare program"));
        }
        Ok(language)
    }

    /// What runs it bare.
    fn run(&self) -> Vec<&str> {
        let mut words = self.known.run.to_vec();
        words[0] = self.program.as_deref().unwrap_or(words[0]);
        words
    }

    async fn compile(&self) -> std::io::Result<bool> {
        match self.known.compile {
            [] => Ok(true),
            words => bare(self.folder.path(), words).await,
        }
    }
}

/// Follows a job until its verdict is told.
async fn verdict(live: &mut Live, channel: &str) -> Result<Value, LiveError> {
    let told = live.command("subscribe", json!({ "channel": channel })).await?;
    let mut seen = told["data"]["view"].clone();
    while seen["verdict"].is_null() {
        let push = live.push(VERDICT_WITHIN).await?;
        if push["channel"] == *channel {
            seen = news(&push).clone();
        }
    }
    live.command("unsubscribe", json!({ "channel": channel })).await?;
    live.pushes();
    Ok(seen)
}

impl Desk {
    /// Hands one program in, and waits until its verdict is told.
    async fn send(&self, nth: u64, language: &Language) -> Result<Value, HarnessError> {
        let mut source = language.known.source.to_owned();
        if self.plan.new {
            let comment = if language.known.id == "python" { "#" } else { "//" };
            source.push_str(&format!("{comment} {nth}\n"));
        }
        let body = json!({ "language": language.known.id, "source": source,
            "tests": [{ "stdin": "40 2\n", "expected": "42\n" }] });
        let free = self.free.lock().pop();
        let (account, mut live) = match free {
            Some((account, live)) => (account, Some(live)),
            None => (nth as usize % self.accounts.len(), None),
        };
        let who = &self.accounts[account];
        let made = who.post("/api/jobs", body).await?;
        let channel = format!("job:{}", made["id"].as_str().unwrap_or_default());
        let begun = Instant::now();
        loop {
            let mut here = match live.take() {
                Some(here) => here,
                None => match Live::connect(&self.stage.base, who.token()).await {
                    Ok(here) => here,
                    Err(error) if begun.elapsed() > VERDICT_WITHIN => return Err(error.into()),
                    // The server is gone for a moment.
                    Err(_) => {
                        tokio::time::sleep(AGAIN_AFTER).await;
                        continue;
                    }
                },
            };
            match verdict(&mut here, &channel).await {
                Ok(seen) => {
                    self.free.lock().push((account, here));
                    return Ok(seen);
                }
                Err(error) if begun.elapsed() > VERDICT_WITHIN => return Err(error.into()),
                Err(_) => {}
            }
        }
    }

    fn language(&self, nth: u64) -> &Language {
        &self.languages[nth as usize % self.languages.len()]
    }
}

impl Cast for Desk {
    type Plan = Plan;

    async fn prepare(stage: Arc<Stage>, plan: Plan) -> Result<Self, HarnessError> {
        let mut accounts = Vec::new();
        for n in 0..plan.accounts() {
            let name = format!("author{n:03}");
            accounts.push(stage.client.come_in(&name, "a password of load tests").await?);
        }
        let mut languages = Vec::new();
        for id in plan.languages() {
            languages.push(Language::make(id).await?);
        }
        let (free, log) = (Mutex::default(), Mutex::default());
        let desk = Self { stage, plan, languages, accounts, free, log };
        for language in &desk.languages {
            // Compiled once, and a header with it.
            let seen = desk.send(u64::MAX, language).await?;
            if seen["verdict"] != "accepted" {
                return Err(HarnessError::Needs("a judge that has these languages"));
            }
        }
        // So many can wait at once as their accounts allow.
        for n in 0..desk.accounts.len() * PER_ACCOUNT {
            let account = n % desk.accounts.len();
            let live = Live::connect(&desk.stage.base, desk.accounts[account].token()).await?;
            desk.free.lock().push((account, live));
        }
        Ok(desk)
    }

    async fn arrive(&self, nth: u64, due: Instant) {
        let language = self.language(nth);
        let [judged, without] = language.known.names;
        let outcome = match self.send(nth, language).await {
            Ok(seen) => {
                let mut log = self.log.lock();
                log.first = Some(log.first.map_or(due, |first| first.min(due)));
                log.last = Some(Instant::now());
                log.accepted += u64::from(seen["verdict"] == "accepted");
                if seen["verdict"] != "accepted" {
                    log.wrong.get_or_insert(seen.to_string());
                }
                Outcome::Ok
            }
            Err(error) => {
                self.log.lock().wrong.get_or_insert(error.to_string());
                Outcome::Failed
            }
        };
        self.stage.meter.note(judged, due, outcome);
        if self.plan.bare {
            let began = Instant::now();
            let compiled = !self.plan.new || language.compile().await.unwrap_or_default();
            let done = bare(language.folder.path(), &language.run()).await;
            let fine = compiled && done.is_ok_and(|fine| fine);
            self.stage.meter.note(without, began, if fine { Outcome::Ok } else { Outcome::Failed });
        }
    }

    fn word(&self) -> String {
        format!("{} judged", self.log.lock().accepted)
    }

    async fn finish(self) -> Result<Verdict, HarnessError> {
        let log = std::mem::take(&mut *self.log.lock());
        let found = match log.wrong {
            Some(wrong) => Err(wrong),
            None => Ok(format!("{} programs", log.accepted)),
        };
        let promises = vec![Promise::new("each program is judged as what it is", found)];
        let mut verdict = Verdict { promises, ..Verdict::default() };
        if let (Some(first), Some(last)) = (log.first, log.last) {
            let took = last.duration_since(first).as_secs_f64();
            verdict.figures.insert("judge.per_second".into(), log.accepted as f64 / took);
        }
        Ok(verdict)
    }
}
