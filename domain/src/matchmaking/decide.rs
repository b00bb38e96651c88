//! What a command leads to. Nothing here changes the state.

use std::collections::BTreeSet;

use playhouse_protocol::ids::{AccountId, MatchId, TicketId};

use super::command::{Command, Reply, Wish};
use super::event::{Event, No};
use super::ticket::{
    Entry, How, LATENCY_MAX, Member, REGIONS_EACH_MAX, Region, State, Ticket, ticket_id,
};
use super::{CREDIT, CREDIT_WITHIN, Matchmaking, Plays, WAITING_MAX, plays};
use crate::games::match_room::NAME_MAX;
use crate::games::{Shape, match_room};
use crate::party;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects};
use crate::text::line;
use crate::time::Timestamp;

/// How long a region's name is at most. 24.
const REGION_NAME_MAX: usize = 24;

/// The largest skill that is believed, either way. 10,000: far past what any league gives, and far from
/// where sums of it do not fit.
const SKILL_MAX: f64 = 10_000.0;

type Decided = Result<Effects<Matchmaking>, Refusal>;

impl Matchmaking {
    pub(super) fn decide_command(&self, cx: &Cx<'_>, command: Command) -> Decided {
        let plays = plays(&self.game).ok_or_else(|| {
            let name: String = self.game.chars().take(40).collect();
            Refusal::invalid("unknown_game", format!("there is no game '{name}'"))
        })?;
        match command {
            Command::Queue(wish) => self.queue(cx, plays, *wish),
            Command::Cancel { ticket } => self.cancel(cx, ticket),
            Command::Look { ticket } => self.with_info(cx, vec![], self.own(cx, ticket)?.0),
            Command::Seats { match_id, free, invited } => {
                self.of_match(cx, match_id)?;
                // On which side of a match of sides there is room is not known here.
                let takes = plays.join_late && plays.shape.is_free_for_all();
                let running = self.running.get(&match_id).filter(|_| takes);
                let free = running.map_or(0, |running| running.counts(free, invited));
                let known = self.running.get(&match_id).map_or(0, |running| running.free);
                let seats = (free != known).then_some(Event::Seats { match_id, free });
                Ok(Effects::reply(seats.into_iter().collect(), Reply::Noted))
            }
            Command::Over { match_id, played } => {
                self.of_match(cx, match_id)?;
                let known = self.running.contains_key(&match_id);
                let over = known.then_some(Event::MatchOver { match_id, played });
                Ok(Effects::reply(over.into_iter().collect(), Reply::Noted))
            }
        }
    }

    /// Refuses everybody but the room of `match_id`.
    fn of_match(&self, cx: &Cx<'_>, match_id: MatchId) -> Result<(), Refusal> {
        match cx.caller {
            Caller::Room(room) if *room == match_room::room(match_id) => Ok(()),
            _ => Err(Refusal::not_found("match")),
        }
    }

    /// The ticket called `id`, if the caller may know of it.
    fn own(&self, cx: &Cx<'_>, id: TicketId) -> Result<(No, &Entry), Refusal> {
        let no = self.line.by_id.get(&id).copied();
        let found = no.and_then(|no| Some((no, self.tickets.get(&no)?)));
        let own = found.filter(|(no, entry)| {
            let Ticket { members, party, .. } = &entry.ticket;
            let is_own = match cx.caller {
                Caller::Account { id, .. } => members.iter().any(|member| member.account == *id),
                Caller::Room(room) => party.is_some_and(|party| party::room(party) == *room),
                Caller::System => true,
                Caller::Guest(_) | Caller::Nobody => false,
            };
            is_own && self.info(cx.now, *no).is_some()
        });
        own.ok_or_else(|| Refusal::not_found("ticket"))
    }

    fn with_info(&self, cx: &Cx<'_>, events: Vec<Event>, no: No) -> Decided {
        let info = self.info(cx.now, no).ok_or_else(|| Refusal::not_found("ticket"))?;
        Ok(Effects::reply(events, Reply::Ticket(Box::new(info))))
    }

    fn queue(&self, cx: &Cx<'_>, plays: Plays, wish: Wish) -> Decided {
        let wish = checked(cx, (&self.game, plays.shape), wish)?;
        if !self.regions.have_room_for(&wish.regions) {
            let message = "the regions are none that others name: leave them out";
            return Err(Refusal::conflict("unknown_region", message));
        }
        for Member { account, name, .. } in &wish.members {
            if let Some(entry) = self.newest(*account).filter(|entry| entry.is_live()) {
                let message = format!("{name} looks for a match already");
                let id = [entry.ticket.id];
                return Err(Refusal::conflict("already_waiting", message).with("ticket", id));
            }
        }
        if self.line.waiting.len() + self.line.placing >= WAITING_MAX {
            let message = format!("{WAITING_MAX} wait already, which is as many as may");
            return Err(Refusal::conflict("matchmaking_full", message));
        }
        let Wish { id, party, members, regions } = wish;
        let id = id.unwrap_or_else(|| ticket_id(&self.game, &cx.seed));
        if self.line.by_id.contains_key(&id) {
            return Err(Refusal::conflict("already_exists", "there is such a ticket already"));
        }
        let since = self.since(cx.now, &members);
        let ticket = Ticket { id, members, party, regions, since };
        let entry = Entry { ticket: ticket.clone(), state: State::Waiting, refused: 0 };
        let mut info = self.told(cx.now, &entry);
        info.waiting += ticket.members.len() as u32;
        let reply = Reply::Ticket(Box::new(info));
        Ok(Effects::reply(vec![Event::Queued(Box::new(ticket))], reply))
    }

