//! How much longer it takes: as it took those who were matched lately.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Matchmaking;
use super::command::Estimate;
use crate::time::Timestamp;

/// How many waits are remembered. 200: enough for the tenth that waited longest.
pub(super) const WAITED_MAX: usize = 200;

/// For how long. 10 min: an evening changes.
const WAITED_FOR: Duration = Duration::from_secs(10 * 60);

/// How many there must be to say anything. 5.
const WAITED_MIN: usize = 5;

/// How long somebody waited who was matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waited {
    pub(super) at: Timestamp,
    pub(super) ms: u32,
    /// True if it was a party.
    pub(super) party: bool,
}

impl Matchmaking {
    /// How much longer somebody waits who has waited for `wait`, as those did who had waited as long. A party
    /// is compared with parties, if there were enough.
    pub(super) fn estimate(&self, now: Timestamp, wait: Duration, party: bool) -> Option<Estimate> {
        let so_far = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        let lately = self.waited.iter().filter(|waited| now.since(waited.at) <= WAITED_FOR);
        let longer = |alike: bool| {
            let alike = lately.clone().filter(move |waited| !alike || waited.party == party);
            let longer = alike.filter(|waited| waited.ms >= so_far);
            let mut longer: Vec<_> = longer.map(|waited| waited.ms - so_far).collect();
            longer.sort_unstable();
            (longer.len() >= WAITED_MIN).then_some(longer)
        };
        let longer = longer(true).or_else(|| longer(false))?;
        let after = |part: usize| longer[(longer.len() * part).div_ceil(100) - 1].div_ceil(1000);
        Some(Estimate { expected_seconds: after(50), likely_within_seconds: after(90) })
    }
}
