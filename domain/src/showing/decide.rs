//! What a command leads to. Nothing here changes the state.

use playhouse_protocol::ids::{AccountId, BookingId, HoldId, WaitId};

use super::best::best;
use super::command::{Command, Opening, Reply, Want};
use super::event::Event;
use super::plan::{SeatIndex, SeatPlan};
use super::{Booking, BookingStatus, Hold, House, Showing, Taken};
use crate::money::Money;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects};
use crate::text;

/// The longest name on a booking, in characters. 80: the longest names people have.
const NAME_MAX: usize = 80;

/// How many places the wait list of one showing has. 2,000.
const WAITS_MAX: usize = 2000;

/// How many seats together can be asked for at once. 20: a school class asks twice.
const TOGETHER_MAX: u8 = 20;

type Decided = Result<Effects<Showing>, Refusal>;

pub(super) fn conflict(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalKind::Conflict, code, message)
}

fn gone() -> Refusal {
    Refusal::new(RefusalKind::Gone, "hold_ended", "the hold has ended; its seats may be free again")
}

impl Showing {
    pub(super) fn decide_command(&self, cx: &Cx<'_>, command: Command) -> Decided {
        if let Command::Open(opening) = command {
            return self.open(cx, opening);
        }
        let house = self.house.as_deref().ok_or_else(|| Refusal::not_found("showing"))?;
        match command {
            Command::Open(_) => unreachable!("handled above"),
            Command::Hold { seats, expect, name } => {
                self.expect(cx, expect)?;
                self.hold(cx, house, seats, &name)
            }
            Command::Release { hold } => {
                self.own_hold(cx, hold)?;
                Ok(Effects::reply(vec![Event::Released { hold }], Reply::Released))
            }
            Command::Extend { hold, expect } => {
                self.expect(cx, expect)?;
                self.extend(cx, house, hold)
            }
            Command::Purchase { hold, payment_token, name, expect } => {
                self.expect(cx, expect)?;
                self.purchase(cx, house, hold, payment_token, name)
            }
            Command::Cancel { booking, expect } => {
                self.expect(cx, expect)?;
                self.cancel(cx, house, booking)
            }
            Command::Transfer { booking, to, to_account, expect } => {
                self.expect(cx, expect)?;
                self.transfer(cx, house, booking, &to, to_account)
            }
            Command::Block { seats, reason, expect } => {
                self.expect(cx, expect)?;
                self.block(cx, house, &seats, &reason)
            }
            Command::Unblock { seats, expect } => {
                self.expect(cx, expect)?;
                self.unblock(cx, house, &seats)
            }
            Command::JoinWaitlist { count, kind, name } => {
                self.on_sale(cx, house)?;
                let account = buyer(cx)?;
                let name = text::line("name", &name, NAME_MAX)?;
                self.join_waitlist(cx, house, account, name, (count, kind))
            }
            Command::LeaveWaitlist { wait } => self.leave_waitlist(cx, wait),
        }
    }

    fn open(&self, cx: &Cx<'_>, opening: Box<Opening>) -> Decided {
        if !matches!(cx.caller, Caller::Room(_) | Caller::System) {
            return Err(Refusal::not_found("showing"));
        }
        if let Some(house) = &self.house {
            // The screen asks again if it did not hear the answer.
            return match house.opening == *opening {
                true => Ok(Effects::reply(vec![], Reply::Opened)),
                false => Err(conflict("already_opened", "the showing was opened before")),
            };
        }
        let plan = SeatPlan::new(opening.rows.clone())?;
        for kind in plan.by_kind().keys() {
            if !opening.prices.contains_key(kind) {
                let message = format!("there is no price for {kind} seats");
                return Err(Refusal::new(RefusalKind::Invalid, "price_missing", message)
                    .with("kinds", [kind]));
            }
        }
        Ok(Effects::reply(vec![Event::Opened(opening)], Reply::Opened))
    }

