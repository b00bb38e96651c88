//! Taking facts in. Nothing here can fail: what could be refused was refused before.

use playhouse_protocol::ids::AccountId;

use super::command::{Ended, PartyMatch, PartyMember};
use super::event::Event;
use super::{Party, REMOVED_MAX, Search};
use crate::duty::DutyId;
use crate::poll::code::JoinCode;
use crate::time::Timestamp;

impl Party {
    pub(super) fn apply_event(&mut self, at: Timestamp, event: &Event) {
        self.at = at;
        self.gone.clear();
        match event {
            Event::Created { leader, name, code, ticket } => {
                self.code = Some(JoinCode::begin(code, *ticket, || self.duty()));
                self.leader = Some(*leader);
                self.comes(at, *leader, name);
            }
            Event::CodeAnswered(answered) => {
                self.with_code(|code, next| code.claims.apply(answered, next));
            }
            Event::CodeDrawn(text) => self.with_code(|code, next| code.redrawn(text, next)),
            Event::CodeGivenBack(_) => self.giving_back = None,
            Event::Invited { account, name, until } => {
                self.invited.insert(*account, (name.clone(), *until));
            }
            Event::Uninvited(account) => self.uninvited(*account),
            Event::Joined { account, name } => {
                self.invited.remove(account);
                self.removed.retain(|removed| removed != account);
                self.comes(at, *account, name);
            }
            Event::Left(account) => self.goes(*account),
            Event::Removed(account) => {
                self.removed.push(*account);
                let many = self.removed.len().saturating_sub(REMOVED_MAX);
                drop(self.removed.drain(..many));
                self.goes(*account);
            }
            Event::Leads(account) => self.leader = Some(*account),
            Event::Searches { .. } => self.searches(at, event),
            Event::Asked { duty, taken } => self.asked(*duty, *taken),
            Event::TakenBack(_) => {
                self.search.iter_mut().for_each(|search| search.taking_back = None);
                self.forget_search();
            }
            Event::Ended { ended } => self.ticket_ended(at, *ended),
            Event::Over => self.over(),
        }
    }

    pub(super) fn duty(&mut self) -> DutyId {
        self.next_duty += 1;
        DutyId(self.next_duty - 1)
    }

    fn with_code(&mut self, change: impl FnOnce(&mut JoinCode, &mut dyn FnMut() -> DutyId)) {
        let Some(mut code) = self.code.take() else { return };
        change(&mut code, &mut || self.duty());
        self.code = Some(code);
        if self.is_over() {
            self.give_back();
        }
    }

    fn comes(&mut self, at: Timestamp, account: AccountId, name: &str) {
        self.members.push(PartyMember { account, name: name.to_owned(), since: at });
        self.take_back();
    }

    fn uninvited(&mut self, account: AccountId) {
        self.invited.remove(&account);
        self.gone.push(account);
    }

    fn goes(&mut self, account: AccountId) {
        self.members.retain(|member| member.account != account);
        self.gone.push(account);
        self.take_back();
        match self.members.first() {
            None => self.over(),
            // Whoever is in it for longest.
            Some(first) if self.leader == Some(account) => self.leader = Some(first.account),
            Some(_) => {}
        }
    }

    fn over(&mut self) {
        self.take_back();
        self.gone.extend(self.members.drain(..).map(|member| member.account));
        self.gone.extend(std::mem::take(&mut self.invited).into_keys());
        self.removed.clear();
        self.give_back();
    }

    /// The code is to be free again, once it was won.
    fn give_back(&mut self) {
        let won = self.code.as_ref().is_some_and(JoinCode::is_won);
        if won && self.giving_back.is_none() {
            self.giving_back = Some(self.duty());
        }
    }

    fn searches(&mut self, at: Timestamp, event: &Event) {
        let Event::Searches { ticket, game, members, regions, settles } = event else { return };
        let duty = self.duty();
        self.found = None;
        self.search = Some(Search {
            ticket: *ticket,
            game: game.clone(),
            members: members.clone(),
            regions: regions.clone(),
            since: at,
            asking: Some((duty, *settles)),
            taking_back: None,
            unwanted: false,
            ended: false,
        });
    }

    /// The ticket is none of the party as it is now.
    fn take_back(&mut self) {
        let duty = self.next_duty;
        let Some(search) = self.search.as_mut().filter(|search| !search.unwanted) else { return };
        search.unwanted = true;
        if search.asking.is_none() && !search.ended {
            search.taking_back = Some(DutyId(duty));
            self.next_duty += 1;
        }
    }

    fn asked(&mut self, duty: DutyId, taken: bool) {
        let next = self.next_duty;
        let Some(search) = &mut self.search else { return };
        if search.asking.is_none_or(|(asking, _)| asking != duty) {
            return;
        }
        search.asking = None;
        search.ended |= !taken;
        if search.unwanted && !search.ended {
            search.taking_back = Some(DutyId(next));
            self.next_duty += 1;
        }
        self.forget_search();
    }

    fn ticket_ended(&mut self, at: Timestamp, ended: Ended) {
        let Some(search) = &mut self.search else { return };
        search.ended = true;
        if let Ended::Matched(session) = ended {
            self.found = Some(PartyMatch { game: search.game.clone(), session, at });
        }
        self.forget_search();
    }

    /// The search is forgotten once nothing is owed for it.
    fn forget_search(&mut self) {
        let over = |search: &Search| {
            search.ended && search.asking.is_none() && search.taking_back.is_none()
        };
        self.search.take_if(|search| over(search));
    }
}
