//! Holding seats: which, for whom, how long.

use playhouse_protocol::ids::{AccountId, HoldId};

use super::best::best;
use super::command::{Reply, Want};
use super::decide::{Decided, NAME_MAX, buyer};
use super::event::Event;
use super::plan::SeatIndex;
use super::{Hold, House, Showing};
use crate::bug::{self, Bug};
use crate::money::Money;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Cx, Effects};
use crate::text;

/// How many seats together can be asked for at once. 20: a school class asks twice.
const TOGETHER_MAX: u8 = 20;

fn gone() -> Refusal {
    Refusal::new(RefusalKind::Gone, "hold_ended", "the hold has ended; its seats may be free again")
}

impl Showing {
    pub(super) fn hold(&self, cx: &Cx<'_>, house: &House, want: Want, name: &str) -> Decided {
        let account = buyer(cx)?;
        let id = HoldId(cx.seed.uuid(0));
        if let Some(hold) = self.holds.get(&id).filter(|hold| hold.account == account) {
            // The same command again, after its outcome was forgotten: it made this hold.
            return Ok(Effects::reply(vec![], Reply::Hold(self.hold_info(id, hold))));
        }
        self.on_sale(cx, house)?;
        let name = text::line("name", name, NAME_MAX)?;
        let seats = self.wanted(house, account, want)?;
        let terms = &house.opening.terms;
        let latest = (cx.now + terms.hold_max).min(house.opening.starts_at);
        let hold = Hold {
            account,
            name,
            price: self.price(house, &seats),
            seats,
            until: (cx.now + terms.hold).min(latest),
            latest,
            extended: false,
            offer: None,
            paying: None,
        };
        let reply = Reply::Hold(self.hold_info(id, &hold));
        Ok(Effects::reply(vec![Event::held(id, hold)], reply))
    }

    /// The seats that `want` means: all free, and within the buyer's limit.
    fn wanted(
        &self,
        house: &House,
        account: AccountId,
        want: Want,
    ) -> Result<Vec<SeatIndex>, Refusal> {
        match want {
            Want::Named(names) => {
                let seats = find(house, &names)?;
                self.within_limit(house, account, seats.len())?;
                self.all_free(seats)
            }
            Want::Best { count, kind } => {
                together(count)?;
                self.within_limit(house, account, usize::from(count))?;
                best(&house.plan, |seat| self.is_free(seat), count, kind)
                    .ok_or_else(|| self.nothing_together(count))
            }
        }
    }

    /// `seats`, if all of them are free.
    pub(super) fn all_free(&self, seats: Vec<SeatIndex>) -> Result<Vec<SeatIndex>, Refusal> {
        let taken: Vec<SeatIndex> = seats.iter().copied().filter(|s| !self.is_free(*s)).collect();
        if taken.is_empty() || bug::is(Bug::SeatTakenTwice) {
            return Ok(seats);
        }
        let names = self.names(&taken);
        let verb = if names.len() == 1 { "seat is" } else { "seats are" };
        let message = format!("{verb} not free: {}", names.join(", "));
        Err(Refusal::conflict("seat_taken", message).with("seats", names))
    }

    fn nothing_together(&self, count: u8) -> Refusal {
        let free = self.totals.free;
        if free == 0 {
            let held = self.totals.held;
            let message = format!("no seat is free; {held} are on hold and may come back");
            return Refusal::conflict("sold_out", message).with("held", [held]);
        }
        let message = format!("there are no {count} such seats side by side; {free} are free");
        Refusal::conflict("no_seats_together", message).with("free", [free])
    }

    pub(super) fn within_limit(
        &self,
        house: &House,
        account: AccountId,
        more: usize,
    ) -> Result<(), Refusal> {
        let has = self.seats_of(account);
        let max = usize::from(house.opening.terms.seats_per_buyer);
        if has + more <= max {
            return Ok(());
        }
        let message = format!("a buyer may have {max} seats of one showing; you have {has}");
        Err(Refusal::conflict("too_many_seats", message).with("has", [has]).with("max", [max]))
    }

    pub(super) fn price(&self, house: &House, seats: &[SeatIndex]) -> Money {
        let prices = &house.opening.prices;
        let price = |seat: &SeatIndex| house.plan.seat(*seat).and_then(|s| prices.get(&s.kind));
        seats.iter().filter_map(price).copied().sum()
    }

    /// The caller's own hold, which is not being paid for. Others' are not theirs to know of.
    pub(super) fn own_hold(&self, cx: &Cx<'_>, id: HoldId) -> Result<&Hold, Refusal> {
        let hold = self.holds.get(&id).ok_or_else(gone)?;
        if cx.caller.account() != Some(hold.account) {
            return Err(Refusal::not_found("hold"));
        }
        if hold.paying.is_some() {
            return Err(Refusal::conflict("payment_pending", "the hold's payment is under way"));
        }
        Ok(hold)
    }

    pub(super) fn extend(&self, cx: &Cx<'_>, house: &House, id: HoldId) -> Decided {
        let hold = self.own_hold(cx, id)?;
        if hold.extended {
            return Err(Refusal::conflict("hold_extended_before", "a hold can be extended once"));
        }
        let until = (hold.until + house.opening.terms.hold).min(hold.latest);
        let extended = Hold { until, extended: true, ..hold.clone() };
        let reply = Reply::Hold(self.hold_info(id, &extended));
        Ok(Effects::reply(vec![Event::Extended { hold: id, until }], reply))
    }
}

pub(super) fn together(count: u8) -> Result<(), Refusal> {
    if (1..=TOGETHER_MAX).contains(&count) {
        return Ok(());
    }
    let message = format!("1 to {TOGETHER_MAX} seats can be asked for at once, not {count}");
    Err(Refusal::invalid("bad_count", message))
}

/// The seats called `names`, each once, in the order of the plan.
pub(super) fn find(house: &House, names: &[String]) -> Result<Vec<SeatIndex>, Refusal> {
    if names.is_empty() {
        return Err(Refusal::invalid("no_seats", "name at least one seat"));
    }
    let mut seats = Vec::with_capacity(names.len());
    let mut unknown = Vec::new();
    for name in names {
        match house.plan.find(name) {
            Some(seat) => seats.push(seat),
            None => unknown.push(shown(name)),
        }
    }
    if !unknown.is_empty() {
        let message = format!("the house has no seat {}", unknown.join(", "));
        return Err(Refusal::invalid("no_such_seat", message).with("seats", unknown));
    }
    seats.sort_unstable();
    if seats.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Refusal::invalid("seat_named_twice", "each seat can be named once"));
    }
    Ok(seats)
}

/// What a refusal shows of a name that is no seat's: 8 characters, of which only those that a seat's
/// name could have are shown as they are.
fn shown(name: &str) -> String {
    name.chars().take(8).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}
