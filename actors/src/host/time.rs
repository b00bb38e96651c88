//! What the passing of time brings: a rebuild, a wake-up, duties, publications, sleep.

use std::time::Duration;

use playhouse_domain::room::Retention;
use playhouse_domain::time::Timestamp;

use super::Output;
use super::refusing::Refusing;
use super::room::{Live, Phase, Room};

/// How long a room that nobody ever created stays in memory. 1 s, so that names that are guessed
/// cost next to nothing.
const IDLE_UNBORN: Duration = Duration::from_secs(1);

impl Room {
    /// When the room must be given [`Input::Tick`](super::Input::Tick), if nothing else comes before.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Loading | Phase::Quarantined { .. } => None,
            Phase::Resting { until, .. } => Some(*until),
            Phase::Live(live) => {
                let idle = self.may_sleep(live).then(|| live.last_used + self.idle(live));
                let wake = live.rules.wake_at().filter(|_| !self.is_full());
                let publish = self.watchers.next_due(self.kind.policy.publish_every);
                let duty = self.duties.next_due();
                let Some(refusing) = &self.refusing else {
                    return [idle, wake, publish, duty].into_iter().flatten().min();
                };
                // Duties that never began are in no list of times.
                let begin = (self.duties.len() > 0 && !self.may_write()).then_some(self.now);
                let writes = [wake, duty, begin].into_iter().flatten();
                let writes = writes.map(|at| refusing.put_off(at));
                [idle, publish, refusing.read_back_at()].into_iter().flatten().chain(writes).min()
            }
        }
    }

    /// What the passing of time brings: rebuild, wake, duties, publications, sleep.
    pub(super) fn pass_time(&mut self) {
        if let Phase::Resting { until, .. } = &self.phase
            && *until <= self.now
        {
            self.phase = Phase::Loading;
            self.out.push_back(Output::Load);
        }
        if self.live().is_none() {
            return;
        }
        let read_back = self.refusing.as_ref().and_then(Refusing::read_back_at);
        if read_back.is_some_and(|at| at <= self.now) {
            return self.read_back();
        }
        self.wake_due();
        let Some(durable) = self.live().map(|l| l.durable) else { return };
        if self.may_write() {
            for (id, attempt, work) in self.duties.start(self.now, durable) {
                self.out.push_back(Output::StartDuty { id, attempt, work });
            }
        }
        self.publish(None);
        self.sleep_if_idle();
    }

    fn idle(&self, live: &Live) -> Duration {
        if live.seq == 0 { IDLE_UNBORN } else { self.kind.policy.idle }
    }

    fn may_sleep(&self, live: &Live) -> bool {
        self.gate.is_empty()
            && self.waiters.is_empty()
            && self.watchers.is_empty()
            && self.duties.len() == 0
            && !live.snapshot.under_way
    }

    fn sleep_if_idle(&mut self) {
        let Some(live) = self.live() else { return };
        let idle = self.now.since(live.last_used) >= self.idle(live);
        if !idle || !self.may_sleep(live) {
            return;
        }
        let wake_at = live.rules.wake_at();
        // A rebuild that reads more than a few records is worth a snapshot first, and so is a single
        // one that is not to be kept.
        let few = if self.retention(live) == Retention::Nothing { 0 } else { 32 };
        if live.seq - live.snapshot.seq > few {
            return self.snapshot();
        }
        self.touch();
        self.out.push_back(Output::Sleep(wake_at));
    }

    /// Counts as used now, so that a sleep the shell refused is asked for again only later.
    fn touch(&mut self) {
        let now = self.now;
        if let Some(live) = self.live_mut() {
            live.last_used = now;
        }
    }
}
