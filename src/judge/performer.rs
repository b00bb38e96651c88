//! The duty to run a job: taking it up, telling its room what happens, and what becomes of a fault.
//!
//! A run outlives the attempts at its duty, as a match's does: where the room is rebuilt the host makes another
//! attempt, which joins the run that goes on. Only where the room refuses what the run says does it end.

use std::sync::Arc;
use std::time::Duration;

use playhouse_actors::home::{Home, HomeError};
use playhouse_actors::performer::{Attempt, Performer, Performing, Resting, TryAgain, WeakRooms};
use playhouse_domain::duty::DutyResult;
use playhouse_domain::judge::job::{self, Command, End, Job, Reply, RunJob, Work};
use playhouse_domain::judge::queue::SLOTS_MAX;
use playhouse_domain::judge::{Blob, Verdict};
use playhouse_domain::refusal::Refusal;
use playhouse_protocol::codec;
use playhouse_protocol::ids::JobId;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use super::court::{Court, Said};
use super::jail::Fault;
use super::run::{Run, Why};
use super::{Inner, Judge};

/// How long an attempt may take before another joins the run. 1 h: longer than any run, so that nothing but a
/// mistake is found by it.
const ATTEMPT: Duration = Duration::from_secs(60 * 60);

/// How long one job may take in all, from when it is taken up. 10 min: a hundred tests of five seconds, and
/// nobody keeps a core for longer.
pub const RUN_MAX: Duration = Duration::from_secs(10 * 60);

/// How often output is told. 50 ms: 20 times a second looks live.
const PRINT_EVERY: Duration = Duration::from_millis(50);

/// How long a room may take to know that its job is let go, at a shutdown. 2 s.
const LET_GO_WITHIN: Duration = Duration::from_secs(2);

/// How a run ended: with the duty's result, or so that it must be taken up again.
type Ended = Result<DutyResult, String>;

/// A run under way, for those who join it and those who reach for it.
pub(super) struct Running {
    pub(super) run: Option<Arc<Run>>,
    ended: watch::Receiver<Option<Ended>>,
}

/// What the thread of a run says.
enum Word {
    Said(Said),
    Ended(Result<End, Fault>),
}

impl Performer for Judge {
    /// Twice as many as run: the next is on its way while the last is being judged.
    fn parallel(&self) -> usize {
        2 * usize::from(SLOTS_MAX)
    }

    fn attempt_timeout(&self) -> Duration {
        ATTEMPT
    }

    fn opened(&self, rooms: WeakRooms) {
        let _ = self.0.rooms.set(rooms);
    }

    fn perform(&self, attempt: Attempt) -> Performing {
        let inner = self.0.clone();
        Box::pin(async move {
            let run: RunJob = codec::decode(&attempt.payload)
                .map_err(|error| TryAgain { reason: error.to_string() })?;
            inner.join(run.job).await.map_err(|reason| TryAgain { reason })
        })
    }

    /// Every run is stopped, and its room knows that it was not its fault.
    fn rest(&self, within: Duration) -> Resting {
        let inner = self.0.clone();
        Box::pin(async move {
            inner.stopping.send_replace(true);
            for running in inner.running.lock().values() {
                running.run.iter().for_each(|run| run.stop(Why::Stopping));
            }
            let mut count = inner.count.subscribe();
            let ended = count.wait_for(|count| *count == 0);
            tokio::time::timeout(within, ended).await.is_ok_and(|ended| ended.is_ok())
        })
    }
}

/// Takes a run out of the list, however it ends.
struct Listed {
    inner: Arc<Inner>,
    job: JobId,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.inner.running.lock().remove(&self.job);
        self.inner.count.send_modify(|count| *count -= 1);
    }
}

impl Inner {
    /// Waits for the end of the run of `job`, which is begun if none is under way.
    async fn join(self: Arc<Self>, job: JobId) -> Ended {
        let court = self.clone().court().await.map_err(|absent| absent.reason)?;
        let mut ended = self.enter(court, job)?;
        let by_surprise = || Err("the run ended by surprise".to_owned());
        match ended.wait_for(Option::is_some).await {
            Ok(ended) => ended.clone().unwrap_or_else(by_surprise),
            Err(_) => by_surprise(),
        }
    }

    fn enter(
        self: Arc<Self>,
        court: Arc<Court>,
        job: JobId,
    ) -> Result<watch::Receiver<Option<Ended>>, String> {
        let mut running = self.running.lock();
        if let Some(running) = running.get(&job) {
            return Ok(running.ended.clone());
        }
        if *self.stopping.borrow() {
            return Err("the server is stopping".to_owned());
        }
        let (tell, ended) = watch::channel(None);
        running.insert(job, Running { run: None, ended: ended.clone() });
        drop(running);
        self.count.send_modify(|count| *count += 1);
        let listed = Listed { inner: self.clone(), job };
        tokio::spawn(async move {
            let ended = self.drive(court, job).await;
            drop(listed);
            tell.send_replace(Some(ended));
        });
        Ok(ended)
    }

