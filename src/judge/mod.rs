//! The judge: what the rooms of jobs need of the world outside. `docs/judge.md` has the promises and the bounds.
//!
//! - [`languages`]: what programs can be written in. [`court`]: all that judging needs, once the machine was
//!   looked at.
//! - [`performer`]: the duty to run a job. [`compile`], [`cache`], [`headers`]: compiling, once for each
//!   program. [`cases`], [`interact`]: running it. [`jail`]: one run, and what its report means.
//! - [`run`]: a job that is being judged, for those who feed it or call it off.
//! - [`jobs`], [`rpc`], [`requests`], [`shapes`]: what REST and the live connection ask. [`keeping`]: old jobs.
//! - [`webhook`]: telling somebody outside that a job is judged. [`piston`]: what clients of Piston ask.

pub mod cache;
pub mod cases;
pub mod compile;
pub mod court;
pub mod headers;
pub mod interact;
pub mod jail;
pub mod jobs;
pub mod keeping;
pub mod languages;
pub mod performer;
pub mod piston;
pub mod requests;
pub mod rpc;
pub mod run;
pub mod shapes;
pub mod webhook;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use playhouse_actors::home::Home;
use playhouse_actors::performer::WeakRooms;
use playhouse_domain::judge::queue::{self, Queue};
use playhouse_protocol::ids::{AccountId, JobId};
use tokio::sync::watch;

pub use self::court::{Absent, Court};
use self::performer::Running;
use self::run::{NotFed, STDIN_BYTES_MAX, Why};
use crate::config::{self, Config};

/// How long whoever asks waits for the judge to be ready. 20 s: a busy machine asks its toolchains for their
/// versions within ten.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// Judges what the rooms of jobs owe. Cheap to clone.
#[derive(Clone)]
pub struct Judge(Arc<Inner>);

/// What there is of the judge.
#[derive(Clone)]
enum State {
    /// Nobody needed it so far, or it is being looked whether it can be.
    Starting,
    /// It can be.
    Ready(Arc<Court>),
    /// It cannot.
    Absent(Absent),
}

struct Inner {
    config: config::Judge,
    data: PathBuf,
    begun: AtomicBool,
    state: watch::Sender<State>,
    rooms: OnceLock<WeakRooms>,
    /// Jobs that run, or wait for a thread.
    running: Mutex<HashMap<JobId, Running>>,
    /// How many of them.
    count: watch::Sender<usize>,
    stopping: watch::Sender<bool>,
}

/// Input for a program is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    /// The job does not run, is not theirs, or takes no input.
    NotRunning,
    /// As the program's input says.
    Input(NotFed),
}

impl Judge {
    /// The judge of a server with `config`. It looks at the machine once somebody needs it, or [`begin`]s.
    ///
    /// [`begin`]: Self::begin
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self(Arc::new(Inner {
            config: config.judge.clone(),
            data: config.store.data.clone(),
            begun: AtomicBool::new(false),
            state: watch::Sender::new(State::Starting),
            rooms: OnceLock::new(),
            running: Mutex::default(),
            count: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
        }))
    }

    /// Looks at the machine, and tells the queue how many jobs may run. Does nothing the second time. Must be
    /// called within an actix system.
    pub fn begin(&self) {
        self.0.clone().begin();
    }

    /// Everything that judging needs.
    ///
    /// # Errors
    ///
    /// [`Absent`]: why nothing can be judged here, and what to do about it.
    pub async fn court(&self) -> Result<Arc<Court>, Absent> {
        self.0.clone().court().await
    }

    /// Stops the run of `job`, whose room wants no more of it.
    pub fn stop(&self, job: JobId) {
        if let Some(Running { run: Some(run), .. }) = self.0.running.lock().get(&job) {
            run.stop(Why::Unwanted);
        }
    }

    /// Gives the program of `job`, which is `who`'s (none: nobody's in particular), more input; after the `end`
    /// no more.
    ///
    /// # Errors
    ///
    /// See [`NotTaken`].
    pub fn feed(
        &self,
        job: JobId,
        who: Option<AccountId>,
        bytes: &[u8],
        end: bool,
    ) -> Result<(), NotTaken> {
        let running = self.0.running.lock();
        let run = running.get(&job).and_then(|running| running.run.as_ref());
        let own = run.filter(|run| run.owner == who);
        let feed = own.and_then(|run| run.feed.as_ref()).ok_or(NotTaken::NotRunning)?;
        feed.add(bytes, end, STDIN_BYTES_MAX).map_err(NotTaken::Input)
    }

    /// How many jobs run now, or wait for a thread.
    #[must_use]
    pub fn runs(&self) -> usize {
        *self.0.count.borrow()
    }
}

impl Inner {
    fn begin(self: Arc<Self>) {
        if self.begun.swap(true, Ordering::AcqRel) {
            return;
        }
        tokio::spawn(async move {
            let (config, data) = (self.config.clone(), self.data.clone());
            let open = move || match config.enabled {
                true => Court::open(&config, &data),
                false => Err(Absent {
                    reason: "the judge is switched off".to_owned(),
                    mend: "set judge.enabled to true".to_owned(),
                }),
            };
            let panicked = |e: tokio::task::JoinError| {
                let mend = "look into the log".to_owned();
                Err(Absent { reason: format!("looking at the machine failed: {e}"), mend })
            };
            let opened = tokio::task::spawn_blocking(open).await.unwrap_or_else(panicked);
            let slots = match &opened {
                Ok(court) => {
                    let languages = court.languages.there.len();
                    let tier = court.sandbox.tier();
                    tracing::info!(slots = court.slots, languages, %tier, "programs can be judged");
                    court.slots
                }
                Err(Absent { reason, mend }) => {
                    if self.config.enabled {
                        tracing::warn!(reason, mend, "no program can be judged");
                    }
                    0
                }
            };
            self.state.send_replace(match opened {
                Ok(court) => State::Ready(Arc::new(court)),
                Err(absent) => State::Absent(absent),
            });
            let rooms = self.rooms.get().cloned().unwrap_or_default();
            let home = Home::<Queue>::new(rooms, queue::room());
            if let Err(error) = home.ask(&queue::Command::Slots(slots)).await {
                tracing::warn!(%error, "the queue does not know how many jobs may run");
            }
        });
    }

    async fn court(self: Arc<Self>) -> Result<Arc<Court>, Absent> {
        self.clone().begin();
        let mut state = self.state.subscribe();
        let known = state.wait_for(|state| !matches!(state, State::Starting));
        let state = match tokio::time::timeout(READY_WITHIN, known).await {
            Ok(Ok(state)) => state.clone(),
            Ok(Err(_)) | Err(_) => State::Starting,
        };
        match state {
            State::Ready(court) => Ok(court),
            State::Absent(absent) => Err(absent),
            State::Starting => Err(Absent {
                reason: "the judge is still looking at the machine".to_owned(),
                mend: "try again in a moment".to_owned(),
            }),
        }
    }
}
