//! One run: the server comes up, people arrive as the schedule says, the server is killed as often as
//! asked for, and then everything is checked.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::Rng;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::burners::Burners;
use super::machine::Usage;
use super::meter::Figures;
use super::own_server::OwnServer;
use super::report::Report;
use super::scenario::{Scenario, Scene};
use super::stage::{Cast, Stage};
use super::{HarnessError, Place};
use crate::scenes::arena::Grounds;
use crate::scenes::contest::Hall;
use crate::scenes::judge::Desk;
use crate::scenes::poll::Audience;
use crate::scenes::seats::House;

/// How often the server's processor and memory are read.
const READ_EVERY: Duration = Duration::from_millis(500);

/// How often the line of progress is written.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// How long those who are still under way may take after the last arrival. 2 min: a client repeats
/// what has no answer for about half of that.
const END_WITHIN: Duration = Duration::from_secs(120);

/// How a run is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the server is.
    pub place: Place,
    /// How often the own server is killed meanwhile, 0 to 1,000.
    pub kills: u32,
    /// True if progress is written to the standard error.
    pub progress: bool,
    /// True if the client's threads go before all others of the machine, so that what else runs there delays the
    /// server and not the client. Needs root, and `chrt`.
    pub ahead: bool,
}

/// How long the own server is up before it is killed again. 500 ms: one that is only ever starting has
/// nothing to lose.
const UP_AT_LEAST: Duration = Duration::from_millis(500);

/// A server that is shared with the one who kills it.
type Shared = Arc<Mutex<OwnServer>>;

fn lock(server: &Shared) -> std::sync::MutexGuard<'_, OwnServer> {
    server.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Runs `scenario`.
///
/// # Errors
///
/// [`HarnessError`] if it cannot be run. Broken promises and thresholds are in the report.
pub async fn run(scenario: &Scenario, options: &Options) -> Result<Report, HarnessError> {
    let seed = scenario.seed.unwrap_or_else(rand::random);
    let server = match &options.place {
        Place::Own(program) => {
            let (program, settings) = (program.clone(), scenario.settings());
            let started = tokio::task::spawn_blocking(move || OwnServer::start(&program, settings));
            Some(Arc::new(Mutex::new(joined(started).await?)))
        }
        Place::At { .. } if options.kills > 0 => {
            return Err(HarnessError::Needs("only a server of the harness' own can be killed"));
        }
        Place::At { .. } => None,
    };
    let base = match (&server, &options.place) {
        (Some(server), _) => lock(server).base(),
        (None, Place::At { url, .. }) => url.clone(),
        (None, Place::Own(_)) => String::new(),
    };
    if options.ahead {
        go_ahead()?;
    }
    let stage = Stage::new(&base, options.place.clone(), seed, scenario.duration());
    let stage = Arc::new(stage);
    if let Some(pid) = server.as_ref().and_then(|server| lock(server).pid()) {
        stage.server_is_ready(pid);
    }
    let run = Run { scenario, options, stage, server };
    match scenario.scene()? {
        Scene::Arena(plan) => run.play::<Grounds>(plan).await,
        Scene::Contest(plan) => run.play::<Hall>(plan).await,
        Scene::Judge(plan) => run.play::<Desk>(plan).await,
        Scene::Poll(plan) => run.play::<Audience>(plan).await,
        Scene::Seats(plan) => run.play::<House>(plan).await,
    }
}

/// Gives the threads of this process, and none that come of them, a real-time priority.
fn go_ahead() -> Result<(), HarnessError> {
    let words = ["--all-tasks", "--reset-on-fork", "--rr", "--pid", "1"];
    let own = std::process::id().to_string();
    let done = std::process::Command::new("chrt").args(words).arg(own).status();
    match done {
        Ok(status) if status.success() => Ok(()),
        _ => Err(HarnessError::Needs("to go ahead one must be root and have chrt (util-linux)")),
    }
}

async fn joined<T>(
    task: tokio::task::JoinHandle<Result<T, HarnessError>>,
) -> Result<T, HarnessError> {
    let ended = |error: tokio::task::JoinError| HarnessError::Server {
        what: "start the server".to_owned(),
        source: std::io::Error::other(error),
    };
    task.await.map_err(ended)?
}

struct Run<'a> {
    scenario: &'a Scenario,
    options: &'a Options,
    stage: Arc<Stage>,
    server: Option<Shared>,
}

