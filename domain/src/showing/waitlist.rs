//! The wait list: who waits, and who is offered what comes back.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::ids::{AccountId, HoldId, WaitId};

use super::best::best;
use super::command::Reply;
use super::decide::{Decided, NAME_MAX, buyer};
use super::event::Event;
use super::holds::together;
use super::plan::{SeatIndex, SeatKind};
use super::{Hold, House, Showing, Wait};
use crate::refusal::Refusal;
use crate::room::{Cx, Effects};
use crate::text;

/// How many places the wait list of one showing has. 2,000: more than ever get a seat.
const WAITS_MAX: usize = 2000;

/// How many offers one record makes. 64, so that it stays small when a whole house comes back; the
/// next record goes on, before anything else is decided.
const OFFERS_MAX: usize = 64;

impl Showing {
    pub(super) fn join_waitlist(
        &self,
        cx: &Cx<'_>,
        house: &House,
        name: &str,
        (count, kind): (u8, Option<SeatKind>),
    ) -> Decided {
        self.on_sale(cx, house)?;
        let account = buyer(cx)?;
        let name = text::line("name", name, NAME_MAX)?;
        together(count)?;
        if self.waits.values().any(|w| w.account == account) {
            return Err(Refusal::conflict(
                "wait_listed_before",
                "you are on the wait list already",
            ));
        }
        if self.waits.len() >= WAITS_MAX {
            let message = format!("the wait list is full: all {WAITS_MAX} places are taken");
            return Err(Refusal::conflict("waitlist_full", message));
        }
        self.within_limit(house, account, usize::from(count))?;
        self.worth_waiting(house, count, kind)?;
        let id = WaitId(cx.seed.uuid(0));
        let wait = Wait { id, account, name: name.clone(), count, kind, offered: None };
        let position = self.waits.len() as u32 + 1;
        let reply = Reply::Wait(self.wait_info(&wait, position));
        Ok(Effects::reply(vec![Event::Waiting { wait: id, account, name, count, kind }], reply))
    }

    /// Refuses a place that need not wait, and one that could wait for ever.
    fn worth_waiting(
        &self,
        house: &House,
        count: u8,
        kind: Option<SeatKind>,
    ) -> Result<(), Refusal> {
        if kind.is_some_and(|kind| !house.plan.by_kind().contains_key(&kind)) {
            return Err(Refusal::invalid("no_such_seat", "the house has no such seats"));
        }
        if best(&house.plan, |seat| self.is_free(seat), count, kind).is_some() {
            let message = format!("{count} such seats are free: hold them");
            return Err(Refusal::conflict("seats_available", message));
        }
        if best(&house.plan, |_| true, count, kind).is_none() {
            let message = format!("the house has no {count} such seats side by side");
            return Err(
                Refusal::conflict("no_seats_together", message).with("free", [self.totals.free])
            );
        }
        Ok(())
    }

    pub(super) fn leave_waitlist(&self, cx: &Cx<'_>, id: WaitId) -> Decided {
        let wait = self.waits.values().find(|w| w.id == id);
        let wait = wait.filter(|w| cx.caller.account() == Some(w.account));
        let wait = wait.ok_or_else(|| Refusal::not_found("place on the wait list"))?;
        let event = match wait.offered {
            // An offer that is being paid for is no longer a place on the list.
            Some(hold) => self.own_hold(cx, hold).map(|_| Event::Released { hold })?,
            None => Event::LeftWaitlist { wait: id },
        };
        Ok(Effects::reply(vec![event], Reply::Left))
    }

    /// True if `account` waits and nothing is offered to it.
    pub(super) fn is_waiting(&self, account: AccountId) -> bool {
        self.waits.values().any(|w| w.account == account && w.offered.is_none())
    }

    /// Offers to every place that can be served from what is free, first come first. A place that
    /// needs more than is free, or whose account has as many seats as a buyer may, keeps its turn;
    /// later ones that fit are not held up by it.
    ///
    /// Called before anything else is decided once seats came back, so no seat is on public sale
    /// before everyone who waits was looked at.
    pub(super) fn offers(&self, cx: &Cx<'_>) -> Vec<Event> {
        let mut events = Vec::new();
        let Some(house) = &self.house else { return vec![Event::WaitlistChecked] };
        let mut given: BTreeSet<SeatIndex> = BTreeSet::new();
        // The smallest party of each kind that found nothing. What is free only becomes less here,
        // so no such party, and no larger one, needs to be looked at again.
        let mut hopeless: BTreeMap<Option<SeatKind>, u8> = BTreeMap::new();
        let waiting = self.waits.values().filter(|w| w.offered.is_none());
        for (n, wait) in (0..).zip(waiting) {
            if self.totals.free as usize <= given.len() || cx.now >= house.opening.starts_at {
                break;
            }
            if events.len() >= OFFERS_MAX {
                return events;
            }
            if hopeless.get(&wait.kind).is_some_and(|count| wait.count >= *count)
                || self.within_limit(house, wait.account, wait.count.into()).is_err()
            {
                continue;
            }
            let free = |seat| self.is_free(seat) && !given.contains(&seat);
            match best(&house.plan, free, wait.count, wait.kind) {
                Some(seats) => {
                    given.extend(&seats);
                    events.push(self.offer(cx, house, HoldId(cx.seed.uuid(n)), wait, seats));
                }
                None => drop(hopeless.insert(wait.kind, wait.count)),
            }
        }
        events.push(Event::WaitlistChecked);
        events
    }

    fn offer(
        &self,
        cx: &Cx<'_>,
        house: &House,
        id: HoldId,
        wait: &Wait,
        seats: Vec<SeatIndex>,
    ) -> Event {
        let (terms, ends) = (&house.opening.terms, house.opening.starts_at);
        let hold = Hold {
            account: wait.account,
            name: wait.name.clone(),
            price: self.price(house, &seats),
            seats,
            until: (cx.now + terms.offer).min(ends),
            latest: (cx.now + terms.hold_max.max(terms.offer)).min(ends),
            extended: false,
            offer: Some(wait.id),
            paying: None,
        };
        Event::held(id, hold)
    }
}
