//! What a command leads to. Nothing here changes the state.

use playhouse_protocol::ids::{AccountId, JobId};

use super::command::{Command, Reply};
use super::event::Event;
use super::{BYTES_MAX, PER_ACCOUNT_MAX, PISTON_WAITING_MAX, Queue, SLOTS_MAX, WAITING_MAX};
use crate::judge::job::Job;
use crate::judge::submission::Lane;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects, Rules};
use crate::time::Timestamp;

type Decided = Result<Effects<Queue>, Refusal>;

fn too_many(code: &'static str, message: String) -> Refusal {
    Refusal::new(RefusalKind::TooMany, code, message)
}

/// The job whose room asks.
fn job_of(caller: &Caller) -> Option<JobId> {
    match caller {
        Caller::Room(room) if room.kind() == Job::KIND => room.uuid().map(JobId),
        _ => None,
    }
}

impl Queue {
    pub(super) fn decide_command(&self, cx: &Cx<'_>, command: Command) -> Decided {
        let own = job_of(cx.caller);
        if !self.is_ours {
            return Err(Refusal::not_found("queue"));
        }
        match command {
            Command::Room { account, lane, bytes } if *cx.caller == Caller::System => {
                self.has_room(account, lane, bytes)?;
                Ok(Effects::reply(vec![], Reply::There))
            }
            Command::Join { account, lane, bytes } => match own {
                Some(job) => self.join(cx.now, job, (account, lane, bytes)),
                None => Err(Refusal::not_found("queue")),
            },
            Command::Left { job } if own == Some(job) || *cx.caller == Caller::System => {
                let event = self.knows(job).then_some(Event::Left(job));
                let events = self.and_next(cx.now, event.into_iter().collect());
                Ok(Effects::reply(events, Reply::Noted))
            }
            Command::Slots(slots) if *cx.caller == Caller::System => {
                let slots = slots.min(SLOTS_MAX);
                let event = (slots != self.slots).then_some(Event::Slots(slots));
                let events = self.and_next(cx.now, event.into_iter().collect());
                Ok(Effects::reply(events, Reply::Noted))
            }
            _ => Err(Refusal::not_found("queue")),
        }
    }

    pub(super) fn knows(&self, job: JobId) -> bool {
        self.running.contains_key(&job) || self.places.contains_key(&job)
    }

    fn join(&self, now: Timestamp, job: JobId, about: (AccountId, Lane, u64)) -> Decided {
        let (account, lane, bytes) = about;
        let mut events = Vec::new();
        if !self.knows(job) {
            self.has_room(account, lane, bytes)?;
            events = self.and_next(now, vec![Event::Joined { job, account, lane, bytes }]);
        }
        let after = self.after(now, &events);
        let position = after.places.get(&job).copied();
        let waiting = after.waiting.len() as u32;
        Ok(Effects::reply(events, Reply::Joined { position, waiting }))
    }

    fn has_room(&self, account: AccountId, lane: Lane, bytes: u64) -> Result<(), Refusal> {
        if self.waiting.len() >= WAITING_MAX {
            let message =
                format!("{WAITING_MAX} jobs wait, which is as many as may: try again later");
            return Err(too_many("queue_full", message).with("max", [WAITING_MAX]));
        }
        let piston = |one: &&super::Waiting| one.lane == Lane::Piston;
        let waiting = self.waiting.values().filter(piston).count();
        if lane == Lane::Piston && waiting >= PISTON_WAITING_MAX {
            let message = format!("{PISTON_WAITING_MAX} such jobs wait, which is as many as may");
            return Err(too_many("queue_full", message).with("max", [PISTON_WAITING_MAX]));
        }
        let held: u64 = self.waiting.values().map(|one| one.bytes).sum();
        if held.saturating_add(bytes) > BYTES_MAX {
            let message =
                format!("jobs of {held} bytes wait, and together they may have {BYTES_MAX}");
            return Err(too_many("queue_full", message).with("max_bytes", [BYTES_MAX]));
        }
        let waiting = self.waiting.values().map(|one| one.account);
        let running = self.running.values().map(|one| one.account);
        let own = waiting.chain(running).filter(|one| *one == account).count();
        if own >= PER_ACCOUNT_MAX && lane != Lane::Piston {
            let message = format!("{own} of your jobs wait or run, which is as many as may");
            return Err(too_many("too_many_jobs", message).with("max", [PER_ACCOUNT_MAX]));
        }
        Ok(())
    }

    /// `events`, and whoever starts because of them.
    pub(super) fn and_next(&self, now: Timestamp, mut events: Vec<Event>) -> Vec<Event> {
        if !events.is_empty() {
            let next = self.after(now, &events).next();
            events.extend(next.into_iter().map(Event::Started));
        }
        events
    }

    pub(super) fn after(&self, now: Timestamp, events: &[Event]) -> Self {
        let mut after = self.clone();
        events.iter().for_each(|event| after.apply_event(now, event));
        after
    }
}
