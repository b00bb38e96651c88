//! The duty to have a program judged: a job is made of what is on paper, and what came of it is told to the contest.
//!
//! The job's id is derived from the program's and from how often it was judged: whoever takes the duty up again, after
//! a crash or since the contest was rebuilt, finds the job that is under way, or judged. An id is used up where the
//! judge's queue had no room, or where the job was forgotten; the next is derived then.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use playhouse_actors::handle::{AskError, Rooms};
use playhouse_actors::performer::{Attempt, Performer, Performing, TryAgain, WeakRooms};
use playhouse_actors::watch::{Publication, Sink, SinkFull, WatchEnd};
use playhouse_domain::contest::view::SubmissionInfo;
use playhouse_domain::contest::{Outcome, ToJudge};
use playhouse_domain::duty::DutyResult;
use playhouse_domain::judge::job::{self, Phase, View};
use playhouse_domain::judge::{Lane, Limits, Submission, Verdict};
use playhouse_domain::refusal::{Refusal, RefusalKind};
use playhouse_domain::room::{Audience, Caller, Seed};
use playhouse_protocol::codec;
use playhouse_protocol::ids::{ContestId, JobId, SubmissionId};
use tokio::sync::Notify;

use super::papers::{self, Program, Tasks};
use crate::http::error::Problem;
use crate::judge::jobs;

/// How long one attempt may last. 2 h: a queue of 1,000 jobs of 7 s each. The next finds the job that this one made.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2 * 60 * 60);

/// How many programs of all contests may be with the judge at once. 512: half of its queue, so that others find room
/// beside them; each waits and does nothing else.
const AT_ONCE_MAX: usize = 512;

/// How many ids of jobs are tried for one judging. 1,000: as often a full queue is asked again, which is an hour.
const TRIES_MAX: u32 = 1000;

/// How long a full queue is left alone. 3 s: some jobs of a second end meanwhile.
const FULL_WAIT: Duration = Duration::from_secs(3);

/// How often a job is looked at that says nothing. 10 s: it does say when it is judged.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Has programs of contests judged.
#[derive(Default)]
pub struct Judging {
    rooms: OnceLock<WeakRooms>,
}

impl Performer for Judging {
    fn parallel(&self) -> usize {
        AT_ONCE_MAX
    }

    fn attempt_timeout(&self) -> Duration {
        ATTEMPT_TIMEOUT
    }

    fn opened(&self, rooms: WeakRooms) {
        // Called once.
        let _ = self.rooms.set(rooms);
    }

    fn perform(&self, attempt: Attempt) -> Performing {
        let rooms = self.rooms.get().cloned().unwrap_or_default();
        Box::pin(async move {
            let to_judge: ToJudge = match codec::decode(&attempt.payload) {
                Ok(to_judge) => to_judge,
                Err(e) => return Ok(DutyResult::Refused(unreadable(&e.to_string()))),
            };
            let rooms = rooms.get().ok_or_else(|| again("the rooms are gone"))?;
            match judge(&rooms, &to_judge).await {
                Ok(outcome) => Ok(DutyResult::Done(codec::encode(&outcome))),
                Err(NotJudged::Never(refusal)) => {
                    let (submission, reason) = (to_judge.submission, &refusal.message);
                    tracing::warn!(%submission, reason, "a program cannot be judged");
                    Ok(DutyResult::Refused(refusal))
                }
                Err(NotJudged::Now(reason)) => Err(TryAgain { reason }),
            }
        })
    }
}

/// Nothing came of it.
enum NotJudged {
    /// It is tried again.
    Now(String),
    /// It cannot be judged.
    Never(Refusal),
}

fn again(reason: &str) -> TryAgain {
    TryAgain { reason: reason.to_owned() }
}

fn unreadable(why: &str) -> Refusal {
    Refusal::new(RefusalKind::Invalid, "bad_submission", format!("it cannot be read: {why}"))
}

impl From<Problem> for NotJudged {
    fn from(problem: Problem) -> Self {
        let status = problem.status();
        if status.is_server_error() || status.as_u16() == 429 {
            return Self::Now(problem.to_string());
        }
        Self::Never(unreadable(problem.detail()))
    }
}

