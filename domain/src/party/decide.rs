//! What a command leads to. Nothing here changes the state.

use playhouse_protocol::ids::{AccountId, TicketId};

use super::command::{Command, Ended, Reply};
use super::event::Event;
use super::{INVITED_FOR, INVITED_MAX, MEMBERS_MAX, Party};
use crate::games::match_room::NAME_MAX;
use crate::matchmaking::{self, Member, Region, ticket_id};
use crate::poll::code;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects, Ticket};
use crate::text::line;

pub(super) type Decided = Result<Effects<Party>, Refusal>;

/// The account that asks.
fn person(cx: &Cx<'_>) -> Result<AccountId, Refusal> {
    cx.caller.account().ok_or_else(|| {
        let message = "a party is of people who are logged in";
        Refusal::new(RefusalKind::Unauthenticated, "not_logged_in", message)
    })
}

impl Party {
    pub(super) fn decide_command(&self, cx: &Cx<'_>, command: Command) -> Decided {
        match command {
            Command::Create { name } => self.create(cx, &name),
            Command::Ended { ticket, game, ended } => self.ended(cx, ticket, &game, ended),
            Command::Join { name, code } => self.join(cx, &name, code.as_deref()),
            Command::Leave => self.leave(cx),
            Command::Invite { account, name } => self.invite(cx, account, &name),
            Command::Remove { account } => self.remove(cx, account),
            Command::HandOver { account } => self.hand_over(cx, account),
            Command::Search { game, members, regions } => self.look(cx, game, members, regions),
            Command::Info => {
                let who = person(cx)?;
                if !self.knows(who) {
                    return Err(no_party());
                }
                self.with_info(cx, who, vec![])
            }
        }
    }

    /// Answers `who` with the party as it is after `events`.
    pub(super) fn with_info(&self, cx: &Cx<'_>, who: AccountId, events: Vec<Event>) -> Decided {
        let info = self.after(cx.now, &events).info(Some(who)).ok_or_else(no_party)?;
        Ok(Effects::reply(events, Reply::Party(Box::new(info))))
    }

    fn create(&self, cx: &Cx<'_>, name: &str) -> Decided {
        let leader = person(cx)?;
        let name = line("a name", name, NAME_MAX)?;
        if let Some(code) = &self.code {
            if self.leader != Some(leader) {
                return Err(Refusal::conflict("already_exists", "the party was made before"));
            }
            return match code.is_won() {
                true => self.with_info(cx, leader, vec![]),
                false => Ok(Effects::later(vec![], code.ticket)),
            };
        }
        let ticket = Ticket(cx.seed.uuid(1));
        let created = Event::Created { leader, name, code: code::draw(&cx.seed), ticket };
        Ok(Effects::later(vec![created], ticket))
    }

    /// The caller, who is in it.
    fn member(&self, cx: &Cx<'_>) -> Result<AccountId, Refusal> {
        let who = person(cx)?;
        self.has(who).then_some(who).ok_or_else(no_party)
    }

    /// The caller, who leads it.
    fn leads(&self, cx: &Cx<'_>) -> Result<AccountId, Refusal> {
        let who = self.member(cx)?;
        let leads = self.leader == Some(who);
        leads
            .then_some(who)
            .ok_or_else(|| Refusal::forbidden("not_the_leader", "only the leader may do this"))
    }

    fn invite(&self, cx: &Cx<'_>, account: AccountId, name: &str) -> Decided {
        let who = self.leads(cx)?;
        let name = line("a name", name, NAME_MAX)?;
        if self.has(account) {
            return Err(Refusal::conflict("already_in_party", format!("{name} is in the party")));
        }
        if self.invited.len() >= INVITED_MAX && !self.invited.contains_key(&account) {
            let message = format!("{INVITED_MAX} invitations are open, which is as many as may be");
            return Err(
                Refusal::conflict("too_many_invitations", message).with("max", [INVITED_MAX])
            );
        }
        let until = cx.now + INVITED_FOR;
        self.with_info(cx, who, vec![Event::Invited { account, name, until }])
    }

