//! What a command leads to. Nothing here changes the state.

use playhouse_protocol::ids::AccountId;

use super::command::{Command, Reply, Source, Work};
use super::event::Event;
use super::outcome::{Case, Compile, End, Stream};
use super::{
    ATTEMPTS_MAX, CASE_SHOWN_BYTES_MAX, COMPILE_SHOWN_BYTES_MAX, Job, MESSAGE_BYTES_MAX, Phase,
    SHOWN_BYTES_MAX,
};
use crate::judge::blob::Blob;
use crate::judge::queue;
use crate::judge::submission::Submission;
use crate::judge::verdict::Verdict;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects, Ticket};

pub(super) type Decided = Result<Effects<Job>, Refusal>;

pub(super) fn no_job() -> Refusal {
    Refusal::not_found("job")
}

/// As much of `text` as `most` bytes hold.
fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        let at = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(at);
    }
}

impl Job {
    pub(super) fn decide_command(&self, cx: &Cx<'_>, command: Command) -> Decided {
        match command {
            Command::Submit { owner, submission } => self.submit(cx, owner, submission),
            Command::Start => self.start(cx),
            Command::Cancel => self.cancel(cx),
            Command::Read => self.read(cx),
            _ if *cx.caller != Caller::System => Err(no_job()),
            Command::TakeUp => self.take_up(),
            Command::LetGo { attempt } => self.in_attempt(attempt, vec![Event::LetGo]),
            Command::Trouble { attempt, mut reason } => {
                cut(&mut reason, MESSAGE_BYTES_MAX);
                self.in_attempt(attempt, vec![Event::Trouble(reason)])
            }
            Command::Compiled { attempt, compile } => self.compiled(attempt, compile),
            Command::Printed { attempt, stream, at, bytes } => {
                self.printed(attempt, stream, (at, bytes))
            }
            Command::CaseDone { attempt, number, case } => self.case_done(attempt, number, case),
            Command::Delete => self.delete(),
        }
    }

    fn submit(
        &self,
        cx: &Cx<'_>,
        owner: Option<AccountId>,
        submission: Box<Submission>,
    ) -> Decided {
        match cx.caller {
            Caller::Account { id, .. } if owner == Some(*id) => {}
            Caller::System | Caller::Room(_) => {}
            Caller::Account { .. } | Caller::Guest(_) | Caller::Nobody => {
                let message = "whoever hands a program in does so for themselves, and is logged in";
                return Err(Refusal::new(RefusalKind::Unauthenticated, "not_logged_in", message));
            }
        }
        if self.phase != Phase::Nothing || self.next_duty > 1 {
            if self.owner != owner {
                return Err(Refusal::conflict("already_exists", "the job was made before"));
            }
            return match self.joining {
                Some((_, ticket)) => Ok(Effects::later(vec![], ticket)),
                None => Err(Refusal::conflict("already_exists", "the job was made before")),
            };
        }
        submission.check()?;
        let settles = Ticket(cx.seed.uuid(1));
        Ok(Effects::later(vec![Event::Submitted { owner, submission, settles }], settles))
    }

    fn start(&self, cx: &Cx<'_>) -> Decided {
        if *cx.caller != Caller::Room(queue::room()) {
            return Err(no_job());
        }
        let events = match self.phase {
            Phase::Queued => vec![Event::Started],
            Phase::Compiling | Phase::Running => vec![],
            Phase::Nothing | Phase::Judged => {
                return Ok(Effects::reply(vec![], Reply::Started(false)));
            }
        };
        Ok(Effects::reply(events, Reply::Started(true)))
    }

    fn cancel(&self, cx: &Cx<'_>) -> Decided {
        self.seen_by(cx.caller)?;
        let events = match self.phase {
            Phase::Judged => vec![],
            _ => vec![Event::Judged(End {
                verdict: Verdict::Cancelled,
                message: None,
                score: self.score(),
                tier: None,
            })],
        };
        Ok(Effects::reply(events, Reply::Noted))
    }

    /// Refuses whoever may not know of the job.
    fn seen_by(&self, caller: &Caller) -> Result<(), Refusal> {
        let own = caller.account().is_some_and(|account| self.owner == Some(account));
        match self.phase != Phase::Nothing && (own || caller.administers()) {
            true => Ok(()),
            false => Err(no_job()),
        }
    }

