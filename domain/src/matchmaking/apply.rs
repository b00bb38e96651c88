//! Taking facts in. Nothing here can fail: what could be refused was refused before.

use playhouse_protocol::ids::{AccountId, MatchId};

use super::due::Telling;
use super::estimate::{WAITED_MAX, Waited};
use super::event::{Event, Formed, Joining, No};
use super::running::Running;
use super::ticket::{Entry, How, State, Ticket};
use super::{
    KEPT, KEPT_MAX, Matchmaking, PASS_EVERY, PASS_SOON, Placing, REFUSED_MAX, RUNNING_MAX,
    SLICE_EVERY,
};
use crate::duty::DutyId;
use crate::party;
use crate::time::Timestamp;

impl Matchmaking {
    pub(super) fn apply_event(&mut self, at: Timestamp, event: &Event) {
        self.now = at;
        self.line.touched.clear();
        self.forget(at);
        match event {
            Event::Queued(ticket) => self.queued(at, ticket),
            Event::Cancelled(no) => self.cancelled(at, *no),
            Event::Expired(nos) => nos.iter().for_each(|no| self.ends(at, *no, How::Expired)),
            Event::Passed { to, formed, joining } => {
                formed.iter().for_each(|formed| self.formed(at, formed));
                joining.iter().for_each(|joining| self.joining(at, *joining));
                self.passed(at, *to);
            }
            Event::Placed(duty) => self.placed(at, *duty),
            Event::Returned(duty) => self.returned(at, *duty),
            Event::Told(duty) => drop(self.telling.remove(duty)),
            Event::Seats { match_id, free } => {
                self.with_running(*match_id, |running| running.free = *free);
                self.soon(at);
            }
            Event::MatchOver { match_id, played } => self.match_over(at, *match_id, *played),
        }
        self.line.touched.sort_unstable();
    }

    /// Forgets what was kept for long enough.
    fn forget(&mut self, at: Timestamp) {
        while let Some((over, no)) = self.line.over.first().copied() {
            if over + KEPT > at && self.line.over.len() <= KEPT_MAX {
                break;
            }
            self.line.over.pop_first();
            if let Some(entry) = self.tickets.remove(&no) {
                self.line.forgets(no, &entry.ticket);
            }
        }
    }

    fn duty(&mut self) -> DutyId {
        self.next_duty += 1;
        DutyId(self.next_duty - 1)
    }

    /// A pass is due soon, if none is due before.
    fn soon(&mut self, at: Timestamp) {
        if self.pass.next < at {
            self.pass.next = at + PASS_SOON;
        }
    }

    fn queued(&mut self, at: Timestamp, ticket: &Ticket) {
        let no = self.next_ticket;
        self.next_ticket += 1;
        self.line.knows(no, ticket);
        let entry = Entry { ticket: ticket.clone(), state: State::Waiting, refused: 0 };
        self.tickets.insert(no, entry);
        self.waits(no);
        self.soon(at);
    }

    /// The ticket waits from now on.
    fn waits(&mut self, no: No) {
        let Some(entry) = self.tickets.get_mut(&no) else { return };
        entry.state = State::Waiting;
        self.regions.take(&entry.ticket.regions);
        self.line.waits(no, &entry.ticket, &self.regions);
        self.line.touches(&entry.ticket);
    }

    /// The ticket waits no more.
    fn leaves(&mut self, no: No, state: State) {
        let Some(entry) = self.tickets.get_mut(&no) else { return };
        match entry.state {
            State::Waiting => {
                self.line.waits_no_more(no, &entry.ticket);
                self.regions.give_back(&entry.ticket.regions);
            }
            State::Placing { .. } => self.line.placing -= 1,
            State::Over { at, .. } => drop(self.line.over.remove(&(at, no))),
        }
        match &state {
            State::Waiting => {}
            State::Placing { .. } => self.line.placing += 1,
            State::Over { at, .. } => drop(self.line.over.insert((*at, no))),
        }
        entry.state = state;
        self.line.touches(&entry.ticket);
    }

    /// The ticket is over, and its party is told.
    fn ends(&mut self, at: Timestamp, no: No, how: How) {
        let ended = match &how {
            How::Matched { match_id, .. } => party::Ended::Matched(*match_id),
            How::CalledOff { .. } | How::Cancelled => party::Ended::Cancelled,
            How::Expired => party::Ended::Expired,
            How::Failed => party::Ended::Failed,
        };
        self.leaves(no, State::Over { how, at });
        let Some(ticket) = self.tickets.get(&no).map(|entry| &entry.ticket) else { return };
        let Some((party, ticket)) = ticket.party.map(|party| (party, ticket.id)) else { return };
        let duty = self.duty();
        self.telling.insert(duty, Telling { party, ticket, game: self.game.clone(), ended });
    }

    fn cancelled(&mut self, at: Timestamp, no: No) {
        let Some(entry) = self.tickets.get_mut(&no) else { return };
        match &mut entry.state {
            State::Waiting => self.ends(at, no, How::Cancelled),
            State::Placing { cancelled, .. } => *cancelled = true,
            State::Over { .. } => {}
        }
    }

    fn formed(&mut self, at: Timestamp, formed: &Formed) {
        let Formed { match_id, seats, tickets, region } = formed;
        let (match_id, seats, region) = (*match_id, Some(*seats), region.clone());
        let tickets = tickets.iter().map(|(no, _)| *no).collect();
        self.place(Placing { match_id, seats, tickets, region, at });
    }

