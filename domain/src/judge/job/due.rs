//! What a job owes, and what the ends of duties lead to.

use playhouse_protocol::codec;

use super::command::{Accepted, Reply};
use super::decide::no_job;
use super::event::Event;
use super::outcome::{End, Told};
use super::{Job, MESSAGE_BYTES_MAX, RUN, RunJob, WEBHOOK};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::judge::queue::{self, Queue};
use crate::judge::verdict::Verdict;
use crate::refusal::Refusal;
use crate::room::Effects;
use playhouse_protocol::ids::AccountId;

impl Job {
    pub(super) fn owed(&self) -> Vec<Duty> {
        let tell = |id, command| Duty::tell::<Queue>(id, queue::room(), &command);
        let join = self.joining.and_then(|(id, _)| Some(tell(id, self.join()?)));
        let run = self.running.map(|id| Duty::external(id, RUN, &RunJob { job: self.id }));
        let leave = self.leaving.map(|id| tell(id, queue::Command::Left { job: self.id }));
        let hook = self.telling.and_then(|id| Some(Duty::external(id, WEBHOOK, &self.told()?)));
        let mut owed: Vec<_> = join.into_iter().chain(run).chain(leave).chain(hook).collect();
        owed.sort_unstable_by_key(|duty| duty.id);
        owed
    }

    fn join(&self) -> Option<queue::Command> {
        let submission = self.submission.as_ref()?;
        Some(queue::Command::Join {
            // Those that are nobody's in particular share one place.
            account: self.owner.unwrap_or(AccountId(uuid::Uuid::nil())),
            lane: submission.lane,
            bytes: submission.bytes() as u64,
        })
    }

    fn told(&self) -> Option<Told> {
        let webhook = self.submission.as_ref()?.webhook.as_ref()?;
        Some(Told {
            job: self.id,
            url: webhook.url.clone(),
            secret: webhook.secret.clone(),
            body: serde_json::to_string(&self.row()?).ok()?,
            at_ms: self.ended_at?.ms(),
        })
    }

    pub(super) fn done(&self, duty: DutyId, result: &DutyResult) -> Effects<Self> {
        if let Some((_, ticket)) = self.joining.filter(|(id, _)| *id == duty) {
            return match joined(result) {
                Ok(accepted) => Effects::events(vec![Event::Joined(duty)])
                    .settle(ticket, Ok(Reply::Accepted(accepted))),
                Err(refusal) => {
                    Effects::events(vec![Event::Refused(duty)]).settle(ticket, Err(refusal))
                }
            };
        }
        if self.running == Some(duty) {
            return Effects::events(vec![Event::Judged(self.ended(result))]);
        }
        if self.leaving == Some(duty) {
            return Effects::events(vec![Event::LeftQueue(duty)]);
        }
        if self.telling == Some(duty) {
            return Effects::events(vec![Event::Told(duty)]);
        }
        Effects::none()
    }

    /// How it ended, as the judge says. The points are counted here.
    fn ended(&self, result: &DutyResult) -> End {
        let said = match result {
            DutyResult::Done(bytes) => codec::decode::<End>(bytes).map_err(|e| e.to_string()),
            DutyResult::Refused(refusal) => Err(refusal.message.clone()),
        };
        match said {
            Ok(mut end) => {
                if let Some(message) = &mut end.message {
                    let keep = (0..=MESSAGE_BYTES_MAX.min(message.len()))
                        .rev()
                        .find(|at| message.is_char_boundary(*at));
                    message.truncate(keep.unwrap_or_default());
                }
                End { score: self.score(), ..end }
            }
            Err(message) => End {
                verdict: Verdict::InternalError,
                message: Some(message),
                score: self.score(),
                tier: None,
            },
        }
    }
}

/// What the queue answered.
fn joined(result: &DutyResult) -> Result<Accepted, Refusal> {
    let bytes = match result {
        DutyResult::Done(bytes) => bytes,
        DutyResult::Refused(refusal) => return Err(refusal.clone()),
    };
    match codec::decode(bytes) {
        Ok(queue::Reply::Joined { position, waiting }) => Ok(Accepted { position, waiting }),
        _ => Err(no_job()),
    }
}
