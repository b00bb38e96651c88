//! House seats: off sale and on sale again, by organizers.

use super::command::Reply;
use super::decide::{Decided, NAME_MAX, organizers};
use super::event::Event;
use super::holds::find;
use super::plan::SeatIndex;
use super::{House, Showing, Taken};
use crate::refusal::Refusal;
use crate::room::{Cx, Effects};
use crate::text;

impl Showing {
    pub(super) fn block(
        &self,
        cx: &Cx<'_>,
        house: &House,
        names: &[String],
        reason: &str,
    ) -> Decided {
        organizers(cx)?;
        let reason = text::line("reason", reason, NAME_MAX)?;
        let seats = self.all_free(find(house, names)?)?;
        let reply = Reply::Blocks(self.names(&seats));
        Ok(Effects::reply(vec![Event::Blocked { seats, reason }], reply))
    }

    pub(super) fn unblock(&self, cx: &Cx<'_>, house: &House, names: &[String]) -> Decided {
        organizers(cx)?;
        let seats = find(house, names)?;
        let blocked =
            |seat: &SeatIndex| self.seats.get(usize::from(*seat)) == Some(&Taken::Blocked);
        let others: Vec<SeatIndex> = seats.iter().copied().filter(|s| !blocked(s)).collect();
        if !others.is_empty() {
            let names = self.names(&others);
            let message = format!("not blocked: {}", names.join(", "));
            return Err(Refusal::conflict("seat_not_blocked", message).with("seats", names));
        }
        let reply = Reply::Blocks(self.names(&seats));
        Ok(Effects::reply(vec![Event::Unblocked { seats }], reply))
    }
}
