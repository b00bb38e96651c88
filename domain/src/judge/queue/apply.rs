//! Taking facts in. Nothing here can fail: what could be refused was refused before.

use playhouse_protocol::ids::JobId;

use super::event::Event;
use super::{Queue, Running, Waiting, order};
use crate::duty::DutyId;
use crate::time::Timestamp;

impl Queue {
    pub(super) fn apply_event(&mut self, at: Timestamp, event: &Event) {
        self.now = at;
        self.gone.clear();
        match event {
            Event::Joined { job, account, lane, bytes } => {
                self.since.entry((*lane, *account)).or_insert(order::came(self.turn));
                let waiting =
                    Waiting { job: *job, account: *account, lane: *lane, bytes: *bytes, at };
                self.waiting.insert(self.next_no, waiting);
                self.next_no += 1;
            }
            Event::Started(job) => self.starts(at, *job),
            Event::Told(job) => {
                if let Some(running) = self.running.get_mut(job) {
                    running.telling = None;
                }
            }
            Event::Left(job) => self.leaves(*job),
            Event::Slots(slots) => self.slots = *slots,
        }
        if !matches!(event, Event::Told(_) | Event::Slots(_)) {
            self.places = self.order();
        }
    }

    fn no(&self, job: JobId) -> Option<u64> {
        self.waiting.iter().find(|(_, waiting)| waiting.job == job).map(|(no, _)| *no)
    }

    fn starts(&mut self, at: Timestamp, job: JobId) {
        let others = self.others_wait();
        let Some(Waiting { account, lane, .. }) =
            self.no(job).and_then(|no| self.waiting.remove(&no))
        else {
            return;
        };
        self.turn += 1;
        self.since.insert((lane, account), order::served(self.turn));
        (self.in_a_row, self.last) = order::after(lane, others, self.in_a_row, self.last);
        let telling = Some(DutyId(self.next_duty));
        self.next_duty += 1;
        self.running.insert(job, Running { account, lane, at, telling });
        self.gone.push(account);
    }

    fn leaves(&mut self, job: JobId) {
        if let Some(running) = self.running.remove(&job) {
            self.forget_since(running.lane, running.account);
            self.gone.push(running.account);
        }
        if let Some(waiting) = self.no(job).and_then(|no| self.waiting.remove(&no)) {
            self.forget_since(waiting.lane, waiting.account);
            self.gone.push(waiting.account);
        }
    }

    /// Whoever neither waits nor runs in a lane stands behind all others when they come again.
    fn forget_since(
        &mut self,
        lane: crate::judge::submission::Lane,
        account: playhouse_protocol::ids::AccountId,
    ) {
        let waits = |one: &Waiting| one.lane == lane && one.account == account;
        let runs = |one: &Running| one.lane == lane && one.account == account;
        if !self.waiting.values().any(waits) && !self.running.values().any(runs) {
            self.since.remove(&(lane, account));
        }
    }
}
