//! Taking facts in. Nothing here can fail: what could be refused was refused before.

use super::event::Event;
use super::outcome::{End, Stream};
use super::{Job, Made, Phase};
use crate::duty::DutyId;
use crate::time::Timestamp;

impl Job {
    pub(super) fn apply_event(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Submitted { owner, submission, settles } => {
                self.owner = *owner;
                self.submission = Some(submission.clone());
                self.phase = Phase::Queued;
                self.created_at = at;
                self.joining = Some((self.duty(), *settles));
            }
            Event::Joined(_) => {
                self.joining = None;
                if self.phase == Phase::Judged {
                    self.leave();
                }
            }
            Event::Refused(_) => self.forget(),
            Event::Started => {
                self.phase = Phase::Compiling;
                self.running = Some(self.duty());
                self.started_at = Some(at);
            }
            Event::TakenUp => {
                self.attempt += 1;
                self.tries = self.tries.saturating_add(1);
                self.phase = Phase::Compiling;
                self.made = Made::default();
            }
            Event::LetGo => self.tries = self.tries.saturating_sub(1),
            Event::Trouble(reason) => self.trouble = Some(reason.clone()),
            Event::Compiled(compile) => {
                self.phase = Phase::Running;
                self.made.compile = compile.as_deref().cloned();
            }
            Event::Printed { stream, bytes } => {
                let to = match stream {
                    Stream::Stdout => &mut self.made.stdout,
                    Stream::Stderr => &mut self.made.stderr,
                };
                to.0.extend_from_slice(&bytes.0);
            }
            Event::CaseDone(case) => self.made.cases.push((**case).clone()),
            Event::Judged(end) => self.judged(at, end),
            Event::LeftQueue(_) => self.leaving = None,
            Event::Told(_) => self.telling = None,
            Event::Deleted => self.forget(),
        }
    }

    fn duty(&mut self) -> DutyId {
        self.next_duty += 1;
        DutyId(self.next_duty - 1)
    }

    fn judged(&mut self, at: Timestamp, end: &End) {
        self.phase = Phase::Judged;
        self.end = Some(end.clone());
        self.ended_at = Some(at);
        self.running = None;
        // While it asks for a slot there is none to give back.
        if self.joining.is_none() {
            self.leave();
        }
        let Some(mut submission) = self.submission.take() else { return };
        submission.lighten();
        if submission.webhook.is_some() {
            self.telling = Some(self.duty());
        }
        self.submission = Some(submission);
    }

    fn leave(&mut self) {
        self.leaving = Some(self.duty());
    }

    /// Of a job that nobody may look at any more only its name is left.
    fn forget(&mut self) {
        self.phase = Phase::Nothing;
        self.submission = None;
        self.joining = None;
        self.trouble = None;
        self.made = Made::default();
        self.end = None;
    }
}
