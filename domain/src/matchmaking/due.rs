//! What time and the ends of duties lead to.

use playhouse_protocol::ids::{PartyId, TicketId};
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::{Matchmaking, OWED_MAX, Placing, Plays, WAIT_MAX, plays};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::games::match_room::{self, Arrangement, Creation, Invited, Match};
use crate::party::{self, Party};
use crate::room::Cx;
use crate::time::Timestamp;

/// How many tickets run out at once. 256: their record stays within a few KiB.
const EXPIRED_AT_ONCE_MAX: usize = 256;

/// A party's room is to be told what became of its ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Telling {
    pub(super) party: PartyId,
    pub(super) ticket: TicketId,
    pub(super) game: String,
    pub(super) ended: party::Ended,
}

impl Matchmaking {
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        let first = self.line.waiting.first_key_value();
        let expires = first.map(|((since, _), _)| *since + WAIT_MAX);
        let pass = self.is_worth_a_pass().then_some(self.pass.next);
        expires.into_iter().chain(pass).min()
    }

    /// True if those who wait could be enough for a match, or one that runs has seats for them.
    fn is_worth_a_pass(&self) -> bool {
        let Some(Plays { shape, .. }) = plays(&self.game) else { return false };
        let enough = self.line.people >= u32::from(shape.people_min());
        enough || self.line.people > 0 && !self.line.open.is_empty()
    }

    pub(super) fn due(&self, cx: &Cx<'_>) -> Vec<Event> {
        let expired = self.line.waiting.keys().take_while(|(since, _)| *since + WAIT_MAX <= cx.now);
        let expired: Vec<_> = expired.take(EXPIRED_AT_ONCE_MAX).map(|(_, no)| *no).collect();
        if !expired.is_empty() {
            return vec![Event::Expired(expired)];
        }
        plays(&self.game).map(|plays| self.slice(cx, plays)).into_iter().collect()
    }

    /// What is owed first.
    pub(super) fn owed(&self) -> Vec<Duty> {
        let placing = self.placing.iter().take(OWED_MAX).map(|(id, placing)| {
            let room = match_room::room(placing.match_id);
            Duty::tell::<Match>(*id, room, &self.command(placing))
        });
        let telling = self.telling.iter().take(OWED_MAX).map(|(id, telling)| {
            let Telling { party, ticket, game, ended } = telling.clone();
            let command = party::Command::Ended { ticket, game, ended };
            Duty::tell::<Party>(*id, party::room(party), &command)
        });
        let mut owed: Vec<_> = placing.chain(telling).collect();
        owed.sort_unstable_by_key(|duty| duty.id);
        owed.truncate(OWED_MAX);
        owed
    }

    fn command(&self, placing: &Placing) -> match_room::Command {
        let tickets = placing.tickets.iter().filter_map(|no| self.tickets.get(no));
        let members = tickets.flat_map(|entry| &entry.ticket.members);
        let invited: Vec<_> = members
            .map(|member| Invited { account: member.account, name: member.name.clone() })
            .collect();
        let Some(seats) = placing.seats else { return match_room::Command::Invite(invited) };
        let creation = Creation {
            game: self.game.clone(),
            title: None,
            settings: None,
            seats,
            bots: 0,
            listed: false,
        };
        // Who comes with all of the others could play for any result.
        let rated = placing.tickets.len() > 1;
        match_room::Command::Arrange(Box::new(Arrangement { creation, rated, invited }))
    }

    pub(super) fn done(&self, duty: DutyId, result: &DutyResult) -> Vec<Event> {
        let event = match (self.placing.contains_key(&duty), result) {
            (true, DutyResult::Done(_)) => Event::Placed(duty),
            (true, DutyResult::Refused(_)) => Event::Returned(duty),
            // A party that is over needs to know nothing.
            (false, _) if self.telling.contains_key(&duty) => Event::Told(duty),
            (false, _) => return Vec::new(),
        };
        vec![event]
    }
}