    fn newest(&self, account: AccountId) -> Option<&Entry> {
        self.tickets.get(self.line.by_account.get(&account)?)
    }

    /// Since when `members` wait: from now on, or for a while if too few came to their match.
    fn since(&self, now: Timestamp, members: &[Member]) -> Timestamp {
        let credit = |member: &Member| {
            let entry = self.newest(member.account)?;
            let State::Over { how: How::CalledOff { at, .. }, .. } = entry.state else {
                return None;
            };
            (at + CREDIT_WITHIN > now).then_some(entry.ticket.since)
        };
        let all: Option<Vec<_>> = members.iter().map(credit).collect();
        let since = all.and_then(|all| all.into_iter().max());
        since.map_or(now, |since| since.max(now - CREDIT))
    }

    fn cancel(&self, cx: &Cx<'_>, id: TicketId) -> Decided {
        let (no, entry) = self.own(cx, id)?;
        match entry.state {
            State::Waiting => {
                let over = State::Over { how: How::Cancelled, at: cx.now };
                let after = Entry { state: over, ..entry.clone() };
                let mut info = self.told(cx.now, &after);
                info.waiting -= entry.ticket.members.len() as u32;
                let reply = Reply::Ticket(Box::new(info));
                Ok(Effects::reply(vec![Event::Cancelled(no)], reply))
            }
            // Whether there will be a match is not known yet. If not, it does not wait again.
            State::Placing { cancelled: false, .. } => {
                self.with_info(cx, vec![Event::Cancelled(no)], no)
            }
            State::Placing { .. } | State::Over { .. } => self.with_info(cx, vec![], no),
        }
    }
}

/// `wish`, if there can be such a ticket.
fn checked(cx: &Cx<'_>, (game, shape): (&str, Shape), wish: Wish) -> Result<Wish, Refusal> {
    let Wish { id, party, members, regions } = wish;
    let fits = match (cx.caller, party, id) {
        (Caller::Account { id, .. }, None, None) => members.len() == 1 && members[0].account == *id,
        (Caller::Room(room), Some(party), Some(_)) => party::room(party) == *room,
        _ => false,
    };
    let accounts: BTreeSet<_> = members.iter().map(|member| member.account).collect();
    if !fits || accounts.len() != members.len() || members.is_empty() {
        let message = "people look for a match themselves, or their party does";
        return Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message));
    }
    let most = usize::from(shape.party_max());
    if members.len() > most {
        let count = members.len();
        let message =
            format!("{count} are too many: {most} can come together to a match of {game}");
        return Err(Refusal::conflict("party_too_large", message).with("max", [most]));
    }
    let members = members.into_iter().map(member).collect::<Result<_, _>>()?;
    Ok(Wish { id, party, members, regions: named(regions)? })
}

fn member(member: Member) -> Result<Member, Refusal> {
    let (mean, deviation) = (member.skill.mean, member.skill.deviation);
    if mean.abs() > SKILL_MAX || !(0.0..=SKILL_MAX).contains(&deviation) || mean.is_nan() {
        let message = format!("a skill of {mean} with deviation {deviation} cannot be");
        return Err(Refusal::invalid("bad_skill", message));
    }
    Ok(Member { name: line("a name", &member.name, NAME_MAX)?, ..member })
}

fn named(regions: Vec<Region>) -> Result<Vec<Region>, Refusal> {
    let bad = |message: String| Err(Refusal::invalid("bad_regions", message));
    if regions.len() > REGIONS_EACH_MAX {
        let count = regions.len();
        return bad(format!("a ticket names at most {REGIONS_EACH_MAX} regions, not {count}"));
    }
    let mut names = BTreeSet::new();
    for Region { name, ms } in &regions {
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=REGION_NAME_MAX).contains(&name.len()) || !name.bytes().all(letters) {
            return bad("a region's name is 1 to 24 of a to z, 0 to 9 and -".to_owned());
        }
        if *ms > LATENCY_MAX || !names.insert(name) {
            return bad(format!("{name} is named once, with 0 to {LATENCY_MAX} ms"));
        }
    }
    Ok(regions)
}
