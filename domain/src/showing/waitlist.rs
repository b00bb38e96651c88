//! Who is offered the seats that came back.

use std::collections::BTreeSet;

use playhouse_protocol::ids::HoldId;

use super::Showing;
use super::best::best;
use super::event::Event;
use super::plan::SeatIndex;
use crate::room::Cx;

impl Showing {
    /// Offers to every place that can be served from what is free, first come first. A place that
    /// needs more than is free keeps its turn; later ones that fit are not held up by it.
    ///
    /// Called before anything else is decided once seats came back, so no seat is on public sale
    /// before everyone who waits was looked at.
    pub(super) fn offers(&self, cx: &Cx<'_>) -> Vec<Event> {
        let mut events = Vec::new();
        let Some(house) = &self.house else { return vec![Event::WaitlistChecked] };
        let mut given: BTreeSet<SeatIndex> = BTreeSet::new();
        let ends = house.opening.starts_at;
        let waiting = self.waits.values().filter(|w| w.offered.is_none());
        for (n, wait) in (0..).zip(waiting) {
            if self.totals.free as usize <= given.len() || cx.now >= ends {
                break;
            }
            let free = |seat| self.is_free(seat) && !given.contains(&seat);
            let Some(seats) = best(&house.plan, free, wait.count, wait.kind) else { continue };
            given.extend(&seats);
            let until = (cx.now + house.opening.terms.offer).min(ends);
            events.push(Event::Held {
                hold: HoldId(cx.seed.uuid(n)),
                account: wait.account,
                name: wait.name.clone(),
                price: self.price(house, &seats),
                seats,
                until,
                latest: (cx.now + house.opening.terms.hold_max).min(ends),
                offer: Some(wait.id),
            });
        }
        events.push(Event::WaitlistChecked);
        events
    }
}
