//! What is seen.

use super::command::{Stands, TicketInfo, TicketMember, View};
use super::event::{Event, No};
use super::ticket::{Entry, How, State, Ticket};
use super::{KEPT, Matchmaking, plays};
use crate::room::Audience;
use crate::time::Timestamp;

/// How often somebody who waits is told how much longer it takes. 5 s.
const TOLD_EVERY_MS: u64 = 5000;

impl Matchmaking {
    pub(super) fn seen(&self, now: Timestamp, audience: &Audience) -> Option<View> {
        plays(&self.game)?;
        let Audience::Own(account) = audience else { return None };
        let no = self.line.by_account.get(account);
        let ticket = no.and_then(|no| self.info(now, *no));
        Some(View {
            game: self.game.clone(),
            waiting: self.line.people,
            estimate: self.estimate(now, std::time::Duration::ZERO, false),
            ticket,
        })
    }

    /// A ticket as its members see it. None once it was over for as long as it is kept.
    pub(super) fn info(&self, now: Timestamp, no: No) -> Option<TicketInfo> {
        let entry = self.tickets.get(&no)?;
        match entry.state {
            State::Over { at, .. } if at + KEPT <= now => None,
            _ => Some(self.told(now, entry)),
        }
    }

    pub(super) fn told(&self, now: Timestamp, entry: &Entry) -> TicketInfo {
        let Entry { ticket, state, .. } = entry;
        let Ticket { id, members, party, since, .. } = ticket;
        let (state, session, ended_at, region) = match state {
            State::Waiting => (Stands::Waiting, None, None, None),
            State::Placing { .. } => (Stands::Placing, None, None, None),
            State::Over { how, at } => {
                let (state, session, region) = ended(how);
                (state, session, Some(*at), region)
            }
        };
        let member = |member: &super::Member| TicketMember {
            account: member.account,
            name: member.name.clone(),
        };
        let waits = state == Stands::Waiting;
        let estimate = waits.then(|| self.estimate(now, now.since(*since), party.is_some()));
        TicketInfo {
            id: *id,
            game: self.game.clone(),
            state,
            since: *since,
            ended_at,
            members: members.iter().map(member).collect(),
            party: *party,
            session,
            region,
            estimate: estimate.flatten(),
            waiting: self.line.people,
        }
    }

    /// True if `event`, just applied, changed what `audience` sees of their own; or if they wait, and it is time
    /// to tell them how much longer.
    pub(super) fn shows(&self, event: &Event, audience: &Audience) -> bool {
        let Audience::Own(account) = audience else { return false };
        if self.line.touched.binary_search(account).is_ok() {
            return true;
        }
        let Event::Passed { to: None, .. } = event else { return false };
        let entry = self.line.by_account.get(account).and_then(|no| self.tickets.get(no));
        let Some(Entry { ticket, state: State::Waiting, .. }) = entry else { return false };
        let told = |at: Timestamp| at.ms().saturating_sub(ticket.since.ms()) / TOLD_EVERY_MS;
        told(self.pass.before) != told(self.pass.began)
    }
}

fn ended(how: &How) -> (Stands, Option<playhouse_protocol::ids::MatchId>, Option<String>) {
    match how {
        How::Matched { match_id, region } => (Stands::Matched, Some(*match_id), region.clone()),
        How::CalledOff { match_id, .. } => (Stands::CalledOff, Some(*match_id), None),
        How::Cancelled => (Stands::Cancelled, None, None),
        How::Expired => (Stands::Expired, None, None),
        How::Failed => (Stands::Failed, None, None),
    }
}