    fn read(&self, cx: &Cx<'_>) -> Decided {
        self.seen_by(cx.caller)?;
        let submission = self.submission.as_deref().ok_or_else(no_job)?;
        let (language, files) = (submission.language.clone(), submission.files.clone());
        Ok(Effects::reply(vec![], Reply::Source(Box::new(Source { language, files }))))
    }

    fn take_up(&self) -> Decided {
        if self.running.is_none() {
            return Ok(Effects::reply(vec![], Reply::Work(None)));
        }
        let Some(submission) = self.submission.as_deref() else { return Err(no_job()) };
        if self.tries >= ATTEMPTS_MAX {
            let why = self.trouble.as_deref().unwrap_or("the server stopped while it ran");
            let mut message = format!("it was tried {ATTEMPTS_MAX} times; the last time: {why}");
            cut(&mut message, MESSAGE_BYTES_MAX);
            let end = End {
                verdict: Verdict::InternalError,
                message: Some(message),
                score: 0,
                tier: None,
            };
            return Ok(Effects::reply(vec![Event::Judged(end)], Reply::Work(None)));
        }
        let (attempt, owner) = (self.attempt + 1, self.owner);
        let work = Work { attempt, owner, submission: submission.clone() };
        Ok(Effects::reply(vec![Event::TakenUp], Reply::Work(Some(Box::new(work)))))
    }

    /// `events`, if `attempt` is the one under way.
    fn in_attempt(&self, attempt: u32, events: Vec<Event>) -> Decided {
        if self.running.is_none() || attempt != self.attempt {
            let newest = self.attempt;
            let message = format!("attempt {attempt} is over, the newest is {newest}");
            return Err(Refusal::conflict("attempt_over", message));
        }
        Ok(Effects::reply(events, Reply::Noted))
    }

    fn compiled(&self, attempt: u32, mut compile: Option<Box<Compile>>) -> Decided {
        if let Some(compile) = &mut compile {
            cut(&mut compile.output, COMPILE_SHOWN_BYTES_MAX);
            compile.ran.message.iter_mut().for_each(|text| cut(text, MESSAGE_BYTES_MAX));
        }
        // Said again, it is known.
        let fresh = self.phase == Phase::Compiling;
        let event = fresh.then_some(Event::Compiled(compile));
        self.in_attempt(attempt, event.into_iter().collect())
    }

    fn printed(&self, attempt: u32, stream: Stream, (at, mut bytes): (u32, Blob)) -> Decided {
        let has = match stream {
            Stream::Stdout => self.made.stdout.len(),
            Stream::Stderr => self.made.stderr.len(),
        };
        // What was told before is known.
        let known = has.saturating_sub(at as usize).min(bytes.len());
        drop(bytes.0.drain(..known));
        bytes.0.truncate(SHOWN_BYTES_MAX.saturating_sub(has));
        let event = (!bytes.is_empty()).then_some(Event::Printed { stream, bytes });
        self.in_attempt(attempt, event.into_iter().collect())
    }

    fn case_done(&self, attempt: u32, number: u32, mut case: Box<Case>) -> Decided {
        if (number as usize) < self.made.cases.len() {
            return self.in_attempt(attempt, vec![]);
        }
        let tests = self.submission.as_ref().map_or(0, |submission| submission.tests.len());
        if self.made.cases.len() >= tests.max(1) {
            return Err(Refusal::conflict("attempt_over", "every test was run already"));
        }
        let most = if tests == 0 { SHOWN_BYTES_MAX } else { CASE_SHOWN_BYTES_MAX };
        for text in case.stdout.iter_mut().chain(&mut case.stderr) {
            cut(text, most);
        }
        case.ran.message.iter_mut().for_each(|text| cut(text, MESSAGE_BYTES_MAX));
        self.in_attempt(attempt, vec![Event::CaseDone(case)])
    }

    fn delete(&self) -> Decided {
        match self.phase {
            Phase::Nothing => Ok(Effects::reply(vec![], Reply::Noted)),
            Phase::Judged if self.owed().is_empty() => {
                Ok(Effects::reply(vec![Event::Deleted], Reply::Noted))
            }
            _ => Err(Refusal::conflict("not_judged", "only a job that is judged can be forgotten")),
        }
    }

    /// Points so far.
    pub(super) fn score(&self) -> u32 {
        self.made.cases.iter().map(|case| case.points).sum()
    }
}