impl Run<'_> {
    async fn play<C: Cast>(self, plan: C::Plan) -> Result<Report, HarnessError> {
        self.tell("preparing");
        let cast = Arc::new(C::prepare(self.stage.clone(), plan).await?);
        let burners = match &self.scenario.burners {
            Some(plan) => Some(Burners::hand_in(&self.stage, plan).await?),
            None => None,
        };
        let usage = Arc::new(Mutex::new(Usage::default()));
        let mut beside = JoinSet::new();
        beside.spawn(read_usage(self.stage.clone(), usage.clone()));
        let killing = self.server.clone().filter(|_| self.options.kills > 0);
        let killing = killing.map(|server| {
            let moments = moments(self.options.kills, &self.stage);
            tokio::spawn(kill(server, self.stage.clone(), moments))
        });
        let began = Instant::now();
        let dropped = self.arrivals(&cast).await;
        let lasted = began.elapsed();
        if let Some(killing) = killing {
            joined(killing).await?;
        }
        beside.shutdown().await;
        self.tell("checking");
        let burned = match burners {
            Some(burners) => burners.finish().await?,
            None => Default::default(),
        };
        let cast = Arc::into_inner(cast)
            .ok_or(HarnessError::Needs("somebody is still under way after the end"))?;
        let mut verdict = cast.finish().await?;
        verdict.promises.extend(burned.0);
        verdict.figures.extend(burned.1);
        let usage =
            std::mem::take(&mut *usage.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        if self.server.is_some() {
            verdict.figures.extend(usage.figures());
            verdict.figures.extend(told(&self.stage).await);
        }
        verdict.figures.insert("load.dropped".into(), dropped as f64);
        verdict.figures.insert("load.kills".into(), f64::from(self.options.kills));
        verdict.figures.insert("load.lasted_s".into(), lasted.as_secs_f64());
        if let Some(server) = &self.server {
            verdict.promises.push(no_panic(&lock(server).logged()));
        }
        self.tell("done\n");
        Ok(Report::of(self.scenario, &self.stage, verdict, &usage))
    }

    /// Lets everybody arrive; how many were not let in.
    async fn arrivals<C: Cast>(&self, cast: &Arc<C>) -> u64 {
        let begin = Instant::now() + Duration::from_millis(10);
        let places = Arc::new(Semaphore::new(self.scenario.in_flight_max));
        let mut under_way = JoinSet::new();
        let (mut dropped, mut told) = (0, Instant::now());
        for (nth, at) in (0_u64..).zip(self.scenario.load.arrivals(self.scenario.duration())) {
            let due = begin + at;
            if due > Instant::now() {
                tokio::time::sleep_until(due.into()).await;
            }
            match places.clone().try_acquire_owned() {
                Ok(place) => {
                    let cast = cast.clone();
                    under_way.spawn(async move {
                        cast.arrive(nth, due).await;
                        drop(place);
                    });
                }
                Err(_) => dropped += 1,
            }
            while under_way.try_join_next().is_some() {}
            if told.elapsed() > TELL_EVERY {
                told = Instant::now();
                self.progress(begin, nth + 1, under_way.len(), &cast.word());
            }
        }
        let rest = async { while under_way.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(END_WITHIN, rest).await;
        under_way.shutdown().await;
        dropped
    }

    fn progress(&self, begin: Instant, arrived: u64, under_way: usize, word: &str) {
        let (ok, refused, failed) = self.stage.meter.counts();
        let (now, all) = (begin.elapsed().as_secs(), self.scenario.duration_s);
        self.tell(&format!(
            "{now} of {all:.0} s: {arrived} arrived, {under_way} under way, {ok} done, \
             {refused} refused, {failed} without an answer; {word}"
        ));
    }

    fn tell(&self, what: &str) {
        if self.options.progress {
            // Nobody is there to be told if it cannot be written.
            let _ = write!(std::io::stderr(), "\r\x1b[K{what}");
        }
    }
}

/// What the server counted of clients that were too slow, since its last start.
async fn told(stage: &Stage) -> Figures {
    let metrics = stage.client.text("/metrics").await.unwrap_or_default();
    let lines = || metrics.lines().filter_map(|line| line.split_once(' '));
    let of = |name: &str| lines().find(|(key, _)| *key == name)?.1.parse::<f64>().ok();
    let mut figures = Figures::new();
    for (figure, name) in [
        ("server.lagging", "playhouse_live_lagging_total"),
        ("server.slow", "playhouse_live_slow_total"),
    ] {
        figures.insert(figure.to_owned(), of(name).unwrap_or_default());
    }
    figures
}

fn no_panic(log: &str) -> super::Promise {
    let panicked = log.lines().find(|line| line.contains("panicked"));
    let found = match panicked {
        Some(line) => Err(line.to_owned()),
        None => Ok("nothing in its log".to_owned()),
    };
    super::Promise::new("the server does not panic", found)
}

async fn read_usage(stage: Arc<Stage>, usage: Arc<Mutex<Usage>>) {
    loop {
        if let Some(pid) = stage.pid() {
            usage.lock().unwrap_or_else(std::sync::PoisonError::into_inner).read(pid);
        }
        tokio::time::sleep(READ_EVERY).await;
    }
}

/// When the server is killed: once at random within each of as many parts of the run.
fn moments(kills: u32, stage: &Stage) -> Vec<Duration> {
    let mut chance = stage.chance(u64::MAX);
    let part = stage.duration / kills.max(1);
    (0..kills).map(|n| part * n + part.mul_f64(chance.random_range(0.1..0.9))).collect()
}

async fn kill(
    server: Shared,
    stage: Arc<Stage>,
    moments: Vec<Duration>,
) -> Result<(), HarnessError> {
    let begin = Instant::now();
    for moment in moments {
        let moment = (begin + moment).max(stage.ready_since() + UP_AT_LEAST);
        tokio::time::sleep_until(moment.into()).await;
        let server = server.clone();
        let restarted = tokio::task::spawn_blocking(move || {
            let mut server = lock(&server);
            server.kill();
            server.run()?;
            Ok(server.pid())
        });
        if let Some(pid) = joined(restarted).await? {
            stage.server_is_ready(pid);
        }
    }
    Ok(())
}
