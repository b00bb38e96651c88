//! What time and the ends of duties lead to.

use playhouse_protocol::codec;

use super::command::Reply;
use super::event::Event;
use super::{IDLE_MAX, Party, Search};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::matchmaking::{self, Matchmaking, Wish};
use crate::poll::code;
use crate::refusal::Refusal;
use crate::room::{Cx, Effects, Ticket};
use crate::time::Timestamp;
use crate::unique::{self, UniqueName};

impl Party {
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        let idle = (!self.members.is_empty()).then(|| self.at + IDLE_MAX);
        self.invited.values().map(|(_, until)| *until).chain(idle).min()
    }

    pub(super) fn due(&self, now: Timestamp) -> Vec<Event> {
        if !self.members.is_empty() && self.at + IDLE_MAX <= now {
            return vec![Event::Over];
        }
        let late = self.invited.iter().filter(|(_, (_, until))| *until <= now);
        late.map(|(account, _)| Event::Uninvited(*account)).collect()
    }

    pub(super) fn owed(&self) -> Vec<Duty> {
        let code = self.code.iter().flat_map(|code| code.claims.duties());
        let room = self.code.as_ref().and_then(|code| code::room(&code.text));
        let back = self
            .giving_back
            .zip(room)
            .map(|(id, room)| Duty::tell::<UniqueName>(id, room, &unique::Command::Release));
        let search = self.search.iter().flat_map(|search| self.owed_for(search));
        let mut owed: Vec<_> = code.chain(back).chain(search).collect();
        owed.sort_unstable_by_key(|duty| duty.id);
        owed
    }

    fn owed_for(&self, search: &Search) -> Option<Duty> {
        let room = matchmaking::room(&search.game)?;
        let tell = |id, command| Duty::tell::<Matchmaking>(id, room.clone(), &command);
        let wish = || Wish {
            id: Some(search.ticket),
            party: Some(self.id),
            members: search.members.clone(),
            regions: search.regions.clone(),
        };
        let ask =
            search.asking.map(|(id, _)| tell(id, matchmaking::Command::Queue(Box::new(wish()))));
        let cancel = matchmaking::Command::Cancel { ticket: search.ticket };
        ask.or_else(|| search.taking_back.map(|id| tell(id, cancel)))
    }

    pub(super) fn done(&self, cx: &Cx<'_>, duty: DutyId, result: &DutyResult) -> Effects<Self> {
        if self.giving_back == Some(duty) {
            return Effects::events(vec![Event::CodeGivenBack(duty)]);
        }
        if let Some(search) = &self.search {
            if let Some((_, settles)) = search.asking.filter(|(asking, _)| *asking == duty) {
                let taken = matches!(result, DutyResult::Done(_));
                let effects = Effects::events(vec![Event::Asked { duty, taken }]);
                return effects.settle(settles, told(result));
            }
            if search.taking_back == Some(duty) {
                return Effects::events(vec![Event::TakenBack(duty)]);
            }
        }
        self.code_answered(cx, duty, result)
    }

    fn code_answered(&self, cx: &Cx<'_>, duty: DutyId, result: &DutyResult) -> Effects<Self> {
        let ended =
            self.code.as_ref().and_then(|code| Some((code, code.ended(&cx.seed, duty, result)?)));
        let Some((code, ended)) = ended else { return Effects::none() };
        let mut events = vec![Event::CodeAnswered(ended.answered)];
        events.extend(ended.drawn.map(Event::CodeDrawn));
        let effects = Effects::events(events);
        if !ended.settled {
            return effects;
        }
        let outcome = self.made(cx, code.ticket, &effects.events);
        effects.settle(code.ticket, outcome)
    }

    /// What whoever made the party is told.
    fn made(&self, cx: &Cx<'_>, _: Ticket, events: &[Event]) -> Result<Reply, Refusal> {
        let info = self.after(cx.now, events).info(self.leader);
        info.map(|info| Reply::Party(Box::new(info))).ok_or_else(super::decide::no_party)
    }
}

/// What whoever looks for a match is told.
fn told(result: &DutyResult) -> Result<Reply, Refusal> {
    let bytes = match result {
        DutyResult::Done(bytes) => bytes,
        DutyResult::Refused(refusal) => return Err(refusal.clone()),
    };
    match codec::decode(bytes) {
        Ok(matchmaking::Reply::Ticket(info)) => Ok(Reply::Ticket(info)),
        _ => Err(Refusal::conflict("party_changed", "the ticket is there, and cannot be shown")),
    }
}