    fn joining(&mut self, at: Timestamp, joining: Joining) {
        let Joining { match_id, ticket } = joining;
        let people = self.people([ticket].iter());
        let region = self.running.get(&match_id).and_then(|running| running.region.clone());
        self.with_running(match_id, |running| running.coming += people);
        self.place(Placing { match_id, seats: None, tickets: vec![ticket], region, at });
    }

    fn place(&mut self, placing: Placing) {
        let duty = self.duty();
        for no in &placing.tickets {
            self.leaves(*no, State::Placing { duty, cancelled: false });
        }
        self.placing.insert(duty, placing);
    }

    fn passed(&mut self, at: Timestamp, to: Option<(Timestamp, No)>) {
        if self.pass.cursor.is_none() {
            self.pass.before = std::mem::replace(&mut self.pass.began, at);
        }
        self.pass.cursor = to;
        let whole = to.is_none().then(|| self.pass.began + PASS_EVERY);
        self.pass.next = (at + SLICE_EVERY).max(whole.unwrap_or_default());
    }

    fn people<'a>(&self, nos: impl Iterator<Item = &'a No>) -> u16 {
        let members = |no| self.tickets.get(no).map_or(0, |entry| entry.ticket.members.len());
        nos.map(members).sum::<usize>() as u16
    }

    fn accounts(&self, nos: &[No]) -> Vec<AccountId> {
        let tickets = nos.iter().filter_map(|no| self.tickets.get(no));
        tickets.flat_map(|entry| &entry.ticket.members).map(|member| member.account).collect()
    }

    fn placed(&mut self, at: Timestamp, duty: DutyId) {
        let Some(Placing { match_id, seats, tickets, region, at: found }) =
            self.placing.remove(&duty)
        else {
            return;
        };
        if let Some(seats) = seats {
            self.runs(at, match_id, (&tickets, seats), region.clone());
        } else {
            let came = self.accounts(&tickets);
            self.with_running(match_id, |running| {
                running.coming -= (came.len() as u16).min(running.coming);
                running.free = running.free.saturating_sub(came.len() as u16);
                running.tickets.extend(&tickets);
                running.people.extend(came);
            });
        }
        for no in tickets {
            if let Some(Entry { ticket, .. }) = self.tickets.get(&no) {
                let ms = u32::try_from(found.since(ticket.since).as_millis()).unwrap_or(u32::MAX);
                self.waited.push_back(Waited { at, ms, party: ticket.party.is_some() });
            }
            self.ends(at, no, How::Matched { match_id, region: region.clone() });
        }
        let many = self.waited.len().saturating_sub(WAITED_MAX);
        drop(self.waited.drain(..many));
    }

    fn runs(
        &mut self,
        at: Timestamp,
        match_id: MatchId,
        (tickets, seats): (&[No], u16),
        region: Option<String>,
    ) {
        // Matches that never said that they are over; there are few, so they are looked for seldom.
        let old: Vec<_> =
            self.running.iter().filter(|(_, old)| old.at + RUNNING_MAX <= at).collect();
        let old: Vec<_> = old.into_iter().map(|(id, _)| *id).collect();
        old.into_iter().for_each(|id| self.runs_no_more(id));
        let skill =
            |no| self.tickets.get(no).map_or(0, |entry| super::line::strength(&entry.ticket));
        let strength: i64 = tickets.iter().map(|no| i64::from(skill(no))).sum();
        let people = self.accounts(tickets);
        let level = (strength / people.len().max(1) as i64) as i32;
        let free = seats.saturating_sub(people.len() as u16);
        let tickets = tickets.to_vec();
        let running = Running { at, level, region, tickets, people, free, coming: 0 };
        self.line.opens(match_id, &running);
        self.running.insert(match_id, running);
        self.soon(at);
    }

    fn runs_no_more(&mut self, id: MatchId) {
        self.with_running(id, |running| running.free = 0);
        self.running.remove(&id);
    }

    fn with_running(&mut self, id: MatchId, change: impl FnOnce(&mut Running)) {
        if let Some(running) = self.running.get_mut(&id) {
            change(running);
            self.line.opens(id, running);
        }
    }

    fn returned(&mut self, at: Timestamp, duty: DutyId) {
        let Some(Placing { match_id, seats, tickets, .. }) = self.placing.remove(&duty) else {
            return;
        };
        let late = seats.is_none();
        if late {
            let people = self.people(tickets.iter());
            self.with_running(match_id, |running| {
                running.coming -= people.min(running.coming);
                // It says so itself once it has seats again.
                running.free = 0;
            });
        }
        for no in tickets {
            let Some(entry) = self.tickets.get_mut(&no) else { continue };
            let cancelled = matches!(entry.state, State::Placing { cancelled: true, .. });
            entry.refused += u8::from(!late);
            match entry.refused {
                _ if cancelled => self.ends(at, no, How::Cancelled),
                REFUSED_MAX.. => self.ends(at, no, How::Failed),
                _ => {
                    self.leaves(no, State::Waiting);
                    self.waits(no);
                }
            }
        }
        self.soon(at);
    }

    fn match_over(&mut self, at: Timestamp, match_id: MatchId, played: bool) {
        let tickets = self.running.get(&match_id).map(|running| running.tickets.clone());
        self.runs_no_more(match_id);
        if played {
            return;
        }
        for no in tickets.unwrap_or_default() {
            let Some(entry) = self.tickets.get_mut(&no) else { continue };
            if let State::Over { how: how @ How::Matched { .. }, .. } = &mut entry.state {
                *how = How::CalledOff { match_id, at };
                self.line.touches(&entry.ticket);
            }
        }
    }
}
