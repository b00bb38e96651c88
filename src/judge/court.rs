//! What judging needs, once the machine has been looked at: the jail, the languages, what was compiled before.

use std::path::Path;
use std::sync::Arc;

use playhouse_domain::judge::job::{Case, Compile};
use playhouse_sandbox::{Config, Image, Sandbox, Tier, Verdict, toolchains};
use tokio::sync::Semaphore;

use super::cache::Cache;
use super::headers::Headers;
use super::languages::{Languages, blocks};
use crate::config;

/// What happened, as it goes.
pub enum Said {
    /// It is compiled, or needs no compiler.
    Compiled(Option<Compile>),
    /// A test was run.
    Case(Case),
}

/// Whom that is said to.
pub type Say<'a> = &'a dyn Fn(Said);

/// Everything that judging needs.
#[derive(Debug)]
pub struct Court {
    /// The jail.
    pub sandbox: Sandbox,
    /// The languages.
    pub languages: Languages,
    /// Programs that were compiled before.
    pub cache: Cache,
    /// Headers that were compiled in advance.
    pub headers: Headers,
    /// How many jobs run at once.
    pub slots: u16,
    /// A turn for each of them.
    pub turns: Arc<Semaphore>,
}

/// Why nothing can be judged here, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// What is missing.
    pub reason: String,
    /// What to do.
    pub mend: String,
}

impl Absent {
    fn new(reason: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { reason: reason.into(), mend: mend.into() }
    }
}

/// The tier that is configured.
#[must_use]
pub fn tier(config: &config::Judge) -> Tier {
    match config.tier {
        config::JudgeTier::Full => Tier::Full,
        config::JudgeTier::Rootless => Tier::Rootless,
        config::JudgeTier::RootlessNoCgroup => Tier::RootlessNoCgroup,
    }
}

/// How many jobs run at once: as many as is configured, or as there are cores.
#[must_use]
pub fn slots(config: &config::Judge) -> u16 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let slots = if config.slots == 0 { cores } else { config.slots };
    slots.clamp(1, usize::from(playhouse_domain::judge::queue::SLOTS_MAX)) as u16
}

impl Court {
    /// Looks at the machine, and starts the jail. Takes some seconds: each toolchain is asked for its version.
    ///
    /// # Errors
    ///
    /// Why it cannot be: never a weaker tier than the one that was asked for.
    pub fn open(config: &config::Judge, data: &Path) -> Result<Self, Absent> {
        let blocks = blocks(config.languages.as_deref()).map_err(|e| {
            Absent::new(crate::cli::chain(&e), "mend the file, or leave judge.languages out")
        })?;
        let languages = Languages::new(blocks, &toolchains());
        let folder = data.join("judge-cache");
        let cannot = |e: std::io::Error| {
            Absent::new(
                format!("failed to open {}: {e}", folder.display()),
                "let the server's user write there; the folder may be deleted",
            )
        };
        let cache = Cache::open(&folder.join("programs"), config.cache_bytes).map_err(cannot)?;
        let slots = slots(config);
        let pool = Some((Image::libraries(), usize::from(slots)));
        let jail = Config { tier: tier(config), pool, ..Config::default() };
        let sandbox = Sandbox::start(&jail).map_err(|e| {
            let mend = "playhouse-sandbox check says what each layer needs; run as root, or name a \
                tier that this user can have as judge.tier";
            Absent::new(crate::cli::chain(&e), mend)
        })?;
        let turns = Arc::new(Semaphore::new(usize::from(slots)));
        let headers = Headers::new(folder.join("headers"));
        let court = Self { sandbox, languages, cache, headers, slots, turns };
        court.prove().map_err(|reason| {
            Absent::new(reason, "playhouse-sandbox check says what each layer needs")
        })?;
        Ok(court)
    }

    /// A jail that could be had at all: a program in it runs and ends well.
    fn prove(&self) -> Result<(), String> {
        let module = r#"(module (func (export "_start")))"#;
        let spec = self.sandbox.module(module.into(), [""; 0], None).map_err(|e| e.to_string())?;
        let outcome = self.sandbox.run(spec).map_err(|e| crate::cli::chain(&e))?;
        match outcome.report.verdict {
            Verdict::Ok => Ok(()),
            verdict => {
                let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
                Err(format!("a module that does nothing ended with {verdict:?} {said}"))
            }
        }
    }
}