    fn join(&self, cx: &Cx<'_>, name: &str, code: Option<&str>) -> Decided {
        let who = person(cx)?;
        let name = line("a name", name, NAME_MAX)?;
        if self.has(who) {
            return self.with_info(cx, who, vec![]);
        }
        let own = self.code.as_ref().and_then(code::JoinCode::won).filter(|_| !self.is_over());
        let by_code = own.is_some_and(|own| code.and_then(code::room) == code::room(&own));
        let asked = self.invited.get(&who).is_some_and(|(_, until)| *until > cx.now);
        if !asked && !by_code {
            return Err(no_party());
        }
        if !asked && self.removed.contains(&who) {
            let message = "the leader sent you away: only an invitation brings you back";
            return Err(Refusal::forbidden("removed_from_party", message));
        }
        if self.members.len() >= MEMBERS_MAX {
            let message = format!("the party is full: it has {MEMBERS_MAX} members");
            return Err(Refusal::conflict("party_full", message).with("max", [MEMBERS_MAX]));
        }
        self.with_info(cx, who, vec![Event::Joined { account: who, name }])
    }

    fn leave(&self, cx: &Cx<'_>) -> Decided {
        let who = person(cx)?;
        let events = match (self.has(who), self.invited.contains_key(&who)) {
            (true, _) => vec![Event::Left(who)],
            (false, true) => vec![Event::Uninvited(who)],
            (false, false) => vec![],
        };
        Ok(Effects::reply(events, Reply::Noted))
    }

    fn remove(&self, cx: &Cx<'_>, account: AccountId) -> Decided {
        let who = self.leads(cx)?;
        if account == who {
            return Err(Refusal::conflict(
                "already_in_party",
                "whoever leads the party leaves it instead",
            ));
        }
        let events = match (self.has(account), self.invited.contains_key(&account)) {
            (true, _) => vec![Event::Removed(account)],
            (false, true) => vec![Event::Uninvited(account)],
            (false, false) => vec![],
        };
        self.with_info(cx, who, events)
    }

    fn hand_over(&self, cx: &Cx<'_>, account: AccountId) -> Decided {
        let who = self.leads(cx)?;
        if !self.has(account) {
            return Err(Refusal::conflict("not_in_party", "only a member can lead the party"));
        }
        let events = if account == who { vec![] } else { vec![Event::Leads(account)] };
        self.with_info(cx, who, events)
    }

    fn look(
        &self,
        cx: &Cx<'_>,
        game: String,
        members: Vec<Member>,
        regions: Vec<Region>,
    ) -> Decided {
        self.leads(cx)?;
        if let Some(search) = &self.search {
            let message = "the party looks for a match already";
            return Err(
                Refusal::conflict("already_waiting", message).with("ticket", [search.ticket])
            );
        }
        let those = members.iter().map(|member| member.account);
        if !those.eq(self.members.iter().map(|member| member.account)) {
            let message = "somebody came or went just now: look at the party again";
            return Err(Refusal::conflict("party_changed", message));
        }
        let ticket = ticket_id(&game, &cx.seed);
        let settles = Ticket(cx.seed.uuid(1));
        let searches = Event::Searches { ticket, game, members, regions, settles };
        Ok(Effects::later(vec![searches], settles))
    }

    fn ended(&self, cx: &Cx<'_>, ticket: TicketId, game: &str, ended: Ended) -> Decided {
        match (cx.caller, matchmaking::room(game)) {
            (Caller::Room(by), Some(room)) if *by == room => {}
            _ => return Err(no_party()),
        }
        let known = self.search.as_ref().filter(|search| search.ticket == ticket && !search.ended);
        let event = known.map(|_| Event::Ended { ended });
        Ok(Effects::reply(event.into_iter().collect(), Reply::Noted))
    }
}

pub(super) fn no_party() -> Refusal {
    Refusal::not_found("party")
}
