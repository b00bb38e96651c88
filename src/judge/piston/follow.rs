//! A job from when it is handed in until it is judged, step by step.
//!
//! Its room is followed as anybody may; nobody asks again and again. Whoever stops following before the end
//! calls the job off.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use bytes::Bytes;
use parking_lot::Mutex;
use playhouse_actors::handle::{AskError, Rooms};
use playhouse_actors::watch::{Publication, Sink, SinkFull, WatchEnd, WatchGuard};
use playhouse_domain::judge::Verdict;
use playhouse_domain::judge::job::view::{CaseView, CompileView};
use playhouse_domain::judge::job::{self, Command, Job, Phase, Stream};
use playhouse_domain::room::{Audience, Caller};
use playhouse_protocol::ids::JobId;
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::Refused;
use super::answer::{Ended, PistonResult, PistonStage};
use super::request::Terms;
use crate::app::App;
use crate::asking::ask_now;
use crate::http::error::Problem;
use crate::judge::Judge;

/// How many publications may wait for whoever follows. 64: a run makes 20 a second, and one who does not read
/// for 10 s more is called slow.
const WAITING_MAX: usize = 64;

/// How long a room that cannot be followed now is left alone. 500 ms: it is being rebuilt, or the server stops.
const FOLLOW_AGAIN: Duration = Duration::from_millis(500);

/// How often that is tried. 20 times, 10 s: as long as a room may take to be rebuilt.
const TRIES_MAX: u32 = 20;

/// A stage of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is compiled.
    Compile,
    /// It runs.
    Run,
}

/// What happens to a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A stage begins.
    Stage(Stage),
    /// The program wrote something.
    Data(Stream, String),
    /// The compiler ended.
    Compiled(Box<PistonStage>),
    /// The program ended; or there was none, and the job did.
    Ran(Box<Ended>),
    /// It is run again from its start: what was said of it is void.
    Again,
}

/// What calls a job off. Cheap to clone.
#[derive(Clone)]
pub struct Off {
    rooms: Rooms,
    judge: Judge,
    job: JobId,
    /// Where it is done: whoever calls it off need not be able to wait.
    on: Handle,
}

impl Off {
    /// Which job it calls off.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.job
    }

    /// Calls the job off, soon.
    pub fn call(&self) {
        let this = self.clone();
        drop(self.on.spawn(async move {
            let room = job::room(this.job);
            // If it was never made there is nothing to call off.
            let asked = ask_now::<Job>(&this.rooms, Caller::System, &room, None, &Command::Cancel);
            let _ = asked.await;
            this.judge.stop(this.job);
        }));
    }
}

/// A job that is followed.
pub struct Following {
    /// What its answers depend on.
    pub terms: Terms,
    off: Off,
    watch: Option<Watch>,
    seen: Seen,
    over: bool,
}

struct Watch {
    news: mpsc::Receiver<Bytes>,
    _guard: WatchGuard,
}

/// What was seen of a job, and what is to be said of it.
#[derive(Default)]
struct Seen {
    steps: VecDeque<Step>,
    stdout: String,
    stderr: String,
    compiling: bool,
    compiled: bool,
    running: bool,
    /// The compiler failed: nothing runs.
    failed: bool,
    ran: bool,
    judged: bool,
}

/// What a room says.
#[derive(Deserialize)]
struct News {
    view: Option<Told>,
    change: Option<Told>,
}

/// As much of it as is of interest.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    restarted: bool,
    phase: Option<Phase>,
    compile: Option<CompileView>,
    cases: Vec<CaseView>,
    stdout: String,
    stderr: String,
    verdict: Option<Verdict>,
    message: Option<String>,
}

impl Following {
    /// The job `id`, which is about to be handed in.
    pub(super) fn new(app: &App, id: JobId, terms: Terms) -> Self {
        let (rooms, judge) = (app.rooms.clone(), app.judge.clone());
        let off = Off { rooms, judge, job: id, on: Handle::current() };
        Self { terms, off, watch: None, seen: Seen::default(), over: false }
    }

    /// Begins to follow it, once it is handed in.
    pub(super) async fn begin(&mut self) -> Result<(), Refused> {
        let mut tries = 0;
        loop {
            let (send, news) = mpsc::channel(WAITING_MAX);
            let slow = self.off.clone();
            let sink = Arc::new(Post { send: Mutex::new(Some(send)), slow });
            let room = job::room(self.off.job);
            let watching = self.off.rooms.watch(&room, Audience::Presenter, None, sink).await;
            match watching {
                Ok(watching) => {
                    self.watch = Some(Watch { news, _guard: watching.guard });
                    if let Some(view) = watching.view {
                        self.read(&view);
                    }
                    return Ok(());
                }
                Err(AskError::NoSuchRoom) => return Err(gone()),
                Err(error) if tries >= TRIES_MAX => return Err(Problem::from(error).into()),
                Err(_) => tokio::time::sleep(FOLLOW_AGAIN).await,
            }
            tries += 1;
        }
    }

    /// It was `refused`, so that there is nothing to call off; or nobody knows.
    pub(super) fn never_was(&mut self, refused: bool) {
        self.over = refused;
    }

    /// What calls it off.
    #[must_use]
    pub fn off(&self) -> Off {
        self.off.clone()
    }