    /// Refuses if the caller saw another revision than the one that holds.
    fn expect(&self, cx: &Cx<'_>, expect: Option<u64>) -> Result<(), Refusal> {
        match expect {
            Some(seen) if seen != cx.revision => {
                let message = format!("the seat map is at revision {}, not {seen}", cx.revision);
                Err(Refusal::new(RefusalKind::Stale, "stale_revision", message)
                    .with("revision", [cx.revision]))
            }
            _ => Ok(()),
        }
    }

    fn on_sale(&self, cx: &Cx<'_>, house: &House) -> Result<(), Refusal> {
        if cx.now < house.opening.starts_at {
            return Ok(());
        }
        Err(conflict("sale_ended", "the showing has started, nothing is sold any more"))
    }

    fn hold(&self, cx: &Cx<'_>, house: &House, want: Want, name: &str) -> Decided {
        self.on_sale(cx, house)?;
        let account = buyer(cx)?;
        let name = text::line("name", name, NAME_MAX)?;
        let seats = match want {
            Want::Named(names) => self.named(house, &names)?,
            Want::Best { count, kind } => {
                together(count)?;
                best(&house.plan, |seat| self.is_free(seat), count, kind)
                    .ok_or_else(|| self.nothing_together(count))?
            }
        };
        self.within_limit(house, account, seats.len())?;
        let price = self.price(house, &seats);
        let terms = &house.opening.terms;
        let hold = HoldId(cx.seed.uuid(0));
        let latest = (cx.now + terms.hold_max).min(house.opening.starts_at);
        let until = (cx.now + terms.hold).min(latest);
        let event = Event::Held { hold, account, name, seats, until, latest, price, offer: None };
        self.reply_hold(hold, vec![event], cx)
    }

    /// The seats called `names`, all free.
    fn named(&self, house: &House, names: &[String]) -> Result<Vec<SeatIndex>, Refusal> {
        let seats = find(house, names)?;
        let taken: Vec<SeatIndex> = seats.iter().copied().filter(|s| !self.is_free(*s)).collect();
        if taken.is_empty() {
            return Ok(seats);
        }
        let names = self.names(&taken);
        let verb = if names.len() == 1 { "seat is" } else { "seats are" };
        let message = format!("{verb} not free: {}", names.join(", "));
        Err(conflict("seat_taken", message).with("seats", names))
    }

    pub(super) fn nothing_together(&self, count: u8) -> Refusal {
        let free = self.totals.free;
        if free == 0 {
            let held = self.totals.held;
            let message = format!("no seat is free; {held} are on hold and may come back");
            return conflict("sold_out", message).with("held", [held]);
        }
        let message = format!("there are no {count} such seats side by side; {free} are free");
        conflict("no_seats_together", message).with("free", [free])
    }

    fn within_limit(&self, house: &House, account: AccountId, more: usize) -> Result<(), Refusal> {
        let held = self.holds.values().filter(|h| h.account == account).map(|h| h.seats.len());
        let paid = self
            .bookings
            .values()
            .filter(|b| b.account == account && b.status == BookingStatus::Paid)
            .map(|b| b.seats.len());
        let has: usize = held.chain(paid).sum();
        let max = usize::from(house.opening.terms.seats_per_buyer);
        if has + more <= max {
            return Ok(());
        }
        let message = format!("a buyer may have {max} seats of one showing; you have {has}");
        Err(conflict("too_many_seats", message).with("has", [has]).with("max", [max]))
    }

    pub(super) fn price(&self, house: &House, seats: &[SeatIndex]) -> Money {
        let prices = &house.opening.prices;
        let price = |seat: &SeatIndex| house.plan.seat(*seat).and_then(|s| prices.get(&s.kind));
        seats.iter().filter_map(price).copied().sum()
    }

    /// Answers with the hold as it will be once `events` are applied.
    fn reply_hold(&self, hold: HoldId, events: Vec<Event>, cx: &Cx<'_>) -> Decided {
        let info = match &events[..] {
            [Event::Held { seats, until, latest, price, offer, account, name, .. }] => Hold {
                account: *account,
                name: name.clone(),
                seats: seats.clone(),
                until: *until,
                latest: *latest,
                extended: false,
                offer: *offer,
                price: *price,
                paying: None,
            },
            [Event::Extended { until, .. }] => {
                Hold { until: *until, extended: true, ..self.own_hold(cx, hold)?.clone() }
            }
            _ => self.own_hold(cx, hold)?.clone(),
        };
        let reply = Reply::Hold(self.hold_info(hold, &info));
        Ok(Effects::reply(events, reply))
    }