/// The `nth` id of the job that judges a program for the `judging`th time.
fn job_id(contest: ContestId, submission: SubmissionId, judging: u16, nth: u32) -> JobId {
    let (contest, submission) = (contest.0, submission.0);
    let (judging, nth) = (judging.to_be_bytes(), nth.to_be_bytes());
    let parts = [b"contest".as_slice(), contest.as_bytes(), submission.as_bytes(), &judging, &nth];
    JobId(Seed::derive(&parts).uuid(0))
}

/// What comes of a program.
async fn judge(rooms: &Rooms, what: &ToJudge) -> Result<Outcome, NotJudged> {
    let submission = submission(rooms, what).await?;
    for nth in 0..TRIES_MAX {
        let id = job_id(what.contest, what.submission, what.judging, nth);
        let handed = (id, submission.clone());
        let owner = Some(what.account);
        match jobs::hand_in(rooms, Caller::System, owner, handed, None).await {
            Ok(_) => {}
            // It is there, or its id is used up: that is seen when it is looked for.
            Err(problem) if problem.code() == "already_exists" => {}
            Err(problem) if problem.status().as_u16() == 429 => {
                tokio::time::sleep(FULL_WAIT).await;
                continue;
            }
            Err(problem) => return Err(problem.into()),
        }
        if let Some(outcome) = ended(rooms, id).await? {
            return Ok(outcome);
        }
    }
    Err(NotJudged::Now(format!("the judge's queue was full {TRIES_MAX} times")))
}

/// What the judge is given.
async fn submission(rooms: &Rooms, what: &ToJudge) -> Result<Submission, NotJudged> {
    let program: Program = papers::read(rooms, what.program).await?;
    let tasks: Tasks = papers::read(rooms, what.problem).await?;
    Ok(Submission {
        language: what.language.clone(),
        files: program.files,
        arguments: Vec::new(),
        stdin: playhouse_domain::judge::Blob::default(),
        interactive: false,
        tests: tasks.tests,
        checker: tasks.checker,
        run: tasks.run,
        compile: Limits::of_compile(),
        stop_at_first_failure: false,
        lane: Lane::Batch,
        webhook: None,
    })
}

/// Wakes whoever waits whenever the job has something to say.
#[derive(Default)]
struct Ear(Notify);

impl Sink for Ear {
    fn publish(&self, _: &Arc<Publication>) -> Result<(), SinkFull> {
        self.0.notify_one();
        Ok(())
    }

    fn ended(&self, _: WatchEnd) {
        self.0.notify_one();
    }
}

/// Waits until job `id` is judged. None if there is no such job.
async fn ended(rooms: &Rooms, id: JobId) -> Result<Option<Outcome>, NotJudged> {
    let room = job::room(id);
    let passing = |e: AskError| NotJudged::Now(e.to_string());
    let ear = Arc::new(Ear::default());
    let watch = rooms.watch(&room, Audience::Presenter, None, ear.clone()).await;
    let _watching = match watch {
        Ok(watching) => watching,
        Err(AskError::NoSuchRoom) => return Ok(None),
        Err(e) => return Err(passing(e)),
    };
    loop {
        let Some(view) = seen(rooms, id).await.map_err(passing)? else { return Ok(None) };
        if let (Phase::Judged, Some(verdict)) = (view.phase, view.verdict) {
            return Ok(Some(outcome(verdict, &view)));
        }
        // What was said while it was looked at is not lost: the ear keeps one.
        let _ = tokio::time::timeout(LOOK_EVERY, ear.0.notified()).await;
    }
}

fn outcome(verdict: Verdict, view: &View) -> Outcome {
    Outcome { verdict, score: view.score, score_max: view.max_score }
}

/// Job `id`, if there is one.
async fn seen(rooms: &Rooms, id: JobId) -> Result<Option<View>, AskError> {
    match rooms.view(&job::room(id), Audience::Presenter).await {
        Ok(seen) => serde_json::from_slice(&seen.json).map(Some).map_err(|_| AskError::Failed),
        Err(AskError::NoSuchRoom) => Ok(None),
        Err(e) => Err(e),
    }
}

/// What the compiler said of a program, while its job is kept.
pub async fn compiler(rooms: &Rooms, contest: ContestId, of: &SubmissionInfo) -> Option<String> {
    // Where the queue had no room before, it did within the first few.
    for nth in 0..8 {
        let id = job_id(contest, of.id, of.judgings, nth);
        if let Some(view) = seen(rooms, id).await.ok()? {
            return view.compile.map(|compile| compile.output);
        }
    }
    None
}
