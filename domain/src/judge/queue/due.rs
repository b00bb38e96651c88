//! What time and the ends of duties lead to.

use playhouse_protocol::codec;

use super::event::Event;
use super::{Queue, RUNNING_MAX};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::judge::job::{self, Job};
use crate::time::Timestamp;

impl Queue {
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        self.running.values().map(|running| running.at + RUNNING_MAX).min()
    }

    pub(super) fn due(&self, now: Timestamp) -> Vec<Event> {
        let late = self.running.iter().filter(|(_, running)| running.at + RUNNING_MAX <= now);
        self.and_next(now, late.map(|(job, _)| Event::Left(*job)).collect())
    }

    pub(super) fn owed(&self) -> Vec<Duty> {
        let telling = self.running.iter().filter_map(|(job, running)| {
            Some(Duty::tell::<Job>(running.telling?, job::room(*job), &job::Command::Start))
        });
        let mut owed: Vec<_> = telling.collect();
        owed.sort_unstable_by_key(|duty| duty.id);
        owed
    }

    /// A job's room knows that it has a slot; one that is not there, or over, gives it back.
    pub(super) fn done(&self, now: Timestamp, duty: DutyId, result: &DutyResult) -> Vec<Event> {
        let told = self.running.iter().find(|(_, running)| running.telling == Some(duty));
        let Some((job, _)) = told else { return Vec::new() };
        let runs = match result {
            DutyResult::Done(bytes) => {
                matches!(codec::decode(bytes), Ok(job::Reply::Started(true)))
            }
            DutyResult::Refused(_) => false,
        };
        match runs {
            true => vec![Event::Told(*job)],
            false => self.and_next(now, vec![Event::Left(*job)]),
        }
    }
}
