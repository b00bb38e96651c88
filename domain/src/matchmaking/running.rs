//! Matches that were arranged from here and are not over.

use playhouse_protocol::ids::AccountId;
use serde::{Deserialize, Serialize};

use super::event::No;
use crate::time::Timestamp;

/// A match that was arranged from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Running {
    pub(super) at: Timestamp,
    /// The mean level of those it was formed of, in thousandths of a skill point.
    pub(super) level: i32,
    pub(super) region: Option<String>,
    /// The tickets that it was formed of, and those that came late.
    pub(super) tickets: Vec<No>,
    /// Who was sent there: nobody is a second time, whether they left or not.
    pub(super) people: Vec<AccountId>,
    /// How many seats it has for those who come late: those that nobody was invited to, until it says
    /// otherwise.
    pub(super) free: u16,
    /// How many people are on their way to it.
    pub(super) coming: u16,
}

impl Running {
    /// How many seats are free, those of people who are on their way among them, where the match said that there were
    /// `free` after so many had been `invited`. Whoever it had invited and is on their way here has a seat there
    /// already; whoever was sent there since has not.
    pub(super) fn counts(&self, free: u16, invited: u16) -> u16 {
        let ahead = i32::from(invited) - self.people.len() as i32;
        (i32::from(free) + ahead).clamp(0, u16::MAX.into()) as u16
    }

    /// How many more can be sent there.
    pub(super) fn room(&self) -> u16 {
        self.free.saturating_sub(self.coming)
    }
}