    /// The caller's own hold. Others' are not theirs to know of.
    pub(super) fn own_hold(&self, cx: &Cx<'_>, id: HoldId) -> Result<&Hold, Refusal> {
        let hold = self.holds.get(&id).ok_or_else(gone)?;
        if cx.caller.account() != Some(hold.account) {
            return Err(Refusal::not_found("hold"));
        }
        if hold.paying.is_some() {
            return Err(conflict("payment_pending", "the hold's payment is under way"));
        }
        Ok(hold)
    }

    fn extend(&self, cx: &Cx<'_>, house: &House, id: HoldId) -> Decided {
        let hold = self.own_hold(cx, id)?;
        if hold.extended {
            return Err(conflict("hold_extended_before", "a hold can be extended once"));
        }
        let until = (hold.until + house.opening.terms.hold).min(hold.latest);
        self.reply_hold(id, vec![Event::Extended { hold: id, until }], cx)
    }

    fn own_booking(&self, cx: &Cx<'_>, id: BookingId) -> Result<&Booking, Refusal> {
        let booking = self.bookings.get(&id).ok_or_else(|| Refusal::not_found("booking"))?;
        let own = cx.caller.account() == Some(booking.account);
        if !own && !cx.caller.organizes() {
            return Err(Refusal::not_found("booking"));
        }
        if booking.status != BookingStatus::Paid {
            return Err(conflict("already_cancelled", "the booking was cancelled before"));
        }
        Ok(booking)
    }

    fn cancel(&self, cx: &Cx<'_>, house: &House, id: BookingId) -> Decided {
        let booking = self.own_booking(cx, id)?;
        let end = house.opening.starts_at - house.opening.terms.cancel_before;
        if cx.now > end {
            let message = format!("bookings could be cancelled until {end}");
            return Err(conflict("cancel_too_late", message).with("until", [end]));
        }
        let status = match booking.charge {
            Some(_) => BookingStatus::Refunding,
            None => BookingStatus::Refunded,
        };
        let info = self.booking_info(id, &Booking { status, ..booking.clone() });
        Ok(Effects::reply(vec![Event::Cancelled { booking: id }], Reply::Booking(info)))
    }

    fn transfer(
        &self,
        cx: &Cx<'_>,
        house: &House,
        id: BookingId,
        to: &str,
        to_account: Option<AccountId>,
    ) -> Decided {
        let booking = self.own_booking(cx, id)?;
        self.on_sale(cx, house)?;
        let name = text::line("name", to, NAME_MAX)?;
        let account = to_account.unwrap_or(booking.account);
        let info = Booking { name: name.clone(), account, ..booking.clone() };
        let reply = Reply::Booking(self.booking_info(id, &info));
        Ok(Effects::reply(vec![Event::Transferred { booking: id, name, account }], reply))
    }

    fn block(&self, cx: &Cx<'_>, house: &House, names: &[String], reason: &str) -> Decided {
        organizers(cx)?;
        let reason = text::line("reason", reason, NAME_MAX)?;
        let seats = self.named(house, names)?;
        let reply = Reply::Blocks(self.names(&seats));
        Ok(Effects::reply(vec![Event::Blocked { seats, reason }], reply))
    }

    fn unblock(&self, cx: &Cx<'_>, house: &House, names: &[String]) -> Decided {
        organizers(cx)?;
        let seats = find(house, names)?;
        let blocked =
            |seat: &SeatIndex| self.seats.get(usize::from(*seat)) == Some(&Taken::Blocked);
        let others: Vec<SeatIndex> = seats.iter().copied().filter(|s| !blocked(s)).collect();
        if !others.is_empty() {
            let names = self.names(&others);
            let message = format!("not blocked: {}", names.join(", "));
            return Err(conflict("seat_not_blocked", message).with("seats", names));
        }
        let reply = Reply::Blocks(self.names(&seats));
        Ok(Effects::reply(vec![Event::Unblocked { seats }], reply))
    }

