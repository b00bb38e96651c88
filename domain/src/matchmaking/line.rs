//! The line of those who wait, by time and by skill. Made of the tickets, and made again after a restart.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::ids::{AccountId, MatchId, TicketId};

use super::event::{No, Place};
use super::regions::{Regions, Ways};
use super::running::Running;
use super::ticket::{Entry, State, Ticket};
use crate::time::Timestamp;

/// What a search needs to know of a waiting ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Brief {
    pub(super) place: Place,
    /// The mean of its members' skills, in thousandths of a point.
    pub(super) level: i32,
    /// How many they are.
    pub(super) people: u16,
    pub(super) ways: Ways,
}

/// Who waits, and which ticket is whose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Line {
    /// By time.
    pub(super) waiting: BTreeMap<Place, i32>,
    /// By level.
    pub(super) levels: BTreeMap<(i32, Place), Brief>,
    /// How many people wait.
    pub(super) people: u32,
    /// How many tickets are being placed.
    pub(super) placing: usize,
    pub(super) by_id: BTreeMap<TicketId, No>,
    /// Each account's newest ticket.
    pub(super) by_account: BTreeMap<AccountId, No>,
    /// Tickets that are over, by when.
    pub(super) over: BTreeSet<(Timestamp, No)>,
    /// Matches with seats for those who come late, by level.
    pub(super) open: BTreeSet<(i32, MatchId)>,
    /// Whose tickets the newest event changed, by rising account.
    pub(super) touched: Vec<AccountId>,
}

/// The sum of the members' skills, in thousandths of a point.
pub(super) fn strength(ticket: &Ticket) -> i32 {
    ticket.members.iter().map(|member| (member.skill.mean * 1000.0).round() as i32).sum()
}

fn level(ticket: &Ticket) -> i32 {
    strength(ticket) / (ticket.members.len().max(1) as i32)
}

impl Line {
    pub(super) fn of(
        tickets: &BTreeMap<No, Entry>,
        regions: &Regions,
        running: &BTreeMap<MatchId, Running>,
    ) -> Self {
        let mut line = Self::default();
        for (no, entry) in tickets {
            line.knows(*no, &entry.ticket);
            match &entry.state {
                State::Waiting => line.waits(*no, &entry.ticket, regions),
                State::Placing { .. } => line.placing += 1,
                State::Over { at, .. } => drop(line.over.insert((*at, *no))),
            }
        }
        running.iter().for_each(|(id, running)| line.opens(*id, running));
        line
    }

    pub(super) fn knows(&mut self, no: No, ticket: &Ticket) {
        self.by_id.insert(ticket.id, no);
        for member in &ticket.members {
            let newest = self.by_account.entry(member.account).or_insert(no);
            *newest = (*newest).max(no);
        }
    }

    pub(super) fn forgets(&mut self, no: No, ticket: &Ticket) {
        self.by_id.remove(&ticket.id);
        for member in &ticket.members {
            if self.by_account.get(&member.account) == Some(&no) {
                self.by_account.remove(&member.account);
            }
        }
    }

    pub(super) fn waits(&mut self, no: No, ticket: &Ticket, regions: &Regions) {
        let (place, level) = ((ticket.since, no), level(ticket));
        let people = ticket.members.len() as u16;
        let brief = Brief { place, level, people, ways: regions.ways(&ticket.regions) };
        self.waiting.insert(place, level);
        self.levels.insert((level, place), brief);
        self.people += u32::from(people);
    }

    pub(super) fn waits_no_more(&mut self, no: No, ticket: &Ticket) {
        let place = (ticket.since, no);
        let level = self.waiting.remove(&place);
        if let Some(brief) = level.and_then(|level| self.levels.remove(&(level, place))) {
            self.people -= u32::from(brief.people);
        }
    }

    /// Whether the match has seats for those who come late may have changed.
    pub(super) fn opens(&mut self, id: MatchId, running: &Running) {
        let key = (running.level, id);
        match running.room() {
            0 => drop(self.open.remove(&key)),
            _ => drop(self.open.insert(key)),
        }
    }

    pub(super) fn touches(&mut self, ticket: &Ticket) {
        self.touched.extend(ticket.members.iter().map(|member| member.account));
    }
}