    /// What happens next; none once it is judged and all was said.
    ///
    /// # Errors
    ///
    /// It cannot be followed any more.
    pub async fn next(&mut self) -> Result<Option<Step>, Refused> {
        loop {
            if let Some(step) = self.seen.steps.pop_front() {
                return Ok(Some(step));
            }
            if self.seen.judged {
                (self.over, self.watch) = (true, None);
                return Ok(None);
            }
            let Some(watch) = &mut self.watch else {
                self.begin().await?;
                continue;
            };
            match watch.news.recv().await {
                Some(json) => self.read(&json),
                None => self.watch = None,
            }
        }
    }

    /// Everything that it came to, once it is judged.
    ///
    /// # Errors
    ///
    /// It cannot be followed any more.
    pub async fn result(mut self) -> Result<PistonResult, Refused> {
        let (mut compile, mut run): (Option<PistonStage>, _) = (None, PistonStage::default());
        while let Some(step) = self.next().await? {
            match step {
                Step::Stage(_) => {}
                Step::Again => (compile, run) = (None, PistonStage::default()),
                Step::Compiled(stage) => compile = Some(*stage),
                Step::Ran(end) => run.end = *end,
                Step::Data(stream, text) => {
                    run.output.push_str(&text);
                    match stream {
                        Stream::Stdout => run.stdout.push_str(&text),
                        Stream::Stderr => run.stderr.push_str(&text),
                    }
                }
            }
        }
        if self.seen.failed
            && let Some(stage) = &compile
        {
            run = stage.clone();
        }
        let (language, version) = (self.terms.language.clone(), self.terms.version.clone());
        Ok(PistonResult { language, version, compile, run })
    }

    fn read(&mut self, json: &[u8]) {
        match serde_json::from_slice::<News>(json) {
            Ok(News { view: Some(told), .. }) => self.seen.take(told, true, &self.terms),
            Ok(News { change: Some(told), .. }) => self.seen.take(told, false, &self.terms),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "a job said something else than how it stands"),
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        if !self.over {
            self.off.call();
        }
    }
}

fn gone() -> Refused {
    let message = "the job is gone".to_owned();
    Refused { status: StatusCode::INTERNAL_SERVER_ERROR, message }
}

impl Seen {
    /// Takes in what is `told`, which is the `whole` or what changed.
    fn take(&mut self, told: Told, whole: bool, terms: &Terms) {
        let fresh = |had: &str, has: &str| has.get(had.len()..).unwrap_or_default().to_owned();
        let began = self.compiling || self.running;
        // Whoever sees less than before sees another attempt.
        let less =
            whole && (self.ran && told.cases.is_empty() || self.stdout.len() > told.stdout.len());
        if told.restarted || less {
            *self = Self::default();
            if began {
                self.steps.push_back(Step::Again);
            }
        }
        let compiling = told.phase == Some(Phase::Compiling) || told.compile.is_some();
        if compiling && terms.compiled && !self.compiling {
            self.compiling = true;
            self.steps.push_back(Step::Stage(Stage::Compile));
        }
        if let Some(compile) = told.compile.filter(|_| !self.compiled) {
            self.compiled = true;
            self.steps
                .push_back(Step::Compiled(Box::new(PistonStage::of_compiler(&compile, terms))));
            self.failed = compile.verdict != Verdict::Accepted;
        }
        let wrote = !told.stdout.is_empty() || !told.stderr.is_empty() || !told.cases.is_empty();
        let runs = told.phase == Some(Phase::Running) || wrote;
        if runs && !self.running && !self.failed {
            self.running = true;
            self.steps.push_back(Step::Stage(Stage::Run));
        }
        let streams = [
            (Stream::Stdout, &mut self.stdout, told.stdout),
            (Stream::Stderr, &mut self.stderr, told.stderr),
        ];
        for (stream, had, has) in streams {
            let text = if whole { fresh(had, &has) } else { has };
            if !text.is_empty() {
                had.push_str(&text);
                self.steps.push_back(Step::Data(stream, text));
            }
        }
        if let Some(case) = told.cases.first().filter(|_| !self.ran) {
            self.ran = true;
            let written = (self.stdout.len(), self.stderr.len());
            self.steps.push_back(Step::Ran(Box::new(Ended::of_run(case, terms, written))));
        }
        if told.verdict.is_some() {
            self.judged = true;
            if !self.ran && !self.failed {
                self.ran = true;
                self.steps.push_back(Step::Ran(Box::new(Ended::fault(told.message))));
            }
        }
    }
}

/// Where the room puts what it has to say.
struct Post {
    send: Mutex<Option<mpsc::Sender<Bytes>>>,
    slow: Off,
}

impl Sink for Post {
    fn publish(&self, publication: &Arc<Publication>) -> Result<(), SinkFull> {
        let send = self.send.lock();
        match send.as_ref().map(|send| send.try_send(publication.json.clone())) {
            Some(Err(mpsc::error::TrySendError::Full(_))) => Err(SinkFull),
            _ => Ok(()),
        }
    }

    fn ended(&self, why: WatchEnd) {
        if why == WatchEnd::Slow {
            self.slow.call();
        }
        // Whoever follows sees the end of it.
        *self.send.lock() = None;
    }
}
