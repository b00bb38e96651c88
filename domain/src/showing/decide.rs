//! What a command leads to. Nothing here changes the state.

use playhouse_protocol::ids::AccountId;

use super::command::{Command, Opening, Reply};
use super::event::Event;
use super::plan::SeatPlan;
use super::{House, Showing};
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects};

/// The longest name on a booking, in characters. 80: the longest names people have.
pub(super) const NAME_MAX: usize = 80;

pub(super) type Decided = Result<Effects<Showing>, Refusal>;

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
            Command::Release { hold, expect } => {
                self.expect(cx, expect)?;
                self.own_hold(cx, hold)?;
                Ok(Effects::reply(vec![Event::Released { hold }], Reply::Released))
            }
            Command::Extend { hold, expect } => {
                self.expect(cx, expect)?;
                self.extend(cx, house, hold)
            }
            Command::Purchase { hold, payment_token, name, expect } => {
                self.expect(cx, expect)?;
                self.purchase(cx, hold, payment_token, name)
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
                self.join_waitlist(cx, house, &name, (count, kind))
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
                false => Err(Refusal::conflict("already_opened", "the showing was opened before")),
            };
        }
        let plan = SeatPlan::new(opening.rows.clone())?;
        for kind in plan.by_kind().keys() {
            if !opening.prices.contains_key(kind) {
                let message = format!("there is no price for {kind} seats");
                return Err(Refusal::invalid("price_missing", message).with("kinds", [kind]));
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

    pub(super) fn on_sale(&self, cx: &Cx<'_>, house: &House) -> Result<(), Refusal> {
        if cx.now < house.opening.starts_at {
            return Ok(());
        }
        Err(Refusal::conflict("sale_ended", "the showing has started, nothing is sold any more"))
    }
}

pub(super) fn buyer(cx: &Cx<'_>) -> Result<AccountId, Refusal> {
    let message = "log in to hold seats";
    let nobody = || Refusal::new(RefusalKind::Unauthenticated, "not_logged_in", message);
    cx.caller.account().ok_or_else(nobody)
}

pub(super) fn organizers(cx: &Cx<'_>) -> Result<(), Refusal> {
    if cx.caller.organizes() {
        return Ok(());
    }
    Err(Refusal::new(RefusalKind::Forbidden, "forbidden", "only organizers may do this"))
}
