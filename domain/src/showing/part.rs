//! What one seat is, for its biography.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::plan::SeatIndex;
use super::view::SeatState;
use super::{Showing, Taken};

/// Why seats are off sale, as far as this state saw it happen. No part of the state: a snapshot
/// leaves it out, and whoever reads the records from the first on has it.
#[derive(Debug, Clone, Default)]
pub(super) struct Reasons(BTreeMap<SeatIndex, String>);

impl PartialEq for Reasons {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Reasons {}

impl Reasons {
    pub(super) fn blocked(&mut self, seats: &[SeatIndex], reason: &str) {
        self.0.extend(seats.iter().map(|seat| (*seat, reason.to_owned())));
    }

    pub(super) fn unblocked(&mut self, seats: &[SeatIndex]) {
        seats.iter().for_each(|seat| drop(self.0.remove(seat)));
    }
}

impl Showing {
    /// What the seat called `name` is, and whose: `{"state","by","hold","booking","reason"}`.
    pub(super) fn seat(&self, name: &str) -> Option<Value> {
        let index = self.house.as_ref()?.plan.find(name)?;
        let taken = *self.seats.get(usize::from(index))?;
        let (mut by, mut hold, mut booking, mut reason) = (None, None, None, None);
        match taken {
            Taken::Free => {}
            Taken::Held(id) => {
                (by, hold) = (self.holds.get(&id).map(|hold| hold.account), Some(id));
            }
            Taken::Sold(id) => {
                (by, booking) = (self.bookings.get(&id).map(|sold| sold.account), Some(id));
            }
            Taken::Blocked => reason = self.reasons.0.get(&index),
        }
        let state = SeatState::from(taken);
        Some(
            json!({ "state": state, "by": by, "hold": hold, "booking": booking, "reason": reason }),
        )
    }
}