    /// Runs the job from its start to its end.
    async fn drive(&self, court: Arc<Court>, job: JobId) -> Ended {
        let _turn = court.turns.clone().acquire_owned().await.map_err(|e| e.to_string())?;
        if *self.stopping.borrow() {
            return Err("the server is stopping".to_owned());
        }
        let rooms = self.rooms.get().cloned().unwrap_or_default();
        let home = Home::<Job>::new(rooms, job::room(job));
        let work = match home.ask(&Command::TakeUp).await {
            Ok(Reply::Work(Some(work))) => *work,
            // It is judged meanwhile: the duty is owed no more, whatever comes of it.
            Ok(_) => return Ok(DutyResult::Refused(Refusal::not_found("job"))),
            Err(error) => return Err(error.to_string()),
        };
        let run = Arc::new(Run::new(work.owner, work.submission.interactive));
        let attempt = work.attempt;
        if let Some(running) = self.running.lock().get_mut(&job) {
            running.run = Some(run.clone());
        }
        if *self.stopping.borrow() {
            run.stop(Why::Stopping);
        }
        let ended = follow(&home, &run, attempt, begin(court.clone(), work, run.clone())?).await;
        let (end, why) = (ended, run.stopped());
        match (end, why) {
            (Ok(end), _) => Ok(DutyResult::Done(codec::encode(&end))),
            (Err(_), Some(Why::Late)) => {
                let minutes = RUN_MAX.as_secs() / 60;
                let message = format!("it was not judged within {minutes} minutes");
                let end = court.end(Verdict::WallLimit, message);
                Ok(DutyResult::Done(codec::encode(&end)))
            }
            (Err(_), Some(Why::Unwanted)) => Err("the job is wanted no more".to_owned()),
            (Err(_), Some(Why::Stopping)) => {
                let let_go = Command::LetGo { attempt };
                let _ = tokio::time::timeout(LET_GO_WITHIN, home.ask(&let_go)).await;
                Err("the server is stopping".to_owned())
            }
            (Err(fault), None) => {
                let reason = fault.to_string();
                tracing::warn!(%job, attempt, reason, "a job could not be judged");
                let trouble = Command::Trouble { attempt, reason: reason.clone() };
                // If it is refused, another attempt has begun.
                let _ = home.ask(&trouble).await;
                Err(reason)
            }
        }
    }
}

/// Begins the thread on which a job is judged. There are as many as there are turns.
fn begin(court: Arc<Court>, work: Work, run: Arc<Run>) -> Result<mpsc::Receiver<Word>, String> {
    let (tell, words) = mpsc::channel(16);
    let body = move || {
        let say = |said| drop(tell.blocking_send(Word::Said(said)));
        let end = court.judge(&work, &run, &say);
        // If nobody hears it, nobody waits for it.
        let _ = tell.blocking_send(Word::Ended(end));
    };
    let thread = std::thread::Builder::new().name("judge".to_owned()).spawn(body);
    thread.map_err(|e| format!("failed to start a thread: {e}"))?;
    Ok(words)
}

/// Tells the room what happens, until the run has ended.
async fn follow(
    home: &Home<Job>,
    run: &Run,
    attempt: u32,
    mut words: mpsc::Receiver<Word>,
) -> Result<End, Fault> {
    let mut tick = tokio::time::interval(PRINT_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let late = tokio::time::sleep_until(Instant::now() + RUN_MAX);
    tokio::pin!(late);
    let mut number = 0;
    loop {
        tokio::select! {
            biased;
            word = words.recv() => match word {
                Some(Word::Said(Said::Compiled(compile))) => {
                    let compile = compile.map(Box::new);
                    told(run, home.ask(&Command::Compiled { attempt, compile }).await);
                }
                Some(Word::Said(Said::Case(case))) => {
                    print(home, run, attempt, true).await;
                    let case = Box::new(case);
                    told(run, home.ask(&Command::CaseDone { attempt, number, case }).await);
                    number += 1;
                }
                Some(Word::Ended(end)) => {
                    // What the room refused is no end.
                    return if run.stopped() == Some(Why::Unwanted) { Err(Fault::Stopped) } else { end };
                }
                None => return Err(Fault::Jail("the judge's thread panicked".to_owned())),
            },
            _ = tick.tick() => print(home, run, attempt, false).await,
            () = &mut late, if run.stopped().is_none() => run.stop(Why::Late),
        }
    }
}

async fn print(home: &Home<Job>, run: &Run, attempt: u32, last: bool) {
    for (stream, at, bytes) in run.take_printed(last) {
        let (at, bytes) = (at as u32, Blob(bytes));
        told(run, home.ask(&Command::Printed { attempt, stream, at, bytes }).await);
    }
}

/// A room that refuses what it is told wants no more of this attempt.
fn told(run: &Run, answer: Result<Reply, HomeError>) {
    if answer.is_err() {
        run.stop(Why::Unwanted);
    }
}