    fn leave_waitlist(&self, cx: &Cx<'_>, id: WaitId) -> Decided {
        let wait = self.waits.values().find(|w| w.id == id);
        let wait = wait.filter(|w| cx.caller.account() == Some(w.account));
        let wait = wait.ok_or_else(|| Refusal::not_found("place on the wait list"))?;
        let mut events = Vec::new();
        if let Some(hold) = wait.offered {
            // An offer that is being paid for is no longer a place on the list.
            self.own_hold(cx, hold)?;
            events.push(Event::Released { hold });
        } else {
            events.push(Event::LeftWaitlist { wait: id });
        }
        Ok(Effects::reply(events, Reply::Left))
    }

    fn join_waitlist(
        &self,
        cx: &Cx<'_>,
        house: &House,
        account: AccountId,
        name: String,
        (count, kind): (u8, Option<super::SeatKind>),
    ) -> Decided {
        together(count)?;
        if self.waits.values().any(|w| w.account == account) {
            return Err(conflict("wait_listed_before", "you are on the wait list already"));
        }
        if self.waits.len() >= WAITS_MAX {
            let message = format!("the wait list is full: all {WAITS_MAX} places are taken");
            return Err(conflict("waitlist_full", message));
        }
        self.within_limit(house, account, usize::from(count))?;
        if best(&house.plan, |seat| self.is_free(seat), count, kind).is_some() {
            let message = format!("{count} such seats are free: hold them");
            return Err(conflict("seats_available", message));
        }
        if kind.is_some_and(|kind| !house.plan.by_kind().contains_key(&kind)) {
            let message = "the house has no such seats";
            return Err(Refusal::new(RefusalKind::Invalid, "no_such_seat", message));
        }
        let id = WaitId(cx.seed.uuid(0));
        let wait = super::Wait { id, account, name: name.clone(), count, kind, offered: None };
        let position = self.waits.len() as u32 + 1;
        let reply = Reply::Wait(self.wait_info(&wait, position));
        Ok(Effects::reply(vec![Event::Waiting { wait: id, account, name, count, kind }], reply))
    }
}

fn together(count: u8) -> Result<(), Refusal> {
    if (1..=TOGETHER_MAX).contains(&count) {
        return Ok(());
    }
    let message = format!("1 to {TOGETHER_MAX} seats can be asked for at once, not {count}");
    Err(Refusal::new(RefusalKind::Invalid, "bad_count", message))
}

/// The seats called `names`, each once, in the order of the plan.
fn find(house: &House, names: &[String]) -> Result<Vec<SeatIndex>, Refusal> {
    let invalid = |code, message: String| Refusal::new(RefusalKind::Invalid, code, message);
    if names.is_empty() {
        return Err(invalid("no_seats", "name at least one seat".into()));
    }
    let mut seats = Vec::with_capacity(names.len());
    let mut unknown = Vec::new();
    for name in names {
        match house.plan.find(name) {
            Some(seat) => seats.push(seat),
            None => unknown.push(name.chars().take(8).collect::<String>()),
        }
    }
    if !unknown.is_empty() {
        let message = format!("the house has no seat {}", unknown.join(", "));
        return Err(invalid("no_such_seat", message).with("seats", unknown));
    }
    seats.sort_unstable();
    if seats.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(invalid("seat_named_twice", "each seat can be named once".into()));
    }
    Ok(seats)
}

fn buyer(cx: &Cx<'_>) -> Result<AccountId, Refusal> {
    let message = "log in to hold seats";
    let nobody = || Refusal::new(RefusalKind::Unauthenticated, "not_logged_in", message);
    cx.caller.account().ok_or_else(nobody)
}

fn organizers(cx: &Cx<'_>) -> Result<(), Refusal> {
    if cx.caller.organizes() {
        return Ok(());
    }
    Err(Refusal::new(RefusalKind::Forbidden, "forbidden", "only organizers may do this"))
}
