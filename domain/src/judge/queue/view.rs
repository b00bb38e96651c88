//! What is seen.

use playhouse_protocol::ids::JobId;
use serde::Serialize;

use super::Queue;
use crate::judge::submission::Lane;
use crate::room::Audience;
use crate::time::Timestamp;

/// The queue as somebody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// How many jobs may run at once.
    pub slots: u16,
    /// How many run.
    pub running: u32,
    /// How many wait.
    pub waiting: u32,
    /// One's own jobs, those that run first, then by their place. None for whoever is not logged in.
    pub jobs: Option<Vec<Place>>,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Which.
    pub job: JobId,
    /// In which lane.
    pub lane: Lane,
    /// Its place among all that wait, from 1, the next; none while it runs.
    pub position: Option<u32>,
    /// Since when it waits, or runs.
    pub since: Timestamp,
}

impl Queue {
    pub(super) fn seen(&self, audience: &Audience) -> View {
        let jobs = match audience {
            Audience::Own(account) => Some(self.places_of(Some(*account))),
            Audience::Presenter => Some(self.places_of(None)),
            Audience::Public => None,
        };
        View {
            slots: self.slots,
            running: self.running.len() as u32,
            waiting: self.waiting.len() as u32,
            jobs,
        }
    }

    /// The places of one account's jobs, or of all.
    fn places_of(&self, account: Option<playhouse_protocol::ids::AccountId>) -> Vec<Place> {
        let own = |of| account.is_none_or(|account| account == of);
        let running = self.running.iter().filter(|(_, one)| own(one.account));
        let mut places: Vec<_> = running
            .map(|(job, one)| Place { job: *job, lane: one.lane, position: None, since: one.at })
            .collect();
        let waiting = self.waiting.values().filter(|one| own(one.account)).map(|one| {
            let position = self.places.get(&one.job).copied();
            Place { job: one.job, lane: one.lane, position, since: one.at }
        });
        places.extend(waiting);
        places.sort_by_key(|place| (place.position, place.since));
        places
    }

    /// True if the newest event changed what `audience` sees of its own, or how many wait.
    pub(super) fn concerns(&self, audience: &Audience) -> bool {
        let Audience::Own(account) = audience else { return true };
        let waits = self.waiting.values().any(|one| one.account == *account);
        waits || self.gone.contains(account)
    }
}
